// Slack as a chat: what an incident's room shows from its opening to its end, part by part, whatever Slack does meanwhile.
import { beforeAll, describe, expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createStore } from '../../src/store/redis.ts'
import type { RoomShown, Store } from '../../src/ports.ts'
import type { SlackFault } from '../../sim/slack.ts'
import { chatContract } from '../contracts/chat.ts'
import { noon, run } from '../contracts/store-samples.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { aliveIn, diagnosing, inTime, outage, over, page, startSlackHouse, viewOf } from './slack-house.ts'
import { roomOfOutage, slackStage } from './slack-stage.ts'

const redis = oneRedis()
let store: Store

beforeAll(async () => {
  store = createStore({ redis: (await redis().connect()).redis })
})

chatContract('slack', async () => {
  await redis().flush()
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
  const on = slackStage()

  /** The first calls in their order, the others, which go out at the same time, in that of the alphabet. */
  function calls(first: number): readonly string[] {
    const all = on.house.calls()
    return [...all.slice(0, first), ...all.slice(first).sort()]
  }

  test('from its opening to its end makes these calls and no others', async () => {
    on.announcing()
    await on.chat.openRoom(outage(), inTime())
    expect(calls(1)).toEqual(['conversations.create'])

    await on.show()
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
    await on.show(escalated)
    expect(calls(1)).toEqual([
      'chat.update',
      'conversations.invite',
      'conversations.setTopic',
      'usergroups.users.list',
    ])

    await on.showRun({ ...run('R-7'), incident: 'INC-12' })
    await on.showRun({ ...run('R-7'), incident: 'INC-12', state: 'expired', endedAt: noon })
    await on.chat.say(escalated, 'R-7 was not approved in time', 'INC-12-v7-1', inTime())
    expect(on.house.calls()).toEqual(['chat.postMessage', 'chat.update', 'chat.postMessage'])

    await on.show(over(escalated))
    expect(calls(1)).toEqual([
      'chat.update',
      'chat.update',
      'conversations.setTopic',
      'files.completeUploadExternal',
      'files.getUploadURLExternal',
      'upload',
    ])

    await on.chat.closeRoom(over(escalated), inTime())
    await on.show(over(escalated))
    expect(on.house.calls()).toEqual(['conversations.archive'])
    expect(on.house.warnings).toEqual([])
  })

  test('has the card pinned, a topic, a purpose, bookmarks, and who was called', async () => {
    await on.show(diagnosing(outage({ engineer: 'ann' })))

    const { topic, purpose, pins, members, id } = on.room()
    expect(topic).toBe('INC-12 · lb · diagnosing · Ann Onken has it · lb1 is down')
    expect(purpose).toBe('INC-12, outage of lb, opened 2026-03-13T12:00:00Z by the DR bot')
    expect(pins).toEqual([on.house.slack.messages(id)[0]?.ts])
    expect([...members]).toEqual(['U0DRBOT', 'U0ANN'])
    expect(on.house.slack.bookmarks(id).map(({ title, link }) => [title, link])).toEqual([
      ['Console', 'https://dr.example.com/incidents/INC-12'],
      ['Runbook of lb', 'https://wiki.example.com/dr/lb'],
      ['Report', 'https://dr.example.com/incidents/INC-12/report'],
    ])
  })

  test('whose view has not changed makes no call at all, also after a restart', async () => {
    on.announcing()
    await on.show()
    on.house.calls()

    await on.show()
    on.restart()
    await on.show()

    expect(on.house.calls()).toEqual([])
  })

  test('whose card cannot be shown is tried again before anything else is done', async () => {
    on.house.slack.fault({ kind: 'status', status: 503, methods: ['chat.postMessage'], times: 1 })

    await expect(on.show()).rejects.toBeInstanceOf(RetryableError)
    expect(on.house.calls()).toEqual(['conversations.create', 'chat.postMessage http 503'])

    expect(await on.show()).toMatchObject({ left: [], again: false })
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
      on.house.slack.fault({ kind: 'status', status: 503, methods: [method], times: 1 })

      const first = await on.show()
      expect(first.again).toBe(true)
      expect(first.left).toHaveLength(1)
      expect(first.left[0]).toMatch(new RegExp(`^${part}: .*503`))
      on.house.calls()

      expect(await on.show()).toMatchObject({ left: [], again: false })
      expect(on.house.calls().filter((call) => call !== 'bookmarks.list')).toEqual([method])
    })

    test.each(parts.slice(0, 3))(
      'says why Slack refuses it, and does not insist: %s',
      async (part, method) => {
        on.house.slack.fault({ kind: 'error', error: 'restricted_action', methods: [method] })

        const first = await on.show()
        expect(first).toMatchObject({ again: false })
        expect(first.left.join()).toMatch(new RegExp(`^${part}: Slack refused .*restricted_action.*Ask`))
        expect(on.house.warnings).toHaveLength(1)
        on.house.calls()

        expect(await on.show()).toEqual(first)
        expect(on.house.calls()).toEqual([])
      },
    )

    test('asks again when something else is wanted', async () => {
      on.house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.setTopic'] })
      await on.show()
      on.house.slack.fault()

      const shown = await on.show(outage(), { view: { topic: 'another' } })

      expect(shown.left).toEqual([])
      expect(on.room().topic).toBe('another')
    })

    test('that was done though the answer was lost is not done twice', async () => {
      on.house.slack.fault({
        kind: 'lose-answer',
        methods: ['bookmarks.add', 'pins.add', 'conversations.invite'],
        times: 3,
      })

      expect((await on.show()).again).toBe(true)
      await on.show()
      expect(await on.show()).toMatchObject({ left: [], again: false })

      expect(on.house.slack.bookmarks(roomOfOutage)).toHaveLength(3)
      expect(on.room().pins).toHaveLength(1)
    })

    test('says when Slack takes again what it has limited', async () => {
      await on.show()
      on.house.slack.fault({ kind: 'rate-limit', retryAfter: 7, methods: ['conversations.setTopic'] })

      const shown = await on.show(outage(), { view: { topic: 'another' } })

      expect(shown).toMatchObject({ left: ['topic: Slack asks to wait'], again: true })
      expect(shown.after).toBeGreaterThan(6_000)
      expect(shown.after).toBeLessThanOrEqual(7_000)
    })

    test('has its card when every other call is limited, and the rest as the limits end', async () => {
      await on.chat.openRoom(outage(), inTime())
      on.house.slack.fault({ kind: 'rate-limit', retryAfter: 1, every: 2 })
      await on.chat.showRoom(outage(), viewOf(outage(), on.house.plan()), inTime()).catch(() => undefined)
      on.house.slack.fault()

      await expect
        .poll(() => on.show().catch(() => ({ left: ['card'] })), { timeout: 5_000, interval: 200 })
        .toMatchObject({ left: [], again: false })
    })
  })

  test('moves on in each try though each call is slow, and is complete in a few of them', async () => {
    await on.chat.openRoom(outage(), inTime())
    on.house.slack.fault({ kind: 'slow', ms: 200 })
    const amounts: number[] = []
    let shown: RoomShown | undefined
    for (let tries = 0; tries < 10 && shown?.left.length !== 0; tries += 1) {
      shown = await on.show(outage(), { signal: inTime(500) }).catch(() => undefined)
      const { done, posts } = await on.house.records.read('INC-12')
      amounts.push(Object.keys(done).length + Object.keys(posts).length)
    }

    expect(shown).toMatchObject({ left: [], again: false })
    expect(amounts.length).toBeGreaterThan(1)
    expect(amounts).toEqual(amounts.toSorted((a, b) => a - b))
    expect(on.texts(roomOfOutage)).toHaveLength(1)
    expect(on.house.slack.bookmarks(roomOfOutage)).toHaveLength(3)
  })

  test('has a topic within 250 characters, with nothing in it that Slack would read', async () => {
    const topic = `${'<!channel> & '.repeat(40)}\u202e\u0007`

    await on.show(outage(), { view: { topic } })

    expect(on.room().topic.length).toBeLessThanOrEqual(250)
    expect(on.room().topic.length).toBeGreaterThan(200)
    expect(on.room().topic).toMatch(/^&lt;!channel&gt; &amp; /)
    expect(on.room().topic).not.toMatch(/[<>\p{Cc}\p{Bidi_Control}]|&(?!lt;|gt;|amp;)/u)
  })

  test('has words as they are: of people, of the bot, of Nagios', async () => {
    await on.show()

    await on.chat.say(outage(), 'Ann <!channel> *said* `it` & left', 'INC-12-v3-1', inTime())

    expect(on.texts(roomOfOutage)[1]).toBe('Ann &lt;!channel&gt; *said* `it` &amp; left')
    expect(on.house.slack.messages(roomOfOutage)[1]?.blocks).toMatchObject([
      {
        type: 'rich_text',
        elements: [{ elements: [{ type: 'text', text: 'Ann <!channel> *said* `it` & left' }] }],
      },
    ])
  })

  const silences: readonly (readonly [string, SlackFault])[] = [
    ['hangs', { kind: 'hang' }],
    ['refuses connections', { kind: 'reset' }],
    ['answers with an error page', { kind: 'garbage' }],
  ]
  test.each(silences)('while Slack %s everything is tried again', async (_what, fault) => {
    await on.chat.openRoom(outage(), inTime())
    on.house.slack.fault(fault)

    await expect(on.show(outage(), { signal: inTime(200) })).rejects.toBeInstanceOf(RetryableError)
    await expect(on.chat.say(outage(), 'x', 'INC-12-v3-1', inTime(200))).rejects.toBeInstanceOf(
      RetryableError,
    )
    on.house.slack.fault()
    // What hung may still come about: it is waited for.
    on.house.clock.skip(15_000)

    expect(await on.show()).toMatchObject({ left: [], again: false })
    expect(on.texts(roomOfOutage)).toHaveLength(1)
  })
})
