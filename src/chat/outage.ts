// Knowing that a chat is down: after some calls without an answer, until one is answered; a quiet probe finds its return.
import { UserError } from '../errors.ts'
import { second } from '../ids.ts'
import type { Instant } from '../ids.ts'
import type { ChatState, Check, Clock, Log } from '../ports.ts'
import { botTime } from './lanes.ts'

/** This many calls in a row without an answer. */
const enough = 3
/** Real time between two probes. */
const probeEvery = 5 * second
/** It is asked whether it is there when nothing was heard of it for so long, and how often that is looked at; real time. */
const quiet = 15 * second
const lookEvery = 5 * second

export interface Outage {
  readonly answered: () => void
  /** The chat took the call and refuses the bot itself: its token, its account. */
  readonly refused: (because: string) => void
  readonly silent: (because: string) => void
  /** Why a call that has another way to take should not be made; undefined while it answers. */
  readonly down: () => UserError | undefined
  readonly health: () => Check
  readonly state: () => Omit<ChatState, 'chat'>
  readonly close: () => void
}

/**
 * `service` is the chat's name, such as Slack. `probe` asks it something harmless while it is down, `ask` something
 * that it answers only to the bot while nothing is heard of it; what becomes of them comes back through `answered`,
 * `refused` and `silent`. `returned` is called when it answers after it was down, or takes calls after it had refused
 * the bot.
 */
export function createOutage(deps: {
  readonly service: string
  readonly clock: Clock
  readonly log: Log
  readonly probe: () => Promise<unknown>
  readonly ask: () => Promise<unknown>
  readonly returned: () => void
}): Outage {
  const { service, clock, log } = deps
  let missed = 0
  let since: Instant | undefined
  let reason = ''
  let refusal: { readonly text: string; readonly since: Instant } | undefined
  let heard = false
  /** When the first of the calls in a row that had no answer had none. */
  let firstMissed: Instant = 0
  let lastTaken: Instant | undefined
  /** When something was last known of it, good or bad. */
  let lastKnown = clock.now()
  let cancel = (): void => {}

  function probeLater(): void {
    cancel = clock.after(botTime(clock, probeEvery), () => void probeOnce())
  }

  function isQuiet(): boolean {
    // While it is known to be down it is probed.
    return since === undefined && (missed > 0 || clock.now() - lastKnown >= botTime(clock, quiet))
  }
  const stopAsking = askWhen(isQuiet, deps)

  async function probeOnce(): Promise<void> {
    // How it went has been counted by the time it ends; what it threw was for that alone.
    await deps.probe().catch(() => {})
    if (since !== undefined) probeLater()
  }

  function back(): void {
    lastKnown = clock.now()
    missed = 0
    heard = true
    if (since === undefined) return
    log.info(`${service} answers again`, { after: clock.now() - since })
    since = undefined
    cancel()
    deps.returned()
  }

  function allowed(): void {
    if (refusal === undefined) return
    refusal = undefined
    log.info(`${service} takes the calls of the bot again`)
    deps.returned()
  }

  return {
    answered: () => {
      lastTaken = clock.now()
      back()
      allowed()
    },
    refused: (because) => {
      if (refusal === undefined)
        log.error(`${service} refuses the bot; pages take their next channel`, { reason: because })
      refusal = { text: because, since: refusal?.since ?? clock.now() }
      back()
    },
    silent: (because) => {
      lastKnown = clock.now()
      if (missed === 0) firstMissed = lastKnown
      missed += 1
      reason = because
      if (since !== undefined || missed < enough) return
      since = firstMissed
      log.warn(`${service} does not answer; pages take their next channel`, { reason })
      probeLater()
    },
    down: () =>
      since === undefined
        ? undefined
        : new UserError(
            `${service.toLowerCase()}-down`,
            `${service} is down (${reason}). Use the console or the terminal meanwhile.`,
            { passing: true },
          ),
    health: () => {
      if (since !== undefined) {
        const text = `${service} has not answered since ${timeOf(since)} (${reason}); the bot goes on by its other doors`
        return { ok: false, text }
      }
      if (!heard && missed > 0)
        return {
          ok: false,
          text: `${service} has not answered yet (${reason}); the bot goes on by its other doors`,
        }
      return refusal === undefined ? { ok: true } : { ok: false, text: refusal.text }
    },
    state: () => {
      const silent = since !== undefined && { since, refused: false }
      const away = silent || (refusal !== undefined && { since: refusal.since, refused: true })
      return { ...(away && { away }), ...(lastTaken !== undefined && { heard: lastTaken }) }
    },
    close: () => {
      since = undefined
      stopAsking()
      cancel()
    },
  }
}

/** Nothing but calls tells that a chat is away: where there are none, it is asked now and then. The answer stops that. */
function askWhen(
  isQuiet: () => boolean,
  { clock, ask }: { readonly clock: Clock; readonly ask: () => Promise<unknown> },
): () => void {
  let cancel = (): void => {}
  function look(): void {
    // What comes of asking is counted by the time it ends.
    if (isQuiet()) void ask().catch(() => {})
    later()
  }
  function later(): void {
    cancel = clock.after(botTime(clock, lookEvery), look)
  }
  later()
  return () => cancel()
}

function timeOf(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: 'second' })
}
