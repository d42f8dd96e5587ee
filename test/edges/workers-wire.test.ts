// What goes to Azure for a pool of workers, and what a person is told of each way in which Azure says no: golden files.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { RetryableError, reasonOf } from '../../src/errors.ts'
import type { Progress } from '../../src/ports.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createAzureSystems, type AzureSystems } from '../../src/providers/azure/systems.ts'
import type { AutoscaleLimitsAction, ScaleSetCapacityAction } from '../../src/recovery/action.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'

const calm = new AbortController().signal
const capacity: ScaleSetCapacityAction = {
  provider: 'scale-set-capacity',
  resourceGroup: 'dr-rg',
  vmss: 'workers-vmss',
  before: 4,
  after: 10,
  within: 900_000,
}
const wait = { ...capacity, provider: 'scale-set-wait' as const }
const limits: AutoscaleLimitsAction = {
  provider: 'autoscale-limits',
  resourceGroup: 'dr-rg',
  setting: 'by-load',
  before: [{ profile: 'by load', min: 2, max: 6, usual: 2 }],
  after: [{ profile: 'by load', min: 10, max: 10, usual: 10 }],
}
let now = Date.UTC(2026, 10, 23, 9)
let azure: AzureSim

beforeEach(async () => {
  azure = await startTestAzure({ now: () => now })
  azure.autoscale.set([
    { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true, minimum: 2, maximum: 6 },
  ])
})
afterEach(() => azure.stop())

function systems(change: Partial<AzureAccess> = {}): AzureSystems {
  return createAzureSystems(createAzure(accessTo(azure, change)), { clock: { now: () => now } })
}

async function told(work: Promise<Progress | object>): Promise<string> {
  try {
    const answer = await work
    if (!('state' in answer)) return 'goes through'
    if (answer.state === 'failed') return `${answer.reason}\n          ${answer.advice} [the step has failed]`
    return `${answer.note} [${answer.state}]`
  } catch (thrown) {
    expectNoSecret([azure.secret], thrown)
    const after =
      thrown instanceof RetryableError && thrown.after !== undefined ? `, after ${thrown.after} ms` : ''
    return `${reasonOf(thrown)} [${thrown instanceof RetryableError ? `tried again${after}` : 'for a person'}]`
  }
}

test('a queue is given less time than what else is asked of Azure, since its account may be what is down', async () => {
  const { readers } = systems({ timeout: 60_000, queueTimeout: 50 })
  azure.fault({ kind: 'hang', on: 'queue' })

  await expect(readers.workers.queues('examplewest', ['orders'], calm)).rejects.toThrow(
    'Azure could not look at the queue orders of examplewest: no answer within 0.05s.',
  )
})

test('a person can act on what is said of each error', async () => {
  const lines: string[] = []
  const patient = systems()
  const quick = systems({ timeout: 1_000 })
  await vi.waitFor(() => quick.readers.workers.pool(capacity, calm), 10_000)
  const { providers } = patient
  const operation = await providers['scale-set-capacity'].start(capacity, 'R-1-s1', calm)
  const check = (from = patient): Promise<Progress> =>
    from.providers['scale-set-capacity'].check(capacity, operation, now, calm)

  async function each(name: string, fault: Omit<AzureFault, 'on'>, from = patient): Promise<void> {
    lines.push(`# ${name}`)
    azure.fault({ ...fault, on: 'read' })
    lines.push(`reading:  ${await told(from.providers['scale-set-capacity'].observe(capacity, calm))}`)
    azure.fault({ ...fault, on: 'change' })
    lines.push(
      `changing: ${await told(from.providers['scale-set-capacity'].start(capacity, 'R-1-s1', calm))}`,
    )
    azure.fault({ ...fault, on: 'poll' })
    lines.push(`checking: ${await told(check(from))}`, '')
    azure.fault(undefined)
  }
  const action = 'Microsoft.Compute/virtualMachineScaleSets/write'
  const scope = '/subscriptions/S/resourceGroups/dr-rg/providers/Microsoft.Compute/virtualMachineScaleSets/v'
  const noRight = `The client 'c' with object id 'o' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid.`
  await each('401', { kind: 'status', status: 401, code: 'ExpiredAuthenticationToken' })
  await each('403', { kind: 'status', status: 403, code: 'AuthorizationFailed', message: noRight })
  await each('404', { kind: 'status', status: 404, code: 'ResourceNotFound', message: 'It was not found.' })
  await each('409, another change goes on', {
    kind: 'status',
    status: 409,
    code: 'Conflict',
    message: 'The request failed due to conflict with a concurrent request.',
  })
  await each('429 with a time', { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 })
  await each('500', { kind: 'status', status: 500 })
  await each('503 with a time', { kind: 'status', status: 503, retryAfter: 30 })
  await each('no answer', { kind: 'hang' }, quick)
  await each('a connection that is closed', { kind: 'reset' })
  await each('200 with a page', { kind: 'garbage' })

  lines.push('# an operation that goes on', `checking: ${await told(check())}`, '')
  now += 901_000
  azure.scaleSets.stuck(true)
  lines.push('# an operation that never ends')
  lines.push(`setting:  ${await told(check())}`)
  lines.push(`waiting:  ${await told(waited())}`, '')
  azure.scaleSets.stuck(false)

  azure.scaleSets.set('workers-vmss', 4)
  azure.fault({ kind: 'garbage', on: 'change' })
  const page = await providers['scale-set-capacity'].start(capacity, 'R-5-s1', calm)
  azure.fault(undefined)
  lines.push('# a change that was answered with a page, and not made')
  lines.push(`setting:  ${await told(providers['scale-set-capacity'].check(capacity, page, now, calm))}`, '')

  azure.scaleSets.room(6)
  const short = await providers['scale-set-capacity'].start(capacity, 'R-2-s1', calm)
  now += 100_000
  lines.push('# the region has room for some')
  lines.push(`setting:  ${await told(providers['scale-set-capacity'].check(capacity, short, now, calm))}`)
  lines.push(`waiting:  ${await told(waited())}`, '')

  azure.scaleSets.set('workers-vmss', 4)
  azure.scaleSets.room(4)
  const none = await providers['scale-set-capacity'].start(capacity, 'R-3-s1', calm)
  now += 100_000
  lines.push('# the region has room for none')
  lines.push(`setting:  ${await told(providers['scale-set-capacity'].check(capacity, none, now, calm))}`, '')

  azure.scaleSets.set('workers-vmss', 4)
  azure.scaleSets.quota(24)
  lines.push('# the quota is used up')
  lines.push(`changing: ${await told(providers['scale-set-capacity'].start(capacity, 'R-4-s1', calm))}`, '')

  for (const right of ['locations/usages/read', 'skus/read']) {
    azure.withhold([`Microsoft.Compute/${right}`])
    lines.push(`# no right ${right}`)
    lines.push(`quota:    ${await told(systems().readers.workers.quota(capacity, calm))}`, '')
  }
  azure.withhold(['Microsoft.Insights/*'])
  lines.push('# no right to autoscale settings')
  lines.push(`listing:  ${await told(patient.readers.workers.autoscale(capacity, calm))}`)
  lines.push(`changing: ${await told(providers['autoscale-limits'].start(limits, 'R-1-s1', calm))}`)
  azure.withhold(['Microsoft.Insights/autoscalesettings/write'])
  lines.push('# no right to change an autoscale setting')
  lines.push(`changing: ${await told(providers['autoscale-limits'].start(limits, 'R-1-s1', calm))}`)
  azure.withhold([])
  const other = { ...limits, before: [{ profile: 'by load', min: 1, max: 6, usual: 2 }] }
  lines.push('# an autoscale setting that is not as it was')
  lines.push(`changing: ${await told(providers['autoscale-limits'].start(other, 'R-1-s1', calm))}`, '')

  async function waited(): Promise<Progress> {
    const started = { id: 'R-1-s2', data: { startedAt: now - 901_000 } }
    return providers['scale-set-wait'].check(wait, started, now, calm)
  }
  const text = lines.join('\n').replaceAll(azure.subscription, 'SUBSCRIPTION')
  await expect(text).toMatchFileSnapshot('../golden/errors/workers.txt')
}, 60_000)

test('what is sent is what the SDK makes of it, with its own api-version', async () => {
  const { providers, readers } = systems()
  await readers.workers.pool(capacity, calm)
  await readers.workers.autoscale(capacity, calm)
  await readers.workers.queues('examplewest', ['orders'], calm)
  await readers.workers.quota(capacity, calm)
  await providers['autoscale-limits'].start(limits, 'R-1-s1', calm)
  const operation = await providers['scale-set-capacity'].start(capacity, 'R-1-s2', calm)
  await providers['scale-set-capacity'].check(capacity, operation, now, calm)

  const shapes = azure.requests
    .filter(({ reason }) => reason !== 'token')
    .map(({ method, path, body }) => `${method} ${path} ${body}`.trim())
  const text = inOrder([...new Set(shapes)])
    .join('\n')
    .replaceAll(azure.subscription, 'SUBSCRIPTION')
    .replaceAll(/operations\/[0-9a-f-]{36}/g, 'operations/OPERATION')

  await expect(`${text}\n`).toMatchFileSnapshot('../golden/requests/workers.txt')
})

test('keeps the times of an autoscale profile as they were written, whatever the zone of this machine is', async () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'Pacific/Auckland'
  const times = {
    timeZone: 'W. Europe Standard Time',
    start: '2026-12-24T00:00:00',
    end: '2026-12-27T00:00:00',
  }
  const holidays = { name: 'holidays', capacity: { minimum: '1', maximum: '3', default: '1' }, rules: [] }
  const by = { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true }
  azure.autoscale.set([{ ...by, minimum: 2, maximum: 6, profiles: [{ ...holidays, fixedDate: times }] }])
  const also = { profile: 'holidays', min: 1, max: 3, usual: 1 }
  const action = {
    ...limits,
    before: [...limits.before, also],
    after: [...limits.after, { ...also, max: 10 }],
  }
  const before = azure.autoscale.properties('by-load')
  const provider = systems().providers['autoscale-limits']

  await provider.start(action, 'R-1-s1', calm)
  const changed = JSON.stringify(azure.autoscale.properties('by-load'))
  await provider.start({ ...action, before: action.after, after: action.before }, 'R-2-s1', calm)
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone

  expect(changed).toContain(JSON.stringify(times))
  expect(changed).toContain('{"minimum":"1","maximum":"10","default":"1"}')
  expect(azure.autoscale.properties('by-load')).toEqual(before)
})

/** Reads that follow each other are sent at once, and come in any order. */
function inOrder(shapes: readonly string[]): readonly string[] {
  const parts: string[][] = [[]]
  for (const shape of shapes) {
    const last = parts.at(-1)
    if (last && (last.length === 0 || isRead(last[0]) === isRead(shape))) last.push(shape)
    else parts.push([shape])
  }
  return parts.flatMap((part) => (isRead(part[0]) ? part.toSorted() : part))
}

function isRead(shape = ''): boolean {
  return shape.startsWith('GET ')
}
