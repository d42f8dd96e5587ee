// Plans in which several recoveries of one system change something beside each other.
import type { DrPlan } from '../../src/drplan/schema.ts'
import { second } from '../../src/ids.ts'
import { startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import type { TestRedis } from '../servers/redis.ts'

/** orders and billing in one failover group, with a plan that restores either. */
export async function startTwoDatabases(redis: TestRedis): Promise<DatabaseBench> {
  const [group] = twoRegions.groups ?? []
  if (!group) throw new Error('there is no failover group')
  const bench = await startDatabases(redis, {
    ...twoRegions,
    databases: [...(twoRegions.databases ?? []), { server: 'sql-west', name: 'billing' }],
    groups: [{ ...group, databases: ['orders', 'billing'] }],
    times: { restore: 10 * second, seed: 5 * second },
  })
  bench.setPlan(withBilling)
  return bench
}

/** Which records each recovery of the load balancer changes. */
export function withRecords(plan: DrPlan, records: Readonly<Record<string, readonly string[]>>): DrPlan {
  const { lb } = plan.systems
  if (!lb) throw new Error('the plan has no load balancer')
  const recoveries = lb.recoveries.map((one) =>
    one.cloudflare === undefined
      ? one
      : {
          ...one,
          cloudflare: { ...one.cloudflare, records: [...(records[one.name] ?? one.cloudflare.records)] },
        },
  )
  return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries } } }
}

/** Each recovery of the database once more, for billing. */
function withBilling(plan: DrPlan): DrPlan {
  const { db } = plan.systems
  if (!db) throw new Error('the plan has no database')
  const more = db.recoveries.flatMap((one) =>
    one.azure_sql === undefined
      ? []
      : [{ ...one, name: `${one.name}-billing`, azure_sql: { ...one.azure_sql, database: 'billing' } }],
  )
  return { ...plan, systems: { ...plan.systems, db: { ...db, recoveries: [...db.recoveries, ...more] } } }
}
