// `dr plan check --live` against the simulated Azure: each right to look that is taken away is named.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
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
  azure.fault(undefined)
  azure.scaleSets.quota(1_000)
  azure.scaleSets.quota(1_000, 'standardDSv5Family')
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

test('says what is still being looked at when that takes long, again and again, and nothing afterwards', async () => {
  const waits: { readonly duration: number; readonly run: () => void; stopped?: true }[] = []
  const sooner = (duration: number, run: () => void): (() => void) => {
    const wait: (typeof waits)[number] = { duration, run }
    waits.push(wait)
    return () => void (wait.stopped = true)
  }
  const before = azure.requests.length
  azure.fault({ kind: 'slow', ms: 500, path: '/virtualMachineScaleSets/', times: 1 })

  const checking = plan.check(azure.env, [], sooner)
  await vi.waitFor(() => expect(azure.requests.length).toBeGreaterThan(before), 20_000)
  waits[0]?.run()
  waits[1]?.run()
  const { out, code } = await checking

  const said =
    'Still looking whether these could be carried out: failover workers to pool. What does not answer is given up.'
  expect(out.split('\n').filter((line) => line === said)).toHaveLength(2)
  expect(waits.map(({ duration, stopped }) => [duration, stopped])).toEqual([
    [2_500, undefined],
    [10_000, undefined],
    [10_000, true],
  ])
  expect(code).toBe(0)
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

test.each([
  ['of the whole region', undefined, 'Total Regional vCPUs'],
  ['of the family of the VM size', 'standardDSv5Family', 'Standard DSv5 Family vCPUs'],
])('says that the quota of cores is too small for the most workers: %s', async (_what, family, name) => {
  azure.scaleSets.quota(16, family)

  const { code, out } = await check()

  expect(out).toContain(
    `✗ core-quota: 20 workers need 64 more cores (Standard_D4s_v5, 4 each), and in westeurope 16 of 16 are used of the quota ${name}: ask for 80 in the Azure portal, under Quotas. There is room for 4 workers in all. `,
  )
  expect(out).toContain('✗ failover workers to pool: not ready')
  expect(code).toBe(1)
})

test('takes a quota that is just large enough', async () => {
  azure.scaleSets.quota(80)

  const { code, out } = await check()

  expect(out).toContain('✓ core-quota: 20 workers need 64 more cores')
  expect(out).toContain('64 are free of Total Regional vCPUs')
  expect(code).toBe(0)
})

test('calls a quota that nobody could read not known, and not ready', async () => {
  azure.fault({ kind: 'status', status: 503, code: 'ServiceUnavailable', path: '/usages' })

  const { out } = await check()

  expect(out).toContain('⚠ core-quota: Whether the quotas have room for 20 workers is not known: Azure could')
  expect(out).not.toContain('✓ failover workers to pool: ready')
})
