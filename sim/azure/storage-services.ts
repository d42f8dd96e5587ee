// What the simulated Azure has around storage: the accounts, and the settings and secrets that lead applications to them.
import type { Access } from './access.ts'
import { createSettingStores, type SettingInput, type SettingStores } from './app-configuration.ts'
import { createVaults, type SecretInput, type Vaults } from './key-vault.ts'
import { createStorageAccounts, type StorageAccountInput, type StorageAccounts } from './storage.ts'

export interface StorageInput {
  readonly accounts?: readonly StorageAccountInput[]
  readonly settings?: readonly SettingInput[]
  readonly secrets?: readonly SecretInput[]
  /** Milliseconds that a failover of an account takes. Default 1 h. */
  readonly failoverTime?: number
}

export interface StorageServices {
  readonly accounts: StorageAccounts
  readonly settings: SettingStores
  readonly vaults: Vaults
}

export interface StorageServicesOptions {
  readonly input: StorageInput | undefined
  readonly subscription: string
  readonly tenant: string
  readonly access: Access
  readonly url: () => string
  readonly now: () => number
}

export function createStorageServices(options: StorageServicesOptions): StorageServices {
  const { input = {}, subscription, access, tenant, url, now } = options
  return {
    accounts: createStorageAccounts({
      all: input.accounts ?? [],
      subscription,
      now,
      failoverTime: input.failoverTime ?? 3_600_000,
    }),
    settings: createSettingStores(input.settings ?? [], access, now),
    vaults: createVaults(input.secrets ?? [], { access, tenant, url, now }),
  }
}
