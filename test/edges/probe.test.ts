// The probe from outside: the given server, the right host name, the right certificate, and nothing else.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createProbe } from '../../src/providers/probe.ts'
import type { Facts, Progress } from '../../src/ports.ts'
import type { ProbeAction } from '../../src/recovery/action.ts'

const calm = new AbortController().signal
const servers: Server[] = []
const ca = fixture('ca.pem')

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
}

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function http(answer: RequestListener): Promise<number> {
  return listen(createServer(answer))
}

function https(answer: RequestListener): Promise<number> {
  return listen(createTlsServer({ key: fixture('key.pem'), cert: fixture('cert.pem') }, answer))
}

function actionAt(port: number, more: Partial<ProbeAction> = {}): ProbeAction {
  const url = 'http://api.example.com/health'
  return { provider: 'probe', url, resolve: '127.0.0.1', port, timeout: 2_000, ...more }
}

const ok: RequestListener = (_request, response) => response.end('ok')

async function look(action: ProbeAction, trusted: string | undefined = ca): Promise<Facts> {
  return createProbe(trusted === undefined ? {} : { ca: trusted }).observe(action, calm)
}

async function check(action: ProbeAction): Promise<Progress> {
  return createProbe().check(action, { id: 'R-1-s3' }, 0, calm)
}

test('asks the given server for the name of the URL, whatever DNS says', async () => {
  const asked: (string | undefined)[] = []
  const port = await http((request, response) => {
    asked.push(request.method, request.headers.host, request.url)
    response.end('ok')
  })

  const facts = await look(actionAt(port, { url: 'http://api.example.com:8080/health?deep=1' }))

  expect(facts).toEqual({ ok: true, reason: 'answered 200' })
  expect(asked).toEqual(['GET', 'api.example.com:8080', '/health?deep=1'])
})

test('says who answered what, and how fast', async () => {
  const port = await http(ok)

  expect(await check(actionAt(port))).toEqual({
    state: 'done',
    note: expect.stringMatching(
      new RegExp(`^127\\.0\\.0\\.1:${port} answered 200 on /health for api\\.example\\.com in \\d+ ms$`),
    ),
  })
})

test('holds the certificate against the host name of the URL', async () => {
  const port = await https(ok)

  expect(await look(actionAt(port, { url: 'https://api.example.com/health' }))).toEqual({
    ok: true,
    reason: 'answered 200',
  })
  expect(await look(actionAt(port, { url: 'https://www.example.com/health' }))).toEqual({
    ok: false,
    reason: 'shows a certificate for another host name',
  })
  expect(await look(actionAt(port, { url: 'https://127.0.0.1/health' }))).toEqual({
    ok: false,
    reason: 'shows a certificate for another host name',
  })
})

test('does not trust a certificate that nobody vouches for', async () => {
  const port = await https(ok)
  const facts = await createProbe().observe(actionAt(port, { url: 'https://api.example.com/' }), calm)

  expect(facts).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^failed with .*(ISSUER|SELF_SIGNED|VERIFY)/),
  })
})

test('asks for the host name in the TLS handshake', async () => {
  const names: unknown[] = []
  const server = createTlsServer({ key: fixture('key.pem'), cert: fixture('cert.pem') }, ok)
  server.on('secureConnection', (socket) => names.push(socket.servername))
  const port = await listen(server)

  await look(actionAt(port, { url: 'https://api.example.com/health' }))

  expect(names).toEqual(['api.example.com'])
})

test('follows no redirect', async () => {
  const port = await http((_request, response) => {
    response.writeHead(302, { location: '/elsewhere' })
    response.end()
  })

  expect(await look(actionAt(port))).toEqual({ ok: false, reason: 'answered 302' })
  expect(await look(actionAt(port, { status: 302 }))).toEqual({ ok: true, reason: 'answered 302' })
})

test('wants the text in the first 64 KiB of the body', async () => {
  const padding = 'x'.repeat(64 * 1024 - 5)
  const early = await http((_request, response) => response.end(`${padding}ready`))
  const late = await http((_request, response) => response.end(`${padding}.ready`))

  expect(await look(actionAt(early, { contains: 'ready' }))).toMatchObject({ ok: true })
  expect(await look(actionAt(late, { contains: 'ready' }))).toEqual({
    ok: false,
    reason: 'answered 200 without the wanted text',
  })
})

test('does not read a body that never ends', async () => {
  const port = await http((_request, response) => {
    const pour = (): void => {
      while (response.write('x'.repeat(16_384))) continue
    }
    response.on('drain', pour)
    pour()
  })

  expect(await look(actionAt(port, { contains: 'ready' }))).toEqual({
    ok: false,
    reason: 'answered 200 without the wanted text',
  })
})

test('gives a body that stops in the middle no more time than the whole', async () => {
  const port = await http((_request, response) => {
    response.write('rea')
  })

  expect(await look(actionAt(port, { contains: 'ready', timeout: 200 }))).toEqual({
    ok: false,
    reason: 'gave no answer within 0.2s',
  })
})

test('says where nothing listens, what was wanted, and what to do', async () => {
  const port = await http(ok)
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')))

  expect(await check(actionAt(port, { status: 204 }))).toEqual({
    state: 'failed',
    reason: `127.0.0.1:${port} refused the connection on /health for api.example.com; wanted 204.`,
    advice: `Look at the service on 127.0.0.1:${port}, or choose another target; then try again.`,
  })
})

test.each(['ftp://api.example.com/', 'not a url', 'https://ann:secret-word@api.example.com/'])(
  'refuses to ask %s, and shows no password',
  async (url) => {
    const thrown: unknown = await look(actionAt(1, { url })).catch((error: unknown) => error)

    expect(thrown).toMatchObject({ name: 'UserError', code: 'probe-url' })
    expect(String(thrown)).not.toContain('secret-word')
  },
)
