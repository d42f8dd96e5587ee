// From an alert to the direct message, to the e-mail and to the card in the room, with a chat well and in each kind of trouble.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bot } from './bot.ts'
import type { Receiver } from './receivers.ts'
import { loadBalancer } from './traffic.ts'

/** The bot and a simulated chat, and what has arrived in it. */
export interface ChatWorld {
  readonly bot: Bot
  readonly mail: Receiver
  /** Whether somebody has the direct message of that incident. */
  readonly hasPage: (incident: string) => boolean
  /** Whether its card is in its room. */
  readonly hasCard: (incident: string) => boolean
  readonly stop: () => Promise<void>
}

/** Milliseconds from sending the alert; undefined: not within the time that was waited. */
export interface Arrivals {
  readonly direct: number | undefined
  readonly mail: number | undefined
  readonly card: number | undefined
}

/** How one kind of trouble went. */
export interface TroubleTimes {
  readonly trouble: string
  /** The outage that met the trouble first. */
  readonly first: Arrivals
  /** Those that followed, one after the other. */
  readonly later: readonly Arrivals[]
}

export interface Trouble<W extends ChatWorld> {
  readonly name: string
  readonly begin: (world: W) => Promise<void> | void
  readonly end?: (world: W) => Promise<void>
  /** Outages after the first. */
  readonly later: number
  /** What is waited for. */
  readonly until: readonly (keyof Arrivals)[]
  /** How long, in milliseconds. */
  readonly within: number
}

/** What an outage began in a chat goes on for a while after its pages. */
const pause = 300

/** Each on a bot of its own that has met the chat well. */
export async function measureTroubles<W extends ChatWorld>(
  start: () => Promise<W>,
  troubles: readonly Trouble<W>[],
): Promise<readonly TroubleTimes[]> {
  const measured: TroubleTimes[] = []
  for (const trouble of troubles) measured.push(await measureTrouble(start, trouble))
  return measured
}

async function measureTrouble<W extends ChatWorld>(
  start: () => Promise<W>,
  trouble: Trouble<W>,
): Promise<TroubleTimes> {
  const world = await start()
  try {
    await outage(world, { until: ['direct', 'card'], within: trouble.within }, 1)
    await sleep(1_000)
    await trouble.begin(world)
    const first = await outage(world, trouble, 2)
    const later: Arrivals[] = []
    for (let n = 0; n < trouble.later; n += 1) later.push(await outage(world, trouble, 3 + n))
    return { trouble: trouble.name, first, later }
  } finally {
    await trouble.end?.(world)
    await world.stop()
  }
}

/** One outage, resolved in the end so that the next alert is another one. */
async function outage(
  { bot, mail, hasPage, hasCard }: ChatWorld,
  { until, within }: Pick<Trouble<ChatWorld>, 'until' | 'within'>,
  n: number,
): Promise<Arrivals> {
  const id = `INC-${n}`
  const came: { -readonly [K in keyof Arrivals]: Arrivals[K] } = {
    direct: undefined,
    mail: undefined,
    card: undefined,
  }
  void mail.next().then(({ reached }) => (came.mail ??= reached))
  const sent = performance.now()
  await bot.alert(loadBalancer(n))
  await comeTrue(() => {
    if (came.direct === undefined && hasPage(id)) came.direct = performance.now()
    if (came.card === undefined && hasCard(id)) came.card = performance.now()
    return until.every((each) => came[each] !== undefined)
  }, within)
  const arrivals = {
    direct: since(came.direct, sent),
    mail: since(came.mail, sent),
    card: since(came.card, sent),
  }
  await bot.say(`resolve ${id} measured`)
  await sleep(pause)
  return arrivals
}

function since(at: number | undefined, sent: number): number | undefined {
  return at === undefined ? undefined : at - sent
}

/**
 * Resolves with the instant (of performance.now()) at which the check was first true, looked at every 2 ms; undefined
 * when that took longer than `within`.
 */
export async function comeTrue(check: () => boolean, within = 30_000): Promise<number | undefined> {
  const until = performance.now() + within
  while (!check()) {
    if (performance.now() > until) return undefined
    await sleep(2)
  }
  return performance.now()
}
