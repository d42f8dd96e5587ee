// What Teams hears of an outage beside its card: runs, words, the announcement, the phases; whatever Teams does meanwhile.
import { beforeEach, describe, expect, test } from 'vitest'
import type { TeamsFault } from '../../sim/teams.ts'
import { shownWith } from '../../src/chat/parts.ts'
import { createBudget } from '../../src/chat/teams/budget.ts'
import { doPart } from '../../src/chat/teams/furnish.ts'
import { RetryableError } from '../../src/errors.ts'
import type { RoomShown } from '../../src/ports.ts'
import { noon, run } from '../contracts/store-samples.ts'
import { home, teamsId } from '../servers/teams.ts'
import { diagnosing, inTime, outage, over, page, viewOf } from './slack-house.ts'
import { failure } from './slack-transport.ts'
import { outages } from './teams-room-house.ts'
import { roomOfOutage, teamsStage } from './teams-room-stage.ts'

const use = teamsStage().each()

describe('the place where a run is shown in Teams', () => {
  const inside = { ...run('R-7'), incident: 'INC-12' } as const

  test.each(['threads', 'channels'] as const)(
    'has one card of it, brought up to date (rooms: %s)',
    async (rooms) => {
      const on = use()
      on.house.set({ rooms })
      await on.complete()
      await on.showRun(inside)
      await on.showRun({ ...inside, state: 'expired', endedAt: noon })

      const texts = on.house.texts(rooms === 'threads' ? home : on.channel(roomOfOutage))
      expect(texts).toHaveLength(2)
      expect(texts[1]).toContain('R-7')
      expect(texts[1]).toContain('failover lb to backup')
    },
  )

  test('has it in the room that replaced the lost one', async () => {
    const on = use()
    on.house.set({ rooms: 'channels' })
    await on.complete()
    await on.showRun(inside)
    on.house.teams.deleteChannel(on.channel(roomOfOutage))
    on.house.clock.skip(120_000)

    await on.showRun({ ...inside, state: 'expired', endedAt: noon })

    expect(on.house.texts(on.channel(`${roomOfOutage}-2`)).join()).toContain('R-7')
  })

  test.each([
    ['the channel of announcements', outages, { announce: outages }],
    ['the channel of the bot where there is none', home, {}],
  ])('without an incident is %s; its end is heard under it', async (_what, channel, set) => {
    const on = use()
    on.house.set(set)
    const done = { ...run('R-8'), state: 'done', startedAt: noon, endedAt: noon + 5_000 } as const

    await on.showRun(run('R-8'))
    await on.showRun(done)
    await on.showRun(done)

    const messages = on.house.teams.messages(channel)
    expect(new Set(messages.map(({ conversation }) => conversation)).size).toBe(1)
    expect(on.house.texts(channel)).toEqual([
      expect.stringContaining('R-8'),
      expect.stringContaining('R-8 (failover lb to backup) is carried out in 5s.'),
    ])
  })

  test('is the channel of announcements for a run whose incident has no room any more', async () => {
    const on = use()
    on.house.set({ announce: outages })
    await on.complete()
    on.house.incidents.set('INC-12', over(outage()))
    await on.close(over(outage()))

    await on.showRun(inside)

    expect(on.house.texts(outages).join()).toContain('R-7')
  })

  test('is for a person to mend where Teams refuses it', async () => {
    const on = use()
    on.house.teams.deleteChannel(home)

    expect(
      await failure(on.chat.showRun(run('R-8'), { title: 'R-8', tone: 'quiet' }, inTime())),
    ).toMatchObject({
      code: 'announce-refused',
      message: expect.stringContaining(`${home} (TEAMS_CHANNEL_ID)`) as string,
    })
  })
})

describe('an outage is announced in Teams', () => {
  beforeEach(() => use().house.set({ announce: outages }))

  test.each([
    ['threads', 'the thread of INC-12'],
    ['channels', roomOfOutage],
  ] as const)('once, with the way to it, and in the end with the result (rooms: %s)', async (rooms, room) => {
    const on = use()
    on.house.set({ rooms })
    const { link = '' } = await on.complete()
    await on.complete(outage({ engineer: 'ann' }))
    expect(on.house.texts(outages)).toEqual([`🔴 INC-12 lb: lb1 is down. It is worked on in ${room}`])
    expect(JSON.stringify(on.house.teams.messages(outages)[0]?.attachments)).toContain(link)

    await on.complete(over(outage()))

    expect(on.house.texts(outages)).toEqual([
      `🟢 INC-12 lb resolved: down for 5m, objective of 10m met. Nagios still reports 1 problem of lb. What broke: lb1 is down. It was worked on in ${room}`,
    ])
  })

  test('again when it is back, in a message of its own', async () => {
    const on = use()
    const back = outage({ relapses: 1, title: 'api1 HTTP is CRITICAL' })
    await on.complete()
    await on.complete(over(outage()))
    await on.complete(back)
    await on.complete(back)
    await on.complete(over(back))

    expect(on.house.texts(outages)).toEqual([
      expect.stringContaining('INC-12 lb resolved: '),
      expect.stringMatching(/INC-12 lb is broken again: api1 HTTP is CRITICAL\. It is worked on in /),
    ])
    // The phases of both times.
    expect(on.house.texts(home).filter((text) => text.includes('objective'))).toHaveLength(2)
  })

  test('not where the channel is lost: that is said, and the room stays', async () => {
    const on = use()
    on.house.teams.archive(outages)

    const { left, again } = await on.show()

    expect(left).toEqual([
      expect.stringMatching(/^announcement: .*outages@thread.tacv2 \(teams.announce in the DR plan\)/),
    ])
    expect(again).toBe(false)
    expect(on.threads()).toHaveLength(1)
  })
})

describe('a room in Teams of which a part fails', () => {
  test('says nothing of a part that only waits its turn, and leaves room for answers meanwhile', async () => {
    const { house } = use()
    const budget = createBudget(house.clock)
    const part = {
      name: 'chart',
      wanted: 'chart-0',
      work: async () => {
        for (let n = 0; n < 8; n += 1) budget.take('room', 'the thread')
      },
    }
    const site = {
      incident: 'INC-12',
      room: { id: 'the thread', name: 'it' },
      options: { lane: 'room' },
    } as const
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

    const { left, again, after } = shownWith(await doPart({ records: house.records, log }, site, part))

    expect({ left, again }).toEqual({ left: [], again: true })
    expect(after).toBeGreaterThan(0)
    budget.take('answer', 'the thread')
  })

  test('says why personal messages could not be changed, and is complete otherwise', async () => {
    const on = use()
    on.house.refuse('Teams refused it')

    expect((await on.show()).left).toEqual(['personal messages: Teams refused it'])
    expect(on.house.texts(home)).toHaveLength(1)
  })

  test('shows the phases once though the answer was lost', async () => {
    const on = use()
    await on.complete()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    expect(await on.show(over(outage()))).toMatchObject({ again: true })

    await on.complete(over(outage()))

    expect(on.house.texts(home)).toHaveLength(2)
  })

  test('brings in those of a group that was called, and whoever is called later', async () => {
    const on = use()
    const called = ['mia', 'dan', 'eve'].map((person) => teamsId(person))
    for (const id of called) on.house.teams.setMember(id, false)
    await on.complete()
    expect(on.house.teams.members()).not.toEqual(expect.arrayContaining(called))
    const escalated = diagnosing(
      outage({
        engineer: 'ann',
        pages: [page('ann'), page('mia')],
        calls: [{ target: 'group:dev', level: 1, since: noon, round: 1, nextAt: noon }],
      }),
    )

    await on.complete(escalated)

    expect(on.house.teams.members()).toEqual(expect.arrayContaining(called))
  })

  test('has its card, and what is said, while Graph hangs', async () => {
    const on = use()
    await on.open()
    on.house.teams.fault({ kind: 'hang', calls: ['graph.*'] })

    const { left, again } = await on.chat.showRoom(
      outage(),
      viewOf(outage(), on.house.plan()),
      AbortSignal.timeout(25_000),
    )
    await on.say('Dan is on it')

    expect(left).toEqual(['people: Microsoft Graph does not answer.'])
    expect(again).toBe(true)
    expect(on.house.texts(home)).toHaveLength(2)
  })

  test('has its card when every other call is limited, and the rest as the limits end', async () => {
    const on = use()
    on.house.set({ announce: outages })
    await on.open()
    on.house.teams.fault({ kind: 'rate-limit', retryAfter: 1, every: 2 })
    await on.show().catch(() => undefined)
    on.house.teams.fault()

    expect(await on.complete()).toMatchObject({ left: [] })
    expect(on.house.texts(home)).toHaveLength(1)
    expect(on.house.texts(outages)).toHaveLength(1)
  })

  test('moves on in each try though each call is slow, and is complete in a few of them', async () => {
    const on = use()
    on.house.set({ announce: outages })
    await on.open()
    on.house.teams.fault({ kind: 'slow', ms: 150 })
    let shown: RoomShown | undefined
    for (let tries = 0; tries < 10 && shown?.left.length !== 0; tries += 1) {
      shown = await on.chat
        .showRoom(outage(), viewOf(outage(), on.house.plan()), inTime(500))
        .catch(() => undefined)
      on.house.clock.skip(15_000)
    }

    expect(shown).toMatchObject({ left: [], again: false })
    expect(on.house.texts(home)).toHaveLength(1)
    expect(on.house.texts(outages)).toHaveLength(1)
  })
})

describe('a Teams that', () => {
  const silences: readonly (readonly [string, TeamsFault])[] = [
    ['hangs', { kind: 'hang' }],
    ['refuses connections', { kind: 'reset' }],
    ['answers with a page of something else', { kind: 'garbage' }],
    ['answers 502', { kind: 'status', status: 502 }],
  ]
  test.each(silences)('%s has everything tried again, and once', async (_what, fault) => {
    const on = use()
    await on.open()
    on.house.teams.fault(fault)

    const view = viewOf(outage(), on.house.plan())
    expect(await failure(on.chat.showRoom(outage(), view, inTime(200)))).toBeInstanceOf(RetryableError)
    expect(await failure(on.chat.say(outage(), 'x', 'INC-12-v3-1', inTime(200)))).toBeInstanceOf(
      RetryableError,
    )
    on.house.teams.fault()
    // What hung may still come about, and what is limited is left alone for a while.
    on.house.clock.skip(60_000)

    expect(await on.complete()).toMatchObject({ left: [] })
    await on.chat.say(outage(), 'x', 'INC-12-v3-1', inTime())
    expect(on.house.texts(home)).toEqual([expect.stringContaining('nobody has it yet'), 'x'])
  })

  test('has thrown the app out of the team says what to do', async () => {
    const on = use()
    await on.complete()
    await on.house.teams.uninstall({ team: true })

    expect(await failure(on.show(diagnosing(outage())))).toMatchObject({
      reason: 'BotNotInConversationRoster',
      message: expect.stringContaining('Add the app to the team') as string,
    })
    expect(on.threads()).toHaveLength(1)
  })
})
