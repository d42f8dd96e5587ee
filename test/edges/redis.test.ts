// Reaching Redis: the private one that lives and dies with the bot, the addresses it may have, the checks at the start.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import { parseRedisUrl } from '../../src/store/address.ts'
import { connectRedis } from '../../src/store/connect.ts'
import { startRedis } from '../../src/store/embedded.ts'
import { createStore } from '../../src/store/redis.ts'
import { alert } from '../contracts/store-samples.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import type { Log } from '../../src/ports.ts'
import type { RedisAddress } from '../../src/store/address.ts'
import type { EmbeddedRedis } from '../../src/store/embedded.ts'

const soon = { timeout: 10_000, interval: 10 }

let dataDir: string
let started: EmbeddedRedis[]
let logged: string[]
const log: Log = {
  debug: () => {},
  info: (message) => logged.push(`info ${message}`),
  warn: (message) => logged.push(`warn ${message}`),
  error: (message) => logged.push(`error ${message}`),
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'dr-data-'))
  started = []
  logged = []
})
afterEach(async () => {
  await Promise.all(started.map((redis) => redis.stop()))
  vi.unstubAllEnvs()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(dir = dataDir): Promise<EmbeddedRedis> {
  const redis = await startRedis({ dataDir: dir, log })
  started.push(redis)
  return redis
}

function alive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Accepts an alert and gives back what waits. */
async function acceptOn(address: RedisAddress, number: number): Promise<readonly string[]> {
  const connection = await connectRedis(address, { log: silent })
  try {
    const store = createStore({ redis: connection.redis })
    await store.accept([alert(number)])
    return (await store.untriaged(100)).map(({ id }) => id)
  } finally {
    await connection.close()
  }
}

function pathOf(redis: EmbeddedRedis): string {
  return redis.address.kind === 'cluster' ? '' : (redis.address.options.path ?? '')
}

/** A process that starts the private Redis and then does nothing; resolves with Redis' process id. */
async function startBot(): Promise<{ readonly bot: ReturnType<typeof spawn>; readonly redisPid: number }> {
  const module = new URL('../../src/store/embedded.ts', import.meta.url).href
  const code = `
    const { startRedis } = await import(${JSON.stringify(module)})
    const none = () => {}
    const log = { debug: none, info: none, warn: none, error: none }
    const redis = await startRedis({ dataDir: ${JSON.stringify(dataDir)}, log })
    console.log(redis.pid())`
  const bot = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (bot.stdout === null) throw new Error('no output')
  const [line] = (await once(bot.stdout, 'data')) as [Buffer]
  return { bot, redisPid: Number(line.toString()) }
}

describe('the private Redis', () => {
  test('keeps its data over a stop, and leaves no process behind', async () => {
    const first = await start()
    const pid = first.pid()
    await acceptOn(first.address, 1)
    await first.stop()
    expect(alive(pid)).toBe(false)

    const second = await start()

    expect(await acceptOn(second.address, 2)).toEqual([alert(1).id, alert(2).id])
  })

  test('writes every change to disk before it answers, evicts nothing and listens on no port', async () => {
    const redis = await start()

    const connection = await connectRedis(redis.address, { log })
    const settings = await Promise.all(
      ['appendonly', 'appendfsync', 'maxmemory-policy', 'port'].map((name) =>
        connection.redis.config('GET', name),
      ),
    )
    await connection.close()

    expect(settings.map((setting) => setting[1])).toEqual(['yes', 'always', 'noeviction', '0'])
    expect(logged).toEqual([])
  })

  test('nobody else on the machine can reach it', async () => {
    const redis = await start()

    const directory = await stat(dirname(pathOf(redis)))
    const socket = await stat(pathOf(redis))

    expect(directory.mode & 0o777).toBe(0o700)
    expect(socket.mode & 0o777).toBe(0o600)
  })

  test('is started again at once when it dies, and that is reported', async () => {
    const redis = await start()
    const pid = redis.pid() ?? 0
    const connection = await connectRedis(redis.address, { log: silent })
    const store = createStore({ redis: connection.redis })
    await store.accept([alert(1)])

    process.kill(pid, 'SIGKILL')

    await vi.waitFor(() => expect(redis.pid() ?? pid).not.toBe(pid), soon)
    await vi.waitFor(() => store.ping(), soon)
    expect(await store.untriaged(10)).toEqual([alert(1)])
    expect(logged).toEqual(['error the private Redis died, starting it again'])
    await connection.close()
  })

  test('goes when its bot is killed with kill -9, and the next bot finds the data', async () => {
    const { bot, redisPid } = await startBot()
    expect(alive(redisPid)).toBe(true)

    bot.kill('SIGKILL')
    const next = await start()

    await vi.waitFor(() => expect(alive(redisPid)).toBe(false), soon)
    expect(await acceptOn(next.address, 1)).toEqual([alert(1).id])
  })

  test('a Redis that outlived its bot all the same is stopped, and its data is taken over', async () => {
    const dir = join(dataDir, 'redis')
    await mkdir(dir, { recursive: true })
    const orphan = await startTestRedis({ dir, unixsocket: join(dir, 'redis.sock') })
    const left: RedisAddress = {
      kind: 'server',
      options: { path: join(dir, 'redis.sock') },
      shown: 'orphan',
    }
    await acceptOn(left, 1)

    const next = await start()

    expect(await acceptOn(next.address, 2)).toEqual([alert(1).id, alert(2).id])
    expect(logged).toContain('warn stopping a private Redis that outlived its bot')
    await orphan.stop()
  })

  test('a second bot on the same directory is refused and told what to do', async () => {
    const first = await start()
    const connection = await connectRedis(first.address, { log: silent })

    await expect(start()).rejects.toMatchObject({
      name: 'UserError',
      code: 'data-dir-in-use',
      message: expect.stringContaining('set DATA_DIR') as string,
    })

    await connection.redis.ping()
    await connection.close()
  })

  test('works in a directory whose path is too long for a socket', async () => {
    const long = join(dataDir, 'x'.repeat(120))

    const redis = await start(long)

    expect(Buffer.byteLength(pathOf(redis))).toBeLessThan(104)
    expect((await stat(dirname(pathOf(redis)))).mode & 0o777).toBe(0o700)
    expect(await acceptOn(redis.address, 1)).toEqual([alert(1).id])
    await redis.stop()
    await rm(dirname(pathOf(redis)), { recursive: true })
  })

  test.each([
    [2, 'is started again'],
    [3, 'is given up, with the log to look at'],
  ])('a server that is killed %i times while it starts %s', async (kills) => {
    const bin = join(dataDir, 'bin')
    await mkdir(bin)
    const real = execFileSync('sh', ['-c', 'command -v redis-server']).toString().trim()
    const counted = `echo >>${bin}/starts; [ "$(wc -l <${bin}/starts)" -gt ${kills} ] || kill -9 $$`
    await writeFile(join(bin, 'redis-server'), `#!/bin/sh\n${counted}\nexec ${real} "$@"\n`, { mode: 0o755 })
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)

    if (kills < 3) expect(await acceptOn((await start()).address, 1)).toHaveLength(1)
    else await expect(start()).rejects.toMatchObject({ code: 'redis-start' })
  })

  test('data that cannot be read is not thrown away: the start fails and names the log', async () => {
    const first = await start()
    await acceptOn(first.address, 1)
    await first.stop()
    const manifest = join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.manifest')
    await rm(manifest)
    await mkdir(manifest)

    await expect(start()).rejects.toMatchObject({
      code: 'redis-start',
      message: expect.stringContaining('redis.log') as string,
    })
    await chmod(manifest, 0o700)
  })
})

describe('REDIS_URL', () => {
  test.each([
    ['redis://192.0.2.1', { kind: 'server', options: { host: '192.0.2.1', port: 6379, db: 0 } }],
    [
      'redis://ann:p%40ss%3A@redis.example.com:6380/2',
      { options: { host: 'redis.example.com', port: 6380, db: 2, username: 'ann', password: 'p@ss:' } },
    ],
    [
      'rediss://:secret@[2001:db8::1]:6379',
      { options: { host: '2001:db8::1', tls: {}, password: 'secret' } },
    ],
    [
      'redis+sentinel://:secret@192.0.2.1:26379,192.0.2.2/mymaster/3?sentinelPassword=other',
      {
        kind: 'sentinel',
        options: {
          name: 'mymaster',
          db: 3,
          password: 'secret',
          sentinelPassword: 'other',
          sentinels: [
            { host: '192.0.2.1', port: 26379 },
            { host: '192.0.2.2', port: 26379 },
          ],
        },
      },
    ],
    [
      'redis+cluster://192.0.2.1:7000,192.0.2.2:7001',
      {
        kind: 'cluster',
        nodes: [
          { host: '192.0.2.1', port: 7000 },
          { host: '192.0.2.2', port: 7001 },
        ],
      },
    ],
  ])('%s is understood', (url, expected) => {
    const address = parseRedisUrl(url)

    expect(address).toMatchObject(expected)
    expect(address.shown).not.toMatch(/secret|other|p@ss|p%40ss|ann/)
  })

  test.each([
    'http://user:hunter2@192.0.2.1',
    'redis://:hunter2@192.0.2.1:99999',
    'redis://:hunter2@192.0.2.1,192.0.2.2',
    'redis://:hunter2@192.0.2.1/first',
    'redis+sentinel://:hunter2@192.0.2.1',
    'redis+cluster://:hunter2@192.0.2.1/3',
    'redis://:hunter2%@192.0.2.1',
  ])('%s is refused without repeating the password', (url) => {
    let message = ''
    try {
      parseRedisUrl(url)
    } catch (error) {
      message = reasonOf(error)
    }

    expect(message).toMatch(/^REDIS_URL/)
    expect(message).not.toContain('hunter2')
  })
})

describe('a connection', () => {
  test('that the library gave up for good begins again, for nobody here has asked for its end', async () => {
    const redis = await startTestRedis()
    try {
      const { redis: client } = await redis.connect()
      client.disconnect()
      await vi.waitUntil(() => client.status === 'end', soon)

      await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'), soon)
    } finally {
      await redis.stop()
    }
  })

  test('gives up a command that a Redis which hangs does not answer', async () => {
    const redis = await startTestRedis()
    try {
      const { redis: client } = await redis.connect()
      redis.freeze()

      await expect(client.ping()).rejects.toThrow('Command timed out')
    } finally {
      redis.thaw()
      await redis.stop()
    }
  })

  test('takes an answer that is there, however late this process is given the time to read it', async () => {
    const redis = await startTestRedis()
    try {
      const { redis: client } = await redis.connect()
      const answers = Promise.all([client.ping(), client.multi().ping().exec()])
      // Written by now; then a busy machine runs others, for longer than a command may take.
      await new Promise(setImmediate)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000)

      expect(await answers).toEqual(['PONG', [[null, 'PONG']]])
    } finally {
      await redis.stop()
    }
  })

  test('that was closed stays closed', async () => {
    const redis = await startTestRedis()
    try {
      const connection = await redis.connect()
      await connection.close()
      const begun = vi.fn<() => void>()
      connection.redis.on('connecting', begun)

      await vi.waitFor(async () => expect(await redis.command('CLIENT LIST')).not.toContain('dr-bot'), soon)
      expect(connection.redis.status).toBe('end')
      expect(begun).not.toHaveBeenCalled()
    } finally {
      await redis.stop()
    }
  })
})

describe('the checks at the start', () => {
  test.each([
    [{ appendonly: 'no' }, 'CONFIG SET appendonly yes'],
    [{ appendfsync: 'everysec' }, 'CONFIG SET appendfsync always'],
  ])('a Redis with %o is used, with a warning that names the remedy', async (settings, remedy) => {
    const server = await startTestRedis(settings)
    try {
      await (await server.connect(log)).redis.ping()
    } finally {
      await server.stop()
    }

    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(/^warn /)
    expect(logged[0]).toContain(remedy)
  })

  test('a Redis that may evict keys is refused with the remedy', async () => {
    const server = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' })
    try {
      await expect(server.connect(log)).rejects.toMatchObject({
        name: 'UserError',
        code: 'redis-evicts',
        message: expect.stringContaining('CONFIG SET maxmemory-policy noeviction') as string,
      })
    } finally {
      await server.stop()
    }
  })

  test('a Redis that forbids CONFIG is used, with a warning that it could not be checked', async () => {
    const server = await startTestRedis()
    try {
      await server.command('ACL SETUSER default -config')
      await (await server.connect(log)).redis.ping()
    } finally {
      await server.stop()
    }

    expect(logged).toEqual([expect.stringMatching(/^warn .*could not be checked.*appendfsync/)])
  })

  test('a wrong password is refused at once, and no password is shown', async () => {
    const server = await startTestRedis()
    try {
      await server.command('CONFIG SET requirepass right')
      const address: RedisAddress = {
        kind: 'server',
        options: { path: server.socket, password: 'hunter2' },
        shown: 'redis://192.0.2.1',
      }
      const refusal = await connectRedis(address, { log }).then(() => 'connected', reasonOf)

      expect(refusal).toContain('check the password in REDIS_URL')
      expect(`${refusal} ${logged.join()}`).not.toContain('hunter2')
    } finally {
      await server.stop()
    }
  })
})
