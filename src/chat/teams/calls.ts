// One call to Teams after the other: lanes, budget, waits, time limits, and what each outcome tells of Teams' health.
import { RetryableError, UserError } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { ChatState, Check, Clock, Log } from '../../ports.ts'
import { createLanes, createWaits, unlessAborted } from '../lanes.ts'
import type { AskedWait, CallOptions, Lane } from '../lanes.ts'
import { createOutage } from '../outage.ts'
import { readAnswer, TeamsLimit, TeamsRefusal, TeamsSilence } from './api-errors.ts'
import type { What } from './api-errors.ts'
import { createBackoff } from './backoff.ts'
import { createBudget } from './budget.ts'
import type { Cloud } from './cloud.ts'
import type { Tokens } from './tokens.ts'
import { exchange } from './wire.ts'
import type { Limits, WireRequest } from './wire.ts'

export interface Call extends Omit<WireRequest, 'token' | 'form'> {
  readonly what: What
  /** What Teams counts by, and what is done one after the other. */
  readonly thread: string
  /** Graph is no part of Teams' being there: a chat without Graph still works. */
  readonly of: 'connector' | 'graph'
}

export interface Calls {
  /**
   * The answer's JSON, undefined for none. Throws TeamsRefusal, or RetryableError: TeamsSilence when it may have been
   * done.
   */
  readonly call: (request: Call, options: CallOptions) => Promise<unknown>
  readonly health: () => Check
  readonly state: () => Omit<ChatState, 'chat'>
  readonly onReturn: (listener: () => void) => void
  readonly close: () => void
}

export interface CallsDeps {
  readonly cloud: Pick<Cloud, 'audience' | 'graphAudience'>
  readonly tokens: Tokens
  /** Something harmless to ask of the channel in which the bot lives, when nothing else tells whether Teams is there. */
  readonly probe: () => Promise<Call>
  readonly clock: Clock
  readonly log: Log
}

/** How long an answer of each lane may take, in real milliseconds. */
const timeouts: Readonly<Record<Lane, Duration>> = {
  page: 4 * second,
  answer: 3 * second,
  room: 15 * second,
}
/** A caller that gives up this long after the call went out has seen Teams be silent. */
const silence: Duration = 3 * second

/** Nothing in it waits for its turn to be allowed: what may not be sent now fails now. */
export function createCalls(deps: CallsDeps): Calls {
  const { clock, log, tokens } = deps
  const lanes = createLanes()
  const waits = createWaits('Teams', clock)
  const budget = createBudget(clock)
  const backoff = createBackoff(clock)
  const closing = new AbortController()
  let returned = (): void => {}
  const home = createHome(log, () => returned())
  const outage = createOutage({
    service: 'Teams',
    clock,
    log,
    probe,
    ask: probe,
    returned: () => returned(),
  })

  async function call(request: Call, options: CallOptions): Promise<unknown> {
    const signal = AbortSignal.any([closing.signal, ...(options.signal ? [options.signal] : [])])
    return lanes.inTurn(`${options.lane} ${request.thread}`, signal, async () => {
      const limit = `${options.lane} ${request.thread}`
      const down = options.lane === 'page' && request.of === 'connector' ? outage.down() : undefined
      if (down) throw down
      waits.check(limit, request.what)
      if (request.of === 'connector') budget.take(options.lane, request.thread)
      try {
        const answer = await watched(request, { timeout: timeouts[options.lane], signal })
        backoff.forget(limit)
        return answer
      } catch (thrown) {
        throw limited(thrown, limit, { lane: options.lane, what: request.what })
      }
    })
  }

  /** What Teams limits, or its gateway cannot pass on, is left alone for a while that grows with each time. */
  function limited(thrown: unknown, limit: string, of: Pick<AskedWait, 'lane' | 'what'>): unknown {
    const isLimit = thrown instanceof TeamsLimit
    if (!isLimit && !(thrown instanceof TeamsSilence && thrown.gateway)) return thrown
    const asked = backoff.next(limit, isLimit ? thrown.asked : undefined)
    const { wait: after, tooLong } = waits.close(limit, { ...of, wait: asked })
    if (!isLimit) return new TeamsSilence(thrown.message, thrown.done, { after })
    return new RetryableError(tooLong === undefined ? thrown.message : `${tooLong}.`, { after })
  }

  /** One request, and what it tells about Teams' health. */
  async function watched(request: Call, limits: Limits): Promise<unknown> {
    const begun = performance.now()
    try {
      const answer = await unlessAborted(requested(request, limits), limits.signal)
      if (request.of === 'connector') outage.answered()
      return answer
    } catch (thrown) {
      // The request was cut off under way: Teams may have done it.
      const failure = limits.signal.aborted
        ? new TeamsSilence(`Teams did not answer ${request.what} in the time that was left.`, 'later')
        : thrown
      if (request.of === 'connector') judge(failure, performance.now() - begun, limits.signal)
      throw failure
    }
  }

  async function requested({ what, of, ...request }: Call, limits: Limits): Promise<unknown> {
    const audience = of === 'graph' ? deps.cloud.graphAudience : deps.cloud.audience
    const token = await tokens.get(audience, limits)
    const answer = await exchange({ ...request, token }, what, limits)
    if (answer.status === 401) tokens.drop(audience)
    return readAnswer(answer, what)
  }

  function judge(failure: unknown, took: Duration, signal: AbortSignal): void {
    if (closing.signal.aborted) return
    if (failure instanceof TeamsSilence) {
      // An impatient caller says nothing about Teams.
      if (!signal.aborted || took >= silence) outage.silent(failure.message)
    } else if (failure instanceof UserError && failure.passing) outage.refused(failure.message)
    else outage.answered()
  }

  async function probe(): Promise<void> {
    try {
      await watched(await deps.probe(), { timeout: timeouts.answer, signal: closing.signal })
    } catch (thrown) {
      if (thrown instanceof TeamsRefusal && !thrown.passing) home.shut(thrown.message)
      throw thrown
    }
    home.open()
  }

  return {
    call,
    health: () => [outage.health(), home.health(), waits.health()].find(({ ok }) => !ok) ?? { ok: true },
    state: outage.state,
    onReturn: (listener) => {
      returned = listener
    },
    close: () => {
      closing.abort()
      outage.close()
    },
  }
}

/** The channel in which the bot lives: Teams may be there, and so may the bot, and yet nobody would see an incident. */
function createHome(
  log: Log,
  opened: () => void,
): {
  readonly open: () => void
  readonly shut: (because: string) => void
  readonly health: () => Check
} {
  let closed: string | undefined
  return {
    open: () => {
      if (closed === undefined) return
      closed = undefined
      log.info('the channel of the bot in Teams is open to it again')
      opened()
    },
    shut: (because) => {
      if (closed === undefined)
        log.warn('the channel of the bot in Teams is closed to it', { reason: because })
      closed = because
    },
    health: () => (closed === undefined ? { ok: true } : { ok: false, text: closed }),
  }
}
