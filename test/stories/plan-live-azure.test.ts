// `dr plan check --live` against the simulated Azure: each right to look that is taken away is named.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { startTestAzure } from '../servers/azure.ts'
import { openLivePlan } from '../servers/live-plan.ts'
import type { Checked, LivePlan } from '../servers/live-plan.ts'

let azure: AzureSim
let plan: LivePlan

beforeAll(async () => {
  azure = await startTestAzure()
  plan = await openLivePlan(() => [azure.secret])
  await plan.write(systems)
})
afterEach(async () => {
  azure.withhold([])
  await plan.write(systems)
})
afterAll(async () => {
  await azure.stop()
  await plan.close()
})

const systems = `
  workers:
    rto: 30m
    alerts: [{ hostgroup: workers }]
    recoveries:
      - name: pool
        scale_set:
          resource_group: dr-rg
          vmss: workers-vmss
          account: examplewest
          queues: [orders, mails]
          min: 2
          max: 20
          per_worker: 40
`

function check(): Promise<Checked> {
  return plan.check(azure.env)
}

test('says of a pool of workers what its proposal would say, and changes nothing', async () => {
  const { code, out } = await check()

  expect(out).toContain('✓ failover workers to pool: nothing to do, it is so already')
  // What it says is what `failover workers` would do: workers that nobody needs just now are not taken away.
  expect(out).toContain('workers-vmss has 4 workers already, more than the 2 that are needed')
  expect(out).not.toContain('will have 2 workers')
  expect(code).toBe(0)
  expect(azure.requests.filter(({ reason }) => reason === 'change')).toEqual([])
})

test('asks for room for the most workers where the plan does not say how many are needed', async () => {
  await plan.write(systems.replace(/\n *per_worker: 40/, ''))

  const { code, out } = await check()

  expect(out).toContain('20')
  expect(out).toContain('✓ failover workers to pool: ready')
  expect(code).toBe(0)
})

test.each([
  'Microsoft.Compute/virtualMachineScaleSets/read',
  'Microsoft.Compute/virtualMachineScaleSets/instanceView/read',
  'Microsoft.Insights/autoscaleSettings/read',
])('names the right that is missing: %s', async (right) => {
  azure.withhold([right])

  const { code, out } = await check()

  // Azure writes the names of its types in upper and lower case as it likes.
  expect(out.toLowerCase()).toContain(right.toLowerCase())
  expect(out).toContain('✗ failover workers to pool: not ready')
  expect(code).toBe(1)
})
