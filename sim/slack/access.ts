// Who may call what: tokens and their scopes, and how often: tiers of calls per minute, and one message a second.
import { Refusal, TooMany } from './envelope.ts'

export interface SlackToken {
  readonly value: string
  /** xoxb-: what the bot calls with. xapp-: only opens Socket Mode connections. */
  readonly kind: 'bot' | 'app'
  scopes: readonly string[]
  /** The error word it is refused with, such as `token_revoked` or `account_inactive`. */
  refused?: string
}

/** Slack's tiers: calls per minute, method and workspace. `post`: about one a second and channel. */
export type Tier = 1 | 2 | 3 | 4 | 'post' | 'free'

/** Finds the call's token in the header or the arguments. */
export function authenticate(
  tokens: readonly SlackToken[],
  header: string | undefined,
  argument: unknown,
): SlackToken {
  const value = header === undefined ? argument : /^Bearer (.+)$/i.exec(header)?.[1]
  if (typeof value !== 'string' || value === '') throw new Refusal('not_authed')
  const token = tokens.find((token) => token.value === value)
  if (!token) throw new Refusal('invalid_auth')
  if (token.refused !== undefined) throw new Refusal(token.refused)
  return token
}

/** Refuses a token that has none of `scopes`; with no scopes asked for, every token will do. */
export function requireScope(token: SlackToken, scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.some((scope) => token.scopes.includes(scope))) return
  throw new Refusal('missing_scope', { needed: scopes.join(','), provided: token.scopes.join(',') })
}

/** Calls that may come at once, and how many come back each minute. */
const buckets: Readonly<
  Record<Exclude<Tier, 'free'>, { readonly burst: number; readonly perMinute: number }>
> = {
  1: { burst: 1, perMinute: 1 },
  2: { burst: 20, perMinute: 20 },
  3: { burst: 50, perMinute: 50 },
  4: { burst: 100, perMinute: 100 },
  post: { burst: 4, perMinute: 60 },
}

export interface RateLimits {
  /** Counts one call under `key` (method, and channel for messages); throws TooMany when there are too many. */
  readonly count: (tier: Tier, key: string) => void
}

/** Limits that forget with time; `now` in ms. */
export function rateLimits(now: () => number): RateLimits {
  const levels = new Map<string, { left: number; at: number }>()
  return {
    count: (tier, key) => {
      if (tier === 'free') return
      const { burst, perMinute } = buckets[tier]
      const at = now()
      const level = levels.get(key) ?? { left: burst, at }
      const left = Math.min(burst, level.left + ((at - level.at) * perMinute) / 60_000)
      if (left < 1) {
        levels.set(key, { left, at })
        throw new TooMany(Math.max(1, Math.ceil(((1 - left) * 60) / perMinute)))
      }
      levels.set(key, { left: left - 1, at })
    },
  }
}
