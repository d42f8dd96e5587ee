// The simulated Azure is as strict as the real one, so that what works against it works against Azure.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'

let sim: AzureSim
let clock = Date.now()
const tokens = new Map<string, string>()

beforeAll(async () => {
  sim = await startTestAzure({
    tokenClock: () => clock,
    sql: twoRegions,
    dnsZones: [{ group: 'dr-rg', served: servedZone('example.com', ['localhost:5353']) }],
    storage: {
      accounts: [{ group: 'dr-rg', name: 'examplewest' }],
      settings: [{ store: 'example', key: 'account', value: 'examplewest' }],
      secrets: [{ vault: 'example', name: 'connection', value: 'of-the-west' }],
    },
  })
  sim.autoscale.set([
    { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true, minimum: 2, maximum: 6 },
  ])
  for (const audience of [sim.url, 'storage', 'appconfig', 'vault'].map(audienceOf))
    tokens.set(audience, await newToken(audience))
})
beforeEach(() => sim.withhold([]))
afterAll(() => sim.stop())

function audienceOf(service: string): string {
  const names: Readonly<Record<string, string>> = {
    storage: 'https://storage.azure.com',
    appconfig: 'https://appconfig.azure.com',
    vault: 'https://vault.azure.net',
  }
  return names[service] ?? service
}

async function newToken(audience: string, change: Readonly<Record<string, string>> = {}): Promise<string> {
  const { body } = await askEntra(audience, change)
  return (JSON.parse(body) as { access_token: string }).access_token
}

async function askEntra(audience: string, change: Readonly<Record<string, string>>): Promise<Reply> {
  const form = new URLSearchParams({
    client_id: sim.clientId,
    client_secret: sim.secret,
    grant_type: 'client_credentials',
    scope: `${audience}/.default`,
    ...change,
  })
  return replyOf(await fetch(`${sim.url}/${sim.tenant}/oauth2/v2.0/token`, { method: 'POST', body: form }))
}

/** A request that goes through, and what of it is changed so that it does not. */
interface Asked {
  readonly method: string
  readonly path: string
  readonly version: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly audience?: string
  /** `none`: without the header. */
  readonly token?: string
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly challenge: string | null
}

async function replyOf(response: Response): Promise<Reply> {
  const { status, headers } = response
  return { status, body: await response.text(), challenge: headers.get('www-authenticate') }
}

async function ask(asked: Asked): Promise<Reply> {
  const { method, path, version, body, headers = {}, audience = sim.url } = asked
  const token = asked.token ?? tokens.get(audience) ?? 'unknown'
  const query = version === '' ? '' : `${path.includes('?') ? '&' : '?'}api-version=${version}`
  const response = await fetch(sim.url + path + query, {
    method,
    headers: {
      ...(token === 'none' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  return replyOf(response)
}

/** Status and code of a refusal of Resource Manager or of a Key Vault. */
async function refusal(asked: Asked): Promise<string> {
  const { status, body } = await ask(asked)
  const { error } = JSON.parse(body) as { error?: { code?: string; message?: string } }
  expect(error?.message).toMatch(/\w/)
  return `${status} ${error?.code}`
}

const compute = 'Microsoft.Compute/virtualMachineScaleSets/workers-vmss'
const autoscale = 'Microsoft.Insights/autoscalesettings/by-load'
const account = 'Microsoft.Storage/storageAccounts/examplewest'
const zone = 'Microsoft.Network/dnsZones/example.com'
const sql = 'Microsoft.Sql/servers/sql-west/databases'
const group = 'Microsoft.Sql/servers/sql-north/failoverGroups/orders-fg'

interface Kind {
  readonly right: string
  readonly method: string
  /** After `providers/` of the group. */
  readonly path: string
  readonly version: string
  readonly body?: object
}

type Row = readonly [what: string, version: string, right: string, body?: object]

/** One request for each right at Resource Manager that the bot uses; those that would change have a body that is refused. */
const rows: readonly Row[] = [
  [`GET ${compute}`, '2026-04-01', 'Microsoft.Compute/virtualMachineScaleSets/read'],
  [
    `GET ${compute}/instanceView`,
    '2026-04-01',
    'Microsoft.Compute/virtualMachineScaleSets/instanceView/read',
  ],
  [`PATCH ${compute}`, '2026-04-01', 'Microsoft.Compute/virtualMachineScaleSets/write', { capacity: 5 }],
  [`GET ${autoscale}`, '2022-10-01', 'Microsoft.Insights/autoscalesettings/read'],
  [`PATCH ${autoscale}`, '2022-10-01', 'Microsoft.Insights/autoscalesettings/write', { profiles: [] }],
  [
    `PUT ${sql}/orders-r-1`,
    '2022-08-01-preview',
    'Microsoft.Sql/servers/databases/write',
    { location: 'westeurope' },
  ],
  [
    `POST ${sql}/orders/move`,
    '2022-08-01-preview',
    'Microsoft.Sql/servers/databases/move/action',
    { name: 'orders' },
  ],
  [`PATCH ${group}`, '2021-11-01', 'Microsoft.Sql/servers/failoverGroups/write', { databases: 'orders' }],
  [`POST ${group}/failover`, '2021-11-01', 'Microsoft.Sql/servers/failoverGroups/failover/action'],
  [`GET ${account}`, '2026-09-01', 'Microsoft.Storage/storageAccounts/read'],
  [
    `POST ${account}/failover`,
    '2026-09-01',
    'Microsoft.Storage/storageAccounts/failover/action',
    { type: 'Planned' },
  ],
  [`GET ${zone}`, '2018-05-01', 'Microsoft.Network/dnsZones/read'],
  [`PUT ${zone}/A/www`, '2018-05-01', 'Microsoft.Network/dnsZones/A/write', { properties: { TTL: 'long' } }],
  ['GET Microsoft.Authorization/permissions', '2022-04-01', 'Microsoft.Authorization/permissions/read'],
]
const kinds = rows.map(([what, version, right, body]): Kind => {
  const [method = '', path = ''] = what.split(' ')
  return { method, path, version, right, ...(body === undefined ? {} : { body }) }
})

function asked({ method, path, version, body }: Kind, change: Partial<Asked> = {}): Asked {
  return {
    method,
    path: `/subscriptions/${sim.subscription}/resourceGroups/dr-rg/providers/${path}`,
    version,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...change,
  }
}

const first = kinds[0] as Kind
const changes = kinds.filter(({ body }) => body !== undefined)
const reads = kinds.filter(({ method }) => method === 'GET')

describe('Resource Manager', () => {
  test.each(reads)('answers $right with a good token, and refuses every other one', async (kind) => {
    const { status, body, challenge } = await ask(asked(kind, { token: 'none' }))

    expect([status, challenge, JSON.parse(body)]).toEqual([
      401,
      expect.stringMatching(/^Bearer /),
      { error: { code: 'AuthenticationFailed', message: expect.stringContaining("'Authorization' header") } },
    ])
    expect((await ask(asked(kind))).status).toBe(200)
    expect(await refusal(asked(kind, { token: 'e30.e30.x' }))).toBe('401 InvalidAuthenticationToken')
    expect(await refusal(asked(kind, { token: tokens.get(audienceOf('vault')) ?? '' }))).toBe(
      '401 InvalidAuthenticationTokenAudience',
    )
  })

  test('takes a token for an hour only', async () => {
    const token = await newToken(sim.url)
    clock += 3_598_000
    expect((await ask(asked(first, { token }))).status).toBe(200)

    clock += 2_000
    const refused = await refusal(asked(first, { token }))
    clock -= 3_600_000

    expect(refused).toBe('401 ExpiredAuthenticationToken')
  })

  test.each(kinds)('refuses $method for $right without an api-version, or with another one', async (kind) => {
    expect(await refusal(asked(kind, { version: '' }))).toBe('400 MissingApiVersionParameter')
    expect(await refusal(asked(kind, { version: '2099-01-01' }))).toBe('400 InvalidApiVersionParameter')
  })

  test.each(kinds)('refuses without the right $right, and names it', async (kind) => {
    sim.withhold([kind.right])

    const { status, body } = await ask(asked(kind))

    expect([status, JSON.parse(body)]).toEqual([
      403,
      {
        error: {
          code: 'AuthorizationFailed',
          message: expect.stringMatching(
            new RegExp(`perform action '${kind.right}' over scope '/subscriptions/${sim.subscription}/`, 'i'),
          ),
        },
      },
    ])
  })

  test.each(changes)('refuses a body for $right that the real one would refuse', async (kind) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }

    expect(await refusal(asked(kind))).toMatch(/^400 \w+$/)
    expect(await refusal(asked(kind, { headers: form }))).toBe('415 UnsupportedMediaType')
    expect(await refusal(asked(kind, { body: '{"' }))).toBe('400 InvalidRequestContent')
  })

  test('refuses what is not there, each part of the path by its name', async () => {
    const path = (id: string, of: string, what: string): Partial<Asked> => ({
      path: `/subscriptions/${id}/resourceGroups/${of}/providers/${what}`,
    })
    const id = sim.subscription

    expect(await refusal(asked(first, path(sim.tenant, 'dr-rg', compute)))).toBe('404 SubscriptionNotFound')
    expect(await refusal(asked(first, path(id, 'shop-rg', compute)))).toBe('404 ResourceGroupNotFound')
    expect(await refusal(asked(first, path(id, 'dr-rg', `${compute}-2`)))).toBe('404 ResourceNotFound')
    expect(await refusal(asked(first, path(id, 'dr-rg', 'Microsoft.Compute/pools/x')))).toBe(
      '404 InvalidResourceType',
    )
    expect(await refusal(asked(first, { method: 'DELETE' }))).toBe('405 MethodNotAllowed')
  })

  test('has of the subscription what is of the subscription, and of a group what is of a group', async () => {
    const base = `/subscriptions/${sim.subscription}`
    const usages = 'providers/Microsoft.Compute/locations/westeurope/usages'
    const skus = 'providers/Microsoft.Compute/skus'

    expect((await ask({ method: 'GET', path: `${base}/${usages}`, version: '2026-04-01' })).status).toBe(200)
    expect(await refusal({ method: 'GET', path: `${base}/${usages}`, version: '2021-07-01' })).toBe(
      '400 InvalidApiVersionParameter',
    )
    expect(
      await refusal({ method: 'GET', path: `${base}/resourceGroups/dr-rg/${usages}`, version: '2026-04-01' }),
    ).toBe('404 InvalidResourceType')
    expect(
      await refusal({ method: 'GET', path: `${base}/providers/${compute}`, version: '2026-04-01' }),
    ).toBe('404 InvalidResourceType')
    expect(await refusal({ method: 'GET', path: `${base}/${skus}`, version: '2021-07-01' })).toBe(
      '400 InvalidParameter',
    )
    expect(
      await refusal({
        method: 'GET',
        path: `${base}/${usages.replace('westeurope', 'moon')}`,
        version: '2026-04-01',
      }),
    ).toBe('400 NoRegisteredProviderFound')
  })

  test('knows its own operations only, and shows them to whoever has the right', async () => {
    const poll: Asked = {
      method: 'GET',
      path: `/subscriptions/${sim.subscription}/providers/Microsoft.Compute/locations/westeurope/operations/${sim.tenant}`,
      version: '2026-04-01',
    }

    expect(await refusal(poll)).toBe('404 NotFound')
    expect(await refusal({ ...poll, version: '' })).toBe('400 MissingApiVersionParameter')
    sim.withhold(['Microsoft.Compute/locations/operations/read'])
    expect(await refusal(poll)).toBe('403 AuthorizationFailed')
  })
})

test.each([
  ['another application', { client_id: 'somebody' }, '400 unauthorized_client AADSTS700016'],
  ['another secret', { client_secret: 'a guess' }, '401 invalid_client AADSTS7000215'],
  ['another grant', { grant_type: 'password' }, '400 invalid_request AADSTS900144'],
  ['no scope of a service', { scope: 'openid' }, '400 invalid_request AADSTS900144'],
])('Entra ID gives no token for %s', async (_what, change, refused) => {
  const { status, body } = await askEntra(sim.url, change)
  const told = JSON.parse(body) as { error: string; error_description: string }

  expect(`${status} ${told.error} ${told.error_description.split(':')[0]}`).toBe(refused)
})

describe('storage queues', () => {
  const audience = audienceOf('storage')
  const version = { 'x-ms-version': '2026-04-06' }
  const look = (change: Partial<Asked> = {}): Asked => ({
    method: 'GET',
    path: '/queues/examplewest/orders?comp=metadata',
    version: '',
    audience,
    headers: version,
    ...change,
  })
  const xml = (status: number, code: string): object => ({
    status,
    body: expect.stringContaining(`<Error><Code>${code}</Code><Message>`),
  })

  test('refuse in XML: token, audience, version, right, method, what is not there', async () => {
    expect((await ask(look())).status).toBe(200)
    const none = await ask(look({ token: 'none' }))
    expect(none).toMatchObject(xml(401, 'InvalidAuthenticationInfo'))
    expect(none.challenge).toContain(`resource_id=${audience}`)
    expect(await ask(look({ token: tokens.get(sim.url) ?? '' }))).toMatchObject(
      xml(401, 'InvalidAuthenticationInfo'),
    )
    for (const headers of [{}, { 'x-ms-version': 'latest' }, { 'x-ms-version': '2011-08-18' }])
      expect(await ask(look({ headers }))).toMatchObject(xml(400, 'InvalidHeaderValue'))
    expect(await ask(look({ method: 'DELETE' }))).toMatchObject(xml(400, 'InvalidUri'))
    expect(await ask(look({ path: '/queues/examplewest/none?comp=metadata' }))).toMatchObject(
      xml(404, 'QueueNotFound'),
    )
    sim.withhold(['Microsoft.Storage/storageAccounts/queueServices/queues/read'])
    expect(await ask(look())).toMatchObject(xml(403, 'AuthorizationPermissionMismatch'))
  })
})

describe('App Configuration', () => {
  const look = (change: Partial<Asked> = {}): Asked => ({
    method: 'GET',
    path: '/appconfig/example/kv/account',
    version: '2026-04-01',
    audience: audienceOf('appconfig'),
    ...change,
  })
  const problem = async (asking: Asked): Promise<string> => {
    const { status, body } = await ask(asking)
    const told = JSON.parse(body) as { type?: string; error?: { code: string } }
    return `${status} ${told.type?.replace('https://azconfig.io/errors/', '') ?? told.error?.code}`
  }

  test('refuses as problems: audience, version, right, method, content type, body, what is not there', async () => {
    expect((await ask(look())).status).toBe(200)
    expect(await problem(look({ token: tokens.get(sim.url) ?? '' }))).toMatch(/^401 /)
    expect(await problem(look({ version: '' }))).toBe('400 invalid-argument')
    expect(await problem(look({ version: '2019-01-01' }))).toBe('400 invalid-argument')
    expect(await problem(look({ method: 'DELETE' }))).toBe('400 invalid-argument')
    expect((await ask(look({ path: '/appconfig/example/kv/none' }))).status).toBe(404)
    const put = look({ method: 'PUT', body: '{"value":"b"}' })
    expect(await problem({ ...put, headers: { 'content-type': 'text/plain' } })).toBe(
      '415 unsupported-media-type',
    )
    expect(await problem({ ...put, body: '{"' })).toBe('400 invalid-argument')
    expect(await problem({ ...put, body: '{"value":5}' })).toBe('400 invalid-argument')
    expect((await ask({ ...put, headers: { 'if-match': '"another"' } })).status).toBe(412)
    sim.withhold(['Microsoft.AppConfiguration/configurationStores/keyValues/*'])
    expect(await problem(look())).toBe('403 forbidden')
    expect(await problem(put)).toBe('403 forbidden')
    expect(sim.storage.settings.setting('example', 'account').value).toBe('examplewest')
  })
})

describe('Key Vault', () => {
  const look = (change: Partial<Asked> = {}): Asked => ({
    method: 'GET',
    path: '/vaults/example/secrets/connection/',
    version: '2025-07-01',
    audience: audienceOf('vault'),
    ...change,
  })

  test('refuses: token with its challenge, audience, version, right, method, content type, body, what is not there', async () => {
    expect((await ask(look())).status).toBe(200)
    const none = await ask(look({ token: 'none' }))
    expect([none.status, none.challenge]).toEqual([401, expect.stringContaining('resource="https://vault')])
    expect(await refusal(look({ token: tokens.get(sim.url) ?? '' }))).toBe('401 Unauthorized')
    expect(await refusal(look({ version: '' }))).toBe('400 BadParameter')
    expect(await refusal(look({ version: '2016-10-01' }))).toBe('400 BadParameter')
    expect(await refusal(look({ method: 'DELETE' }))).toBe('400 BadParameter')
    expect(await refusal(look({ path: '/vaults/example/secrets/none/' }))).toBe('404 SecretNotFound')
    const put = look({ method: 'PUT', body: '{"value":"b"}' })
    expect(await refusal({ ...put, headers: { 'content-type': 'text/plain' } })).toBe('400 BadParameter')
    expect(await refusal({ ...put, body: '{"' })).toBe('400 BadParameter')
    expect(await refusal({ ...put, body: '{"value":5}' })).toBe('400 BadParameter')
    sim.withhold(['Microsoft.KeyVault/vaults/secrets/*'])
    expect(await refusal(look())).toBe('403 Forbidden')
    expect(await refusal(put)).toBe('403 Forbidden')
    expect(sim.storage.vaults.versions('example', 'connection')).toHaveLength(1)
  })
})
