// Signs and checks what lets a person in: one-time login links, console sessions, tokens of the command line.
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { BugError } from '../errors.ts'
import { clockSkew } from '../ahead.ts'
import { minute } from '../ids.ts'
import type { Duration, Instant, PersonId } from '../ids.ts'

/** A session is not a token of the command line, and neither is a login link: each kind is signed with its own key. */
export type CredentialKind = 'login' | 'session' | 'token'

/** The prefix makes a credential that leaked findable by scanners, and says to people what they have in hand. */
const prefixes: { readonly [K in CredentialKind]: string } = { login: 'drl_', session: 'drs_', token: 'drt_' }
/** An on-call turn is a week: who is paged at three at night must not need a terminal on the bot's host to sign in. */
export const sessionLifetime: Duration = 8 * 24 * 60 * minute
const lifetimes: { readonly [K in CredentialKind]: Duration } = {
  login: 10 * minute,
  session: sessionLifetime,
  token: 90 * 24 * 60 * minute,
}

/** What a credential says, once its signature was found good. `id` is unique; by it a single one is revoked. */
export interface Claims {
  readonly person: PersonId
  readonly id: string
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

export interface Refusal {
  readonly refused: 'malformed' | 'forged' | 'expired' | 'revoked'
}

/**
 * What counts no more: single credentials by id (with the instant after which they would have expired anyway),
 * and all credentials of a person that were issued before an instant. Kept in the store as one setting.
 */
export const Revocations = z.object({
  ids: z.record(z.string(), z.number()),
  before: z.record(z.string(), z.number()),
})
export type Revocations = Readonly<z.infer<typeof Revocations>>

export const noRevocations: Revocations = { ids: {}, before: {} }

export interface Signer {
  /** A one-time link's token, good for 10 minutes. Whoever accepts it revokes its id in the same breath. */
  readonly loginLink: (person: PersonId, now: Instant) => string
  /** A console session, good for 8 days. */
  readonly session: (person: PersonId, now: Instant) => string
  /** A token for the command line and the API, good for 90 days. */
  readonly token: (person: PersonId, now: Instant) => string
  readonly verify: (
    kind: CredentialKind,
    credential: string,
    now: Instant,
    revocations: Revocations,
  ) => Claims | Refusal
}

/** The fields in the order in which they are signed; short, since it all goes into a cookie and a link. */
const Payload = z.tuple([z.string().min(1), z.string().min(1), z.int(), z.int()])

/** The form is `PREFIX payload . mac`, both parts base64url: safe in a URL, a cookie and a header as it stands. */
export function createSigner(secret: string): Signer {
  const issue = (kind: CredentialKind, person: PersonId, now: Instant): string => {
    const fields = [person, randomBytes(12).toString('base64url'), now, now + lifetimes[kind]]
    const payload = Buffer.from(JSON.stringify(fields)).toString('base64url')
    return `${prefixes[kind]}${payload}.${sign(secret, kind, payload)}`
  }
  return {
    loginLink: (person, now) => issue('login', person, now),
    session: (person, now) => issue('session', person, now),
    token: (person, now) => issue('token', person, now),
    verify: (kind, credential, now, revocations) => {
      const claims = readSigned(secret, kind, credential)
      if ('refused' in claims) return claims
      if (claims.issuedAt > now + clockSkew) return { refused: 'forged' }
      if (now >= claims.expiresAt) return { refused: 'expired' }
      return isRevoked(claims, revocations) ? { refused: 'revoked' } : claims
    },
  }
}

/** How long what was taken back is known after its end: another process may not have come to that end by its clock. */
const knownAfterEnd: Duration = 60 * minute

/** Takes one credential back; also how a login link is used up. What expired long before `now` is forgotten. */
export function revokeOne(revocations: Revocations, claims: Claims, now: Instant): Revocations {
  const living = Object.entries(revocations.ids).filter(([, end]) => end > now - knownAfterEnd)
  return { ...revocations, ids: { ...Object.fromEntries(living), [claims.id]: claims.expiresAt } }
}

/** Takes back everything that was issued to a person before `now`. */
export function revokeAll(revocations: Revocations, person: PersonId, now: Instant): Revocations {
  return { ...revocations, before: { ...revocations.before, [person]: now } }
}

/**
 * Takes a `before` that has not come yet back to `now`, so that what is issued from now on counts; undefined when there
 * is none. A clock that was ahead has written it.
 */
export function settleRevocations(revocations: Revocations, now: Instant): Revocations | undefined {
  const before = Object.entries(revocations.before)
  if (before.every(([, at]) => at <= now + clockSkew)) return undefined
  const settled = before.map(([person, at]) => [person, at <= now + clockSkew ? at : now] as const)
  return { ...revocations, before: Object.fromEntries(settled) }
}

/** Reads the store's setting; undefined (never written) is none. */
export function readRevocations(text: string | undefined): Revocations {
  if (text === undefined) return noRevocations
  const parsed = Revocations.safeParse(JSON.parse(text))
  if (!parsed.success)
    throw new BugError('the setting of revoked credentials is not one', { cause: parsed.error })
  return parsed.data
}

function isRevoked(claims: Claims, revocations: Revocations): boolean {
  const before = Object.hasOwn(revocations.before, claims.person)
    ? revocations.before[claims.person]
    : undefined
  return Object.hasOwn(revocations.ids, claims.id) || (before !== undefined && claims.issuedAt < before)
}

function readSigned(secret: string, kind: CredentialKind, credential: string): Claims | Refusal {
  const prefix = prefixes[kind]
  const [payload, mac, ...rest] = credential.slice(prefix.length).split('.')
  if (!credential.startsWith(prefix) || payload === undefined || mac === undefined || rest.length > 0) {
    return { refused: 'malformed' }
  }
  // The texts are compared, not the bytes they decode to: base64url has several spellings of one value.
  if (!sameText(mac, sign(secret, kind, payload))) return { refused: 'forged' }
  const parsed = Payload.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()))
  if (!parsed.success) return { refused: 'malformed' }
  const [person, id, issuedAt, expiresAt] = parsed.data
  return { person, id, issuedAt, expiresAt }
}

/** The kind is part of what is signed, so that changing a prefix does not change what a credential is good for. */
function sign(secret: string, kind: CredentialKind, payload: string): string {
  return createHmac('sha256', secret).update(`dr-chatops-bot 1 ${kind}\n${payload}`).digest('base64url')
}

/** Compares in a time that says nothing of where they differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
