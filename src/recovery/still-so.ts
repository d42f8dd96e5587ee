// Before a run starts, or goes on: the plan, the outage and the zone are still what people were shown when they approved it.
import { UserError } from '../errors.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Store } from '../ports.ts'
import type { AdvanceDeps } from './advance.ts'
import { apply } from './commit.ts'
import { halfWayText, stoppedSince } from './half-way.ts'
import { overSince } from './held.ts'
import { anewCommand } from './news.ts'
import { planDifference, plannedOf, replannedText } from './planned.ts'
import type { Run } from './run.ts'
import { ledAway } from './ways/cloudflare/led-away.ts'

/** How far back runs are looked through that changed nothing that lasts. */
export const historyLimit = 200

/** Why what was shown is not to be carried out any more. */
interface Objection {
  readonly code: string
  readonly reason: string
  /** What to do instead, as a sentence. */
  readonly next: string
}

interface Known {
  readonly store: Pick<Store, 'incident' | 'runs'>
  readonly plan: () => DrPlan
}

/**
 * What was shown is not what the plan has any more: another target, another risk, or nothing. A way back is always wanted,
 * whatever has become of its recovery.
 */
function replanned(plan: DrPlan, run: Run): Objection | undefined {
  if (run.direction === 'failback') return undefined
  const { system, recovery } = run
  if (plannedOf(plan, run) === undefined) {
    const reason = `The DR plan has no recovery ${recovery} of ${system} any more`
    const instead = `Propose one that it has, or put this one back into the plan and propose it again: ${anewCommand(run)}`
    return { code: 'unknown-recovery', reason, next: `Nothing was changed. ${instead}` }
  }
  const difference = planDifference(run, plan)
  if (difference === undefined) return undefined
  const reason = `The DR plan has changed since ${run.id} was proposed: ${difference}`
  return { code: 'plan-changed', reason, next: `Nothing was changed. Look at it again: ${anewCommand(run)}` }
}

async function over({ store }: Known, run: Run): Promise<Objection | undefined> {
  const reason = await overSince(store, run)
  const next = `If it is wanted all the same, propose it again: ${anewCommand(run)}`
  return reason === undefined ? undefined : { code: 'outage-over', reason, next }
}

/** Another run has stopped half-way on the same target meanwhile: whoever approves has not been shown that. */
async function stopped({ store }: Known, run: Run): Promise<Objection | undefined> {
  const history = await store.runs({ open: false, limit: historyLimit, lasting: true })
  const [found] = stoppedSince(run, history)
  if (!found) return undefined
  const reason = `Since ${run.id} was proposed, another run has stopped on the same target: ${halfWayText(found)}`
  return { code: 'half-way-run', reason, next: `Look at it again: ${anewCommand(run)}` }
}

/** Nobody may be led to where the change is made any more: it would be done, and help nobody. */
async function away(engine: AdvanceDeps, run: Run): Promise<Objection | undefined> {
  const history = await engine.store.runs({ open: false, limit: historyLimit, lasting: true })
  const where = await ledAway({ calls: engine.calls, plan: engine.plan(), history }, run)
  if (where === undefined) return undefined
  const reason = `Since ${run.id} was proposed, the zone was led away: ${where}`
  return {
    code: 'world-differs',
    reason,
    next: `Nothing was changed. Look at it again: ${anewCommand(run)}`,
  }
}

/** Ends a proposal that speaks of another plan than there is now, and refuses its approval. */
export async function refuseReplanned(engine: AdvanceDeps, run: Run): Promise<void> {
  await lapse(engine, run, replanned(engine.plan(), run))
}

/** The same for one whose outage is over, or on whose target another run has stopped since. */
export async function refuseOvertaken(engine: AdvanceDeps, run: Run): Promise<void> {
  await lapse(engine, run, (await over(engine, run)) ?? (await stopped(engine, run)))
}

/** The same for one whose change would reach nobody. */
export async function refuseLedAway(engine: AdvanceDeps, run: Run): Promise<void> {
  await lapse(engine, run, await away(engine, run))
}

/**
 * Refuses to go on with a run that has changed nothing yet, for whatever would keep it from being approved now. It stays
 * as it is.
 */
export async function refuseOutdated(engine: AdvanceDeps, run: Run): Promise<void> {
  const found =
    replanned(engine.plan(), run) ??
    (await over(engine, run)) ??
    (await stopped(engine, run)) ??
    (await away(engine, run))
  if (!found) return
  // One that is open still would be answered instead of a new proposal.
  const first = run.state === 'unknown' ? `First: cancel ${run.id}. ` : ''
  throw new UserError(found.code, `${found.reason}. ${first}${found.next}`)
}

/**
 * What whoever goes on with a run must know that has changed something already: it can be ended in both directions, so
 * none of this keeps it from going on. Sentences without a full stop.
 */
export async function changedSince(known: Known, run: Run): Promise<readonly string[]> {
  const { id, system } = run
  const lost = await over(known, run)
  const texts = [
    replannedText(run, known.plan()),
    lost &&
      `${lost.reason}; it stands half-way, and goes on with what was approved; to put back what it has changed: cancel ${id}, failback ${system}`,
    (await stopped(known, run))?.reason,
  ]
  return texts.filter((text) => text !== undefined)
}

/** Ends the proposal and refuses its approval; one that was approved through another door meanwhile goes on. */
async function lapse(engine: AdvanceDeps, run: Run, objection: Objection | undefined): Promise<void> {
  if (!objection) return
  const { code, reason, next } = objection
  const { run: lapsed } = await apply(engine, run.id, { kind: 'lapsed', reason })
  if (lapsed.state !== 'expired') return
  throw new UserError(code, `${reason}. ${next}`)
}
