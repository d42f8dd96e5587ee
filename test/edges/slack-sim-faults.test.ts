// The Slack simulator fails as it is told to: which calls, how often, and with the workspace kept as it was.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startSlack, type SimSlack } from '../../sim/slack.ts'
import { callSlack } from '../servers/slack.ts'

type Body = Readonly<Record<string, unknown>>

let now: number
let sim: SimSlack

beforeEach(async () => {
  now = Date.parse('2026-11-23T03:12:00Z')
  sim = await startSlack({ people: [{ id: 'U0ANN', name: 'ann' }], limits: false, now: () => now })
})
afterEach(() => sim.stop())

async function post(): Promise<Body> {
  return callSlack(sim, 'chat.postMessage', { channel: 'C0GENERAL', text: 'hello' })
}

function fetched(path: string, signal?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${sim.botToken}` }
  return fetch(sim.apiUrl + path, { method: 'POST', headers, signal: signal ?? null })
}

/** What a response URL of a button on the card answers to `body`. */
async function respond(url: string, body: Body): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

async function pressed(): Promise<string> {
  const button = { type: 'button', text: { type: 'plain_text', text: 'Ack' } }
  const blocks = [{ type: 'actions', elements: [button] }]
  const { ts } = await callSlack(sim, 'chat.postMessage', { channel: 'C0GENERAL', text: 'INC-1', blocks })
  await sim.press('U0ANN', { channel: 'C0GENERAL', ts: String(ts), label: 'Ack' })
  return String(sim.deliveries.at(-1)?.payload['response_url'])
}

test('never answers when it hangs', async () => {
  sim.fault({ kind: 'hang' })

  const giveUp = new AbortController()
  const asked = fetched('auth.test', giveUp.signal)

  await vi.waitFor(() => expect(sim.calls).toMatchObject([{ method: 'auth.test', outcome: 'hang' }]))

  giveUp.abort()
  await expect(asked).rejects.toThrow('aborted')
})

test('resets the connection when it refuses', async () => {
  sim.fault({ kind: 'reset' })

  await expect(fetched('auth.test')).rejects.toThrow('fetch failed')
})

test('answers 5xx, 429, an error word or a page that is no JSON', async () => {
  sim.fault(
    { kind: 'status', status: 503, methods: ['auth.test'] },
    { kind: 'rate-limit', retryAfter: 7, methods: ['users.*'] },
    { kind: 'error', error: 'restricted_action', methods: ['conversations.create'] },
    { kind: 'garbage', methods: ['conversations.list'] },
  )

  expect((await fetched('auth.test')).status).toBe(503)
  const limited = await fetched('users.list')
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7'])
  expect(await callSlack(sim, 'conversations.create', { name: 'x' })).toMatchObject({
    error: 'restricted_action',
  })
  expect(await (await fetched('conversations.list')).text()).toContain('<html>')
  expect((await fetched('api.test')).status).toBe(200)
  expect(sim.calls.map(({ outcome }) => outcome)).toEqual([
    'http 503',
    'ratelimited',
    'restricted_action',
    'garbage',
    'ok',
  ])
})

test('makes the change and loses the answer', async () => {
  sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })

  await expect(post()).rejects.toThrow('fetch failed')

  expect(sim.messages('C0GENERAL')).toMatchObject([{ text: 'hello' }])
  expect(await post()).toMatchObject({ ok: true })
})

test('fails every other call, or the next so many', async () => {
  sim.fault({ kind: 'rate-limit', every: 2, methods: ['chat.*'] })
  expect(await outcomes(4)).toEqual(['ok', 'ratelimited', 'ok', 'ratelimited'])

  sim.fault({ kind: 'error', error: 'internal_error', times: 2 })
  expect(await outcomes(3)).toEqual(['internal_error', 'internal_error', 'ok'])
})

async function outcomes(count: number): Promise<readonly unknown[]> {
  const words: unknown[] = []
  for (let done = 0; done < count; done += 1) {
    const answer = await post()
    words.push(answer['error'] ?? 'ok')
  }
  return words
}

test('takes its time when it is slow', async () => {
  sim.fault({ kind: 'slow', ms: 40, methods: ['chat.postMessage'] })

  await post()

  expect(sim.calls.at(-1)?.ms).toBeGreaterThanOrEqual(39)
})

test('refuses connections while it is down, and comes back with everything in it', async () => {
  await post()
  const { apiUrl } = sim

  await sim.down()
  await expect(post()).rejects.toThrow('fetch failed')
  await sim.up()

  expect(sim.apiUrl).toBe(apiUrl)
  expect(await post()).toMatchObject({ ok: true })
  expect(sim.messages('C0GENERAL')).toHaveLength(2)
})

test('refuses a fault that it does not know', () => {
  expect(() => sim.fault({ kind: 'status', status: 200 })).toThrow('status')
})

test('a response URL writes, replaces and deletes, five times', async () => {
  const url = await pressed()

  await respond(url, { text: 'only you' })
  await respond(url, { text: 'everybody', response_type: 'in_channel' })
  await respond(url, { text: 'acknowledged', replace_original: true })
  expect(sim.ephemerals('U0ANN')).toMatchObject([{ text: 'only you' }])
  expect(sim.messages('C0GENERAL').map(({ text }) => text)).toEqual(['acknowledged', 'everybody'])
  await respond(url, { delete_original: true })
  expect(sim.messages('C0GENERAL').map(({ text }) => text)).toEqual(['everybody'])
  expect(await respond(url, { text: 'fifth' })).toEqual({ status: 200, text: 'ok' })
  expect(await respond(url, { text: 'sixth' })).toMatchObject({
    status: 404,
    text: expect.stringContaining('used_url'),
  })
})

test('a response URL lives for thirty minutes, and takes no bad blocks', async () => {
  const url = await pressed()
  expect(await respond(url, { blocks: [{ type: 'nothing' }] })).toMatchObject({
    status: 400,
    text: expect.stringContaining('unsupported type'),
  })

  now += 30 * 60_000 + 1

  expect(await respond(url, { text: 'late' })).toMatchObject({
    status: 404,
    text: expect.stringContaining('expired_url'),
  })
  sim.fault({ kind: 'status', status: 500, methods: ['response_url'] })
  expect(await respond(url, { text: 'x' })).toMatchObject({ status: 500 })
})
