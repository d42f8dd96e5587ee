// From an alert to the direct message, to the e-mail and to the card in the room, with Slack well and in each kind of trouble.
import { setTimeout as sleep } from 'node:timers/promises'
import type { SimSlack } from '../sim/slack.ts'
import { comeTrue, isThere, startSlackWorld } from './slack-world.ts'
import type { SlackWorld } from './slack-world.ts'
import { loadBalancer } from './traffic.ts'

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

interface Trouble {
  readonly name: string
  readonly begin: (slack: SimSlack) => Promise<void> | void
  readonly end?: (slack: SimSlack) => Promise<void>
  /** Outages after the first. */
  readonly later: number
  /** What is waited for. */
  readonly until: readonly (keyof Arrivals)[]
  /** How long, in milliseconds. */
  readonly within: number
}

const troubles: readonly Trouble[] = [
  { name: 'healthy', begin: () => {}, later: 40, until: ['direct', 'card'], within: 10_000 },
  {
    name: 'down (connections refused)',
    begin: (slack) => slack.down(),
    end: (slack) => slack.up(),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'hanging (no answer, ever)',
    begin: (slack) => slack.fault({ kind: 'hang' }),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'slow (each call 10 s)',
    begin: (slack) => slack.fault({ kind: 'slow', ms: 10_000 }),
    later: 1,
    until: ['mail', 'card'],
    within: 120_000,
  },
  {
    name: '429 on every other call',
    begin: (slack) => slack.fault({ kind: 'rate-limit', every: 2, retryAfter: 1 }),
    later: 20,
    until: ['direct', 'card'],
    within: 30_000,
  },
  {
    name: 'sockets cut every 3 s',
    begin: (slack) => slack.fault({ kind: 'drop-sockets', ms: 3_000 }),
    later: 40,
    until: ['direct', 'card'],
    within: 10_000,
  },
]

/** What an outage began in Slack goes on for a while after its pages. */
const pause = 300

export async function measureTroubles(): Promise<readonly TroubleTimes[]> {
  const measured: TroubleTimes[] = []
  for (const trouble of troubles) measured.push(await measureTrouble(trouble))
  return measured
}

/** On a bot of its own that has met Slack well. */
async function measureTrouble(trouble: Trouble): Promise<TroubleTimes> {
  const world = await startSlackWorld('socket')
  try {
    await outage(world, trouble, 1)
    await sleep(1_000)
    await trouble.begin(world.slack)
    const first = await outage(world, trouble, 2)
    const later: Arrivals[] = []
    for (let n = 0; n < trouble.later; n += 1) later.push(await outage(world, trouble, 3 + n))
    return { trouble: trouble.name, first, later }
  } finally {
    await trouble.end?.(world.slack)
    await world.stop()
  }
}

/** One outage, resolved in the end so that the next alert is another one. */
async function outage({ bot, slack, mail }: SlackWorld, trouble: Trouble, n: number): Promise<Arrivals> {
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
    if (isThere(slack, `${id}/page:`)) came.direct ??= performance.now()
    if (isThere(slack, `${id}/card`)) came.card ??= performance.now()
    return (n === 1 ? (['direct', 'card'] as const) : trouble.until).every((each) => came[each] !== undefined)
  }, trouble.within)
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
