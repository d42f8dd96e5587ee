// The way back of a swap at Azure SQL: the old database gets its name again, and its failover group.
import { UserError } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import { inTime } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import type { Debt, Proposal, Run, Step } from '../../run.ts'
import { findings, refuseUnsafe, worldAsLeft } from '../../safety.ts'
import type { SqlGroupAction, SqlPlace, SqlRenameAction } from '../../sql-action.ts'
import type { SqlDatabaseSeen } from '../../../readers.ts'
import { drafted, probeOf } from './back-draft.ts'
import { targetsOf } from './compare.ts'
import { byName, copyIn, lookAround } from './look.ts'
import { dayText } from '../../../moment.ts'
import { keptFor } from './safety.ts'
import { asideStep, checkStep, joinStep, known, swapSteps } from './swap.ts'
import type { Swap } from './swap.ts'
import { together } from '../../../together.ts'

/** What the run renamed: the name that counts, what got it, and what had it before. */
interface Renamed {
  readonly place: SqlPlace
  readonly name: string
  /** The database that the run put in place; it gets this name again. */
  readonly copy: string
  /** The database that had the name before; absent: none had. */
  readonly old: string | undefined
  /** Of that database, where Azure told it. */
  readonly oldGuid?: string
}

/** Drafts how the database from before a run gets its name again, from wherever earlier ways back have left it. */
export async function swapBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask, calls, plan } = context
  const left = groupLeft(run, earlier)
  const renamed = renamedBy(run)
  if (!renamed) return rejoin(context, run, left)
  const { place, name, copy, old } = renamed
  const databases = await calls.readers.sql.databases(place, calls.limit())
  const live = byName(databases, name)
  const tried = begunBy(earlier).some(({ action }) => action.provider === 'sql-rename')
  if (tried && isSwapped(renamed, databases)) return afterSwap(context, run, { renamed, left, live })
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
    debts: [keptDebt(context, renamed)],
    warnings: [],
    targets: targetsOf(plan, name, { servers, group: around.group ?? left?.group }),
  })
}

/** Both names are as before the run: the old database has its own, and the restored one that under which it was made. */
function isSwapped({ name, copy, old, oldGuid }: Renamed, databases: readonly SqlDatabaseSeen[]): boolean {
  const live = byName(databases, name)
  if (!byName(databases, copy)) return false
  if (old === undefined) return live === undefined
  const isOld = live !== undefined && (oldGuid === undefined || live.guid === oldGuid)
  return isOld && !byName(databases, old)
}

/** An earlier way back has swapped the names: only the failover group is left, or nothing is. */
async function afterSwap(
  context: Context,
  run: Run,
  {
    renamed,
    left,
    live,
  }: {
    readonly renamed: Renamed
    readonly left: SqlGroupAction | undefined
    readonly live: SqlDatabaseSeen | undefined
  },
): Promise<Draft> {
  const { place, name, copy } = renamed
  const debts = [keptDebt(context, renamed)]
  if (live && left) {
    const guid = known(live.guid)
    const draft = await rejoin(context, run, { place, database: name, group: left.group, ...guid })
    return { ...draft, proposal: { ...draft.proposal, debts } }
  }
  const steps = live
    ? swapSteps({ place, name, incoming: renamed.old ?? copy, incomingGuid: live.guid })
    : swapSteps({ place, name, aside: copy })
  const draft = await drafted(
    context,
    run,
    [...steps, ...(live ? [checkStep(place, name), ...probeOf(context, run)] : [])],
    {
      ...swapTexts(run, renamed),
      risk: 'reversible',
      findings: findings([worldAsLeft(run.id, [])], []),
      debts,
      warnings: [],
      targets: targetsOf(context.plan, name, { servers: [place.server] }),
    },
  )
  return { ...draft, nothingLeft: true }
}

function keptDebt({ plan, now }: Context, { place, copy }: Renamed): Debt {
  return {
    id: `kept:${copy}`,
    text: `The restored database is kept, and paid for, as ${copy} at ${place.server}`,
    remedy: `When nobody needs it any more, delete it by ${dayText(now + keptFor, plan.timezone)}`,
  }
}

interface Found {
  readonly live: SqlDatabaseSeen | undefined
  readonly left: SqlGroupAction | undefined
  readonly around: Pick<Swap, 'group' | 'partner' | 'guid'>
  /** The database from before the run, as it is now. */
  readonly before: SqlDatabaseSeen | undefined
}

async function backSteps(
  context: Context,
  run: Run,
  { place, name, copy, old }: Renamed,
  { live, left, around, before }: Found,
): Promise<readonly Step[]> {
  const joins = around.group === undefined && old !== undefined ? left : undefined
  const partner = joins && live ? await copyLeft(context, joins, live) : around.partner
  return [
    ...(joins && !live ? await staleSteps(context, joins, [old ?? copy, copy]) : []),
    ...swapSteps({
      place,
      name,
      ...around,
      ...(partner ? { partner } : {}),
      ...(old === undefined ? {} : { incoming: old }),
      ...(before ? { incomingGuid: before.guid } : {}),
      ...(live ? { aside: copy } : {}),
    }),
    ...(joins ? [joinStep(place, name, { group: joins.group, ...known(before?.guid) })] : []),
    ...(old === undefined ? [] : [checkStep(place, name), ...probeOf(context, run)]),
  ]
}

/** The copy of a database that has just left its group, and may still be replicated. */
async function copyLeft(
  context: Context,
  { place, group }: SqlGroupAction,
  { name }: SqlDatabaseSeen,
): Promise<Swap['partner']> {
  const { sql } = context.calls.readers
  const [seen, links] = await together([
    sql.group(place, group, context.calls.limit()),
    sql.links(place, name, context.calls.limit()),
  ])
  return copyIn(context, seen, name, links)
}

function swapTexts(
  run: Run,
  { place, name, copy, old }: Renamed,
): Pick<Proposal, 'typed' | 'summary' | 'did' | 'changes' | 'cost'> {
  const at = `${name} at ${place.server}`
  return {
    typed: name,
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

/**
 * A database at the partner that is kept in step no more would be in the way of a new copy: it makes room, and gets the
 * first of the names that is free there.
 */
async function staleSteps(
  { calls }: Context,
  { place, database, group }: Pick<SqlGroupAction, 'place' | 'database' | 'group'>,
  names: readonly [string, string],
): Promise<readonly Step[]> {
  const { sql } = calls.readers
  const { partners } = await sql.group(place, group, calls.limit())
  const [partner] = partners
  if (!partner) return []
  const there = await sql.databases(partner, calls.limit())
  const stale = byName(there, database)
  if (!stale) return []
  const at = { resourceGroup: partner.resourceGroup, server: partner.server }
  const to = byName(there, names[0]) ? names[1] : names[0]
  return [asideStep(at, database, { to, ...known(stale.guid) })]
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
  const oldGuid = aside?.guid
  return {
    place: into.place,
    name: into.to,
    copy: into.from,
    old: aside?.to,
    ...(oldGuid === undefined ? {} : { oldGuid }),
  }
}

/** The group that the run, or a way back of it, has taken the database out of. */
function groupLeft(run: Run, earlier: readonly Run[]): SqlGroupAction | undefined {
  const steps = [...run.steps.filter(({ phase }) => phase === 'done'), ...begunBy(earlier)]
  const [left] = steps.flatMap(({ action }) =>
    action.provider === 'sql-group' && !action.member ? [action] : [],
  )
  return left
}

/** The database is only out of its group: it goes back in; a copy that is not kept in step makes room first. */
async function rejoin(
  context: Context,
  run: Run,
  left: Pick<SqlGroupAction, 'place' | 'database' | 'group' | 'guid'> | undefined,
): Promise<Draft> {
  if (!left)
    throw new UserError(
      'nothing-to-undo',
      `${run.id} has renamed nothing and changed no group: there is nothing to put back. What it restored stays beside the old database until somebody deletes it.`,
    )
  const { place, database, group } = left
  const { calls, ask, plan } = context
  const links = await calls.readers.sql.links(place, database, calls.limit())
  const { databases: members } = await calls.readers.sql.group(place, group, calls.limit())
  const joined = members.some((id) => id.toLowerCase().endsWith(`/${database.toLowerCase()}`))
  const number = run.id.toLowerCase()
  const list = findings([worldAsLeft(run.id, [])], ask.overrides)
  const steps = [
    ...(links.length > 0 || joined
      ? []
      : await staleSteps(context, left, [`${database}-before-${number}`, `${database}-${number}`])),
    joinStep(place, database, { group, ...known(left.guid) }),
    checkStep(place, database),
    ...probeOf(context, run),
  ]
  const draft = await drafted(context, run, steps, {
    typed: database,
    risk: 'reversible',
    ...inTime((is) => `${database} ${is('will be in', 'was put into')} ${group} again, as before ${run.id}`),
    changes: [{ what: `members of ${group}`, before: `without ${database}`, after: `with ${database}` }],
    findings: list,
    cost: {
      text: `No data is lost; a copy of ${database} is ${links.length > 0 ? 'there still' : 'seeded again'}.`,
    },
    debts: [],
    warnings: [],
    targets: targetsOf(plan, database, { servers: [place.server], group }),
  })
  return joined ? { ...draft, nothingLeft: true } : draft
}
