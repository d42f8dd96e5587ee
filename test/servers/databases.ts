// The recovery engine beside a simulated Azure SQL in two regions, both on one clock that stands until it is moved.
import type { AzureSim } from '../../sim/azure.ts'
import type { SqlInput } from '../../sim/azure/sql-state.ts'
import { minute } from '../../src/ids.ts'
import type { RunId } from '../../src/ids.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { AzureAccess } from '../../src/providers/azure/azure.ts'
import type { CheckQuery } from '../../src/drplan/check-query.ts'
import type { Ask } from '../../src/recovery/input.ts'
import type { Order, Run } from '../../src/recovery/run.ts'
import { noon } from '../contracts/store-samples.ts'
import { accessTo, startTestAzure } from './azure.ts'
import { approving, asking, mia, startEngine } from './engine.ts'
import type { EngineBench } from './engine.ts'
import type { TestRedis } from './redis.ts'

export interface DatabaseBench extends EngineBench {
  readonly azure: AzureSim
  /** Requests that change something, as `METHOD what`. */
  readonly sent: () => readonly string[]
  /** Names of the databases at a server, sorted. */
  readonly names: (server: string) => readonly string[]
  readonly guid: (server: string, name: string) => string | undefined
  /** Proposes and has it approved as its risk demands. */
  readonly order: (ask: Ask) => Promise<Run>
  /** Moves the clock in steps of the engine's looks, until the run is at rest. */
  readonly finish: (id: RunId) => Promise<Run>
}

/** Two servers; `orders` is at sql-west and, through the failover group, in step at sql-north. */
export const twoRegions: SqlInput = {
  servers: [
    { group: 'dr-rg', name: 'sql-west', location: 'westeurope' },
    { group: 'dr-rg', name: 'sql-north', location: 'northeurope' },
  ],
  databases: [{ server: 'sql-west', name: 'orders', tags: { team: 'shop' } }],
  groups: [{ name: 'orders-fg', primary: 'sql-west', secondary: 'sql-north', databases: ['orders'] }],
  times: { restore: 2 * minute, seed: minute },
}

/** One database that nobody replicates, and a server in the other region. */
export const alone: SqlInput = { ...twoRegions, groups: [] }

/** `access`: how the bot's own settings differ. */
export async function startDatabases(
  redis: TestRedis,
  sql: SqlInput = twoRegions,
  access: Partial<AzureAccess> = {},
): Promise<DatabaseBench> {
  let now = (): number => noon
  const azure = await startTestAzure({ sql, now: () => now() })
  const bench = await startEngine(redis, {}, createAzure(accessTo(azure, access)))
  now = bench.now
  withCheck(bench, undefined)
  const run = (id: RunId): Promise<Run> => bench.run(id)
  return {
    ...bench,
    azure,
    sent: () =>
      azure.requests
        .filter(({ reason }) => reason === 'change')
        .map(({ method, path }) => `${method} ${shortOf(path)}`),
    names: (server) =>
      azure.sql
        .databases(server)
        .map(({ name }) => name)
        .toSorted(),
    guid: (server, name) => azure.sql.databases(server).find((one) => one.name === name)?.guid,
    order: async (ask) => {
      const { run: proposed } = await bench.runs().propose(ask)
      if (proposed.state !== 'proposed') return proposed
      return bench.runs().verdict(proposed.id, approving({ by: mia, typed: proposed.proposal.typed }))
    },
    finish: async (id) => {
      await bench.settle()
      for (let left = 400; left > 0; left -= 1) {
        const found = await run(id)
        if (found.state !== 'running') return found
        await bench.pass(Math.max(1_000, Math.min(found.checkAt - bench.now(), 20_000)))
      }
      throw new Error(`${id} does not come to its end`)
    },
    stop: async () => {
      await bench.stop()
      await azure.stop()
    },
  }
}

/** Every recovery of the database has this check query from now on, or none. */
export function withCheck({ setPlan }: Pick<DatabaseBench, 'setPlan'>, check: CheckQuery | undefined): void {
  setPlan((plan) => {
    const { db } = plan.systems
    if (!db) throw new Error('the plan has no database')
    const recoveries = db.recoveries.map((one) => {
      if (one.azure_sql === undefined) return one
      const { check: _example, ...block } = one.azure_sql
      return { ...one, azure_sql: check === undefined ? block : { ...block, check } }
    })
    return { ...plan, systems: { ...plan.systems, db: { ...db, recoveries } } }
  })
}

function shortOf(path: string): string {
  return (path.split('?')[0] ?? '')
    .replace(/^.*\/Microsoft\.Sql\/servers\//, '')
    .replace(/(?<=replicationLinks\/).*/, 'LINK')
}

/** ann asks to bring orders back to what it was so long ago. */
export function restoring(ago: number, fields: Partial<Ask> = {}): Ask {
  const at: Order = { kind: 'restore-point', at: noon - ago }
  return asking({ system: 'db', recovery: 'restore', order: at, ...fields })
}
