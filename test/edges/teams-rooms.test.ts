// A room in Teams that is a thread: found again after a crash, never another's, replaced when it is lost; its people, its parts.
import { describe, expect, test } from 'vitest'
import type { TeamsFault } from '../../sim/teams.ts'
import { RetryableError } from '../../src/errors.ts'
import { chatContract } from '../contracts/chat.ts'
import { home } from '../servers/teams.ts'
import { diagnosing, inTime, outage, over, viewOf } from './slack-house.ts'
import { failure } from './slack-transport.ts'
import { outages } from './teams-room-house.ts'
import { teamsStage } from './teams-room-stage.ts'

const { chatWith, each } = teamsStage()

chatContract('teams with threads', () => chatWith('threads'))

describe('rooms in Teams that are threads', () => {
  const use = each()

  test('begin with the card, and are known by their link', async () => {
    const on = use()
    const { link } = await on.open()
    const shown = await on.show()

    const [card] = on.house.teams.messages(home)
    expect(link).toBe(
      `https://teams.microsoft.com/l/message/${encodeURIComponent(home)}/${card?.id}?groupId=${on.house.teams.teamId}&tenantId=${on.house.teams.tenantId}&parentMessageId=${card?.id}`,
    )
    expect(shown).toEqual({ link, left: [], again: false })
    expect(on.house.texts(home)).toHaveLength(1)
    expect(on.house.texts(home)[0]).toContain('INC-12 · lb · nobody has it yet')
    expect(await on.house.records.incidentOf(card?.conversation ?? '')).toBe('INC-12')
  })

  test('from their opening to their end make these calls and no others', async () => {
    const on = use()
    on.house.set({ announce: outages })
    await on.open()
    expect(on.house.calls()).toEqual(['connector.create'])

    await on.show()
    expect(on.house.calls().toSorted()).toEqual([
      'connector.create',
      'connector.members',
      // Once more with the views of those whom Teams has named.
      'connector.update',
      'connector.update',
      'graph.members',
    ])

    await on.show(diagnosing(outage({ engineer: 'ann' })))
    await on.say('Dan is on it')
    await on.complete(over(outage()))
    await on.close(over(outage()))
    expect(on.house.calls()).toEqual([
      'connector.update',
      'connector.send',
      'connector.update',
      'connector.update',
      'connector.send',
      'connector.send',
    ])
    expect(on.house.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([])
  })

  test('whose view has not changed make no call at all, also after a restart', async () => {
    const on = use()
    on.house.set({ announce: outages })
    await on.show()
    on.house.calls()
    on.restart()

    await on.show()

    expect(on.house.calls()).toEqual([])
  })

  test('are one when two processes open them at once', async () => {
    const on = use()
    const other = on.house.process().chat
    const tries = await Promise.allSettled([on.open(), other.openRoom(outage(), inTime())])

    expect(tries.some(({ status }) => status === 'fulfilled')).toBe(true)
    on.house.clock.skip(60_000)
    expect(await other.openRoom(outage(), inTime())).toEqual(await on.open())
    expect(on.threads()).toHaveLength(1)
  })

  test('are found again after a crash between the posting and the record', async () => {
    const on = use()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.create'], times: 1 })
    await failure(on.open())
    expect(on.threads()).toHaveLength(1)
    on.restart()
    on.house.clock.skip(60_000)

    const { link } = await on.open()

    expect(on.threads()).toHaveLength(1)
    expect(link).toContain(on.house.teams.messages(home)[0]?.id)
    expect(await on.house.records.incidentOf(on.threads()[0] ?? '')).toBe('INC-12')
  })

  test('without the right to read what was posted stand there twice after a crash, and the log says so', async () => {
    const on = use()
    on.house.teams.setPermissions([])
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.create'], times: 1 })
    await failure(on.open())

    await on.open()

    expect(on.threads()).toHaveLength(2)
    expect(on.house.lines.join('\n')).toMatch(
      /warn a message may stand in Teams twice.*ChannelMessage.Read.Group/,
    )
  })

  test('whose first message somebody deletes go on in a new one, which says why', async () => {
    const on = use()
    const { link } = await on.open()
    await on.show()
    await on.say('Dan is on it')
    const [first = ''] = on.threads()
    on.house.teams.deleteMessage(on.house.teams.messages(first)[0]?.id ?? '')

    const shown = await on.show(diagnosing(outage({ engineer: 'ann' })))

    expect(shown.link).not.toBe(link)
    expect(shown.left).toEqual([])
    const [, second = ''] = on.threads()
    expect(on.house.texts(second)).toEqual([
      expect.stringContaining('INC-12 · lb · diagnosing'),
      'This replaces an earlier thread, which is not there any more. The record of INC-12 is whole: go on here.',
    ])
    expect(await on.house.records.incidentOf(second)).toBe('INC-12')
    await on.say('Eve too')
    expect(on.house.texts(second)).toHaveLength(3)
    expect(await on.show(diagnosing(outage({ engineer: 'ann' })))).toEqual(shown)
    expect(on.house.texts(second)).toHaveLength(3)
  })

  const unfound = (calls: readonly string[], code = 'ActivityNotFoundInConversation'): TeamsFault => ({
    kind: 'error',
    status: code === 'ServiceError' ? 403 : 404,
    code,
    calls: [...calls],
  })

  test.each(['ActivityNotFoundInConversation', 'ConversationNotFound', 'ServiceError'])(
    'stay where they are when Teams does not find what is there for a moment (%s)',
    async (code) => {
      const on = use()
      const { link } = await on.complete()
      on.house.teams.fault({ ...unfound(['connector.update'], code), times: 1 })

      const card = await failure(on.show(diagnosing(outage({ engineer: 'ann' }))))
      const shown = await on.complete(diagnosing(outage({ engineer: 'ann' })))

      expect(card).toMatchObject({ message: 'Teams does not find what was there a moment ago' })
      expect(shown).toMatchObject({ link, left: [] })
      expect(on.threads()).toHaveLength(1)
      expect(on.house.texts(home)[0]).toContain('diagnosing')
    },
  )

  test('take words later when Teams does not find the thread for a moment', async () => {
    const on = use()
    await on.complete()
    on.house.teams.fault({ ...unfound(['connector.send'], 'ConversationNotFound'), times: 1 })

    const error = await failure(on.chat.say(outage(), 'x', 'INC-12-x', inTime()))
    await on.say('x')

    expect(error).toBeInstanceOf(RetryableError)
    expect(on.threads()).toHaveLength(1)
    expect(on.house.texts(home)).toHaveLength(2)
  })

  test.each([
    ['Graph cannot tell, for ten seconds', ['graph.message'], 10_000],
    ['Graph still has it, for two minutes', [], 120_000],
  ] as const)('are given up when Teams does not find them and %s', async (_why, silent, patience) => {
    const on = use()
    await on.complete()
    const changed = diagnosing(outage({ engineer: 'ann' }))
    on.house.teams.fault(
      unfound(['connector.update']),
      ...silent.map((call): TeamsFault => ({ kind: 'status', status: 503, calls: [call] })),
    )
    for (let waited = 0; waited < patience; waited += patience / 3) {
      expect(await failure(on.show(changed))).toBeInstanceOf(RetryableError)
      expect(on.threads()).toHaveLength(1)
      on.house.clock.skip(patience / 3)
    }

    await on.complete(changed)

    expect(on.threads()).toHaveLength(2)
  })

  test('end with a last word, and go on when the outage comes back', async () => {
    const on = use()
    await on.show()
    await on.close(over(outage()))
    await on.say('too late', over(outage()))
    expect(on.house.texts(home).at(-1)).toBe(
      'INC-12 is over, and this thread with it. What was said stays. Report',
    )

    await on.complete(outage({ relapses: 1 }))
    await on.say('broken again', outage({ relapses: 1 }))
    await on.close(over(outage({ relapses: 1 })))

    expect(on.threads()).toHaveLength(1)
    expect(on.house.texts(home).slice(2)).toEqual(['broken again', expect.stringContaining('INC-12 is over')])
  })

  test('in a channel that is not there say what to do', async () => {
    const on = use()
    on.house.teams.deleteChannel(home)

    expect(await failure(on.open())).toMatchObject({
      reason: 'ConversationNotFound',
      message: expect.stringContaining('Check TEAMS_CHANNEL_ID') as string,
    })
  })

  test('show the phases of an outage that is over, once', async () => {
    const on = use()
    await on.show()
    await on.show(over(outage()))
    await on.show(over(outage()))

    expect(on.house.texts(home)).toHaveLength(2)
    expect(on.house.texts(home)[1]).toContain('objective')
  })
})

describe('the people of rooms in Teams', () => {
  const use = each()

  test('are brought into the team where the bot may', async () => {
    const on = use()
    on.house.teams.setMember('Ann Onken', false)

    const shown = await on.show()

    expect(shown.left).toEqual([])
    expect(on.house.teams.members()).toContain(on.house.plan().people['ann']?.teams)
  })

  test('are named with what to do where the bot may not', async () => {
    const on = use()
    on.house.teams.setMember('Ann Onken', false)
    on.house.teams.setPermissions(['TeamMember.Read.Group'])

    const { left, again } = await on.show()
    on.house.calls()

    expect(left).toEqual([
      'people: Ann Onken: not in the team, and the bot may not add anybody. Add them in Teams (Manage team, Members), or grant the app TeamMember.ReadWrite.All (docs/teams.md, step 4)',
    ])
    expect(again).toBe(false)
    expect((await on.show()).left).toEqual(left)
    expect(on.house.calls()).toEqual([])
  })

  test('that the plan has no id of are named with the key to set', async () => {
    const on = use()
    on.house.setPlan((plan) => {
      const { teams: _, ...ann } = plan.people['ann'] ?? { name: '', roles: [] }
      return { ...plan, people: { ...plan.people, ann } }
    })

    expect((await on.show()).left).toEqual([
      'person ann: the DR plan has no Teams id of Ann Onken; set people.ann.teams',
    ])
  })

  test('have views of their own of the card, those who are called first', async () => {
    const on = use()
    await on.show()

    const [card] = on.house.teams.messages(home)
    const refresh = on.house.teams.card(card?.id ?? '')?.['refresh'] as {
      readonly userIds: readonly string[]
    }
    expect(refresh.userIds[0]).toBe(on.house.teams.mri('Ann Onken'))
    expect(refresh).toMatchObject({ action: { verb: 'dr', data: { view: 'INC-12' } } })
    expect(refresh.userIds).toHaveLength(Object.keys(on.house.plan().people).length)
  })
})

describe('rooms in Teams of which a part fails', () => {
  const use = each()

  test('wait as long as Teams has asked for, and show the card before all', async () => {
    const on = use()
    await on.open()
    on.house.teams.fault({ kind: 'rate-limit', retryAfter: 7, calls: ['graph.*'] })

    const { left, again, after } = await on.show()

    expect(left).toEqual(['people: Teams asks to wait'])
    expect(again).toBe(true)
    expect(after).toBeGreaterThanOrEqual(7_000)
    expect(on.house.texts(home)[0]).toContain('nobody has it yet')
  })

  test.each([
    ['hangs', { kind: 'hang' }],
    ['refuses connections', { kind: 'reset' }],
    ['answers 502', { kind: 'status', status: 502 }],
  ] as const)('are tried again while Teams %s', async (_what, fault) => {
    const on = use()
    await on.open()
    on.house.teams.fault({ ...fault, calls: ['connector.*'] })

    const error = await failure(on.chat.showRoom(outage(), viewOf(outage(), on.house.plan()), inTime(500)))

    expect(error).toBeInstanceOf(RetryableError)
  })
})
