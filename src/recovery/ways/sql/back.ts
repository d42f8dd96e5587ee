// The way back at Azure SQL: the old server becomes primary again, or the old database gets its name again.
import { inTime, stepOf, undoActions } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import type { Run } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import type { SqlFailoverAction } from '../../sql-action.ts'
import { drafted, probeOf, recoveryOf } from './back-draft.ts'
import { primaryOf, targetsOf } from './compare.ts'
import { costOf, membersOf } from './group.ts'
import { querySteps } from './query.ts'
import { lossKnown, notPrimaryYet, plannedPossible } from './safety.ts'
import type { Ends } from './safety.ts'
import { swapBack } from './swap-back.ts'
import { checkStep } from './swap.ts'

/** Drafts the undo of a run, from what the run has really done. */
export function draftSqlBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const [back] = undoActions(run).flatMap((action) => (action.provider === 'sql-failover' ? [action] : []))
  return back ? failOverBack(context, { run, earlier, back }) : swapBack(context, run, earlier)
}

async function failOverBack(
  context: Context,
  {
    run,
    earlier,
    back,
  }: { readonly run: Run; readonly earlier: readonly Run[]; readonly back: SqlFailoverAction },
): Promise<Draft> {
  const { ask, calls } = context
  const { place, group, database } = back
  const here = await calls.readers.sql.group(place, group, calls.limit())
  const other = await primaryOf(calls, group, here)
  const ends: Ends = {
    group,
    to: place.server,
    here,
    primary: { server: other.place.server, silent: other.silent },
  }
  const forced = ask.overrides.some(({ rule }) => rule === 'planned-possible')
  const tried = begunBy(earlier).some((step) => step.action.provider === 'sql-failover')
  const isBack = tried && here.role === 'Primary'
  const planned = plannedPossible(ends, forced)
  const verdicts = isBack ? [primaryAgain(ends)] : [notPrimaryYet(ends), planned, lossKnown(ends, planned)]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const action: SqlFailoverAction = { ...back, forced, members: membersOf(here) }
  const undo: SqlFailoverAction = { ...action, place: other.place, forced: false }
  const title = `${forced ? 'Force the failover of' : 'Fail over'} ${group} back to ${place.server}`
  const block = recoveryOf(context, run)?.azure_sql
  const steps = [
    stepOf(title, action, undo),
    checkStep(place, database),
    ...(block ? querySteps(context, block, { place, database }) : []),
    ...probeOf(context, run),
  ]
  const draft = await drafted(context, run, steps, {
    typed: ask.system,
    risk: forced ? 'loses-data' : 'disruptive',
    ...inTime(
      (is) =>
        `${place.server} ${is('will be', 'was made')} the primary of ${group} again, as before ${run.id}`,
    ),
    changes: [{ what: `primary of ${group}`, before: other.place.server, after: place.server }],
    findings: list,
    cost: costOf(ends, forced),
    debts: [],
    warnings: [],
    targets: targetsOf(context.plan, database, { servers: [place.server, other.place.server], group }),
  })
  return isBack ? { ...draft, nothingLeft: true } : draft
}

function primaryAgain({ group, to }: Ends): Verdict {
  return { rule: 'not-already-there', ok: true, text: `${to} is the primary of ${group} again` }
}
