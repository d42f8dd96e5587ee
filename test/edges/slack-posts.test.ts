// Messages in Slack are posted once and show the newest state, whatever crashes, hangs or happens twice.
import { describe, expect, test, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { failure, page, room, saying, slackTransport } from './slack-transport.ts'

const use = slackTransport()

const channel = 'C0ALERTS'
const place = { scope: 'INC-12', key: 'INC-12-v1-1' }

async function joined(): Promise<ReturnType<typeof use>> {
  const transport = use()
  await transport.api.call('conversations.join', { channel }, room)
  return transport
}

function texts(of = channel): readonly string[] {
  return use()
    .sim.messages(of)
    .map(({ text }) => text)
}

describe('posting', () => {
  test('says it once, however often it is asked for, and remembers where', async () => {
    const { posts } = (await joined()).process()

    const first = await posts.post(place, channel, saying('down'), room)
    const again = await posts.post(place, channel, saying('down'), room)

    expect(texts()).toEqual(['down'])
    expect(again).toEqual(first)
    expect(await posts.find(place)).toEqual(first)
    expect(await posts.find({ ...place, key: 'other' })).toBeUndefined()
  })

  test('at the same time in one process says it once', async () => {
    const { posts } = (await joined()).process()

    await Promise.all(Array.from({ length: 5 }, () => posts.post(place, channel, saying('down'), room)))

    expect(texts()).toEqual(['down'])
  })

  test('by two processes at once says it once; the other is told to come back', async () => {
    const { sim, process, clock, count } = await joined()
    sim.fault({ kind: 'slow', ms: 400, methods: ['chat.postMessage'] })
    const [one, two] = [process(), process()]
    const first = one.posts.post(place, channel, saying('down'), room)
    await vi.waitFor(() => expect(count('chat.postMessage')).toBe(1))

    const error = await failure(two.posts.post(place, channel, saying('down'), room))

    expect(error).toBeInstanceOf(RetryableError)
    expect((error as RetryableError).after).toBeGreaterThan(15_000)
    const posted = await first
    clock.skip(20_000)
    expect(await two.posts.post(place, channel, saying('down'), room)).toEqual(posted)
    expect(texts()).toEqual(['down'])
  })

  test('whose answer got lost finds the message and does not say it twice', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, channel, saying('down'), room))
    expect(texts()).toEqual(['down'])

    const found = await posts.post(place, channel, saying('down'), room)

    expect(texts()).toEqual(['down'])
    expect(sim.message(channel, found.ts).text).toBe('down')
  })

  test('that never reached Slack is done again', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    sim.fault({ kind: 'reset', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, channel, saying('down'), room))

    await posts.post(place, channel, saying('down'), room)

    expect(texts()).toEqual(['down'])
  })

  test('begun by a process that died is left to it for 30 seconds, then found, and not said twice', async () => {
    const { sim, process, clock } = await joined()
    sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    await failure(process('dead').posts.post(place, channel, saying('down'), room))
    const { posts } = process('alive')
    const early = await failure(posts.post(place, channel, saying('down'), room))

    clock.skip(30_000)
    await posts.post(place, channel, saying('down'), room)

    expect(early).toBeInstanceOf(RetryableError)
    expect(texts()).toEqual(['down'])
  })

  test('begun by a process that is known to be dead is found at once, and not said twice', async () => {
    const { sim, process, dies } = await joined()
    sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    await failure(process('dead').posts.post(place, channel, saying('down'), room))
    dies('dead')

    await process('alive').posts.post(place, channel, saying('down'), room)

    expect(texts()).toEqual(['down'])
  })

  test('that a slow Slack may still be about to show is waited for before it is posted again', async () => {
    const { sim, process, clock } = await joined()
    const { posts } = process('one')
    sim.fault({ kind: 'hang', methods: ['chat.postMessage'], times: 1 })
    const given = { ...room, signal: AbortSignal.timeout(200) }
    await failure(posts.post(place, channel, saying('down'), given))

    const early = await failure(posts.post(place, channel, saying('down'), room))
    clock.skip(15_000)
    await posts.post(place, channel, saying('down'), room)

    expect(early).toMatchObject({ message: 'Slack may still be about to show this message' })
    expect(texts()).toEqual(['down'])
  })

  test('is found behind hundreds of messages that people wrote since', async () => {
    const { sim, api, process } = await joined()
    const { posts } = process()
    sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, channel, saying('down'), room))
    for (let n = 0; n < 250; n += 1)
      await api.call('chat.postMessage', { channel, ...saying(`talk ${n}`) }, room)

    await posts.post(place, channel, saying('down'), room)

    expect(texts().filter((text) => text === 'down')).toHaveLength(1)
  })

  test('directly to a person finds a lost message too', async () => {
    const { sim, process } = use()
    const { posts } = process()
    sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, 'U0ANN', saying('down'), page))

    const found = await posts.post(place, 'U0ANN', saying('down'), page)

    expect(sim.direct('U0ANN')).toHaveLength(1)
    expect(found.channel).toBe(sim.directChannel('U0ANN'))
  })

  test('that Slack refused leaves nothing for another process to wait for', async () => {
    const { sim, process } = await joined()
    sim.fault({ kind: 'error', error: 'restricted_action', methods: ['chat.postMessage'], times: 1 })
    await failure(process().posts.post(place, channel, saying('down'), room))

    await process().posts.post(place, channel, saying('down'), room)

    expect(texts()).toEqual(['down'])
  })

  test('that was limited while it was uncertain is looked up once more', async () => {
    const { sim, process, clock, count } = await joined()
    const { posts } = process()
    sim.fault({ kind: 'reset', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, channel, saying('down'), room))
    sim.fault({ kind: 'rate-limit', retryAfter: 5, methods: ['chat.postMessage'], times: 1 })
    await failure(posts.post(place, channel, saying('down'), room))
    const looks = count('conversations.history')
    clock.skip(5_000)

    await posts.post(place, channel, saying('down'), room)

    expect(count('conversations.history')).toBe(looks + 1)
    expect(texts()).toEqual(['down'])
  })

  test('calls nobody and unfolds nothing', async () => {
    const { process, sim } = await joined()

    await process().posts.post(place, channel, saying('<!channel> https://example.com'), room)

    expect(sim.calls.at(-1)?.args).toMatchObject({
      parse: 'none',
      link_names: 'false',
      mrkdwn: 'false',
      unfurl_links: 'false',
      unfurl_media: 'false',
    })
  })

  test('takes any text as a key', async () => {
    const { posts } = (await joined()).process()
    const keys = ['a b', 'x'.repeat(8_000), '<!channel>', '__proto__', 'a\nb']

    for (const key of keys) await posts.post({ scope: 'INC-12', key }, channel, saying('x'), room)
    for (const key of keys) await posts.post({ scope: 'INC-12', key }, channel, saying('x'), room)

    expect(texts()).toHaveLength(keys.length)
  })
})

describe('showing', () => {
  test('changes the message in its place', async () => {
    const { posts } = (await joined()).process()

    const first = await posts.show(place, channel, saying('paging'), room)
    const then = await posts.show(place, channel, saying('diagnosing'), room)

    expect(then).toEqual(first)
    expect(texts()).toEqual(['diagnosing'])
  })

  test('the same content again makes no call', async () => {
    const { process, sim } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    await posts.show(place, channel, saying('diagnosing'), room)
    const calls = sim.calls.length

    await posts.show(place, channel, saying('diagnosing'), room)

    expect(sim.calls).toHaveLength(calls)
  })

  test('in the order of asking ends with what was asked for last', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    sim.fault({ kind: 'slow', ms: 20, every: 2 })

    await Promise.all(
      ['one', 'two', 'three', 'four'].map((text) => posts.show(place, channel, saying(text), room)),
    )

    expect(texts()).toEqual(['four'])
  })

  test('after an update whose answer got lost draws again, since nobody knows what is there', async () => {
    const { sim, process, count } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    sim.fault({ kind: 'lose-answer', methods: ['chat.update'], times: 1 })
    await failure(posts.show(place, channel, saying('diagnosing'), room))

    await posts.show(place, channel, saying('paging'), room)

    expect(count('chat.update')).toBe(2)
    expect(texts()).toEqual(['paging'])
  })

  test('a message that may not be edited any more posts it again, and keeps that one up to date', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    const old = await posts.show(place, channel, saying('paging'), room)
    sim.setEditWindow(-1)
    const next = await posts.show(place, channel, saying('diagnosing'), room)
    sim.setEditWindow(3_600_000)

    await posts.show(place, channel, saying('resolved'), room)

    expect(next.ts).not.toBe(old.ts)
    expect(texts()).toEqual(['paging', 'resolved'])
  })

  test('a message that somebody deleted posts it again', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    sim.channel(channel).messages = []

    await posts.show(place, channel, saying('diagnosing'), room)

    expect(texts()).toEqual(['diagnosing'])
  })

  test('again, cut off on its way, does not take the old message for the new one', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    sim.setEditWindow(-1)
    sim.fault({ kind: 'reset', methods: ['chat.postMessage'], times: 1 })
    await failure(posts.show(place, channel, saying('diagnosing'), room))
    sim.setEditWindow(3_600_000)

    await posts.show(place, channel, saying('resolved'), room)

    expect(texts()).toEqual(['paging', 'resolved'])
  })

  test('in another channel than before posts it there', async () => {
    const { api, process, sim } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    await api.call('conversations.create', { name: 'inc-12-2' }, room)
    const other = sim.channel('inc-12-2').id

    await posts.show(place, other, saying('diagnosing'), room)
    await posts.show(place, other, saying('resolved'), room)

    expect(texts(channel)).toEqual(['paging'])
    expect(texts(other)).toEqual(['resolved'])
  })

  test('what the bot may not do there stays an error, and what is shown is drawn again later', async () => {
    const { sim, process } = await joined()
    const { posts } = process()
    await posts.show(place, channel, saying('paging'), room)
    sim.fault({ kind: 'error', error: 'channel_not_found', methods: ['chat.update'], times: 1 })

    const error = await failure(posts.show(place, channel, saying('diagnosing'), room))
    await posts.show(place, channel, saying('diagnosing'), room)

    expect(error).toMatchObject({ reason: 'channel_not_found' })
    expect(texts()).toEqual(['diagnosing'])
  })

  test('by two processes at once: who is overtaken is told to draw again, and the newest state stays', async () => {
    const { sim, process, count } = await joined()
    const [one, two] = [process(), process()]
    await one.posts.show(place, channel, saying('v4'), room)
    sim.fault({ kind: 'slow', ms: 600, methods: ['chat.update'], times: 1 })
    const stale = failure(one.posts.show(place, channel, saying('v5'), room))
    await vi.waitFor(() => expect(count('chat.update')).toBe(1))
    // The second does not wait for the first: Slack may do them in either order.
    await two.posts.show(place, channel, saying('v6'), room).catch(() => undefined)

    expect(await stale).toBeInstanceOf(RetryableError)
    // Both draw again from what is true by now, as their effects do.
    const drawn = () => one.posts.show(place, channel, saying('v6'), room)
    await vi.waitFor(drawn)
    await vi.waitFor(() => two.posts.show(place, channel, saying('v6'), room))
    expect(texts()).toEqual(['v6'])
  })

  test('a process that drew something old after another one draws again, so that it does not stay', async () => {
    const { process } = await joined()
    const [one, two] = [process(), process()]
    await one.posts.show(place, channel, saying('v5'), room)
    await one.posts.show(place, channel, saying('v6'), room)

    const error = await failure(two.posts.show(place, channel, saying('v5'), room))

    expect(error).toBeInstanceOf(RetryableError)
    await two.posts.show(place, channel, saying('v6'), room)
    expect(texts()).toEqual(['v6'])
  })

  test('by another process long after is no conflict', async () => {
    const { process, clock } = await joined()
    await process().posts.show(place, channel, saying('v5'), room)
    clock.skip(60_000)

    await process().posts.show(place, channel, saying('v6'), room)

    expect(texts()).toEqual(['v6'])
  })
})

describe('what is remembered', () => {
  test('is changed by many at once without losing anything', async () => {
    const { records } = use()

    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        records.change('INC-12', (old) => ({ ...old, done: { ...old.done, [`person:${n}`]: 'invited' } })),
      ),
    )

    expect(Object.keys((await records.read('INC-12')).done)).toHaveLength(10)
  })

  test('stays bounded: what is only posted goes first, what is kept up to date stays', async () => {
    const { process, records, clock } = await joined()
    const { posts } = process()
    await posts.show({ scope: 'INC-12', key: 'card' }, channel, saying('paging'), room)
    const card = await posts.show({ scope: 'INC-12', key: 'card' }, channel, saying('diagnosing'), room)
    const said = Object.fromEntries(
      Array.from({ length: 400 }, (_, n) => [
        `say-${n}`,
        {
          state: 'sent' as const,
          by: 'me',
          at: clock.now() + n,
          to: channel,
          edition: 1,
          channel,
          ts: `${n}.000000`,
          drawn: 0,
        },
      ]),
    )

    await records.change('INC-12', (old) => ({ ...old, posts: { ...old.posts, ...said } }))

    const { posts: kept } = await records.read('INC-12')
    expect(Object.keys(kept)).toHaveLength(300)
    expect(Object.keys(kept)).toContain('say-399')
    expect(await posts.find({ scope: 'INC-12', key: 'card' })).toEqual(card)
  })

  test('leads from a channel back to its incident', async () => {
    const { records } = use()
    await records.bindChannel('C0ROOM', 'INC-12')
    await records.bindChannel('C0ROOM', 'INC-12')

    expect(await records.incidentOf('C0ROOM')).toBe('INC-12')
    expect(await records.incidentOf('C0OTHER')).toBeUndefined()
  })
})
