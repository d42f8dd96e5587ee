// The room of an incident in Slack: found again after a crash, never somebody else's, replaced when it is lost.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import { noon } from '../contracts/store-samples.ts'
import { inTime, outage, over, viewOf } from './slack-house.ts'
import { roomOfOutage as name, slackStage } from './slack-stage.ts'

const on = slackStage()

function open(incident: Incident = outage(), signal = inTime()): Promise<{ readonly link: string }> {
  return on.chat.openRoom(incident, signal)
}

function named(channelName: string): string {
  return on.house.slack.channel(channelName).id
}

describe('opening a room', () => {
  test('makes a public channel whose name anybody can guess, and answers its address', async () => {
    const { link } = await open()

    const channel = on.house.slack.channel(name)
    expect(channel).toMatchObject({ kind: 'public', archived: false })
    expect(link).toBe(`https://example-ltd.slack.com/archives/${channel.id}`)
    expect(await on.house.records.incidentOf(channel.id)).toBe('INC-12')
    expect(on.house.calls()).toEqual(['conversations.create'])
  })

  test('names it by the day of its people, not of Greenwich', async () => {
    await open(outage({ openedAt: Date.UTC(2026, 10, 23, 23, 30) }))

    expect(named('inc-12-lb-20261124')).toBeDefined()
  })

  test('a second time calls nobody and answers the same', async () => {
    const first = await open()
    on.house.calls()

    expect(await open()).toEqual(first)
    expect(on.house.calls()).toEqual([])
  })

  test('at the same time from two processes makes one channel', async () => {
    const other = on.house.chat()

    const links = await Promise.all([open(), other.openRoom(outage(), inTime())])

    expect(links[0]).toEqual(links[1])
    expect(on.rooms()).toHaveLength(1)
  })

  test('finds the channel again that was made before a crash, and makes no second one', async () => {
    on.house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow(/did not answer/)
    on.restart()

    const { link } = await open()

    expect(link).toContain(named(name))
    expect(on.rooms()).toHaveLength(1)
    expect(await on.house.records.incidentOf(named(name))).toBe('INC-12')
  })

  test('finds it among hundreds', async () => {
    const channels = Array.from({ length: 250 }, (_, number) => ({
      id: `C0OLD${number}`,
      name: `old-${number}`,
      members: ['U0ANN', 'U0DRBOT'],
    }))
    await on.inSlack({ channels })
    on.house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow(/did not answer/)

    expect((await open()).link).toContain(named(name))
  })

  test('whose name others have taken takes the next one, and remembers that', async () => {
    await on.inSlack({
      channels: [
        { id: 'C0TAKEN', name },
        { id: 'C0TAKEN2', name: `${name}-2`, members: ['U0ANN', 'U0DRBOT'] },
      ],
    })

    const { link } = await open()

    expect(link).toContain(named(`${name}-3`))
    expect(await on.house.records.incidentOf('C0TAKEN')).toBeUndefined()
    expect(await on.house.records.incidentOf('C0TAKEN2')).toBeUndefined()
  })

  test('goes on with the next name after a try that came no further', async () => {
    await on.inSlack({ channels: [{ id: 'C0TAKEN', name }] })
    on.house.slack.fault({
      kind: 'status',
      status: 503,
      methods: ['conversations.create'],
      every: 2,
      times: 1,
    })
    await expect(open()).rejects.toThrow(/503/)
    on.house.calls()

    await open()

    expect(on.house.calls()).toEqual(['conversations.create'])
    expect(named(`${name}-2`)).toBeDefined()
  })

  test('does not take the channel of another outage that had the same number that day', async () => {
    await open()
    await on.show()
    await on.forget()

    const { link } = await open(outage({ openedAt: noon + 60_000 }))

    expect(link).toContain(named(`${name}-2`))
  })

  test('does not take its own channel back that was archived', async () => {
    on.house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(open()).rejects.toThrow(/did not answer/)
    on.house.slack.archive('U0ANN', named(name))

    expect((await open()).link).toContain(named(`${name}-2`))
  })

  test('that the workspace forbids is told with what to do', async () => {
    on.house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.create'] })

    await expect(open()).rejects.toMatchObject({ name: 'UserError', reason: 'restricted_action' })
    await expect(open()).rejects.toThrow(/Ask an owner of the workspace/)
  })

  test('without the scope is told with its name', async () => {
    on.house.slack.setScopes(['chat:write'])

    await expect(open()).rejects.toThrow(/channels:manage/)
  })
})

describe('a room that is lost in the middle of an outage', () => {
  beforeEach(async () => {
    await on.show()
    await on.show(outage({ engineer: 'ann' }))
  })
  const newer = (): Incident => outage({ engineer: 'bob' })

  test('because somebody archived it is replaced, and says why', async () => {
    const old = named(name)
    on.house.slack.archive('U0BOB', old)

    const { link, left } = await on.show(newer())

    const next = named(`${name}-2`)
    expect(link).toBe(`https://example-ltd.slack.com/archives/${next}`)
    expect(left).toEqual([])
    expect(await on.house.records.incidentOf(next)).toBe('INC-12')
    expect(await on.house.records.incidentOf(old)).toBe('INC-12')
    expect(on.texts(next)).toHaveLength(2)
    expect(on.texts(next)[1]).toContain(`This channel replaces #${name}, which was archived`)
    expect(on.house.slack.channel(next).pins).toHaveLength(1)
    expect([...on.house.slack.channel(next).members]).toContain('U0ANN')
    expect(on.house.slack.bookmarks(next)).toHaveLength(3)
  })

  test('is found out by a part of the room when the card has not changed', async () => {
    on.house.slack.archive('U0BOB', named(name))
    const incident = outage({ engineer: 'ann' })
    const view = { ...viewOf(incident, on.house.plan()), topic: 'another topic' }

    const { link } = await on.chat.showRoom(incident, view, inTime())

    expect(link).toContain(named(`${name}-2`))
    expect(on.house.slack.channel(`${name}-2`).topic).toBe('another topic')
  })

  test('because it was deleted is replaced', async () => {
    on.house.slack.fault({ kind: 'error', error: 'channel_not_found', methods: ['chat.update'], times: 1 })

    const { link } = await on.show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(on.texts(named(`${name}-2`))[1]).toContain('which is not there any more')
  })

  test('because the bot was removed is joined again', async () => {
    on.house.slack.kick('U0DRBOT', named(name))

    const { link, left } = await on.show(newer())

    expect(link).toContain(named(name))
    expect(left).toEqual([])
    expect(on.rooms()).toHaveLength(1)
    expect(on.house.slack.channel(name).members.has('U0DRBOT')).toBe(true)
  })

  test('where the bot may not join again is replaced', async () => {
    on.house.slack.kick('U0DRBOT', named(name))
    on.house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.join'] })

    const { link } = await on.show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(on.texts(named(`${name}-2`))[1]).toContain('which the bot was removed from')
  })

  test('is replaced once, though the card and the words find out at the same time', async () => {
    on.house.slack.archive('U0BOB', named(name))

    await Promise.all([on.show(newer()), on.chat.say(newer(), 'Dan is on it', 'INC-12-v9-1', inTime())])

    expect(on.rooms()).toHaveLength(2)
    expect(on.texts(named(`${name}-2`)).join()).toContain('Dan is on it')
  })

  test('is replaced once by two processes', async () => {
    on.house.slack.archive('U0BOB', named(name))
    const other = on.house.chat()

    await Promise.allSettled([
      on.show(newer()),
      other.showRoom(newer(), viewOf(newer(), on.house.plan()), inTime()),
    ])
    await on.show(newer())

    expect(on.rooms()).toHaveLength(2)
  })

  test('whose new channel was made before a crash is found again', async () => {
    on.house.slack.archive('U0BOB', named(name))
    on.house.slack.fault({ kind: 'lose-answer', methods: ['conversations.create'], times: 1 })
    await expect(on.show(newer())).rejects.toThrow(/did not answer/)
    on.restart()

    const { link } = await on.show(newer())

    expect(link).toContain(named(`${name}-2`))
    expect(on.rooms()).toHaveLength(2)
  })

  test('twice is replaced twice', async () => {
    on.house.slack.archive('U0BOB', named(name))
    await on.show(newer())
    on.house.slack.archive('U0BOB', named(`${name}-2`))

    expect((await on.show()).link).toContain(named(`${name}-3`))
  })

  test('while words are to be said has them said in the new one', async () => {
    on.house.slack.archive('U0BOB', named(name))

    await on.chat.say(newer(), 'R-7 failed', 'INC-12-v9-1', inTime())

    expect(on.texts(named(`${name}-2`))).toContain('R-7 failed')
  })
})

describe('putting a room away', () => {
  test('archives it once; what was said can still be read', async () => {
    await on.show()
    await on.chat.say(outage(), 'it was the cable', 'INC-12-v3-1', inTime())
    on.house.calls()

    await on.chat.closeRoom(over(outage()), inTime())
    await on.chat.closeRoom(over(outage()), inTime())

    expect(on.house.calls()).toEqual(['conversations.archive'])
    expect(on.house.slack.channel(name).archived).toBe(true)
    expect(on.texts(named(name))).toContain('it was the cable')
  })

  test('that somebody has archived by hand is fine', async () => {
    await on.show()
    on.house.slack.archive('U0ANN', named(name))

    await on.chat.closeRoom(over(outage()), inTime())

    expect(on.house.warnings).toEqual([])
  })

  test('that the workspace forbids is left, and the log says so', async () => {
    await on.show()
    on.house.slack.fault({ kind: 'error', error: 'restricted_action', methods: ['conversations.archive'] })

    await on.chat.closeRoom(over(outage()), inTime())

    expect(on.house.warnings.join()).toContain('the room of an incident stays open')
  })

  test('that Slack does not answer is tried again', async () => {
    await on.show()
    on.house.slack.fault({ kind: 'status', status: 503, methods: ['conversations.archive'], times: 1 })

    await expect(on.chat.closeRoom(over(outage()), inTime())).rejects.toMatchObject({
      name: 'RetryableError',
    })
    await on.chat.closeRoom(over(outage()), inTime())

    expect(on.house.slack.channel(name).archived).toBe(true)
  })

  test('an outage that is over opens no new room for an archived one', async () => {
    await on.show()
    on.house.slack.archive('U0ANN', named(name))

    const shown = await on.show(over(outage()))

    expect(shown).toMatchObject({ left: [], again: false })
    expect(on.rooms()).toHaveLength(1)
    on.house.calls()
    await on.chat.say(over(outage()), 'too late', 'INC-12-v9-1', inTime())
    expect(on.house.calls()).toEqual([])
  })

  test('an outage that comes back after its room was put away has a new one', async () => {
    await on.show()
    await on.chat.closeRoom(over(outage()), inTime())

    const { link } = await on.show(outage({ relapses: 1 }))

    expect(link).toContain(named(`${name}-2`))
    expect(on.texts(named(`${name}-2`))[1]).toContain('was archived when the outage seemed to be over')
  })
})
