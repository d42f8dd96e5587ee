// The connection to the Redis of the settings: the one of REDIS_URL, else a private one that is started for it.
import { patiently } from '../deadlines/patiently.ts'
import type { Clock, Log } from '../ports.ts'
import { parseRedisUrl } from './address.ts'
import { connectRedis } from './connect.ts'
import type { RedisConnection } from './connect.ts'
import { startRedis } from './embedded.ts'

/**
 * `url` absent: a private Redis with its data under `dataDir`. What was started is given to `started`, to be stopped
 * in reverse.
 */
export async function openRedis(
  settings: { readonly url: string | undefined; readonly dataDir: string },
  ports: {
    readonly log: Log
    readonly clock: Clock
    readonly started: (stop: () => Promise<unknown>) => void
  },
): Promise<RedisConnection> {
  const { log, clock, started } = ports
  if (settings.url !== undefined) {
    const address = parseRedisUrl(settings.url)
    const connection = await patiently(clock, () => connectRedis(address, { log }))
    started(connection.close)
    return connection
  }
  const server = await startRedis({ dataDir: settings.dataDir, log })
  started(server.stop)
  const connection = await patiently(clock, () => connectRedis(server.address, { log }))
  started(connection.close)
  return connection
}
