// Properties of login links, sessions and tokens: only what was signed here, for this use, in its time, lets in.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSigner, noRevocations, readRevocations, revokeAll, revokeOne } from '../../src/web/session.ts'
import type { Claims, CredentialKind, Refusal, Signer } from '../../src/web/session.ts'

const now = 1_790_000_000_000
const minute = 60_000
const kinds: readonly CredentialKind[] = ['login', 'session', 'token']
const kind = fc.constantFrom(...kinds)
const secret = fc.string({ minLength: 32, maxLength: 64 })
const person = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' })

function issue(signer: Signer, what: CredentialKind, who: string, at: number = now): string {
  if (what === 'login') return signer.loginLink(who, at)
  return what === 'session' ? signer.session(who, at) : signer.token(who, at)
}

function claimsOf(verdict: Claims | Refusal): Claims {
  if ('refused' in verdict) throw new Error(`refused: ${verdict.refused}`)
  return verdict
}

describe('a credential', () => {
  const signer = createSigner('a secret of at least 32 characters')

  test('says who it was signed for, and is safe in a URL, a cookie and a header as it stands', () => {
    fc.assert(
      fc.property(secret, kind, person, (key, what, who) => {
        const mine = createSigner(key)
        const credential = issue(mine, what, who)

        expect(credential).toMatch(/^dr[lst]_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/)
        expect(mine.verify(what, credential, now, noRevocations)).toMatchObject({
          person: who,
          issuedAt: now,
        })
      }),
    )
  })

  test('with any one character changed, dropped or added is refused', () => {
    fc.assert(
      fc.property(kind, fc.nat(), fc.string({ maxLength: 2, unit: 'grapheme' }), (what, place, put) => {
        const credential = issue(signer, what, 'ann')
        const at = place % credential.length
        const changed = credential.slice(0, at) + put + credential.slice(at + 1)
        fc.pre(changed !== credential)

        expect(signer.verify(what, changed, now, noRevocations)).toHaveProperty('refused')
      }),
      { numRuns: 2000 },
    )
  })

  test('whose last character has another spelling of the same bits is refused', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const credential = signer.session('ann', now)

    const twins = alphabet
      .split('')
      .map((last) => credential.slice(0, -1) + last)
      .filter((each) => each !== credential)

    for (const twin of twins) {
      expect(signer.verify('session', twin, now, noRevocations)).toEqual({ refused: 'forged' })
    }
  })

  test('of another secret is refused', () => {
    fc.assert(
      fc.property(secret, secret, kind, (mine, theirs, what) => {
        fc.pre(mine !== theirs)
        const credential = issue(createSigner(theirs), what, 'ann')

        expect(createSigner(mine).verify(what, credential, now, noRevocations)).toEqual({ refused: 'forged' })
      }),
    )
  })

  test('is good for its own use only, even with the prefix of another', () => {
    for (const from of kinds) {
      for (const to of kinds.filter((other) => other !== from)) {
        const credential = issue(signer, from, 'ann')
        const prefix = issue(signer, to, 'ann').slice(0, 4)

        expect(signer.verify(to, credential, now, noRevocations)).toEqual({ refused: 'malformed' })
        expect(signer.verify(to, prefix + credential.slice(4), now, noRevocations)).toEqual({
          refused: 'forged',
        })
      }
    }
  })

  test.each([
    ['login', 10 * minute],
    ['session', 8 * 24 * 60 * minute],
    ['token', 90 * 24 * 60 * minute],
  ] as const)('of kind %s ends after its time, to the millisecond', (what, lifetime) => {
    const credential = issue(signer, what, 'ann')

    expect(signer.verify(what, credential, now + lifetime - 1, noRevocations)).toHaveProperty('person', 'ann')
    expect(signer.verify(what, credential, now + lifetime, noRevocations)).toEqual({ refused: 'expired' })
  })

  test.each(kinds)('of kind %s from a minute in the future, or later, is refused', (what) => {
    const soon = issue(signer, what, 'ann', now + minute)
    const later = issue(signer, what, 'ann', now + minute + 1)

    expect(signer.verify(what, soon, now, noRevocations)).toHaveProperty('person', 'ann')
    expect(signer.verify(what, later, now, noRevocations)).toEqual({ refused: 'forged' })
  })

  test('that is any text at all is refused without an error', () => {
    fc.assert(
      fc.property(kind, fc.string({ maxLength: 200, unit: 'binary' }), (what, text) => {
        expect(signer.verify(what, text, now, noRevocations)).toHaveProperty('refused')
        expect(signer.verify(what, `drs_${text}`, now, noRevocations)).toHaveProperty('refused')
      }),
    )
  })
})

describe('revoking', () => {
  const signer = createSigner('a secret of at least 32 characters')

  test('a login link used once is used up, and no other one is', () => {
    const first = signer.loginLink('ann', now)
    const second = signer.loginLink('ann', now)

    const used = revokeOne(noRevocations, claimsOf(signer.verify('login', first, now, noRevocations)), now)

    expect(signer.verify('login', first, now, used)).toEqual({ refused: 'revoked' })
    expect(signer.verify('login', second, now, used)).toHaveProperty('person', 'ann')
  })

  test('everything of a person ends what was issued before, and nothing else', () => {
    const old = signer.token('ann', now - 1)
    const fresh = signer.token('ann', now)
    const other = signer.token('bob', now - 1)

    const revoked = revokeAll(noRevocations, 'ann', now)

    expect(signer.verify('token', old, now, revoked)).toEqual({ refused: 'revoked' })
    expect(signer.verify('token', fresh, now, revoked)).toHaveProperty('person', 'ann')
    expect(signer.verify('token', other, now, revoked)).toHaveProperty('person', 'bob')
  })

  test('keeps the list short: what expired an hour ago is forgotten, and not before, since clocks differ', () => {
    const claims = (at: number) =>
      claimsOf(signer.verify('login', signer.loginLink('ann', at), at, noRevocations))
    const idsAfter = (later: number): readonly string[] =>
      Object.keys(revokeOne(revokeOne(noRevocations, claims(now), now), claims(later), later).ids)

    expect(idsAfter(now + 11 * minute)).toHaveLength(2)
    expect(idsAfter(now + 71 * minute)).toHaveLength(1)
  })

  test('survives the store', () => {
    const claims = claimsOf(signer.verify('token', signer.token('ann', now), now, noRevocations))
    const revoked = revokeAll(revokeOne(noRevocations, claims, now), 'bob', now)

    expect(readRevocations(JSON.stringify(revoked))).toEqual(revoked)
    expect(readRevocations(undefined)).toEqual(noRevocations)
  })

  test('a person named like a property of every object is not revoked by it', () => {
    const credential = signer.token('constructor', now)

    expect(signer.verify('token', credential, now, noRevocations)).toHaveProperty('person', 'constructor')
  })
})
