// Who may ask what: API tokens with their scopes, and the rate limit that blocks everything for five minutes.
import { ApiError } from './envelope.ts'

/** An API token. `read` and `edit` are zone ids: Zone:Read and DNS:Read, and DNS:Edit. */
export interface ApiToken {
  readonly value: string
  readonly id: string
  readonly status: 'active' | 'disabled' | 'expired'
  readonly read: readonly string[]
  readonly edit: readonly string[]
}

/**
 * Finds the request's token, or refuses as Cloudflare does: 400 for a missing or malformed header, 401 or 403 for a
 * wrong token.
 */
export function authenticate(
  tokens: readonly ApiToken[],
  header: string | undefined,
  verifying: boolean,
): ApiToken {
  if (header === undefined) {
    throw new ApiError(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
  }
  const value = /^Bearer ([\w-]{10,80})$/.exec(header)?.[1]
  if (value === undefined) {
    throw new ApiError(400, 6003, 'Invalid request headers', {
      chain: [{ code: 6111, message: 'Invalid format for Authorization header' }],
    })
  }
  const token = tokens.find((token) => token.value === value)
  if (token && (token.status === 'active' || verifying)) return token
  throw verifying
    ? new ApiError(401, 1000, 'Invalid API Token')
    : new ApiError(403, 9109, 'Invalid access token')
}

/** Refuses what the token's scope does not hold. */
export function permit(token: ApiToken, right: 'read' | 'edit', zone: string): void {
  if (!token[right].includes(zone)) throw new ApiError(403, 10_000, 'Authentication error')
}

export interface RateLimit {
  /** Counts a request; throws the 429 while blocked. */
  readonly count: () => void
}

/** `limit` requests in `window` ms; one more blocks every request for another `window` ms, as Cloudflare's does. */
export function rateLimit(limit: number, window: number, now: () => number): RateLimit {
  let since = now()
  let used = 0
  let blockedUntil = 0
  return {
    count: () => {
      const at = now()
      if (at < blockedUntil) throw tooMany(limit, blockedUntil - at, window)
      if (at - since >= window) {
        since = at
        used = 0
      }
      used += 1
      if (used <= limit) return
      blockedUntil = at + window
      throw tooMany(limit, window, window)
    },
  }
}

function tooMany(limit: number, left: number, window: number): ApiError {
  return new ApiError(
    429,
    971,
    `More than ${limit} requests per ${window / 1000} seconds reached. Please wait and consider throttling your request speed`,
    { headers: { 'retry-after': String(Math.ceil(left / 1000)) } },
  )
}
