// From an alert to the page at the door, alone and in a storm of another system; and answers to commands in that storm.
import { setTimeout as sleep } from 'node:timers/promises'
import { startAlertmanager } from './alertmanager.ts'
import { startBot } from './bot.ts'
import type { Bot } from './bot.ts'
import { load } from './process.ts'
import { startMailReceiver, startWebhookReceiver } from './receivers.ts'
import type { Arrival, Receiver } from './receivers.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'
import { loadBalancer, subjectOf } from './traffic.ts'
import type { Door, Subject } from './traffic.ts'

/** From sending the alert until the page's connection or request was there, and until all of it was. */
export interface PageTimes {
  readonly reached: Quantiles
  readonly taken: Quantiles
}

export interface Paged {
  readonly alone: { readonly bot: PageTimes; readonly peer: PageTimes }
  readonly storm: { readonly bot: PageTimes; readonly peer: PageTimes }
  /** Answers to commands in the storm. */
  readonly commands: { readonly status: Quantiles; readonly ack: Quantiles }
  /** Accepted per second in the storm, by the bot. */
  readonly stormRate: number
}

const rounds = { alone: 200, storm: 100, commands: 200 }
const storm = { connections: 50, rate: 1_000 }
/** Between rounds, in milliseconds: what followed from one page is over when the next one is measured. */
const pause = 40
/** They take the storm's incident from each other, so that each `ack` is a decision that goes to disk. */
const takers = ['cem', 'ann']
/** A storm has settled after this, in milliseconds. */
const lead = 2_000

/** Sends alerts of a new object each, one at a time, and waits for the page. `after` ends what the page began. */
async function pages(
  from: { readonly count: number; readonly first: number },
  receiver: Receiver,
  alert: (subject: Subject) => Promise<void>,
  after: (page: Arrival) => Promise<unknown> = async () => {},
): Promise<PageTimes> {
  const reached: number[] = []
  const taken: number[] = []
  for (let n = from.first; n < from.first + from.count; n += 1) {
    const page = receiver.next()
    const sent = performance.now()
    const [arrival] = await Promise.all([page, alert(loadBalancer(n))])
    reached.push(arrival.reached - sent)
    taken.push(arrival.taken - sent)
    await after(arrival)
    await sleep(pause)
  }
  return { reached: quantiles(reached), taken: quantiles(taken) }
}

/** Keeps a storm of the database up while `run` runs, and waits for its end. */
async function inStorm<T>(door: Door, seconds: number, run: () => Promise<T>) {
  const whole = load({ door, shape: 'one-system', seconds, ...storm })
  await sleep(lead)
  const result = await run()
  return { result, storm: await whole }
}

async function resolveWhat(bot: Bot, page: Arrival): Promise<void> {
  const [id] = /INC-\d+/.exec(page.text) ?? []
  await bot.say(`resolve ${id} measured`)
}

async function answers(count: number, ask: (n: number) => Promise<unknown>): Promise<Quantiles> {
  const took: number[] = []
  for (let n = 0; n < count; n += 1) {
    const asked = performance.now()
    await ask(n)
    took.push(performance.now() - asked)
    await sleep(5)
  }
  return quantiles(took)
}

export async function measurePaged(): Promise<Paged> {
  const ours = await measureBot()
  const peer = await measurePeer()
  return {
    alone: { bot: ours.alone, peer: peer.alone },
    storm: { bot: ours.storm, peer: peer.storm },
    commands: ours.commands,
    stormRate: ours.stormRate,
  }
}

async function measureBot() {
  const mail = await startMailReceiver()
  const bot = await startBot(mail.url)
  const end = (page: Arrival) => resolveWhat(bot, page)
  try {
    await pages({ count: 20, first: 0 }, mail, bot.alert, end)
    const alone = await pages({ count: rounds.alone, first: 1_000 }, mail, bot.alert, end)

    // The storm's own incident is open and taken before it begins, so that every page is one that was asked for.
    const opened = mail.next()
    await bot.alert(subjectOf('one-system', 0))
    await opened
    const [incident] = await bot.incidents()
    await bot.say(`ack ${incident?.id}`)

    const paged = await inStorm(bot.door, 20, () =>
      pages({ count: rounds.storm, first: 2_000 }, mail, bot.alert, end),
    )
    const told = await inStorm(bot.door, 15, async () => ({
      status: await answers(rounds.commands, () => bot.say('status')),
      ack: await answers(rounds.commands, (n) => bot.say(`ack ${incident?.id}`, takers[n % takers.length])),
    }))
    return { alone, storm: paged.result, commands: told.result, stormRate: paged.storm.perSecond }
  } finally {
    await bot.stop()
    await mail.stop()
  }
}

async function measurePeer() {
  const receiver = await startWebhookReceiver()
  const peer = await startAlertmanager({ by: 'system', wait: '0s' }, receiver.url)
  try {
    await pages({ count: 20, first: 0 }, receiver, peer.alert)
    const alone = await pages({ count: rounds.alone, first: 1_000 }, receiver, peer.alert)
    const first = receiver.next()
    await peer.alert(subjectOf('one-system', 0))
    await first
    const paged = await inStorm(peer.door, 20, () =>
      pages({ count: rounds.storm, first: 2_000 }, receiver, peer.alert),
    )
    return { alone, storm: paged.result }
  } finally {
    await peer.stop()
    await receiver.stop()
  }
}
