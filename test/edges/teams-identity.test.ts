// The bot's own token where it has no secret: from the managed identity of the machine, as App Service offers it.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cloudOf } from '../../src/chat/teams/cloud.ts'
import { createRegistration, teamsSettings } from '../../src/chat/teams/registration.ts'
import { createTokens, type Tokens } from '../../src/chat/teams/tokens.ts'

const asked: URLSearchParams[] = []
let silent = false
const server = createServer((request, response) => {
  asked.push(new URL(request.url ?? '', 'http://sim').searchParams)
  if (silent) return
  response.setHeader('content-type', 'application/json')
  const expires = String(Math.floor(Date.now() / 1_000) + 3_600)
  response.end(
    JSON.stringify({ access_token: `token-${asked.length}`, expires_on: expires, token_type: 'Bearer' }),
  )
})

// The SDK remembers the address from its first use on.
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/token`)
  vi.stubEnv('IDENTITY_HEADER', 'header')
})
afterAll(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})

const appId = '0a0b0c0d-1111-4222-8333-444455556666'

function open(): Tokens {
  return createTokens({
    appId,
    tenantId: 't',
    proof: { kind: 'managed-identity' },
    cloud: cloudOf(undefined),
  })
}

test('the managed identity is asked with its client id, once for each audience', async () => {
  const tokens = open()
  const limits = { timeout: 5_000, signal: AbortSignal.timeout(5_000) }

  const first = await tokens.get('https://api.botframework.com', limits)
  const again = await tokens.get('https://api.botframework.com', limits)
  const graph = await tokens.get('https://graph.microsoft.com', limits)

  expect([first, again, graph]).toEqual(['token-1', 'token-1', 'token-2'])
  expect(asked.map((each) => [each.get('client_id'), each.get('resource')])).toEqual([
    [appId, 'https://api.botframework.com'],
    [appId, 'https://graph.microsoft.com'],
  ])
})

test('a managed identity that is silent holds up a page no longer than the page has', async () => {
  silent = true
  const limits = { timeout: 50, signal: new AbortController().signal }

  await expect(open().get('https://other.example.com', limits)).rejects.toMatchObject({
    name: 'RetryableError',
    done: 'never',
    message: 'The managed identity gave no token for https://other.example.com within 0.05s.',
  })
})

test("the cloud in China has Entra's address of today, and no service of its own", () => {
  const login = 'https://login.partner.microsoftonline.cn'
  const settings = teamsSettings({
    MICROSOFT_APP_ID: appId,
    MICROSOFT_APP_TENANT_ID: 't',
    MICROSOFT_APP_TYPE: 'UserAssignedMSI',
    TEAMS_TEAM_ID: 'team',
    TEAMS_CHANNEL_ID: '19:c@thread.tacv2',
    TEAMS_LOGIN_URL: login,
    TEAMS_NO_AUTH: false,
  })
  if (!settings) throw new Error('Teams is off')
  const service = 'https://smba.example.cn/teams'

  expect(cloudOf(login)).toMatchObject({
    login,
    audience: 'https://api.botframework.azure.cn',
    metadata: 'https://login.botframework.azure.cn/v1/.well-known/openidconfiguration',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  })
  expect(() => createRegistration(settings)).toThrow(/^TEAMS_SERVICE_URL is not set, and for the cloud of /)
  expect(createRegistration({ ...settings, serviceUrl: service })).toMatchObject({ serviceUrl: service })
  expect(() => cloudOf('https://login.chinacloudapi.cn')).toThrow(login)
})

test('the cloud of the US government has its own addresses; another one is refused with what to write', () => {
  expect(cloudOf('https://login.microsoftonline.us')).toMatchObject({
    issuer: 'https://api.botframework.us',
    graph: 'https://graph.microsoft.us',
  })
  expect(() => cloudOf('https://login.example.com')).toThrow(
    'TEAMS_LOGIN_URL is https://login.example.com: write',
  )
})
