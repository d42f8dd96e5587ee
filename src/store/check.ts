// Checks at the start that Redis neither drops keys nor forgets them in a crash.
import { Cluster } from 'ioredis'
import { UserError } from '../errors.ts'
import { toStoreError } from './errors.ts'
import type { Redis } from 'ioredis'
import type { Log } from '../ports.ts'
import type { RedisClient } from './connect.ts'

/** Refuses a Redis before 6.2 and one that may evict keys; warns about one that could lose what it answered. */
export async function checkRedis(redis: RedisClient, log: Log): Promise<void> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis]
  for (const server of servers) {
    try {
      await checkServer(server, log)
    } catch (error) {
      throw toStoreError(error)
    }
  }
}

async function checkServer(server: Redis, log: Log): Promise<void> {
  const info = infoOf(await server.info())
  const version = info.get('redis_version') ?? 'unknown'
  if (!atLeast(version, 6, 2))
    throw new UserError('redis-too-old', `Redis ${version} is too old: install Redis 6.2 or newer`)
  const policy = info.get('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    throw new UserError(
      'redis-evicts',
      `Redis would drop incidents when its memory is full: maxmemory-policy is ${policy}, it must be noeviction. ` +
        'Run: redis-cli CONFIG SET maxmemory-policy noeviction (and set it in redis.conf)',
    )
  if (info.get('aof_enabled') !== '1')
    log.warn(
      'Redis would lose everything since its last snapshot in a crash: appendonly is no. ' +
        'Run: redis-cli CONFIG SET appendonly yes (and set it in redis.conf)',
    )
  else await checkFsync(server, log)
}

async function checkFsync(server: Redis, log: Log): Promise<void> {
  const fsync = await settingOf(server, 'appendfsync')
  if (fsync === 'always') return
  if (fsync === undefined)
    log.warn('It could not be checked how often Redis writes to disk (CONFIG is forbidden): see appendfsync')
  else
    log.warn(
      `Redis could lose the last alerts that were answered in a crash of its machine: appendfsync is ${fsync}. ` +
        'Run: redis-cli CONFIG SET appendfsync always (and set it in redis.conf)',
    )
}

/** A setting's value; undefined where CONFIG is forbidden, as managed Redis services do. */
async function settingOf(server: Redis, name: string): Promise<string | undefined> {
  try {
    const answer = (await server.config('GET', name)) as readonly string[]
    return answer[1]
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined
    throw error
  }
}

function infoOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [left = 0, right = 0] = version.split('.').map(Number)
  return left > major || (left === major && right >= minor)
}
