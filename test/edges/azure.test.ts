// Azure's one foundation over the wire: credential, rights, limits, and what each failure tells a person.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { RetryableError, UserError } from '../../src/errors.ts'
import type { PoolSeen, WorkersReader } from '../../src/readers.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createWorkersReader, scaleSetClients } from '../../src/providers/workers/read.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'

const calm = new AbortController().signal
const place = { resourceGroup: 'dr-rg', vmss: 'workers-vmss' }
let azure: AzureSim

beforeEach(async () => {
  azure = await startTestAzure()
})
afterEach(() => azure.stop())

function reader(change: Partial<AzureAccess> = {}): WorkersReader {
  const access = createAzure(accessTo(azure, change))
  return createWorkersReader(access, scaleSetClients(access))
}

function pool(change: Partial<AzureAccess> = {}): Promise<PoolSeen> {
  return reader(change).pool(place, calm)
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  )
}

test('sees capacity and instances, with a token of its own audience and one api-version', async () => {
  expect(await pool()).toEqual({ capacity: 4, updating: false, instances: { succeeded: 4 } })

  const asked = azure.requests.filter(({ reason }) => reason === 'read')
  expect(asked.map(({ path }) => new URL(path, azure.url).searchParams.get('api-version'))).toEqual([
    '2026-04-01',
    '2026-04-01',
  ])
  expect(azure.requests.filter(({ reason }) => reason === 'change')).toEqual([])
})

test('sees how full the queues are and how old their oldest message is', async () => {
  const oldest = Date.UTC(2026, 10, 23, 9)
  azure.queues.set('examplewest', 'orders', 1_240, oldest)

  expect(await reader().queues('examplewest', ['orders', 'mails'], calm)).toEqual([
    { name: 'orders', messages: 1_240, oldest },
    { name: 'mails', messages: 0 },
  ])
})

test('sees only the autoscale settings that are on and are about this scale set', async () => {
  const setting = { group: 'dr-rg', enabled: true, minimum: 2, maximum: 6 }
  azure.autoscale.set([
    { ...setting, name: 'by-load', target: 'workers-vmss' },
    { ...setting, name: 'off', target: 'workers-vmss', enabled: false },
    { ...setting, name: 'other', target: 'web-vmss' },
  ])

  expect(await reader().autoscale(place, calm)).toEqual([
    {
      name: 'by-load',
      enabled: true,
      predictive: false,
      limits: [{ profile: 'by load', min: 2, max: 6, usual: 2 }],
    },
  ])
})

test.each([
  'Microsoft.Compute/virtualMachineScaleSets/read',
  'Microsoft.Compute/virtualMachineScaleSets/instanceView/read',
])('names the right %s when it is missing, and the role that has it', async (right) => {
  azure.withhold([right])

  const thrown = await failure(pool())

  expect(thrown).toBeInstanceOf(UserError)
  expect(thrown).toMatchObject({ code: 'azure-rights' })
  expect(String(thrown)).toContain(`The right ${right} is missing on /subscriptions/`)
  expect(String(thrown)).toContain('the role Virtual Machine Contributor on dr-rg/workers-vmss')
})

test('names the role for the queues, whose service names no right', async () => {
  azure.withhold(['Microsoft.Storage/*'])

  await expect(reader().queues('examplewest', ['orders'], calm)).rejects.toMatchObject({
    code: 'azure-rights',
    message: expect.stringContaining('Storage Queue Data Reader on the storage account examplewest'),
  })
})

test('says that the client secret is wrong, without it', async () => {
  const secret = 'another-secret-that-nobody-may-see'

  const thrown = await failure(pool({ secret }))

  expect(thrown).toMatchObject({
    code: 'azure-credential',
    message: expect.stringMatching(/AADSTS7000215.*AZURE_CLIENT_SECRET/),
  })
  expectNoSecret([secret, azure.secret], thrown)
})

test('says what to set when there is no subscription', async () => {
  await expect(pool({ subscription: undefined })).rejects.toMatchObject({
    code: 'azure-subscription',
    message: expect.stringContaining('Set it to the subscription'),
  })
})

test('says what to compare when there is no such scale set', async () => {
  await expect(reader().pool({ ...place, vmss: 'none' }, calm)).rejects.toMatchObject({
    code: 'azure-not-found',
    message: expect.stringMatching(/ResourceNotFound.*"resource_group" and "vmss"/),
  })
})

test.each([
  [
    '429',
    { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 },
    /Next try in 17s/,
    17_000,
  ],
  ['503 with a time', { kind: 'status', status: 503, retryAfter: 30 }, /: 503 InternalServerError/, 30_000],
  ['500', { kind: 'status', status: 500 }, /: 500 InternalServerError/, undefined],
  ['a hanging answer', { kind: 'hang' }, /no answer within 0\.3s/, undefined],
  ['a refused connection', { kind: 'reset' }, /the connection failed \(ECONNRESET\)/, undefined],
] as const)('asks to be tried again after %s', async (_name, fault: AzureFault, says, after) => {
  const seen = reader({ timeout: 300 })
  await seen.pool(place, calm)
  azure.fault({ ...fault, on: 'read' })

  const thrown = await failure(seen.pool(place, calm))

  expect(thrown).toBeInstanceOf(RetryableError)
  expect(thrown).toMatchObject({ message: expect.stringMatching(says) })
  expect((thrown as RetryableError).after).toBe(after)
  expectNoSecret([azure.secret], thrown)
})

test('shows what an answer says of itself as one line of bounded length', async () => {
  const message = `Bad \u001b[2J\u202e thing ${'x'.repeat(2_000)}\nsecond line`
  azure.fault({ kind: 'status', status: 400, code: 'BadRequest', message, on: 'read' })

  const said = String(await failure(pool()))

  expect(said).toContain('400 BadRequest: Bad [2J thing xxx')
  expect(said).not.toMatch(/[\p{Cc}\p{Cf}]|second line/u)
  expect(said.length).toBeLessThan(1_000)
})

test('does not take a page that is not JSON for a scale set of no instances', async () => {
  azure.fault({ kind: 'garbage', on: 'read' })

  expect(await failure(pool())).toBeInstanceOf(RetryableError)
})

test('reads again once after a single 502', async () => {
  azure.fault({ kind: 'status', status: 502, on: 'read', times: 1 })

  expect(await pool()).toMatchObject({ capacity: 4 })
})

test('asks nothing when it was told to stop before', async () => {
  await expect(reader().pool(place, AbortSignal.abort())).rejects.toThrow(RetryableError)

  expect(azure.requests).toEqual([])
})

test('a credential that cannot even be made says what to look at, and no secret', async () => {
  const thrown = await failure(pool({ tenant: 'no tenant at all!' }))

  expectNoSecret([azure.secret], thrown)
  expect(thrown).toMatchObject({
    name: 'UserError',
    code: 'azure-credential',
    message: expect.stringMatching(
      /^The credential for Azure cannot be made: Invalid tenant id .* Look at AZURE_TENANT_ID/,
    ),
  })
})
