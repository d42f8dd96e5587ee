// Storage accounts of the simulated subscription: geo-replication with its lag, failovers, and a resource provider that dies with its region.
import { ArmError, NoAnswer, resourceNotFound, type ArmAnswer } from './envelope.ts'
import type { Begun, Outcome } from './operations.ts'
import { namedIn } from './routes.ts'
import type { ArmContext, ArmRoute } from './routes.ts'

/** One account as it is at its start. Times in milliseconds. */
export interface StorageAccountInput {
  readonly group: string
  readonly name: string
  readonly primary?: string
  readonly secondary?: string
  readonly sku?: Sku
  /** How far the secondary region is behind. Default 90 s. */
  readonly lag?: number
}

type Sku = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_RAGRS'

export interface StorageAccounts {
  readonly routes: readonly ArmRoute[]
  readonly regions: (name: string) => {
    readonly primary: string
    readonly secondary?: string
    readonly sku: Sku
  }
  /** The secondary region is so far behind from now on; `undefined`: Azure does not say, since it is offline. */
  readonly lag: (name: string, lag: number | undefined) => void
  /** A person makes it redundant in another way. */
  readonly redundancy: (name: string, sku: Sku, secondary?: string) => void
  /** Regions that are down: their resource provider and their data plane do not answer. */
  readonly down: (regions: readonly string[]) => void
  /** True when this account's data plane is in a region that works. */
  readonly serves: (name: string) => boolean
  /** Azure offers no planned failover of it from now on. */
  readonly unplanned: (name: string) => void
  /** A person begins a failover in the portal. */
  readonly begin: (name: string) => void
  /** How failovers that begin from now on end; `stuck`: never. */
  readonly ending: (ending: 'well' | 'failed' | 'stuck') => void
}

export interface StorageAccountsOptions {
  readonly all: readonly StorageAccountInput[]
  readonly subscription: string
  readonly now: () => number
  /** Milliseconds that a failover takes. */
  readonly failoverTime: number
}

interface Account {
  readonly group: string
  readonly name: string
  primary: string
  secondary: string | undefined
  sku: Sku
  lag: number | undefined
  planned: boolean
  failover: { readonly planned: boolean; readonly endsAt: number; readonly ending: Ending } | undefined
}
type Ending = 'well' | 'failed' | 'stuck'

const apiVersions = ['2023-05-01', '2024-01-01', '2025-08-01', '2026-09-01']
const type = 'Microsoft.Storage/storageAccounts'
const path = `${type}/{name}`
const lost = {
  code: 'FailoverFailed',
  message: 'The account failover could not be completed. Please retry the operation.',
}

interface State {
  readonly all: readonly Account[]
  readonly options: StorageAccountsOptions
  down: readonly string[]
  ending: Ending
}

/** The accounts, and what can be asked of them. */
export function createStorageAccounts(options: StorageAccountsOptions): StorageAccounts {
  const all = options.all.map(
    ({
      group,
      name,
      primary = 'westeurope',
      secondary = 'northeurope',
      sku = 'Standard_RAGRS',
      lag = 90_000,
    }): Account => ({
      group,
      name,
      primary,
      secondary: isGeo(sku) ? secondary : undefined,
      sku,
      lag,
      planned: true,
      failover: undefined,
    }),
  )
  const state: State = { all, options, down: [], ending: 'well' }
  const named = (name: string): Account => {
    const found = all.find((one) => one.name === name)
    if (!found) throw new Error(`the simulator has no storage account ${name}`)
    return settle(state, found)
  }
  return {
    routes: routesOf(state),
    regions: (name) => {
      const { primary, secondary, sku } = named(name)
      return { primary, sku, ...(secondary === undefined ? {} : { secondary }) }
    },
    lag: (name, lag) => Object.assign(named(name), { lag }),
    redundancy: (name, sku, secondary) =>
      Object.assign(named(name), { sku, secondary: isGeo(sku) ? secondary : undefined, lag: 0 }),
    down: (regions) => {
      state.down = regions
    },
    serves: (name) => {
      const found = all.find((one) => one.name === name)
      return !found || !state.down.includes(settle(state, found).primary)
    },
    unplanned: (name) => Object.assign(named(name), { planned: false }),
    begin: (name) => {
      const endsAt = options.now() + options.failoverTime
      named(name).failover = { planned: true, endsAt, ending: state.ending }
    },
    ending: (ending) => {
      state.ending = ending
    },
  }
}

function routesOf(state: State): readonly ArmRoute[] {
  return [
    {
      method: 'GET',
      path,
      action: `${type}/read`,
      apiVersions,
      answer: (context) => ({ status: 200, body: bodyOf(state, demand(state, context), context) }),
    },
    {
      method: 'POST',
      path: `${path}/failover`,
      action: `${type}/failover/action`,
      apiVersions,
      answer: (context) => failover(state, context),
    },
  ]
}

/** Management calls go to the resource provider of the primary region, which does not fail over by itself. */
function demand(state: State, context: ArmContext): Account {
  const found = namedIn(state.all, context)
  if (!found) throw resourceNotFound(type, context.params['name'] ?? '', context.group)
  settle(state, found)
  if (state.down.includes(found.primary)) throw new NoAnswer()
  return found
}

/** Brings it to what time has made of it. */
function settle({ options }: State, account: Account): Account {
  const { failover } = account
  if (!failover || failover.ending === 'stuck' || failover.endsAt > options.now()) return account
  account.failover = undefined
  if (failover.ending === 'failed' || account.secondary === undefined) return account
  const { primary, secondary } = account
  account.primary = secondary
  account.secondary = failover.planned ? primary : undefined
  if (!failover.planned) account.sku = 'Standard_LRS'
  account.lag = 0
  return account
}

function failover(state: State, context: ArmContext): ArmAnswer {
  const account = demand(state, context)
  const asked = context.query.get('failoverType')
  if (asked !== null && asked !== 'Planned')
    throw new ArmError(400, 'InvalidQueryParameterValue', `Value '${asked}' for 'failoverType' is invalid.`)
  if (context.body !== undefined)
    throw new ArmError(
      400,
      'InvalidRequestContent',
      'The request content was invalid: no content is expected.',
    )
  if (account.failover)
    throw new ArmError(
      409,
      'StorageAccountOperationInProgress',
      'An operation is currently performing on this storage account that requires exclusive access.',
    )
  if (account.secondary === undefined)
    throw new ArmError(
      400,
      'FeatureNotSupportedForAccount',
      'Failover is not supported for the account: it is not geo-redundant.',
    )
  const planned = asked === 'Planned'
  if (planned && (!account.planned || state.down.includes(account.secondary)))
    throw new ArmError(
      409,
      'PlannedFailoverNotAvailable',
      'A planned failover is not available for the account.',
    )
  const endsAt = context.now + state.options.failoverTime
  const begun = { planned, endsAt, ending: state.ending }
  account.failover = begun
  const operation: Begun = {
    namespace: 'Microsoft.Storage',
    location: account.secondary,
    apiVersion: '2026-09-01',
    outcome: () => outcomeOf(begun),
    result: () => undefined,
  }
  return { status: 202, body: undefined, headers: context.operations.begin(operation) }
}

function outcomeOf({ endsAt, ending }: NonNullable<Account['failover']>): Outcome | undefined {
  if (ending === 'stuck') return undefined
  return ending === 'well' ? { endsAt, status: 'Succeeded' } : { endsAt, status: 'Failed', error: lost }
}

function bodyOf({ options, down }: State, account: Account, { query, now }: ArmContext): object {
  const { group, name, primary, secondary, sku } = account
  const expanded = query.get('$expand')
  if (expanded !== null && expanded !== 'geoReplicationStats' && expanded !== 'blobRestoreStatus')
    throw new ArmError(400, 'InvalidQueryParameterValue', `Value '${expanded}' for '$expand' is invalid.`)
  const geo =
    secondary === undefined
      ? {}
      : { secondaryLocation: secondary, statusOfSecondary: statusOf(down, secondary) }
  const stats = expanded === 'geoReplicationStats' && secondary !== undefined
  return {
    id: `/subscriptions/${options.subscription}/resourceGroups/${group}/providers/${type}/${name}`,
    name,
    type,
    location: primary,
    kind: 'StorageV2',
    sku: { name: sku, tier: 'Standard' },
    properties: {
      provisioningState: 'Succeeded',
      primaryLocation: primary,
      statusOfPrimary: statusOf(down, primary),
      ...geo,
      ...(account.failover ? { failoverInProgress: true } : {}),
      ...(stats ? { geoReplicationStats: statsOf(account, now) } : {}),
    },
  }
}

function statsOf({ lag, planned, failover }: Account, now: number): object {
  const live = lag !== undefined
  return {
    status: live ? 'Live' : 'Unavailable',
    ...(live ? { lastSyncTime: new Date(now - lag).toISOString() } : {}),
    canFailover: !failover,
    canPlannedFailover: live && planned && !failover,
    postFailoverRedundancy: 'Standard_LRS',
    postPlannedFailoverRedundancy: 'Standard_RAGRS',
  }
}

function statusOf(down: readonly string[], region: string): string {
  return down.includes(region) ? 'unavailable' : 'available'
}

function isGeo(sku: Sku): boolean {
  return sku === 'Standard_GRS' || sku === 'Standard_RAGRS'
}
