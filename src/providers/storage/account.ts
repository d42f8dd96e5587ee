// Storage accounts through Azure's resource provider: where they are, how far their copy is behind, and their failover.
import type { StorageAccount, StorageManagementClient } from '@azure/arm-storage'
import { z } from 'zod'
import { printDuration } from '../../drplan/duration.ts'
import { RetryableError, reasonOf } from '../../errors.ts'
import { minute, second, type Duration } from '../../ids.ts'
import type { Clock, Progress, Provider } from '../../ports.ts'
import type { AccountPlace, AccountSeen } from '../../readers.ts'
import type { StorageFailoverAction } from '../../recovery/action.ts'
import { AccountFacts } from '../../recovery/kinds/storage.ts'
import type { Azure } from '../azure/azure.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { lookAtOperation, submit } from '../azure/operations.ts'
import { lazily } from '../lazily.ts'
import { age } from '../started.ts'

/** A failover "typically takes about an hour": what has not ended after four is for people. */
const longest: Duration = 4 * 60 * minute
const checkAfter: Duration = 15 * second

const Started = z.object({ poller: z.string() })

/** The client, made at the first call, when the SDK is loaded too. */
export function storageOf(azure: Azure): () => Promise<StorageManagementClient> {
  return lazily(async () => {
    const { credential, subscription, options } = await azure.arm()
    const { StorageManagementClient } = await import('@azure/arm-storage')
    return new StorageManagementClient(credential, subscription, options)
  })
}

function purposeOf({ resourceGroup, account }: AccountPlace, doing: string, changes: boolean): AzurePurpose {
  return {
    doing: `${doing} the storage account ${account}`,
    role: `Storage Account Contributor on ${resourceGroup}/${account}`,
    names: '"resource_group" and "account" of the recovery',
    changes,
  }
}

/** The account with its replication. Throws UserError or RetryableError. */
export async function readAccount(
  azure: Azure,
  client: StorageManagementClient,
  place: AccountPlace,
  signal: AbortSignal,
): Promise<AccountSeen> {
  const purpose = purposeOf(place, 'look at', false)
  const { resourceGroup, account } = place
  const seen = await azure.call(purpose, signal, (abortSignal) =>
    client.storageAccounts.getProperties(resourceGroup, account, {
      abortSignal,
      expand: 'geoReplicationStats',
    }),
  )
  return accountSeen(seen, purpose)
}

function accountSeen(account: StorageAccount, { doing }: AzurePurpose): AccountSeen {
  const { primaryLocation: primary, secondaryLocation: secondary, geoReplicationStats: geo } = account
  const sku = account.sku?.name
  // The SDK makes an account of whatever it was answered with; a region and a redundancy are what every real one has.
  if (primary === undefined || sku === undefined)
    throw new RetryableError(`Azure could not ${doing}: its answer says no region.`)
  const lastSync = geo?.lastSyncTime?.getTime()
  return {
    primary,
    sku,
    primaryUp: account.statusOfPrimary === 'available',
    secondaryUp: account.statusOfSecondary === 'available',
    failingOver: account.failoverInProgress ?? false,
    ...(secondary === undefined ? {} : { secondary }),
    ...(geo === undefined
      ? {}
      : {
          replication: {
            status: geo.status ?? 'unknown',
            canFailOver: geo.canFailover ?? false,
            canFailOverPlanned: geo.canPlannedFailover ?? false,
            ...(lastSync === undefined || Number.isNaN(lastSync) ? {} : { lastSync }),
            ...(geo.postFailoverRedundancy === undefined
              ? {}
              : { skuAfterwards: geo.postFailoverRedundancy }),
          },
        }),
  }
}

/** Submits the failover and follows it; it goes on in Azure whether anybody looks or not. */
export function failoverProvider(
  azure: Azure,
  storage: () => Promise<StorageManagementClient>,
  clock: Pick<Clock, 'now'>,
): Provider<'storage-failover'> {
  async function look(action: StorageFailoverAction, signal: AbortSignal): Promise<AccountSeen> {
    return readAccount(azure, await clientFor(azure, storage, action, signal), action, signal)
  }
  return {
    observe: async (action, signal) => ({ ...(await look(action, signal)) }),
    start: async (action, key, signal) => {
      const client = await clientFor(azure, storage, action, signal)
      const poller = await begin(azure, client, action, signal)
      return { id: key, data: { startedAt: clock.now(), poller } }
    },
    check: async (action, operation, now, signal) => {
      const started = Started.safeParse(operation.data)
      const took = age(operation, now) ?? 0
      try {
        const client = await clientFor(azure, storage, action, signal)
        const failed = started.success
          ? await failureOf(azure, client, { action, poller: started.data.poller }, signal)
          : undefined
        if (failed !== undefined) return ended(action, failed)
        return progressOf(action, await readAccount(azure, client, action, signal), took)
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof RetryableError)) throw thrown
        return unanswered(action, reasonOf(thrown), took)
      }
    },
    settled: (action, facts) => settled(action, AccountFacts.parse(facts)),
  }
}

/** Also what cannot be had without Azure, such as a subscription, is told like any failure of a call. */
async function clientFor(
  azure: Azure,
  storage: () => Promise<StorageManagementClient>,
  action: StorageFailoverAction,
  signal: AbortSignal,
): Promise<StorageManagementClient> {
  return azure.call(purposeOf(action, 'look at', false), signal, storage)
}

/** The poller's state; Azure answers a failover with an operation, so what names none may have started nothing. */
async function begin(
  azure: Azure,
  client: StorageManagementClient,
  action: StorageFailoverAction,
  signal: AbortSignal,
): Promise<string> {
  const { resourceGroup, account, type } = action
  const purpose = purposeOf(action, 'start the failover of', true)
  const poller = await submit(azure, purpose, signal, (abortSignal) =>
    client.storageAccounts.failover(resourceGroup, account, {
      abortSignal,
      ...(type === 'planned' ? { failoverType: 'Planned' } : {}),
    }),
  )
  if (poller !== undefined) return poller
  throw new RetryableError(
    `Azure could not start the failover of ${account}: its answer names no operation. Whether it was started is not known: look before trying again.`,
  )
}

/** What Azure says when the operation has ended badly, else undefined: then the account says how far it is. */
async function failureOf(
  azure: Azure,
  client: StorageManagementClient,
  { action, poller }: { readonly action: StorageFailoverAction; readonly poller: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { restorePoller } = await import('@azure/arm-storage')
  const purpose = purposeOf(action, 'look at the failover of', false)
  const seen = await lookAtOperation(azure, purpose, signal, (abortSignal) =>
    restorePoller(client, poller, client.storageAccounts.failover, { abortSignal }),
  )
  return seen.state === 'failed' ? seen.reason : undefined
}

function settled(
  { before }: StorageFailoverAction,
  { primary, failingOver }: AccountSeen,
): 'done' | 'not-done' | 'under-way' | 'unclear' {
  if (failingOver) return 'under-way'
  if (primary === before.secondary) return 'done'
  return primary === before.primary ? 'not-done' : 'unclear'
}

function progressOf(action: StorageFailoverAction, seen: AccountSeen, took: Duration): Progress {
  const { account } = action
  switch (settled(action, seen)) {
    case 'done':
      return { state: 'done', note: `${account} is in ${seen.primary} now, ${redundancyText(seen)}` }
    case 'under-way':
      return going(action, `Azure moves ${account} to ${action.before.secondary ?? 'its other region'}`, took)
    case 'not-done':
    case 'unclear':
      return going(action, `${account} is still in ${seen.primary}`, took)
  }
}

function going(action: StorageFailoverAction, what: string, took: Duration): Progress {
  const so = `${what}; ${minutesText(took)} so far, typically about an hour`
  if (took <= longest) return { state: 'running', note: so, checkAfter }
  return {
    state: 'failed',
    reason: `${what}, and that for ${minutesText(took)}: Azure has not ended the failover.`,
    advice: `It may still end by itself. Look at "Redundancy" of ${action.account} in the Azure portal, open a support request at Azure, and lead the applications to another account meanwhile.`,
  }
}

/** It goes on whether the resource provider answers or not, which it may not while a region is down. */
function unanswered(action: StorageFailoverAction, reason: string, took: Duration): Progress {
  return going(
    action,
    `The failover of ${action.account} was taken by Azure, and cannot be looked at now (${reason})`,
    took,
  )
}

function ended({ account, before }: StorageFailoverAction, said: string): Progress {
  return {
    state: 'failed',
    reason: `Azure has ended the failover of ${account} without success: ${said.replace(/\.?$/, '.')}`,
    advice: `${account} should be in ${before.primary} as before: look at "Redundancy" of ${account} in the Azure portal before it is tried again.`,
  }
}

function redundancyText({ sku, replication }: AccountSeen): string {
  const kind = sku.replace(/^Standard_/, '')
  return replication === undefined ? `${kind}: without a copy in another region` : `${kind}: geo-redundant`
}

function minutesText(took: Duration): string {
  const minutes = Math.floor(took / minute)
  return minutes < 1 ? 'under 1m' : printDuration(minutes * minute)
}
