// The way out to Teams: what is sent, what each refusal and silence becomes, and that nothing waits where it should not.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TeamsRefusal, TeamsSilence } from '../../src/chat/teams/api.ts'
import { RetryableError } from '../../src/errors.ts'
import { home, teamsId } from '../servers/teams.ts'
import { openTeamsHouse } from './teams-house.ts'
import type { TeamsHouse } from './teams-house.ts'

const houses: TeamsHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.stop()
})

async function open(options: Parameters<typeof openTeamsHouse>[0] = {}): Promise<TeamsHouse> {
  const house = await openTeamsHouse(options)
  houses.push(house)
  return house
}

const hello = { type: 'message', text: 'hello', textFormat: 'plain' } as const
const room = { lane: 'room' } as const
const page = { lane: 'page' } as const

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('what is sent', () => {
  test('a thread is opened, answered in and its first message changed in place', async () => {
    const { api, teams } = await open()

    const { conversation, id } = await api.openThread(home, hello, room)
    await api.send(conversation, { ...hello, text: 'a reply' }, room)
    await api.update(conversation, id, { ...hello, text: 'changed' }, room)

    expect(conversation).toEqual({ id: `${home};messageid=${id}`, serviceUrl: teams.serviceUrl.slice(0, -1) })
    expect(teams.messages(home).map(({ text }) => text)).toEqual(['changed', 'a reply'])
  })

  test('a person is written to by object id, and the chat is opened once', async () => {
    const { api, teams, calls } = await open()

    const chat = await api.openChat(teamsId('ann'), page)
    await api.send(await api.openChat(teamsId('ann').toUpperCase(), page), hello, page)

    expect(chat.id).toBe(teams.chat('Ann Onken'))
    expect(teams.direct('Ann Onken')).toHaveLength(1)
    expect(calls()).toEqual(['identity.token', 'connector.create', 'connector.send'])
  })

  test('how the connector names somebody is asked once', async () => {
    const { api, teams, calls } = await open()

    const first = await api.memberId(teamsId('ann'), room)
    await api.memberId(teamsId('ann'), room)

    expect(first).toBe(teams.mri('Ann Onken'))
    expect(calls()).toEqual(['identity.token', 'connector.members'])
  })

  test('connector and Graph are asked with a token each, which is used again', async () => {
    const { api, calls, teams } = await open()

    await api.graph('GET', `teams/${teams.teamId}/channels`, undefined, room)
    await api.graph('GET', `teams/${teams.teamId}/channels`, undefined, room)
    await api.openThread(home, hello, room)

    expect(calls()).toEqual([
      'identity.token',
      'graph.channels',
      'graph.channels',
      'identity.token',
      'connector.create',
    ])
  })

  test('a token that was revoked is replaced by the next call', async () => {
    const { api, teams } = await open()
    await api.openThread(home, hello, room)
    teams.revokeTokens()

    const refused = await failure(api.openThread(home, hello, room))
    await api.openThread(home, hello, room)

    expect(refused).toMatchObject({ reason: 'Unauthorized', passing: true })
  })

  test('a token is good until its end while Entra is away', async () => {
    const { api, teams, calls } = await open({ tokenLife: 120 })
    await api.openThread(home, hello, room)
    vi.setSystemTime(Date.now() + 61_000)
    teams.fault({ kind: 'status', calls: ['identity.*'] })

    await api.openThread(home, hello, room)
    vi.useRealTimers()

    expect(calls()).toEqual([
      'identity.token',
      'connector.create',
      'identity.token http 503',
      'connector.create',
    ])
  })
})

test('a Teams on this machine that wants no tokens is given none', async () => {
  const { api, calls } = await open({ secured: false, settings: { noAuth: true, password: undefined } })

  await api.openThread(home, hello, room)

  expect(calls()).toEqual(['connector.create'])
})

describe('what Teams refuses', () => {
  test('an app that is not in the team: the next step is said', async () => {
    const { api, teams } = await open()
    await teams.uninstall({ team: true })

    const refused = await failure(api.openThread(home, hello, room))

    expect(refused).toBeInstanceOf(TeamsRefusal)
    expect(refused).toMatchObject({ reason: 'BotNotInConversationRoster', status: 403 })
    expect((refused as Error).message).toContain('Add the app to the team')
  })

  test('a permission that Graph misses is named', async () => {
    const { api, teams } = await open({ permissions: [] })

    const refused = await failure(
      api.graph('POST', `teams/${teams.teamId}/channels`, { displayName: 'x' }, room),
    )

    expect(refused).toMatchObject({ reason: 'Forbidden' })
    expect((refused as Error).message).toContain('Channel.Create.Group')
  })

  test('a client secret that is wrong: what to mend, and nothing of the secret', async () => {
    const { api, teams, lines } = await open()
    teams.setSecret('a new one')

    const refused = await failure(api.openThread(home, hello, room))

    expect(refused).toMatchObject({ reason: 'invalid_client', passing: true })
    expect((refused as Error).message).toContain('MICROSOFT_APP_PASSWORD')
    expect(api.health()).toMatchObject({ ok: false })
    expect(JSON.stringify([refused, (refused as Error).message, lines])).not.toContain(teams.secret)

    teams.setSecret(teams.secret)
    await api.openThread(home, hello, room)
    expect(api.health()).toEqual({ ok: true })
  })
})

describe('limits', () => {
  test('nothing more is sent than one thread takes, and pages to others go out at once', async () => {
    const { api, teams } = await open({ limits: true })
    const { conversation } = await api.openThread(home, hello, room)

    const tried = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => api.send(conversation, { ...hello, text: `${index}` }, room)),
    )
    await api.send(await api.openChat(teamsId('ann'), page), hello, page)

    const refused = tried.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(refused).toHaveLength(7)
    for (const each of refused) {
      expect(each).toBeInstanceOf(RetryableError)
      expect((each as RetryableError).after).toBeGreaterThan(0)
    }
    expect(teams.calls.filter(({ outcome }) => outcome === 'TooManyRequests')).toEqual([])
    expect(teams.direct('Ann Onken')).toHaveLength(1)
  })

  test('what Teams limits is left alone as long as it asks; another thread is not', async () => {
    const { api, teams, clock, calls } = await open()
    const { conversation } = await api.openThread(home, hello, room)
    teams.fault({ kind: 'rate-limit', retryAfter: 7, calls: ['connector.send'], times: 1 })

    const refused = (await failure(api.send(conversation, hello, room))) as RetryableError
    const again = (await failure(api.send(conversation, hello, room))) as RetryableError
    await api.openThread(home, hello, room)
    clock.skip(refused.after ?? 0)
    await api.send(conversation, hello, room)

    expect(refused.after).toBeGreaterThanOrEqual(7_000)
    expect(again.after).toBeGreaterThan(6_000)
    expect(calls().slice(2)).toEqual(['connector.send TooManyRequests', 'connector.create', 'connector.send'])
  })

  test.each([
    ['page', 60_000, '1m'],
    ['answer', 60_000, '1m'],
    ['room', 300_000, '5m'],
  ] as const)(
    'a wait of a day holds a %s no longer than its lane waits, and is said',
    async (lane, most, said) => {
      const { api, teams, clock, calls } = await open()
      const { conversation } = await api.openThread(home, hello, room)
      teams.fault({ kind: 'rate-limit', retryAfter: 86_400, calls: ['connector.send'], times: 1 })

      const refused = await failure(api.send(conversation, hello, { lane }))

      expect(refused).toMatchObject({
        name: 'RetryableError',
        after: most,
        message: expect.stringMatching(
          new RegExp(`^Teams asks to be left alone for 1d with .*; it is asked again after ${said}\\.$`),
        ),
      })
      expect(api.health()).toMatchObject({ ok: false, text: expect.stringContaining('such as a proxy') })
      clock.skip(most - 1_000)
      await failure(api.send(conversation, hello, { lane }))
      clock.skip(1_000)
      await api.send(conversation, hello, { lane })
      const sent = calls().filter((call) => call.startsWith('connector.send'))
      expect(sent).toEqual(['connector.send TooManyRequests', 'connector.send'])
      clock.skip(most)
      expect(api.health()).toEqual({ ok: true })
    },
  )

  test.each([412, 429, 502, 504])('HTTP %d is followed by longer and longer waits', async (status) => {
    const { api, teams, clock } = await open()
    const { conversation } = await api.openThread(home, hello, room)
    teams.fault({ kind: 'error', status, calls: ['connector.send'] })

    const waits: number[] = []
    for (let count = 0; count < 4; count += 1) {
      const { after = 0 } = (await failure(api.send(conversation, hello, room))) as RetryableError
      waits.push(after)
      clock.skip(after)
    }

    const [first = 0, , , last = 0] = waits
    expect(first).toBeGreaterThanOrEqual(1_000)
    expect(first).toBeLessThanOrEqual(1_500)
    expect(last).toBeGreaterThanOrEqual(8_000)
    expect(last).toBeLessThanOrEqual(12_000)
  })
})

describe('silence', () => {
  test.each([
    ['never', { kind: 'status', status: 503 }, 'maybe'],
    ['an answer that got lost', { kind: 'lose-answer' }, 'maybe'],
    ['a page of a proxy', { kind: 'garbage' }, 'maybe'],
  ] as const)('%s: it may have been done', async (_name, fault, done) => {
    const { api, teams } = await open()
    teams.fault({ ...fault, calls: ['connector.create'] })

    const silent = await failure(api.openThread(home, hello, room))

    expect(silent).toBeInstanceOf(TeamsSilence)
    expect(silent).toMatchObject({ done })
  })

  test('a caller who runs out of time hears so before the call would end by itself', async () => {
    const { api, teams } = await open()
    teams.fault({ kind: 'hang', calls: ['connector.*'] })
    const begun = performance.now()

    const silent = await failure(api.openThread(home, hello, { ...room, signal: AbortSignal.timeout(50) }))

    expect(silent).toMatchObject({ done: 'later' })
    // A call for a room may take fifteen seconds.
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  test('down: pages are refused at once, rooms still try, and the return is told', async () => {
    const { api, teams, clock } = await open()
    await api.openThread(home, hello, room)
    const returned = vi.fn<() => void>()
    api.onReturn(returned)
    await teams.down()
    for (let count = 0; count < 3; count += 1) await failure(api.openThread(home, hello, room))

    const refused = await failure(api.openChat(teamsId('ann'), page))

    expect(refused).toMatchObject({ code: 'teams-down', passing: true })
    expect(api.health().ok).toBe(false)
    await teams.up()
    clock.skip(6_000)
    await vi.waitFor(() => expect(returned).toHaveBeenCalled(), 5_000)
    expect(api.health()).toEqual({ ok: true })
  })

  test('is found out also while there is nothing to say', async () => {
    const { api, teams, clock } = await open()
    await api.openThread(home, hello, room)
    await teams.down()

    await vi.waitFor(
      () => {
        clock.skip(5_000)
        expect(api.health()).toMatchObject({ ok: false })
      },
      { timeout: 10_000, interval: 20 },
    )
  })

  test('a Teams that answers is not asked while calls tell that it does', async () => {
    const { api, clock, calls } = await open()
    for (let count = 0; count < 4; count += 1) {
      await api.openThread(home, hello, room)
      clock.skip(6_000)
    }

    expect(calls().filter((name) => name === 'connector.members')).toEqual([])
  })

  test('a Graph that is away is no Teams that is away', async () => {
    const { api, teams } = await open()
    teams.fault({ kind: 'status', calls: ['graph.*'] })

    for (let count = 0; count < 4; count += 1)
      await failure(api.graph('GET', `teams/${teams.teamId}/channels`, undefined, room))

    expect(api.health()).toEqual({ ok: true })
    await api.openThread(home, hello, room)
  })
})
