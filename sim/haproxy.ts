// A real HAProxy between real API servers, for the demo and the stories: quick checks, a reload on demand, and every command to it recorded.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createConnection } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnBound } from '../src/store/process.ts'
import { freePort } from './free-port.ts'
import { startRecorder } from './haproxy-recorder.ts'
import type { ControlFault } from './haproxy-recorder.ts'

type ApiMood = 'well' | 'sick' | 'slow' | 'holding'

/** One API server: answers its own name on every path. */
export interface ApiServer {
  readonly name: string
  readonly port: number
  /** Requests by now, but for health checks. */
  readonly requests: () => number
  /** Whether it passes its health check. */
  readonly well: () => boolean
  /** sick: fails its health check. slow: answers after 300 ms. holding: answers when it is told something else. */
  readonly become: (how: ApiMood) => void
  readonly stop: () => Promise<void>
}

export interface RealHaproxy {
  /** Where commands are told, through the recorder: `tcp://127.0.0.1:PORT`. */
  readonly control: string
  /** The Unix socket, without the recorder: `unix:/tmp/...`. */
  readonly unix: string
  /** Where clients come in. */
  readonly url: string
  /** Every line of commands that came through the recorder. */
  readonly commands: () => readonly string[]
  /** Those that change something. */
  readonly changing: () => readonly string[]
  readonly fault: (fault: ControlFault | undefined) => void
  /** Tells HAProxy something behind the recorder's back, as a person at its console does. */
  readonly tell: (command: string) => Promise<string>
  /** `main ready, standby maint`. */
  readonly states: () => Promise<string>
  /** Reads the file again, in a new worker: what was set at run time is gone. */
  readonly reload: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface HaproxyOptions {
  /** Rights of the recorded socket. */
  readonly level?: 'admin' | 'operator' | 'user'
  /** More words for the lines of main and standby; standby starts `disabled` when it is left out. */
  readonly main?: string
  readonly standby?: string
  /** How many failed checks make a server down. */
  readonly fall?: number
  /** More lines of the backend. */
  readonly more?: string
}

/** The same two servers as a Data Plane API knows them; what the bot has no word for must survive a change. */
export const dataplaneServers = [
  { name: 'main', address: '192.0.2.31', port: 8080, check: 'enabled', weight: 100, cookie: 'm' },
  { name: 'standby', address: '192.0.2.32', port: 8080, check: 'enabled', maintenance: 'enabled' },
] as const

const program = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/opt/homebrew/sbin/haproxy'].find(
  existsSync,
)

/** Starts an API server on a free port, or on a given one. */
export async function startApi(name: string): Promise<ApiServer> {
  let how: ApiMood = 'well'
  let held: (() => unknown)[] = []
  let requests = 0
  const server: Server = createServer((request, response) => {
    if (request.url === '/health') {
      response.statusCode = how === 'sick' ? 503 : 200
      response.end('ok')
      return
    }
    requests += 1
    const answer = (): unknown => response.end(name)
    if (how === 'holding') held.push(answer)
    else if (how === 'slow') setTimeout(answer, 300)
    else answer()
  })
  // Longer than HAProxy keeps a connection to it, so that it never closes one under a request.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name,
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    well: () => how !== 'sick',
    become: (next) => {
      how = next
      for (const answer of held) answer()
      held = []
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Starts HAProxy in front of two servers, `main` and `standby` of the backend `api`. */
export async function startHaproxy(
  servers: { readonly main: ApiServer; readonly standby: ApiServer },
  options: HaproxyOptions = {},
): Promise<RealHaproxy> {
  const { haproxy, gone, said, dir, admin, front, tcp } = await launchOnFreePorts(servers, options)
  const tell = (command: string): Promise<string> => exchange(admin, command)
  const recorder = await startRecorder(tcp)
  return {
    control: `tcp://127.0.0.1:${recorder.port}`,
    unix: `unix:${admin}`,
    url: `http://127.0.0.1:${front}`,
    commands: recorder.lines,
    changing: () => recorder.lines().filter((line) => !line.startsWith('show ')),
    fault: recorder.fault,
    tell,
    states: async () => statesIn(await tell('show servers state api')),
    reload: async () => {
      const before = pidIn(await tell('show info'))
      const reloads = said().split('Reloading').length
      let toldAt = 0
      await until(
        async () => {
          // The worker answers before its master takes signals: one that comes too early is lost, and told again.
          const taken = said().split('Reloading').length > reloads
          if (!taken && Date.now() - toldAt > 250 && haproxy.kill('SIGUSR2')) toldAt = Date.now()
          const now = pidIn(await tell('show info'))
          return now !== '' && now !== before
        },
        haproxy,
        said,
      )
    },
    stop: async () => {
      await recorder.stop()
      haproxy.kill('SIGTERM')
      await gone
      await rm(dir, { recursive: true, force: true })
    },
  }
}

interface Launched {
  readonly haproxy: ChildProcess
  readonly gone: Promise<string>
  /** What it wrote to its log. */
  readonly said: () => string
  readonly dir: string
  readonly admin: string
  readonly front: number
  readonly tcp: number
}

/** Somebody else may take a port between its choice and HAProxy's start: then others are chosen. */
async function launchOnFreePorts(...what: Parameters<typeof launch>): Promise<Launched> {
  for (let left = 5; ; left -= 1) {
    try {
      return await launch(...what)
    } catch (thrown) {
      if (left === 0 || !/cannot bind/.test(String(thrown))) throw thrown
    }
  }
}

async function launch(
  servers: { readonly main: ApiServer; readonly standby: ApiServer },
  options: HaproxyOptions,
): Promise<Launched> {
  if (program === undefined) throw new Error('haproxy is not installed: sh scripts/setup.sh demo')
  const dir = await mkdtemp(join(tmpdir(), 'dr-haproxy-'))
  const [front, tcp] = await Promise.all([freePort(), freePort()])
  const admin = join(dir, 'admin.sock')
  const file = join(dir, 'haproxy.cfg')
  const { level = 'admin', main = '', standby = 'disabled', fall = 3, more = '' } = options
  await writeFile(
    file,
    `global
  stats socket ipv4@127.0.0.1:${tcp} level ${level}
  stats socket ${admin} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 5s
frontend in
  bind 127.0.0.1:${front}
  default_backend api
backend api
  option httpchk GET /health
  default-server check inter 50ms rise 2 fall ${fall}
  server main 127.0.0.1:${servers.main.port} ${main}
  server standby 127.0.0.1:${servers.standby.port} ${standby}
${more}
`,
  )
  // It ends with this process, even by kill -9: the demo and the tests leave nothing behind.
  const { process: haproxy, gone } = spawnBound([program, '-W', '-db', '-f', file], { err: 'pipe' })
  let text = ''
  haproxy.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const said = (): string => text
  try {
    await until(async () => (await exchange(admin, 'show info')).includes('Pid:'), haproxy, said)
    // HAProxy says DOWN until `rise` checks have passed after a start; without checks it says nothing of the kind.
    const checked = options.main?.includes('no-check') !== true
    if (checked)
      await until(async () => (await exchange(admin, 'show stat api 4 -1')).includes(',L7OK,'), haproxy, said)
  } catch (thrown) {
    await rm(dir, { recursive: true, force: true })
    throw thrown
  }
  return { haproxy, gone, said, dir, admin, front, tcp }
}

function pidIn(info: string): string {
  return /^Pid: (\d+)/m.exec(info)?.[1] ?? ''
}

function statesIn(text: string): string {
  return text
    .split('\n')
    .filter((line) => / api \d/.test(line))
    .map((line) => {
      const [, , , name = '', , , bits = ''] = line.split(' ')
      const state = (Number(bits) & 1) === 1 ? 'maint' : (Number(bits) & 8) === 8 ? 'drain' : 'ready'
      return `${name} ${state}`
    })
    .join(', ')
}

async function exchange(path: string, command: string): Promise<string> {
  const connection = createConnection(path)
  try {
    connection.end(`${command}\n`)
    let text = ''
    for await (const chunk of connection) text += String(chunk)
    return text
  } finally {
    connection.destroy()
  }
}

async function until(done: () => Promise<boolean>, haproxy: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + 15_000
  while (Date.now() < deadline && haproxy.exitCode === null) {
    if (await done().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  haproxy.kill('SIGKILL')
  throw new Error(`haproxy is not as it should be:\n${said()}`)
}
