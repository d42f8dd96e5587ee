// Plays Nagios for the demo: checks the load balancer and reports a change through the shipped notification script.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Target } from '../sim/target.ts'
import type { Clock } from '../src/ports.ts'

const run = promisify(execFile)
const script = new URL('../nagios/dr-notify', import.meta.url).pathname

export interface Monitor {
  /** Checks now and reports what changed. */
  readonly check: () => Promise<void>
  readonly stop: () => void
}

/** Writes the script's settings into `dir`, then checks every second. */
export async function startMonitor(from: {
  readonly dir: string
  readonly url: string
  readonly token: string
  readonly target: Target
  readonly clock: Clock
}): Promise<Monitor> {
  const conf = await settings(from)
  let problem = 0
  let broken = false
  let lastGood = seconds(from.clock)
  let checking: Promise<void> = Promise.resolve()

  async function once(): Promise<void> {
    const good = from.target.health() === 'ok'
    if (good) lastGood = seconds(from.clock)
    if (good === !broken) return
    broken = !good
    if (broken) problem += 1
    await notify(conf, macros({ good, problem, lastGood, now: seconds(from.clock) }))
  }
  function check(): Promise<void> {
    checking = checking.then(once)
    return checking
  }
  const timer = setInterval(() => {
    check().catch((thrown: unknown) =>
      process.stderr.write(`the monitor's report failed: ${String(thrown)}\n`),
    )
  }, 1_000)
  return { check, stop: () => clearInterval(timer) }
}

async function settings(from: {
  readonly dir: string
  readonly url: string
  readonly token: string
}): Promise<string> {
  const spool = join(from.dir, 'spool')
  const token = join(from.dir, 'token')
  const conf = join(from.dir, 'dr-notify.conf')
  await mkdir(spool, { recursive: true, mode: 0o700 })
  await writeFile(token, `${from.token}\n`, { mode: 0o600 })
  await writeFile(conf, `DR_URL=${from.url}\nDR_TOKEN_FILE='${token}'\nDR_SPOOL='${spool}'\n`, {
    mode: 0o600,
  })
  return conf
}

/** What Nagios says of a service that went from good to CRITICAL, or back: see nagios/dr-bot.cfg. */
function macros(seen: {
  readonly good: boolean
  readonly problem: number
  readonly lastGood: number
  readonly now: number
}): readonly string[] {
  const { good, problem, lastGood, now } = seen
  const fields: Readonly<Record<string, string | number>> = {
    NOTIFICATIONTYPE: good ? 'RECOVERY' : 'PROBLEM',
    HOSTNAME: 'lb1',
    HOSTSTATE: 'UP',
    SERVICEDESC: 'HAProxy',
    SERVICESTATE: good ? 'OK' : 'CRITICAL',
    SERVICESTATETYPE: 'HARD',
    SERVICEPROBLEMID: problem,
    LASTSERVICEPROBLEMID: problem - 1,
    SERVICENOTIFICATIONNUMBER: 1,
    HOSTGROUPNAMES: 'load-balancers',
    SERVICEGROUPNAMES: '',
    SERVICEOUTPUT: good ? 'HTTP OK - 200 on /health' : 'HTTP CRITICAL - 503 Service Unavailable on /health',
    LASTSERVICEOK: lastGood,
    LASTSERVICESTATECHANGE: now,
    TIMET: now,
  }
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`)
}

async function notify(conf: string, fields: readonly string[]): Promise<void> {
  await run('sh', [script, 'service', ...fields], {
    env: { PATH: process.env['PATH'], DR_NOTIFY_CONF: conf },
  })
}

function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1_000)
}
