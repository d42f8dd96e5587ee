// Buttons, modals and shortcuts in Slack: a press is a typed command, asked about first where it must be, done once.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { incidentCard } from '../../src/incident/card.ts'
import type { IncidentId, RunId } from '../../src/ids.ts'
import type { SlackFault } from '../../sim/slack.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { openDoorHouse, room, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const redis = oneRedis()
let house: DoorHouse

interface Place {
  readonly channel: string
  readonly ts: string
}

/** The incident's card in its room. */
async function incidentPost(id: IncidentId): Promise<Place> {
  const read = await house.store.incident(id)
  if (!read) throw new Error(`there is no ${id}`)
  return house.post(incidentCard(read.state, { plan: house.engine.plan(), now: house.engine.now() }))
}

/** Ann proposes a recovery; its card stands in the room. */
async function proposal(to: 'backup' | 'api' | 'last'): Promise<{ readonly id: RunId; readonly at: Place }> {
  const { run } = await house.engine.runs().propose({
    system: 'lb',
    direction: 'failover',
    recovery: to,
    incident: 'INC-1',
    by: { person: 'ann', door: 'slack' },
    overrides: [],
  })
  return { id: run.id, at: await house.post(await house.cardOf(run.id)) }
}

function lastWhisper(user: string): string {
  return shown(house.slack.ephemerals(user).at(-1))
}

async function modalOf(user: string): Promise<string> {
  return vi.waitFor(() => {
    const view = house.slack.modals(user).at(-1)
    if (!view) throw new Error('no modal yet')
    return view.id
  }, 3_000)
}

describe.each(['socket', 'http'] as const)('by %s', (mode) => {
  beforeEach(async () => {
    house = await openDoorHouse(redis(), { mode })
    await house.outage()
  })
  afterEach(() => house.stop())

  test('a plain button is carried out at once and answered shortly to who pressed it', async () => {
    const at = await incidentPost('INC-1')

    const pressed = await house.slack.press('U0ANN', { ...at, label: 'I have it' })

    expect(pressed.ok).toBe(true)
    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('You have it'), 3_000)
    expect(house.said).toEqual(['ann: ack INC-1'])
    expect(house.slack.message(at.channel, at.ts).edited).toBeUndefined()
  })

  test('a double click is harmless: the second sees what is there now', async () => {
    const at = await incidentPost('INC-1')

    await Promise.all([
      house.slack.press('U0ANN', { ...at, label: 'I have it' }),
      house.slack.press('U0ANN', { ...at, label: 'I have it' }),
    ])

    await vi.waitFor(() => expect(house.slack.ephemerals('U0ANN')).toHaveLength(2), 3_000)
    const events = await house.store.timeline('INC-1')
    expect(events.filter(({ type }) => type === 'acknowledged')).toHaveLength(1)
    expect(lastWhisper('U0ANN')).toContain('You have it')
  })

  test('a press that is delivered twice is done once', async () => {
    const at = await incidentPost('INC-1')
    house.slack.fault({ kind: 'twice', times: 1 })

    await house.slack.press('U0ANN', { ...at, label: 'I have it' })

    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('You have it'), 3_000)
    expect(house.said).toEqual(['ann: ack INC-1'])
  })

  test('two people who approve at once start one run, and each is told', async () => {
    const { id, at } = await proposal('backup')

    await Promise.all([
      house.slack.press('U0ANN', { ...at, label: 'Approve' }),
      house.slack.press('U0BOB', { ...at, label: 'Approve' }),
    ])

    await vi.waitFor(() => {
      expect(lastWhisper('U0ANN')).toContain(id)
      expect(lastWhisper('U0BOB')).toContain(id)
    }, 8_000)
    const run = await house.engine.run(id)
    expect(run.state).toBe('running')
    expect(run.approvals).toHaveLength(1)
  })

  test('who may not approve is told why, and nothing starts', async () => {
    const { id, at } = await proposal('last')

    await house.slack.press('U0ANN', { ...at, label: 'Approve' })

    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('can lose data'), 5_000)
    expect((await house.engine.run(id)).state).toBe('proposed')
  })

  test('what is disruptive wants the name typed: a wrong one stays in the modal, the right one closes it', async () => {
    const { id, at } = await proposal('api')
    await house.slack.press('U0ANN', { ...at, label: 'Approve…' })
    const view = await modalOf('U0ANN')

    const question = shown(house.slack.modals('U0ANN').at(-1))
    const wrong = await house.slack.submitView('U0ANN', view, { typed: 'apo' })
    const unchanged = (await house.engine.run(id)).state
    const right = await house.slack.submitView('U0ANN', view, { typed: 'api' })

    expect(wrong.body).toMatchObject({
      response_action: 'errors',
      errors: { typed: expect.stringContaining('api') },
    })
    for (const told of ['TTL 300 s → ', 'Cost: ', 'Risk: disruptive', `/dr approve ${id} api`])
      expect(question).toContain(told)
    expect(unchanged).toBe('proposed')
    expect(right.ok).toBe(true)
    expect(house.said).toEqual([`ann: approve ${id} api`])
    await vi.waitFor(async () => expect((await house.engine.run(id)).state).toBe('running'), 5_000)
  })

  test('a refusal is shown in the modal', async () => {
    const { id, at } = await proposal('api')
    await house.slack.press('U0MIA', { ...at, label: 'Deny…' })
    const view = await modalOf('U0MIA')
    await house.engine
      .runs()
      .verdict(id, { kind: 'approve', by: { person: 'ann', door: 'slack' }, typed: 'api' })

    const answer = await house.slack.submitView('U0MIA', view, { input: 'no need' })

    expect(answer.body).toMatchObject({ response_action: 'update' })
    expect(shown(answer.body)).toContain('has started')
  })

  test('words that a button asks for are appended as they were typed', async () => {
    const { id, at } = await proposal('backup')
    await house.slack.press('U0ANN', { ...at, label: 'Deny…' })

    await house.slack.submitView('U0ANN', await modalOf('U0ANN'), { input: '"quoted" <@U0MIA> & more' })

    await vi.waitFor(async () => expect(await house.engine.run(id)).toMatchObject({ state: 'denied' }), 3_000)
    expect(house.said[0]).toContain(`ann: deny ${id} "quoted"`)
  })

  test('a modal that takes long says so, then shows the answer', async () => {
    const { at } = await proposal('backup')
    await house.slack.press('U0ANN', { ...at, label: 'Deny…' })
    const view = await modalOf('U0ANN')
    house.slow(1_700)

    const answer = await house.slack.submitView('U0ANN', view, { input: 'slow' })

    expect(answer.ok).toBe(true)
    expect(shown(answer.body)).toContain('Working on it')
    await vi.waitFor(() => expect(shown(house.slack.modals('U0ANN').at(-1))).toContain('is denied'), 3_000)
  })

  test.each([
    ['hangs', { kind: 'hang', methods: ['views.open'] }],
    [
      'says that the trigger has expired',
      { kind: 'error', error: 'expired_trigger_id', methods: ['views.open'] },
    ],
  ] satisfies [string, SlackFault][])('says what to type instead when Slack %s', async (_, fault) => {
    const { id, at } = await proposal('api')
    house.slack.fault(fault)

    await house.slack.press('U0ANN', { ...at, label: 'Approve…' })

    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain(`/dr approve ${id} api`), 5_000)
  })

  test('a stranger who presses is told what to do, and gets no modal', async () => {
    const { at } = await proposal('api')

    await house.slack.press('U0STRANGER', { ...at, label: 'Approve…' })

    await vi.waitFor(() => expect(lastWhisper('U0STRANGER')).toContain('slack: U0STRANGER'), 3_000)
    expect(house.slack.modals('U0STRANGER')).toEqual([])
  })

  test('says on a press that Redis is down, and does nothing', async () => {
    const at = await incidentPost('INC-1')
    redis().freeze()
    try {
      await house.slack.press('U0ANN', { ...at, label: 'I have it' })
      await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('Redis does not answer'), 3_000)
    } finally {
      redis().thaw()
    }
    expect(house.said).toEqual([])
  })
})

describe('shortcuts', () => {
  beforeEach(async () => {
    house = await openDoorHouse(redis())
  })
  afterEach(() => house.stop())

  async function message(channel: string, text: string, user = 'U0BOB'): Promise<Place> {
    await house.slack.write(user, channel, text)
    const found = house.slack.messages(channel).at(-1)
    if (!found) throw new Error('nothing was said')
    return { channel, ts: found.ts }
  }

  test('opens an incident from anywhere', async () => {
    await house.slack.shortcut('U0ANN', 'open_incident')

    await house.slack.submitView('U0ANN', await modalOf('U0ANN'), {
      system: 'api',
      summary: 'checkout "fails"',
    })

    await vi.waitFor(async () => {
      const [opened] = await house.store.incidents({ open: true, limit: 5 })
      expect(opened).toMatchObject({ system: 'api', title: 'checkout "fails"', openedBy: 'ann' })
    }, 3_000)
    await vi.waitFor(() => expect(shown(house.slack.direct('U0ANN').at(-1))).toContain('INC-1'), 3_000)
  })

  test('opens an incident with a message as its summary', async () => {
    const at = await message('C0ALERTS', 'checkout is broken, @mia')
    await house.slack.shortcut('U0ANN', 'open_incident_message', at)

    await house.slack.submitView('U0ANN', await modalOf('U0ANN'), { system: 'api' })

    await vi.waitFor(async () => {
      const [opened] = await house.store.incidents({ open: true, limit: 5 })
      expect(opened?.title).toBe('checkout is broken, @Mia Manger')
    }, 3_000)
  })

  test('keeps a message of a room in its timeline at once, by its author, and only once', async () => {
    await house.outage()
    const at = await message(room, 'I see 503 <everywhere> & more')

    await house.slack.shortcut('U0ANN', 'add_to_timeline', at)
    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('Noted in'), 3_000)
    await house.slack.shortcut('U0CEM', 'add_to_timeline', at)
    await vi.waitFor(() => expect(lastWhisper('U0CEM')).toContain('already'), 3_000)

    const notes = (await house.texts('INC-1')).filter((text) => text.includes('503'))
    expect(notes).toEqual(['bob: I see 503 <everywhere> & more (kept by Ann Onken)'])
  })

  test('asks to which incident a message from elsewhere belongs', async () => {
    await house.outage()
    const at = await message('C0ALERTS', 'the provider has an outage')
    await house.slack.shortcut('U0ANN', 'add_to_timeline', at)

    await house.slack.submitView('U0ANN', await modalOf('U0ANN'))

    await vi.waitFor(
      async () => expect(await house.texts('INC-1')).toContain('ann: Bob Brandt: the provider has an outage'),
      3_000,
    )
  })

  test('takes messages with the note emoji into the timeline, whoever reacts and however often', async () => {
    await house.outage()
    const at = await message(room, 'disk of lb1 is full')

    await house.slack.react('U0ANN', room, at.ts, 'memo')
    await house.slack.react('U0CEM', room, at.ts, 'memo')
    await house.slack.react('U0CEM', room, at.ts, 'eyes')

    await vi.waitFor(
      () =>
        expect(house.slack.message(room, at.ts).reactions.map(({ name }) => name)).toContain(
          'white_check_mark',
        ),
      3_000,
    )
    const notes = (await house.texts('INC-1')).filter((text) => text.includes('disk of lb1'))
    expect(notes).toEqual([
      expect.stringMatching(/^bob: disk of lb1 is full \(kept by (Ann Onken|Cem Celik)\)$/),
    ])
  })

  test('takes a message that begins with the note emoji, and no other', async () => {
    await house.outage()

    await message(room, ':memo: rolled back <b>', 'U0ANN')
    await message(room, 'no :memo: note', 'U0ANN')
    await message('C0ALERTS', ':memo: not a room', 'U0ANN')

    await vi.waitFor(async () => expect(await house.texts('INC-1')).toContain('ann: rolled back <b>'), 3_000)
    expect((await house.texts('INC-1')).filter((text) => text.startsWith('ann: '))).toHaveLength(1)
  })

  test('notes in the name of who reacts what somebody unknown has said', async () => {
    await house.outage()
    const at = await message(room, 'our side is fine', 'U0STRANGER')

    await house.slack.react('U0ANN', room, at.ts, 'memo')

    await vi.waitFor(
      async () => expect(await house.texts('INC-1')).toContain('ann: U0STRANGER: our side is fine'),
      3_000,
    )
  })

  test('keeps nothing because a stranger reacts, and tells them why', async () => {
    await house.outage()
    const at = await message(room, 'disk of lb1 is full')

    await house.slack.react('U0STRANGER', room, at.ts, 'memo')

    await vi.waitFor(
      () => expect(shown(house.slack.direct('U0STRANGER').at(-1))).toContain('slack: U0STRANGER'),
      3_000,
    )
    expect((await house.texts('INC-1')).join()).not.toContain('disk of lb1')
  })

  test('keeps nothing for somebody who may not write notes, and the next who may is heard', async () => {
    await house.outage()
    house.setPlan((plan) => {
      const cem = { ...plan.people['cem'], name: 'Cem Celik', roles: ['viewer' as const] }
      return { ...plan, people: { ...plan.people, cem } }
    })
    const at = await message(room, 'I would fail over now')

    await house.slack.react('U0CEM', room, at.ts, 'memo')
    await vi.waitFor(() => expect(lastWhisper('U0CEM')).toContain('note is for the role'), 3_000)
    expect((await house.texts('INC-1')).join()).not.toContain('fail over now')

    await house.slack.react('U0ANN', room, at.ts, 'memo')
    await vi.waitFor(
      async () =>
        expect(await house.texts('INC-1')).toContain('bob: I would fail over now (kept by Ann Onken)'),
      3_000,
    )
  })

  test('keeps a message at the second try where the first came to nothing', async () => {
    await house.outage()
    const at = await message(room, 'disk of lb1 is full')
    house.fail()

    await house.slack.react('U0ANN', room, at.ts, 'memo')
    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('Not done'), 3_000)
    await house.slack.react('U0CEM', room, at.ts, 'memo')

    await vi.waitFor(
      async () =>
        expect(await house.texts('INC-1')).toContain('bob: disk of lb1 is full (kept by Cem Celik)'),
      3_000,
    )
    await house.slack.shortcut('U0ANN', 'add_to_timeline', at)
    await vi.waitFor(() => expect(lastWhisper('U0ANN')).toContain('already'), 3_000)
  })

  test('cuts what is too long for a note', async () => {
    await house.outage()
    const at = await message(room, `long ${'"<x>'.repeat(3_000)}`)

    await house.slack.react('U0BOB', room, at.ts, 'memo')

    await vi.waitFor(async () => expect((await house.texts('INC-1')).join()).toContain('bob: long'), 3_000)
  })
})
