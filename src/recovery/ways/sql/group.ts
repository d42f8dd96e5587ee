// The block `azure_sql`, failover-group: the secondary server takes over; planned, or forced when the primary is lost.
import { UserError } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { SqlGroupSeen } from '../../../readers.ts'
import { inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Debt, Proposal } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import type { SqlFailoverAction } from '../../sql-action.ts'
import { wrongDataWarnings } from './before-outage.ts'
import { compareWays, primaryOf, sqlExpected, targetOf, targetsOf } from './compare.ts'
import type { SqlRecovery } from './compare.ts'
import { probeWarnings, querySteps, queryWarnings } from './query.ts'
import { lagText, lossKnown, notPrimaryYet, otherRegion, plannedPossible } from './safety.ts'
import type { Ends } from './safety.ts'
import { checkStep, digestSteps, probeSteps } from './swap.ts'
import { together } from '../../../together.ts'

export async function draftGroup(context: Context, recovery: SqlRecovery): Promise<Draft> {
  const { ask, calls } = context
  const { azure_sql: block } = recovery
  const { database } = block
  const to = targetOf(block)
  const group = block.failover_group ?? ''
  const [here, { location }] = await together([
    calls.readers.sql.group(to, group, calls.limit()),
    calls.readers.sql.server(to, calls.limit()),
  ])
  refuseNoMember(here.databases, database, group)
  const primary = await primaryOf(calls, group, here)
  const from = primary.place.server
  const ends: Ends = { group, to: to.server, here, primary: { server: from, silent: primary.silent } }
  const forced = ask.overrides.some(({ rule }) => rule === 'planned-possible')
  const planned = plannedPossible(ends, forced)
  const verdicts = [
    notPrimaryYet(ends),
    otherRegion({ server: from, location: primary.location }, { server: to.server, location }),
    planned,
    lossKnown(ends, planned),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failover db to ${recovery.name}`, waysOut(context, recovery, ends))

  const members = membersOf(here)
  const action: SqlFailoverAction = { provider: 'sql-failover', place: to, group, database, forced, members }
  const undo: SqlFailoverAction = { ...action, place: primary.place, forced: false }
  const title = `${forced ? 'Force the failover of' : 'Fail over'} ${group} to ${to.server}`
  const steps = [
    stepOf(title, action, undo),
    checkStep(to, database),
    ...querySteps(context, block, {
      place: to,
      database,
      otherwise: `${to.server} is the primary all the same.`,
    }),
    ...probeSteps(recovery.probe),
  ]
  const [digest, compared] = await together([
    digestSteps(context, steps),
    compareWays(context, recovery, undefined),
  ])
  const others = here.databases.length - 1
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: targetsOf(context.plan, database, { servers: [to.server, from], group }),
      typed: recovery.name,
      risk: forced ? 'loses-data' : (recovery.risk ?? 'disruptive'),
      ...inTime(
        (is) =>
          `${to.server} (${location}) ${is('will be', 'was made')} the primary of ${group} with ${database}${others > 0 ? ` and ${others} more` : ''}, instead of ${from}${forced ? ', forced' : ''}`,
      ),
      changes: [
        {
          what: `primary of ${group}`,
          before: `${from} (${primary.location})`,
          after: `${to.server} (${location})`,
        },
      ],
      compared,
      findings: list,
      expected: sqlExpected(context, recovery),
      cost: costOf(ends, forced),
      debts: debtsOf(context, ends, forced),
      digest,
      warnings: [
        ...wrongDataWarnings(context, database),
        `Applications follow by themselves only if they connect to ${group}.database.windows.net`,
        ...queryWarnings(context, block),
        ...probeWarnings(context, recovery, 'who is primary'),
      ],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** What a group fails over is its members: a database outside of it would stay where it is. */
function refuseNoMember(members: readonly string[], database: string, group: string): void {
  if (members.some((id) => id.toLowerCase().endsWith(`/${database.toLowerCase()}`))) return
  throw new UserError(
    'not-a-member',
    `${database} is not in the failover group ${group}, so failing it over would not move it. Nothing was changed. Add it to the group in the Azure portal, or correct "database" and "failover_group" in the DR plan.`,
  )
}

/** The names of a group's databases. */
export function membersOf({ databases }: SqlGroupSeen): readonly string[] {
  return databases.map((id) => id.slice(id.lastIndexOf('/') + 1)).toSorted()
}

function waysOut({ plan, ask }: Context, recovery: SqlRecovery, { primary }: Ends): readonly string[] {
  if (primary.silent === undefined) return []
  return (plan.systems[ask.system]?.recoveries ?? [])
    .filter((one) => one.name !== recovery.name && one.azure_sql?.method === 'geo-restore')
    .map((one) => `failover db to ${one.name}`)
}

/** What a failover of the group costs; how much a forced one loses is not to be known. */
export function costOf({ primary }: Ends, forced: boolean): Proposal['cost'] {
  const drop = 'Connections drop for less than a minute.'
  if (forced)
    return {
      downtime: minute,
      text: `What ${primary.server} has not replicated yet is lost. How much that is, ${lagText}. ${drop}`,
    }
  return {
    downtime: minute,
    dataLoss: 0,
    text: `No data is lost: ${primary.server} hands over when all is replicated. ${drop}`,
  }
}

function debtsOf({ ask }: Context, { group, to, primary }: Ends, forced: boolean): readonly Debt[] {
  return [
    {
      id: `primary:${group}`,
      text: `${to} is the primary of ${group}`,
      remedy: `When ${primary.server} works again and its copy is in step: failback ${ask.system}`,
    },
    ...(forced
      ? [
          {
            id: `lost:${group}`,
            text: `${primary.server} may have had writes that ${to} never got, and loses them when it comes back as the secondary`,
            remedy: 'Compare the last writes of the applications with what is there now',
          },
        ]
      : []),
  ]
}
