// Slack over HTTP: only what Slack itself signed, just now, is taken, and only once.
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { oneRedis } from '../servers/one-redis.ts'
import { openHouse } from './web-house.ts'
import { openDoorHouse, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const redis = oneRedis()
let house: DoorHouse
beforeEach(async () => {
  house = await openDoorHouse(redis(), { mode: 'http' })
})
afterEach(() => house.stop())

interface Sent {
  readonly body: string
  readonly at?: number
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Posts as Slack does; `at` in seconds. */
function post({
  body,
  at = Math.floor(Date.now() / 1_000),
  secret = house.slack.signingSecret,
  headers = {},
}: Sent): Promise<Response> {
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`
  return fetch(`${house.url}/slack/events`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-signature': signature,
      'x-slack-request-timestamp': String(at),
      ...headers,
    },
  })
}

function command(text: string, trigger: string): string {
  const fields = {
    command: '/dr',
    text,
    user_id: 'U0ANN',
    channel_id: 'C0GENERAL',
    team_id: house.slack.teamId,
    api_app_id: house.slack.appId,
    trigger_id: trigger,
  }
  return new URLSearchParams(fields).toString()
}

test('answers the question by which Slack verifies the address', async () => {
  const answer = await house.slack.verifyUrl('a-challenge')

  expect(answer).toMatchObject({ status: 200, body: { challenge: 'a-challenge' } })
})

test('does nothing for a forged signature', async () => {
  house.slack.fault({ kind: 'forge' })

  const answer = await house.slack.command('U0ANN', 'open lb')

  expect(answer).toMatchObject({ ok: false, status: 401 })
  expect(house.said).toEqual([])
})

test.each([
  ['too old', -301_000],
  ['from the future', 301_000],
])('does nothing for a request that is %s', async (_, ms) => {
  house.slack.fault({ kind: 'shift', ms })

  const answer = await house.slack.command('U0ANN', 'open lb')

  expect(answer.status).toBe(401)
  expect(house.said).toEqual([])
})

test.each([
  ['without a signature', { 'x-slack-signature': '' }],
  ['with a signature of another kind', { 'x-slack-signature': 'v1=00' }],
  ['without a time', { 'x-slack-request-timestamp': '' }],
  ['with a time that is none', { 'x-slack-request-timestamp': 'now' }],
])('does nothing for a request %s', async (_, headers) => {
  expect((await post({ body: command('open lb', '1'), headers })).status).toBe(401)
  expect(house.said).toEqual([])
})

test('does nothing for an unsigned check of the certificate that carries a command', async () => {
  const body = `${command('open lb', '1')}&ssl_check=1`

  expect((await post({ body, secret: 'another' })).status).toBe(401)
  expect(house.said).toEqual([])
})

test('refuses a replay, byte for byte', async () => {
  await house.slack.command('U0ANN', 'status')

  const answer = await house.slack.replay()

  expect(answer.status).toBe(401)
  expect(house.said).toEqual(['ann: status'])
})

test('does nothing for a command that was signed again with a trigger that was used', async () => {
  const first = await post({ body: command('status', '7.7.aa') })
  const second = await post({ body: command('status', '7.7.aa'), at: Math.floor(Date.now() / 1_000) - 1 })

  expect([first.status, second.status]).toEqual([200, 200])
  expect(house.said).toEqual(['ann: status'])
})

test('acknowledges the retry of an event without doing it again', async () => {
  const event = {
    type: 'message',
    channel_type: 'im',
    channel: 'D1',
    user: 'U0ANN',
    text: 'note INC-1 once',
    ts: '1.1',
  }
  const body = JSON.stringify({
    type: 'event_callback',
    team_id: house.slack.teamId,
    api_app_id: house.slack.appId,
    event_id: 'Ev1',
    event,
  })
  const json = { 'content-type': 'application/json' }

  const first = await post({ body, headers: json })
  const retry = await post({
    body,
    headers: { ...json, 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
  })

  expect([first.status, retry.status]).toEqual([200, 200])
  await expect.poll(() => house.said).toEqual(['ann: note INC-1 once'])
})

test('is asked again for an event that nobody waits for while Redis is down, and does it then', async () => {
  const event = { type: 'app_home_opened', user: 'U0ANN', tab: 'home' }
  const body = JSON.stringify({ type: 'event_callback', team_id: house.slack.teamId, event_id: 'Ev2', event })
  const json = { 'content-type': 'application/json' }
  redis().freeze()
  const first = await post({ body, headers: json }).finally(() => redis().thaw())

  const retry = await post({
    body,
    headers: { ...json, 'x-slack-retry-num': '1' },
    at: Math.floor(Date.now() / 1_000) + 1,
  })

  expect([first.status, retry.status]).toEqual([503, 200])
})

test('takes no more than a megabyte', async () => {
  const answer = await post({ body: 'x'.repeat(1024 * 1024 + 1) })

  expect(answer.status).toBe(413)
})

test.each(['', '{', '[]', 'payload=%7B', 'null', '{"type":"event_callback"}'])(
  'is not upset by %j',
  async (body) => {
    const answer = await post({ body, headers: { 'content-type': 'application/json' } })

    expect(answer.status).toBeLessThan(500)
    expect((await house.slack.command('U0ANN', 'status')).ok).toBe(true)
  },
)

test('says in the log that requests are refused, but not for each', async () => {
  for (let n = 0; n < 5; n += 1) await post({ body: command('status', String(n)), secret: 'another' })

  expect(house.lines.filter((line) => line.includes('SLACK_SIGNING_SECRET'))).toHaveLength(1)
})

test('has no address for Slack while it is not set up, or comes by sockets', async () => {
  const web = await openHouse(redis())
  try {
    expect((await fetch(`${web.url}/slack/events`, { method: 'POST', body: '{}' })).status).toBe(404)
  } finally {
    await web.close()
  }
  expect(shown(await (await fetch(`${house.url}/slack/other`, { method: 'POST' })).json())).toBe('')
})
