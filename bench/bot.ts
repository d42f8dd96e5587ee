// The bot under measurement: its own program, embedded Redis and the example plan, in an empty directory.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Incident } from '../src/incident/incident.ts'
import { askServer } from '../src/store/socket.ts'
import { createSigner } from '../src/web/session.ts'
import { freePort } from '../sim/free-port.ts'
import { start } from './process.ts'
import type { Running } from './process.ts'
import { requestOf } from './traffic.ts'
import type { Door, Subject } from './traffic.ts'

export interface Bot extends Running {
  readonly door: Door
  /** The socket of its Redis. */
  readonly socket: string
  /** What Redis says of itself under INFO. */
  readonly redis: (field: string) => Promise<number>
  /** Sends one alert and resolves when it was answered 202. */
  readonly alert: (subject: Subject) => Promise<void>
  /** Says a command as a person of the plan and resolves with the answer's status. */
  readonly say: (text: string, person?: string) => Promise<string>
  /** The same, and the run that the answer is about. */
  readonly answer: (
    text: string,
    person?: string,
  ) => Promise<{ readonly status: string; readonly run?: string; readonly data?: unknown }>
  readonly incidents: () => Promise<readonly Incident[]>
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>
  /** Resolves when every accepted alert has found its incident; how long that took, in milliseconds. */
  readonly caughtUp: () => Promise<number>
}

/** What a request says, and who says it. */
interface Words {
  readonly body?: string
  readonly person?: string
}

const nagiosToken = 'a-token-for-benchmarks-only'
const consoleSecret = 'a-secret-for-benchmarks-only-of-some-length'
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const example = fileURLToPath(new URL('../dr-plan.example.yml', import.meta.url))
/** A resolved incident is left alone, so that each new alert opens a new one. */
const planChange = ['relapse_within: 30m', 'relapse_within: 0s'] as const

/** Where `npm start` keeps the compiled code of earlier starts. */
const compiled = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url))

export interface BotOptions {
  /** Where compiled code is kept; absent: where `npm start` keeps it. */
  readonly compileCache?: string
  /** Settings beside those that every measurement has. */
  readonly env?: Readonly<Record<string, string>>
  /** Edits the plan's text. */
  readonly change?: (plan: string) => string
}

/** Starts it as `npm start` does, on new data, and waits until it is ready. Pages go to `smtpUrl`. */
export async function startBot(smtpUrl: string, options: BotOptions = {}): Promise<Bot> {
  const { compileCache = compiled, env = {}, change = (text) => text } = options
  const directory = await mkdtemp(join(tmpdir(), 'dr-bench-'))
  const port = await freePort()
  const plan = join(directory, 'dr-plan.yml')
  await writeFile(plan, change((await readFile(example, 'utf8')).replace(...planChange)))
  const running = await start({
    command: process.execPath,
    args: [main],
    directory,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    env: {
      PORT: String(port),
      DR_PLAN: plan,
      DATA_DIR: join(directory, 'data'),
      LOG_LEVEL: 'error',
      NAGIOS_TOKEN: nagiosToken,
      CONSOLE_SECRET: consoleSecret,
      SMTP_URL: smtpUrl,
      NODE_COMPILE_CACHE: compileCache,
      // For looking where the time goes: BENCH_NODE_OPTIONS=--cpu-prof
      NODE_OPTIONS: process.env['BENCH_NODE_OPTIONS'] ?? '',
      ...env,
    },
  })
  const agent = new Agent({ keepAlive: true })
  const door: Door = { peer: 'bot', port, token: nagiosToken }
  const signer = createSigner(consoleSecret)
  const socket = join(directory, 'data', 'redis', 'redis.sock')
  const ask = (method: string, path: string, { body, person = 'ann' }: Words = {}) => {
    const token = signer.token(person, Date.now())
    return exchange(agent, { port, method, path, token, ...(body === undefined ? {} : { body }) })
  }

  async function redis(field: string): Promise<number> {
    const info = (await askServer(socket, 'INFO everything')) ?? ''
    return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  }
  async function waiting(): Promise<number> {
    return Number(/:(\d+)/.exec((await askServer(socket, 'HLEN {dr}:inbox')) ?? '')?.[1] ?? Number.NaN)
  }
  async function answer(text: string, person = 'ann') {
    const said = await ask('POST', '/api/commands', { body: JSON.stringify({ text }), person })
    return JSON.parse(said) as { readonly status: string; readonly run?: string; readonly data?: unknown }
  }
  return {
    ...running,
    door,
    socket,
    redis,
    alert: (subject) => sendRaw(agent, door, subject),
    say: async (text, person) => (await answer(text, person)).status,
    answer,
    incidents: async () =>
      (JSON.parse(await ask('GET', '/api/incidents')) as { readonly incidents: readonly Incident[] })
        .incidents,
    metrics: () => ask('GET', '/metrics'),
    caughtUp: async () => {
      const started = performance.now()
      while ((await waiting()) > 0) await sleep(10)
      return performance.now() - started
    },
    stop: async () => {
      agent.destroy()
      await running.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Sends one alert over a connection that is kept, and resolves when it was accepted. */
export async function sendRaw(agent: Agent, door: Door, subject: Subject): Promise<void> {
  const [head = '', body = ''] = requestOf(door, subject, Date.now()).split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]))
  await send(agent, { port: door.port, method: 'POST', path: first.split(' ')[1] ?? '', headers, body })
}

function exchange(
  agent: Agent,
  ask: {
    readonly port: number
    readonly method: string
    readonly path: string
    readonly token: string
    readonly body?: string
  },
): Promise<string> {
  const headers = { authorization: `Bearer ${ask.token}`, 'content-type': 'application/json' }
  return send(agent, { ...ask, headers })
}

function send(
  agent: Agent,
  ask: {
    readonly port: number
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { port, method, path, headers, body } = ask
  const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300) resolve(text)
      else reject(new Error(`${method} ${path} answered ${status}: ${text}`))
    })
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}
