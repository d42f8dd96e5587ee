// The story of an outage from the alert to its end, played by people who do not give up, while things are killed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../../src/recovery/run.ts'
import type { Snapshot } from '../servers/bot-process.ts'
import { service, until } from './chaos-driver.ts'
import type { Fields } from './chaos-driver.ts'
import type { House } from './chaos-house.ts'

/** The load balancers break, and the API server behind them cannot be reached: one cause. */
export const objects = ['lb1;HAProxy', 'lb2;HAProxy', 'api1;HTTP'] as const

/** Plays it to its end and answers what the bot's store holds then. */
export async function playStory(house: House): Promise<Snapshot> {
  const { bot, clock, driver, outside, random } = house
  const heard = outside.mailbox.received.length
  const see = () => bot.snapshot({ objects })
  const pagedPeople = () => [
    ...new Set(outside.mailbox.received.slice(heard).map((mail) => mail.to[0]?.split('@')[0] ?? '')),
  ]

  for (const [index, name] of objects.entries()) {
    await notifyAgain(house, service(name, 'CRITICAL', index + 1, clock.now()))
    await sleep(random() * 100)
  }
  await until('the first engineer is paged', async () => pagedPeople()[0])
  const second = await until('in silence, the next engineer is paged too', async () => pagedPeople()[1])
  await until(`${second} has it`, async () => {
    await driver.say(second, 'ack')
    return (await see()).incidents.find((each) => each.engineer !== undefined)
  })
  await notifyAgain(house, service('api1;HTTP', 'OK', 3, clock.now()))
  await recover(house, second, see)
  for (const [index, name] of objects.slice(0, 2).entries()) {
    await notifyAgain(house, service(name, 'OK', index + 1, clock.now()))
  }
  await until('the incident is resolved', async () => {
    const { incidents } = await see()
    return incidents.find((each) => each.state === 'resolved')
  })
  house.calm()
  return until('nothing is left to do', async () => {
    const seen = await see()
    return seen.untriaged === 0 && seen.pendingEffects === 0 ? seen : undefined
  })
}

/** Once, twice or three times, as a sender that did not hear the answer. */
async function notifyAgain({ driver, random }: House, fields: Fields): Promise<void> {
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) await driver.notify(fields)
}

/** What brings a run on; nothing while it goes on by itself. */
const wordFor: Partial<Record<Run['state'], string>> = {
  proposed: 'approve R',
  failed: 'retry R',
  unknown: 'retry R',
  cancelled: 'failover lb',
  denied: 'failover lb',
  expired: 'failover lb',
}

/** Orders the recovery, and goes on with it whatever happens to it. */
async function recover({ driver }: House, person: string, see: () => Promise<Snapshot>): Promise<void> {
  await until('the failover is done', async () => {
    const [run] = (await see()).runs
    if (run?.state === 'done') return run
    const next = run === undefined ? 'failover lb' : wordFor[run.state]
    if (next !== undefined) await driver.say(person, next.replace('R', run?.id ?? ''))
    return undefined
  })
}
