// Objectives that the providers' own documents say a recovery cannot meet, with the figure and what would meet it.
import { systemIds } from '../ids.ts'
import { printDuration } from './duration.ts'
import type { Duration, SystemId } from '../ids.ts'
import type { DrPlan, Recovery, System } from './schema.ts'
import type { Complaint } from './source.ts'

const second = 1_000
const hour = 3_600_000

/** How far the copy of a failover group is behind, as Azure documents it (RPO 5 s); nobody sees the real lag. */
export const documentedLag: Duration = 5 * second

/** What a provider's document says of one way of recovery. */
interface Documented {
  readonly how: string
  readonly document: string
  /** The figure, as the document puts it. */
  readonly says: string
  readonly rto: Duration
  readonly rpo?: Duration
  /** What meets a shorter objective. */
  readonly instead: string
}

const failoverGroup =
  'A failover group to another region meets it (documented: 30 s down, 5 s of data): add a recovery with "method: failover-group"'

const documented = {
  'point-in-time': {
    how: 'a point-in-time restore makes a new database',
    document: 'Azure SQL, "Recover using automated database backups"',
    says: 'most restores finish in less than 12 hours; log backups every 5 to 10 minutes',
    rto: 12 * hour,
    instead: failoverGroup,
  },
  'geo-restore': {
    how: 'a geo-restore makes a new database from the geo-redundant backup',
    document: 'Azure SQL, "Overview of business continuity"',
    says: 'RTO 12 hours, RPO 1 hour',
    rto: 12 * hour,
    rpo: hour,
    instead: failoverGroup,
  },
  'failover-group': {
    how: 'the secondary of a failover group becomes primary',
    document: 'Azure SQL, "Overview of business continuity"',
    says: 'RTO 30 s, RPO 5 s',
    rto: 30 * second,
    rpo: documentedLag,
    instead: 'No documented way is faster',
  },
  'account-failover': {
    how: 'the account itself moves to its paired region',
    document: 'Azure Storage, "Disaster recovery and storage account failover"',
    says: 'typically takes about an hour; writes after the Last Sync Time are lost',
    rto: hour,
    instead:
      'A standby account that the applications are switched to meets it: add a recovery with "method: switch-setting"',
  },
  'standby-zone': {
    how: 'resolvers follow a switch of the name servers when they ask the parent zone again',
    document: 'the delegation in .com',
    says: 'TTL 172800 (48 hours)',
    rto: 48 * hour,
    instead:
      'Name servers of both providers in the delegation at all times meet it: then nothing has to be switched',
  },
} as const satisfies Record<string, Documented>

/** Warnings for each recovery whose documented time or loss is above its system's objective. */
export function checkPromises(plan: DrPlan): readonly Complaint[] {
  return systemIds.flatMap((id) => {
    const system = plan.systems[id]
    return system ? checkSystem(id, system) : []
  })
}

function checkSystem(id: SystemId, system: System): readonly Complaint[] {
  return system.recoveries.flatMap((recovery, index) => {
    const fact = documentedFor(recovery)
    if (!fact) return []
    const missed = [
      ...(fact.rto > system.rto ? [`RTO of ${printDuration(system.rto)}`] : []),
      ...(system.rpo !== undefined && (fact.rpo ?? 0) > system.rpo
        ? [`RPO of ${printDuration(system.rpo)}`]
        : []),
    ]
    if (missed.length === 0) return []
    return [
      {
        path: ['systems', id, 'recoveries', index, 'name'],
        found: `"${recovery.name}" cannot promise the ${missed.join(' and the ')}: ${fact.how}; ${fact.document} says "${fact.says}"`,
        write: alternative(system, fact),
      },
    ]
  })
}

function alternative(system: System, fact: Documented): string {
  const better = system.recoveries.find((recovery) => {
    const own = documentedFor(recovery)
    return meets(system, recovery, own)
  })
  return better
    ? `The recovery "${better.name}" of this plan meets it; keep this one for what that one cannot fix`
    : fact.instead
}

function meets(system: System, recovery: Recovery, fact: Documented | undefined): boolean {
  if (fact) return fact.rto <= system.rto && (system.rpo === undefined || (fact.rpo ?? 0) <= system.rpo)
  return recovery.azure_storage?.method === 'switch-setting'
}

/** What the provider's document says of a recovery; undefined where it says nothing of time. */
export function documentedFor(recovery: Recovery): Documented | undefined {
  if (recovery.azure_sql) return documented[recovery.azure_sql.method]
  if (recovery.azure_storage?.method === 'account-failover') return documented['account-failover']
  return recovery.standby_dns ? documented['standby-zone'] : undefined
}
