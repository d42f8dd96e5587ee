// All seven systems with a terminal and a browser before them, for the story of each recovery as people carry it out.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { startOutside } from '../../sim/outside.ts'
import type { Outside } from '../../sim/outside.ts'
import { troublesOf } from '../../sim/troubles.ts'
import type { Trouble } from '../../sim/troubles.ts'
import { toRunId } from '../../src/ids.ts'
import type { PersonId, RunId, SystemId } from '../../src/ids.ts'
import { onCall } from '../../src/oncall/shift.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createSigner } from '../../src/web/session.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startBrowser } from '../servers/browser.ts'
import type { TestPage } from '../servers/browser.ts'
import { dr, drHere } from '../servers/terminal.ts'
import type { Printed } from '../servers/terminal.ts'

export interface House {
  readonly bot: Bot
  readonly outside: Outside
  /** Who is on call and asks; and the second person where data can be lost. */
  readonly engineer: PersonId
  readonly manager: PersonId
  /** Breaks a system as the demo does, or has Nagios say so only; its incident is somebody's two minutes later. */
  readonly breaks: (system: SystemId, really: boolean) => Promise<Trouble>
  /** Mends it; its incident is resolved, and what goes on in the background is over. */
  readonly mends: (trouble: Trouble) => Promise<void>
  /** Types `dr ARGS` at a person's desk. */
  readonly types: (person: PersonId, ...args: readonly string[]) => Promise<Printed>
  /** The same without a process of its own, for what two people do at the same moment. */
  readonly typesAtOnce: (person: PersonId, ...args: readonly string[]) => Promise<Printed>
  /** The person's window of the console. */
  readonly window: (person: PersonId) => Page
  /** The newest run, once it is another one than `before` and has been proposed. */
  readonly proposed: (before: RunId | undefined) => Promise<Run>
  readonly newest: () => Promise<RunId | undefined>
  /** Moves the clock on to each look at a run until it is done; or has failed, where that is wanted. */
  readonly carriedOut: (id: RunId, end?: 'done' | 'failed') => Promise<void>
  /** What any window complained of. */
  readonly complaints: () => readonly string[]
  readonly stop: () => Promise<void>
}

const second = 1_000
const minute = 60_000
/** A Monday morning at ten in Berlin. */
const start = Date.UTC(2026, 10, 23, 9)
/** The browser and HAProxy's checks take real time, on a busy machine more of it. */
export const patience = { timeout: 30_000, interval: 20 }

/** `more`: who has a window of the console open beside those two. */
export async function openHouse(more: readonly PersonId[] = []): Promise<House> {
  await using started = new AsyncDisposableStack()
  const clock = createMovableClock({ start })
  const home = await mkdtemp(join(tmpdir(), 'dr-home-'))
  started.defer(() => rm(home, { recursive: true, force: true }))
  const outside = await startOutside(clock)
  started.defer(outside.stop)
  const { world } = outside
  const bot = await startBot(outside.planFor, { clock, world, env: outside.env })
  started.defer(bot.stop)
  const browser = await startBrowser()
  started.defer(browser.close)
  const engineer = onCall(bot.app().plan.plan(), 'primary', clock.now())?.person ?? ''
  const manager = onCall(bot.app().plan.plan(), 'managers', clock.now())?.person ?? ''
  const signer = createSigner(bot.config.CONSOLE_SECRET ?? '')
  const windows = new Map<PersonId, TestPage>()
  for (const person of new Set([engineer, manager, ...more])) {
    const window = await browser.open()
    await window.page.goto(`${bot.app().url}/login?token=${signer.loginLink(person, clock.now())}`)
    await window.page.getByRole('button', { name: /Sign in as/ }).click()
    await window.page.getByRole('heading', { level: 1 }).waitFor()
    windows.set(person, window)
  }
  const newest = async (): Promise<RunId | undefined> =>
    (await bot.app().store.runs({ open: false, limit: 1 }))[0]?.id
  const desk = (person: PersonId) => ({
    home,
    env: { DR_URL: bot.app().url, DR_TOKEN: signer.token(person, clock.now()) },
    clock,
  })
  const parts = started.move()
  return {
    bot,
    outside,
    engineer,
    manager,
    ...outages(bot, outside, engineer),
    types: (person, ...args) => dr(args, desk(person)),
    typesAtOnce: (person, ...args) => drHere(args, desk(person)),
    window: (person) => {
      const found = windows.get(person)
      if (!found) throw new Error(`${person} has no window open`)
      return found.page
    },
    newest,
    proposed: async (before) => {
      await vi.waitFor(async () => expect(await newest()).not.toBe(before), patience)
      return bot.run(toRunId((await newest()) ?? '') ?? 'R-0')
    },
    carriedOut: (id, end) => carriedOut(bot, id, end),
    complaints: () => [...windows.values()].flatMap((window) => window.complaints),
    stop: () => parts.disposeAsync(),
  }
}

function outages(bot: Bot, outside: Outside, engineer: PersonId): Pick<House, 'breaks' | 'mends'> {
  const troubles = troublesOf(outside)
  let problem = 0
  const report = async ({ host, service, hostGroup, says }: Trouble, good: boolean): Promise<void> => {
    const status = await bot.notify({
      NOTIFICATIONTYPE: good ? 'RECOVERY' : 'PROBLEM',
      HOSTNAME: host,
      HOSTGROUPNAMES: hostGroup ?? '',
      SERVICEDESC: service,
      SERVICESTATE: good ? 'OK' : 'CRITICAL',
      SERVICESTATETYPE: 'HARD',
      SERVICEPROBLEMID: problem,
      LASTSERVICEPROBLEMID: problem - 1,
      SERVICEOUTPUT: good ? says.good : says.bad,
    })
    expect(status).toBe(202)
    await bot.settle()
  }
  const opened = async (): Promise<string | undefined> =>
    (await bot.app().store.incidents({ open: true, limit: 1 }))[0]?.state
  return {
    breaks: async (system, really) => {
      const trouble = troubles.find((each) => each.system === system)
      if (!trouble) throw new Error(`nothing breaks ${system}`)
      // A whole minute: what the clocks on the cards show is as long every time.
      bot.clock.skip(40 * minute - (bot.clock.now() % minute))
      const since = bot.clock.now()
      problem += 1
      if (really) trouble.begin()
      await report(trouble, false)
      await bot.say(engineer, 'ack')
      bot.clock.skip(Math.max(0, since + 2 * minute + 5 * second - bot.clock.now()))
      await bot.settle()
      return trouble
    },
    mends: async (trouble) => {
      trouble.end()
      await report(trouble, true)
      await vi.waitFor(async () => expect(await opened()).toBe('watching'), patience)
      await bot.pass(2 * minute + second)
      await vi.waitFor(async () => expect(await opened()).toBeUndefined(), patience)
      await bot.pass(20 * minute)
    },
  }
}

async function carriedOut(bot: Bot, id: RunId, end: 'done' | 'failed' = 'done'): Promise<void> {
  await vi.waitUntil(async () => {
    await bot.settle()
    const run = await bot.run(id)
    if (run.state === end) return true
    // A button that was pressed may still be on its way.
    if (run.state === 'proposed') return false
    if (run.state !== 'running')
      throw new Error(
        `${id} is ${run.state}: ${JSON.stringify('current' in run ? run.steps[run.current] : run.steps[0])}`,
      )
    const left = run.checkAt - bot.clock.now()
    // What is looked at each second until its time is up has had enough looks.
    if (end === 'failed' && left > 0) bot.clock.skip(minute)
    else if (left > second) bot.clock.skip(left)
    return false
  }, patience)
}

/** A card as it was printed, without what differs from one time to the next. */
export function told(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD')
    .replaceAll(/\d\d:\d\d:\d\d(?:\.\d+)?/g, 'hh:mm:ss')
    .replaceAll(/:\d{5}\b/g, ':PORT')
    .replaceAll(/(?:\d+[hms])+ (left|over|ago)/g, 'N $1')
    .replaceAll(/about \d\dm of data/g, 'about NNm of data')
    .replaceAll(/\b\d+m(?:\d+s)? of data until \d\d:\d\d/g, 'NmNs of data until hh:mm')
    .replaceAll(/everything until \d\d:\d\d/g, 'everything until hh:mm')
    .replaceAll(/\b\d+m\d+s\b */g, 'NmNs ')
    .replaceAll(/(?<=  )\d\ds(?=  )/g, 'NNs')
    .replaceAll(/\b(R|r|INC)-\d+/g, '$1-N')
}
