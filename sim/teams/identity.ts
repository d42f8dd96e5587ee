// The token issuers of the simulated cloud: Entra's for the bot's own calls, Bot Framework's for what is sent to the bot.
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import { refusal, type Answer } from './answer.ts'

/** Issuer of the tokens with which Teams comes to a bot (Azure Bot Service, "Authentication with the Bot Connector API"). */
const botIssuer = 'https://api.botframework.com'
/** For whom the bot's tokens for the connector are. */
const connectorAudience = 'https://api.botframework.com'
const graphAudience = 'https://graph.microsoft.com'

/** How a token that is sent to the bot differs from a right one. */
export interface TokenFlaw {
  /**
   * no-token: without the header. not-bearer: another scheme. garbage: no token at all. expired: an hour ago.
   * early: valid only in an hour. audience: for another bot. issuer: by somebody else, with the right key.
   * key: signed with a key of one's own, under the name of the right one. unknown-key: the same under its own name.
   * unsigned: algorithm `none`. symmetric: HS256 with the public key as secret. endorsement: by a key that does not
   * vouch for Teams. service-url: for another service URL. emulator: as Bot Framework's emulator would come.
   */
  readonly kind:
    | 'no-token'
    | 'not-bearer'
    | 'garbage'
    | 'expired'
    | 'early'
    | 'audience'
    | 'issuer'
    | 'key'
    | 'unknown-key'
    | 'unsigned'
    | 'symmetric'
    | 'endorsement'
    | 'service-url'
    | 'emulator'
}

export interface Identity {
  /** The value of the Authorization header for one delivery; undefined: none. */
  readonly authorization: (serviceUrl: string, flaw?: TokenFlaw['kind']) => Promise<string | undefined>
  readonly metadata: () => Answer
  readonly keys: () => Promise<Answer>
  /** The token endpoint of a tenant. */
  readonly token: (tenant: string, form: URLSearchParams) => Promise<Answer>
  /** Whom a token that the bot brings lets in; `expired` when it was for that. */
  readonly check: (
    header: string | undefined,
    audience: 'connector' | 'graph',
  ) => 'ok' | 'missing' | 'bad' | 'expired'
  /** Tokens that were given out are worth nothing from now on. */
  readonly revoke: () => void
  /** New keys for what is sent to the bot; the old ones are not published any more. */
  readonly rotate: () => void
  readonly setRoles: (roles: readonly string[]) => void
  readonly setSecret: (secret: string) => void
}

export interface IdentityOptions {
  readonly tenantId: string
  readonly appId: string
  readonly secret: string
  /** Application permissions of Graph that were granted. */
  readonly roles: readonly string[]
  readonly origin: () => string
  /** Seconds that a token for the bot's own calls is valid. Default an hour. */
  readonly tokenLife?: number
}

interface SigningKey {
  readonly id: string
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly endorsements: readonly string[]
}

/** Keys take a while to make: a process makes each once. */
const made = new Map<string, SigningKey['pair']>()

function signingKey(id: string, endorsements: readonly string[] = ['msteams', 'webchat']): SigningKey {
  const pair = made.get(id) ?? generateKeyPairSync('rsa', { modulusLength: 2048 })
  made.set(id, pair)
  return { id, pair, endorsements }
}

export function createIdentity(options: IdentityOptions): Identity {
  const { appId, tenantId } = options
  const forDirectLine = (): SigningKey => signingKey('sim-directline', ['directline'])
  const given = new Map<string, { readonly audience: string; readonly until: number }>()
  let generation = 1
  let { roles, secret } = options
  const current = (): SigningKey => signingKey(`sim-key-${generation}`)

  async function jwkOf({ id, pair, endorsements }: SigningKey): Promise<object> {
    const jwk = await exportJWK(pair.publicKey)
    return { ...jwk, kid: id, use: 'sig', x5t: id, endorsements }
  }

  async function authorization(serviceUrl: string, flaw?: TokenFlaw['kind']): Promise<string | undefined> {
    if (flaw === 'no-token') return undefined
    if (flaw === 'not-bearer') return 'Basic dXNlcjpwYXNz'
    if (flaw === 'garbage') return 'Bearer not.a.token'
    const now = Math.floor(Date.now() / 1000)
    const begun = flaw === 'expired' ? now - 7_200 : flaw === 'early' ? now + 3_600 : now - 10
    const claims = {
      serviceurl: flaw === 'service-url' ? 'https://elsewhere.example.com/' : serviceUrl,
      ...(flaw === 'emulator' && { appid: appId, ver: '1.0' }),
    }
    const times = { iat: begun, nbf: begun, exp: begun + 3_600 }
    const issuer =
      flaw === 'issuer'
        ? 'https://issuer.example.com'
        : flaw === 'emulator'
          ? 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/'
          : botIssuer
    const audience = flaw === 'audience' ? '77777777-0000-4000-8000-000000000000' : appId
    const payload = { ...claims, ...times, iss: issuer, aud: audience }
    if (flaw === 'unsigned') return `Bearer ${unsigned({ alg: 'none', kid: current().id }, payload)}`
    return `Bearer ${await sign(payload, flaw)}`
  }

  async function sign(payload: Readonly<Record<string, unknown>>, flaw?: TokenFlaw['kind']): Promise<string> {
    const right = current()
    const jwt = new SignJWT(payload)
    if (flaw === 'symmetric') {
      const pem = right.pair.publicKey.export({ type: 'spki', format: 'pem' })
      return jwt.setProtectedHeader({ alg: 'HS256', kid: right.id }).sign(Buffer.from(pem))
    }
    const own = flaw === 'key' || flaw === 'unknown-key' ? signingKey('forged') : undefined
    const key = own ?? (flaw === 'endorsement' ? forDirectLine() : right)
    const kid = flaw === 'key' ? right.id : key.id
    return jwt.setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, x5t: kid }).sign(key.pair.privateKey)
  }

  async function token(tenant: string, form: URLSearchParams): Promise<Answer> {
    const error = tokenRefusal(tenant, form)
    if (error) return error
    const audience = (form.get('scope') ?? '').replace(/\/\.default$/, '')
    const life = options.tokenLife ?? 3_600
    const now = Math.floor(Date.now() / 1000)
    const value = await new SignJWT({
      appid: appId,
      tid: tenantId,
      ...(audience === graphAudience && { roles }),
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: current().id })
      .setIssuer(`https://sts.windows.net/${tenantId}/`)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + life)
      .setJti(randomUUID())
      .sign(current().pair.privateKey)
    given.set(value, { audience, until: Date.now() + life * 1_000 })
    return {
      status: 200,
      body: { token_type: 'Bearer', expires_in: life, ext_expires_in: life, access_token: value },
    }
  }

  function tokenRefusal(tenant: string, form: URLSearchParams): Answer | undefined {
    const scope = form.get('scope')
    if (tenant !== tenantId)
      return entraError(400, 'invalid_request', `AADSTS90002: Tenant '${tenant}' not found.`)
    if (form.get('grant_type') !== 'client_credentials')
      return entraError(
        400,
        'unsupported_grant_type',
        'AADSTS70003: The app requested an unsupported grant type.',
      )
    if (form.get('client_id') !== appId)
      return entraError(
        400,
        'unauthorized_client',
        `AADSTS700016: Application with identifier '${form.get('client_id')}' was not found in the directory.`,
      )
    if (form.get('client_secret') !== secret)
      return entraError(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.')
    if (scope !== `${connectorAudience}/.default` && scope !== `${graphAudience}/.default`)
      return entraError(
        400,
        'invalid_scope',
        `AADSTS70011: The provided value for scope ${scope} is not valid.`,
      )
    return undefined
  }

  return {
    authorization,
    token,
    metadata: () => ({
      status: 200,
      body: {
        issuer: botIssuer,
        authorization_endpoint: 'https://invalid.botframework.com',
        jwks_uri: `${options.origin()}/botframework/v1/.well-known/keys`,
        id_token_signing_alg_values_supported: ['RS256'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      },
    }),
    keys: async () => ({
      status: 200,
      body: { keys: await Promise.all([current(), forDirectLine()].map(jwkOf)) },
    }),
    check: (header, audience) => {
      const value = /^Bearer (\S+)$/.exec(header ?? '')?.[1]
      if (value === undefined) return 'missing'
      const known = given.get(value)
      if (known?.audience !== (audience === 'graph' ? graphAudience : connectorAudience)) return 'bad'
      return known.until < Date.now() ? 'expired' : 'ok'
    },
    revoke: () => given.clear(),
    rotate: () => {
      generation += 1
    },
    setRoles: (next) => {
      roles = next
    },
    setSecret: (next) => {
      secret = next
    },
  }
}

/** A token whose header says that it needs no signature, with one that is none. */
function unsigned(...parts: readonly object[]): string {
  return [...parts.map((each) => Buffer.from(JSON.stringify(each)).toString('base64url')), 'AAAA'].join('.')
}

function entraError(status: number, error: string, description: string): Answer {
  return { ...refusal(status, error, description), body: { error, error_description: description } }
}
