// `dr plan check --live` at HAProxy: the level of each socket and the user of each Data Plane API, taken away in turn.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDataplane } from '../../sim/dataplane.ts'
import type { DataplaneSim } from '../../sim/dataplane.ts'
import { dataplaneServers, startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, RealHaproxy } from '../../sim/haproxy.ts'
import type { Environment } from '../../src/config.ts'
import { openLivePlan } from '../servers/live-plan.ts'
import type { LivePlan } from '../servers/live-plan.ts'

const password = 'not-to-be-shown'

let apis: readonly ApiServer[]
let admin: RealHaproxy
let limited: Readonly<Record<'operator' | 'user', RealHaproxy>>
let dataplane: DataplaneSim
let plan: LivePlan

beforeAll(async () => {
  const [main, standby] = await Promise.all([startApi('main'), startApi('standby')])
  apis = [main, standby]
  const [first, operator, user] = await Promise.all([
    startHaproxy({ main, standby }),
    startHaproxy({ main, standby }, { level: 'operator' }),
    startHaproxy({ main, standby }, { level: 'user' }),
  ])
  admin = first
  limited = { operator, user }
  dataplane = await startDataplane({ user: 'dr-bot', password, servers: dataplaneServers })
  plan = await openLivePlan(() => [password])
})
afterAll(async () => {
  await Promise.all([admin, limited.operator, limited.user].map((one) => one.stop()))
  await Promise.all([...apis, dataplane].map((one) => one.stop()))
  await plan.close()
})

function systemsWith(controls: string): string {
  return `
  api:
    rto: 10m
    alerts: [{ service: "API*" }]
    recoveries:
      - name: standby
        haproxy: { ${controls}, backend: api, from: main, to: standby }
`
}

async function check(
  controls: string,
  env: Environment = {},
): Promise<{ readonly code: number; readonly missing: readonly string[] }> {
  const { code, lines } = await looked(controls, env)
  return { code, missing: lines.filter((line) => line.startsWith('✗')) }
}

async function looked(
  controls: string,
  env: Environment = {},
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  await plan.write(systemsWith(controls))
  const { code, out } = await plan.check({
    HAPROXY_DATAPLANE_USER: 'dr-bot',
    HAPROXY_DATAPLANE_PASSWORD: password,
    ...env,
  })
  const lines = out.split('\n').filter((line) => line.startsWith('    '))
  return { code, lines: lines.map((line) => line.trim()) }
}

const sockets = (...all: readonly RealHaproxy[]): string =>
  `sockets: ${JSON.stringify(all.map(({ control }) => control))}`

test('a socket with the level admin is ready, and is told nothing that changes anything', async () => {
  expect(await check(sockets(admin))).toEqual({ code: 0, missing: [] })
  expect(admin.changing()).toEqual([])
})

test.each(['operator', 'user'] as const)('names the one socket that has only the level %s', async (level) => {
  const { code, missing } = await check(sockets(admin, limited[level]))

  const at = limited[level].control.replace('tcp://', '')
  expect(code).toBe(1)
  expect(missing[0]).toMatch(new RegExp(`^✗ socket of ${at}: has the level ${level}, .*"level admin"`))
  for (const line of missing) {
    expect(line).toContain(at)
    expect(line).not.toContain(admin.control.replace('tcp://', ''))
  }
})

test('calls nothing kept, and nothing done already, that nobody could look at', async () => {
  const { code, lines } = await looked('sockets: ["tcp://127.0.0.1:1"]')

  expect(code).toBe(1)
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    '✗ all-balancers-answer',
    '⚠ same-servers',
    '⚠ target-healthy',
    '⚠ last-healthy-server',
    '⚠ not-already-there',
  ])
})

test('names each of two sockets that lack it', async () => {
  const { missing } = await check(sockets(limited.operator, limited.user))

  const named = missing.filter((line) => line.startsWith('✗ socket of')).map((line) => line.split(',')[0])
  expect(named).toEqual(
    (['operator', 'user'] as const).map(
      (level) => `✗ socket of ${limited[level].control.replace('tcp://', '')}: has the level ${level}`,
    ),
  )
})

test.each([
  ['nothing', {}, []],
  ['the password', { HAPROXY_DATAPLANE_PASSWORD: 'another-one' }, ['userlist']],
  ['the user', { HAPROXY_DATAPLANE_USER: 'nobody' }, ['userlist']],
  ['both settings', { HAPROXY_DATAPLANE_USER: '', HAPROXY_DATAPLANE_PASSWORD: '' }, ['start the bot again']],
])('of a Data Plane API says what its user lacks: %s', async (_what, env, says) => {
  const { code, missing } = await check(`dataplane: [{ url: "${dataplane.url}" }]`, env)

  expect(code).toBe(says.length)
  expect(missing).toEqual(
    says.map((text) => expect.stringMatching(new RegExp(`^✗ .*HAPROXY_DATAPLANE_USER and .*${text}`))),
  )
})
