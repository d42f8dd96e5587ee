// All ways that the DR plan has for one database, side by side: how long each takes, what each loses, what meets the objective.
import { printDuration, printTook } from '../../../drplan/duration.ts'
import { documentedFor } from '../../../drplan/promises.ts'
import type { DrPlan, Recovery } from '../../../drplan/schema.ts'
import { RetryableError, reasonOf } from '../../../errors.ts'
import type { Duration, Instant } from '../../../ids.ts'
import { minute, second } from '../../../ids.ts'
import { momentSeenAt } from '../../../moment.ts'
import type { SqlGroupSeen } from '../../../readers.ts'
import { expectedDuration } from '../../draft.ts'
import type { Context } from '../../draft.ts'
import { isInStep } from '../../kinds/sql.ts'
import type { Proposal } from '../../run.ts'
import { groupTarget } from '../../sql-action.ts'
import type { SqlPlace } from '../../sql-action.ts'
import { logBackups } from './safety.ts'
import type { With } from '../way.ts'
import { together } from '../../../together.ts'

export type SqlBlock = NonNullable<Recovery['azure_sql']>
export type SqlRecovery = With<'azure_sql'>

function isSql(recovery: Recovery): recovery is SqlRecovery {
  return recovery.azure_sql !== undefined
}

/** The server that the plan has the database at. */
export function sourceOf({ resource_group, server }: SqlBlock): SqlPlace {
  return { resourceGroup: resource_group, server }
}

/** The server in the other region; the plan's schema makes sure that there is one where it is asked for. */
export function targetOf({ resource_group, to_resource_group, server, to_server }: SqlBlock): SqlPlace {
  return { resourceGroup: to_resource_group ?? resource_group, server: to_server ?? server }
}

/**
 * What is locked while anything is done with the database, whichever way, and from whichever end: the database at each
 * server that has it, and the failover groups it is in, which take along all that are in them. `seen`: as the world has
 * it; the plan adds what cannot be seen just now, such as the group of a database that is out of it in the middle of a
 * swap. Azure's names are the same in upper and lower case.
 */
export function targetsOf(
  { systems }: DrPlan,
  database: string,
  seen: { readonly servers: readonly string[]; readonly group?: string | undefined },
): readonly string[] {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const planned = Object.values(systems)
    .flatMap(({ recoveries }) => recoveries)
    .filter(isSql)
    .map(({ azure_sql: block }) => block)
    .filter(({ method }) => method === 'failover-group')
    .filter((block) => same(block.database, database))
    .filter((block) =>
      seen.servers.some((one) => same(one, block.server) || same(one, targetOf(block).server)),
    )
  const servers = [
    ...seen.servers,
    ...planned.flatMap((block) => [sourceOf(block).server, targetOf(block).server]),
  ]
  const groups = [seen.group, ...planned.map((block) => block.failover_group)].filter(
    (group) => group !== undefined,
  )
  return [
    ...new Set(
      [...servers.map((server) => `azure-sql:${server}/${database}`), ...groups.map(groupTarget)].map(
        (target) => target.toLowerCase(),
      ),
    ),
  ]
}

/** How long a way takes: measured, else as the plan says, else as Azure documents it. */
export function sqlExpected(context: Context, recovery: SqlRecovery): Proposal['expected'] {
  const { history, ask } = context
  const kind = { system: ask.system, direction: 'failover', recovery: recovery.name } as const
  const fact = documentedFor(recovery)
  return expectedDuration(
    history,
    kind,
    recovery,
    fact && {
      duration: fact.rto,
      source: `never measured; Azure documents: ${fact.says}`,
    },
  )
}

interface Way {
  readonly takes: Duration
  readonly loses: Duration | undefined
  readonly loss: string
  /** Why it cannot be gone now. */
  readonly closed?: string
}

/** Looks at every way at once; one that cannot be looked at is said so, and hides no other. */
export async function compareWays(
  context: Context,
  { azure_sql: chosen, name }: SqlRecovery,
  at: Instant | undefined,
): Promise<NonNullable<Proposal['compared']>> {
  const { plan, ask, objectiveAt, now } = context
  const system = plan.systems[ask.system]
  const same = (system?.recoveries ?? [])
    .filter(isSql)
    .filter(({ azure_sql: one }) => one.database === chosen.database && one.server === chosen.server)
  const left = objectiveAt === undefined ? (system?.rto ?? 0) : Math.max(0, objectiveAt - now)
  const rpo = system?.rpo
  const forced = ask.overrides.some(({ rule }) => rule === 'planned-possible')
  const ways = await together(
    same.map(async (recovery) => {
      const way = await lookAtWay(context, recovery, { at, forced: forced && recovery.name === name })
      const meets = meetsIn(way, { left, rpo })
      return {
        way: `${commandOf(recovery)}${recovery.name === name ? ' (this one)' : ''}`,
        takes: printDuration(way.takes),
        loses: way.closed ?? way.loss,
        open: way.closed === undefined,
        ...(meets === undefined ? {} : { meets }),
      }
    }),
  )
  // The proposals of the other ways warn of it themselves.
  const isRestored = chosen.method === 'point-in-time'
  const carries = isRestored
    ? '. A failover carries wrong data along: against that only db restore helps'
    : ''
  return { says: `${saysOf(context, ways, { left, rpo })}${carries}`, ways }
}

/** Which ways meet the objective; none does when it is missed already. */
function saysOf(
  { objectiveAt, now, plan }: Context,
  ways: NonNullable<Proposal['compared']>['ways'],
  { left, rpo }: { readonly left: Duration; readonly rpo: Duration | undefined },
): string {
  if (objectiveAt !== undefined && objectiveAt <= now)
    return `No way meets the objective (RTO): it was missed at ${momentSeenAt(objectiveAt, now, plan.timezone)}`
  const time = `${printTook(Math.floor(left / second) * second)} ${objectiveAt === undefined ? '(RTO)' : 'are left (RTO)'}`
  const objective = `${time}${rpo === undefined ? '' : `, ${printDuration(rpo)} of data (RPO)`}`
  const best = ways.filter(({ meets }) => meets === true).map(({ way }) => way.replace(' (this one)', ''))
  if (best.length > 0)
    return `${best.join(' and ')} meet${best.length === 1 ? 's' : ''} the objective: ${objective}`
  const isAllKnown = ways.every(({ meets }) => meets !== undefined)
  return `No way ${isAllKnown ? 'meets' : 'is known to meet'} the objective: ${objective}`
}

/** Undefined: it is fast enough, but nobody knows how much it loses. */
function meetsIn(
  { closed, takes, loses }: Way,
  { left, rpo }: { readonly left: Duration; readonly rpo: Duration | undefined },
): boolean | undefined {
  if (closed !== undefined || takes > left) return false
  return loses === undefined ? undefined : rpo === undefined || loses <= rpo
}

/** To which moment, and whether it is to be forced; for the ways to which that means something. */
interface Wanted {
  readonly at: Instant | undefined
  readonly forced: boolean
}

function commandOf({ azure_sql: { method }, name }: SqlRecovery): string {
  return method === 'point-in-time' ? 'db restore TIME' : `failover db to ${name}`
}

async function lookAtWay(context: Context, recovery: SqlRecovery, wanted: Wanted): Promise<Way> {
  const takes = sqlExpected(context, recovery).duration
  try {
    return { takes, ...(await lossOf(context, recovery, wanted)) }
  } catch (thrown) {
    return {
      takes,
      loses: undefined,
      loss: 'not known',
      closed: `cannot be looked at: ${firstSentence(reasonOf(thrown))}`,
    }
  }
}

function firstSentence(text: string): string {
  return text.split('. ')[0]?.replace(/\.$/, '') ?? text
}

async function lossOf(
  { calls, now }: Context,
  { azure_sql: block }: SqlRecovery,
  { at, forced }: Wanted,
): Promise<Omit<Way, 'takes'>> {
  const { sql } = calls.readers
  switch (block.method) {
    case 'point-in-time': {
      await sql.server(sourceOf(block), calls.limit())
      const loses = at === undefined ? logBackups : now - at
      return {
        loses,
        loss:
          at === undefined ? `what came after the moment, ${printDuration(loses)} at least` : lossText(loses),
      }
    }
    case 'geo-restore': {
      await sql.server(targetOf(block), calls.limit())
      const { lastBackup } = await sql.recoverable(sourceOf(block), block.database, calls.limit())
      return { loses: now - lastBackup, loss: `${lossText(now - lastBackup)}: the newest copied backup` }
    }
    case 'failover-group': {
      const group = block.failover_group ?? ''
      const seen = await sql.group(targetOf(block), group, calls.limit())
      if (seen.role === 'Primary')
        return { loses: undefined, loss: '', closed: `${targetOf(block).server} is the primary already` }
      const { silent } = await primaryOf(calls, group, seen)
      const isPlanned = silent === undefined && isInStep(seen.state)
      if (isPlanned && !forced) return { loses: 0, loss: 'nothing: it is planned' }
      return {
        loses: undefined,
        loss: `what is not replicated, and that is not known: it ${isPlanned ? 'is to' : 'must'} be forced`,
      }
    }
  }
}

/** `about 3h12m of data`, to the minute. */
export function lossText(loss: Duration): string {
  return `about ${printDuration(Math.max(minute, Math.round(loss / minute) * minute))} of data`
}

/** The other end of a group, and why it does not answer, if it does not. */
export async function primaryOf(
  calls: Context['calls'],
  group: string,
  { partners }: SqlGroupSeen,
): Promise<{ readonly place: SqlPlace; readonly silent: string | undefined; readonly location: string }> {
  const partner = partners[0] ?? { resourceGroup: '', server: 'the partner server', location: 'unknown' }
  const place = { resourceGroup: partner.resourceGroup, server: partner.server }
  const { location } = partner
  try {
    await calls.readers.sql.group(place, group, calls.limit())
    return { place, silent: undefined, location }
  } catch (thrown) {
    if (!(thrown instanceof RetryableError)) throw thrown
    return { place, silent: thrown.message, location }
  }
}
