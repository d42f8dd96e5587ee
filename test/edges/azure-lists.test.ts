// A list of Azure's that is no list does not pass as an empty one: nothing would decide about a pool, nothing would be under way.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { RetryableError } from '../../src/errors.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'

const calm = new AbortController().signal
let sim: AzureSim

beforeEach(async () => {
  sim = await startTestAzure({ sql: twoRegions })
})
afterEach(() => sim.stop())

function systems(): ReturnType<typeof createAzureSystems> {
  return createAzureSystems(createAzure(accessTo(sim)), { clock: { now: () => 0 } })
}

test('the autoscale settings of a pool', async () => {
  const place = { resourceGroup: 'dr-rg', vmss: 'workers-vmss' }
  sim.fault({ kind: 'garbage', path: 'autoscalesettings' })

  await expect(systems().readers.workers.autoscale(place, calm)).rejects.toThrow(RetryableError)
})

test('what is being done with a database whose group may just be failed over', async () => {
  const place = { resourceGroup: 'dr-rg', server: 'sql-north' }
  const action = {
    provider: 'sql-failover',
    place,
    group: 'orders-fg',
    database: 'orders',
    forced: true,
  } as const
  sim.fault({ kind: 'garbage', path: '/operations' })

  await expect(systems().providers['sql-failover'].observe(action, calm)).rejects.toThrow(RetryableError)
})
