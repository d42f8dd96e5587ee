// Starts everything the demo consists of, on free ports of this machine, and stops it again.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMovableClock } from '../sim/clock.ts'
import type { MovableClock } from '../sim/clock.ts'
import { startMailbox } from '../sim/mailbox.ts'
import type { Mailbox } from '../sim/mailbox.ts'
import type { World } from '../sim/world.ts'
import { startApp } from '../src/app.ts'
import type { App } from '../src/app.ts'
import { readConfig, secrets } from '../src/config.ts'
import { createLog } from '../src/log.ts'
import { createSigner } from '../src/web/session.ts'
import type { Signer } from '../src/web/session.ts'
import { onCall } from '../src/oncall/shift.ts'
import { minute } from '../src/ids.ts'
import type { PersonId } from '../src/ids.ts'
import { writeEnvironment } from './environment.ts'
import { startMonitor } from './monitor.ts'
import { startOutside } from '../sim/outside.ts'
import type { Outside } from '../sim/outside.ts'
import { troublesOf } from '../sim/troubles.ts'
import type { Trouble } from '../sim/troubles.ts'
import { startDemoSlack } from './slack.ts'
import type { DemoSlack } from './slack.ts'
import type { Monitor } from './monitor.ts'

export interface Demo {
  readonly app: App
  readonly world: World
  readonly outside: Outside
  readonly troubles: readonly Trouble[]
  readonly mailbox: Mailbox
  readonly monitor: Monitor
  readonly slack: DemoSlack
  readonly clock: MovableClock
  readonly signer: Signer
  /** Who is on call. */
  readonly engineer: PersonId
  /** A file for the shell of another window, in which `npx dr` is this engineer's and knows the bot's settings. */
  readonly environment: string
  readonly stop: () => Promise<void>
}

const wishedPort = 3000
const example = new URL('../dr-plan.example.yml', import.meta.url)
/** Of no use to anybody: the demo's servers are reached from this machine only, and end with it. */
const nagiosToken = 'demo-nagios-token-of-no-use'
const consoleSecret = 'demo-console-secret-of-no-use-to-anybody'
/** How long Azure takes to restore it; a large one takes hours, and the bot says so. */
const smallDatabase = 4 * minute

/** What is told of what the bot sends. */
export interface DemoNews {
  readonly mail: (to: string, subject: string) => void
  readonly slack: (text: string) => void
}

/** Starts Redis, the bot, the world around it, what plays Nagios, and a simulated Slack. */
export async function startDemo(news: DemoNews): Promise<Demo> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-demo-'))
  const clock = createMovableClock()
  const outside = await startOutside(clock, { restore: smallDatabase })
  const { world } = outside
  const troubles = troublesOf(outside)
  const mailbox = await startMailbox((mail) => news.mail(mail.to.join(', '), mail.subject))
  const plan = join(dir, 'dr-plan.yml')
  const planText = outside.planFor(await readFile(example, 'utf8'))
  await writeFile(plan, planText)
  const slack = await startDemoSlack(planText, news.slack)
  const settings = {
    PORT: String(await freePort()),
    DR_PLAN: plan,
    DATA_DIR: join(dir, 'data'),
    LOG_LEVEL: 'silent',
    NAGIOS_TOKEN: nagiosToken,
    CONSOLE_SECRET: consoleSecret,
    ...outside.env,
    SMTP_URL: mailbox.url,
    // The demo's plan holds systems that are not simulated here.
    SLACK_BOT_TOKEN: slack.sim.botToken,
    SLACK_APP_TOKEN: slack.sim.appToken,
    SLACK_API_URL: slack.sim.apiUrl.replace(/\/$/, ''),
  }
  const config = readConfig(settings)
  const app = await startApp(config, { log: createLog(config.LOG_LEVEL, secrets(config)), clock })
  const monitor = await startMonitor({ dir, url: app.url, token: nagiosToken, watched: troubles, clock })
  const signer = createSigner(consoleSecret)
  const engineer = onCall(app.plan.plan(), 'primary', clock.now())?.person ?? 'ann'
  const environment = await writeEnvironment({
    dir,
    settings,
    certificates: outside.azure.certificates,
    terminal: { url: app.url, token: signer.token(engineer, clock.now()) },
  })
  async function stop(): Promise<void> {
    monitor.stop()
    await app.close()
    await Promise.all([outside.stop(), mailbox.stop(), slack.stop()])
    await rm(dir, { recursive: true, force: true })
  }
  return {
    app,
    world,
    outside,
    troubles,
    mailbox,
    monitor,
    slack,
    clock,
    signer,
    engineer,
    environment,
    stop,
  }
}

/** The usual port, or any free one when it is taken. */
async function freePort(wished = wishedPort): Promise<number> {
  const server = createServer()
  const taken = once(server, 'error').then(() => true)
  const free = once(server, 'listening').then(() => false)
  server.listen(wished, '127.0.0.1')
  if (await Promise.race([taken, free])) return freePort(0)
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
