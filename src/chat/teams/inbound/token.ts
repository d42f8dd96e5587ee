// Whether what claims to come from Teams does: its token's signature, issuer, audience, time and service URL.
import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { Cloud } from '../cloud.ts'
import type { IssuerKeys } from './keys.ts'

/**
 * `refused`: it is not from Teams, or not for this bot. `unsure`: the issuer's keys cannot be had just now. `later`:
 * whether it has published the key cannot be asked yet.
 */
export type Verdict =
  | { readonly kind: 'good'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused' | 'unsure' | 'later'; readonly why: string }

/** What the token must fit to. */
export interface Claimed {
  readonly channelId: string
  readonly serviceUrl: string
}

/** Clocks may differ so much, in seconds (Azure Bot Service, "Authentication with the Bot Connector API"). */
const tolerance = 5 * 60
const longest = 10_000

/**
 * Checks the header Authorization of a request, as the Bot Connector's guide lists it. Only the issuer for Teams is
 * taken: neither the emulator's tokens nor other bots' ("skills"). Never rejects.
 */
export async function checkToken(
  header: string | undefined,
  claimed: Claimed,
  deps: { readonly cloud: Pick<Cloud, 'issuer'>; readonly appId: string; readonly keys: IssuerKeys },
): Promise<Verdict> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header ?? '')?.[1]
  if (token === undefined || token.length > longest) return refused('it brings no token')
  const kid = keyId(token)
  if (kid === undefined) return refused('its token says no key')
  const found = await deps.keys.find(kid)
  if (found === 'unknown') return refused('its token is signed with a key that is not known')
  if (found === 'later')
    return { kind: 'later', why: 'its key is not known yet, and the keys were fetched a moment ago' }
  if (found === 'away') return { kind: 'unsure', why: 'the keys of Teams cannot be fetched' }
  if (found.endorsements.length > 0 && !found.endorsements.includes(claimed.channelId))
    return refused('its key does not vouch for Teams')
  try {
    const { payload } = await jwtVerify(token, found.key, {
      issuer: deps.cloud.issuer,
      audience: deps.appId,
      algorithms: ['RS256'],
      clockTolerance: tolerance,
      requiredClaims: ['exp'],
    })
    if (payload['serviceurl'] !== claimed.serviceUrl) return refused('its token is for another service URL')
    return { kind: 'good', claims: payload }
  } catch (thrown) {
    return refused(reasonOf(thrown))
  }
}

function keyId(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid
  } catch {
    return undefined
  }
}

function refused(why: string): Verdict {
  return { kind: 'refused', why }
}

/** In words of ours, since the library's may quote what was sent. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'its token has expired; is the clock of this machine right?'
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    const claims: Readonly<Record<string, string>> = {
      aud: 'its token is for another bot; is MICROSOFT_APP_ID right?',
      iss: 'its token is of another issuer; is TEAMS_LOGIN_URL right?',
      nbf: 'its token is not valid yet; is the clock of this machine right?',
    }
    return claims[thrown.claim] ?? 'its token lacks what a token of Teams has'
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'the signature of its token is wrong'
  return 'its token cannot be read'
}
