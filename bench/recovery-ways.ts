// What the bot adds to a provider's own time in a failover of the API servers, a restore, an account failover, new workers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createMovableClock } from '../sim/clock.ts'
import type { MovableClock } from '../sim/clock.ts'
import { startOutside } from '../sim/outside.ts'
import type { Outside } from '../sim/outside.ts'
import { minute } from '../src/ids.ts'
import { startBot } from './bot.ts'
import type { Bot } from './bot.ts'
import { startMailReceiver } from './receivers.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'

export interface WayTimes {
  readonly command: string
  /** From its approval to its end, verified, less the time that the provider needed for what it was told to do. */
  readonly overhead: Quantiles
  /** Of that, from the end at the provider to the bot's next look; undefined where the provider does it at once. */
  readonly look: Quantiles | undefined
}

/** A command there, and one for the way back, where that takes the provider's time as well. */
interface Way {
  readonly there: string
  readonly back: string
  /** The change that the provider works on for a while; absent: what it does is done when it is answered. */
  readonly lasts?: RegExp
  /** Whether that is so for the way back. */
  readonly bothWays: boolean
}

interface Measured {
  readonly overhead: number
  readonly look?: number
}

const ways: readonly Way[] = [
  { there: 'failover api', back: 'failback api', bothWays: true },
  { there: 'db restore 10m ago', back: 'failback db', lasts: /\/databases\/orders-r-/, bothWays: false },
  {
    there: 'failover storage to account',
    back: 'failback storage',
    lasts: /\/examplewest\/failover/,
    bothWays: true,
  },
  { there: 'workers scale pool +2', back: 'failback workers', lasts: /\/workers-vmss/, bothWays: true },
]

const rounds = 8
/** The first ones load SDKs. */
const warmUp = 1
/** The provider ends at a moment between these, a whole interval of looks apart; in milliseconds. */
const shortest = 2_000
const longest = 17_000
/** Longer than anything lasts at the simulated provider, whose clock is moved on by that when its work shall end. */
const enough = 11 * minute

const RunData = z.object({
  run: z.object({
    state: z.string(),
    reason: z.string().optional(),
    proposal: z.object({ risk: z.string(), typed: z.string() }),
  }),
})
type RunSeen = z.infer<typeof RunData>['run']

interface Place {
  readonly bot: Bot
  readonly outside: Outside
  readonly clock: MovableClock
}

export async function measureWays(): Promise<readonly WayTimes[]> {
  await using started = new AsyncDisposableStack()
  const place = await openPlace(started)
  const times: WayTimes[] = []
  for (const way of ways) times.push(await measured(place, way))
  return times
}

async function openPlace(started: AsyncDisposableStack): Promise<Place> {
  const clock = createMovableClock()
  const outside = await startOutside(clock)
  started.defer(outside.stop)
  const mail = await startMailReceiver()
  started.defer(mail.stop)
  const dir = await mkdtemp(join(tmpdir(), 'dr-bench-ways-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const authorities = join(dir, 'authorities.pem')
  await writeFile(authorities, outside.azure.certificates.join('\n'))
  const bot = await startBot(mail.url, {
    env: { ...outside.env, NODE_EXTRA_CA_CERTS: authorities, RECOVERY_CHECK_MINUTES: '0' },
    change: outside.planFor,
  })
  started.defer(bot.stop)
  return { bot, outside, clock }
}

async function measured(place: Place, way: Way): Promise<WayTimes> {
  const all: Measured[] = []
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const there = await play(place, way.there, way.lasts)
    const back = await play(place, way.back, way.bothWays ? way.lasts : undefined)
    // What was put back settles at the provider: a database's copy is made again.
    place.clock.skip(enough)
    if (round >= warmUp) all.push(there, ...(way.bothWays ? [back] : []))
  }
  const looks = all.flatMap(({ look }) => (look === undefined ? [] : [look]))
  return {
    command: way.there,
    overhead: quantiles(all.map(({ overhead }) => overhead)),
    look: looks.length === 0 ? undefined : quantiles(looks),
  }
}

async function play({ bot, outside, clock }: Place, command: string, lasts?: RegExp): Promise<Measured> {
  const { requests } = outside.azure
  const run = await proposed(bot, command)
  const { proposal } = await seen(bot, run)
  const before = requests.length
  const pressed = performance.now()
  // Whoever asked may not approve what loses data.
  const person = proposal.risk === 'loses-data' ? 'mia' : 'ann'
  await said(bot, `approve ${run}${proposal.risk === 'disruptive' ? ` "${proposal.typed}"` : ''}`, person)
  if (lasts === undefined) {
    return { overhead: (await ended(bot, run)) - pressed }
  }
  const asked = (from: number, reason: string): boolean =>
    requests.slice(from).some((one) => one.reason === reason && lasts.test(one.path))
  while (!asked(before, 'change')) await sleep(1)
  const begun = performance.now()
  await sleep(shortest + Math.random() * (longest - shortest))
  clock.skip(enough)
  const [over, known] = [performance.now(), requests.length]
  const isLook = ({ reason, path }: (typeof requests)[number]): boolean =>
    reason === 'poll' || lasts.test(path)
  while (!requests.slice(known).some(isLook)) await sleep(1)
  const look = performance.now() - over
  return { overhead: (await ended(bot, run)) - pressed - (over - begun), look }
}

async function proposed(bot: Bot, command: string): Promise<string> {
  for (;;) {
    const { run, status } = await said(bot, command, 'ann')
    if (run !== undefined) return run
    if (status !== 'done') throw new Error(`"${command}" was ${status}`)
    // On a busy machine a look at the world may outlast the answer: whoever asks again gets the run that comes of it.
    await sleep(500)
  }
}

/** Said again when a connection was just closed: what is repeated changes nothing. */
async function said(bot: Bot, text: string, person: string): ReturnType<Bot['answer']> {
  try {
    return await bot.answer(text, person)
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ECONNRESET')) throw thrown
    return bot.answer(text, person)
  }
}

async function seen(bot: Bot, run: string): Promise<RunSeen> {
  return RunData.parse((await said(bot, `runs ${run}`, 'ann')).data).run
}

/** Looked at every 5 ms. */
async function ended(bot: Bot, run: string): Promise<number> {
  for (;;) {
    const { state, reason } = await seen(bot, run)
    if (state === 'done') return performance.now()
    if (state !== 'running') throw new Error(`${run} is ${state}: ${reason}`)
    await sleep(5)
  }
}
