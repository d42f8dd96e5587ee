// Everything that reaches Azure storage: accounts, queues, and the settings that lead applications to them.
import { RetryableError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import type { Clock, Progress, Provider, Providers } from '../../ports.ts'
import type { StorageReader } from '../../readers.ts'
import type { StorageQueuesAction } from '../../recovery/action.ts'
import { QueuesFacts, missingAccounts, queuesText } from '../../recovery/kinds/storage.ts'
import type { QueuesSeen } from '../../recovery/kinds/storage.ts'
import { readSetting, settingProvider, storesOf } from './app-configuration.ts'
import type { Azure } from '../azure/azure.ts'
import { readSecret, secretProvider, vaultsOf } from './key-vault.ts'
import { readQueues } from './queues.ts'
import { failoverProvider, readAccount, storageOf } from './account.ts'
import { leftOf } from '../started.ts'
import { together } from '../../together.ts'

type StorageProviders = Pick<
  Providers,
  'storage-failover' | 'app-configuration' | 'key-vault-secret' | 'storage-queues'
>

const checkAfter: Duration = 3 * second

/** Loads no SDK and opens no connection yet. */
export function createStorage(
  azure: Azure,
  clock: Pick<Clock, 'now'>,
): { readonly providers: StorageProviders; readonly reader: StorageReader } {
  const storage = storageOf(azure)
  const stores = storesOf(azure)
  const vaults = vaultsOf(azure)
  return {
    providers: {
      'storage-failover': failoverProvider(azure, storage, clock),
      'app-configuration': settingProvider(azure, stores),
      'key-vault-secret': secretProvider(azure, vaults),
      'storage-queues': queuesProvider(azure, clock),
    },
    reader: {
      account: async (place, signal) => readAccount(azure, await storage(), place, signal),
      queues: (account, names, signal) => readQueues(azure, account, names, signal),
      setting: (place, signal) => readSetting(azure, stores, place, signal),
      secret: (place, signal) => readSecret(azure, vaults, place, signal),
    },
  }
}

/** It only looks: an account that does not answer is what was found, unless it was needed. */
function queuesProvider(azure: Azure, clock: Pick<Clock, 'now'>): Provider<'storage-queues'> {
  async function look(
    { accounts }: StorageQueuesAction,
    signal: AbortSignal,
  ): Promise<readonly QueuesSeen[]> {
    if (signal.aborted) throw new RetryableError('The look at the queues was stopped before it began.')
    const seen = await together(
      accounts.map(async ({ account, queues }): Promise<QueuesSeen> => {
        try {
          const found = await readQueues(azure, account, queues, signal)
          return { account, queues: found.map(({ name, messages }) => ({ name, messages })) }
        } catch (thrown) {
          return { account, problem: reasonOf(thrown) }
        }
      }),
    )
    if (signal.aborted) throw new RetryableError('The look at the queues was stopped before it was answered.')
    return seen
  }
  return {
    observe: async (action, signal) => ({ accounts: await look(action, signal) }),
    start: async (_action, key, signal) => {
      if (signal.aborted) throw new RetryableError('The look at the queues was stopped before it began.')
      return { id: key, data: { startedAt: clock.now() } }
    },
    check: async (action, operation, now, signal) => {
      const seen = await look(action, signal)
      return lookedAt(action, seen, leftOf(operation, action.within, now))
    },
    settled: (action, facts) =>
      missingAccounts(action, QueuesFacts.parse(facts).accounts).length === 0 ? 'done' : 'not-done',
  }
}

/** `left`: milliseconds of the time that it may take. */
function lookedAt(action: StorageQueuesAction, seen: readonly QueuesSeen[], left: Duration): Progress {
  const note = seen.map(queuesText).join('; ')
  const missing = missingAccounts(action, seen)
  if (missing.length === 0) return { state: 'done', note }
  if (left > 0) return { state: 'running', note, checkAfter }
  return {
    state: 'failed',
    reason: `The queues of ${missing.join(' and ')} did not answer: ${note}.`,
    advice: `Look at ${missing.join(' and ')} in the Azure portal.`,
  }
}
