// The way back at Azure SQL: the old database gets its name again, or the old server becomes primary again.
import { BugError, UserError } from '../../errors.ts'
import { minute } from '../../ids.ts'
import type { Recovery } from '../../drplan/schema.ts'
import { expectedDuration, inTime, stepOf, undoActions } from '../draft.ts'
import type { Context, Draft } from '../draft.ts'
import type { Proposal, Run, Step } from '../run.ts'
import { findings, refuseUnsafe, worldAsLeft } from '../safety.ts'
import type { SqlFailoverAction, SqlGroupAction, SqlPlace, SqlRenameAction } from '../sql-action.ts'
import { primaryOf, targetsOf } from './sql-compare.ts'
import { costOf, membersOf } from './sql-group.ts'
import type { SqlDatabaseSeen } from '../../readers.ts'
import { byName, lookAround } from './sql-look.ts'
import { dayText, keptFor, plannedPossible, notPrimaryYet } from './sql-safety.ts'
import type { Ends } from './sql-safety.ts'
import { asideStep, checkStep, digestSteps, joinStep, known, probeSteps, swapSteps } from './sql-swap.ts'
import type { Swap } from './sql-swap.ts'

/** Renames take seconds, and a failover less than a minute. */
const quick: Proposal['expected'] = {
  duration: 2 * minute,
  source: 'never measured; Azure renames in seconds, and fails a group over in less than a minute',
}

/** Drafts the undo of a run, from what the run has really done. */
export function draftSqlBack(context: Context, run: Run): Promise<Draft> {
  const [back] = undoActions(run).flatMap((action) => (action.provider === 'sql-failover' ? [action] : []))
  return back ? failOverBack(context, run, back) : swapBack(context, run)
}

async function failOverBack(context: Context, run: Run, back: SqlFailoverAction): Promise<Draft> {
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
  const list = findings([notPrimaryYet(ends), plannedPossible(ends, forced)], ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const action: SqlFailoverAction = { ...back, forced, members: membersOf(here) }
  const undo: SqlFailoverAction = { ...action, place: other.place, forced: false }
  const title = `${forced ? 'Force the failover of' : 'Fail over'} ${group} back to ${place.server}`
  const steps = [stepOf(title, action, undo), checkStep(place, database), ...probeOf(context, run)]
  const block = recoveryOf(context, run)?.azure_sql
  return drafted(context, run, steps, {
    risk: forced ? 'loses-data' : 'disruptive',
    ...inTime(
      (is) =>
        `${place.server} ${is('will be', 'was made')} the primary of ${group} again, as before ${run.id}`,
    ),
    changes: [{ what: `primary of ${group}`, before: other.place.server, after: place.server }],
    findings: list,
    cost: block
      ? costOf({ azure_sql: block }, ends, forced)
      : { text: 'Connections drop for less than a minute.' },
    debts: [],
    warnings: [],
    targets: targetsOf(context.plan, database, { servers: [place.server, other.place.server], group }),
  })
}

/** What the run renamed: the name that counts, what got it, and what had it before. */
interface Renamed {
  readonly place: SqlPlace
  readonly name: string
  /** The database that the run put in place; it gets this name again. */
  readonly copy: string
  /** The database that had the name before; absent: none had. */
  readonly old: string | undefined
}

async function swapBack(context: Context, run: Run): Promise<Draft> {
  const { ask, calls, plan, now } = context
  const left = groupLeft(run)
  const renamed = renamedBy(run)
  if (!renamed) return rejoin(context, run, left)
  const { place, name, copy, old } = renamed
  const databases = await calls.readers.sql.databases(place, calls.limit())
  const live = byName(databases, name)
  const differences = [
    ...(old !== undefined && !byName(databases, old)
      ? [`there is no ${old} at ${place.server} any more`]
      : []),
    ...(live && byName(databases, copy) ? [`there is a ${copy} beside ${name} at ${place.server}`] : []),
  ]
  // Without the old database there is nothing to go back to, whatever anybody takes on himself.
  const list = findings([worldAsLeft(run.id, differences)], [])
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const around = live ? await lookAround(context, place, live) : {}
  const before = old === undefined ? undefined : byName(databases, old)
  const steps = await backSteps(context, run, renamed, { live, left, around, before })
  const servers = [place.server, ...(around.partner ? [around.partner.server] : [])]
  return drafted(context, run, steps, {
    ...swapTexts(run, renamed),
    risk: 'loses-data',
    findings: list.map((finding) =>
      finding.ok ? { ...finding, text: `The databases are as ${run.id} left them` } : finding,
    ),
    debts: [
      {
        id: `kept:${copy}`,
        text: `The restored database is kept, and paid for, as ${copy} at ${place.server}`,
        remedy: `When nobody needs it any more, delete it by ${dayText(now + keptFor, plan.timezone)}`,
      },
    ],
    warnings: [],
    targets: targetsOf(plan, name, { servers, group: around.group ?? left?.group }),
  })
}

async function backSteps(
  context: Context,
  run: Run,
  { place, name, copy, old }: Renamed,
  {
    live,
    left,
    around,
    before,
  }: {
    readonly live: SqlDatabaseSeen | undefined
    readonly left: SqlGroupAction | undefined
    readonly around: Pick<Swap, 'group' | 'partner' | 'guid'>
    /** The database from before the run, as it is now. */
    readonly before: SqlDatabaseSeen | undefined
  },
): Promise<readonly Step[]> {
  const joins = around.group === undefined && old !== undefined ? left : undefined
  return [
    ...(joins ? await staleSteps(context, joins, old ?? copy) : []),
    ...swapSteps({
      place,
      name,
      ...around,
      ...(old === undefined ? {} : { incoming: old }),
      ...(before ? { incomingGuid: before.guid } : {}),
      ...(live ? { aside: copy } : {}),
    }),
    ...(joins ? [joinStep(place, name, { group: joins.group, ...known(before?.guid) })] : []),
    ...(old === undefined ? [] : [checkStep(place, name), ...probeOf(context, run)]),
  ]
}

function swapTexts(
  run: Run,
  { place, name, copy, old }: Renamed,
): Pick<Proposal, 'summary' | 'did' | 'changes' | 'cost'> {
  const at = `${name} at ${place.server}`
  return {
    ...inTime((is) =>
      old === undefined
        ? `${at} ${is('will be', 'was')} called ${copy} again, as before ${run.id}`
        : `${at} ${is('will be', 'became')} the database from before ${run.id} again`,
    ),
    changes: [
      { what: at, before: 'the restored one', after: old === undefined ? 'not there' : `what is ${old} now` },
      { what: `${copy} at ${place.server}`, before: 'not there', after: `what is ${name} now` },
    ],
    cost: {
      downtime: minute,
      text: `All that was written to ${name} since ${run.id} is not in the old database; it stays in ${copy}. The renames cut every connection.`,
    },
  }
}

/** A database at the partner that is kept in step no more would be in the way of a new copy: it makes room. */
async function staleSteps(
  { calls }: Context,
  { place, database, group }: SqlGroupAction,
  aside: string,
): Promise<readonly Step[]> {
  const { sql } = calls.readers
  const { partners } = await sql.group(place, group, calls.limit())
  const [partner] = partners
  if (!partner) return []
  const there = await sql.databases(partner, calls.limit())
  const stale = byName(there, database)
  if (!stale) return []
  const at = { resourceGroup: partner.resourceGroup, server: partner.server }
  return [asideStep(at, database, { to: aside, ...known(stale.guid) })]
}

function renamedBy(run: Run): Renamed | undefined {
  const done = run.steps.flatMap(({ action, phase }): readonly SqlRenameAction[] =>
    phase === 'done' && action.provider === 'sql-rename' ? [action] : [],
  )
  const planned = run.steps.flatMap(({ action }): readonly SqlRenameAction[] =>
    action.provider === 'sql-rename' ? [action] : [],
  )
  const into = planned.find(({ own }) => own === 'from')
  if (done.length === 0 || !into) return undefined
  const aside = planned.find(({ own, place }) => own === 'to' && place.server === into.place.server)
  return { place: into.place, name: into.to, copy: into.from, old: aside?.to }
}

function groupLeft(run: Run): SqlGroupAction | undefined {
  const [left] = run.steps.flatMap(({ action, phase }) =>
    phase === 'done' && action.provider === 'sql-group' && !action.member ? [action] : [],
  )
  return left
}

/** The run has only taken the database out of its group: it goes back in; a copy that is not kept in step makes room first. */
async function rejoin(context: Context, run: Run, left: SqlGroupAction | undefined): Promise<Draft> {
  if (!left)
    throw new UserError(
      'nothing-to-undo',
      `${run.id} has renamed nothing and changed no group: there is nothing to put back. What it restored stays beside the old database until somebody deletes it.`,
    )
  const { place, database, group } = left
  const { calls, ask, plan } = context
  const links = await calls.readers.sql.links(place, database, calls.limit())
  const aside = `${database}-before-${run.id.toLowerCase()}`
  const list = findings([worldAsLeft(run.id, [])], ask.overrides)
  const steps = [
    ...(links.length > 0 ? [] : await staleSteps(context, left, aside)),
    joinStep(place, database, { group, ...known(left.guid) }),
    checkStep(place, database),
  ]
  return drafted(context, run, steps, {
    risk: 'reversible',
    ...inTime((is) => `${database} ${is('will be in', 'was put into')} ${group} again, as before ${run.id}`),
    changes: [{ what: `members of ${group}`, before: `without ${database}`, after: `with ${database}` }],
    findings: list,
    cost: {
      text: `No data is lost; a copy of ${database} is ${links.length > 0 ? 'there still' : 'seeded anew'}.`,
    },
    debts: [],
    warnings: [],
    targets: targetsOf(plan, database, { servers: [place.server], group }),
  })
}

type Rest = Pick<
  Proposal,
  'targets' | 'risk' | 'summary' | 'changes' | 'findings' | 'cost' | 'debts' | 'warnings'
>

/** What the run had locked belongs to its way back, too, whatever the world says now. */
async function drafted(
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
      typed: ask.system,
      expected: expectedDuration(history, kind, undefined, quick),
      digest: await digestSteps(context, steps),
      ...rest,
      ...(objectiveAt === undefined ? {} : { objectiveAt }),
    },
  }
}

function recoveryOf({ plan, ask }: Context, run: Run): Recovery | undefined {
  return plan.systems[ask.system]?.recoveries.find((one) => one.name === run.recovery)
}

function probeOf(context: Context, run: Run): readonly Step[] {
  return probeSteps(recoveryOf(context, run)?.probe)
}
