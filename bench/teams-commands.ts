// Answers to what is written to the bot in Teams: at rest, in a storm of alerts, and with Teams' API hanging.
import { setTimeout as sleep } from 'node:timers/promises'
import { comeTrue } from './chat-pages.ts'
import { load } from './process.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'
import { startTeamsWorld } from './teams-world.ts'
import type { TeamsWorld } from './teams-world.ts'
import { subjectOf } from './traffic.ts'

export interface AnswerTimes {
  readonly during: string
  /** Until the bot has said that it has it: Teams waits 15 s for that. */
  readonly taken: Quantiles
  /** Until the answer stands in the chat; absent where it cannot come. */
  readonly answer?: Quantiles
  /** What was not answered: not taken in time, or without an answer in the chat. */
  readonly unanswered: number
}

const count = 60
/** Teams takes 60 messages of a bot in 30 s in one chat, and the bot keeps to that: faster, and its limits are measured. */
const pause = 550
const storm = { shape: 'one-system', connections: 50, rate: 1_000 } as const
/** A storm has settled after this, in milliseconds. */
const lead = 2_000
const incident = 'INC-1'
/** An answer that is not there after this, in milliseconds, is none. */
const patience = 15_000

export async function measureTeamsAnswers(): Promise<readonly AnswerTimes[]> {
  const world = await startTeamsWorld()
  const { bot, teams } = world
  try {
    // The storm's own incident is open, so that commands change what the storm is changing.
    await bot.alert(subjectOf('one-system', 0))
    await teams.say(world.idOf('ann'), `ack ${incident}`)
    await answers(world, { wanted: 10, answered: true })
    const measured: AnswerTimes[] = [
      { during: 'at rest', ...(await answers(world, { wanted: count, answered: true })) },
    ]
    const whole = load({ door: bot.door, seconds: 45, ...storm })
    await sleep(lead)
    measured.push({
      during: 'in a storm of 1,000 alerts/s',
      ...(await answers(world, { wanted: count, answered: true })),
    })
    await whole
    teams.fault({ kind: 'hang' })
    measured.push({
      during: "with Teams' API hanging",
      ...(await answers(world, { wanted: count, answered: false })),
    })
    return measured
  } finally {
    teams.fault()
    await world.stop()
  }
}

/** In turns a question and a decision that goes to disk, one at a time. */
async function answers(
  { teams, idOf }: TeamsWorld,
  { wanted, answered }: { readonly wanted: number; readonly answered: boolean },
): Promise<Omit<AnswerTimes, 'during'>> {
  const taken: number[] = []
  const answer: number[] = []
  let unanswered = 0
  const ann = idOf('ann')
  for (let n = 0; n < wanted; n += 1) {
    const before = teams.direct(ann).length
    const sent = performance.now()
    const said = teams.say(ann, n % 2 === 0 ? 'status' : `note ${incident} looked at replica ${n}`)
    const there = answered ? await comeTrue(() => teams.direct(ann).length > before, patience) : undefined
    const { ok, ms } = await said
    if (ok) taken.push(ms)
    if (there !== undefined) answer.push(there - sent)
    if (!ok || (answered && there === undefined)) unanswered += 1
    await sleep(pause)
  }
  return { taken: quantiles(taken), ...(answered && { answer: quantiles(answer) }), unanswered }
}
