// A room in Teams that is a channel: named, recognised after a crash, taken out of the archive, replaced; a thread where there can be none.
import { beforeEach, describe, expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { chatContract } from '../contracts/chat.ts'
import { home } from '../servers/teams.ts'
import { diagnosing, inTime, outage, over } from './slack-house.ts'
import { failure } from './slack-transport.ts'
import { roomOfOutage, teamsStage } from './teams-room-stage.ts'

const { chatWith, each } = teamsStage()

chatContract('teams with channels', () => chatWith('channels'))

describe('rooms in Teams that are channels', () => {
  const use = each()

  beforeEach(() => use().house.set({ rooms: 'channels' }))

  test('have a name within the rules of Teams, say what they are for, and are known by their link', async () => {
    const on = use()
    const { link } = await on.open()

    const id = on.channel(roomOfOutage)
    expect(link).toBe(
      `https://teams.microsoft.com/l/channel/${encodeURIComponent(id)}/${roomOfOutage}?groupId=${on.house.teams.teamId}&tenantId=${on.house.teams.tenantId}`,
    )
    expect(on.house.calls()).toEqual(['graph.channel-create'])
    expect(on.house.teams.calls.at(-1)?.body).toMatchObject({
      description: 'INC-12, outage of lb, opened 2026-03-13T12:00:00Z by the DR bot',
      membershipType: 'standard',
    })
    expect(await on.house.records.incidentOf(id)).toBe('INC-12')
  })

  test('are one when two processes open them at once', async () => {
    const on = use()
    const other = on.house.process().chat

    const links = await Promise.all([on.open(), other.openRoom(outage(), inTime())])

    expect(links[0]).toEqual(links[1])
    expect(on.channels()).toHaveLength(1)
  })

  test('are recognised after a crash by what they say that they are for', async () => {
    const on = use()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['graph.channel-create'], times: 1 })
    await failure(on.open())
    on.restart()

    const { link } = await on.open()

    expect(link).toContain(encodeURIComponent(on.channel(roomOfOutage)))
    expect(on.channels()).toHaveLength(1)
  })

  test('leave the channels of others alone, and take the next name', async () => {
    const on = use()
    on.house.teams.makeChannel(roomOfOutage, 'our own')
    on.house.teams.makeChannel(`${roomOfOutage.toUpperCase()}-2`)

    const { link } = await on.open()

    expect(link).toContain(encodeURIComponent(on.channel(`${roomOfOutage}-3`)))
    on.restart()
    expect((await on.open()).link).toBe(link)
  })

  test('do not take back one of their own that was archived', async () => {
    const on = use()
    await on.open()
    on.house.teams.archive(on.channel(roomOfOutage))
    await on.house.records.change('INC-12', () => ({ posts: {}, done: {} }))

    expect((await on.open()).link).toContain(encodeURIComponent(on.channel(`${roomOfOutage}-2`)))
  })

  test('do not take the name of one that was deleted', async () => {
    const on = use()
    on.house.teams.deleteChannel(on.house.teams.makeChannel(roomOfOutage))

    expect((await on.open()).link).toContain(encodeURIComponent(on.channel(`${roomOfOutage}-2`)))
  })

  test('have the card, what is said and the chart as messages of their own', async () => {
    const on = use()
    await on.show()
    await on.say('Dan is on it')
    await on.show(over(outage()))

    const id = on.channel(roomOfOutage)
    const conversations = on.house.teams.messages(id).map(({ conversation }) => conversation)
    expect(new Set(conversations).size).toBe(3)
    expect(on.house.texts(id)[1]).toBe('Dan is on it')
    expect(on.house.teams.messages(home)).toEqual([])
  })

  test('that somebody archives in the middle of the outage are taken out of the archive', async () => {
    const on = use()
    await on.show()
    on.house.teams.archive(on.channel(roomOfOutage))

    const shown = await on.show(diagnosing(outage({ engineer: 'ann' })))
    await on.say('Dan is on it')

    expect(shown.left).toEqual([])
    expect(on.house.texts(on.channel(roomOfOutage))).toEqual([
      expect.stringContaining('diagnosing'),
      'Dan is on it',
    ])
  })

  test('that stay in the archive for a moment are tried again', async () => {
    const on = use()
    await on.show()
    on.house.teams.archive(on.channel(roomOfOutage))
    on.house.teams.fault({ kind: 'error', status: 403, code: 'ChannelArchived', calls: ['connector.update'] })

    const error = await failure(on.show(diagnosing(outage({ engineer: 'ann' }))))

    expect(error).toBeInstanceOf(RetryableError)
    expect((error as RetryableError).after).toBeGreaterThan(0)
  })

  test('that somebody archives where the bot may not take them out are replaced', async () => {
    const on = use()
    await on.show()
    const first = on.channel(roomOfOutage)
    on.house.teams.setPermissions(['Channel.Create.Group', 'TeamMember.Read.Group'])
    on.house.teams.archive(first)

    await on.show(diagnosing(outage({ engineer: 'ann' })))

    const second = on.channel(`${roomOfOutage}-2`)
    expect(on.house.texts(second)).toEqual([
      expect.stringContaining('diagnosing'),
      `This replaces the channel ${roomOfOutage}, which was archived in the middle of the outage. The record of INC-12 is whole: go on here.`,
    ])
  })

  test('that somebody deletes are replaced, and people are told why', async () => {
    const on = use()
    await on.show()
    on.house.teams.deleteChannel(on.channel(roomOfOutage))
    on.house.clock.skip(120_000)

    await on.say('Dan is on it')
    const shown = await on.show(diagnosing(outage({ engineer: 'ann' })))

    const second = on.channel(`${roomOfOutage}-2`)
    expect(shown.link).toContain(encodeURIComponent(second))
    expect(on.house.texts(second).toSorted()).toEqual([
      'Dan is on it',
      expect.stringContaining('is not there any more') as string,
      expect.stringContaining('diagnosing') as string,
    ])
  })

  test('that Teams does not know everywhere yet are waited for, not made again', async () => {
    const on = use()
    await on.open()
    on.house.teams.fault({
      kind: 'error',
      status: 404,
      code: 'ConversationNotFound',
      calls: ['connector.create'],
      times: 1,
    })

    const error = await failure(on.show())
    await on.show()

    expect(error).toMatchObject({ message: 'Teams does not find what was there a moment ago' })
    expect(on.channels()).toHaveLength(1)
  })

  test('are archived at the end, and taken out again when the outage comes back', async () => {
    const on = use()
    await on.show()
    await on.close(over(outage()))
    await on.close(over(outage()))
    await on.say('too late', over(outage()))
    const archived = on.house.teams.channels().find((each) => each.name === roomOfOutage)?.archived

    await on.show(outage({ relapses: 1 }))

    expect(archived).toBe(true)
    expect(on.house.teams.channels().find((each) => each.name === roomOfOutage)?.archived).toBe(false)
    expect(on.channels()).toHaveLength(1)
  })

  test('stay open where the bot may not archive them, and the log says so', async () => {
    const on = use()
    await on.show()
    on.house.teams.setPermissions([])

    await on.close(over(outage()))

    expect(on.house.lines.join('\n')).toContain('the room of an incident stays open')
  })

  test.each([
    ['the right is missing', () => use().house.teams.setPermissions([]), /Channel.Create.Group/],
    [
      'there is no room for more',
      () => Array.from({ length: 997 }, (_, n) => use().house.teams.makeChannel(`old-${n}`)),
      /BadRequest/,
    ],
  ])('are threads where %s, and the card says why', async (_why, make, reason) => {
    const on = use()
    make()

    const { link } = await on.open()
    const { left, again } = await on.show()

    expect(link).toContain('/l/message/')
    expect(again).toBe(false)
    expect(left.find((text) => text.startsWith('channel:'))).toMatch(reason)
    expect(left.find((text) => text.startsWith('channel:'))).toContain('A thread serves instead')
    expect(on.threads()).toHaveLength(1)
  })

  test('are waited for while Graph refuses connections, for a minute; then a thread serves', async () => {
    const on = use()
    on.house.teams.fault({ kind: 'reset', calls: ['graph.*'] })
    const early = await failure(on.open())
    on.house.clock.skip(61_000)

    const { link } = await on.open()

    expect(early).toBeInstanceOf(RetryableError)
    expect(link).toContain('/l/message/')
  })

  test('are threads where Graph hangs, in good time before the try is over', async () => {
    const on = use()
    on.house.teams.fault({ kind: 'hang', calls: ['graph.*'] })
    on.house.clock.skip(61_000)

    expect((await on.open()).link).toContain('/l/message/')
  })
})
