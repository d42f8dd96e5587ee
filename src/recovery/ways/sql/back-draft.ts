// What every way back at Azure SQL shares: the draft around its steps, and the plan's probe at the end.
import { BugError } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import { expectedDuration } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Proposal, Run, Step } from '../../run.ts'
import { digestSteps, probeSteps } from './swap.ts'

/** Renames take seconds, and a failover less than a minute. */
const quick: Proposal['expected'] = {
  duration: 2 * minute,
  source: 'never measured; Azure renames in seconds, and fails a group over in less than a minute',
}

type Rest = Pick<
  Proposal,
  'targets' | 'typed' | 'risk' | 'summary' | 'did' | 'changes' | 'findings' | 'cost' | 'debts' | 'warnings'
>

/** What the run had locked belongs to its way back, too, whatever the world says now. */
export async function drafted(
  context: Context,
  run: Run,
  steps: readonly Step[],
  { targets, ...rest }: Rest,
): Promise<Draft> {
  const { ask, history, objectiveAt } = context
  if (steps.length === 0) throw new BugError(`the way back of ${run.id} has no steps`)
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  return {
    recovery: run.recovery,
    undoes: run.id,
    steps,
    proposal: {
      targets: [...new Set([...targets, ...run.proposal.targets])],
      expected: expectedDuration(history, kind, undefined, quick),
      digest: await digestSteps(context, steps),
      ...rest,
      ...(objectiveAt === undefined ? {} : { objectiveAt }),
    },
  }
}

export function recoveryOf({ plan, ask }: Context, run: Run): Recovery | undefined {
  return plan.systems[ask.system]?.recoveries.find((one) => one.name === run.recovery)
}

export function probeOf(context: Context, run: Run): readonly Step[] {
  return probeSteps(recoveryOf(context, run)?.probe)
}
