// The whole bot in this process, on a private Redis, with the simulated world around it and a clock that can be moved.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { freePort } from '../../sim/free-port.ts'
import type { MovableClock } from '../../sim/clock.ts'
import { startMailbox } from '../../sim/mailbox.ts'
import type { Mailbox } from '../../sim/mailbox.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import { startApp } from '../../src/app.ts'
import type { App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Config, Environment } from '../../src/config.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { IncidentId, Instant, RunId } from '../../src/ids.ts'
import type { Log } from '../../src/ports.ts'
import type { Run, RunState } from '../../src/recovery/run.ts'
import { createSigner } from '../../src/web/session.ts'

/** A log that remembers what is worth a person's attention, so that a story can demand silence. */
export interface KeptLog extends Log {
  readonly lines: { readonly level: 'warn' | 'error'; readonly message: string; readonly fields: object }[]
  /** What is said on the way, at the level info. */
  readonly notes: { readonly message: string; readonly fields: object }[]
}

export interface Bot {
  readonly config: Config
  readonly clock: MovableClock
  readonly world: World
  readonly mailbox: Mailbox
  readonly log: KeptLog
  readonly planFile: string
  /** The app that runs now; another one after `restart`. */
  readonly app: () => App
  /** Says a command as a person in a terminal, or in an incident's room; answers the API's JSON. */
  readonly say: (person: string, text: string, room?: IncidentId) => Promise<Answered>
  /** Sends a notification as Nagios does; answers the status. Fields are Nagios' macros. */
  readonly notify: (fields: Readonly<Record<string, string | number>>) => Promise<number>
  /** Moves the clock and waits until all that fell due is done. */
  readonly pass: (duration: number) => Promise<void>
  readonly settle: () => Promise<void>
  readonly incident: (id?: IncidentId) => Promise<Incident>
  readonly run: (id: RunId) => Promise<Run>
  /** Resolves once the run is in that state; time does not pass meanwhile. */
  readonly comesTo: (id: RunId, state: RunState) => Promise<void>
  /** Closes the bot and starts it again on the same data. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface Answered {
  readonly status: 'done' | 'refused' | 'usage'
  readonly card: { readonly title: string }
  readonly data?: unknown
  readonly text: string
}

/** The bot's NAGIOS_TOKEN. */
export const nagiosToken = 'a-token-for-tests-only'
const consoleSecret = 'a-secret-for-tests-only-of-some-length'
/** A Monday on which the example plan has everybody at work, ten in the morning in Berlin. */
const start = Date.UTC(2026, 10, 23, 9)

export interface BotOptions {
  /** Where its clock begins; absent: a Monday morning at work. */
  readonly start?: Instant
  /** Shared with what stands outside; absent: one of its own, from `start` on. */
  readonly clock?: MovableClock
  /** Absent: one of its own, which it stops; one that is given is stopped by who gave it. */
  readonly world?: World
  /** Further settings, or others than these tests have, by the names of the environment. */
  readonly env?: Environment
}

/** Starts everything; `change` edits the example plan's text before it is used. */
export async function startBot(
  change: (plan: string) => string = (plan) => plan,
  options: BotOptions = {},
): Promise<Bot> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-bot-'))
  const clock = options.clock ?? createMovableClock({ start: options.start ?? start })
  const [world, mailbox] = await Promise.all([options.world ?? startWorld(), startMailbox()])
  const planFile = join(dir, 'dr-plan.yml')
  await writeFile(
    planFile,
    withParent(world, change(planFor(world, await readFile('dr-plan.example.yml', 'utf8')))),
  )
  const config = readConfig({
    PORT: String(await freePort()),
    DR_PLAN: planFile,
    DATA_DIR: join(dir, 'data'),
    NAGIOS_TOKEN: nagiosToken,
    CONSOLE_SECRET: consoleSecret,
    CLOUDFLARE_API_TOKEN: world.token,
    CLOUDFLARE_BASE_URL: world.cloudflare.baseUrl,
    SMTP_URL: mailbox.url,
    // A story that is about something else looks at no recovery, and finds none missing.
    RECOVERY_CHECK_MINUTES: '0',
    ...options.env,
  })
  const log = keptLog()
  const signer = createSigner(consoleSecret)
  let app = await startApp(config, { log, clock })

  async function say(person: string, text: string, room?: IncidentId): Promise<Answered> {
    const headers = {
      authorization: `Bearer ${signer.token(person, clock.now())}`,
      'content-type': 'application/json',
    }
    const response = await fetch(`${app.url}/api/commands`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ text, ...(room === undefined ? {} : { incident: room }) }),
    })
    const body = await response.text()
    const answer = JSON.parse(body) as Omit<Answered, 'text'>
    return { ...answer, text: body }
  }
  async function notify(fields: Readonly<Record<string, string | number>>): Promise<number> {
    const now = Math.floor(clock.now() / 1_000)
    const whole = { TIMET: now, ...fields }
    const body = new URLSearchParams(Object.entries(whole).map(([name, value]) => [name, String(value)]))
    const headers = { authorization: `Bearer ${nagiosToken}` }
    const response = await fetch(`${app.url}/webhooks/nagios`, { method: 'POST', headers, body })
    await response.text()
    return response.status
  }
  const run = async (id: RunId): Promise<Run> => found((await app.store.run(id))?.state, id)
  return {
    config,
    clock,
    world,
    mailbox,
    log,
    planFile,
    app: () => app,
    say,
    notify,
    settle: () => app.settle(),
    pass: async (duration) => {
      clock.skip(duration)
      await app.settle()
    },
    incident: async (id = 'INC-1') => found((await app.store.incident(id))?.state, id),
    run,
    comesTo: (id, state) =>
      vi.waitFor(async () => expect(await run(id)).toMatchObject({ state }), {
        timeout: 15_000,
        interval: 20,
      }),
    restart: async () => {
      await app.close()
      app = await startApp(config, { log, clock })
    },
    stop: async () => {
      await app.close()
      await Promise.all([options.world === undefined ? world.stop() : undefined, mailbox.stop()])
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Sends alerts all at once, to the bots in turn; what is not taken comes again, as Nagios' notifier does it. */
export async function storm(
  bots: readonly Pick<Bot, 'notify'>[],
  alerts: readonly Readonly<Record<string, string | number>>[],
): Promise<void> {
  const taken = async (bot: Pick<Bot, 'notify'> | undefined, alert: (typeof alerts)[number]) =>
    vi.waitFor(async () => expect(await bot?.notify(alert)).toBe(202), { timeout: 30_000, interval: 250 })
  await Promise.all(alerts.map((alert, n) => taken(bots[n % bots.length], alert)))
}

/** What Nagios says of a service of a load balancer. */
export function service(
  type: string,
  state: string,
  more: Readonly<Record<string, string | number>> = {},
): Readonly<Record<string, string | number>> {
  return {
    NOTIFICATIONTYPE: type,
    HOSTNAME: 'lb1',
    HOSTGROUPNAMES: 'load-balancers',
    SERVICEDESC: 'HAProxy',
    SERVICESTATE: state,
    SERVICESTATETYPE: 'HARD',
    SERVICEPROBLEMID: 1,
    LASTSERVICEPROBLEMID: 0,
    SERVICEOUTPUT: `HTTP ${state}`,
    ...more,
  }
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new Error(`there is no ${id}`)
  return value
}

/** The zone above leads to this world's name servers, unless the story has a parent of its own. */
function withParent({ registry }: World, plan: string): string {
  if (/^ +parents:/m.test(plan)) return plan
  return plan.replace(
    /( +)sync_every: 10m\n/,
    (line, indent: string) => `${line}${indent}parents: ${JSON.stringify(registry.servers)}\n`,
  )
}

function planFor(world: World, example: string): string {
  return example
    .replaceAll('203.0.113.10', world.lb.host)
    .replaceAll('203.0.113.20', world.backup.host)
    .replaceAll('203.0.113.30', world.api.host)
    .replaceAll('https://api.example.com/health', `http://${world.record}:${world.httpPort}/health`)
}

function keptLog(): KeptLog {
  const lines: KeptLog['lines'] = []
  const notes: KeptLog['notes'] = []
  return {
    lines,
    notes,
    debug: () => {},
    info: (message, fields = {}) => notes.push({ message, fields }),
    warn: (message, fields = {}) => lines.push({ level: 'warn', message, fields }),
    error: (message, fields = {}) => lines.push({ level: 'error', message, fields }),
  }
}
