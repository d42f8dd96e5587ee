// Before an approved run starts: the DR plan is still the one, and the zone still led to the place, that people were shown.
import { UserError } from '../errors.ts'
import type { AdvanceDeps } from './advance.ts'
import { apply } from './commit.ts'
import { runName } from './news.ts'
import { planDifference, plannedOf } from './planned.ts'
import type { Run } from './run.ts'
import { ledAway } from './ways/cloudflare/led-away.ts'

/**
 * What was shown is not what the plan has any more: another target, another risk, or nothing. A way back is always wanted,
 * whatever has become of its recovery.
 */
export async function refuseReplanned(engine: AdvanceDeps, run: Run): Promise<void> {
  if (run.direction === 'failback') return
  const plan = engine.plan()
  const { system, recovery } = run
  if (plannedOf(plan, run) === undefined) {
    const reason = `The DR plan has no recovery ${recovery} of ${system} any more`
    const next = `Propose one that it has, or put this one back into the plan and propose it again: ${runName(run)}`
    return lapse(engine, run, { code: 'unknown-recovery', reason, next })
  }
  const difference = planDifference(run, plan)
  if (difference === undefined) return
  const reason = `The DR plan has changed since ${run.id} was proposed: ${difference}`
  await lapse(engine, run, { code: 'plan-changed', reason })
}

/** Nobody may be led to where the change is made any more: it would be done, and help nobody. */
export async function refuseLedAway(engine: AdvanceDeps, run: Run, historyLimit: number): Promise<void> {
  const history = await engine.store.runs({ open: false, limit: historyLimit, lasting: true })
  const away = await ledAway({ calls: engine.calls, plan: engine.plan(), history }, run)
  if (away === undefined) return
  const reason = `Since ${run.id} was proposed, the zone was led away: ${away}`
  await lapse(engine, run, { code: 'world-differs', reason })
}

interface Refusal {
  readonly code: string
  readonly reason: string
  /** Absent: to look at it again. */
  readonly next?: string
}

/** Ends the proposal and refuses its approval; one that was approved through another door meanwhile goes on. */
async function lapse(engine: AdvanceDeps, run: Run, { code, reason, next }: Refusal): Promise<void> {
  const { run: lapsed } = await apply(engine, run.id, { kind: 'lapsed', reason })
  if (lapsed.state !== 'expired') return
  throw new UserError(code, `${reason}. Nothing was changed. ${next ?? `Look at it again: ${runName(run)}`}`)
}
