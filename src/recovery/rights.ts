// The rights at Azure that each way of recovery needs, and whether what Azure lists as given holds them.
import type { Grant } from '../readers.ts'

/** What a right is needed on, as the blocks of the DR plan name it. */
export type RightPlace =
  | 'zone'
  | 'server'
  | 'to_server'
  | 'account'
  | 'queues'
  | 'store'
  | 'secret'
  | 'from_secret'
  | 'scale_set'
  | 'group'

/** Actions of Azure on one thing. `role`: a built-in role that has them, or the guide's own. */
export interface Need {
  readonly on: RightPlace
  readonly role: string
  /** Where the role must be given when that is not the thing itself: Azure lists it there as inherited. */
  readonly given?: string
  readonly actions: readonly string[]
  /** Of a service's data, which Azure keeps apart from the service itself. */
  readonly dataActions?: readonly string[]
}

/** Without it Azure does not say which other rights there are. */
export const listRight = 'Microsoft.Authorization/permissions/read'

const zone = 'Microsoft.Network/dnsZones'
const recordTypes = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'TXT']
const sql = 'Microsoft.Sql/servers'
const database = `${sql}/databases`
const failoverGroup = `${sql}/failoverGroups`
const account = 'Microsoft.Storage/storageAccounts'
const scaleSet = 'Microsoft.Compute/virtualMachineScaleSets'
const autoscale = 'Microsoft.Insights/autoscaleSettings'

const sqlRole = 'for database recovery (docs/recovery.md)'
const virtualMachines = 'Virtual Machine Contributor'

/** How operations go is read of the subscription; its groups inherit that. */
const operations = { on: 'group', given: 'on the subscription' } as const
const sqlOperations: Need = { ...operations, role: sqlRole, actions: ['Microsoft.Sql/locations/*/read'] }

/** How full queues are is a right on the account, what is in them one on its data. */
const queues: Need = {
  on: 'queues',
  role: 'Storage Queue Data Reader',
  actions: [`${account}/queueServices/queues/read`],
  dataActions: [`${account}/queueServices/queues/messages/read`],
}

/** By block of the DR plan and method: all that the failover, its undo and the look before them need. */
export const azureRights = {
  standby_dns: [
    {
      on: 'zone',
      role: 'DNS Zone Contributor',
      actions: [
        `${zone}/read`,
        `${zone}/all/read`,
        ...recordTypes.flatMap((type) => [`${zone}/${type}/write`, `${zone}/${type}/delete`]),
      ],
    },
  ],
  'failover-group': [
    {
      on: 'to_server',
      role: sqlRole,
      actions: [
        `${sql}/read`,
        `${database}/read`,
        `${database}/operations/read`,
        `${failoverGroup}/read`,
        `${failoverGroup}/failover/action`,
        `${failoverGroup}/forceFailoverAllowDataLoss/action`,
      ],
    },
    {
      on: 'server',
      role: sqlRole,
      actions: [
        `${database}/read`,
        `${database}/operations/read`,
        `${failoverGroup}/read`,
        `${failoverGroup}/failover/action`,
      ],
    },
    sqlOperations,
  ],
  'point-in-time': [
    {
      on: 'server',
      role: sqlRole,
      actions: [
        `${sql}/read`,
        `${database}/read`,
        `${database}/write`,
        `${database}/move/action`,
        `${database}/operations/read`,
        `${database}/replicationLinks/read`,
        `${database}/replicationLinks/delete`,
        `${sql}/restorableDroppedDatabases/read`,
        `${failoverGroup}/read`,
        `${failoverGroup}/write`,
      ],
    },
    { on: 'to_server', role: sqlRole, actions: [`${database}/read`, `${database}/move/action`] },
    sqlOperations,
  ],
  'geo-restore': [
    {
      on: 'server',
      role: sqlRole,
      actions: [`${sql}/read`, `${database}/read`, `${sql}/recoverableDatabases/read`],
    },
    {
      on: 'to_server',
      role: sqlRole,
      actions: [
        `${sql}/read`,
        `${database}/read`,
        `${database}/write`,
        `${database}/move/action`,
        `${database}/operations/read`,
      ],
    },
    sqlOperations,
  ],
  'account-failover': [
    {
      on: 'account',
      role: 'Storage Account Contributor',
      actions: [`${account}/read`, `${account}/failover/action`],
    },
    {
      ...operations,
      role: 'Reader',
      // Azure knows no action of the name under which its operations are asked for: a role with it would be refused.
      actions: ['Microsoft.Storage/locations/*/read', 'Microsoft.Storage/operations/read'],
    },
    queues,
  ],
  app_configuration: [
    {
      on: 'store',
      role: 'App Configuration Data Owner',
      actions: [],
      dataActions: ['read', 'write'].map(
        (right) => `Microsoft.AppConfiguration/configurationStores/keyValues/${right}`,
      ),
    },
    queues,
  ],
  key_vault: [
    {
      on: 'secret',
      role: 'Key Vault Secrets Officer',
      actions: [],
      dataActions: ['getSecret', 'setSecret'].map(
        (right) => `Microsoft.KeyVault/vaults/secrets/${right}/action`,
      ),
    },
    {
      on: 'from_secret',
      role: 'Key Vault Secrets User',
      actions: [],
      dataActions: ['Microsoft.KeyVault/vaults/secrets/getSecret/action'],
    },
    queues,
  ],
  scale_set: [
    {
      on: 'scale_set',
      role: virtualMachines,
      actions: [`${scaleSet}/read`, `${scaleSet}/write`, `${scaleSet}/instanceView/read`],
    },
    { ...operations, role: virtualMachines, actions: ['Microsoft.Compute/locations/operations/read'] },
    {
      ...operations,
      role: 'Reader',
      actions: ['Microsoft.Compute/locations/usages/read', 'Microsoft.Compute/skus/read'],
    },
    { on: 'group', role: 'Monitoring Contributor', actions: [`${autoscale}/read`, `${autoscale}/write`] },
    queues,
  ],
} as const satisfies Readonly<Record<string, readonly Need[]>>

export type AzureWay = keyof typeof azureRights

/** The rights of a need that are not given. `unsure`: those that are given under a condition only. */
export function lacking(
  need: Need,
  grants: readonly Grant[],
): { readonly missing: readonly string[]; readonly unsure: readonly string[] } {
  const missing: string[] = []
  const unsure: string[] = []
  const judge = (right: string, plane: 'actions' | 'dataActions'): void => {
    const giving = grants.filter((grant) => gives(grant, right, plane))
    if (giving.length === 0) missing.push(right)
    else if (giving.every(({ conditional }) => conditional)) unsure.push(right)
  }
  for (const right of need.actions) judge(right, 'actions')
  for (const right of need.dataActions ?? []) judge(right, 'dataActions')
  return { missing, unsure }
}

/** Roles add up; what a role takes out it takes out of itself only. */
function gives(grant: Grant, right: string, plane: 'actions' | 'dataActions'): boolean {
  const except = plane === 'actions' ? grant.notActions : grant.notDataActions
  return (
    grant[plane].some((pattern) => covers(pattern, right)) &&
    !except.some((pattern) => overlaps(pattern, right))
  )
}

/** Azure's names are the same in upper and lower case; a `*` of the right itself must be covered by one. */
function covers(pattern: string, right: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\*+/g, '.*')
  return new RegExp(`^${escaped}$`, 'i').test(right)
}

/** Whether there is any action that both are patterns of. */
function overlaps(a: string, b: string): boolean {
  if (!b.includes('*')) return covers(a, b)
  if (!a.includes('*')) return covers(b, a)
  if (a === '' || b === '') return /^\**$/.test(a + b)
  if (a.startsWith('*')) return overlaps(a.slice(1), b) || overlaps(a, b.slice(1))
  if (b.startsWith('*')) return overlaps(b, a)
  return a.charAt(0).toLowerCase() === b.charAt(0).toLowerCase() && overlaps(a.slice(1), b.slice(1))
}
