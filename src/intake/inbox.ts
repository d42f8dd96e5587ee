// Between the door and triage: an alert is durable before it is answered, and dealt with at once afterwards.
import { RetryableError, reasonOf } from '../errors.ts'
import type { Log, Store } from '../ports.ts'
import type { Alert } from './alert.ts'

/** Alerts that wait in memory at most; what is beyond that waits in the store, where all of them are. */
const waitingMost = 20_000
/** Alerts handed to triage at once. */
const handedMost = 500

export interface InboxDeps {
  readonly store: Pick<Store, 'accept' | 'untriaged'>
  readonly triage: (alerts: readonly Alert[]) => Promise<void>
  readonly log: Log
}

export interface Inbox {
  /** Resolves once the alert is on disk; a second delivery of the same notification changes nothing. */
  readonly accept: (alert: Alert) => Promise<void>
  /** Takes what the store has and nobody is dealing with: after a restart, or after triage failed. */
  readonly sweep: () => Promise<void>
  /** Resolves when all that is known here has been dealt with, or has failed and is left to the sweep. */
  readonly idle: () => Promise<void>
}

/** One loop hands alerts over in the order in which they came; a storm makes larger hands, not more of them. */
export function createInbox(deps: InboxDeps): Inbox {
  let waiting: Alert[] = []
  const known = new Set<string>()
  let pumping: Promise<void> | undefined
  let failures = 0

  function add(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (known.has(alert.id) || waiting.length >= waitingMost) continue
      known.add(alert.id)
      waiting.push(alert)
    }
    pumping ??= pump().finally(() => {
      pumping = undefined
    })
  }

  async function pump(): Promise<void> {
    while (waiting.length > 0) {
      const hand = waiting.slice(0, handedMost)
      waiting = waiting.slice(handedMost)
      await deal(hand)
      for (const alert of hand) known.delete(alert.id)
    }
  }

  async function deal(hand: readonly Alert[]): Promise<void> {
    try {
      await deps.triage(hand)
    } catch (thrown) {
      failures += 1
      deps.log.error('alerts wait in the store for the sweep', {
        count: hand.length,
        reason: reasonOf(thrown),
      })
      // One alert that cannot be dealt with must not hold up the others for ever. What time mends, such as a store that
      // is away, fails one by one just as well.
      if (hand.length > 1 && !(thrown instanceof RetryableError))
        for (const alert of hand) await deal([alert])
    }
  }

  async function idle(): Promise<void> {
    for (let turn = pumping; turn; turn = pumping) await turn
  }

  /** Goes on while there is more and nothing fails: what a storm left in the store does not wait for the next sweep. */
  async function sweep(): Promise<void> {
    for (let more = true; more;) {
      const before = failures
      const found = await deps.store.untriaged(handedMost)
      add(found)
      if (found.length < handedMost) return
      await idle()
      more = failures === before
    }
  }

  return {
    accept: async (alert) => {
      const [accepted] = await deps.store.accept([alert])
      if (accepted?.fresh) add([alert])
    },
    sweep,
    idle,
  }
}
