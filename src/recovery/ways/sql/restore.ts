// The block `azure_sql`, point-in-time: the database as it was at a moment, made beside the old one, then swapped in.
import { dayText, momentSeenAt } from '../../../moment.ts'
import { UserError } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import { minute, second } from '../../../ids.ts'
import type { Instant } from '../../../ids.ts'
import type { SqlDatabaseSeen } from '../../../readers.ts'
import { inTime, ownName, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Debt, Proposal, Step } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import type { SqlPlace, SqlRestoreAction } from '../../sql-action.ts'
import { compareWays, lossText, sourceOf, sqlExpected, targetsOf } from './compare.ts'
import type { SqlRecovery } from './compare.ts'
import { isAsked, probeWarnings, querySteps, queryWarnings } from './query.ts'
import type { QueryAbout } from './query.ts'
import { beforeOutage, outageIn, restoreBefore } from './before-outage.ts'
import { byName, droppedFor, lookAround } from './look.ts'
import {
  beingMade,
  keptFor,
  momentText,
  noOtherRestore,
  refuseOutsideWindow,
  restoreWindow,
} from './safety.ts'
import { checkStep, digestSteps, known, nameFor, probeSteps, swapSteps } from './swap.ts'
import type { Swap } from './swap.ts'
import { together } from '../../../together.ts'

/** What is restored: a database that is there, or one that was deleted. */
interface Source {
  readonly mode: 'PointInTimeRestore' | 'Restore'
  readonly id: string
  readonly location: string
  readonly settings: SqlRestoreAction['settings']
  readonly from: Instant
  readonly to: Instant
  readonly live: SqlDatabaseSeen | undefined
}

export async function draftRestore(context: Context, recovery: SqlRecovery): Promise<Draft> {
  const { ask, now, plan, calls } = context
  const { azure_sql: block } = recovery
  const place = sourceOf(block)
  const databases = await calls.readers.sql.databases(place, calls.limit())
  const at = ask.order?.kind === 'restore-point' ? ask.order.at : undefined
  const source = await find(context, recovery, databases, at)
  const window = { from: source.from, to: source.to, zone: plan.timezone }
  if (at === undefined && source.live) throw noMoment(block.database, window)
  if (at !== undefined) refuseOutsideWindow(at, window, block.database)
  const outage = outageIn(context)
  const verdicts = [
    restoreWindow(at, window),
    ...(outage && at !== undefined ? [beforeOutage(at, outage)] : []),
    noOtherRestore(place.server, databases),
  ]
  const list = findings(verdicts, ask.overrides)
  const typed =
    at === undefined
      ? `failover db to ${recovery.name}`
      : `db restore ${momentText(at, plan.timezone)} ${block.database}`
  const isTooLate = list.some(({ rule, ok }) => rule === 'before-outage' && !ok)
  refuseUnsafe(list, typed, outage && isTooLate ? [restoreBefore(block.database, outage)] : [])

  const swap = await swapOf(context, place, source, block.database)
  const beside = beingMade(databases).map(({ name }) => name)
  const steps = stepsOf(context, { recovery, source, swap, at, beside })
  const [digest, compared] = await together([digestSteps(context, steps), compareWays(context, recovery, at)])
  const moment = at ?? source.to
  const lost = now - moment
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: targetsOf(plan, block.database, around(swap)),
      typed: block.database,
      risk: 'loses-data',
      ...inTime(
        (is) =>
          `${block.database} at ${place.server} ${is('will be', 'was put back')} as it was at ${momentText(moment, plan.timezone)}`,
      ),
      changes: changesOf(context, source, { database: block.database, server: place.server, moment }),
      compared,
      findings: list,
      expected: sqlExpected(context, recovery),
      cost: {
        dataLoss: lost,
        downtime: minute,
        text: costText(context, source, { database: block.database, moment }),
      },
      debts: debtsOf(context, source, swap),
      digest,
      warnings: warningsOf(context, recovery, swap),
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

async function find(
  { calls, now }: Context,
  { azure_sql: block }: SqlRecovery,
  databases: readonly SqlDatabaseSeen[],
  at: Instant | undefined,
): Promise<Source> {
  const { database } = block
  const place = sourceOf(block)
  const live = byName(databases, database)
  if (live) {
    const { id, location, settings, earliest } = live
    if (earliest === undefined)
      throw new UserError(
        'no-backup',
        `${database} at ${place.server} is ${live.status} and has no backups yet that it could be brought back from. Nothing was changed. Try again when it is Online, or take another way: failover db.`,
      )
    return { mode: 'PointInTimeRestore', id, location, settings, from: earliest, to: now, live }
  }
  const dropped = droppedFor(await calls.readers.sql.dropped(place, calls.limit()), database, at)
  if (!dropped)
    throw new UserError(
      'no-database',
      `${place.server} has no database ${database}, and none of that name was deleted in the time for which backups are kept. Nothing was changed. Compare "server" and "database" in the DR plan with the Azure portal, or take another way: db geo-restore ${database}`,
    )
  const { id, location, settings, earliest, deletedAt } = dropped
  return { mode: 'Restore', id, location, settings, from: earliest, to: deletedAt, live: undefined }
}

function noMoment(
  database: string,
  { to, zone }: { readonly to: Instant; readonly zone: string },
): UserError {
  const example = momentText(Math.floor(to / minute) * minute - 15 * minute, zone)
  return new UserError(
    'no-moment',
    `To which moment? The last one at which the data was right. Write for example: db restore 10m ago ${database}, or db restore ${example} ${database}`,
  )
}

async function swapOf(context: Context, place: SqlPlace, { live }: Source, name: string): Promise<Swap> {
  const incoming = nameFor(name, 'copy')
  if (!live) return { place, name, incoming }
  const around = await lookAround(context, place, live)
  return { place, name, incoming, aside: nameFor(name, 'aside'), ...around }
}

function around({ place, partner, group }: Swap) {
  return { servers: [place.server, ...(partner ? [partner.server] : [])], group }
}

function stepsOf(
  context: Context,
  made: {
    readonly recovery: SqlRecovery
    readonly source: Source
    readonly swap: Swap
    readonly at: Instant | undefined
    readonly beside: readonly string[]
  },
): readonly Step[] {
  const { source, swap, at, recovery, beside } = made
  const { place } = swap
  const database = nameFor(swap.name, 'copy')
  const otherwise =
    swap.aside === undefined
      ? `Nothing has the name ${swap.name} yet.`
      : `Nothing was swapped: ${swap.name} is the old database still. For another moment: db restore TIME ${swap.name}`
  const about: QueryAbout = { place, database, moment: at ?? source.to, before: 'the swap', otherwise }
  const action: SqlRestoreAction = {
    provider: 'sql-restore',
    mode: source.mode,
    source: { ...place, database: swap.name },
    sourceId: source.id,
    ...known(source.live?.guid),
    ...(at === undefined ? {} : { at }),
    target: { ...place, database, location: source.location },
    settings: source.settings,
    beside,
  }
  return [
    stepOf(`Restore ${swap.name} as ${database}, a new database beside it`, action),
    checkStep(place, database),
    ...querySteps(context, recovery.azure_sql, about),
    ...swapSteps(swap),
    checkStep(place, swap.name),
    ...probeSteps(recovery.probe),
  ]
}

function changesOf(
  { plan, now }: Context,
  { live, to }: Source,
  {
    database,
    server,
    moment,
  }: { readonly database: string; readonly server: string; readonly moment: Instant },
): Proposal['changes'] {
  const after = `as at ${momentText(moment, plan.timezone)}`
  const before = live
    ? `${live.status}, with everything until ${momentSeenAt(now, moment, plan.timezone)}`
    : `deleted at ${momentText(to, plan.timezone)}`
  return [
    { what: `${database} at ${server}`, before, after },
    ...(live
      ? [
          {
            what: nameFor(database, 'aside'),
            before: 'not there',
            after: `the database that is ${database} now`,
          },
        ]
      : []),
  ]
}

function costText(
  { plan, now }: Context,
  { live, to }: Source,
  { database, moment }: { readonly database: string; readonly moment: Instant },
): string {
  const since = momentText(moment, plan.timezone)
  if (!live) {
    const lost = to - moment < second ? 'nothing that it had when it was deleted' : lossText(to - moment)
    return `${lost} is lost; ${database} was deleted ${lossText(now - to).replace(' of data', '')} ago.`
  }
  const until = momentSeenAt(now, moment, plan.timezone)
  return `${printDuration(now - moment)} of data until ${until}: all that was written since ${since} is not in it, and stays in ${nameFor(database, 'aside')}. The renames cut every connection; there is no ${database} for some seconds between them.`
}

function debtsOf({ plan, now, ask }: Context, { live }: Source, swap: Swap): readonly Debt[] {
  const { name, group, partner } = swap
  const aside = nameFor(name, 'aside')
  const where = partner?.has === true ? `${swap.place.server} and ${partner.server}` : swap.place.server
  return [
    ...(live
      ? [
          {
            id: `kept:${aside}`,
            text: `The old database is kept, and paid for, as ${aside} at ${where}`,
            remedy: `To swap it back: failback ${ask.system}. When nobody needs it any more, delete it by ${dayText(now + keptFor, plan.timezone)}`,
          },
        ]
      : []),
    ...(group === undefined
      ? []
      : [
          {
            id: `seeding:${name}`,
            text: `The copy of ${name} in ${group} is seeded again, which takes as long as the database is big`,
            remedy: `Until "replicationState" of ${group} is CATCH_UP in the Azure portal, it cannot be failed over`,
          },
        ]),
    ...(group === undefined && partner
      ? [
          {
            id: `replica:${name}`,
            text: `The new ${name} has no copy at ${partner.server} any more`,
            remedy: 'Make a new geo-replica in the Azure portal',
          },
        ]
      : []),
    {
      id: `settings:${name}`,
      text: `Size, tags and redundancy were carried over; how long backups are kept, long-term retention, alerts, auditing, diagnostic settings and locks of ${name} were not`,
      remedy: 'Set them again at the database in the Azure portal',
    },
  ]
}

function warningsOf(
  context: Context,
  recovery: SqlRecovery,
  { name, aside, group, partner }: Swap,
): readonly string[] {
  const copy = `${name}-${ownName}`
  return [
    ...queryWarnings(context, recovery.azure_sql),
    ...(isAsked(context, recovery.azure_sql)
      ? []
      : [
          `Only a query can tell whether the data is right: look at ${copy} while the run is at its first steps, and cancel it if it is not`,
        ]),
    ...(aside === undefined
      ? []
      : [
          `Whatever is written to ${name} until the swap ends up in ${aside} only: stop the applications that write`,
        ]),
    ...(group !== undefined && partner
      ? [
          `${name} leaves ${group} for the swap: until its copy is seeded again there is no way to ${partner.server}`,
        ]
      : []),
    ...probeWarnings(context, recovery, 'whether it is online'),
  ]
}
