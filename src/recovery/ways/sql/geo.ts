// The block `azure_sql`, geo-restore: a new database at the server in the other region, from the copied backups.
import { RetryableError } from '../../../errors.ts'
import type { SqlDatabaseSeen } from '../../../readers.ts'
import { inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Step } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import type { SqlRestoreAction, SqlSettings } from '../../sql-action.ts'
import { wrongDataWarnings } from './before-outage.ts'
import { compareWays, lossText, sourceOf, sqlExpected, targetOf, targetsOf } from './compare.ts'
import type { SqlRecovery } from './compare.ts'
import { probeWarnings, querySteps, queryWarnings } from './query.ts'
import { byName } from './look.ts'
import { beingMade, momentText, noOtherRestore, otherRegion } from './safety.ts'
import { checkStep, digestSteps, nameFor, probeSteps, swapSteps } from './swap.ts'
import { together } from '../../../together.ts'

interface Looked {
  readonly here: readonly SqlDatabaseSeen[]
  readonly location: string
  readonly backup: { readonly id: string; readonly lastBackup: number }
  /** Undefined while the old server does not answer, for which this way is. */
  readonly old: { readonly location: string; readonly settings: SqlSettings | undefined } | undefined
}

export async function draftGeo(context: Context, recovery: SqlRecovery): Promise<Draft> {
  const { ask, plan, now } = context
  const { azure_sql: block } = recovery
  const { database } = block
  const [from, to] = [sourceOf(block), targetOf(block)]
  const looked = await look(context, recovery)
  const { here, location, old, backup } = looked
  const verdicts = [
    otherRegion({ server: from.server, location: old?.location }, { server: to.server, location }),
    noOtherRestore(to.server, here),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failover db to ${recovery.name}`, [])

  const free = byName(here, database) === undefined
  const steps = stepsOf(context, recovery, { ...looked, free })
  const [digest, compared] = await together([
    digestSteps(context, steps),
    compareWays(context, recovery, undefined),
  ])
  const name = free ? database : nameFor(database, 'copy')
  const moment = momentText(backup.lastBackup, plan.timezone)
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: targetsOf(plan, database, { servers: [from.server, to.server] }),
      typed: database,
      risk: 'loses-data',
      ...inTime(
        (is) =>
          `${database} ${is('will be', 'was')} made again at ${to.server} (${location}) from the backup of ${moment}, as ${name}`,
      ),
      changes: [
        { what: `${name} at ${to.server}`, before: 'not there', after: `${database} as at ${moment}` },
      ],
      compared,
      findings: list,
      expected: sqlExpected(context, recovery),
      cost: {
        dataLoss: now - backup.lastBackup,
        text: `${lossText(now - backup.lastBackup)}: the newest backup in the other region is of ${moment}. ${database} at ${from.server} is not touched.`,
      },
      debts: [
        {
          id: `points-at:${database}`,
          text: `The applications must use ${name} at ${to.server}.database.windows.net`,
          remedy: `Change their connection strings; firewall rules and logins of ${to.server} are its own. When ${from.server} works again, decide which data counts, and carry over the rest by hand`,
        },
        {
          id: `settings:${name}`,
          text: `How long backups are kept, long-term retention, alerts, auditing and locks of ${name} are not those of the old database`,
          remedy: 'Set them again at the database in the Azure portal',
        },
      ],
      digest,
      warnings: [
        ...wrongDataWarnings(context, database),
        ...(free
          ? []
          : [`${to.server} has a database ${database} already, so the new one keeps the name ${name}`]),
        ...(old?.settings
          ? []
          : [
              `${from.server} does not say how ${database} was set up: the new one gets Azure's own choice of size, and no tags`,
            ]),
        ...queryWarnings(context, block),
        ...probeWarnings(context, recovery, 'whether it is online'),
      ],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

async function look({ calls }: Context, { azure_sql: block }: SqlRecovery): Promise<Looked> {
  const { sql } = calls.readers
  const [from, to] = [sourceOf(block), targetOf(block)]
  const [{ location }, here, backup, old] = await together([
    sql.server(to, calls.limit()),
    sql.databases(to, calls.limit()),
    sql.recoverable(from, block.database, calls.limit()),
    together([sql.server(from, calls.limit()), sql.databases(from, calls.limit())]).catch(
      (thrown: unknown) => {
        if (thrown instanceof RetryableError) return undefined
        throw thrown
      },
    ),
  ])
  const settings = old && byName(old[1], block.database)?.settings
  return { here, location, backup, old: old && { location: old[0].location, settings } }
}

function stepsOf(
  context: Context,
  recovery: SqlRecovery,
  { here, location, backup, old, free }: Looked & { readonly free: boolean },
): readonly Step[] {
  const { azure_sql: block, probe } = recovery
  const { database } = block
  const to = targetOf(block)
  const copy = nameFor(database, 'copy')
  const action: SqlRestoreAction = {
    provider: 'sql-restore',
    mode: 'Recovery',
    source: { ...sourceOf(block), database },
    sourceId: backup.id,
    target: { ...to, database: copy, location },
    settings: elsewhere(old?.settings),
    beside: beingMade(here).map((one) => one.name),
  }
  return [
    stepOf(`Restore ${database} at ${to.server} as ${copy}, from the copied backup`, action),
    checkStep(to, copy),
    ...querySteps(context, block, {
      place: to,
      database: copy,
      moment: backup.lastBackup,
      ...(free
        ? { before: `it gets the name ${database}`, otherwise: `It does not get the name ${database}.` }
        : {}),
    }),
    ...(free ? [...swapSteps({ place: to, name: database, incoming: copy }), checkStep(to, database)] : []),
    ...probeSteps(probe),
  ]
}

/** Pools, maintenance windows and zones are of a region. */
function elsewhere(settings: SqlSettings | undefined): SqlSettings {
  if (!settings) return { tags: {} }
  const { tags, sku, licenseType, readScale } = settings
  return {
    tags,
    ...(sku ? { sku } : {}),
    ...(licenseType === undefined ? {} : { licenseType }),
    ...(readScale === undefined ? {} : { readScale }),
  }
}
