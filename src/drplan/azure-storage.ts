// The block `azure_storage` of a recovery: an account's own failover, or a setting that leads the applications to another one.
import { z } from 'zod'
import { queueName, resourceGroup, storageAccount } from './azure-names.ts'
import { httpsUrl, line } from './values.ts'

const secret = z
  .string({ error: 'the name of a secret, such as "storage-connection"' })
  .regex(/^[0-9A-Za-z-]{1,127}$/, 'the name of a secret: letters, digits and hyphens')

/**
 * An Azure Storage account with its queues. `account-failover`: the account moves to its paired region.
 * `switch-setting`: the setting that tells the applications which account to use changes: a key of Azure App
 * Configuration gets `value`, or a secret of a Key Vault gets the value of another secret, or of one of its versions.
 */
export const AzureStorage = z
  .strictObject(
    {
      method: z.enum(['account-failover', 'switch-setting'], {
        error: 'one of: account-failover, switch-setting',
      }),
      resource_group: resourceGroup,
      account: storageAccount('the storage account', 'examplewest'),
      /** Queues whose depth is shown before and after. */
      queues: z.array(queueName).prefault([]),
      to_account: storageAccount('the standby account', 'examplenorth').exactOptional(),
      app_configuration: httpsUrl.exactOptional(),
      key: line('the key of the setting, such as "storage:account"').exactOptional(),
      /** Absent: the setting without a label. */
      label: line('the label of the setting, such as "production"').exactOptional(),
      value: line('the value that selects the standby account, such as "examplenorth"').exactOptional(),
      key_vault: httpsUrl.exactOptional(),
      secret: secret.exactOptional(),
      /** Of the App Configuration or the Key Vault; absent: that of the account. */
      setting_resource_group: resourceGroup.exactOptional(),
      /** The secret that holds the value for the standby account; absent: `secret` itself, at `from_version`. */
      from_secret: secret.exactOptional(),
      from_version: line('the version of the secret, 32 letters and digits').exactOptional(),
    },
    { error: 'method, resource_group and account; see dr-plan.example.yml' },
  )
  .superRefine((block, context) => {
    if (block.method !== 'switch-setting') return
    const missing = (key: string, write: string): void => {
      context.addIssue({ code: 'custom', path: [key], message: write })
    }
    if (block.to_account === undefined)
      missing('to_account', 'the standby account, such as "to_account: examplenorth"')
    if (block.key_vault === undefined) {
      if (block.app_configuration === undefined)
        missing('app_configuration', 'the store, such as "app_configuration: https://example.azconfig.io"')
      if (block.key === undefined) missing('key', 'the setting\'s key, such as "key: storage:account"')
      if (block.value === undefined) missing('value', 'the value it gets, such as "value: examplenorth"')
      return
    }
    if (block.app_configuration !== undefined)
      missing('key_vault', 'either "app_configuration" or "key_vault", not both')
    if (block.secret === undefined)
      missing('secret', 'the secret that the applications read, such as "secret: storage-connection"')
    if (block.from_secret === undefined && block.from_version === undefined)
      missing(
        'from_secret',
        'the secret that holds the standby account\'s value, such as "from_secret: storage-connection-north"',
      )
  })
