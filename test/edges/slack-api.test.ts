// Calling Slack's Web API over the wire: order, time limits, rate limits, outages, refusals that say what to do.
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { RetryableError, UserError } from '../../src/errors.ts'
import type { Lane } from '../../src/chat/lanes.ts'
import { createSlackApi, SlackRefusal } from '../../src/chat/slack/api.ts'
import { SlackSilence } from '../../src/chat/slack/api-errors.ts'
import { inboundScopes, methods, scopesUsed } from '../../src/chat/slack/methods.ts'
import { failure, page, room, saying, slackTransport } from './slack-transport.ts'

const use = slackTransport()

/** Whatever an error holds, its causes too. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = Object.values(error).map((value) => JSON.stringify(value))
  return [error.message, error.stack, ...own, error.cause && everythingIn(error.cause)].join('\n')
}

async function bringDown(): Promise<void> {
  const { sim, api } = use()
  await sim.down()
  for (let n = 0; n < 3; n += 1) await failure(api.call('auth.test', {}, room))
}

describe('a call', () => {
  test('answers what Slack answered', async () => {
    const { sim, api } = use()

    expect(await api.call('auth.test', {}, room)).toMatchObject({ ok: true, team_id: sim.teamId })
  })

  test('rejects at once when its signal aborts while Slack hangs, and leaves open whether it was done', async () => {
    const { sim, api, count } = use()
    sim.fault({ kind: 'hang', methods: ['chat.postMessage'] })
    const caller = new AbortController()
    const call = failure(
      api.call(
        'chat.postMessage',
        { channel: 'C0ALERTS', ...saying('x') },
        { ...room, signal: caller.signal },
      ),
    )
    await vi.waitFor(() => expect(count('chat.postMessage')).toBe(1))

    caller.abort()

    expect(await call).toBeInstanceOf(SlackSilence)
  })

  test('that nobody waits for any more is cut off', async () => {
    const { clock, log } = use()
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const api = createSlackApi({ token: 'xoxb-1', url: `http://127.0.0.1:${port}/api/`, clock, log })
    const caller = new AbortController()
    const [request, call] = [
      once(server, 'request'),
      failure(api.call('auth.test', {}, { ...room, signal: caller.signal })),
    ]
    const [, answer] = (await request) as [unknown, ServerResponse]
    let cut = false
    answer.on('close', () => {
      cut = true
    })

    caller.abort()

    await vi.waitFor(() => expect(cut).toBe(true))
    await call
    server.close()
  })

  test('whose signal was aborted before is not made', async () => {
    const { api, count } = use()

    const error = await failure(api.call('auth.test', {}, { ...room, signal: AbortSignal.abort() }))

    expect(error).toBeInstanceOf(RetryableError)
    expect(error).not.toBeInstanceOf(SlackSilence)
    expect(count('auth.test')).toBe(0)
  })

  test('ends at its time limit', async () => {
    const { sim, api } = use()
    sim.fault({ kind: 'hang' })

    const error = await failure(api.call('auth.test', {}, { ...room, timeout: 50 }))

    expect(error).toBeInstanceOf(SlackSilence)
    expect(error.message).toContain('no answer in time')
  })

  test.each([
    ['a 5xx', { kind: 'status', status: 503 }],
    ['a connection that is reset', { kind: 'reset' }],
    ["a proxy's page", { kind: 'garbage' }],
    ['trouble inside Slack', { kind: 'error', error: 'internal_error' }],
    ['an answer that gets lost', { kind: 'lose-answer' }],
  ] as const)('that met %s may be tried again, once it was looked at', async (_what, fault) => {
    const { sim, api } = use()
    sim.fault(fault)

    expect(await failure(api.call('auth.test', {}, room))).toBeInstanceOf(SlackSilence)
  })

  test('that came with another one for the same channel waits for it, so that their order is kept', async () => {
    const { sim, api } = use()
    sim.fault({ kind: 'slow', ms: 50, times: 1 })
    const post = (text: string) =>
      api.call('chat.postMessage', { channel: 'C0ALERTS', ...saying(text) }, room)

    await Promise.all(['first', 'second', 'third'].map(post))

    expect(sim.messages('C0ALERTS').map(({ text }) => text)).toEqual(['first', 'second', 'third'])
  })

  test('goes out while another lane hangs on the same channel', async () => {
    const { sim, api, count } = use()
    sim.fault({ kind: 'hang', times: 1 })
    const hanging = new AbortController()
    const post = { channel: 'C0ALERTS', ...saying('x') }
    const stuck = failure(api.call('chat.postMessage', post, { ...room, signal: hanging.signal }))
    await vi.waitFor(() => expect(count('chat.postMessage')).toBe(1))

    await api.call('chat.postMessage', post, page)
    const still = await Promise.race([stuck, Promise.resolve('it hangs')])

    expect(still).toBe('it hangs')
    expect(sim.messages('C0ALERTS')).toHaveLength(1)
    hanging.abort()
    await stuck
  })

  test('that gave up waiting for its turn lets nobody pass the one that is under way', async () => {
    const { sim, api, count } = use()
    sim.fault({ kind: 'hang', times: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const post = (text: string, signal?: AbortSignal) =>
      api.call(
        'chat.postMessage',
        { channel: 'C0ALERTS', ...saying(text) },
        { ...room, ...(signal && { signal }) },
      )
    const stuck = failure(post('one', first.signal))
    await vi.waitFor(() => expect(count('chat.postMessage')).toBe(1))
    const impatient = failure(post('two', second.signal))
    const third = post('three')

    second.abort()
    await impatient
    // Time in which the third would have come through.
    for (let n = 0; n < 3; n += 1) await api.call('auth.test', {}, page)

    expect(count('chat.postMessage')).toBe(1)
    first.abort()
    await stuck
    await third
    expect(sim.messages('C0ALERTS').map(({ text }) => text)).toEqual(['three'])
  })
})

describe('a rate limit', () => {
  test('is told with the time that Slack asks for', async () => {
    const { sim, api } = use()
    sim.fault({ kind: 'rate-limit', retryAfter: 30 })

    const error = await failure(api.call('auth.test', {}, room))

    expect(error).toMatchObject({ name: 'RetryableError', after: 30_000 })
    expect(error).not.toBeInstanceOf(SlackSilence)
  })

  test('closes its method for its channel until the time is over, without a call; no other channel and no page', async () => {
    const { sim, api, clock, count } = use()
    const to = (channel: string) => ({ channel, ...saying('x') })
    sim.fault({ kind: 'rate-limit', retryAfter: 30, times: 1 })
    await failure(api.call('chat.postMessage', to('C0ALERTS'), room))

    const again = await failure(api.call('chat.postMessage', to('C0ALERTS'), room))
    await api.call('chat.postMessage', to('U0ANN'), room)
    await api.call('chat.postMessage', to('C0ALERTS'), page)

    expect(again).toBeInstanceOf(RetryableError)
    expect((again as RetryableError).after).toBeGreaterThan(29_000)
    expect((again as RetryableError).after).toBeLessThanOrEqual(30_000)
    expect(count('chat.postMessage')).toBe(3)
    clock.skip(30_000)
    await api.call('chat.postMessage', to('C0ALERTS'), room)
    expect(sim.messages('C0ALERTS')).toHaveLength(2)
  })

  const tooLong = [
    ['page', 60_000, '1m'],
    ['answer', 60_000, '1m'],
    ['room', 300_000, '5m'],
  ] as const

  test.each(tooLong)(
    'of a day holds a %s no longer than its lane waits, and is said',
    async (lane, most, said) => {
      const { sim, api, clock, count } = use()
      const look = (of: Lane) => api.call('conversations.info', { channel: 'C0ALERTS' }, { lane: of })
      sim.fault({ kind: 'rate-limit', retryAfter: 86_400, times: 1, methods: ['conversations.info'] })

      const error = await failure(look(lane))

      const text = `Slack asks to be left alone for 1d with conversations.info for C0ALERTS; it is asked again after ${said}`
      expect(error).toMatchObject({ name: 'RetryableError', after: most, message: `${text}.` })
      expect(api.health()).toEqual({
        ok: false,
        text: `${text}. Look at what stands between the bot and Slack, such as a proxy`,
      })
      clock.skip(most - 1_000)
      await failure(look(lane))
      expect(count('conversations.info')).toBe(1)
      clock.skip(1_000)
      await look(lane)
      clock.skip(most)
      expect(api.health()).toEqual({ ok: true })
    },
  )

  test('without end can be told all the same', async () => {
    const { clock, log } = use()
    const server = createServer((_request, response) => {
      response.writeHead(429, { 'retry-after': '9'.repeat(400) }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const api = createSlackApi({ token: 'xoxb-1', url: `http://127.0.0.1:${port}/api/`, clock, log })

    const error = await failure(api.call('auth.test', {}, page))

    expect(error).toMatchObject({ after: 60_000, message: expect.stringContaining('for 30d with auth.test') })
    api.close()
    server.close()
  })

  test('is no outage', async () => {
    const { sim, api } = use()
    sim.fault({ kind: 'rate-limit', retryAfter: 1 })

    for (const channel of ['C1', 'C2', 'C3', 'C4'])
      await failure(api.call('conversations.info', { channel }, room))

    expect(api.health()).toEqual({ ok: true })
  })
})

describe('when Slack is down', () => {
  test('pages fail at once, so that the next channel takes over', async () => {
    const { api, count } = use()
    await bringDown()
    const before = count('chat.postMessage')

    const error = await failure(api.call('chat.postMessage', { channel: 'U0ANN', ...saying('x') }, page))

    expect(error).toMatchObject({ name: 'UserError', code: 'slack-down' })
    expect(count('chat.postMessage')).toBe(before)
  })

  test('it is said once in the log, and with the reason in the health', async () => {
    const { api, logged } = use()
    await bringDown()
    await failure(api.call('auth.test', {}, room))

    expect(logged.filter((line) => line.startsWith('warn Slack does not answer'))).toHaveLength(1)
    expect(api.health()).toMatchObject({
      ok: false,
      text: expect.stringMatching(/not answered since .*ECONNREFUSED/),
    })
  })

  test('rooms go on trying, and the first answer ends it', async () => {
    const { sim, api, clock, count, logged } = use()
    await bringDown()
    await sim.up()

    await api.call('chat.postMessage', { channel: 'C0ALERTS', ...saying('x') }, room)
    await api.call('chat.postMessage', { channel: 'U0ANN', ...saying('x') }, page)

    expect(api.health()).toEqual({ ok: true })
    expect(logged).toContain('info Slack answers again')
    clock.skip(60_000)
    await api.call('auth.test', {}, room)
    expect(count('api.test')).toBe(0)
  })

  test('a quiet probe goes on until it finds its return, then it ends', async () => {
    const { sim, api, clock, count } = use()
    sim.fault({ kind: 'status', status: 503 })
    for (let n = 0; n < 3; n += 1) await failure(api.call('auth.test', {}, room))
    const probed = (times: number) =>
      vi.waitFor(() => {
        clock.skip(15_000)
        expect(count('api.test')).toBeGreaterThanOrEqual(times)
      })
    await probed(2)
    expect(api.health().ok).toBe(false)
    sim.fault()

    await probed(3)
    await vi.waitFor(() => expect(api.health()).toEqual({ ok: true }))

    const probes = count('api.test')
    clock.skip(60_000)
    await api.call('auth.test', {}, room)
    expect(count('api.test')).toBe(probes)
  })
})

describe('a refusal', () => {
  test.each([
    ['token_revoked', /SLACK_BOT_TOKEN/],
    ['account_inactive', /Install the app again/],
    ['invalid_auth', /SLACK_BOT_TOKEN/],
  ] as const)(
    "of the bot's token as %s says where to get the right one, and shows in the health",
    async (word, step) => {
      const { sim, api } = use()
      sim.refuseTokens(word)

      const error = await failure(api.call('users.info', { user: 'U0ANN' }, room))

      expect(error).toBeInstanceOf(SlackRefusal)
      expect(error).toMatchObject({ reason: word, message: expect.stringMatching(step) })
      expect(api.health()).toMatchObject({ ok: false, text: expect.stringContaining(word) })
      sim.refuseTokens(undefined)
      await api.call('auth.test', {}, room)
      expect(api.health()).toEqual({ ok: true })
    },
  )

  test('for want of a scope names it', async () => {
    const { sim, api } = use()
    sim.setScopes(['chat:write'])

    const error = await failure(api.call('users.info', { user: 'U0ANN' }, room))

    expect(error).toMatchObject({
      reason: 'missing_scope',
      message: expect.stringMatching(/users:read.*manifest\.yml.*Reinstall/),
    })
  })

  test.each([
    ['not_in_channel', /Invite the bot/],
    ['channel_not_found', /Check the id/],
    ['is_archived', /Unarchive/],
    ['restricted_action', /Ask an owner/],
    ['users_not_found', /Slack id into the DR plan/],
    ['a_word_of_tomorrow', /docs\.slack\.dev\/reference\/methods\/conversations\.info/],
  ])('with the word %s says where it was and what to do', async (word, step) => {
    const { sim, api } = use()
    sim.fault({ kind: 'error', error: word })

    const error = await failure(api.call('conversations.info', { channel: 'C0ALERTS' }, room))

    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toContain(`Slack refused conversations.info for C0ALERTS: ${word}`)
    expect(error.message).toMatch(step)
  })

  test('of a whole proxy, a 403, is told as that', async () => {
    const { sim, api } = use()
    sim.fault({ kind: 'status', status: 403 })

    const error = await failure(api.call('auth.test', {}, room))

    expect(error).toMatchObject({ reason: 'http_403', message: expect.stringContaining('proxy') })
  })
})

test('no error and no line of the log holds the token or what was sent', async () => {
  const { sim, clock, log, logged } = use()
  const faults = [
    { kind: 'error', error: 'invalid_auth' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 403 },
    { kind: 'reset' },
    { kind: 'garbage' },
    { kind: 'rate-limit', retryAfter: 1 },
    { kind: 'hang' },
  ] as const
  // A token with a line break cannot be sent at all: the SDK's own error would quote it.
  for (const token of [sim.botToken, `${sim.botToken}\n`]) {
    const api = createSlackApi({ token, url: sim.apiUrl, clock, log })
    for (const fault of faults) {
      sim.fault(fault)
      const args = { trigger_id: '12345.98765.secret', view: { type: 'modal' } }
      const error = await failure(api.call('views.open', args, { ...room, timeout: 50 }))
      expect(everythingIn(error)).not.toMatch(/xoxb|98765/)
    }
    api.close()
  }
  expect(logged.join()).not.toMatch(/xoxb|98765/)
})

test('while it is blocked every call is refused with the reason, but the question who the bot is', async () => {
  const { api, count } = use()
  api.block(new UserError('other-workspace', 'another workspace'))

  const error = await failure(api.call('chat.postMessage', { channel: 'U0ANN', ...saying('x') }, page))
  await api.call('auth.test', {}, room)

  expect(error.message).toBe('another workspace')
  expect(api.health()).toEqual({ ok: false, text: 'another workspace' })
  expect(count('chat.postMessage')).toBe(0)
  api.block(undefined)
  expect(api.health()).toEqual({ ok: true })
})

test('a file goes to its channel with its title and what it shows', async () => {
  const { sim, api } = use()
  await api.call('conversations.join', { channel: 'C0ALERTS' }, room)
  const content = Buffer.from('a picture')

  await api.upload(
    { channel: 'C0ALERTS', name: 'phases.png', title: 'Phases', alt: 'Five bars', content },
    room,
  )

  expect(sim.files()).toMatchObject([
    { name: 'phases.png', title: 'Phases', alt: 'Five bars', content, channel: 'C0ALERTS' },
  ])
})

test('after it was closed nothing goes out any more, and what was under way has ended', async () => {
  const { sim, api, count } = use()
  sim.fault({ kind: 'hang' })
  const underWay = failure(api.call('auth.test', {}, room))
  await vi.waitFor(() => expect(count('auth.test')).toBe(1))

  api.close()

  expect(await underWay).toBeInstanceOf(RetryableError)
  expect(await failure(api.call('auth.test', {}, room))).toBeInstanceOf(RetryableError)
  expect(count('auth.test')).toBe(1)
})

test('each scope that is used is named once, in order, and belongs to a method or to something that comes in', () => {
  const scopes = scopesUsed()

  expect(scopes).toEqual([...new Set(scopes)].sort())
  expect(scopes).toEqual(expect.arrayContaining(['chat:write', 'commands', 'im:history', 'users:read.email']))
  for (const each of [...Object.values(methods), ...Object.values(inboundScopes)].flat())
    expect(scopes).toContain(each)
})

test('no method is in the table that nothing calls, so that no scope is asked for in vain', () => {
  const folder = new URL('../../src/chat/slack/', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && file !== 'methods.ts',
  )
  const code = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n')

  expect(files.length).toBeGreaterThan(20)
  expect(Object.keys(methods).filter((method) => !code.includes(`'${method}'`))).toEqual([])
})
