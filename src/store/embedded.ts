// A private Redis for a bot that was given none: started with it, stopped with it, its data kept in DATA_DIR.
import { open, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError, reasonOf } from '../errors.ts'
import { spawnRedis } from './process.ts'
import { askServer, socketFor } from './socket.ts'
import type { BoundProcess } from './process.ts'
import type { Duration } from '../ids.ts'
import type { Log } from '../ports.ts'
import type { RedisAddress } from './address.ts'

export interface EmbeddedRedis {
  /** For `connectRedis`. */
  readonly address: RedisAddress
  /** The process id of the server that runs now; undefined while it is being started again. */
  readonly pid: () => number | undefined
  /** Stops the server and resolves when it is gone. Its data stays. */
  readonly stop: () => Promise<void>
}

/** How long a server may take to read its data at the start, in milliseconds. */
const startTimeout: Duration = 60_000
/** How long a server may take to stop; it has written everything already. */
const stopTimeout: Duration = 5_000
/** How long a server found at the start may take to stop, or to lose the connections of a bot that was killed. */
const orphanTimeout: Duration = 3_000
/** Waits between tries to start a server that died, in milliseconds. */
const restartWaits = [0, 100, 500, 1_000, 5_000]
/** A server that ran this long did not die of its start: the waits begin again. */
const soundAfter: Duration = 60_000

/**
 * Starts the machine's redis-server on the data in `dataDir`/redis, reachable through a Unix socket that only this
 * user can open, and starts it again whenever it dies. Throws a UserError when redis-server is not installed, when
 * it cannot start, or when another bot uses the same directory.
 */
export async function startRedis(from: {
  readonly dataDir: string
  readonly log: Log
}): Promise<EmbeddedRedis> {
  const dir = join(resolve(from.dataDir), 'redis')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const socket = await socketFor(dir)
  await stopOrphan(socket, from)
  const place = { dir, socket }
  let server: BoundProcess | undefined = await launch(place)
  const stopping = new AbortController()

  async function keepAlive(): Promise<void> {
    let deaths = 0
    while (server !== undefined) {
      const startedAt = performance.now()
      const how = await server.gone
      server = undefined
      if (stopping.signal.aborted) return
      deaths = performance.now() - startedAt > soundAfter ? 1 : deaths + 1
      from.log.error('the private Redis died, starting it again', {
        how,
        deaths,
        see: join(dir, 'redis.log'),
      })
      server = await relaunch(deaths)
      if (server !== undefined && stopping.signal.aborted) await stopServer(server)
    }
  }

  async function relaunch(deaths: number): Promise<BoundProcess | undefined> {
    for (let tries = deaths; !stopping.signal.aborted; tries += 1) {
      const wait = restartWaits[Math.min(tries, restartWaits.length) - 1]
      try {
        await sleep(wait, undefined, { signal: stopping.signal })
        return await launch(place)
      } catch (error) {
        if (!stopping.signal.aborted)
          from.log.error('the private Redis does not start', { reason: reasonOf(error) })
      }
    }
    return undefined
  }

  const kept = keepAlive()
  return {
    address: { kind: 'server', options: { path: socket }, shown: socket },
    pid: () => server?.process.pid,
    stop: async () => {
      stopping.abort()
      if (server !== undefined) await stopServer(server)
      await kept
    },
  }
}

interface Place {
  readonly dir: string
  readonly socket: string
}

/** A server that somebody kills while it loads its data is started again; killed so often in a row, it is given up. */
const mostKills = 3

async function launch(place: Place, kills = 0): Promise<BoundProcess> {
  const server = spawnRedis(settings(place))
  if (await answers(place, server)) return server
  const killed = server.process.signalCode !== null
  server.process.kill('SIGKILL')
  if (killed && kills + 1 < mostKills) return launch(place, kills + 1)
  throw await notStarted(place, server.process.exitCode)
}

function settings(place: Place): Readonly<Record<string, string>> {
  return {
    port: '0',
    unixsocket: place.socket,
    unixsocketperm: '600',
    dir: place.dir,
    logfile: join(place.dir, 'redis.log'),
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    // Redis looks at timers this often a second; at its default of 10 every bell would ring up to 100 ms late.
    hz: '50',
  }
}

/** Whether it comes to answer in the time that a start may take. */
async function answers(place: Place, server: BoundProcess): Promise<boolean> {
  const deadline = performance.now() + startTimeout
  while (performance.now() < deadline && isRunning(server)) {
    const answer = await askServer(place.socket, 'PING')
    if (answer?.startsWith('+PONG') === true) return true
    await sleep(5)
  }
  return false
}

function isRunning(server: BoundProcess): boolean {
  return server.process.exitCode === null && server.process.signalCode === null
}

async function notStarted(place: Place, exitCode: number | null): Promise<UserError> {
  // 127 is the shell's answer when there is no such program.
  if (exitCode === 127)
    return new UserError(
      'redis-missing',
      'redis-server is not installed: run "apt-get install redis-server" (or your system\'s equivalent), ' +
        'or set REDIS_URL to a Redis that runs already',
    )
  const log = join(place.dir, 'redis.log')
  return new UserError(
    'redis-start',
    `the private Redis could not start (${await lastLine(log)}). See ${log}; set DATA_DIR to a writable directory, or REDIS_URL`,
  )
}

async function lastLine(path: string): Promise<string> {
  try {
    const file = await open(path)
    try {
      const lines = (await file.readFile('utf8')).trimEnd().split('\n')
      return lines.at(-1) ?? 'its log is empty'
    } finally {
      await file.close()
    }
  } catch (error) {
    return reasonOf(error)
  }
}

async function stopServer(server: BoundProcess): Promise<void> {
  server.process.kill('SIGTERM')
  const late = setTimeout(() => server.process.kill('SIGKILL'), stopTimeout)
  await server.gone
  clearTimeout(late)
}

/** Stops a server that outlived its bot. One with clients belongs to a bot that lives. */
async function stopOrphan(
  socket: string,
  from: { readonly dataDir: string; readonly log: Log },
): Promise<void> {
  const deadline = performance.now() + orphanTimeout
  for (let clients = await clientsOf(socket); clients !== undefined; clients = await clientsOf(socket)) {
    if (performance.now() > deadline)
      throw new UserError(
        'data-dir-in-use',
        `another bot uses ${resolve(from.dataDir)}: stop it, or set DATA_DIR to another directory`,
      )
    if (clients === 0) {
      from.log.warn('stopping a private Redis that outlived its bot', { socket })
      await askServer(socket, 'SHUTDOWN')
    }
    await sleep(50)
  }
}

/** How many others are connected; undefined when no server answers. */
async function clientsOf(socket: string): Promise<number | undefined> {
  const answer = await askServer(socket, 'CLIENT LIST TYPE normal')
  if (answer === undefined) return undefined
  // While it reads its data it answers with an error: nobody can use it yet.
  return answer.startsWith('-') ? 0 : answer.split('\n').filter((line) => line.startsWith('id=')).length - 1
}
