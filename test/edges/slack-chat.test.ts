// Slack as a chat: what an incident's room shows from its opening to its end, part by part, whatever Slack does meanwhile.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import type { Chat, RoomShown, RoomView, Store } from '../../src/ports.ts'
import { allScopes } from '../../sim/slack.ts'
import type { SlackFault } from '../../sim/slack.ts'
import { chatContract } from '../contracts/chat.ts'
import { noon, run } from '../contracts/store-samples.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { aliveIn, diagnosing, inTime, outage, over, page, startSlackHouse, viewOf } from './slack-house.ts'
import type { SlackHouse } from './slack-house.ts'

const name = 'inc-12-lb-20260313'

let redis: TestRedis
let store: Store
let house: SlackHouse
let chat: Chat

beforeAll(async () => {
  redis = await startTestRedis()
  store = createStore({ redis: (await redis.connect()).redis })
})
afterAll(() => redis.stop())

chatContract('slack', async () => {
  await redis.flush()
  const world = await startSlackHouse(store)
  world.setPlan((plan) => ({ ...plan, slack: { ...plan.slack, announce: 'C0OUTAGES' } }))
  return {
    chat: world.chat(),
    plan: world.plan,
    know: (incident) => world.incidents.set(incident.id, incident),
    amount: () =>
      world.slack
        .channels()
        .reduce((sum, { messages, members }) => sum + 1 + messages.length + members.size, 0),
    alive: () => aliveIn(world.slack),
    stop: world.stop,
  }
})

describe('a room in Slack', () => {
  beforeEach(async () => {
    await redis.flush()
    house = await startSlackHouse(store)
    chat = house.chat()
  })
  afterEach(() => house.stop())

  function announced(): void {
    house.setPlan((plan) => ({ ...plan, slack: { ...plan.slack, announce: 'C0OUTAGES' } }))
  }

  function know(incident: Incident): Incident {
    house.incidents.set(incident.id, incident)
    return incident
  }

  function show(
    incident: Incident = outage(),
    {
      signal = inTime(),
      view = {},
    }: { readonly signal?: AbortSignal; readonly view?: Partial<RoomView> } = {},
  ): Promise<RoomShown> {
    return chat.showRoom(know(incident), { ...viewOf(incident, house.plan()), ...view }, signal)
  }

  function showRun(shown: Run): Promise<void> {
    return chat.showRun(shown, runCard(shown, noon, house.plan()), inTime())
  }

  function room(channel = name): ReturnType<SlackHouse['slack']['channel']> {
    return house.slack.channel(channel)
  }

  function texts(channel: string): readonly string[] {
    return house.slack.messages(channel).map(({ text }) => text)
  }

  /** The first calls in their order, the others, which go out at the same time, in that of the alphabet. */
  function calls(first: number): readonly string[] {
    const all = house.calls()
    return [...all.slice(0, first), ...all.slice(first).sort()]
  }

  test('from its opening to its end makes these calls and no others', async () => {
    announced()
    await chat.openRoom(outage(), inTime())
    expect(calls(1)).toEqual(['conversations.create'])

    await show()
    expect(calls(1)).toEqual([
      'chat.postMessage',
      'bookmarks.add',
      'bookmarks.add',
      'bookmarks.add',
      'chat.postMessage',
      'conversations.invite',
      'conversations.setPurpose',
      'conversations.setTopic',
      'pins.add',
    ])

    const escalated = diagnosing(
      outage({
        engineer: 'ann',
        pages: [page('ann'), page('mia')],
        calls: [{ target: 'group:dev', level: 1, since: noon, round: 1, nextAt: noon }],
      }),
    )
    await show(escalated)
    expect(calls(1)).toEqual([
      'chat.update',
      'conversations.invite',
      'conversations.setTopic',
      'usergroups.users.list',
    ])

    await showRun({ ...run('R-7'), incident: 'INC-12' })
    await showRun({ ...run('R-7'), incident: 'INC-12', state: 'expired', endedAt: noon })
    await chat.say(escalated, 'R-7 was not approved in time', 'INC-12-v7-1', inTime())
    expect(house.calls()).toEqual(['chat.postMessage', 'chat.update', 'chat.postMessage'])

    await show(over(escalated))
    expect(calls(1)).toEqual([
      'chat.update',
      'chat.update',
      'conversations.setTopic',
      'files.completeUploadExternal',
      'files.getUploadURLExternal',
      'upload',
    ])

    await chat.closeRoom(over(escalated), inTime())
    await show(over(escalated))
    expect(house.calls()).toEqual(['conversations.archive'])
    expect(house.warnings).toEqual([])
  })

  test('has the card pinned, a topic, a purpose, bookmarks, and who was called', async () => {
    await show(diagnosing(outage({ engineer: 'ann' })))

    const { topic, purpose, pins, members, id } = room()
    expect(topic).toBe('INC-12 · lb · diagnosing · Ann Onken has it')
    expect(purpose).toBe('INC-12, outage of lb, opened 2026-03-13T12:00:00Z by the DR bot')
    expect(pins).toEqual([house.slack.messages(id)[0]?.ts])
    expect([...members]).toEqual(['U0DRBOT', 'U0ANN'])
    expect(house.slack.bookmarks(id).map(({ title, link }) => [title, link])).toEqual([
      ['Console', 'https://dr.example.com/incidents/INC-12'],
      ['Runbook of lb', 'https://wiki.example.com/dr/lb'],
      ['Report', 'https://dr.example.com/incidents/INC-12/report'],
    ])
  })

  test('whose view has not changed makes no call at all, also after a restart', async () => {
    announced()
    await show()
    house.calls()

    await show()
    chat = house.chat()
    await show()

    expect(house.calls()).toEqual([])
  })

  test('whose card cannot be shown is tried again before anything else is done', async () => {
    house.slack.fault({ kind: 'status', status: 503, methods: ['chat.postMessage'], times: 1 })

    await expect(show()).rejects.toBeInstanceOf(RetryableError)
    expect(house.calls()).toEqual(['conversations.create', 'chat.postMessage http 503'])

    expect(await show()).toMatchObject({ left: [], again: false })
  })

  describe('of which one part fails', () => {
    const parts = [
      ['pin', 'pins.add'],
      ['topic', 'conversations.setTopic'],
      ['purpose', 'conversations.setPurpose'],
      ['people', 'conversations.invite'],
      ['bookmark Console', 'bookmarks.add'],
      ['announcement', 'conversations.join'],
    ] as const

    test.each(parts.slice(0, 5))('has everything else, and that part later: %s', async (part, method) => {
      house.slack.fault({ kind: 'status', status: 503, methods: [method], times: 1 })

      const first = await show()
      expect(first.again).toBe(true)
      expect(first.left).toHaveLength(1)
      expect(first.left[0]).toMatch(new RegExp(`^${part}: .*503`))
      house.calls()

      expect(await show()).toMatchObject({ left: [], again: false })
      expect(house.calls().filter((call) => call !== 'bookmarks.list')).toEqual([method])
    })

    test.each(parts.slice(0, 3))(
      'says why Slack refuses it, and does not insist: %s',
      async (part, method) => {
        house.slack.fault({ kind: 'error', error: 'restricted_action', methods: [method] })

        const first = await show()
        expect(first).toMatchObject({ again: false })
        expect(first.left.join()).toMatch(new RegExp(`^${part}: Slack refused .*restricted_action.*Ask`))
        expect(house.warnings).toHaveLength(1)
        house.calls()

        expect(await show()).toEqual(first)
        expect(house.calls()).toEqual([])
      },
    )

    test('asks again when something else is wanted', async () => {
      house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.setTopic'] })
      await show()
      house.slack.fault()

      const shown = await show(outage(), { view: { topic: 'another' } })

      expect(shown.left).toEqual([])
      expect(room().topic).toBe('another')
    })

    test('that was done though the answer was lost is not done twice', async () => {
      house.slack.fault({
        kind: 'lose-answer',
        methods: ['bookmarks.add', 'pins.add', 'conversations.invite'],
        times: 3,
      })

      expect((await show()).again).toBe(true)
      await show()
      expect(await show()).toMatchObject({ left: [], again: false })

      expect(house.slack.bookmarks(name)).toHaveLength(3)
      expect(room().pins).toHaveLength(1)
    })

    test('has its card when every other call is limited, and the rest as the limits end', async () => {
      await chat.openRoom(outage(), inTime())
      house.slack.fault({ kind: 'rate-limit', retryAfter: 1, every: 2 })
      await chat.showRoom(outage(), viewOf(outage(), house.plan()), inTime()).catch(() => undefined)
      house.slack.fault()

      await expect
        .poll(() => show().catch(() => ({ left: ['card'] })), { timeout: 5_000, interval: 200 })
        .toMatchObject({ left: [], again: false })
    })
  })

  test('moves on in each try though each call is slow, and is complete in a few of them', async () => {
    await chat.openRoom(outage(), inTime())
    house.slack.fault({ kind: 'slow', ms: 200 })
    const amounts: number[] = []
    let shown: RoomShown | undefined
    for (let tries = 0; tries < 5 && shown?.left.length !== 0; tries += 1) {
      shown = await show(outage(), { signal: inTime(500) }).catch(() => undefined)
      const { done, posts } = await house.records.read('INC-12')
      amounts.push(Object.keys(done).length + Object.keys(posts).length)
    }

    expect(shown).toMatchObject({ left: [], again: false })
    expect(amounts.length).toBeGreaterThan(1)
    expect(amounts).toEqual([...new Set(amounts)].sort((a, b) => a - b))
    expect(texts(name)).toHaveLength(1)
    expect(house.slack.bookmarks(name)).toHaveLength(3)
  })

  describe('into which people come', () => {
    function crowd(count: number): readonly string[] {
      return Array.from({ length: count }, (_, index) => `p${index}`)
    }

    async function crowded(count: number, known: (index: number) => boolean): Promise<RoomView['people']> {
      await house.stop()
      const people = crowd(count)
      house = await startSlackHouse(store, {
        people: people
          .map((person, index) => ({ id: `U${person.toUpperCase()}`, name: person, index }))
          .filter(({ index }) => known(index)),
      })
      chat = house.chat()
      house.setPlan((plan) => ({
        ...plan,
        people: Object.fromEntries(
          people.map((person) => [
            person,
            { name: person, roles: ['engineer'], slack: `U${person.toUpperCase()}` },
          ]),
        ),
      }))
      return people
    }

    test('sixty at once in one call', async () => {
      const people = await crowded(60, () => true)

      const { left } = await show(outage(), { view: { people } })

      expect(left).toEqual([])
      expect(room().members.size).toBe(61)
      expect(house.calls().filter((call) => call.startsWith('conversations.invite'))).toHaveLength(1)
    })

    test('more than a hundred in as many calls as Slack demands', async () => {
      const people = await crowded(130, () => true)

      await show(outage(), { view: { people } })

      expect(room().members.size).toBe(131)
      expect(house.calls().filter((call) => call.startsWith('conversations.invite'))).toHaveLength(2)
    })

    test('all but those whom Slack does not know, each named with what to do', async () => {
      const people = await crowded(60, (index) => index !== 7 && index !== 40)

      const shown = await show(outage(), { view: { people } })

      expect(room().members.size).toBe(59)
      expect(shown.again).toBe(false)
      expect(shown.left).toEqual([
        expect.stringMatching(/^p7: user_not_found.*DR plan/),
        expect.stringMatching(/^p40: user_not_found.*DR plan/),
      ])
      house.calls()
      expect(await show(outage(), { view: { people } })).toEqual(shown)
      expect(house.calls()).toEqual([])
    })

    test('also where Slack refuses all of them because of one', async () => {
      const people = await crowded(9, (index) => index !== 3)
      const original = house.slack.calls.length
      house.slack.fault({
        kind: 'error',
        error: 'user_is_restricted',
        methods: ['conversations.invite'],
        times: 1,
      })

      const { left } = await show(outage(), { view: { people } })

      expect(left).toEqual([expect.stringMatching(/^p3: user_not_found/)])
      expect(room().members.size).toBe(9)
      expect(house.slack.calls.length - original).toBeLessThan(16)
    })

    test('who are there already', async () => {
      await chat.openRoom(outage(), inTime())
      house.slack.join('U0ANN', room().id)

      expect(await show()).toMatchObject({ left: [], again: false })
    })

    test('once: who has left is not brought back', async () => {
      await show()
      house.slack.kick('U0ANN', room().id)

      await show(outage({ engineer: 'ann' }))

      expect([...room().members]).toEqual(['U0DRBOT'])
    })

    test('by e-mail where the plan has no Slack id', async () => {
      house.setPlan((plan) => {
        const { slack: _, ...ann } = plan.people['ann'] ?? { name: 'Ann', roles: ['engineer'] }
        return { ...plan, people: { ...plan.people, ann } }
      })

      expect((await show()).left).toEqual([])
      expect([...room().members]).toContain('U0ANN')
    })

    test('but whoever Slack does not know is named, and asked for again when the plan has changed', async () => {
      house.setPlan((plan) => ({
        ...plan,
        people: {
          ...plan.people,
          ann: { name: 'Ann Onken', roles: ['engineer'], email: 'nobody@example.com' },
        },
      }))

      const shown = await show()
      expect(shown).toMatchObject({
        again: false,
        left: [expect.stringMatching(/nobody@example.com; set people.ann.slack in the DR plan/)],
      })
      house.calls()
      expect(await show()).toEqual(shown)
      expect(house.calls()).toEqual([])

      house.setPlan((plan) => ({
        ...plan,
        people: { ...plan.people, ann: { name: 'Ann Onken', roles: ['engineer'], slack: 'U0ANN' } },
      }))
      expect((await show()).left).toEqual([])
      expect([...room().members]).toContain('U0ANN')
    })

    test('a group of the plan, and who else is in its user group', async () => {
      await house.stop()
      house = await startSlackHouse(store, {
        people: ['U0ANN', 'U0DAN', 'U0EVE', 'U0FAY'].map((id) => ({ id, name: id.toLowerCase() })),
        groups: [{ id: 'S0DEV', handle: 'dev', users: ['U0EVE', 'U0FAY'] }],
      })
      chat = house.chat()

      await show(outage(), { view: { people: [], groups: ['dev'] } })

      expect([...room().members]).toEqual(['U0DRBOT', 'U0DAN', 'U0EVE', 'U0FAY'])
    })

    test('a group whose user group Slack does not have: its people from the plan', async () => {
      house.setPlan((plan) => ({ ...plan, groups: { dev: { people: ['dan'], slack: 'S0GONE' } } }))

      const { left, again } = await show(outage(), { view: { people: [], groups: ['dev'] } })

      expect(again).toBe(false)
      expect(left).toEqual([expect.stringMatching(/^group dev: .*user group/)])
      expect([...room().members]).toEqual(['U0DRBOT', 'U0DAN'])
    })
  })

  test('has a topic within 250 characters, with nothing in it that Slack would read', async () => {
    const topic = `${'<!channel> & '.repeat(40)}\u202e\u0007`

    await show(outage(), { view: { topic } })

    expect(room().topic.length).toBeLessThanOrEqual(250)
    expect(room().topic.length).toBeGreaterThan(200)
    expect(room().topic).toMatch(/^&lt;!channel&gt; &amp; /)
    expect(room().topic).not.toMatch(/[<>\u202e\u0007]|&(?!lt;|gt;|amp;)/)
  })

  describe('at the end', () => {
    test('shows the phases as a picture, once, with its words', async () => {
      await show()
      await show(over(outage()))
      await show(over(outage()))

      const files = house.slack.files()
      expect(files).toHaveLength(1)
      expect(files[0]).toMatchObject({ name: 'inc-12-phases.png', channel: room().id })
      expect(files[0]?.alt).toMatch(/^INC-12, lb: lb1 is down. Objective met: down for 5m/)
      expect(files[0]?.content?.subarray(1, 4).toString()).toBe('PNG')
    })

    test('shows it once though the answer was lost', async () => {
      await show()
      house.slack.fault({ kind: 'lose-answer', methods: ['files.completeUploadExternal'], times: 1 })
      expect(await show(over(outage()))).toMatchObject({ again: true })

      expect(await show(over(outage()))).toMatchObject({ left: [], again: false })

      expect(house.slack.files()).toHaveLength(1)
      expect(house.slack.messages(room().id).filter(({ files }) => files)).toHaveLength(1)
    })

    test('shows it later where the upload was cut off', async () => {
      await show()
      house.slack.fault({ kind: 'refuse', methods: ['upload'], times: 1 })
      const { left } = await show(over(outage()))
      expect(left[0]).toMatch(/^chart: /)

      expect(await show(over(outage()))).toMatchObject({ left: [], again: false })

      expect(house.slack.files()).toHaveLength(1)
    })

    test('shows another one when the outage came back and ended again', async () => {
      await show()
      await show(over(outage()))
      await show(outage({ relapses: 1 }))
      await show(over(outage({ relapses: 1 })))

      expect(house.slack.files().map((file) => file.name)).toEqual([
        'inc-12-phases.png',
        'inc-12-phases-2.png',
      ])
    })

    test('direct messages are brought up to date; one that is lost is not taken for a lost room', async () => {
      await show(over(outage()))

      expect(house.refreshed).toContain('INC-12')

      house.refuse('channel_not_found')
      const shown = await show(over(outage()))
      expect(shown.left).toEqual([expect.stringMatching(/^direct messages: /)])
      expect(room().archived).toBe(false)
      expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
    })
  })

  describe('is announced', () => {
    beforeEach(() => announced())

    test('once, with the way to it, and at the end with the result in its place', async () => {
      await show()
      await show(outage({ engineer: 'ann' }))
      expect(texts('C0OUTAGES')).toEqual([`🔴 INC-12 lb: lb1 is down. It is worked on in #${name}`])
      expect(JSON.stringify(house.slack.messages('C0OUTAGES')[0]?.blocks)).toContain(room().id)

      await show(over(outage()))

      expect(texts('C0OUTAGES')).toEqual([
        `🟢 INC-12 lb resolved: down for 5m, objective of 10m met. lb1 is down. #${name}`,
      ])
    })

    test('with what was missed', async () => {
      const late = over(outage(), { marks: { outage: noon, detected: noon, verified: noon + 1_500_000 } })

      await show(late)

      expect(texts('C0OUTAGES')[0]).toContain('down for 25m, objective of 10m missed')
    })

    test('after joining where Slack wants that', async () => {
      house.slack.setScopes(allScopes.filter((scope) => scope !== 'chat:write.public'))

      expect((await show()).left).toEqual([])

      expect(texts('C0OUTAGES')).toHaveLength(1)
    })

    test('not where the channel is lost: that is said, and the room stays', async () => {
      house.slack.archive('U0ANN', 'C0OUTAGES')

      const { left, again } = await show()

      expect(again).toBe(false)
      expect(left).toEqual([
        expect.stringMatching(/^announcement: .*C0OUTAGES \(slack.announce in the DR plan\)/),
      ])
      expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
    })
  })

  describe('where a run is shown', () => {
    const inside = { ...run('R-7'), incident: 'INC-12' } as const

    test('has one card of it, brought up to date', async () => {
      await show()
      await showRun(inside)
      await showRun({ ...inside, state: 'expired', endedAt: noon })

      expect(texts(name)).toHaveLength(2)
      expect(texts(name)[1]).toContain('R-7')
      expect(house.slack.messages(name)[1]?.edited).toBeDefined()
    })

    test('has it in the room that replaced the lost one', async () => {
      await show()
      await showRun(inside)
      house.slack.archive('U0BOB', room().id)

      await showRun({ ...inside, state: 'expired', endedAt: noon })

      expect(texts(`${name}-2`).join()).toContain('R-7')
    })

    test('is the common channel for a run without an incident; its end is heard', async () => {
      announced()
      await showRun(run('R-8'))
      await showRun({ ...run('R-8'), state: 'done', startedAt: noon, endedAt: noon + 5_000 })
      await showRun({ ...run('R-8'), state: 'done', startedAt: noon, endedAt: noon + 5_000 })

      expect(texts('C0OUTAGES')).toHaveLength(2)
      expect(texts('C0OUTAGES')[1]).toContain('R-8 (failover lb to backup) is done and verified in 5s.')
    })

    test('is the common channel for a run whose incident has no room any more', async () => {
      announced()
      await show()
      await chat.closeRoom(know(over(outage())), inTime())

      await showRun(inside)

      expect(texts('C0OUTAGES').join()).toContain('R-7')
    })

    test('is nowhere when there is no common channel', async () => {
      await showRun(run('R-8'))

      expect(house.calls()).toEqual([])
    })
  })

  test('has words as they are: of people, of the bot, of Nagios', async () => {
    await show()

    await chat.say(outage(), 'Ann <!channel> *said* `it` & left', 'INC-12-v3-1', inTime())

    expect(texts(name)[1]).toBe('Ann &lt;!channel&gt; *said* `it` &amp; left')
    expect(house.slack.messages(name)[1]?.blocks).toMatchObject([
      {
        type: 'rich_text',
        elements: [{ elements: [{ type: 'text', text: 'Ann <!channel> *said* `it` & left' }] }],
      },
    ])
  })

  const silences: readonly (readonly [string, SlackFault])[] = [
    ['hangs', { kind: 'hang' }],
    ['refuses connections', { kind: 'refuse' }],
    ['answers with an error page', { kind: 'garbage' }],
  ]
  test.each(silences)('while Slack %s everything is tried again', async (_what, fault) => {
    await chat.openRoom(outage(), inTime())
    house.slack.fault(fault)

    await expect(show(outage(), { signal: inTime(200) })).rejects.toBeInstanceOf(RetryableError)
    await expect(chat.say(outage(), 'x', 'INC-12-v3-1', inTime(200))).rejects.toBeInstanceOf(RetryableError)
    house.slack.fault()

    expect(await show()).toMatchObject({ left: [], again: false })
    expect(texts(name)).toHaveLength(1)
  })
})
