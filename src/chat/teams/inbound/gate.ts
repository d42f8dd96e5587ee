// The gate behind the token check: only our tenant, each activity once, never in silence when that cannot be known.
import { reasonOf } from '../../../errors.ts'
import { second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import { within } from '../../lanes.ts'
import { learn } from './installed.ts'
import { onEdit, onMessage, tell } from './messages.ts'
import { deliveryName } from './payload.ts'
import type { Activity } from './payload.ts'
import { onCardAction, telling } from './presses.ts'
import type { InvokeAnswer } from './presses.ts'
import { storeDown } from './speak.ts'
import type { Inbound } from './speak.ts'

/** Longer than a token is good that somebody could replay with a request; real milliseconds. */
const rememberedFor: Duration = 2 * 3_600 * second
/** The store is asked for so long. */
const storePatience: Duration = second
/** How long an answer is kept for a second delivery, and how long that waits for it. Real milliseconds. */
const answerKept: Duration = 10 * second
const answerPatience: Duration = 5 * second

/** Serves one activity; the answer is for an invoke. Never rejects. */
export type Serve = (activity: Activity, body: string) => Promise<InvokeAnswer | undefined>

export function createGate(inbound: Inbound): Serve {
  const answers = new Map<string, Promise<InvokeAnswer>>()

  /** A second delivery of an invoke is given the first one's answer: that may have gone down with its connection. */
  async function invoked(activity: Activity, name: string): Promise<InvokeAnswer | undefined> {
    if (activity.name !== 'adaptiveCard/action') return undefined
    const first = await firstTime(inbound, name)
    if (first === undefined) return telling(nothingDone)
    if (!first) return within(answers.get(name) ?? Promise.resolve(telling(doneBefore)), answerPatience)
    const answer = onCardAction(inbound, activity)
    answers.set(name, answer)
    setTimeout(() => answers.delete(name), answerKept).unref()
    return answer
  }

  async function said(activity: Activity, name: string): Promise<void> {
    const first = await firstTime(inbound, name)
    if (first === undefined) return tell(inbound, activity, storeDown(inbound))
    if (first) await (activity.type === 'message' ? onMessage(inbound, activity) : onEdit(inbound, activity))
  }

  return async (activity, body) => {
    const name = deliveryName(activity, body)
    const learned = learn(inbound, activity)
    const answer = activity.type === 'invoke' ? await invoked(activity, name) : undefined
    if (activity.type === 'message' || activity.type === 'messageUpdate') await said(activity, name)
    await within(learned, storePatience)
    return answer
  }
}

const nothingDone =
  'Not done: the bot keeps everything in Redis, and Redis does not answer. Try again in a minute, or use the console.'
const doneBefore = 'This was received already; nothing was done again.'

/** Undefined when the store did not say. */
async function firstTime({ store, log }: Inbound, name: string): Promise<boolean | undefined> {
  try {
    return await within(store.once(name, rememberedFor), storePatience)
  } catch (thrown) {
    log.warn('the store did not say whether something from Teams is new', { reason: reasonOf(thrown) })
    return undefined
  }
}
