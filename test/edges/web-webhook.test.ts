// The webhook over real HTTP: what it takes, what it refuses and how it says so.
import { connect } from 'node:net'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/web/metrics.ts'
import { addWebhook, webhookLimit } from '../../src/web/webhook.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { nagiosToken, openHouse } from './web-house.ts'
import type { House } from './web-house.ts'

const redis = oneRedis()
let house: House

beforeAll(async () => {
  house = await openHouse(redis())
})
afterAll(() => house.close())

const problem = {
  NOTIFICATIONTYPE: 'PROBLEM',
  HOSTNAME: 'lb1',
  SERVICEDESC: 'HAProxy',
  SERVICESTATE: 'CRITICAL',
  SERVICESTATETYPE: 'HARD',
  SERVICEPROBLEMID: '17',
  TIMET: '1763863200',
  SERVICEOUTPUT: 'HTTP 503',
}
const bearer = { authorization: `Bearer ${nagiosToken}` }

function send(
  body: RequestInit['body'],
  headers: Record<string, string> = bearer,
  path = '',
): Promise<Response> {
  return fetch(`${house.url}/webhooks/nagios${path}`, { method: 'POST', body: body ?? null, headers })
}

describe('the webhook', () => {
  test('answers 202 with the id of the alert, the same for a form and for JSON', async () => {
    const form = await send(new URLSearchParams(problem))
    const json = await send(JSON.stringify(problem), { ...bearer, 'content-type': 'application/json' })
    const again = await send(new URLSearchParams(problem))

    expect([form.status, json.status, again.status]).toEqual([202, 202, 202])
    const answer: unknown = await form.json()
    expect(answer).toEqual({ id: expect.stringMatching(/^A-[0-9a-f]{16}$/) })
    expect(await json.json()).toEqual(answer)
    expect(await again.json()).toEqual(answer)
    expect(house.accepted.at(-1)).toMatchObject({ key: 'lb1;HAProxy', state: 'CRITICAL', output: 'HTTP 503' })
  })

  test('names the field that cannot be read', async () => {
    const answer = await send(new URLSearchParams({ ...problem, SERVICESTATE: 'BROKEN' }))

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'unreadable', field: 'SERVICESTATE' })
  })

  test.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer guess' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['the token without its scheme', { authorization: nagiosToken }],
  ])('refuses %s, and reads nothing', async (_title, headers) => {
    const before = house.accepted.length

    const answer = await send(new URLSearchParams(problem), headers)

    expect(answer.status).toBe(401)
    expect(await answer.text()).not.toContain(nagiosToken)
    expect(house.accepted).toHaveLength(before)
  })

  test('refuses what is larger than any notification', async () => {
    const large = new URLSearchParams({ ...problem, LONGSERVICEOUTPUT: 'x'.repeat(webhookLimit) })
    const near = new URLSearchParams({ ...problem, LONGSERVICEOUTPUT: 'x'.repeat(webhookLimit - 2_000) })

    expect((await send(large)).status).toBe(413)
    expect((await send(near)).status).toBe(202)
  })

  test('refuses what is larger than any notification when its length is not announced', async () => {
    const chunk = new TextEncoder().encode(`A=${'x'.repeat(64 * 1024)}&`)
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk),
    })
    const answer = fetch(`${house.url}/webhooks/nagios`, {
      method: 'POST',
      body,
      headers: bearer,
      duplex: 'half',
    } as RequestInit)

    const status = await answer.then((found) => found.status).catch(() => 'connection closed')
    expect([413, 'connection closed']).toContain(status)
  })

  test('reads bytes that are not UTF-8, whatever the content type says', async () => {
    const body = Buffer.concat([
      Buffer.from(new URLSearchParams(problem).toString()),
      Buffer.from('&HOSTALIAS='),
      Buffer.from([0xff, 0xfe, 0x41]),
    ])

    expect((await send(body, { ...bearer, 'content-type': 'text/weird; charset=klingon' })).status).toBe(202)
  })

  test('asks the sender to keep an alert that could not be stored', async () => {
    const broken = await openHouse(redis())
    broken.breakStore()

    const answer = await fetch(`${broken.url}/webhooks/nagios`, {
      method: 'POST',
      body: new URLSearchParams(problem),
      headers: bearer,
    })

    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    await broken.close()
  })

  test('takes the heartbeat of the notification script', async () => {
    const answer = await send('', bearer, '/heartbeat')

    expect(answer.status).toBe(204)
    expect(house.said).toContain('nagios: heartbeat')
    expect((await send('', {}, '/heartbeat')).status).toBe(401)
  })

  test('outlives a sender that hangs up in the middle of a notification', async () => {
    const { hostname, port } = new URL(house.url)
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write(
      `POST /webhooks/nagios HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer.authorization}\r\ncontent-length: 500\r\n\r\nHOSTNAME=`,
    )
    socket.destroy()

    expect((await send(new URLSearchParams(problem))).status).toBe(202)
  })

  test('is stopped while senders are in the middle of a notification', async () => {
    const other = await openHouse(redis())
    const { hostname, port } = new URL(other.url)
    const slow = connect(Number(port), hostname)
    slow.on('error', () => {})
    const cut = new Promise((resolve) => slow.once('close', resolve))
    slow.write(
      `POST /webhooks/nagios HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer.authorization}\r\ncontent-length: 500\r\n\r\nHOSTNAME=`,
    )
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200)

    await other.close()

    await expect(cut).resolves.toBe(false)
  })

  test('on a port that is taken says so, and what to do', async () => {
    const { port } = new URL(house.url)

    await expect(openHouse(redis(), { port: Number(port) })).rejects.toMatchObject({
      name: 'UserError',
      message: `PORT ${port} on HOST 127.0.0.1 is in use already. Stop what listens there (another bot?), or set another PORT.`,
    })
  })
})

test('a token that is not the right one is logged, at most once a minute', async () => {
  const server = fastify()
  const lines: unknown[] = []
  const quiet = { debug: () => {}, info: () => {}, error: () => {} }
  let time = 1_763_863_200_000
  addWebhook(server, {
    nagiosToken,
    accept: async () => {},
    heartbeat: () => {},
    clock: { now: () => time, real: (duration) => duration, after: () => () => {} },
    log: { ...quiet, warn: (message, fields) => void lines.push([message, fields]) },
    metrics: createMetrics(),
  })
  const refuse = () => server.inject({ method: 'POST', url: '/webhooks/nagios', body: 'x' })
  const text = 'a notification was refused: its token is not NAGIOS_TOKEN'

  expect((await refuse()).statusCode).toBe(401)
  expect(lines).toEqual([[text, { refused: 1 }]])
  await refuse()
  time += 59_999
  await refuse()
  expect(lines).toHaveLength(1)
  time += 1
  await refuse()

  expect(lines.slice(1)).toEqual([[text, { refused: 3 }]])
  await server.close()
})
