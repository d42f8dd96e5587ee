// Connects to Redis, checks that it keeps what it is given, and says so when it does not.
import { Cluster, Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError, reasonOf } from '../errors.ts'
import { checkRedis } from './check.ts'
import { toStoreError } from './errors.ts'
import type { ClusterOptions, RedisOptions } from 'ioredis'
import type { Log } from '../ports.ts'
import type { RedisAddress } from './address.ts'

export type RedisClient = Redis | Cluster

/**
 * `commands` answers or rejects soon: for people and webhooks that wait. `worker` waits for ever: for the queue's
 * workers, which have nothing else to do while Redis is away.
 */
type ConnectionUse = 'commands' | 'worker'

export interface RedisConnection {
  /** The connection for commands that somebody waits for. */
  readonly redis: RedisClient
  /** One more connection, closed with this one. */
  readonly open: (use: ConnectionUse) => RedisClient
  readonly close: () => Promise<void>
}

/** After how long a command to a silent Redis is given up, in milliseconds. */
const commandTimeout = 1_500
/** How long the start waits for Redis, in milliseconds. */
const startTimeout = 10_000

/** How long `close` waits for a connection to end, in milliseconds. */
const closeTimeout = 1_000

/** How long after its end a connection that nobody has closed begins again, in milliseconds. */
const reviveAfter = 250

/** Marks this program's connections in `CLIENT LIST`. */
const connectionName = 'dr-bot'

/**
 * Connects and checks the server: throws a UserError when it cannot be reached, is too old, or may evict keys; warns
 * when a crash of the machine could lose what was answered.
 */
export async function connectRedis(
  address: RedisAddress,
  ports: { readonly log: Log },
): Promise<RedisConnection> {
  const clients: RedisClient[] = []
  let closing = false
  function open(use: ConnectionUse): RedisClient {
    const client = connect(address, use)
    if (use === 'commands') limitPatience(client)
    watch(client, ports.log, address.shown)
    client.on('end', () => {
      if (!closing) revive(client, () => closing)
    })
    clients.push(client)
    return client
  }
  async function close(): Promise<void> {
    closing = true
    for (const client of clients) client.disconnect()
    await Promise.all(clients.map(ended))
  }
  try {
    const redis = open('commands')
    await ready(redis, address.shown)
    await checkRedis(redis, ports.log)
    return { redis, open, close }
  } catch (error) {
    await close()
    throw error
  }
}

function connect(address: RedisAddress, use: ConnectionUse): RedisClient {
  const common: Omit<RedisOptions, 'replyMapping'> = {
    connectionName,
    connectTimeout: 5_000,
    // After a failover the old master answers READONLY until it is left.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(use === 'commands'
      ? { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false }
      : { maxRetriesPerRequest: null }),
  }
  const enableOfflineQueue = use === 'worker'
  const wait = (attempt: number) => Math.min(50 * attempt, 1_000)
  if (address.kind !== 'cluster')
    return new Redis({ ...common, ...address.options, enableOfflineQueue, retryStrategy: wait })
  const options = {
    enableOfflineQueue,
    clusterRetryStrategy: wait,
    redisOptions: { ...common, ...address.options },
    ...(use === 'commands' ? { maxRedirections: 6, retryDelayOnFailover: 150 } : {}),
  }
  return new Cluster([...address.nodes], options satisfies ClusterOptions)
}

/**
 * Rejects commands without an answer after `commandTimeout`. The timer of ioredis' own option of that name can fire with
 * the answer already there, unread, when a busy or throttled machine did not let this process run: here what has arrived
 * is read first.
 */
function limitPatience(client: RedisClient): void {
  const send = client.sendCommand.bind(client)
  client.sendCommand = (...args: Parameters<Cluster['sendCommand']>) => {
    const [command] = args
    const timer = setTimeout(() => {
      // Node reads sockets between timers and immediates.
      setImmediate(() => command.reject(new Error('Command timed out')))
    }, commandTimeout)
    const settled = (): void => clearTimeout(timer)
    command.promise.then(settled, settled)
    return send(...args)
  }
}

/**
 * ioredis gives a connection up for good when the search for the master behind it fails at the wrong moment, as it can
 * while Sentinel changes the master. Nobody here has asked for its end, so it begins again.
 */
function revive(client: RedisClient, closing: () => boolean): void {
  setTimeout(() => {
    // What goes wrong is told by its `error` event; another `end` leads here again.
    if (!closing() && client.status === 'end') client.connect().catch(() => {})
  }, reviveAfter).unref()
}

/** Tells once when the connection is lost and once when it is back. */
function watch(client: RedisClient, log: Log, shown: string): void {
  let lost = false
  client.on('error', (error: Error) => {
    if (lost) return
    lost = true
    log.error('Redis connection lost, trying again', { redis: shown, reason: reasonOf(error) })
  })
  client.on('ready', () => {
    if (lost) log.info('Redis connection is back', { redis: shown })
    lost = false
  })
}

async function ready(client: RedisClient, shown: string): Promise<void> {
  if (client.status === 'ready') return
  let last: unknown
  const signal = AbortSignal.timeout(startTimeout)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onError = (error: Error) => {
    last = error
    // A wrong password does not mend itself; a server that is not there yet may come.
    if (toStoreError(error) instanceof UserError) reject(toStoreError(error))
  }
  client.once('ready', resolve)
  client.on('error', onError)
  signal.addEventListener('abort', () => reject(unreachable(shown, last)), { once: true })
  try {
    await promise
  } finally {
    client.off('error', onError)
  }
}

function unreachable(shown: string, last: unknown): UserError {
  const reason = last === undefined ? 'no answer' : reasonOf(last)
  return new UserError(
    'redis-unreachable',
    `cannot reach Redis at ${shown} (${reason}). Start it or correct REDIS_URL; without REDIS_URL a private one is started`,
  )
}

/** Resolves when the connection has ended; one that is just looking for its master may not say so. */
async function ended(client: RedisClient): Promise<void> {
  if (client.status === 'end') return
  const end = new Promise<void>((resolve) => client.once('end', resolve))
  await Promise.race([end, sleep(closeTimeout, undefined, { ref: false })])
}
