// What goes to Azure for storage, and what a person is told of each way in which Azure says no: both as golden files.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault, Reason } from '../../sim/azure/faults.ts'
import { RetryableError, reasonOf } from '../../src/errors.ts'
import type { Progress } from '../../src/ports.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createStorage } from '../../src/providers/storage/storage.ts'
import type {
  AppConfigurationAction,
  KeyVaultSecretAction,
  StorageFailoverAction,
} from '../../src/recovery/action.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { northValue, westValue } from '../servers/storage.ts'

const calm = new AbortController().signal
const start = Date.UTC(2026, 10, 23, 9)
let now: number
let azure: AzureSim

beforeEach(async () => {
  now = start
  azure = await startTestAzure({
    now: () => now,
    storage: {
      accounts: [{ group: 'dr-rg', name: 'examplewest' }],
      settings: [{ store: 'example', key: 'storage:account', label: 'production', value: 'examplewest' }],
      secrets: [
        { vault: 'example', name: 'storage-connection', value: westValue },
        { vault: 'example', name: 'storage-connection-north', value: northValue },
      ],
    },
  })
})
afterEach(() => azure.stop())

function storage(change: Partial<AzureAccess> = {}): ReturnType<typeof createStorage> {
  return createStorage(createAzure(accessTo(azure, change)), { now: () => now })
}

const account: StorageFailoverAction = {
  provider: 'storage-failover',
  resourceGroup: 'dr-rg',
  account: 'examplewest',
  type: 'planned',
  before: { primary: 'westeurope', secondary: 'northeurope', sku: 'Standard_RAGRS' },
}

async function setting(): Promise<AppConfigurationAction> {
  const place = { store: `${azure.url}/appconfig/example`, key: 'storage:account', label: 'production' }
  const { etag, value, tags } = await storage().reader.setting(place, calm)
  const after = { value: 'examplenorth', tags }
  return { provider: 'app-configuration', ...place, etag, before: { value, tags }, after }
}

async function secret(): Promise<KeyVaultSecretAction> {
  const vault = `${azure.url}/vaults/example`
  const { reader } = storage()
  const { version: current } = await reader.secret({ vault, secret: 'storage-connection' }, calm)
  const from = await reader.secret({ vault, secret: 'storage-connection-north' }, calm)
  return {
    provider: 'key-vault-secret',
    vault,
    secret: 'storage-connection',
    current,
    from: { secret: 'storage-connection-north', version: from.version },
  }
}

/** Without what differs from run to run. */
function plain(text: string): string {
  return text
    .replaceAll(azure.url, 'https://AZURE')
    .replaceAll(/client-request-id=[^&]+/g, 'client-request-id=ID')
    .replaceAll(/"etag":"[^"]+"/g, '"etag":"ETAG"')
    .replaceAll(azure.subscription, 'SUBSCRIPTION')
    .replaceAll(/(?<=operations\/)[0-9a-f-]{36}/g, 'OPERATION')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'VERSION')
}

async function failure(work: () => Promise<unknown>): Promise<string> {
  return work().then(
    (value) => `no failure: ${plain(JSON.stringify(value))}`,
    (thrown: unknown) => {
      expectNoSecret([azure.secret, westValue, northValue], thrown)
      const retried = thrown instanceof RetryableError
      const after = retried && thrown.after !== undefined ? `, after ${thrown.after} ms` : ''
      return `${plain(reasonOf(thrown))} [${retried ? `tried again${after}` : 'for a person'}]`
    },
  )
}

function progressText(progress: Progress): string {
  return progress.state === 'failed'
    ? `failed: ${progress.reason} ${progress.advice}`
    : `${progress.state}: ${progress.note}`
}

interface Kind {
  readonly name: string
  readonly read: Reason
  readonly write: Reason
  readonly reading: (change?: Partial<AzureAccess>) => Promise<unknown>
  readonly changing: (change?: Partial<AzureAccess>) => Promise<unknown>
}

async function kinds(): Promise<readonly Kind[]> {
  const [app, vault] = [await setting(), await secret()]
  return [
    {
      name: 'account failover',
      read: 'read',
      write: 'change',
      reading: (change) => storage(change).providers['storage-failover'].observe(account, calm),
      changing: (change) => storage(change).providers['storage-failover'].start(account, 'R-1-s1', calm),
    },
    {
      name: 'App Configuration',
      read: 'setting',
      write: 'setting-change',
      reading: (change) => storage(change).providers['app-configuration'].observe(app, calm),
      changing: (change) => storage(change).providers['app-configuration'].start(app, 'R-1-s1', calm),
    },
    {
      name: 'Key Vault',
      read: 'secret',
      write: 'secret-change',
      reading: (change) => storage(change).providers['key-vault-secret'].observe(vault, calm),
      changing: (change) => storage(change).providers['key-vault-secret'].start(vault, 'R-1-s1', calm),
    },
  ]
}

const faults: readonly (readonly [string, AzureFault])[] = [
  ['401', { kind: 'status', status: 401, code: 'InvalidAuthenticationToken' }],
  ['404', { kind: 'status', status: 404, code: 'ResourceNotFound', message: 'It was not found.' }],
  [
    '409',
    {
      kind: 'status',
      status: 409,
      code: 'StorageAccountOperationInProgress',
      message: 'An operation is currently performing on it that requires exclusive access.',
    },
  ],
  ['429 with a time', { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 }],
  ['500', { kind: 'status', status: 500 }],
  ['503 with a time', { kind: 'status', status: 503, retryAfter: 30 }],
  ['no answer', { kind: 'hang' }],
  ['a connection that is closed', { kind: 'reset' }],
  ['200 with something that is not JSON', { kind: 'garbage' }],
]

test('a person can act on what is said of each error', async () => {
  const lines: string[] = []
  for (const kind of await kinds()) {
    lines.push(`## ${kind.name}`, '')
    azure.withhold(['Microsoft.Storage/*', 'Microsoft.AppConfiguration/*', 'Microsoft.KeyVault/*'])
    lines.push('# 403: a right is missing', `reading:  ${await failure(() => kind.reading())}`)
    azure.withhold(['Microsoft.Storage/*/action', '*/keyValues/write', '*/setSecret/action'])
    lines.push(`changing: ${await failure(() => kind.changing())}`, '')
    azure.withhold([])
    for (const [name, fault] of faults) {
      const quick = fault.kind === 'hang' ? { timeout: 400 } : {}
      azure.fault({ ...fault, on: kind.read })
      lines.push(`# ${name}`, `reading:  ${await failure(() => kind.reading(quick))}`)
      azure.fault({ ...fault, on: kind.write })
      lines.push(`changing: ${await failure(() => kind.changing(quick))}`, '')
      azure.fault(undefined)
    }
  }

  await expect(lines.join('\n')).toMatchFileSnapshot('../golden/errors/storage.txt')
})

test('a person can act on what is said while a failover goes on, ends badly, or never ends', async () => {
  const { providers } = storage()
  const provider = providers['storage-failover']
  const lines: string[] = []
  async function say(name: string, operation: Awaited<ReturnType<typeof provider.start>>): Promise<void> {
    lines.push(`# ${name}`, progressText(await provider.check(account, operation, now, calm)), '')
  }
  azure.storage.accounts.ending('stuck')
  const going = await provider.start(account, 'R-1-s1', calm)
  now += 12 * 60_000
  await say('goes on', going)
  azure.fault({ kind: 'status', status: 503, on: 'poll' })
  await say('goes on, while the resource provider does not answer', going)
  azure.fault({ kind: 'status', status: 404, code: 'NotFound', on: 'poll' })
  await say('goes on, while Azure does not know its operation any more: the account itself says so', going)
  azure.fault(undefined)
  now += 4 * 3_600_000
  await say('never ends', going)
  await azure.stop()
  azure = await startTestAzure({
    now: () => now,
    storage: { accounts: [{ group: 'dr-rg', name: 'examplewest' }] },
  })
  azure.storage.accounts.ending('failed')
  const other = storage().providers['storage-failover']
  const failed = await other.start(account, 'R-1-s1', calm)
  now += 3_600_000
  lines.push('# ends as Failed', progressText(await other.check(account, failed, now, calm)), '')

  await expect(lines.join('\n')).toMatchFileSnapshot('../golden/errors/storage-failover.txt')
})

test('what is sent is what the SDKs send, with their api-version, and a setting with the etag that was seen', async () => {
  const { providers, reader } = storage()
  const [app, vault] = [await setting(), await secret()]
  await reader.account(account, calm)
  await providers['app-configuration'].start(app, 'R-1-s1', calm)
  await providers['key-vault-secret'].start(vault, 'R-1-s2', calm)
  const planned = await providers['storage-failover'].start(account, 'R-1-s3', calm)
  await providers['storage-failover'].check(account, planned, now, calm)
  now += 3_700_000
  await providers['storage-failover'].check(account, planned, now, calm)
  await providers['storage-failover'].start({ ...account, type: 'unplanned' }, 'R-2-s1', calm)

  // Services answer a client without a token with 401 and where to get one: what is sent then has no body.
  const shapes = azure.requests
    .filter(({ reason, status }) => reason !== 'token' && status !== 401)
    .map(({ method, path, conditions, body }) =>
      [
        `${method} ${plain(decodeURIComponent(path))}`,
        ...conditions.map((one) => one.replace(`"${app.etag}"`, 'the etag that was seen')),
        plain(body),
      ]
        .filter((part) => part !== '')
        .join('\n    '),
    )

  await expect(`${[...new Set(shapes)].toSorted().join('\n')}\n`).toMatchFileSnapshot(
    '../golden/requests/storage.txt',
  )
})

test('overwrites nothing that somebody wrote while the bot changes a setting', async () => {
  const app = await setting()
  const theirs = { store: 'example', key: 'storage:account', label: 'production', value: 'examplesouth' }
  azure.meanwhile('setting-change', () => azure.storage.settings.edit(theirs))

  const told = failure(() => storage().providers['app-configuration'].start(app, 'R-1-s1', calm))

  expect(await told).toMatch(/412: somebody else has changed it .* Nothing was changed\..*\[for a person\]$/)
  expect(
    azure.requests.filter(({ reason, status }) => reason === 'setting-change' && status === 412),
  ).toHaveLength(1)
  expect(azure.storage.settings.setting('example', 'storage:account', 'production').value).toBe(
    'examplesouth',
  )
})
