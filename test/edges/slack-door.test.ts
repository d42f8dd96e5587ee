// What people type to the bot in Slack, over the wire: answered in time, in the right place, to the right eyes, once.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { withoutBot, written } from '../../src/chat/slack/inbound/written.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { ephemeral, openDoorHouse, room, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const redis = oneRedis()
let house: DoorHouse

describe.each(['socket', 'http'] as const)('by %s', (mode) => {
  beforeEach(async () => {
    house = await openDoorHouse(redis(), { mode })
  })
  afterEach(() => house.stop())

  test('answers a question in the acknowledgement, to the asker only', async () => {
    await house.outage()

    const answer = await house.slack.command('U0ANN', 'status')

    expect(answer).toMatchObject({ by: mode, ok: true })
    expect(ephemeral(answer)).toBe(true)
    expect(shown(answer.body)).toContain('1 incident is open')
    expect(house.said).toEqual(['ann: status'])
  })

  test('knows the incident in its room, and says shortly what the card there shows anyway', async () => {
    const id = await house.outage()

    const answer = await house.slack.command('U0ANN', 'note the cable is loose', { channel: room })

    expect(ephemeral(answer)).toBe(true)
    expect(shown(answer.body)).toContain(`Noted in the timeline of ${id}`)
    expect(await house.texts(id)).toContain('ann: the cable is loose')
  })

  test('refuses who may not, and says so to them only', async () => {
    await house.outage()

    const answer = await house.slack.command('U0MIA', 'failover lb to backup', { channel: room })

    expect(ephemeral(answer)).toBe(true)
    expect(shown(answer.body)).toContain('failover is for the role')
    expect(await house.store.runs({ open: false, limit: 5 })).toEqual([])
  })

  test('tells a stranger what to do, with the id to copy, and does nothing', async () => {
    const answer = await house.slack.command('U0STRANGER', 'open lb')

    expect(ephemeral(answer)).toBe(true)
    expect(shown(answer.body)).toContain('slack: U0STRANGER')
    expect(house.said).toEqual([])
  })

  test('does a command once that is delivered twice', async () => {
    await house.outage()
    house.slack.fault({ kind: 'twice', times: 1 })

    const answer = await house.slack.command('U0ANN', 'note once', { channel: room })

    expect(answer.ok).toBe(true)
    expect(house.said).toEqual(['ann: note once'])
  })

  test('serves nobody of another workspace', async () => {
    house.slack.fault({ kind: 'other-team' })

    const answer = await house.slack.command('U0ANN', 'open lb')
    await house.slack.directMessage('U0ANN', 'open api')
    await house.slack.openHome('U0ANN')

    expect(shown(answer.body)).toContain('another workspace')
    expect(house.said).toEqual([])
    expect(house.slack.home('U0ANN')).toBeUndefined()
  })

  test('answers at once while Slack itself hangs', async () => {
    house.slack.fault({ kind: 'hang' })

    const answer = await house.slack.command('U0ANN', 'status')

    expect(answer.ok).toBe(true)
    expect(shown(answer.body)).toContain('All quiet')
  })

  test('says that it works on it, and answers later, when a command takes long', async () => {
    await house.outage()
    house.slow(1_700)

    const answer = await house.slack.command('U0ANN', 'note slowly', { channel: room })

    expect(answer.ok).toBe(true)
    expect(shown(answer.body)).toContain('Working on it')
    await vi.waitFor(() => expect(shown(house.slack.ephemerals('U0ANN').at(-1))).toContain('Noted in'), 3_000)
    expect(house.said).toEqual(['ann: note slowly'])
  })

  test('tells the asker what was refused late, by direct message where nothing else works', async () => {
    house.slow(1_700)
    house.slack.fault({ kind: 'reset', methods: ['response_url', 'chat.postEphemeral'] })

    const answer = await house.slack.command('U0ANN', 'approve R-99', { channel: room })

    expect(shown(answer.body)).toContain('Working on it')
    await vi.waitFor(() => expect(shown(house.slack.direct('U0ANN').at(-1))).toContain('R-99'), 3_000)
    expect(house.waits).toEqual([25 * 60_000])
  })

  test('finds another way for a late answer when its address does not take it', async () => {
    await house.outage()
    house.slow(1_700)
    house.slack.fault({ kind: 'reset', methods: ['response_url'] })

    await house.slack.command('U0ANN', 'note slowly', { channel: room })

    await vi.waitFor(() => expect(shown(house.slack.ephemerals('U0ANN').at(-1))).toContain('Noted in'), 3_000)
  })

  test('says that Redis is down and that nothing was done', async () => {
    await house.outage()
    redis().freeze()
    try {
      const answer = await house.slack.command('U0ANN', 'note lost', { channel: room })

      expect(answer.ok).toBe(true)
      expect(ephemeral(answer)).toBe(true)
      expect(shown(answer.body)).toContain('Redis does not answer')
      expect(shown(answer.body)).toContain('Nothing was done')
      expect(house.said).toEqual([])
    } finally {
      redis().thaw()
    }
  })

  test('shows a proposal to the channel where it was asked for, and only points at it in the room', async () => {
    await house.outage()
    // The first look at the world loads what it is looked at with, which takes its time.
    await house.slack.command('U0CEM', 'failover lb to last')
    await vi.waitFor(() => house.engine.run('R-1'), 5_000)

    const outside = await house.slack.command('U0ANN', 'failover lb to backup')
    const inside = await house.slack.command('U0BOB', 'failover lb to api', { channel: room })

    expect(ephemeral(outside)).toBe(false)
    expect(shown(outside.body)).toContain('R-2')
    expect(ephemeral(inside)).toBe(true)
    expect(shown(inside.body)).toContain('R-3 is proposed')
    expect(shown(inside.body)).toContain('stands here')
  })

  test('answers a bare /dr with what is going on, and a mistyped word with a button that does it', async () => {
    const id = await house.outage()

    const bare = await house.slack.command('U0ANN', ' ')
    const typo = await house.slack.command('U0ANN', `acck ${id}`)

    expect(shown(bare.body)).toContain('1 incident is open')
    expect(shown(bare.body)).toContain('All that you may type: /dr help')
    expect(shown(typo.body)).toContain('Did you mean: /dr ack')
    expect(house.slack.buttons(typo.body as object)).toEqual([`ack ${id}`])
  })

  test('reads people, rooms and addresses as Slack writes them', async () => {
    await house.outage()

    await house.slack.command('U0ANN', 'oncall override @bob 2026-12-24T09:00 2026-12-26T09:00')
    await house.slack.command('U0ANN', 'status #inc-1-lb-20261123')
    await house.slack.command('U0ANN', 'note see https://logs.example.com/?a=1&b=2 <soon>', { channel: room })

    expect(house.said[0]).toBe('ann: oncall override bob 2026-12-24T09:00 2026-12-26T09:00')
    expect(house.said[1]).toBe('ann: status INC-1')
    expect(await house.texts('INC-1')).toContain('ann: see https://logs.example.com/?a=1&b=2 <soon>')
  })

  test('answers a mention in a thread under it, and in a room in the room itself', async () => {
    const id = await house.outage()

    await house.slack.mention('U0ANN', 'C0ALERTS', 'status')
    await house.slack.mention('U0ANN', room, 'ack')

    const answered = async (channel: string) =>
      vi.waitFor(() => {
        const found = house.slack.messages(channel).find((message) => message.user === house.slack.botUserId)
        if (!found) throw new Error('no answer yet')
        return found
      }, 3_000)
    const [asked] = house.slack.messages('C0ALERTS')
    expect(await answered('C0ALERTS')).toMatchObject({ thread: asked?.ts })
    expect(shown(await answered('C0ALERTS'))).toContain(id)
    expect((await answered(room)).thread).toBeUndefined()
    expect(shown(await answered(room))).toContain('You have it')
  })

  test('carries a mention out once, and says so when it is edited afterwards', async () => {
    await house.outage()
    await house.slack.mention('U0ANN', room, 'note lb1 is bakc')
    const [written] = house.slack.messages(room)

    await house.slack.editMention('U0ANN', room, written?.ts ?? '', 'note lb1 is back')

    await vi.waitFor(() =>
      expect(shown(house.slack.ephemerals('U0ANN').at(-1))).toContain('An edited message is not carried out'),
    )
    expect(house.said).toEqual(['ann: note lb1 is bakc'])
  })

  test('tells who types a bare command into a room how it begins, with a button that does it', async () => {
    await house.outage()

    await house.slack.write('U0ANN', 'C0ALERTS', 'ack')
    await house.slack.write('U0BOB', room, 'help me to open the door of the rack')
    await house.slack.write('U0ANN', room, 'ack INC-1')

    const hint = await vi.waitFor(() => {
      const found = house.slack.ephemerals('U0ANN').at(-1)
      if (!found) throw new Error('no hint yet')
      return found
    })
    expect(shown(hint)).toContain('To do it, type: /dr ack INC-1')
    expect(house.slack.buttons(hint)).toEqual(['Do it: ack INC-1'])
    expect(house.slack.ephemerals('U0ANN')).toHaveLength(1)
    expect(house.slack.ephemerals('U0BOB')).toEqual([])
    expect(house.said).toEqual([])
  })

  test('answers a direct message with the same words, and never itself', async () => {
    await house.outage()

    await house.slack.directMessage('U0ANN', 'status')

    await vi.waitFor(() => expect(shown(house.slack.direct('U0ANN').at(-1))).toContain('1 incident is open'))
    expect(house.said).toEqual(['ann: status'])
  })

  test('does an event once that Slack delivers again', async () => {
    await house.outage()
    house.slack.fault({ kind: 'twice', times: 1 })

    await house.slack.directMessage('U0ANN', 'note by message INC-1')

    await vi.waitFor(() => expect(house.slack.direct('U0ANN')).toHaveLength(2))
    expect(house.said).toEqual(['ann: note by message INC-1'])
  })

  test('says in a direct message that Redis is down', async () => {
    redis().freeze()
    try {
      await house.slack.directMessage('U0ANN', 'status')
      await vi.waitFor(
        () => expect(shown(house.slack.direct('U0ANN').at(-1))).toContain('Redis does not answer'),
        3_000,
      )
    } finally {
      redis().thaw()
    }
    expect(house.said).toEqual([])
  })
})

describe('hostile texts', () => {
  beforeEach(async () => {
    house = await openDoorHouse(redis())
  })
  afterEach(() => house.stop())

  const texts = [
    'note <!channel> <!here> <@U0MIA> <#C0GENERAL>',
    'note *bold* _it_ ~no~ `code` ```block``` :fire:',
    'note <https://evil.example.com|https://bank.example.com>',
    `note ${'x'.repeat(40_000)}`,
    'note \u202egnp.exe\u202c \u0007 \u0000 \u2066',
    'open lb <!everyone> <javascript:alert(1)|click>',
    '<!channel>',
    'fail<@U0MIA>over &lt;!channel&gt;',
    '{"command":"open lb"}',
  ]

  test.each(texts.map((text) => [text.slice(0, 40), text]))(
    'answers %j without a mention in it',
    async (_, text) => {
      await house.outage()

      const answer = await house.slack.command('U0ANN', text, { channel: room })

      expect(answer.ok).toBe(true)
      const { text: parsed } = answer.body as { readonly text: string }
      const said = JSON.stringify(answer.body)
      expect(parsed).not.toMatch(/<[!@#]/)
      expect(said).not.toContain('"mrkdwn"')
      expect(said).not.toContain('\u202e')
      expect(said).not.toContain('javascript:')
      expect(said).not.toContain('"type":"user"')
      expect(said).not.toContain('"type":"broadcast"')
    },
  )

  test('keeps no secret of a payload in the log', async () => {
    house.slow(1_600)
    house.slack.fault({
      kind: 'status',
      status: 500,
      methods: ['response_url', 'chat.*', 'views.open'],
    })

    await house.slack.command('U0ANN', 'status')
    await house.slack.shortcut('U0ANN', 'open_incident')
    await vi.waitFor(() => expect(house.lines.join('\n')).toContain('reached nobody'), 8_000)

    const lines = house.lines.join('\n')
    expect(lines).not.toContain('/response/')
    expect(lines).not.toContain(house.slack.botToken)
    expect(lines).not.toContain(house.slack.appToken)
    expect(lines).not.toMatch(/\d{6,}\.\d{6,}\.[0-9a-f]{8,}/)
  })
})

describe('what Slack makes of what people type', () => {
  const reading = {
    person: (slack: string) => (slack === 'U0ANN' ? 'ann' : undefined),
    incident: (channel: string) => (channel === 'C0ROOM' ? ('INC-12' as const) : undefined),
  }

  test.each([
    ['<@U0ANN|ann.onken> and <@U0ANN>', 'ann and ann'],
    ['<@U0ZOE|zoe>', '@zoe'],
    ['<#C0ROOM|inc-12-lb> <#C0ALERTS|alerts>', 'INC-12 #alerts'],
    ['<http://api.example.com|api.example.com>', 'api.example.com'],
    ['<https://example.com/?a=1&amp;b=2>', 'https://example.com/?a=1&amp;b=2'],
    ['<https://evil.example.com|https://bank.example.com>', 'https://evil.example.com'],
    ['<mailto:ann@example.com|ann@example.com>', 'ann@example.com'],
    ['<!subteam^S0DEV|@dev> <!here> <!date^1^{time}|03:12>', '@dev @here 03:12'],
    ['a < b > c &lt;@U0ANN&gt;', 'a < b > c &lt;@U0ANN&gt;'],
  ])('reads %j as %j', (text, words) => {
    expect(written(text, reading)).toBe(words)
  })

  test('takes no command from a mention in the middle of a sentence', () => {
    expect(withoutBot('<@U0DRBOT> failover lb', 'U0DRBOT')).toBe('failover lb')
    expect(withoutBot(' <@U0DRBOT|dr-bot>: status', 'U0DRBOT')).toBe('status')
    expect(withoutBot('do not let <@U0DRBOT> failover lb', 'U0DRBOT')).toBeUndefined()
    expect(withoutBot('<@U0ANN> <@U0DRBOT> status', 'U0DRBOT')).toBeUndefined()
  })
})
