// Key vaults of the simulated cloud: secrets with their versions, behind the challenge that says where a token is to be had.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Access, Principal } from './access.ts'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmRequest } from './routes.ts'

/** One version of a secret; given in the order in which they were made. */
export interface SecretInput {
  readonly vault: string
  readonly name: string
  readonly value: string
  readonly contentType?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly enabled?: boolean
}

export interface SimSecret extends Omit<SecretInput, 'vault' | 'name'> {
  readonly version: string
}

export interface Vaults {
  /** Answers a request below `/vaults/VAULT`, or throws an ArmError. */
  readonly answer: (request: ArmRequest) => ArmAnswer
  /** All versions, the newest last. */
  readonly versions: (vault: string, name: string) => readonly SimSecret[]
  /** What a person does in the portal: a new version. */
  readonly edit: (input: SecretInput) => void
}

export interface VaultsOptions {
  readonly access: Access
  readonly tenant: string
  readonly url: () => string
  readonly now: () => number
}

const audience = 'https://vault.azure.net'
const rights = 'Microsoft.KeyVault/vaults/secrets'
const apiVersions = ['7.4', '7.5', '7.6', '2025-07-01', '2026-04-01']
const Body = z.strictObject({
  value: z.string(),
  contentType: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  attributes: z
    .strictObject({ enabled: z.boolean().optional(), nbf: z.int().optional(), exp: z.int().optional() })
    .optional(),
})

export function createVaults(
  first: readonly SecretInput[],
  { access, tenant, url, now }: VaultsOptions,
): Vaults {
  const all = new Map<string, SimSecret[]>()
  const put = ({ vault, name, ...secret }: SecretInput): SimSecret => {
    const made = { ...secret, version: randomBytes(16).toString('hex') }
    all.set(`${vault}/${name}`, [...(all.get(`${vault}/${name}`) ?? []), made])
    return made
  }
  first.forEach(put)

  function authenticate(request: ArmRequest): Principal {
    const challenge = `Bearer authorization="${url()}/${tenant}", resource="${audience}"`
    try {
      return access.authenticate(request.authorization, audience)
    } catch {
      throw new ArmError(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.', {
        'www-authenticate': challenge,
      })
    }
  }

  function bundle(vault: string, name: string, secret: SimSecret): ArmAnswer {
    const { value, contentType, tags, enabled = true, version } = secret
    const at = Math.floor(now() / 1_000)
    const body = {
      value,
      ...(contentType === undefined ? {} : { contentType }),
      id: `https://${vault}.vault.azure.net/secrets/${name}/${version}`,
      attributes: { enabled, created: at, updated: at, recoveryLevel: 'Recoverable+Purgeable' },
      ...(tags === undefined ? {} : { tags }),
    }
    return { status: 200, body }
  }

  function read(vault: string, name: string, version: string): ArmAnswer {
    const versions = all.get(`${vault}/${name}`)
    const found = version === '' ? versions?.at(-1) : versions?.find((one) => one.version === version)
    if (!found)
      throw new ArmError(
        404,
        'SecretNotFound',
        `A secret with (name/id) ${name}${version === '' ? '' : `/${version}`} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
      )
    if (found.enabled === false)
      throw new ArmError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.')
    return bundle(vault, name, found)
  }

  function write(vault: string, name: string, { body, contentType }: ArmRequest): ArmAnswer {
    if (contentType !== 'application/json') throw badParameter('The content type must be application/json.')
    const parsed = Body.safeParse(jsonOf(body))
    if (!parsed.success) throw badParameter(parsed.error.issues[0]?.message ?? 'invalid')
    const { value, contentType: kind, tags, attributes } = parsed.data
    const made = put({
      vault,
      name,
      value,
      ...(kind === undefined ? {} : { contentType: kind }),
      ...(tags === undefined ? {} : { tags }),
      ...(attributes?.enabled === undefined ? {} : { enabled: attributes.enabled }),
    })
    return bundle(vault, name, made)
  }

  return {
    answer: (request) => {
      const principal = authenticate(request)
      if (!apiVersions.includes(request.query.get('api-version') ?? ''))
        throw badParameter('The specified api-version is invalid or missing.')
      const [, vault = '', part, name = '', version = '', ...more] = request.path.split('/').slice(1)
      if (part !== 'secrets' || name === '' || more.length > 0 || !['GET', 'PUT'].includes(request.method))
        throw badParameter('Method does not allow operation.')
      const right = `${rights}/${request.method === 'GET' ? 'getSecret' : 'setSecret'}/action`
      if (!access.mayDoData(principal, right)) throw forbidden(principal, right, vault)
      return request.method === 'GET' ? read(vault, name, version) : write(vault, name, request)
    },
    versions: (vault, name) => all.get(`${vault}/${name}`) ?? [],
    edit: (input) => {
      put(input)
    },
  }
}

function forbidden({ clientId }: Principal, action: string, vault: string): ArmError {
  return new ArmError(
    403,
    'Forbidden',
    `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=${clientId}\r\nAction: '${action}'\r\nAssignment: (not found)\r\nDecisionReason: null \r\nVault: ${vault};location=westeurope\r\n`,
  )
}

function badParameter(message: string): ArmError {
  return new ArmError(400, 'BadParameter', message)
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw badParameter('The request body is no JSON.')
  }
}
