// The queue on BullMQ: bells that ring at their time, and effects that are tried again, both surviving restarts.
import { Queue, UnrecoverableError, Worker, isNotConnectionError } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'
import { BugError, RetryableError, UserError, reasonOf } from '../errors.ts'
import { createBatch } from '../store/batch.ts'
import { toStoreError } from '../store/errors.ts'
import { root } from '../store/scripts.ts'
import type { Job } from 'bullmq'
import { second } from '../ids.ts'
import type { Duration, IncidentId, Instant, RunId } from '../ids.ts'
import type { Effect } from '../effect.ts'
import type { Bells, Clock, EffectQueue, Log } from '../ports.ts'
import type { RedisClient, RedisConnection } from '../store/connect.ts'

/** Jobs in one write: BullMQ prepares them in one go, and everything else waits for that long. */
const batchSize = 200
/** How long `set` and `put` may take before they reject, in milliseconds. */
const putTimeout = 1_500
/** How long `close` waits for jobs that are being done, in milliseconds. */
const closeTimeout = 3_000

interface Bell {
  readonly id: IncidentId | RunId
  readonly at: Instant
}

export interface JobQueue {
  readonly bells: Bells
  readonly effects: EffectQueue
  /** Takes no more jobs, waits a little for those that are being done, and closes its connections. */
  readonly close: () => Promise<void>
}

/** What a kind of job is, and how it is done. */
interface Kind {
  readonly name: string
  readonly attempts: number
  /** A worker takes its jobs one after the other, a round trip each; several keep many due jobs on time. */
  readonly workers: number
  /** Jobs that one worker does at a time. */
  readonly concurrency: number
  /** Whoever does the job says why it failed when it is to be tried again; here it need not be said once more. */
  readonly told?: true
}

/** A bell that fails is rung a few times more; after that the sweep over what is due finds it. */
const bellKind: Kind = { name: 'bells', attempts: 5, workers: 4, concurrency: 50 }
/** An effect is tried for about ten minutes; after that the sweep over pending effects brings it back. */
const effectKind: Kind = { name: 'effects', attempts: 25, workers: 1, concurrency: 100, told: true }

/**
 * Pages have a queue of their own, and so have the rooms of each chat. Rooms of a chat that hangs may take every slot
 * of their queue for as long as their tries last: what failed once in another chat, or a page, must not wait behind them.
 */
const pageKind: Kind = { ...effectKind, name: 'pages' }

function roomsKind(chat: string): Kind {
  return { ...effectKind, name: `rooms-${chat}` }
}

/** Starts the queues. Listeners are given once, by `onRing` and `onEffect`; their workers start then. */
export function createQueue(
  connection: Pick<RedisConnection, 'redis' | 'open'>,
  ports: { readonly clock: Clock; readonly log: Log },
): JobQueue {
  const { clock, log } = ports
  const adder = connection.redis
  const taker = connection.open('worker')
  const bells = createJobs<Bell>(bellKind, { adder, taker, clock, log })
  const effects = createJobs<Effect>(effectKind, { adder, taker, clock, log })
  const pages = createJobs<Effect>(pageKind, { adder, taker, clock, log })
  const rooms = new Map<string, Jobs<Effect>>()
  let listening: ((effect: Effect) => Promise<void>) | undefined
  let closing: Promise<unknown> | undefined

  /** A chat's own begins with its first failure. What an earlier process has left in it the sweep has found by then. */
  function roomsOf(chat: string): Jobs<Effect> {
    const known = rooms.get(chat)
    if (known) return known
    if (closing) throw new RetryableError('the queue is being closed')
    const made = createJobs<Effect>(roomsKind(chat), { adder, taker, clock, log })
    if (listening) made.work(listening)
    rooms.set(chat, made)
    return made
  }

  function jobsFor({ body }: Effect): Jobs<Effect> {
    if (body.kind === 'page') return pages
    return 'chat' in body ? roomsOf(body.chat) : effects
  }
  const delayUntil = (at: Instant) => Math.max(0, Math.ceil(clock.real(at - clock.now())))
  return {
    bells: {
      set: (id, at) => bells.add(`${id}@${at}`, { id, at }, delayUntil(at)),
      onRing: (listener) => bells.work(({ id, at }) => listener(id, at)),
    },
    effects: {
      put: async (effect, at) => jobsFor(effect).add(effect.key, effect, delayUntil(at)),
      onEffect: (listener) => {
        listening = listener
        for (const jobs of [effects, pages, ...rooms.values()]) jobs.work(listener)
      },
    },
    close: async () => {
      closing ??= Promise.race([
        Promise.all([bells, effects, pages, ...rooms.values()].map((jobs) => jobs.close())),
        sleep(closeTimeout, undefined, { ref: false }),
      ])
      await closing
      taker.disconnect()
    },
  }
}

interface Jobs<D> {
  readonly add: (jobId: string, data: D, delay: Duration) => Promise<void>
  readonly work: (listener: (data: D) => Promise<void>) => void
  readonly close: () => Promise<void>
}

interface AddedJob<D> {
  readonly jobId: string
  readonly data: D
  readonly delay: Duration
  /** When the delay begins (real time). */
  readonly timestamp: number
}

function createJobs<D>(
  kind: Kind,
  ports: {
    readonly adder: RedisClient
    readonly taker: RedisClient
    readonly clock: Clock
    readonly log: Log
  },
): Jobs<D> {
  const { adder, taker, clock, log } = ports
  const queue = new Queue<D, void, string, D, void, string>(kind.name, {
    connection: adder,
    prefix: root,
    skipVersionCheck: true,
    skipWaitingForReady: true,
    defaultJobOptions: {
      attempts: kind.attempts,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
    },
  })
  queue.on('error', (error) => tell(log, kind, error))
  const add = createBatch<AddedJob<D>, unknown>(batchSize, (jobs) => {
    const bulk = jobs.map(({ data, ...opts }) => ({ name: kind.name, data, opts }))
    return within(queue.addBulk(bulk), putTimeout)
  })
  const workers: Worker<D, void>[] = []
  return {
    // The delay counts from here, not from when the batch is written.
    add: async (jobId, data, delay) => void (await add({ jobId, data, delay, timestamp: Date.now() })),
    work: (listener) => {
      if (workers.length > 0) throw new BugError(`the queue ${kind.name} has a listener already`)
      for (let n = 0; n < kind.workers; n += 1)
        workers.push(startWorker(kind, { listener, taker, clock, log }))
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()))
      await queue.close()
    },
  }
}

function startWorker<D>(
  kind: Kind,
  ports: {
    readonly listener: (data: D) => Promise<void>
    readonly taker: RedisClient
    readonly clock: Clock
    readonly log: Log
  },
): Worker<D, void> {
  const { listener, taker, clock, log } = ports
  const worker = new Worker<D, void>(kind.name, (job) => perform(job, listener), {
    connection: taker,
    prefix: root,
    concurrency: kind.concurrency,
    // Not skipVersionCheck: a worker that does not know its Redis waits in whole seconds, and bells ring a second late.
    // A job whose process was killed is taken over after this long, and however often it happened.
    lockDuration: 10_000,
    stalledInterval: 5_000,
    maxStalledCount: 1_000,
    // How long a worker rests after it lost its connection.
    runRetryDelay: 250,
    settings: { backoffStrategy: (attempt, _type, error) => backoff(attempt, error, clock) },
  })
  worker.on('error', (error) => tell(log, kind, error))
  worker.on('failed', (job, error) => {
    const fields = { queue: kind.name, job: job?.id, attempt: job?.attemptsMade, reason: reasonOf(error) }
    const last = job === undefined || job.finishedOn !== undefined
    if (kind.told && !(error instanceof UnrecoverableError)) log.debug('job failed', fields)
    else if (last) log.error('job given up, the sweep will find it', fields)
    else log.warn('job failed, will be tried again', fields)
  })
  return worker
}

/** Lost connections are told by the connection itself, once; each worker would tell them again. */
function tell(log: Log, kind: Kind, error: Error): void {
  const fields = { queue: kind.name, reason: reasonOf(error) }
  if (isNotConnectionError(error)) log.warn('queue error', fields)
  else log.debug('queue connection error', fields)
}

async function perform<D>(job: Job<D>, listener: (data: D) => Promise<void>): Promise<void> {
  try {
    await listener(job.data)
  } catch (error) {
    if (error instanceof UserError || error instanceof BugError) throw new UnrecoverableError(reasonOf(error))
    throw error
  }
}

/** What the other side asked for, if that is a second or more; else 0.25 s doubling up to half a minute. Real milliseconds. */
function backoff(attempt: number, error: Error | undefined, clock: Clock): Duration {
  const asked = error instanceof RetryableError ? error.after : undefined
  if (asked !== undefined && asked >= second) return Math.ceil(clock.real(asked))
  const usual = Math.min(250 * 2 ** (attempt - 1), 30_000)
  return asked === undefined ? usual : Math.max(usual, Math.ceil(clock.real(asked)))
}

/** Rejects with a RetryableError when Redis does not answer in time. */
async function within<T>(work: Promise<T>, timeout: Duration): Promise<T> {
  const late = new AbortController()
  try {
    const silence = sleep(timeout, undefined, { signal: late.signal }).then(() => {
      throw new RetryableError('Redis does not answer: the queue could not take a job')
    })
    return await Promise.race([work, silence])
  } catch (error) {
    throw toStoreError(error)
  } finally {
    late.abort()
  }
}
