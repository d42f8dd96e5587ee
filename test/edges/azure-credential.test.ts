// Each credential that can be chosen, against local servers that play what gives its token: what is sent, and what is said when there is none.
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'

const calm = new AbortController().signal
const proof = 'a.service-account.token'
const header = 'what-proves-that-it-is-this-machine'
let sim: AzureSim
let dir: string

beforeAll(async () => {
  sim = await startTestAzure()
})
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dr-credential-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  sim.fault(undefined)
  await rm(dir, { recursive: true })
})
afterAll(() => sim.stop())

/** A look at a pool by one who has only what this credential needs; what of it goes wrong is told in one line. */
async function look(change: Partial<AzureAccess>): Promise<string> {
  const access = accessTo(sim, { secret: undefined, ...change })
  const { readers } = createAzureSystems(createAzure(access), { clock: { now: () => 0 } })
  try {
    const pool = await readers.workers.pool({ resourceGroup: 'dr-rg', vmss: 'workers-vmss' }, calm)
    return `capacity ${pool.capacity}`
  } catch (thrown) {
    expectNoSecret([sim.secret, proof, header], thrown)
    if (!(thrown instanceof UserError || thrown instanceof RetryableError)) throw thrown
    return `${thrown instanceof UserError ? thrown.code : 'tried again'}: ${thrown.message}`
  }
}

/** A token that the simulated Azure takes, as Entra gives it to whoever may hand it out. */
async function goodToken(): Promise<string> {
  const body = new URLSearchParams({
    client_id: sim.clientId,
    client_secret: sim.secret,
    grant_type: 'client_credentials',
    scope: `${sim.url}/.default`,
  })
  const response = await fetch(`${sim.url}/${sim.tenant}/oauth2/v2.0/token`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}

interface Came {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly header: string | undefined
}

/**
 * What gives out the machine's identity, as App Service has it. The SDK looks once in a process where that is, and keeps
 * tokens for each client id: it is one for all tests, and each of them has a client id of its own.
 */
let machine: Server
let came: Came[]
let answer: { readonly status: number; readonly body: object } | 'closes'

beforeAll(async () => {
  machine = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://machine')
    const own = request.headers['x-identity-header']
    const shown = typeof own === 'string' ? own : undefined
    came.push({ path: pathname, query: Object.fromEntries(searchParams), header: shown })
    if (answer === 'closes') request.socket.destroy()
    else
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body))
  }).listen(0, '127.0.0.1')
  await once(machine, 'listening')
})
beforeEach(() => {
  came = []
  const { port } = machine.address() as AddressInfo
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', header)
})
afterAll(() => {
  machine.closeAllConnections()
  machine.close()
})

async function given(): Promise<object> {
  const expires = Math.floor(Date.now() / 1_000) + 3_600
  return {
    access_token: await goodToken(),
    expires_on: String(expires),
    resource: sim.url,
    token_type: 'Bearer',
  }
}

describe('managed-identity', () => {
  const credential = 'managed-identity' as const
  const advice =
    'Give the machine a managed identity (with AZURE_CLIENT_ID when it is a user-assigned one), or choose another AZURE_CREDENTIAL.'

  test('asks the machine for a token to Resource Manager, for the identity that is set, and asks nobody else', async () => {
    answer = { status: 200, body: await given() }
    const from = sim.requests.length

    expect(await look({ credential, client: 'an-identity-that-is-set' })).toBe('capacity 4')

    const query = { resource: sim.url, client_id: 'an-identity-that-is-set' }
    expect(came).toEqual([{ path: '/msi/token', query: expect.objectContaining(query), header }])
    expect(sim.requests.slice(from).filter(({ reason }) => reason === 'token')).toEqual([])
  })

  test('names no identity where none is set: the machine has one of its own', async () => {
    answer = { status: 200, body: await given() }

    expect(await look({ credential, client: undefined })).toBe('capacity 4')

    expect(came.map(({ query }) => 'client_id' in query)).toEqual([false])
  })

  test('says that the machine has no such identity, and what to do', async () => {
    answer = { status: 400, body: { error: 'invalid_request', error_description: 'Identity not found' } }

    expect(await look({ credential, client: 'not-of-this-machine' })).toBe(
      `azure-credential: Azure could not look at the scale set workers-vmss: it got no token (Identity not found.). Nothing was changed. ${advice}`,
    )
  })

  test.each([
    ['is in trouble', { status: 500, body: { error: 'server_error' } }],
    ['does not answer', 'closes'],
  ] as const)('says that what gives out the identity %s, and does not blame Entra ID', async (what, how) => {
    answer = how

    expect(await look({ credential, client: `for-one-that-${what}` })).toBe(
      `tried again: Azure could not look at the scale set workers-vmss: what gives out this machine's identity could not be reached. ${advice}`,
    )
  })
})

describe('workload-identity', () => {
  const credential = 'workload-identity' as const
  const advice =
    "Nothing was changed. Look at the service account's federated credential, AZURE_TENANT_ID and AZURE_CLIENT_ID."

  async function tokenFile(): Promise<string> {
    const path = join(dir, 'token')
    await writeFile(path, proof)
    return path
  }

  test("shows Entra ID the service account's token, and never a secret", async () => {
    sim.federate(proof)
    const from = sim.requests.length

    expect(await look({ credential, tokenFile: await tokenFile() })).toBe('capacity 4')

    const asked = sim.requests.slice(from).filter(({ reason }) => reason === 'token')
    expect(asked.map(({ path }) => path.split('?')[0]).filter((path) => path?.endsWith('/token'))).toEqual([
      `/${sim.tenant}/oauth2/v2.0/token`,
    ])
  })

  test('says that Entra ID does not know the service account, and what to look at', async () => {
    sim.federate('the token of another one')

    expect(await look({ credential, tokenFile: await tokenFile() })).toMatch(
      new RegExp(`^azure-credential: .*it got no token \\(AADSTS70021.*\\)\\. ${advice}$`),
    )
  })

  test('says that the file with the token is not there, and what to look at', async () => {
    const said = await look({ credential, tokenFile: join(dir, 'none') })

    expect(said).toMatch(/^azure-credential: /)
    expect(said).toContain(advice)
  })
})

describe('cli', () => {
  const credential = 'cli' as const

  /** A command `az` that does this, alone on the PATH but for the shell. */
  async function az(script: string): Promise<void> {
    const path = join(dir, 'az')
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    vi.stubEnv('PATH', `${dir}:/usr/bin:/bin`)
  }

  test('asks the command az for a token to Resource Manager, of the tenant that is set', async () => {
    const expires = Math.floor(Date.now() / 1_000) + 3_600
    const answer = { accessToken: await goodToken(), expires_on: expires, tokenType: 'Bearer' }
    await writeFile(join(dir, 'answer.json'), JSON.stringify(answer))
    await az(`echo "$@" > ${dir}/asked\ncat ${dir}/answer.json`)

    expect(await look({ credential })).toBe('capacity 4')

    const asked = await readFile(join(dir, 'asked'), 'utf8')
    expect(asked).toContain('account get-access-token')
    expect(asked).toContain(`--resource ${sim.url}`)
    expect(asked).toContain(`--tenant ${sim.tenant}`)
  })

  test('says that nobody is logged in, and how to', async () => {
    await az(`echo "Please run 'az login' to setup account." >&2\nexit 1`)

    expect(await look({ credential })).toBe(
      'azure-credential: Azure could not look at the scale set workers-vmss: it got no token. Nothing was changed. Log in with: az login',
    )
  })

  test('says that there is no command az', async () => {
    vi.stubEnv('PATH', dir)

    const said = await look({ credential })

    expect(said).toMatch(/^azure-credential: .*it got no token/)
    expect(said).toContain('az login')
  })
})

test('client-secret shows Entra ID the secret, and says that it is not taken', async () => {
  const credential = 'client-secret' as const

  expect(await look({ credential, secret: sim.secret })).toBe('capacity 4')
  expect(await look({ credential, secret: 'an old one' })).toBe(
    'azure-credential: Azure could not look at the scale set workers-vmss: it got no token (AADSTS7000215: Invalid client secret provided.). Nothing was changed. Look at AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET: the secret may have run out.',
  )
})

test('none asks nobody for a token', async () => {
  const from = sim.requests.length

  expect(await look({ credential: 'none' })).toMatch(
    /^azure-credential: .*AZURE_CREDENTIAL=none has no token/,
  )

  expect(sim.requests.slice(from).filter(({ reason }) => reason === 'token')).toEqual([])
})
