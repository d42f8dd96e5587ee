// Answers to people in Teams: one after the other in each conversation, and each waits its turn where Teams takes no more.
import { RetryableError } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { Clock } from '../../../ports.ts'
import { botTime } from '../../lanes.ts'
import type { Lanes } from '../../lanes.ts'
import type { TeamsActivity } from '../activity.ts'
import { TeamsSilence } from '../api.ts'
import type { Conversation, TeamsApi } from '../api.ts'

/** Whoever asked looks somewhere else by then; real milliseconds. */
const longest: Duration = minute

export interface AnswersDeps {
  readonly api: Pick<TeamsApi, 'send' | 'update'>
  readonly clock: Clock
  /** The order of answers, by conversation. */
  readonly turns: Lanes
}

/** An answer, in place of an earlier message where one is named. */
export interface Answering {
  readonly to: Conversation
  readonly activity: TeamsActivity
  readonly instead?: string | undefined
}

/** Sends an answer as soon as it may be sent, for at most a minute. Throws what hindered it last. */
export async function sendAnswer(deps: AnswersDeps, answering: Answering): Promise<void> {
  const { clock, turns } = deps
  const until = clock.now() + botTime(clock, longest)
  await turns.inTurn(answering.to.id, undefined, async () => {
    for (;;) {
      try {
        return await once(deps, answering)
      } catch (thrown) {
        const wait = waitAfter(thrown)
        if (wait === undefined || clock.now() + wait > until) throw thrown
        await new Promise<void>((resolve) => void clock.after(wait, resolve))
      }
    }
  })
}

async function once({ api }: AnswersDeps, { to, activity, instead }: Answering): Promise<void> {
  const options = { lane: 'answer' } as const
  if (instead !== undefined) {
    try {
      return await api.update(to, instead, activity, options)
    } catch (thrown) {
      if (waitAfter(thrown) !== undefined) throw thrown
    }
  }
  await api.send(to, activity, options)
}

/** How long to wait before it is sent again; undefined where that helps nobody, or would say it twice. */
function waitAfter(thrown: unknown): Duration | undefined {
  if (!(thrown instanceof RetryableError)) return undefined
  return thrown instanceof TeamsSilence && thrown.done !== 'never' ? undefined : thrown.after
}
