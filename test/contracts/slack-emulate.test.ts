// The Slack simulator answers as an independent one does: the npm package emulate, where that covers a method.
import { WebAPIPlatformError, WebClient } from '@slack/web-api'
import { createEmulator, type Emulator } from 'emulate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSlack, type SimSlack } from '../../sim/slack.ts'
import { slackCalls, type Kept, type SlackCall } from './slack-calls.ts'

const scopes = [
  'bookmarks:read',
  'bookmarks:write',
  'channels:history',
  'channels:join',
  'channels:manage',
  'channels:read',
  'chat:write',
  'chat:write.public',
  'files:write',
  'im:history',
  'im:read',
  'im:write',
  'pins:write',
  'reactions:write',
  'users:read',
  'users:read.email',
]
const bot = { bot_id: 'B0DRBOT', bot_user_id: 'U0DRBOT', app_id: 'A0SIM' }
const app = { client_id: '1.1', client_secret: 'secret', name: 'dr', redirect_uris: [], bot_name: 'dr-bot' }
const people = ['ann', 'bob'].map((name) => ({ name, email: `${name}@example.com` }))

interface Side {
  readonly client: WebClient
  kept: Record<string, string>
}

interface Outcome {
  readonly outcome: string
  readonly values: readonly unknown[]
}

let emulator: Emulator
let sim: SimSlack
let ours: Side
let theirs: Side

beforeAll(async () => {
  const token = { token: 'xoxb-emulate', type: 'bot', user_id: bot.bot_user_id, scopes, ...bot }
  const slack = {
    team: { name: 'example-ltd', domain: 'example-ltd' },
    strict_scopes: true,
    users: people,
    oauth_apps: [{ ...app, ...bot, scopes }],
    tokens: [token],
  }
  emulator = await createEmulator({ service: 'slack', port: 0, seed: { slack } })
  sim = await startSlack({
    people: people.map((person) => ({ ...person, id: `U0000${person.name.toUpperCase()}` })),
    scopes,
    team: 'T0000001',
    limits: false,
  })
  theirs = side(`${emulator.url.replace('localhost', '127.0.0.1')}/api/`, token.token)
  ours = side(sim.apiUrl, sim.botToken)
})

afterAll(async () => {
  await emulator.close()
  await sim.stop()
})

function side(slackApiUrl: string, token: string): Side {
  const quiet = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: ignore,
    setLevel: ignore,
    setName: ignore,
  }
  const logger = { ...quiet, getLevel: () => 'error' as never }
  return { client: new WebClient(token, { slackApiUrl, retryConfig: { retries: 0 }, logger }), kept: {} }
}

function ignore(): void {}

async function play({ client, kept }: Side, call: SlackCall): Promise<Outcome> {
  try {
    const answer = await client.apiCall(call.method, { ...call.args(kept) })
    for (const [name, place] of Object.entries(call.keep)) kept[name] = String(at(answer, place))
    return { outcome: 'ok', values: call.reads.map((place) => form(at(answer, place))) }
  } catch (thrown) {
    if (!(thrown instanceof WebAPIPlatformError)) throw thrown
    return { outcome: thrown.data.error, values: [] }
  }
}

function at(answer: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], answer)
}

/** A value without what differs between any two workspaces: ids keep their first letter, times and links their kind. */
function form(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^[A-Z][a-z]?[0-9A-Z]{6,}$/.test(value)) return `id of ${value.slice(0, 1)}`
  if (/^\d+\.\d{6}$/.test(value)) return 'time stamp'
  return /^https?:\/\/(127|localhost|[\w-]+\.slack\.com)/.test(value) ? 'link' : value
}

describe('every call is answered with the same word and the same values', () => {
  test.each(slackCalls.map((call, index) => [`${index + 1} ${call.method}: ${call.outcome}`, call] as const))(
    '%s',
    async (_, call) => {
      if (call.method === 'views.open' && ours.kept['trigger'] === undefined) await trigger()

      const our = await play(ours, call)
      const their = await play(theirs, call)

      expect(our.outcome).toBe(call.outcome)
      expect(their.outcome).toBe(call.emulate?.outcome ?? call.outcome)
      if (call.emulate === undefined) expect(our.values).toEqual(their.values)
    },
  )
})

/** Lets ann do something on both sides, for the trigger id. */
async function trigger(): Promise<void> {
  await sim.shortcut('U0000ANN', 'open_incident')
  ours.kept['trigger'] = String(sim.deliveries.at(-1)?.payload['trigger_id'])
  const args: Kept = { user_id: String(theirs.kept['ann']) }
  const answer = await theirs.client.apiCall('views.generateTriggerId', { ...args })
  theirs.kept['trigger'] = String(at(answer, 'trigger_id'))
}

test('emulate takes an unknown token for the administrator; Slack does not', async () => {
  const stranger = 'xoxb-nobody'
  const call: SlackCall = {
    method: 'auth.test',
    args: () => ({}),
    outcome: 'invalid_auth',
    reads: [],
    keep: {},
  }

  const our = await play(side(sim.apiUrl, stranger), call)
  const their = await play(side(`${emulator.url.replace('localhost', '127.0.0.1')}/api/`, stranger), call)

  expect(our.outcome).toBe('invalid_auth')
  expect(their.outcome).toBe('ok')
})
