// The main job from end to end, with a real Nagios, a real terminal and a real browser: from the failing check to the report.
import { mkdtemp, rm } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { onCall } from '../../src/oncall/shift.ts'
import { freePort } from '../../sim/free-port.ts'
import { nagiosToken, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startBrowser } from '../servers/browser.ts'
import type { TestPage } from '../servers/browser.ts'
import { startNagiosWeb } from '../servers/nagios-cgi.ts'
import type { NagiosWeb } from '../servers/nagios-cgi.ts'
import { startNagios } from '../servers/nagios.ts'
import type { RunningNagios } from '../servers/nagios.ts'
import { dr } from '../servers/terminal.ts'
import type { Printed } from '../servers/terminal.ts'

const minute = 60_000
const haproxy = { host: 'lb1', service: 'HAProxy' }
const account = { user: 'dr-bot', password: 'pass-of-the-web-user' }
/** Nagios and the browser start dozens of processes; on a busy machine that takes its time. */
const patience = { timeout: 30_000, interval: 20 }

/** Everything that runs, stopped in reverse, also when a later part did not start. */
const started = new AsyncDisposableStack()
let nagios: RunningNagios
let cgi: NagiosWeb
let bot: Bot
let seen: TestPage
let home: string
/** Who is on call at the machine's time, and that person's token of the terminal. */
let engineer: string
let token: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-home-'))
  started.defer(() => rm(home, { recursive: true, force: true }))
  const port = await freePort()
  nagios = await startNagios({
    url: `http://127.0.0.1:${port}`,
    token: nagiosToken,
    objects: [{ host: 'lb1', hostGroups: ['load-balancers'] }, haproxy],
  })
  started.defer(nagios.stop)
  cgi = await startNagiosWeb(nagios, account)
  started.defer(cgi.stop)
  // Nagios has the machine's clock; the bot's starts there and is moved ahead of it.
  bot = await startBot(undefined, {
    start: Date.now(),
    env: {
      PORT: String(port),
      NAGIOS_CGI_URL: cgi.url,
      NAGIOS_CGI_USER: account.user,
      NAGIOS_CGI_PASSWORD: account.password,
    },
  })
  started.defer(bot.stop)
  engineer = onCall(bot.app().plan.plan(), 'primary', bot.clock.now())?.person ?? ''
  const browser = await startBrowser()
  started.defer(browser.close)
  seen = await browser.open()
}, 60_000)

afterAll(() => started.disposeAsync())

test('a failing check becomes an incident, and a failover approved in the browser ends it', async () => {
  const page = await signIn()
  token = await issued('token')

  await breaks(page)
  await acknowledges(page)
  await clockRunsOut(page)
  await failsOver(page)
  await recovers(page)
  await reports(page)

  expect(seen.complaints).toEqual([])
}, 120_000)

/** With the one-time link that the bot's host prints. */
async function signIn(): Promise<Page> {
  const { page } = seen
  await page.goto(await issued('login'))
  await page.getByRole('button', { name: /Sign in as/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Nothing is open' }).waitFor()
  return page
}

async function breaks(page: Page): Promise<void> {
  bot.world.lb.set('failing')
  await nagios.fail(haproxy, 'HTTP 503 from 127.0.0.11')

  await page.getByRole('alert').filter({ hasText: 'You are being paged: INC-1' }).waitFor(patience)
  await vi.waitFor(() => expect(mails()).toEqual([engineer]), patience)
  expect(await bot.incident()).toMatchObject({ system: 'lb', state: 'paging', problems: { open: 1 } })
  expect(await nagiosSays()).toMatchObject({ problem_has_been_acknowledged: false })
}

async function acknowledges(page: Page): Promise<void> {
  const answer = await terminal('ack')

  expect(answer).toMatchObject({ status: 0, err: '' })
  expect(answer.out).toContain('You have it. Diagnosis clock: 29m')
  await page.getByRole('alert').filter({ hasText: 'You are being paged' }).waitFor({ state: 'hidden' })
  await vi.waitFor(
    async () => expect(await nagiosSays()).toMatchObject({ problem_has_been_acknowledged: true }),
    patience,
  )
  await echoes(2)
}

/**
 * The bot's own acknowledgement is silent. This is the one of a Nagios that tells everybody, the bot included: of what
 * somebody here has already, it is no news. `count`: notifications that the bot has had by then.
 */
async function echoes(count: number): Promise<void> {
  const before = await bot.incident()
  await nagios.acknowledge(haproxy, account.user, 'I have it')
  await vi.waitFor(async () => expect(await accepted()).toBe(count), patience)
  await bot.settle()
  expect(await nagios.log()).toMatch(/SERVICE NOTIFICATION: dr-bot;.*ACKNOWLEDGEMENT/)
  expect(await bot.incident()).toEqual(before)
}

/** Nagios' own time does not move: from here on it is half an hour behind the bot's. */
async function clockRunsOut(page: Page): Promise<void> {
  await page.goto(`${bot.app().url}/incidents/INC-1`)
  await bot.pass(29 * minute)
  expect(mails()).toEqual([engineer])
  await bot.pass(minute + 1_000)

  await page.locator('.heading').getByText('Escalated').waitFor(patience)
  const manager = onCall(bot.app().plan.plan(), 'managers', bot.clock.now())?.person
  await vi.waitFor(
    () => expect(new Set(mails())).toEqual(new Set([engineer, 'dan', 'eve', manager])),
    patience,
  )
  await vi.waitFor(
    async () =>
      expect((await bot.incident()).pages.flatMap((each) => each.steps)).not.toContainEqual(
        expect.objectContaining({ outcome: 'ordered' }),
      ),
    patience,
  )
  await echoes(3)
}

async function failsOver(page: Page): Promise<void> {
  await page.getByLabel('Command').fill('failover lb')
  await page.keyboard.press('Enter')
  const run = page.getByRole('region', { name: 'Runs' })
  await run.getByText('R-1 · failover lb to backup · waits for approval').waitFor(patience)
  expect(await digs()).toEqual([bot.world.lb.host])

  await run.getByRole('button', { name: 'Approve' }).click()

  await run.getByText('R-1 · failover lb to backup · done').waitFor(patience)
  await page.locator('.heading').getByText('Watching').waitFor(patience)
  expect(await digs()).toEqual([bot.world.backup.host])
}

async function recovers(page: Page): Promise<void> {
  bot.world.lb.set('ok')
  await nagios.recover(haproxy, 'HTTP 200')
  await vi.waitFor(
    async () => expect(await bot.incident()).toMatchObject({ problems: { open: 0 } }),
    patience,
  )
  await bot.pass(2 * minute + 1_000)

  await page.locator('.heading').getByText('Resolved').waitFor(patience)
  expect(await bot.app().store.incidents({ open: false, limit: 10 })).toHaveLength(1)
}

async function reports(page: Page): Promise<void> {
  const report = await terminal('report', 'INC-1')
  const record = await terminal('timeline', 'INC-1', '--verify')
  await page.goto(`${bot.app().url}/incidents/INC-1/report`)
  const shown = page.locator('.report')

  const { pages } = await bot.incident()
  const name = nameOf(engineer)
  expect(report).toMatchObject({ status: 0, err: '' })
  for (const phase of ['detect', 'page', 'acknowledge', 'diagnose', 'decide', 'act', 'verify']) {
    expect(report.out).toContain(`\n| ${phase} | `)
    await shown.getByRole('cell', { name: phase, exact: true }).waitFor()
  }
  expect(report.out).toMatch(/^\| Down for \(RTO\) \| 10m \| 3\dm\w* \| missed, up to \w+ for clients/m)
  expect(report.out).toMatch(/^\| diagnose \|.* \| 3\dm\w* \|$/m)
  expect(pages.map((each) => each.target)).toEqual([
    'rotation:primary',
    'rotation:managers',
    'group:dev',
    'group:dev',
  ])
  for (const { person, why, stopped } of pages) {
    const ended = stopped?.because === 'recovered' ? 'it works again' : stopped?.because
    expect(report.out).toContain(`| ${nameOf(person)} | chat, email | ${why} | ${ended} |`)
    await shown.getByRole('row', { name: `${nameOf(person)} chat, email ${why}` }).waitFor()
  }
  expect(report.out).toContain(`- Approved by ${name} (web)`)
  expect(report.out).toContain('| api.example.com A | 127.0.0.11, TTL 300 s | 127.0.0.12, TTL 60 s |')
  await shown.getByText(`Approved by ${name} (web)`).waitFor()
  await shown.getByRole('row', { name: 'Down for (RTO) 10m' }).getByText('missed').waitFor()
  expect(record).toMatchObject({ status: 0, err: '' })
  expect(record.out).toMatch(/OK: each of \d+ events follows the one before/)
}

function nameOf(person: string): string {
  return bot.app().plan.plan().people[person]?.name ?? ''
}

/** Whom the mail server has mail for, in the order of their coming. */
function mails(): readonly string[] {
  return bot.mailbox.received.flatMap((mail) => mail.to.map((to) => to.replace('@example.com', '')))
}

/** On the bot's host: a person's token, or a link to sign in with. */
async function issued(kind: 'token' | 'login'): Promise<string> {
  const { CONSOLE_SECRET, NAGIOS_TOKEN, PUBLIC_URL } = bot.config
  const env = { CONSOLE_SECRET, NAGIOS_TOKEN, PUBLIC_URL, DR_PLAN: bot.planFile }
  const printed = await dr([kind, engineer], { home, env })
  expect(printed).toMatchObject({ status: 0, err: '' })
  return printed.out.trim()
}

/** At the engineer's desk. */
async function terminal(...args: readonly string[]): Promise<Printed> {
  return dr(args, { home, env: { DR_URL: bot.app().url, DR_TOKEN: token } })
}

/** What clients of the zone are told. */
async function digs(): Promise<readonly string[]> {
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${bot.world.dns.port}`])
  return resolver.resolve4(bot.world.record)
}

/** The service as Nagios' own web pages show it. */
async function nagiosSays(): Promise<unknown> {
  const query = new URLSearchParams({
    query: 'service',
    hostname: haproxy.host,
    servicedescription: haproxy.service,
  })
  const credentials = Buffer.from(`${account.user}:${account.password}`).toString('base64')
  const response = await fetch(`${cgi.url}/statusjson.cgi?${query.toString()}`, {
    headers: { authorization: `Basic ${credentials}` },
  })
  const { data } = (await response.json()) as { readonly data: { readonly service: unknown } }
  return data.service
}

/** How many notifications the bot has taken, by its own counter. */
async function accepted(): Promise<number> {
  const text = await (await fetch(`${bot.app().url}/metrics`)).text()
  return Number(/^dr_alerts_total\{outcome="accepted"\} (\d+)$/m.exec(text)?.[1])
}
