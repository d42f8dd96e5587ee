// Credentials against the store: what was taken back counts no more, and a login link is used up at its first use.
import { ConflictError } from '../errors.ts'
import type { Instant } from '../ids.ts'
import type { Store } from '../ports.ts'
import { readRevocations, revokeOne } from './session.ts'
import type { Claims, CredentialKind, Refusal, Signer } from './session.ts'

/** The store's setting that holds what was taken back. */
const revocationsSetting = 'revocations'
/** Others write the setting too, rarely: nobody loses this often. */
const tries = 20

export interface Credentials {
  readonly verify: (kind: CredentialKind, credential: string, now: Instant) => Promise<Claims | Refusal>
  /** Takes a credential back; false when it had been taken back already, by whoever came first. */
  readonly revoke: (claims: Claims, now: Instant) => Promise<boolean>
}

export function createCredentials(signer: Signer, store: Pick<Store, 'setting' | 'putSetting'>): Credentials {
  return {
    verify: async (kind, credential, now) =>
      signer.verify(kind, credential, now, readRevocations(await store.setting(revocationsSetting))),
    revoke: async (claims, now) => {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const text = await store.setting(revocationsSetting)
        const revocations = readRevocations(text)
        if (Object.hasOwn(revocations.ids, claims.id)) return false
        const next = JSON.stringify(revokeOne(revocations, claims, now))
        if ((await store.putSetting(revocationsSetting, text, next)) === 'committed') return true
      }
      throw new ConflictError('the revoked credentials are being written by many at once; try again')
    },
  }
}
