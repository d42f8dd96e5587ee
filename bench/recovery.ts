// A DNS failover from the button to the first changed answer, and what the bot adds to the provider's own time.
import { Resolver } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startWorld } from '../sim/world.ts'
import type { World } from '../sim/world.ts'
import { startBot } from './bot.ts'
import type { Bot } from './bot.ts'
import { timeProvider } from './provider-time.ts'
import type { TimedProvider } from './provider-time.ts'
import { startMailReceiver } from './receivers.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'

export interface RecoveryTimes {
  /** From `failover lb` to the proposal: the world is looked at. */
  readonly proposed: Quantiles
  /** From `approve` to the first answer of a name server with the new address. */
  readonly seen: Quantiles
  /** From `approve` to the run's end, verified. */
  readonly verified: Quantiles
  /** Of that, what was not waiting for the provider's API. */
  readonly overhead: Quantiles
}

/** Each one there and back. */
const rounds = 50
/** The first ones load SDKs. */
const warmUp = 3
/** The engineer who asks and approves: the recovery is reversible. */
const person = 'ann'

const RunData = z.object({ run: z.object({ state: z.string() }) })

interface Round {
  readonly proposed: number
  readonly seen: number
  readonly verified: number
  readonly overhead: number
}

export async function measureRecovery(): Promise<RecoveryTimes> {
  await using started = new AsyncDisposableStack()
  const world = await startWorld()
  started.defer(world.stop)
  const provider = await timeProvider(new URL(world.cloudflare.baseUrl).origin)
  started.defer(provider.stop)
  const mail = await startMailReceiver()
  started.defer(mail.stop)
  const bot = await startBot(mail.url, {
    env: { CLOUDFLARE_API_TOKEN: world.token, CLOUDFLARE_BASE_URL: `${provider.url}/client/v4` },
    change: (plan) => planFor(world, plan),
  })
  started.defer(bot.stop)

  const measured: Round[] = []
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [command, address] of [
      ['failover lb', world.backup.host],
      ['failback lb', world.lb.host],
    ] as const) {
      const one = await play({ bot, world, provider }, command, address)
      if (round >= warmUp) measured.push(one)
    }
  }
  const of = (name: keyof Round): Quantiles => quantiles(measured.map((each) => each[name]))
  return { proposed: of('proposed'), seen: of('seen'), verified: of('verified'), overhead: of('overhead') }
}

async function play(
  { bot, world, provider }: { readonly bot: Bot; readonly world: World; readonly provider: TimedProvider },
  command: string,
  address: string,
): Promise<Round> {
  const asked = performance.now()
  const { run } = await bot.answer(command, person)
  const proposed = performance.now() - asked
  if (run === undefined) throw new Error(`"${command}" proposed nothing`)
  const pressed = performance.now()
  const [seen] = await Promise.all([changed(world, address), bot.answer(`approve ${run}`, person)])
  const done = await ended(bot, run)
  return {
    proposed,
    seen: seen - pressed,
    verified: done - pressed,
    overhead: done - pressed - provider.busy(pressed, done),
  }
}

/** Asks the name server without a pause; resolves with the instant of the first answer that holds the address. */
async function changed(world: World, address: string): Promise<number> {
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${world.dns.port}`])
  for (;;) {
    const [found] = await resolver.resolve4(world.record)
    if (found === address) return performance.now()
    await sleep(1)
  }
}

/** Looked at every 5 ms. */
async function ended(bot: Bot, run: string): Promise<number> {
  for (;;) {
    const { data } = await bot.answer(`runs ${run}`, person)
    const { state } = RunData.parse(data).run
    if (state === 'done') return performance.now()
    if (state !== 'running') throw new Error(`${run} is ${state}`)
    await sleep(5)
  }
}

function planFor(world: World, example: string): string {
  return example
    .replaceAll('203.0.113.20', world.backup.host)
    .replaceAll('203.0.113.30', world.api.host)
    .replaceAll('https://api.example.com/health', `http://${world.record}:${world.httpPort}/health`)
}
