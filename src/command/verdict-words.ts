// What a verdict on a run has done, in words; where somebody else was first, who that was.
import { nameOf } from '../drplan/person-name.ts'
import type { DrPlan } from '../drplan/schema.ts'
import { never } from '../errors.ts'
import type { Verdict } from '../recovery/input.ts'
import type { Run } from '../recovery/run.ts'

/** `is approved`, after the run's number. `before`: the run as it was when that was said. */
export function verdictText(run: Run, said: Verdict, before: Run | undefined, plan: DrPlan): string {
  return alreadyText(run, said, before, plan) ?? doneText(run, said)
}

function doneText(run: Run, { kind }: Verdict): string {
  switch (kind) {
    case 'approve':
      return 'is approved'
    case 'deny':
      return run.over === undefined ? 'is denied' : 'is declared over: nobody goes on with it'
    case 'cancel':
      return run.state === 'cancelled' ? 'is cancelled' : 'stops after the step that is under way'
    case 'retry':
      return 'goes on'
    case 'paid':
      return 'has one thing less to be done'
    default:
      return never(kind)
  }
}

/** Nobody is told that he did what was so already: he may not even have the right to. */
function alreadyText(
  run: Run,
  { kind, by }: Verdict,
  before: Run | undefined,
  plan: DrPlan,
): string | undefined {
  if (before === undefined) return undefined
  if (kind === 'approve') return approvedAlready(run, by.person, before, plan)
  if (kind === 'cancel' && before.state === 'running' && before.cancelling)
    return `stops already, at the word of ${nameOf(plan, before.cancelling.by)}`
  if (kind === 'retry' && before.state === 'running') return 'is under way already'
  if (kind !== 'cancel' && kind !== 'deny') return undefined
  if (before.state === 'expired') return 'is expired already'
  if (before.state !== 'denied' && before.state !== 'cancelled') return undefined
  return run.over === undefined ? `is ${before.state} already, by ${nameOf(plan, before.by.by)}` : undefined
}

/** Two may have said it at the same moment: whose word let it begin stands in the run. */
function approvedAlready(run: Run, person: string, before: Run, plan: DrPlan): string | undefined {
  const by = run.approvals.at(-1)?.by
  if (before.state === 'proposed' && (by === undefined || by === person)) return undefined
  const whose = by === undefined ? '' : `, by ${nameOf(plan, by)}`
  return `is approved already${whose}${run.state === 'running' ? '' : `; it is ${run.state}`}`
}
