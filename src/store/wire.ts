// Carries ids of what changed between the processes on one Redis, by its publish and subscribe: quick, and not kept.
import { reasonOf } from '../errors.ts'
import { toIncidentId, toRunId } from '../ids.ts'
import type { IncidentId, RunId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { createBatch } from './batch.ts'
import type { RedisConnection } from './connect.ts'
import { root } from './scripts.ts'

type Id = IncidentId | RunId

export interface RedisWire {
  readonly send: (id: Id) => void
  /** `all` when the connection was away, for what was sent meanwhile is lost. */
  readonly listen: (heard: (id: Id | 'all') => void) => void
}

const channel = `${root}:changes`
/** Ids in one message. */
const batchSize = 500
/** A Cluster says no more than this when the node with the subscription goes. */
const returns = ['ready', '+node', '-node']

/** `process` marks what is sent, so that nobody hears itself. */
export function createWire(
  connection: Pick<RedisConnection, 'redis' | 'open'>,
  ports: { readonly process: string; readonly log: Log },
): RedisWire {
  const { process, log } = ports
  /** The connection itself says when it is lost and when it is back. */
  function missed(thrown: unknown): void {
    log.debug('a change was not told to the other processes', { reason: reasonOf(thrown) })
  }
  const publish = createBatch<Id, unknown>(batchSize, async (ids) => {
    await connection.redis.publish(channel, [process, ...new Set(ids)].join(' '))
    return ids
  })
  return {
    send: (id) => void publish(id).catch(missed),
    listen: (heard) => {
      const ears = connection.open('worker')
      ears.on('message', (_channel: string, message: string) => {
        const [sender, ...ids] = message.split(' ')
        if (sender === process) return
        for (const text of ids) {
          const id = toIncidentId(text) ?? toRunId(text)
          if (id) heard(id)
        }
      })
      const attend = (): void => void ears.subscribe(channel).then(() => heard('all'), missed)
      for (const event of returns) ears.on(event, attend)
    },
  }
}
