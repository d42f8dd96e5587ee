// A private Redis for tests: on a Unix socket in a directory of its own, killed and started again at will.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnRedis } from '../../src/store/process.ts'
import { connectRedis } from '../../src/store/connect.ts'
import type { Log } from '../../src/ports.ts'
import type { RedisAddress } from '../../src/store/address.ts'
import type { RedisConnection } from '../../src/store/connect.ts'
import type { BoundProcess } from '../../src/store/process.ts'

export interface TestRedis {
  readonly address: RedisAddress
  readonly socket: string
  /** A connection as the bot has it; closed by `stop`. */
  readonly connect: (log?: Log) => Promise<RedisConnection>
  /** Removes all keys: between tests. */
  readonly flush: () => Promise<void>
  /** Sends one command, as redis-cli would, and gives the raw answer. */
  readonly command: (text: string) => Promise<string>
  readonly kill9: () => Promise<void>
  /** Stops the process without ending it: it takes commands and does not answer. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Starts it again on the same files. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** A log that keeps nothing. */
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Starts a redis-server; `config` adds to or replaces settings. Start one per test file and `stop` it. */
export async function startTestRedis(config: Readonly<Record<string, string>> = {}): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-redis-'))
  const socket = join(dir, 'redis.sock')
  const settings = {
    port: '0',
    bind: '127.0.0.1',
    unixsocket: socket,
    dir,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    loglevel: 'warning',
    ...config,
  }
  const connections: RedisConnection[] = []
  let server = await launch(settings)
  const address: RedisAddress = { kind: 'server', options: { path: settings.unixsocket }, shown: 'test' }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    server.process.kill(signal)
    await server.gone
  }
  return {
    address,
    socket,
    connect: async (log = silent) => {
      const connection = await connectRedis(address, { log })
      connections.push(connection)
      return connection
    },
    flush: async () => {
      await askRedis(socket, 'FLUSHALL')
    },
    command: (text) => askRedis(socket, text),
    kill9: () => kill('SIGKILL'),
    freeze: () => void server.process.kill('SIGSTOP'),
    thaw: () => void server.process.kill('SIGCONT'),
    restart: async () => {
      await kill('SIGKILL')
      server = await launch(settings)
    },
    stop: async () => {
      await Promise.all(connections.map((connection) => connection.close()))
      await kill('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function launch(
  settings: Readonly<Record<string, string>> & { readonly unixsocket: string },
): Promise<BoundProcess> {
  let server = spawnRedis(settings)
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const answer = await askRedis(settings.unixsocket, 'PING').catch(() => '')
    if (answer.startsWith('+PONG')) return server
    await sleep(5)
    // Its port was free a moment ago: whoever took it meanwhile may be gone soon.
    if (server.process.exitCode !== null) server = spawnRedis(settings)
  }
  server.process.kill('SIGKILL')
  throw new Error('redis-server did not start within 10 s')
}

/** Sends one command over a connection of its own and returns the raw answer. */
async function askRedis(socket: string, command: string): Promise<string> {
  const connection = connect(socket)
  try {
    connection.write(`${command}\r\n`)
    const [answer] = (await once(connection, 'data')) as [Buffer]
    return answer.toString()
  } finally {
    connection.destroy()
  }
}
