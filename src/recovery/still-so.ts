// Before an approved run starts: the DR plan is still the one, and the zone still led to the place, that people were shown.
import { UserError } from '../errors.ts'
import type { AdvanceDeps } from './advance.ts'
import { apply } from './commit.ts'
import { runName } from './news.ts'
import { planDifference } from './planned.ts'
import type { Run } from './run.ts'
import { ledAway } from './ways/cloudflare/led-away.ts'

/** What was shown is not what the plan has any more: another target, another risk, or nothing. */
export async function refuseReplanned(engine: AdvanceDeps, run: Run): Promise<void> {
  const difference = planDifference(run, engine.plan())
  if (difference === undefined) return
  const reason = `The DR plan has changed since ${run.id} was proposed: ${difference}`
  await apply(engine, run.id, { kind: 'lapsed', reason })
  throw new UserError('plan-changed', `${reason}. Nothing was changed. Look at it again: ${runName(run)}`)
}

/** Nobody may be led to where the change is made any more: it would be done, and help nobody. */
export async function refuseLedAway(engine: AdvanceDeps, run: Run, historyLimit: number): Promise<void> {
  const history = await engine.store.runs({ open: false, limit: historyLimit })
  const away = await ledAway({ calls: engine.calls, plan: engine.plan(), history }, run)
  if (away === undefined) return
  const reason = `Since ${run.id} was proposed, the zone was led away: ${away}`
  await apply(engine, run.id, { kind: 'lapsed', reason })
  throw new UserError('world-differs', `${reason}. Nothing was changed. Look at it again: ${runName(run)}`)
}
