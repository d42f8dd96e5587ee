// Which resources of Azure the rights of a recovery are needed on, by the names that its block of the plan has.
import type { Recovery } from '../../drplan/schema.ts'
import type { RightsScope } from '../../readers.ts'
import type { AzureWay, RightPlace } from '../rights.ts'
import type { SqlPlace } from '../sql-action.ts'
import { sourceOf, targetOf } from './sql/compare.ts'

/** Where Azure is asked for rights; `hint`: what else may be the case when it lists none there. */
export interface RightsPlace {
  readonly scope: RightsScope
  readonly hint?: string
}

/** The key of this recovery in the table of rights; undefined when it does not go through Azure. */
export function azureWayOf({
  standby_dns,
  azure_sql,
  azure_storage,
  scale_set,
}: Recovery): AzureWay | undefined {
  if (standby_dns) return 'standby_dns'
  if (azure_sql) return azure_sql.method
  if (scale_set) return 'scale_set'
  if (azure_storage?.method === 'account-failover') return 'account-failover'
  if (azure_storage) return azure_storage.key_vault === undefined ? 'app_configuration' : 'key_vault'
  return undefined
}

/** None for what the plan does not name. `partner`: where the world has the copy of a database. */
export function placesOf(
  { standby_dns, azure_sql, azure_storage, scale_set }: Recovery,
  partner?: SqlPlace,
): Readonly<Partial<Record<RightPlace, RightsPlace>>> {
  if (standby_dns)
    return { zone: at(standby_dns.resource_group, `Microsoft.Network/dnsZones/${standby_dns.zone}`) }
  if (azure_sql) return sqlPlaces(azure_sql, partner)
  if (azure_storage) return storagePlaces(azure_storage)
  if (!scale_set) return {}
  const { resource_group: group, vmss } = scale_set
  return { scale_set: at(group, `Microsoft.Compute/virtualMachineScaleSets/${vmss}`), group: at(group) }
}

function at(resourceGroup: string, resource?: string): RightsPlace {
  return { scope: { resourceGroup, ...(resource === undefined ? {} : { resource }) } }
}

function sqlPlaces(
  block: NonNullable<Recovery['azure_sql']>,
  partner: SqlPlace | undefined,
): ReturnType<typeof placesOf> {
  const server = ({ resourceGroup, server: name }: SqlPlace): RightsPlace =>
    at(resourceGroup, `Microsoft.Sql/servers/${name}`)
  const planned = block.to_server === undefined ? undefined : targetOf(block)
  const other = partner ?? planned
  const changed = block.method === 'point-in-time' ? sourceOf(block) : targetOf(block)
  return {
    server: server(sourceOf(block)),
    group: at(changed.resourceGroup),
    ...(other === undefined ? {} : { to_server: server(other) }),
  }
}

function storagePlaces(block: NonNullable<Recovery['azure_storage']>): ReturnType<typeof placesOf> {
  const { resource_group: group, setting_resource_group: own = group } = block
  const { account, app_configuration: store, key_vault: vault, secret, from_secret: from } = block
  const elsewhere = `If it is not in the resource group ${own}, name its own with "setting_resource_group" in the DR plan`
  const secretAt = (vaultUrl: string, name: string): RightsPlace => ({
    ...at(own, `Microsoft.KeyVault/vaults/${nameIn(vaultUrl)}/secrets/${name}`),
    hint: `${elsewhere}; of a vault that goes by access policies Azure lists nothing: let it go by Azure RBAC.`,
  })
  return {
    account: at(group, `Microsoft.Storage/storageAccounts/${account}`),
    group: at(group),
    ...(store === undefined
      ? {}
      : {
          store: {
            ...at(own, `Microsoft.AppConfiguration/configurationStores/${nameIn(store)}`),
            hint: `${elsewhere}.`,
          },
        }),
    ...(vault === undefined || secret === undefined ? {} : { secret: secretAt(vault, secret) }),
    ...(vault === undefined || from === undefined ? {} : { from_secret: secretAt(vault, from) }),
  }
}

/** `example` of https://example.azconfig.io; where many are behind one address, the end of its path. */
function nameIn(address: string): string {
  const { hostname, pathname } = new URL(address)
  return pathname.split('/').findLast((part) => part !== '') ?? hostname.split('.')[0] ?? hostname
}
