// Answers to /dr: at rest, in a storm of alerts, with Slack's API hanging and with its sockets cut, by Socket Mode and over HTTP.
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from './process.ts'
import { startSlackWorld } from './slack-world.ts'
import type { Mode, SlackWorld } from './slack-world.ts'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'
import { subjectOf } from './traffic.ts'

/** Answers in the acknowledgement, as Slack sees them. */
export interface AnswerTimes {
  readonly mode: Mode
  readonly during: string
  readonly answer: Quantiles
  /** Commands that were not answered within Slack's 3 s. */
  readonly unanswered: number
}

const count = 400
const storm = { shape: 'one-system', connections: 50, rate: 1_000 } as const
/** A storm has settled after this, in milliseconds. */
const lead = 2_000
const incident = 'INC-1'

export async function measureAnswers(): Promise<readonly AnswerTimes[]> {
  return [...(await measureMode('socket')), ...(await measureMode('http'))]
}

async function measureMode(mode: Mode): Promise<readonly AnswerTimes[]> {
  const world = await startSlackWorld(mode)
  const { bot, slack } = world
  const told = async (during: string): Promise<AnswerTimes> => ({ mode, during, ...(await answers(world)) })
  try {
    // The storm's own incident is open, so that commands change what the storm is changing.
    await bot.alert(subjectOf('one-system', 0))
    await slack.command('U0ANN', `ack ${incident}`)
    await answers(world, 50)
    const measured = [await told('at rest')]
    measured.push(await inStorm(world, () => told('in a storm of 1,000 alerts/s')))
    slack.fault({ kind: 'hang' })
    measured.push(await told("with Slack's API hanging"))
    measured.push(await inStorm(world, () => told("in the storm, with Slack's API hanging")))
    if (mode === 'socket') {
      slack.fault({ kind: 'drop-sockets', ms: 3_000 })
      measured.push(await told('with sockets cut every 3 s'))
    }
    return measured
  } finally {
    slack.fault()
    await world.stop()
  }
}

async function inStorm<T>({ bot }: SlackWorld, run: () => Promise<T>): Promise<T> {
  const whole = load({ door: bot.door, seconds: 20, ...storm })
  await sleep(lead)
  const result = await run()
  await whole
  return result
}

/** In turns a question and a decision that goes to disk. */
async function answers(
  { slack }: SlackWorld,
  wanted = count,
): Promise<{ readonly answer: Quantiles; readonly unanswered: number }> {
  const took: number[] = []
  let unanswered = 0
  for (let n = 0; n < wanted; n += 1) {
    const text = n % 2 === 0 ? 'status' : `note ${incident} looked at replica ${n}`
    const { ok, ms } = await slack.command('U0ANN', text)
    if (ok) took.push(ms)
    else unanswered += 1
    await sleep(20)
  }
  return { answer: quantiles(took), unanswered }
}
