// `failover api` through HAProxy's Data Plane API: the states and the file, so that a reload changes nothing.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDataplane } from '../../sim/dataplane.ts'
import type { DataplaneSim } from '../../sim/dataplane.ts'
import { reasonOf } from '../../src/errors.ts'
import { approving, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { dataplaneServers } from '../../sim/haproxy.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { carryOut, planWith, refusalOf, wanting } from './haproxy-house.ts'

const redis = oneRedis()
let bench: EngineBench
let sims: readonly [DataplaneSim, DataplaneSim]

beforeEach(async () => {
  const options = { user: 'dr-bot', password: 'not-to-be-shown', servers: dataplaneServers }
  ;[bench, ...sims] = await Promise.all([
    startEngine(redis()),
    startDataplane(options),
    startDataplane(options),
  ])
  bench.setPlan(planWith({ dataplane: sims.map(({ url }) => ({ url })) }))
})
afterEach(async () => {
  await Promise.all([bench.stop(), ...sims.map((sim) => sim.stop())])
})

function states(): string {
  return sims.map((sim) => sim.states()).join(' | ')
}

function inFile(): string {
  return sims
    .map((sim) => sim.file().map(({ name, maintenance = 'not named' }) => `${name} ${maintenance}`))
    .join(' | ')
}

/** As somebody else at the Data Plane API does. */
async function put(sim: DataplaneSim, path: string, body: object): Promise<void> {
  const headers = {
    Authorization: `Basic ${Buffer.from('dr-bot:not-to-be-shown').toString('base64')}`,
    'Content-Type': 'application/json',
  }
  const url = `${sim.url}/v3/services/haproxy/${path}`
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}

function writes(): readonly number[] {
  return sims.map((sim) => sim.requests().filter(({ path }) => path.includes('?version=')).length)
}

function changing(): readonly string[] {
  return sims[0]
    .requests()
    .filter(({ changes }) => changes)
    .map(({ method, path, body }) => `${method} ${path}\n    ${JSON.stringify(body)}`)
}

test('sets the states, then writes the file; a reload changes nothing, and nothing is owed for it', async () => {
  const run = await carryOut(bench)
  for (const sim of sims) sim.reload()
  await bench.lookAtStanding()

  expect(run.state).toBe('done')
  expect(states()).toBe('main maint, standby ready | main maint, standby ready')
  expect(inFile()).toBe('main enabled,standby disabled | main enabled,standby disabled')
  expect(sims.map((sim) => sim.reloads())).toEqual([0, 0])
  expect(run.proposal.debts.map(({ id }) => id)).toEqual(['on-server:api'])
  expect((await bench.run('R-1')).gone).toBeUndefined()
})

test('comes back: the states, and what the file says', async () => {
  await carryOut(bench)
  const back = await carryOut(bench, { direction: 'failback' })
  for (const sim of sims) sim.reload()

  expect(back).toMatchObject({ state: 'done', undoes: 'R-1' })
  expect(states()).toBe('main ready, standby maint | main ready, standby maint')
  expect(sims[0].file().map(({ cookie, weight }) => [cookie, weight])).toEqual([
    ['m', 100],
    [undefined, undefined],
  ])
  expect(sims.map((sim) => sim.reloads())).toEqual([0, 0])
})

test('sends requests that are documented, and nothing else', async () => {
  await carryOut(bench)

  const reading = new Set(
    sims[0]
      .requests()
      .filter(({ changes }) => !changes)
      .map(({ method, path }) => `${method} ${path}`),
  )
  await expect(`${[...reading].sort().join('\n')}\n\n${changing().join('\n')}\n`).toMatchFileSnapshot(
    '../golden/requests/haproxy-dataplane.txt',
  )
})

test('waits for fresh checks, and takes no traffic from main when they fail', async () => {
  sims[1].health('standby', 'sick')

  const run = await carryOut(bench, {}, 1_000)

  expect(run.state === 'failed' && run.reason).toMatch(
    /standby did not pass HAProxy's check within 1m: .* says DOWN L7STS/,
  )
  expect(sims.map((sim) => sim.states())).toEqual(['main ready, standby drain', 'main ready, standby drain'])
})

test('reads the file again when somebody else writes it at the same time', async () => {
  sims[0].fault({ kind: 'other-writer' })

  const run = await carryOut(bench)

  expect(run.state).toBe('done')
  expect(writes()).toEqual([3, 2])
  expect(inFile()).toBe('main enabled,standby disabled | main enabled,standby disabled')
})

test('does not start when the file has changed since it was shown', async () => {
  const { run } = await bench.runs().propose(wanting())
  const [sim] = sims
  await put(sim, 'configuration/backends/api/servers/main?version=7', {
    ...sim.file()[0],
    maintenance: 'enabled',
  })

  const refusal = await refusalOf(bench.runs().verdict(run.id, approving()))

  expect(refusal).toMatch(
    /main is in maintenance at .*, and was ready; main is disabled in haproxy\.cfg at .*, and was enabled/,
  )
})

test('writes the file only, where somebody has moved the traffic at run time already; and back', async () => {
  for (const sim of sims) {
    await put(sim, 'runtime/backends/api/servers/standby', { admin_state: 'ready', operational_state: 'up' })
    await put(sim, 'runtime/backends/api/servers/main', { admin_state: 'maint', operational_state: 'up' })
  }

  const over = await carryOut(bench)
  const written = inFile()
  const back = await carryOut(bench, { direction: 'failback' })

  expect(over.steps.map(({ action }) => action.provider).filter((name) => name === 'haproxy-server')).toEqual(
    [],
  )
  expect(written).toBe('main enabled,standby disabled | main enabled,standby disabled')
  expect(back).toMatchObject({ state: 'done', undoes: 'R-1' })
  expect(inFile()).toBe('main disabled,standby enabled | main disabled,standby enabled')
  expect(states()).toBe('main ready, standby maint | main ready, standby maint')
  expect(back.steps.map(({ title }) => title)).toContain("Wait until main has passed HAProxy's check")
})

describe('a crash around the writing of the file', () => {
  const unchecked = dataplaneServers.map((server) => ({ ...server, check: 'disabled' as const }))
  // Six steps set states, with three commits each; the last two write.
  const points = [19, 20, 21, 22, 23, 24].flatMap((n) => [
    { n, when: 'before' as const },
    { n, when: 'after' as const },
  ])

  test.each(points)('$when commit $n writes nothing twice', async ({ n, when }) => {
    const sim = await startDataplane({ user: 'dr-bot', password: 'not-to-be-shown', servers: unchecked })
    try {
      bench.setPlan(planWith({ dataplane: [{ url: sim.url }] }))
      const { run } = await bench.runs().propose(wanting())
      await bench.runs().verdict(run.id, approving())
      bench.dieAt(n, when)
      const died = await bench.settle().catch((thrown: unknown) => reasonOf(thrown))
      bench.crash()

      await bench.pass(35_000)

      expect(died).toBe('the process died')
      expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
      expect(sim.requests().filter(({ path }) => path.includes('?version='))).toHaveLength(2)
      expect(sim.file().map(({ maintenance }) => maintenance)).toEqual(['enabled', 'disabled'])
    } finally {
      await sim.stop()
    }
  })
})
