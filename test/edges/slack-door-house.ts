// The way in from a simulated Slack with real parts behind it: Redis, incidents, recoveries, the dispatcher, the web server.
import { createChanges } from '../../src/changes.ts'
import { createSlackApi } from '../../src/chat/slack/api.ts'
import { createSlackDoor } from '../../src/chat/slack/door.ts'
import type { SlackDoor } from '../../src/chat/slack/door.ts'
import { createSlackPosts } from '../../src/chat/slack/posts.ts'
import { createRecords } from '../../src/chat/record.ts'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import { openWorkspace } from '../../src/chat/slack/workspace.ts'
import { createClock } from '../../src/clock.ts'
import type { Dispatch } from '../../src/command/command.ts'
import { createDispatch } from '../../src/command/dispatch.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Duration, IncidentId, RunId } from '../../src/ids.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import type { IncidentLoop } from '../../src/incident/incidents.ts'
import type { Card } from '../../src/message.ts'
import type { Clock, Log, Store } from '../../src/ports.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { createWeb } from '../../src/web/server.ts'
import { createSigner } from '../../src/web/session.ts'
import type { Delivered, SimSlack, SimSlackOptions } from '../../sim/slack.ts'
import { noReaders } from '../servers/readers.ts'
import { startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { planPeople, startSlackFor } from '../servers/slack.ts'
import { unhurried } from '../servers/unhurried.ts'
import type { TestRedis } from '../servers/redis.ts'

/** The channel of an incident's room in these tests. */
export const room = 'C0ROOM'

export interface DoorHouse {
  readonly slack: SimSlack
  readonly door: SlackDoor
  readonly engine: EngineBench
  readonly store: Store
  readonly incidents: IncidentLoop
  /** The web server that HTTP comes to. */
  readonly url: string
  /** Commands that reached the dispatcher, as `person: text`. */
  readonly said: string[]
  /** How long the door would wait for slow systems. */
  readonly waits: (Duration | undefined)[]
  /** What was logged, as `level message {fields}`. */
  readonly lines: string[]
  /** Commands wait so long before they are carried out, in real milliseconds. */
  readonly slow: (ms: number) => void
  /** The next command is refused by the dispatcher. */
  readonly fail: () => void
  readonly setPlan: (change: (plan: DrPlan) => DrPlan) => void
  /** Opens an incident of the load balancer whose room is `room`. */
  readonly outage: () => Promise<IncidentId>
  /** Posts a card as the bot does; answers where it is. */
  readonly post: (card: Card, channel?: string) => Promise<{ readonly channel: string; readonly ts: string }>
  /** The card of a run as it is now. */
  readonly cardOf: (run: RunId) => Promise<Card>
  readonly texts: (incident: IncidentId) => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

export interface DoorOptions {
  readonly mode?: 'socket' | 'http'
  readonly slack?: Omit<SimSlackOptions, 'people'>
  readonly people?: SimSlackOptions['people']
  /** Do not wait until the sockets are there. */
  readonly impatient?: boolean
}

export async function openDoorHouse(redis: TestRedis, options: DoorOptions = {}): Promise<DoorHouse> {
  const mode = options.mode ?? 'socket'
  const engine = await startEngine(redis)
  const slack = await startSlackFor([...planPeople, ...(options.people ?? [])], {
    limits: false,
    ackWithin: unhurried,
    channels: [
      { id: 'C0ALERTS', name: 'alerts', members: ['U0DRBOT', ...planPeople.map(({ id }) => id)] },
      { id: room, name: 'inc-1-lb-20261123', members: ['U0DRBOT', ...planPeople.map(({ id }) => id)] },
    ],
    ...options.slack,
  })
  const { store } = engine
  const lines: string[] = []
  const log = keeping(lines)
  const real = createClock()
  const clock: Clock = { ...real, now: engine.now }
  const api = createSlackApi({ token: slack.botToken, url: slack.apiUrl, clock: real, log })
  const workspace = await openWorkspace({ api, store, clock: real, log })
  const records = createRecords(store, 'slack')
  const posts = createSlackPosts({ api, records, clock: real })
  const policy = () => ({ plan: engine.plan(), chats: ['slack'] })
  const bells = { set: async () => {}, onRing: () => {} }
  const incidents = createIncidents({
    store,
    bells,
    clock,
    log,
    policy,
    changes: createChanges(),
    kick: () => {},
  })
  const cardOf = (run: Run): Card => runCard(run, engine.now(), engine.plan())
  const publicUrl = 'https://dr.example.com'
  const answer = createDispatch({
    store,
    incidents,
    clock,
    log,
    publicUrl,
    runs: engine.runs(),
    plan: engine.plan,
    runCard: cardOf,
    addOverride: async () => {},
    removeOverride: async () => false,
    revoke: async () => {},
    syncStandby: async () => {},
    readers: noReaders,
  })
  const said: string[] = []
  const waits: (Duration | undefined)[] = []
  let wait = 0
  let failing = false
  const dispatch: Dispatch = async (text, speaker) => {
    said.push(`${speaker.person}: ${text}`)
    waits.push(speaker.waits)
    if (wait > 0) await new Promise((resolve) => void setTimeout(resolve, wait))
    if (!failing) return answer(text, speaker)
    failing = false
    return { status: 'refused', card: { title: 'Not done', tone: 'bad' } }
  }
  const door = createSlackDoor({
    api,
    records,
    store,
    dispatch,
    workspace,
    clock,
    log,
    publicUrl,
    plan: engine.plan,
    runCard: cardOf,
    botToken: slack.botToken,
    apiUrl: slack.apiUrl,
    ...(mode === 'socket' ? { appToken: slack.appToken } : { signingSecret: slack.signingSecret }),
  })
  const web = createWeb({
    nagiosToken: 'nagios-token-for-tests',
    accept: async () => {},
    heartbeat: () => {},
    clock,
    log,
    store,
    dispatch,
    publicUrl,
    metrics: createMetrics(),
    runCard: cardOf,
    changes: createChanges(),
    plan: engine.plan,
    signer: createSigner('a secret of the tests, long enough'),
    ready: async () => ({ ready: true, checks: {} }),
    slack: door.receive,
  })
  const url = await web.listen('127.0.0.1', 0)
  if (mode === 'http') slack.setRequestUrl(`${url}/slack/events`)
  door.start()
  await workspace.identity()
  let count = 0
  const house: DoorHouse = {
    slack,
    door,
    engine,
    store,
    incidents,
    url,
    said,
    waits,
    lines,
    fail: () => {
      failing = true
    },
    slow: (ms) => {
      wait = ms
    },
    setPlan: engine.setPlan,
    outage: async () => {
      const opened = await incidents.open({
        system: 'lb',
        title: 'lb1 HAProxy is CRITICAL',
        by: { person: 'nagios', door: 'nagios' },
        attached: [],
      })
      await records.bindChannel(room, opened.id)
      return opened.id
    },
    post: (card, channel = room) => {
      count += 1
      return posts.post({ scope: 'test', key: `k${count}` }, channel, messageOf(card), { lane: 'room' })
    },
    cardOf: async (id) => cardOf(await engine.run(id)),
    texts: async (incident) =>
      (await store.timeline(incident)).map((event) => `${event.by.person}: ${event.text}`),
    stop: async () => {
      await door.stop()
      workspace.close()
      api.close()
      await web.close()
      await slack.stop()
      await engine.stop()
    },
  }
  if (mode === 'socket' && options.impatient !== true) await connected(house)
  return house
}

/** Waits until both connections are there. */
export async function connected({ slack, door }: DoorHouse, count = 2): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    if (slack.sockets() >= count && door.health().ok) return
    await new Promise((resolve) => void setTimeout(resolve, 10))
  }
  throw new Error(`the sockets are not there: ${JSON.stringify(door.health())}`)
}

/** All that an acknowledgement, a message or a view shows, as one text. */
export function shown(what: unknown): string {
  if (typeof what === 'string') return what
  if (Array.isArray(what)) return what.map(shown).filter(Boolean).join('\n')
  if (typeof what !== 'object' || what === null) return ''
  const { text, blocks, elements, view, element, label, errors, rows } = what as Readonly<
    Record<string, unknown>
  >
  return [text, blocks, elements, view, element, label, errors && Object.values(errors), rows]
    .map(shown)
    .filter(Boolean)
    .join('\n')
}

/** Whether an acknowledgement is seen by the asker only. */
export function ephemeral({ body }: Delivered): boolean {
  return (body as { readonly response_type?: string } | undefined)?.response_type === 'ephemeral'
}

function keeping(lines: string[]): Log {
  const keep =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
    }
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
