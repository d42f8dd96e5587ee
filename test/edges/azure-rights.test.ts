// The list of the bot's rights at Azure over the wire: what is asked, all its pages, and what is said of each failure.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createRightsReader } from '../../src/providers/azure/rights.ts'
import type { RightsScope } from '../../src/readers.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'

let azure: AzureSim

beforeAll(async () => {
  azure = await startTestAzure()
})
afterEach(() => {
  azure.fault(undefined)
  azure.withhold([])
})
afterAll(() => azure.stop())

const calm = new AbortController().signal
const pool: RightsScope = {
  resourceGroup: 'dr-rg',
  resource: 'Microsoft.Compute/virtualMachineScaleSets/workers-vmss',
}

function granted(scope: RightsScope, change: Partial<AzureAccess> = {}) {
  return createRightsReader(createAzure(accessTo(azure, change))).granted(scope, calm)
}

async function failure(scope: RightsScope, change: Partial<AzureAccess> = {}): Promise<string> {
  try {
    await granted(scope, change)
  } catch (thrown) {
    expectNoSecret([azure.secret], thrown)
    if (!(thrown instanceof UserError || thrown instanceof RetryableError)) throw thrown
    const kind = thrown instanceof UserError ? 'for a person' : 'tried again'
    return `${thrown.message.replaceAll(azure.url, 'https://AZURE')} [${kind}]`
  }
  throw new Error('it did not fail')
}

test('asks about the resource or the group, page by page, and only reads', async () => {
  const from = azure.requests.length

  const [atPool, atGroup] = [await granted(pool), await granted({ resourceGroup: 'dr-rg' })]

  const asked = azure.requests.slice(from).filter(({ reason }) => reason !== 'token')
  const shapes = asked.map(
    ({ method, path }) => `${method} ${path.replace(azure.subscription, 'SUBSCRIPTION')}\n`,
  )
  await expect(shapes.join('')).toMatchFileSnapshot('../golden/requests/rights.txt')
  expect(atPool).toHaveLength(8)
  expect(atGroup).toEqual(atPool)
  expect(atPool[0]).toEqual({
    actions: ['Microsoft.Compute/*'],
    notActions: [],
    dataActions: [],
    notDataActions: [],
    conditional: false,
  })
})

test('says what is wrong with each failure, and what to do', async () => {
  const faults: readonly (readonly [string, AzureFault])[] = [
    ['401', { kind: 'status', status: 401, code: 'InvalidAuthenticationToken' }],
    ['429 with a time', { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 }],
    ['500', { kind: 'status', status: 500 }],
    ['no answer', { kind: 'hang' }],
    ['a connection that is closed', { kind: 'reset' }],
    ['200 with something that is not JSON', { kind: 'garbage' }],
  ]
  const lines: string[] = []
  for (const [name, fault] of faults) {
    azure.fault({ ...fault, on: 'read' })
    lines.push(`${name}: ${await failure(pool, fault.kind === 'hang' ? { timeout: 400 } : {})}`)
  }
  azure.fault(undefined)
  azure.withhold(['Microsoft.Authorization/permissions/read'])
  lines.push(`403: ${await failure(pool)}`)
  azure.withhold([])
  lines.push(`404: ${await failure({ ...pool, resource: `${pool.resource}-2` })}`)
  lines.push(`no subscription: ${await failure(pool, { subscription: undefined })}`)
  lines.push(`a wrong secret: ${await failure(pool, { secret: 'another-one' })}`)

  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../golden/errors/azure-rights.txt')
})

/** What a list answers that the simulator never would; the requests that came. */
async function listing(
  pages: readonly object[],
): Promise<{ readonly asked: readonly string[]; readonly result: string }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(pages[asked.length - 1] ?? pages.at(-1)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const change = { credential: 'none', endpoint: `http://127.0.0.1:${port}` } as const
  const result = await granted(pool, change).then((grants) => JSON.stringify(grants), String)
  server.closeAllConnections()
  server.close()
  return { asked, result }
}

test('never takes its token to another address that a list names', async () => {
  const { asked, result } = await listing([{ value: [], nextLink: 'https://192.0.2.7/more' }])

  expect(result).toContain('leads to another host, 192.0.2.7: nothing was sent there')
  expect(asked).toHaveLength(1)
})

test('a list that leads back to itself comes to an end', async () => {
  const { asked, result } = await listing([{ value: [], nextLink: '/again' }])

  expect(result).toContain('its list has no end')
  expect(asked).toHaveLength(50)
})

test('reads what a role lacks, and that it is given under a condition', async () => {
  const { result } = await listing([
    { value: [{ actions: ['*'], condition: '@Resource[x]', conditionVersion: '2.0' }] },
  ])

  expect(JSON.parse(result)).toEqual([
    { actions: ['*'], notActions: [], dataActions: [], notDataActions: [], conditional: true },
  ])
})
