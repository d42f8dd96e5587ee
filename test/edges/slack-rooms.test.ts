// The room of an incident in Slack: found again after a crash, never somebody else's, replaced when it is lost.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import type { Chat, RoomShown } from '../../src/ports.ts'
import { createStore } from '../../src/store/redis.ts'
import { noon } from '../contracts/store-samples.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import type { Store } from '../../src/ports.ts'
import { inTime, outage, over, startSlackHouse, viewOf } from './slack-house.ts'
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
beforeEach(async () => {
  await redis.flush()
  house = await startSlackHouse(store)
  chat = house.chat()
})
afterEach(() => house.stop())

function open(incident: Incident = outage(), signal = inTime()): Promise<{ readonly link: string }> {
  return chat.openRoom(incident, signal)
}

function show(incident: Incident = outage(), signal = inTime()): Promise<RoomShown> {
  return chat.showRoom(incident, viewOf(incident, house.plan()), signal)
}

function named(channelName: string): string {
  return house.slack.channel(channelName).id
}

function texts(channel: string): readonly string[] {
  return house.slack.messages(channel).map(({ text }) => text)
}

describe('opening a room', () => {
  test('makes a public channel whose name anybody can guess, and answers its address', async () => {
    const { link } = await open()

    const channel = house.slack.channel(name)
    expect(channel).toMatchObject({ kind: 'public', archived: false })
    expect(link).toBe(`https://example-ltd.slack.com/archives/${channel.id}`)
    expect(await house.records.incidentOf(channel.id)).toBe('INC-12')
    expect(house.calls()).toEqual(['conversations.create'])
  })

  test('names it by the day of its people, not of Greenwich', async () => {
    await open(outage({ openedAt: Date.UTC(2026, 10, 23, 23, 30) }))

    expect(named('inc-12-lb-20261124')).toBeDefined()
  })

  test('a second time calls nobody and answers the same', async () => {
    const first = await open()
    house.calls()

    expect(await open()).toEqual(first)
    expect(house.calls()).toEqual([])
  })

  test('at the same time from two processes makes one channel', async () => {
    const other = house.chat()

    const links = await Promise.all([open(), other.openRoom(outage(), inTime())])

    expect(links[0]).toEqual(links[1])
    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
  })

  test('finds the channel again that was made before a crash, and makes no second one', async () => {
    house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow(/did not answer/)
    chat = house.chat()

    const { link } = await open()

    expect(link).toContain(named(name))
    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
    expect(await house.records.incidentOf(named(name))).toBe('INC-12')
  })

  test('finds it among hundreds', async () => {
    const channels = Array.from({ length: 250 }, (_, number) => ({
      id: `C0OLD${number}`,
      name: `old-${number}`,
      members: ['U0ANN', 'U0DRBOT'],
    }))
    await house.stop()
    house = await startSlackHouse(store, { channels })
    chat = house.chat()
    house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow(/did not answer/)

    expect((await open()).link).toContain(named(name))
  })

  test('whose name others have taken takes the next one, and remembers that', async () => {
    await house.stop()
    house = await startSlackHouse(store, {
      channels: [
        { id: 'C0TAKEN', name },
        { id: 'C0TAKEN2', name: `${name}-2`, members: ['U0ANN', 'U0DRBOT'] },
      ],
    })
    chat = house.chat()

    const { link } = await open()

    expect(link).toContain(named(`${name}-3`))
    expect(await house.records.incidentOf('C0TAKEN')).toBeUndefined()
    expect(await house.records.incidentOf('C0TAKEN2')).toBeUndefined()
  })

  test('goes on with the next name after a try that ran out of time', async () => {
    await house.stop()
    house = await startSlackHouse(store, { channels: [{ id: 'C0TAKEN', name }] })
    chat = house.chat()
    house.slack.fault({ kind: 'slow', ms: 200 })
    await expect(open(outage(), inTime(500))).rejects.toThrow(/Slack|answer|time/i)
    house.calls()

    await open(outage(), inTime(500))

    expect(house.calls()).toEqual(['conversations.create'])
    expect(named(`${name}-2`)).toBeDefined()
  })

  test('does not take the channel of another outage that had the same number that day', async () => {
    await open()
    await show()
    await redis.flush()

    const { link } = await open(outage({ openedAt: noon + 60_000 }))

    expect(link).toContain(named(`${name}-2`))
  })

  test('does not take its own channel back that was archived', async () => {
    house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow()
    house.slack.archive('U0ANN', named(name))

    expect((await open()).link).toContain(named(`${name}-2`))
  })

  test('that the workspace forbids is told with what to do', async () => {
    house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.create'] })

    await expect(open()).rejects.toMatchObject({ name: 'UserError', reason: 'restricted_action' })
    await expect(open()).rejects.toThrow(/Ask an owner of the workspace/)
  })

  test('without the scope is told with its name', async () => {
    house.slack.setScopes(['chat:write'])

    await expect(open()).rejects.toThrow(/channels:manage/)
  })
})

describe('a room that is lost in the middle of an outage', () => {
  beforeEach(async () => {
    await show()
    await show(outage({ engineer: 'ann' }))
  })
  const newer = (): Incident => outage({ engineer: 'bob' })

  test('because somebody archived it is replaced, and says why', async () => {
    const old = named(name)
    house.slack.archive('U0BOB', old)

    const { link, left } = await show(newer())

    const next = named(`${name}-2`)
    expect(link).toBe(`https://example-ltd.slack.com/archives/${next}`)
    expect(left).toEqual([])
    expect(await house.records.incidentOf(next)).toBe('INC-12')
    expect(await house.records.incidentOf(old)).toBe('INC-12')
    expect(texts(next)).toHaveLength(2)
    expect(texts(next)[1]).toContain(`This channel replaces #${name}, which was archived`)
    expect(house.slack.channel(next).pins).toHaveLength(1)
    expect([...house.slack.channel(next).members]).toContain('U0ANN')
    expect(house.slack.bookmarks(next)).toHaveLength(3)
  })

  test('is found out by a part of the room when the card has not changed', async () => {
    house.slack.archive('U0BOB', named(name))
    const incident = outage({ engineer: 'ann' })
    const view = { ...viewOf(incident, house.plan()), topic: 'another topic' }

    const { link } = await chat.showRoom(incident, view, inTime())

    expect(link).toContain(named(`${name}-2`))
    expect(house.slack.channel(`${name}-2`).topic).toBe('another topic')
  })

  test('because it was deleted is replaced', async () => {
    house.slack.fault({ kind: 'error', error: 'channel_not_found', methods: ['chat.update'], times: 1 })

    const { link } = await show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(texts(named(`${name}-2`))[1]).toContain('which is not there any more')
  })

  test('because the bot was removed is joined again', async () => {
    house.slack.kick('U0DRBOT', named(name))

    const { link, left } = await show(newer())

    expect(link).toContain(named(name))
    expect(left).toEqual([])
    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
    expect(house.slack.channel(name).members.has('U0DRBOT')).toBe(true)
  })

  test('where the bot may not join again is replaced', async () => {
    house.slack.kick('U0DRBOT', named(name))
    house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.join'] })

    const { link } = await show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(texts(named(`${name}-2`))[1]).toContain('which the bot was removed from')
  })

  test('is replaced once, though the card and the words find out at the same time', async () => {
    house.slack.archive('U0BOB', named(name))

    await Promise.all([show(newer()), chat.say(newer(), 'Dan is on it', 'INC-12-v9-1', inTime())])

    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(2)
    expect(texts(named(`${name}-2`)).join()).toContain('Dan is on it')
  })

  test('is replaced once by two processes', async () => {
    house.slack.archive('U0BOB', named(name))
    const other = house.chat()

    await Promise.allSettled([
      show(newer()),
      other.showRoom(newer(), viewOf(newer(), house.plan()), inTime()),
    ])
    await show(newer())

    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(2)
  })

  test('whose new channel was made before a crash is found again', async () => {
    house.slack.archive('U0BOB', named(name))
    house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(show(newer())).rejects.toThrow(/did not answer/)
    chat = house.chat()

    const { link } = await show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(2)
  })

  test('twice is replaced twice', async () => {
    house.slack.archive('U0BOB', named(name))
    await show(newer())
    house.slack.archive('U0BOB', named(`${name}-2`))

    expect((await show()).link).toContain(named(`${name}-3`))
  })

  test('while words are to be said has them said in the new one', async () => {
    house.slack.archive('U0BOB', named(name))

    await chat.say(newer(), 'R-7 failed', 'INC-12-v9-1', inTime())

    expect(texts(named(`${name}-2`))).toContain('R-7 failed')
  })
})

describe('putting a room away', () => {
  test('archives it once; what was said can still be read', async () => {
    await show()
    await chat.say(outage(), 'it was the cable', 'INC-12-v3-1', inTime())
    house.calls()

    await chat.closeRoom(over(outage()), inTime())
    await chat.closeRoom(over(outage()), inTime())

    expect(house.calls()).toEqual(['conversations.archive'])
    expect(house.slack.channel(name).archived).toBe(true)
    expect(texts(named(name))).toContain('it was the cable')
  })

  test('that somebody has archived by hand is fine', async () => {
    await show()
    house.slack.archive('U0ANN', named(name))

    await chat.closeRoom(over(outage()), inTime())

    expect(house.warnings).toEqual([])
  })

  test('that the workspace forbids is left, and the log says so', async () => {
    await show()
    house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.archive'] })

    await chat.closeRoom(over(outage()), inTime())

    expect(house.warnings.join()).toContain('the room of an incident stays open')
  })

  test('that Slack does not answer is tried again', async () => {
    await show()
    house.slack.fault({ kind: 'status', status: 503, methods: ['conversations.archive'], times: 1 })

    await expect(chat.closeRoom(over(outage()), inTime())).rejects.toMatchObject({ name: 'RetryableError' })
    await chat.closeRoom(over(outage()), inTime())

    expect(house.slack.channel(name).archived).toBe(true)
  })

  test('an outage that is over opens no new room for an archived one', async () => {
    await show()
    house.slack.archive('U0ANN', named(name))

    const shown = await show(over(outage()))

    expect(shown).toMatchObject({ left: [], again: false })
    expect(house.slack.channels().filter((each) => each.name.startsWith('inc-12'))).toHaveLength(1)
    house.calls()
    await chat.say(over(outage()), 'too late', 'INC-12-v9-1', inTime())
    expect(house.calls()).toEqual([])
  })

  test('an outage that comes back after its room was put away has a new one', async () => {
    await show()
    await chat.closeRoom(over(outage()), inTime())

    const { link } = await show(outage({ relapses: 1 }))

    expect(link).toContain(named(`${name}-2`))
    expect(texts(named(`${name}-2`))[1]).toContain('was archived when the outage seemed to be over')
  })
})
