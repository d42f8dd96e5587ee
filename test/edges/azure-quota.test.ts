// The quotas of cores that a pool of workers counts against, over the wire: what is read, and what Azure leaves unsaid.
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { selfSigned } from '../../sim/azure/certificate.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import type { WorkersReader } from '../../src/readers.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'

const calm = new AbortController().signal
const place = { resourceGroup: 'dr-rg', vmss: 'workers-vmss' }
const clock = { now: () => 0 }

/** What Azure answers of each of the three: the scale set, the usages, the sizes. */
interface Answers {
  set: object
  usages: readonly object[]
  skus: readonly object[]
}

let answers: Answers
let asked: string[]
let server: Server
let reader: WorkersReader

function usage(value: string, currentValue: number, limit: number): object {
  return { unit: 'Count', currentValue, limit, name: { value, localizedValue: `Words of ${value}` } }
}

function size(name: string, family: string, capabilities: Readonly<Record<string, string>>): object {
  const list = Object.entries(capabilities).map(([key, value]) => ({ name: key, value }))
  return { resourceType: 'virtualMachines', name, family, capabilities: list }
}

beforeEach(async () => {
  asked = []
  answers = {
    set: { location: 'westeurope', sku: { name: 'Standard_D4s_v5', capacity: 4 } },
    usages: [usage('cores', 40, 100), usage('STANDARDDSV5FAMILY', 16, 50), usage('lowPriorityCores', 1, 9)],
    skus: [
      { resourceType: 'disks', name: 'Standard_D4s_v5' },
      size('Standard_D4s_v5', 'standardDSv5Family', { vCPUs: '4', vCPUsAvailable: '4' }),
    ],
  }
  const { cert, key } = selfSigned()
  setDefaultCACertificates([...getCACertificates('default'), cert])
  server = createServer({ cert, key }, (request, response) => {
    const url = request.url ?? ''
    asked.push(url)
    const body = url.includes('/usages')
      ? { value: answers.usages }
      : url.includes('/skus')
        ? { value: answers.skus }
        : answers.set
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const azure = createAzure({
    subscription: '00000000-0000-0000-0000-000000000001',
    credential: 'none',
    tenant: undefined,
    client: undefined,
    secret: undefined,
    endpoint: `https://localhost:${port}`,
    authority: undefined,
    queueEndpoint: undefined,
  })
  reader = createAzureSystems(azure, { clock }).readers.workers
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

test('reads the quota of the family and of the region, whatever case the names have', async () => {
  expect(await reader.quota(place, calm)).toEqual({
    capacity: 4,
    size: 'Standard_D4s_v5',
    coresEach: 4,
    region: 'westeurope',
    quotas: [
      { name: 'Words of STANDARDDSV5FAMILY', used: 16, limit: 50 },
      { name: 'Words of cores', used: 40, limit: 100 },
    ],
  })
})

test('counts Spot machines against their own quota alone', async () => {
  answers.set = { ...answers.set, properties: { virtualMachineProfile: { priority: 'Spot' } } }

  expect((await reader.quota(place, calm)).quotas).toEqual([
    { name: 'Words of lowPriorityCores', used: 1, limit: 9 },
  ])
})

test('asks for the long list of sizes once, and for what is used each time', async () => {
  await reader.quota(place, calm)
  await reader.quota(place, calm)

  const of = (part: string): number => asked.filter((url) => url.includes(part)).length
  expect([of('/skus'), of('/usages')]).toEqual([1, 2])
})

const unsaid: readonly (readonly [what: string, change: () => void, says: string])[] = [
  [
    'the sizes are mixed',
    () => {
      answers.set = { location: 'westeurope', sku: { capacity: 4 } }
    },
    'Azure does not say of which size the machines of workers-vmss are.',
  ],
  [
    'the size is not in the list',
    () => {
      answers.skus = []
    },
    'Azure does not say how many cores a machine of Standard_D4s_v5 takes of which quota.',
  ],
  [
    'the size has cores that are switched off',
    () => {
      const cores = { vCPUs: '8', vCPUsAvailable: '4' }
      answers.skus = [size('Standard_D4s_v5', 'standardDSv5Family', cores)]
    },
    'Azure does not say how many cores a machine of Standard_D4s_v5 takes of which quota.',
  ],
  [
    'the family has no usage',
    () => {
      answers.usages = [usage('cores', 40, 100)]
    },
    'Azure does not say how much is used of the quota standardDSv5Family in westeurope.',
  ],
]

test.each(unsaid)('guesses nothing where %s', async (_what, change, says) => {
  change()

  await expect(reader.quota(place, calm)).rejects.toThrow(says)
})

test('what is asked and answered is what the simulated Azure takes and gives', async () => {
  const sim = await startTestAzure()
  const { workers } = createAzureSystems(createAzure(accessTo(sim)), { clock }).readers
  sim.scaleSets.quota(24)
  sim.scaleSets.quota(32, 'standardDSv5Family')

  const seen = await workers.quota(place, calm)
  await sim.stop()

  expect(seen).toEqual({
    capacity: 4,
    size: 'Standard_D4s_v5',
    coresEach: 4,
    region: 'westeurope',
    quotas: [
      { name: 'Standard DSv5 Family vCPUs', used: 16, limit: 32 },
      { name: 'Total Regional vCPUs', used: 16, limit: 24 },
    ],
  })
})
