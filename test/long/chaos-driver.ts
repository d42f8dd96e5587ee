// What people and Nagios do in a story of an outage, each with the patience of a person: again until it was answered.
import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Clock } from '../../src/ports.ts'
import { createSigner } from '../../src/web/session.ts'

const run = promisify(execFile)
const script = new URL('../../nagios/dr-notify', import.meta.url).pathname

export type Fields = Readonly<Record<string, string | number>>

export interface Driver {
  /** Hands a notification over until it is accepted. */
  readonly notify: (fields: Fields) => Promise<void>
  /** Says a command until it is answered, with whatever. */
  readonly say: (person: string, text: string) => Promise<Answered>
}

const Answered = z.object({ status: z.string(), data: z.unknown() })
type Answered = z.infer<typeof Answered>

export interface DriverOptions {
  readonly dir: string
  readonly port: number
  readonly token: string
  readonly secret: string
  readonly clock: Clock
  /** Through the shipped script and its spool; else straight over HTTP. */
  readonly script: boolean
  readonly saw: (what: 'accepted' | 'said') => void
}

/** How long anything may take to be answered, in milliseconds. */
const patience = 60_000
const pause = 25

export async function createDriver(options: DriverOptions): Promise<Driver> {
  const url = `http://127.0.0.1:${options.port}`
  const signer = createSigner(options.secret)
  const conf = options.script ? await writeConf(options, url) : undefined

  async function overHttp(fields: Fields): Promise<void> {
    const body = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
    await until(`${JSON.stringify(fields)} is accepted`, async () => {
      const headers = { authorization: `Bearer ${options.token}` }
      const response = await fetch(`${url}/webhooks/nagios`, { method: 'POST', headers, body })
      await response.text()
      return response.status === 202 ? true : undefined
    })
  }
  async function byScript(fields: Fields, env: NodeJS.ProcessEnv): Promise<void> {
    const pairs = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
    await run('sh', [script, 'service', ...pairs], { env })
    await until('the spool is empty', async () => {
      if ((await readdir(join(options.dir, 'spool', 'queue'))).length === 0) return true
      await run('sh', [script, 'flush'], { env })
      return undefined
    })
  }
  return {
    notify: async (fields) => {
      if (conf === undefined) await overHttp(fields)
      else await byScript(fields, { PATH: process.env['PATH'], DR_NOTIFY_CONF: conf })
      options.saw('accepted')
    },
    say: async (person, text) => {
      const answer = await until(`"${text}" is answered`, async () => {
        const response = await fetch(`${url}/api/commands`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${signer.token(person, options.clock.now())}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ text }),
        })
        const body = await response.text()
        if (response.status === 200) return Answered.parse(JSON.parse(body))
        if (response.status < 500) throw new Error(`"${text}" was answered ${response.status}: ${body}`)
        return undefined
      })
      options.saw('said')
      return answer
    },
  }
}

async function writeConf({ dir, token }: DriverOptions, url: string): Promise<string> {
  const spool = join(dir, 'spool')
  const conf = join(dir, 'dr-notify.conf')
  await mkdir(spool, { mode: 0o700 })
  await writeFile(join(dir, 'token'), `${token}\n`, { mode: 0o600 })
  const lines = [
    `DR_URL=${url}`,
    `DR_TOKEN_FILE='${join(dir, 'token')}'`,
    `DR_SPOOL='${spool}'`,
    'DR_TIMEOUT=3',
  ]
  await writeFile(conf, `${lines.join('\n')}\n`)
  return conf
}

/** Tries until there is something; a connection that failed is no answer. `within`: milliseconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  within = patience,
): Promise<T> {
  const end = Date.now() + within
  while (Date.now() < end) {
    const found = await look().catch((thrown: unknown) => {
      if (isConnectionTrouble(thrown)) return undefined
      throw thrown
    })
    if (found !== undefined) return found
    await sleep(pause)
  }
  throw new Error(`this did not come about within ${within / 1_000} s: ${what}`)
}

/** What fetch and the supervised process throw when the bot is not there. */
function isConnectionTrouble(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    (thrown instanceof TypeError ||
      /died over the question|Channel closed|EPIPE|ECONNRESET|Redis/.test(thrown.message))
  )
}

/** What Nagios says of a service when the story's clock shows `now`. */
export function service(name: string, state: 'CRITICAL' | 'OK', problem: number, now: number): Fields {
  const [host = '', description = ''] = name.split(';')
  return {
    NOTIFICATIONTYPE: state === 'OK' ? 'RECOVERY' : 'PROBLEM',
    HOSTNAME: host,
    HOSTGROUPNAMES: host.startsWith('api') ? 'api-servers' : 'load-balancers',
    SERVICEDESC: description,
    SERVICESTATE: state,
    SERVICESTATETYPE: 'HARD',
    SERVICEPROBLEMID: problem,
    LASTSERVICEPROBLEMID: 0,
    SERVICEOUTPUT: `HTTP ${state}`,
    TIMET: Math.floor(now / 1_000),
  }
}
