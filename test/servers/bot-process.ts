// The bot as a process of its own, for tests that kill it: the app over its environment, on a clock that runs faster.
//
//     node bot-process.ts --name NAME --clock INSTANT --since REAL --speed N
//
// At the real instant REAL (ms since 1970) its clock was at INSTANT; so all starts of one bot share one clock.
import { parseArgs } from 'node:util'
import { createMovableClock } from '../../sim/clock.ts'
import { startApp } from '../../src/app.ts'
import type { App } from '../../src/app.ts'
import { readConfig, secrets } from '../../src/config.ts'
import type { Instant } from '../../src/ids.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { createLog } from '../../src/log.ts'
import type { ObjectRecord } from '../../src/commit.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Head, TimelineEvent, TimelineId } from '../../src/timeline/event.ts'

/** All that the bot's store holds, as far as a test judges it. */
export interface Snapshot {
  readonly incidents: readonly Incident[]
  readonly runs: readonly Run[]
  readonly timelines: readonly {
    readonly id: TimelineId
    readonly events: readonly TimelineEvent[]
    readonly head: Head
  }[]
  readonly untriaged: number
  readonly pendingEffects: number
  /** Ids that have a deadline, whenever it is. */
  readonly awaited: readonly string[]
  /** Runs that hold a target's lock. */
  readonly locks: readonly string[]
  readonly objects: readonly (ObjectRecord | undefined)[]
}

/** What the parent asks; `objects` are the keys of the objects that it wants to see. */
export interface Question {
  readonly objects: readonly string[]
}

/** What the parent hears: once where the bot is reached, then an answer to each question. */
export type Told = { readonly ready: string } | { readonly snapshot: Snapshot } | { readonly failed: string }

const { values } = parseArgs({
  options: {
    /** Tells it from others in the machine's list of processes. */
    name: { type: 'string' },
    clock: { type: 'string' },
    since: { type: 'string' },
    speed: { type: 'string' },
  },
})
const speed = Number(values.speed ?? 1)
const since = Number(values.since ?? Date.now())
const clock = createMovableClock({
  start: Number(values.clock ?? since) + Math.round((Date.now() - since) * speed),
  speed,
})
const endOfTime: Instant = Number.MAX_SAFE_INTEGER

function tell(told: Told): void {
  process.send?.(told)
}

async function snapshot({ store }: App, { objects }: Question): Promise<Snapshot> {
  const [incidents, runs, waiting, pendingEffects, due, records] = await Promise.all([
    store.incidents({ open: false, limit: 100 }),
    store.runs({ open: false, limit: 100 }),
    store.untriaged(1_000),
    store.pendingEffects(),
    store.due(endOfTime, 100),
    store.objects(objects),
  ])
  const timelines = await Promise.all(
    incidents.map(async ({ id }) => ({ id, events: await store.timeline(id), head: await store.head(id) })),
  )
  const targets = runs.flatMap((run) => run.proposal.targets)
  return {
    incidents,
    runs,
    timelines,
    untriaged: waiting.length,
    pendingEffects,
    awaited: due.map((each) => each.id),
    locks: (await store.claims(targets.map((target) => `lock:${target}`))).filter((holder) => holder !== ''),
    objects: records,
  }
}

async function main(): Promise<void> {
  // A test that ends leaves nobody behind.
  process.on('disconnect', () => process.exit(1))
  const config = readConfig(process.env)
  const app = await startApp(config, { log: createLog(config.LOG_LEVEL, secrets(config)), clock })
  process.on('message', (question: Question) => {
    snapshot(app, question).then(
      (seen) => tell({ snapshot: seen }),
      (thrown: unknown) => tell({ failed: String(thrown) }),
    )
  })
  process.once('SIGTERM', () => {
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
  tell({ ready: app.url })
}

await main()
