// Messages in Teams are posted once and show the newest state, whatever crashes, hangs or happens twice.
import { describe, expect, test, vi } from 'vitest'
import type { TeamsPosts } from '../../src/chat/teams/posts.ts'
import { activityOfWords } from '../../src/chat/teams/words.ts'
import { RetryableError } from '../../src/errors.ts'
import { home } from '../servers/teams.ts'
import { failure } from './slack-transport.ts'
import { teamsStage } from './teams-room-stage.ts'
import type { TeamsStage } from './teams-room-stage.ts'

const use = teamsStage().each()

const place = { scope: 'INC-12', key: 'INC-12-v1-1' }
const room = { lane: 'room' } as const
const saying = (text: string) => activityOfWords(text, 'UTC')

/** A thread to post in, and a process that posts. */
async function thread(): Promise<{
  readonly on: TeamsStage
  readonly posts: TeamsPosts
  readonly to: string
}> {
  const on = use()
  const { posts } = on.house.process()
  const { channel: to } = await posts.post({ scope: 'INC-12', key: 'card' }, home, saying('card'), room)
  return { on, posts, to }
}

function texts(to: string): readonly string[] {
  return use()
    .house.texts(to)
    .filter((text) => text !== 'card')
}

/** Other processes of the bot, by name, and which of them have died. */
function others(on: TeamsStage): {
  readonly process: (name: string) => TeamsPosts
  readonly dies: (name: string) => void
} {
  const dead = new Set<string>()
  const lives = async (name: string): Promise<boolean> => !dead.has(name)
  return {
    process: (name) => on.house.process({ name, lives }).posts,
    dies: (name) => void dead.add(name),
  }
}

describe('posting in Teams', () => {
  test('says it once, however often it is asked for, and remembers where', async () => {
    const { posts, to } = await thread()

    const first = await posts.post(place, to, saying('down'), room)
    await Promise.all(Array.from({ length: 5 }, () => posts.post(place, to, saying('down'), room)))

    expect(texts(to)).toEqual(['down'])
    expect(await posts.find(place)).toEqual(first)
  })

  test.each(['thread', 'channel'] as const)(
    'in a %s whose answer got lost finds the message and does not say it twice',
    async (where) => {
      const { on, posts, to: inThread } = await thread()
      const to = where === 'thread' ? inThread : home
      on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send', 'connector.create'], times: 1 })
      await failure(posts.post(place, to, saying('down'), room))
      expect(texts(to)).toEqual(['down'])

      const found = await posts.post(place, to, saying('down'), room)
      await posts.show(place, to, saying('up again'), room)

      expect(texts(to)).toEqual(['up again'])
      expect(on.house.teams.messages(found.channel).map(({ id }) => id)).toContain(found.ts)
    },
  )

  test('that never reached Teams is done again', async () => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'reset', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), room))

    await posts.post(place, to, saying('down'), room)

    expect(texts(to)).toEqual(['down'])
  })

  test('by two processes at once says it once; the other is told to come back', async () => {
    const { on, posts, to } = await thread()
    const other = on.house.process().posts
    on.house.teams.fault({ kind: 'slow', ms: 400, calls: ['connector.send'] })
    const sends = () => on.house.teams.calls.filter(({ name }) => name === 'connector.send').length
    const before = sends()
    const first = posts.post(place, to, saying('down'), room)
    await vi.waitFor(() => expect(sends()).toBe(before + 1))

    const error = await failure(other.post(place, to, saying('down'), room))
    const posted = await first
    on.house.clock.skip(20_000)

    expect(error).toBeInstanceOf(RetryableError)
    expect(await other.post(place, to, saying('down'), room)).toEqual(posted)
    expect(texts(to)).toEqual(['down'])
  })

  test('begun by a process that is known to be dead is found at once, and not said twice', async () => {
    const { on, to } = await thread()
    const { process, dies } = others(on)
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    await failure(process('dead').post(place, to, saying('down'), room))
    dies('dead')

    await process('alive').post(place, to, saying('down'), room)

    expect(texts(to)).toEqual(['down'])
  })

  test('that a slow Teams may still be about to show is waited for before it is posted again', async () => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'hang', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), { ...room, signal: AbortSignal.timeout(200) }))

    const early = await failure(posts.post(place, to, saying('down'), room))
    on.house.clock.skip(15_000)
    await posts.post(place, to, saying('down'), room)

    expect(early).toMatchObject({ message: 'Teams may still be about to show this message' })
    expect(texts(to)).toEqual(['down'])
  })

  test('is found behind what people wrote since, page after page', async () => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), room))
    for (let n = 0; n < 120; n += 1) await on.house.teams.say('Ann Onken', `talk ${n}`, { in: to })
    on.house.calls()

    await posts.post(place, to, saying('down'), room)

    expect(texts(to)).toEqual(['down'])
    expect(on.house.calls()).toEqual(['graph.replies', 'graph.replies', 'graph.replies'])
  })

  test('is not found in what somebody has sent on', async () => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), room))
    const [, posted] = on.house.teams.messages(to)
    on.house.teams.forward('Ann Onken', posted?.id ?? '', to)

    const found = await posts.post(place, to, saying('down'), room)

    expect(found.ts).toBe(posted?.id)
    expect(texts(to)).toEqual(['down'])
  })

  test.each([
    ['may not be asked', { kind: 'error', status: 403, code: 'Forbidden' }],
    ['does not answer', { kind: 'reset' }],
    ['answers with a page of something else', { kind: 'garbage' }],
  ] as const)('says it once more where Graph %s, and logs that', async (_why, fault) => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), room))
    on.house.teams.fault({ ...fault, calls: ['graph.replies'] })

    await posts.post(place, to, saying('down'), room)

    expect(texts(to)).toEqual(['down', 'down'])
    expect(on.house.lines.join('\n')).toContain('warn a message may stand in Teams twice')
  })

  test('waits as long as Graph asks for before it looks', async () => {
    const { on, posts, to } = await thread()
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    await failure(posts.post(place, to, saying('down'), room))
    on.house.teams.fault({ kind: 'rate-limit', retryAfter: 5, calls: ['graph.replies'], times: 1 })

    const early = await failure(posts.post(place, to, saying('down'), room))
    on.house.clock.skip(10_000)
    await posts.post(place, to, saying('down'), room)

    expect((early as RetryableError).after).toBeGreaterThanOrEqual(5_000)
    expect(texts(to)).toEqual(['down'])
  })
})

describe('showing in Teams', () => {
  test('changes the message in its place; the same again makes no call', async () => {
    const { on, posts, to } = await thread()
    const first = await posts.show(place, to, saying('paging'), room)
    const then = await posts.show(place, to, saying('diagnosing'), room)
    on.house.calls()

    await posts.show(place, to, saying('diagnosing'), room)

    expect(then).toEqual(first)
    expect(texts(to)).toEqual(['diagnosing'])
    expect(on.house.calls()).toEqual([])
  })

  test('after an update whose answer got lost draws again, since nobody knows what is there', async () => {
    const { on, posts, to } = await thread()
    await posts.show(place, to, saying('paging'), room)
    on.house.teams.fault({ kind: 'lose-answer', calls: ['connector.update'], times: 1 })
    await failure(posts.show(place, to, saying('diagnosing'), room))

    await posts.show(place, to, saying('paging'), room)

    expect(texts(to)).toEqual(['paging'])
  })

  test('a message that somebody deleted posts it again', async () => {
    const { on, posts, to } = await thread()
    const { ts } = await posts.show(place, to, saying('paging'), room)
    on.house.teams.deleteMessage(ts)

    await posts.show(place, to, saying('diagnosing'), room)

    expect(texts(to)).toEqual(['diagnosing'])
  })

  test('by two processes at once: the newest state stays', async () => {
    const { on, posts, to } = await thread()
    const other = on.house.process().posts
    await posts.show(place, to, saying('v4'), room)
    on.house.teams.fault({ kind: 'slow', ms: 400, calls: ['connector.update'], times: 1 })
    const stale = failure(posts.show(place, to, saying('v5'), room))
    await vi.waitFor(() =>
      expect(on.house.teams.calls.filter(({ name }) => name === 'connector.update')).toHaveLength(1),
    )
    await other.show(place, to, saying('v6'), room).catch(() => undefined)

    expect(await stale).toBeInstanceOf(RetryableError)
    await vi.waitFor(() => posts.show(place, to, saying('v6'), room), { timeout: 5_000 })
    await vi.waitFor(() => other.show(place, to, saying('v6'), room), { timeout: 5_000 })
    expect(texts(to)).toEqual(['v6'])
  })
})
