// What the tests of the Slack transport stand on: a workspace, a real Redis, a clock that can be moved, a log that is kept.
import { afterEach, beforeAll, beforeEach } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import type { SimSlack } from '../../sim/slack.ts'
import { createSlackApi } from '../../src/chat/slack/api.ts'
import type { CallOptions, SlackApi } from '../../src/chat/slack/api.ts'
import { createSlackPosts } from '../../src/chat/slack/posts.ts'
import type { SlackPosts } from '../../src/chat/slack/posts.ts'
import { createRecords } from '../../src/chat/record.ts'
import type { Records } from '../../src/chat/record.ts'
import type { SlackMessage } from '../../src/chat/slack/render/blocks.ts'
import { createStore } from '../../src/store/redis.ts'
import type { Log, Store } from '../../src/ports.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startSlackFor } from '../servers/slack.ts'

/** What is new for each test. */
export interface Transport {
  readonly sim: SimSlack
  readonly store: Store
  readonly clock: MovableClock
  readonly log: Log
  readonly api: SlackApi
  readonly records: Records
  /** Levels and messages that were logged. */
  readonly logged: readonly string[]
  /** Another process of the bot: an API, records and posts of its own on the same store. */
  readonly process: (name?: string) => { readonly api: SlackApi; readonly posts: SlackPosts }
  /** From now on a process of that name gives no signs of life. */
  readonly dies: (name: string) => void
  /** How often a method was called. */
  readonly count: (method: string) => number
}

export const room: CallOptions = { lane: 'room' }
export const page: CallOptions = { lane: 'page' }

/** The message that says one line. */
export function saying(text: string): SlackMessage {
  return {
    text,
    blocks: [{ type: 'header', text: { type: 'plain_text', text: text.slice(0, 150), emoji: false } }],
  }
}

/** Starts the servers for a file of tests and gives each test a workspace of its own; `use()` is it. */
export function slackTransport(): () => Transport {
  const redis = oneRedis()
  let store: Store
  let current: Transport | undefined
  let apis: SlackApi[] = []

  beforeAll(async () => {
    store = createStore({ redis: (await redis().connect()).redis })
  })
  beforeEach(async () => {
    await redis().flush()
    const sim = await startSlackFor(undefined, { limits: false })
    const logged: string[] = []
    const keep = (level: string) => (message: string) => void logged.push(`${level} ${message}`)
    const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
    const clock = createMovableClock()
    const records = createRecords(store, 'slack')
    const dead = new Set<string>()
    const another = (): SlackApi => {
      const api = createSlackApi({ token: sim.botToken, url: sim.apiUrl, clock, log })
      apis.push(api)
      return api
    }
    current = {
      sim,
      store,
      clock,
      log,
      api: another(),
      records,
      logged,
      process: (name) => {
        const api = another()
        const lives = async (other: string) => !dead.has(other)
        const posts = createSlackPosts({ api, records, clock, ...(name && { process: { name, lives } }) })
        return { api, posts }
      },
      dies: (name) => void dead.add(name),
      count: (method) => sim.calls.filter((call) => call.method === method).length,
    }
  })
  afterEach(async () => {
    for (const api of apis) api.close()
    apis = []
    await current?.sim.stop()
  })
  return () => {
    if (!current) throw new Error('only inside a test')
    return current
  }
}

/** What the work throws; fails when it does not. */
export async function failure(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('it did not fail')
  return error
}
