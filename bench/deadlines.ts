// How late 10,000 deadlines are met by the running bot, through its real store and its real queue.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClock } from '../src/clock.ts'
import type { IncidentId, Instant } from '../src/ids.ts'
import type { Incident } from '../src/incident/incident.ts'
import type { Log, Store } from '../src/ports.ts'
import { createQueue } from '../src/queue/bullmq.ts'
import { connectRedis } from '../src/store/connect.ts'
import { createStore } from '../src/store/redis.ts'
import { startBot } from './bot.ts'
import { startMailReceiver } from './receivers.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'

export interface Lateness {
  /** From the deadline until the decision that met it. */
  readonly late: Quantiles
  /** Seconds over which the deadlines were spread. */
  readonly spread: number
}

const count = 10_000
/** Milliseconds. */
const spread = 20_000
/** Writing them all takes less than this, in milliseconds. */
const writing = 8_000
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/**
 * Writes incidents that are watched until their deadline, each with its bell, into the store of a running bot. At its
 * deadline the bot resolves an incident: a decision, a commit on disk, and its effects. The instant of the decision is
 * in the state. The deadlines lie evenly, one every 2 ms.
 */
export async function measureDeadlines(): Promise<Lateness> {
  const mail = await startMailReceiver()
  const bot = await startBot(mail.url)
  const address = { kind: 'server', options: { path: bot.socket }, shown: bot.socket } as const
  const connection = await connectRedis(address, { log: silent })
  const store = createStore({ redis: connection.redis })
  const queue = createQueue(connection, { clock: createClock(), log: silent })
  const ids = Array.from({ length: count }, (_, n): IncidentId => `INC-${n + 1}`)
  const first = Date.now() + writing
  try {
    const write = async (id: IncidentId, n: number) => {
      const until = first + Math.round((n * spread) / count)
      await store.commit({
        write: { kind: 'incident', id, expected: 0, next: watched(id, until), wakeAt: until },
      })
      await queue.bells.set(id, until)
    }
    for (let from = 0; from < count; from += 500)
      await Promise.all(ids.slice(from, from + 500).map((id, n) => write(id, from + n)))
    if (Date.now() > first) throw new Error('the machine is too busy: writing the deadlines took too long')
    await sleep(first + spread - Date.now())
    return { late: quantiles(await lateness(store, ids, first)), spread: spread / 1_000 }
  } finally {
    await queue.close()
    await connection.close()
    await bot.stop()
    await mail.stop()
  }
}

/** Waits until each incident is resolved, and answers how long after its deadline that was decided. */
async function lateness(
  store: Store,
  ids: readonly IncidentId[],
  first: Instant,
): Promise<readonly number[]> {
  const late: number[] = []
  for (const [n, id] of ids.entries()) {
    let state = (await store.incident(id))?.state
    for (let tries = 0; state?.state !== 'resolved'; tries += 1) {
      if (tries === 3_000) throw new Error(`${id} was not looked at within 30 s of its deadline`)
      await sleep(10)
      state = (await store.incident(id))?.state
    }
    late.push(state.at - (first + Math.round((n * spread) / count)))
  }
  return late
}

function watched(id: IncidentId, until: Instant): Incident {
  const now = Date.now()
  return {
    state: 'watching',
    id,
    system: 'storage',
    title: 'Azure Queue orders is CRITICAL',
    openedBy: 'nagios',
    openedAt: now,
    objective: { rto: 1_200_000 },
    timings: {
      nextEngineerAfter: 180_000,
      remind: 300_000,
      deadline: 1_800_000,
      resolveAfter: 120_000,
      relapseWithin: 0,
    },
    problems: { open: 0, alerts: 2, explains: {}, first: [] },
    level: 0,
    calls: [],
    pages: [],
    nextPage: 1,
    marks: { outage: now, detected: now, verified: now },
    rooms: [],
    relapses: 0,
    since: now,
    until,
    because: 'nagios',
  }
}
