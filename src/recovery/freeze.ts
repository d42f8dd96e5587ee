// The freeze: while it is on, no recovery starts. It is one claim, so that a start and a freeze cannot cross.
import { nameOf } from '../drplan/person-name.ts'
import { z } from 'zod'
import type { DrPlan } from '../drplan/schema.ts'
import { ConflictError, UserError } from '../errors.ts'
import type { Instant, RunId } from '../ids.ts'
import type { Clock, Log, Store } from '../ports.ts'
import type { Actor } from '../timeline/event.ts'

const name = 'frozen'
const tries = 20

const Frozen = z.object({ by: z.string(), reason: z.string().exactOptional(), since: z.number() })
export type Frozen = Readonly<z.infer<typeof Frozen>>

interface FreezeDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

/** Who froze recoveries, why and since when; undefined while they may start. */
export async function readFrozen(store: Pick<Store, 'claims'>): Promise<Frozen | undefined> {
  const [text = ''] = await store.claims([name])
  return text === '' ? undefined : Frozen.parse(JSON.parse(text))
}

/** Who has frozen recoveries, and why, as the part of a sentence; undefined while they may start. */
export async function frozenText({ store, plan }: FreezeSeen): Promise<string | undefined> {
  const frozen = await readFrozen(store)
  if (!frozen) return undefined
  const why = frozen.reason === undefined ? '' : ` (${frozen.reason})`
  return `recoveries were frozen by ${nameOf(plan(), frozen.by)}${why}`
}

interface FreezeSeen {
  readonly store: Pick<Store, 'claims'>
  readonly plan: () => DrPlan
}

/** Throws UserError while recoveries are frozen. */
export async function refuseFrozen(seen: FreezeSeen, run: RunId): Promise<void> {
  const frozen = await frozenText(seen)
  if (frozen === undefined) return
  throw new UserError(
    'frozen',
    `${run} cannot start: ${frozen}. When that is over, say: unfreeze, and then the same again.`,
  )
}

/** Freezes, unless it is frozen already: whoever was first, and why, stands until it ends. False when it was. */
export async function freeze(deps: FreezeDeps, by: Actor, reason: string | undefined): Promise<boolean> {
  const since: Instant = deps.clock.now()
  const frozen: Frozen = { by: by.person, since, ...(reason === undefined ? {} : { reason }) }
  const first = await replace(deps, (from) => (from === '' ? JSON.stringify(frozen) : from))
  if (first) deps.log.warn('recoveries frozen', { by: by.person, door: by.door, reason })
  return first
}

export async function unfreeze(deps: FreezeDeps, by: Actor): Promise<void> {
  await replace(deps, () => '')
  deps.log.warn('recoveries may start again', { by: by.person, door: by.door })
}

/** False when nothing was to be changed. */
async function replace({ store }: FreezeDeps, toward: (from: string) => string): Promise<boolean> {
  for (let left = tries; left > 0; left -= 1) {
    const [from = ''] = await store.claims([name])
    const to = toward(from)
    if (to === from) return false
    const outcome = await store.commit({ write: undefined, claims: [{ name, from, to }] })
    if (outcome === 'committed') return true
  }
  throw new ConflictError('the freeze was changed by somebody else at the same time')
}
