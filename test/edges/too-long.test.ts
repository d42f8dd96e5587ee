// What answers with a hundred megabytes in a provider's place is not read to its end, whichever provider it is.
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { selfSigned } from '../../sim/azure/certificate.ts'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems, type AzureSystems } from '../../src/providers/azure/systems.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'
import { createNagiosCommands } from '../../src/providers/nagios-commands.ts'
import { standingClock } from '../contracts/provider.ts'

const calm = new AbortController().signal
const clock = standingClock()
const mega = 1024 * 1024
const chunk = Buffer.alloc(mega / 4, '{"name":"a very long list"},')
/** The limit, and what the two sockets may hold on their way. Bytes. */
const most = 24 * mega
type Readers = AzureSystems['readers']
const sockets = new Set<Socket>()
let status: number

/** Answers with 100 MB, as fast as they are taken. */
function flood(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  sockets.add(request.socket)
  response.on('error', () => {})
  response.writeHead(status, { 'content-type': 'application/json' })
  response.write('{"value":[')
  let left = 400
  const go = (): void => {
    while (left > 0) {
      left -= 1
      if (!response.write(chunk)) return void response.once('drain', go)
    }
    response.end('{}]}')
  }
  go()
}

const { cert, key } = selfSigned()
const plain = createHttpServer(flood)
const secure = createHttpsServer({ cert, key }, flood)

beforeAll(async () => {
  setDefaultCACertificates([...getCACertificates('default'), cert])
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
})
beforeEach(() => {
  sockets.clear()
  status = 200
})
afterAll(() => {
  for (const server of [plain, secure]) {
    server.closeAllConnections()
    server.close()
  }
})

function at(server: typeof plain | typeof secure): string {
  const { port } = server.address() as AddressInfo
  return server === secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
}

/** The message; what was sent until then is bounded, on however many connections it was asked. */
async function told(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => 'it did not fail',
    (reason: unknown) => reason,
  )
  const sent = [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0)
  expect(sent).toBeGreaterThan(8 * mega)
  expect(sent).toBeLessThan(most * sockets.size)
  if (thrown instanceof RetryableError || thrown instanceof UserError) return thrown.message
  throw new Error('it failed otherwise', { cause: thrown })
}

function azure(credential: 'none' | 'client-secret' = 'none'): Readers {
  const url = at(secure)
  const access = createAzure({
    subscription: '00000000-0000-0000-0000-000000000001',
    credential,
    tenant: '00000000-0000-0000-0000-000000000002',
    client: '00000000-0000-0000-0000-000000000003',
    secret: 'a-secret-for-tests',
    endpoint: url,
    authority: url,
    queueEndpoint: `${url}/{account}`,
    timeout: 20_000,
  })
  return createAzureSystems(access, { clock }).readers
}

const group = { resourceGroup: 'dr-rg' }
const sql = { ...group, server: 'sql-west' }
const looks: readonly (readonly [string, (from: Readers) => Promise<unknown>])[] = [
  ['a scale set', ({ workers }) => workers.pool({ ...group, vmss: 'workers-vmss' }, calm)],
  ['autoscale settings', ({ workers }) => workers.autoscale({ ...group, vmss: 'workers-vmss' }, calm)],
  ['queues', ({ workers }) => workers.queues('examplewest', ['orders', 'mails'], calm)],
  ['a database server', (from) => from.sql.server(sql, calm)],
  ['databases', (from) => from.sql.databases(sql, calm)],
  ['a storage account', ({ storage }) => storage.account({ ...group, account: 'examplewest' }, calm)],
  ['a setting', ({ storage }) => storage.setting({ store: at(secure), key: 'storage' }, calm)],
  ['a secret', ({ storage }) => storage.secret({ vault: at(secure), secret: 'storage' }, calm)],
  ['a standby zone', ({ standbyDns }) => standbyDns.zone({ ...group, zone: 'example.com' }, calm)],
  ['rights', ({ rights }) => rights.granted(group, calm)],
]

test.each(looks)('at Azure, a look at %s', async (_what, look) => {
  expect(await told(look(azure()))).toMatch(
    /^Azure could not .*: it answered with more than 8 MB, which is not of its API's form\.$/,
  )
})

test('at Azure, also an answer that refuses', async () => {
  status = 403

  expect(await told(azure().sql.server(sql, calm))).toContain('it answered with more than 8 MB')
})

test('at Entra ID, which is asked for a token', async () => {
  expect(await told(azure('client-secret').sql.server(sql, calm))).toContain(
    'Entra ID, which gives the token, could not be reached',
  )
})

test('at Cloudflare', async () => {
  const dns = createCloudflareDns({ token: 'a-token-for-tests', baseUrl: at(plain), timeout: 20_000, clock })

  expect(await told(dns.zone('example.com', calm))).toMatch(
    /^Cloudflare could not .*: it answered with more than 8 MB, which is not of its API's form\.$/,
  )
  status = 403
  expect(await told(dns.zone('example.com', calm))).toContain('403')
})

test('at the Data Plane API', async () => {
  const haproxy = createHaproxy({ clock, timeout: 20_000, user: 'dr-bot', password: 'pass-77c1' })
  const want = { backend: 'api', server: 'standby', before: 'maint', after: 'ready' } as const
  const action = { provider: 'haproxy-server', control: at(plain), ...want } as const

  expect(await told(haproxy['haproxy-server'].observe(action, calm))).toContain(
    'answered with more than 8 MB',
  )
})

test("at Nagios' web server", async () => {
  const nagios = createNagiosCommands({ url: at(plain), user: 'dr-bot', password: 'pass-77c1' })

  expect(await told(nagios.acknowledge({ host: 'lb1' }, 'Ann', 'I have it', calm))).toContain(
    'is not Nagios: it answered with more than 8 MB',
  )
})
