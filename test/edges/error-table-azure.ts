// The rows of the table of errors that are about Azure: an action of each provider, and what no cell is for.
import type { Reason } from '../../sim/azure/faults.ts'
import type { Action, ActionOf, ProviderName } from '../../src/recovery/action.ts'
import { noon } from '../contracts/store-samples.ts'
import { atOnce, inFile, onlyLooks } from './error-table-columns.ts'
import type { Empty } from './error-table-columns.ts'

export interface AzureRow {
  readonly action: () => Promise<Action> | Action
  /** Absent: it only looks. */
  readonly change?: Reason
  readonly empty: Empty
}

const west = { resourceGroup: 'dr-rg', server: 'sql-west' }
const swap = { place: west, database: 'orders', aside: 'orders-before-r-1' }
const pool = { resourceGroup: 'dr-rg', vmss: 'workers-vmss', before: 4, after: 10, within: 900_000 }
const usual = [{ profile: 'by load', min: 2, max: 6, usual: 2 }]
const more = [{ profile: 'by load', min: 10, max: 10, usual: 10 }]

interface World {
  readonly subscription: () => string
  readonly setting: () => Promise<ActionOf<'app-configuration'>>
  readonly secret: () => Promise<ActionOf<'key-vault-secret'>>
}

/** Each provider at Azure. */
export function azureRowsOf({ subscription, setting, secret }: World) {
  return {
    'sql-restore': {
      action: () => ({
        provider: 'sql-restore',
        mode: 'PointInTimeRestore',
        source: { ...west, database: 'orders' },
        sourceId: `/subscriptions/${subscription()}/resourceGroups/dr-rg/providers/Microsoft.Sql/servers/sql-west/databases/orders`,
        at: noon - 3_600_000,
        target: { ...west, database: 'orders-r-1', location: 'westeurope' },
        settings: { tags: {} },
      }),
      change: 'change',
      empty: inFile('sql-operations'),
    },
    'sql-check': {
      action: () => ({ provider: 'sql-check', place: west, database: 'orders' }),
      empty: onlyLooks,
    },
    'sql-rename': {
      action: () => ({
        provider: 'sql-rename',
        place: west,
        from: 'orders',
        to: 'orders-before-r-1',
        own: 'to',
      }),
      change: 'change',
      empty: atOnce,
    },
    'sql-group': {
      action: () => ({ provider: 'sql-group', ...swap, group: 'orders-fg', member: false }),
      change: 'change',
      empty: atOnce,
    },
    'sql-link': {
      action: () => ({ provider: 'sql-link', ...swap, partner: 'sql-north' }),
      change: 'change',
      empty: atOnce,
    },
    'sql-failover': {
      action: () => ({
        provider: 'sql-failover',
        place: { resourceGroup: 'dr-rg', server: 'sql-north' },
        group: 'orders-fg',
        database: 'orders',
        forced: false,
      }),
      change: 'change',
      empty: inFile('sql-operations'),
    },
    'storage-failover': {
      action: () => ({
        provider: 'storage-failover',
        resourceGroup: 'dr-rg',
        account: 'examplewest',
        type: 'planned',
        before: { primary: 'westeurope', secondary: 'northeurope', sku: 'Standard_RAGRS' },
      }),
      change: 'change',
      empty: inFile('storage-failover'),
    },
    'app-configuration': { action: setting, change: 'setting-change', empty: atOnce },
    'key-vault-secret': { action: secret, change: 'secret-change', empty: atOnce },
    'storage-queues': {
      action: () => ({
        provider: 'storage-queues',
        accounts: [{ account: 'examplewest', queues: ['orders'], needed: true }],
        within: 60_000,
      }),
      empty: onlyLooks,
    },
    'scale-set-capacity': {
      action: () => ({ provider: 'scale-set-capacity', ...pool }),
      change: 'change',
      empty: inFile('workers'),
    },
    'scale-set-wait': { action: () => ({ provider: 'scale-set-wait', ...pool }), empty: inFile('workers') },
    'autoscale-limits': {
      action: () => ({
        provider: 'autoscale-limits',
        resourceGroup: 'dr-rg',
        setting: 'by-load',
        before: usual,
        after: more,
      }),
      change: 'change',
      empty: atOnce,
    },
    'standby-dns': {
      action: () => ({
        provider: 'standby-dns',
        resourceGroup: 'dr-rg',
        zone: 'example.com',
        changes: [{ name: 'api', type: 'A', after: { ttl: 60, values: ['192.0.2.1'] } }],
      }),
      change: 'change',
      empty: atOnce,
    },
  } as const satisfies Partial<Record<ProviderName, AzureRow>>
}
