// Credentials against the store: what was taken back counts no more, and a login link is used up at its first use.
import { ConflictError } from '../errors.ts'
import type { Instant, PersonId } from '../ids.ts'
import { clockSkew } from '../ahead.ts'
import type { Store } from '../ports.ts'
import { readRevocations, revokeAll, revokeOne, settleRevocations } from './session.ts'
import type { Claims, CredentialKind, Refusal, Revocations, Signer } from './session.ts'

/** The store's setting that holds what was taken back. */
const revocationsSetting = 'revocations'
/** Others write the setting too, rarely: nobody loses this often. */
const tries = 20

export interface Credentials {
  readonly verify: (kind: CredentialKind, credential: string, now: Instant) => Promise<Claims | Refusal>
  /** Takes a credential back; false when it had been taken back already, by whoever came first. */
  readonly revoke: (claims: Claims, now: Instant) => Promise<boolean>
  /** Takes back everything that was issued to a person before now. */
  readonly revokeAll: (person: PersonId, now: Instant) => Promise<void>
  /** Looks whether a clock that was ahead has taken back what is issued from now on; that counts again then. */
  readonly settle: (now: Instant) => Promise<void>
}

export function createCredentials(
  signer: Signer,
  store: Pick<Store, 'setting' | 'putSetting' | 'latest'>,
): Credentials {
  return {
    verify: async (kind, credential, now) =>
      signer.verify(kind, credential, now, readRevocations(await store.setting(revocationsSetting))),
    revoke: (claims, now) =>
      change(store, (revocations) =>
        Object.hasOwn(revocations.ids, claims.id) ? undefined : revokeOne(revocations, claims, now),
      ),
    revokeAll: async (person, now) => {
      // What was issued in this very millisecond is meant too, and by a process whose clock is ahead of this one's.
      const latest = Math.max(now, await store.latest()) + 1
      const before = Math.min(latest, now + clockSkew)
      await change(store, (revocations) => revokeAll(revocations, person, before))
    },
    settle: async (now) => {
      await change(store, (revocations) => settleRevocations(revocations, now))
    },
  }
}

/** Writes what `next` makes of the setting; false when it makes nothing of it. */
async function change(
  store: Pick<Store, 'setting' | 'putSetting'>,
  next: (revocations: Revocations) => Revocations | undefined,
): Promise<boolean> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const text = await store.setting(revocationsSetting)
    const wanted = next(readRevocations(text))
    if (wanted === undefined) return false
    const outcome = await store.putSetting(revocationsSetting, text, JSON.stringify(wanted))
    if (outcome === 'committed') return true
  }
  throw new ConflictError('the revoked credentials are being written by many at once; try again')
}
