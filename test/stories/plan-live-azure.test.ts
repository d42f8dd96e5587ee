// `dr plan check --live` against the simulated Azure: each right to look that is taken away is named.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { runCli } from '../../src/cli/main.ts'
import { createClock } from '../../src/clock.ts'
import { createSystems } from '../../src/providers.ts'
import { environmentOf, startTestAzure } from '../servers/azure.ts'

let azure: AzureSim
let dir: string

beforeAll(async () => {
  azure = await startTestAzure()
  dir = await mkdtemp(join(tmpdir(), 'dr-live-'))
  await writeFile(join(dir, 'plan.yml'), plan)
})
afterEach(async () => {
  azure.withhold([])
  await writeFile(join(dir, 'plan.yml'), plan)
})
afterAll(async () => {
  await azure.stop()
  await rm(dir, { recursive: true, force: true })
})

const plan = `
organisation: Example Ltd
timezone: Europe/Berlin
people:
  ann: { name: Ann Onken, roles: [engineer, manager], email: ann@example.com, slack: U0ANN }
groups: { dev: { people: [ann] } }
oncall: { rotations: [{ name: primary, type: weekly, start: 2026-01-05T09:00, people: [ann] }] }
paging: { ladder: [{ chat: 0s }, { email: 0s }], next_engineer_after: 3m }
diagnosis: { remind: 5m, deadline: 30m }
escalation: [{ to: [rotation:primary] }, { to: [group:dev] }]
systems:
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

async function check(): Promise<{ readonly code: number; readonly out: string }> {
  const out: string[] = []
  const clock = createClock()
  const code = await runCli(['plan', 'check', '--live', join(dir, 'plan.yml')], {
    env: () => ({
      NAGIOS_TOKEN: 'a token of nagios',
      CONSOLE_SECRET: 'a secret of the console, long enough',
      ...environmentOf(azure),
    }),
    home: dir,
    now: clock.now,
    after: clock.after,
    out: (text) => void out.push(text),
    err: (text) => void out.push(text),
    terminal: { width: 80, colour: false },
    ask: undefined,
    input: async () => '',
    signer: async () => () => ({ loginLink: () => '', token: () => '' }),
    systems: async () => (config) => createSystems(config, { clock }),
    chat: async () => async () => {},
  })
  return { code, out: out.join('') }
}

test('says that a pool of workers is ready, by what its proposal would say, and changes nothing', async () => {
  const { code, out } = await check()

  expect(out).toContain('✓ failover workers to pool: ready')
  expect(code).toBe(0)
  expect(azure.requests.filter(({ reason }) => reason === 'change')).toEqual([])
})

test('asks for room for the most workers where the plan does not say how many are needed', async () => {
  await writeFile(join(dir, 'plan.yml'), plan.replace(/\n *per_worker: 40/, ''))

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
