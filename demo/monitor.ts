// Plays Nagios for the demo: checks the systems and reports each change through the shipped notification script.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../src/ports.ts'
import type { Watched } from '../sim/troubles.ts'

const run = promisify(execFile)
const script = new URL('../nagios/dr-notify', import.meta.url).pathname

export interface Monitor {
  /** Checks everything now and reports what changed. */
  readonly check: () => Promise<void>
  readonly stop: () => void
}

/** Writes the script's settings into `dir`, then checks every second. */
export async function startMonitor(from: {
  readonly dir: string
  readonly url: string
  readonly token: string
  readonly watched: readonly Watched[]
  readonly clock: Clock
}): Promise<Monitor> {
  const conf = await settings(from)
  const checks = from.watched.map((watched) => checkOf(watched, conf, from.clock))
  let checking: Promise<unknown> = Promise.resolve()

  async function check(): Promise<void> {
    checking = checking.then(() => Promise.all(checks.map((each) => each())))
    await checking
  }
  const timer = setInterval(() => {
    check().catch((thrown: unknown) =>
      process.stderr.write(`the monitor's report failed: ${String(thrown)}\n`),
    )
  }, 1_000)
  return { check, stop: () => clearInterval(timer) }
}

/** Checks one service, and reports when it is not as it was. */
function checkOf(watched: Watched, conf: string, clock: Clock): () => Promise<void> {
  let problem = 0
  let broken = false
  let lastGood = seconds(clock)
  return async () => {
    const good = watched.good()
    if (good) lastGood = seconds(clock)
    if (good === !broken) return
    broken = !good
    if (broken) problem += 1
    await notify(conf, macros(watched, { good, problem, lastGood, now: seconds(clock) }))
  }
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
function macros(
  { host, service, hostGroup, says }: Watched,
  seen: {
    readonly good: boolean
    readonly problem: number
    readonly lastGood: number
    readonly now: number
  },
): readonly string[] {
  const { good, problem, lastGood, now } = seen
  const fields: Readonly<Record<string, string | number>> = {
    NOTIFICATIONTYPE: good ? 'RECOVERY' : 'PROBLEM',
    HOSTNAME: host,
    HOSTSTATE: 'UP',
    SERVICEDESC: service,
    SERVICESTATE: good ? 'OK' : 'CRITICAL',
    SERVICESTATETYPE: 'HARD',
    SERVICEPROBLEMID: problem,
    LASTSERVICEPROBLEMID: problem - 1,
    SERVICENOTIFICATIONNUMBER: 1,
    HOSTGROUPNAMES: hostGroup ?? '',
    SERVICEGROUPNAMES: '',
    SERVICEOUTPUT: good ? says.good : says.bad,
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
