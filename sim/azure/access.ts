// Who may ask what: Entra's tokens with their audience and time, and rights as the actions of Azure roles.
import { randomBytes } from 'node:crypto'
import { ArmError, type ArmAnswer } from './envelope.ts'

/** An application of the tenant. `actions` and `dataActions` are Azure's, `*` stands for any text. */
export interface Principal {
  readonly clientId: string
  readonly secret: string
  readonly actions: readonly string[]
  readonly dataActions: readonly string[]
}

/** What one role gives, in Azure's words. */
export interface Grant {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
}

export interface Access {
  /** Entra's endpoints for this tenant: a token for client id and secret. */
  readonly entra: (path: string, form: URLSearchParams) => ArmAnswer
  /** What Entra says of the tenant to whoever is about to ask for a token. */
  readonly metadata: () => object
  /** Refuses without a good token of this audience. */
  readonly authenticate: (header: string | undefined, audience: string) => Principal
  /** Refuses what the principal has no right to, with the action's name as Azure words it. */
  readonly permit: (principal: Principal, action: string, scope: string) => void
  readonly mayDo: (principal: Principal, action: string) => boolean
  /** The same of what is done with the data of a service. */
  readonly mayDoData: (principal: Principal, action: string) => boolean
  /** What it may do, one role for each of Azure's services. */
  readonly grants: (principal: Principal) => readonly Grant[]
  /** Takes these rights away from everybody, until it is called again. */
  readonly withhold: (actions: readonly string[]) => void
  /** No token that was given out is good any more. */
  readonly forgetTokens: () => void
  /** The token of a service account in whose place the application may act; none at first. */
  readonly federate: (token: string) => void
}

export interface AccessOptions {
  readonly tenant: string
  readonly principals: readonly Principal[]
  /** Takes every token, as Azurite does: for `AZURE_CREDENTIAL=none`. */
  readonly open: boolean
  readonly url: () => string
  readonly now: () => number
}

interface Token {
  readonly audience: string
  readonly principal: Principal
  readonly expiresAt: number
}

const lifetime = 3_599_000
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const objectId = '00000000-0000-0000-0000-0000000000aa'

export function createAccess({ tenant, principals, open, url, now }: AccessOptions): Access {
  const tokens = new Map<string, Token>()
  let withheld: readonly string[] = []
  let federated: string | undefined
  const holds = (patterns: readonly string[], action: string): boolean =>
    patterns.some((pattern) => covers(pattern, action)) && !withheld.some((one) => covers(one, action))
  const mayDo = ({ actions }: Principal, action: string): boolean => holds(actions, action)

  function issue(form: URLSearchParams): ArmAnswer {
    const principal = principals.find(({ clientId }) => clientId === form.get('client_id'))
    const scope = form
      .get('scope')
      ?.split(' ')
      .find((one) => one.endsWith('/.default'))
    if (!principal)
      return refusal('unauthorized_client', 'AADSTS700016: Application was not found in the directory.')
    const unproven = notProven(principal, form)
    if (unproven) return unproven
    if (form.get('grant_type') !== 'client_credentials' || scope === undefined)
      return refusal('invalid_request', 'AADSTS900144: The request body must contain the parameter scope.')
    const audience = scope.slice(0, -'/.default'.length)
    const value = tokenOf({ audience, tenant, clientId: principal.clientId, now: now() })
    tokens.set(value, { audience, principal, expiresAt: now() + lifetime })
    return { status: 200, body: { token_type: 'Bearer', expires_in: lifetime / 1_000, access_token: value } }
  }

  /** By its secret, or by the token of a service account that Entra was told to trust. */
  function notProven({ secret }: Principal, form: URLSearchParams): ArmAnswer | undefined {
    const assertion = form.get('client_assertion')
    if (assertion === null)
      return secret === form.get('client_secret')
        ? undefined
        : refusal('invalid_client', 'AADSTS7000215: Invalid client secret provided.')
    if (assertion === federated && form.get('client_assertion_type') === jwtBearer) return undefined
    return refusal(
      'invalid_request',
      'AADSTS70021: No matching federated identity record found for presented assertion.',
    )
  }

  const metadata = (): object => metadataOf(`${url()}/${tenant}`)
  return {
    metadata,
    entra: (path, form) => {
      if (path === `/${tenant}/oauth2/v2.0/token`) return issue(form)
      if (path === `/${tenant}/v2.0/.well-known/openid-configuration`)
        return { status: 200, body: metadata() }
      return refusal('invalid_tenant', 'AADSTS90002: Tenant not found.')
    },
    authenticate: (header, audience) => {
      const value = /^Bearer (\S+)$/.exec(header ?? '')?.[1]
      const first = principals[0]
      if (open && value !== undefined && first) return first
      const token = value === undefined ? undefined : tokens.get(value)
      if (header === undefined)
        throw unauthenticated(
          'AuthenticationFailed',
          "Authentication failed. The 'Authorization' header is missing.",
        )
      if (!token) throw unauthenticated('InvalidAuthenticationToken', 'The access token is invalid.')
      if (token.expiresAt <= now())
        throw unauthenticated(
          'ExpiredAuthenticationToken',
          'The access token expiry UTC time is earlier than now.',
        )
      if (token.audience !== audience)
        throw unauthenticated(
          'InvalidAuthenticationTokenAudience',
          `The access token has been obtained for wrong audience or resource '${token.audience}'. It should exactly match with one of the allowed audiences '${audience}'.`,
        )
      return token.principal
    },
    mayDo,
    mayDoData: ({ dataActions }, action) => holds(dataActions, action),
    grants: (principal) => grantsOf(principal, withheld),
    permit: (principal, action, scope) => {
      if (mayDo(principal, action)) return
      throw new ArmError(
        403,
        'AuthorizationFailed',
        `The client '${principal.clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      )
    },
    withhold: (actions) => {
      withheld = actions
    },
    forgetTokens: () => tokens.clear(),
    federate: (token) => {
      federated = token
    },
  }
}

/** Formed as Entra's tokens are, since Azurite reads the claims; nobody looks at the signature. */
function tokenOf(of: {
  readonly audience: string
  readonly tenant: string
  readonly clientId: string
  readonly now: number
}): string {
  const begins = Math.floor(of.now / 1_000)
  const claims = {
    aud: of.audience,
    iss: `https://sts.windows.net/${of.tenant}/`,
    iat: begins,
    nbf: begins,
    exp: begins + lifetime / 1_000,
    appid: of.clientId,
    oid: objectId,
    tid: of.tenant,
    ver: '1.0',
  }
  const parts = [{ typ: 'JWT', alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)))
  return [...parts, randomBytes(24)].map((part) => part.toString('base64url')).join('.')
}

function grantsOf({ actions, dataActions }: Principal, withheld: readonly string[]): readonly Grant[] {
  const service = (action: string): string => (action.split('/')[0] ?? '').toLowerCase()
  const services = [...new Set([...actions, ...dataActions].map(service))]
  return services.map((one) => ({
    actions: actions.filter((action) => service(action) === one),
    notActions: withheld,
    dataActions: dataActions.filter((action) => service(action) === one),
    notDataActions: withheld,
  }))
}

function covers(pattern: string, action: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${escaped}$`, 'i').test(action)
}

function unauthenticated(code: string, message: string): ArmError {
  return new ArmError(401, code, message, { 'www-authenticate': 'Bearer error="invalid_token"' })
}

function refusal(error: string, description: string): ArmAnswer {
  return { status: error === 'invalid_client' ? 401 : 400, body: { error, error_description: description } }
}

/** What MSAL reads of a tenant before it asks for a token. */
function metadataOf(authority: string): object {
  return {
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  }
}
