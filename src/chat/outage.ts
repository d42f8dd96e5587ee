// Knowing that a chat is down: after some calls without an answer, until one is answered; a quiet probe finds its return.
import { UserError } from '../errors.ts'
import { second } from '../ids.ts'
import type { Instant } from '../ids.ts'
import type { Check, Clock, Log } from '../ports.ts'
import { botTime } from './lanes.ts'

/** This many calls in a row without an answer. */
const enough = 3
/** Real time between two probes. */
const probeEvery = 5 * second

export interface Outage {
  readonly answered: () => void
  /** The chat took the call and refuses the bot itself: its token, its account. */
  readonly refused: (because: string) => void
  readonly silent: (because: string) => void
  /** Why a call that has another way to take should not be made; undefined while it answers. */
  readonly down: () => UserError | undefined
  readonly health: () => Check
  readonly close: () => void
}

/**
 * `service` is the chat's name, such as Slack. `probe` asks it something harmless; its outcome comes back through `answered` and `silent`. `returned` is called
 * when it answers after it was down, or takes calls after it had refused the bot.
 */
export function createOutage(deps: {
  readonly service: string
  readonly clock: Clock
  readonly log: Log
  readonly probe: () => Promise<unknown>
  readonly returned: () => void
}): Outage {
  const { service, clock, log } = deps
  let missed = 0
  let since: Instant | undefined
  let reason = ''
  let refusal: string | undefined
  let heard = false
  let cancel = (): void => {}

  function probeLater(): void {
    cancel = clock.after(botTime(clock, probeEvery), () => void probeOnce())
  }

  async function probeOnce(): Promise<void> {
    // How it went has been counted by the time it ends; what it threw was for that alone.
    await deps.probe().catch(() => {})
    if (since !== undefined) probeLater()
  }

  function back(): void {
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
      back()
      allowed()
    },
    refused: (because) => {
      if (refusal === undefined)
        log.error(`${service} refuses the bot; pages take their next channel`, { reason: because })
      refusal = because
      back()
    },
    silent: (because) => {
      missed += 1
      reason = because
      if (since !== undefined || missed < enough) return
      since = clock.now()
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
      return refusal === undefined ? { ok: true } : { ok: false, text: refusal }
    },
    close: () => {
      since = undefined
      cancel()
    },
  }
}

function timeOf(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: 'second' })
}
