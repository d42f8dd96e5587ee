// A Redis Cluster and a master watched by Sentinels: the same store and queue work there, and a failover loses nothing.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'
import { freePort } from '../../sim/free-port.ts'
import { createQueue } from '../../src/queue/bullmq.ts'
import { parseRedisUrl } from '../../src/store/address.ts'
import { connectRedis } from '../../src/store/connect.ts'
import { createStore } from '../../src/store/redis.ts'
import { alert, incident, noon, writing } from '../contracts/store-samples.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import type { Clock } from '../../src/ports.ts'
import type { RedisConnection } from '../../src/store/connect.ts'
import type { TestRedis } from '../servers/redis.ts'

const patient = { timeout: 60_000, interval: 100 }
const clock: Clock = {
  now: () => Date.now(),
  real: (duration) => duration,
  after: () => {
    throw new Error('the queue sets no timer')
  },
}

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function startServer(settings: Readonly<Record<string, string>>): Promise<TestRedis> {
  const server = await startTestRedis({ bind: '127.0.0.1', ...settings })
  cleanups.push(() => server.stop())
  return server
}

async function connect(url: string): Promise<RedisConnection> {
  const connection = await connectRedis(parseRedisUrl(url), { log: silent })
  cleanups.push(() => connection.close())
  return connection
}

/** Every kind of write and read once. */
async function useStore(connection: RedisConnection): Promise<void> {
  const store = createStore({ redis: connection.redis })
  await store.ping()
  await store.accept([alert(1), alert(2)])
  const committed = await store.commit({
    ...writing(incident('INC-1'), 0, noon),
    claims: [{ name: 'system:lb', from: '', to: 'INC-1' }],
    effects: [{ key: 'INC-1-card-console', body: { kind: 'card', incident: 'INC-1', chat: 'console' } }],
    triaged: [alert(1).id],
  })
  expect(committed).toBe('committed')
  expect(await store.incidents({ open: true, limit: 5 })).toEqual([incident('INC-1')])
  expect(await store.untriaged(5)).toEqual([alert(2)])
  expect(await store.due(noon, 5)).toHaveLength(1)
  await store.effectLater('INC-1-card-console', noon)
  expect(await store.lend(noon, 5)).toHaveLength(1)
  expect(await store.take('INC-1-card-console')).toMatchObject({ tried: 1 })
  expect(await store.effectDone('INC-1-card-console')).toBe('done')
  expect(await store.nextNumber('INC')).toBe(1)
}

test('on a Cluster of three nodes the store commits and bells ring', async () => {
  const ports: number[] = []
  for (let node = 0; node < 3; node += 1) {
    const port = await freePort()
    ports.push(port)
    await startServer({
      port: String(port),
      'cluster-enabled': 'yes',
      'cluster-port': String(await freePort()),
      'cluster-node-timeout': '2000',
    })
  }
  const nodes = ports.map((port) => `127.0.0.1:${port}`)
  const create = spawn('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes'], { stdio: 'ignore' })
  expect(await once(create, 'exit')).toEqual([0, null])

  const connection = await connect(`redis+cluster://${nodes.join(',')}`)
  await useStore(connection)
  const queue = createQueue(connection, { clock, log: silent })
  cleanups.push(() => queue.close())
  const rung: string[] = []
  queue.bells.onRing((id) => {
    rung.push(id)
    return Promise.resolve()
  })
  await Promise.all([queue.bells.set('INC-1', Date.now() + 300), queue.bells.set('INC-2', Date.now() + 200)])

  await vi.waitFor(() => expect(rung).toEqual(['INC-2', 'INC-1']), patient)
})

test('when the master dies, Sentinel names another, and alerts and bells are still there', async () => {
  const master = await startServer({ port: String(await freePort()), 'repl-diskless-sync-delay': '0' })
  const masterPort = await portOf(master)
  const replica = await startServer({
    port: String(await freePort()),
    replicaof: `127.0.0.1 ${masterPort}`,
  })
  const linked = async () => {
    expect(await replica.command('INFO replication')).toContain('master_link_status:up')
    expect(await replica.command('INFO replication')).toContain('master_sync_in_progress:0')
  }
  await vi.waitFor(linked, patient)
  const sentinelPort = await startSentinel(masterPort)
  const connection = await connect(`redis+sentinel://127.0.0.1:${sentinelPort}/drmaster`)
  const store = createStore({ redis: connection.redis })
  const queue = createQueue(connection, { clock, log: silent })
  cleanups.push(() => queue.close())
  const rung: string[] = []
  queue.bells.onRing((id) => {
    rung.push(id)
    return Promise.resolve()
  })
  await store.accept([alert(1)])
  await queue.bells.set('INC-1', Date.now() + 3_000)
  const offset = /master_repl_offset:(\d+)/
  await vi.waitFor(async () => {
    const ours = offset.exec(await master.command('INFO replication'))?.[1]
    expect(offset.exec(await replica.command('INFO replication'))?.[1]).toBe(ours)
  }, patient)

  await master.kill9()

  await vi.waitFor(() => store.ping(), patient)
  expect(await store.untriaged(5)).toEqual([alert(1)])
  expect(await store.accept([alert(1), alert(2)])).toMatchObject([{ fresh: false }, { fresh: true }])
  await vi.waitFor(() => expect(rung).toEqual(['INC-1']), patient)
})

async function portOf(server: TestRedis): Promise<string> {
  const port = /tcp_port:(\d+)/.exec(await server.command('INFO server'))?.[1]
  if (port === undefined) throw new Error('the server has no port')
  return port
}

/** One Sentinel that watches the master and decides alone. */
async function startSentinel(masterPort: string): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-sentinel-'))
  const port = await freePort()
  const file = join(dir, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor drmaster 127.0.0.1 ${masterPort} 1`,
    'sentinel down-after-milliseconds drmaster 1000',
    'sentinel failover-timeout drmaster 5000',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  cleanups.push(async () => {
    const gone = once(sentinel, 'exit')
    sentinel.kill('SIGKILL')
    await gone
    await rm(dir, { recursive: true, force: true })
  })
  // Until it has found the replica it could promote nobody.
  const client = new Redis({ port, host: '127.0.0.1' })
  client.on('error', () => {})
  cleanups.push(() => Promise.resolve(client.disconnect()))
  await vi.waitFor(async () => {
    expect(await client.call('SENTINEL', 'replicas', 'drmaster')).toHaveLength(1)
  }, patient)
  return port
}
