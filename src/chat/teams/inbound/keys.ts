// The keys with which Teams signs what it sends, as their issuer publishes them: fetched when needed, kept while it is away.
import { importJWK } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import { z } from 'zod'
import { RetryableError, reasonOf } from '../../../errors.ts'
import { second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { Log } from '../../../ports.ts'
import { readAnswer, shaped } from '../api-errors.ts'
import { exchange } from '../wire.ts'

/** One published key. */
export interface IssuerKey {
  readonly key: CryptoKey
  /** The channels for which the key vouches; empty: for all. */
  readonly endorsements: readonly string[]
}

/**
 * `unknown`: the issuer publishes no such key. `away`: it could not be asked, so nobody knows. `later`: it was asked a
 * moment ago and is not asked again yet, though it may have published the key since.
 */
export type FoundKey = IssuerKey | 'unknown' | 'away' | 'later'

export interface IssuerKeys {
  readonly find: (id: string) => Promise<FoundKey>
}

const Metadata = z.object({ jwks_uri: z.url() })
/** Each key is read by itself: one that is of no use here closes the door to none of the others. */
const Keys = z.object({ keys: z.array(z.unknown()) })
const Key = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string(),
  endorsements: z.array(z.string()).optional().catch(undefined),
})

/** Real milliseconds. Keys are fetched again each day, and at once for a new one, but not as often as anybody asks. */
const goodFor: Duration = 24 * 3_600 * second
const atMostEvery: Duration = 30 * second
const patience: Duration = 3 * second

/** Reads the keys behind the address of an issuer's OpenID metadata. */
export function createKeys({ metadata, log }: { readonly metadata: string; readonly log: Log }): IssuerKeys {
  let kept = new Map<string, IssuerKey>()
  let fetched = -Infinity
  let asked = -Infinity
  let failed = false
  let under: Promise<void> | undefined

  async function fetchKeys(): Promise<void> {
    asked = performance.now()
    try {
      kept = await readKeys(metadata)
      fetched = performance.now()
      failed = false
    } catch (thrown) {
      failed = true
      log.warn('the keys of Teams cannot be fetched; those that are known are kept', {
        reason: reasonOf(thrown),
      })
    }
  }

  async function refresh(): Promise<void> {
    under ??= fetchKeys().finally(() => {
      under = undefined
    })
    await under
  }

  return {
    find: async (id) => {
      const now = performance.now()
      const old = now - fetched > goodFor
      const mayAsk = under !== undefined || now - asked > (failed ? second : atMostEvery)
      if ((old || !kept.has(id)) && mayAsk) await refresh()
      return kept.get(id) ?? (failed ? 'away' : mayAsk ? 'unknown' : 'later')
    },
  }
}

async function readKeys(metadata: string): Promise<Map<string, IssuerKey>> {
  const { jwks_uri: url } = await read(Metadata, metadata, 'the metadata of its token issuer')
  const { keys } = await read(Keys, url, 'the keys of its token issuer')
  const imported = await Promise.all(keys.map(keyIn))
  const usable = imported.filter((one) => one !== undefined)
  if (usable.length === 0)
    throw new RetryableError(`None of the ${keys.length} keys of its token issuer can be used`)
  return new Map(usable)
}

/** Undefined for what signs no RS256: another kind of key, or one that says too little. */
async function keyIn(published: unknown): Promise<readonly [string, IssuerKey] | undefined> {
  const read = Key.safeParse(published)
  if (!read.success) return undefined
  const { endorsements = [], ...jwk } = read.data
  try {
    const key = await importJWK(jwk as JWK, 'RS256')
    return key instanceof Uint8Array ? undefined : [jwk.kid, { key, endorsements }]
  } catch {
    return undefined
  }
}

async function read<T>(schema: z.ZodType<T>, url: string, what: string): Promise<T> {
  const limits = { timeout: patience, signal: AbortSignal.timeout(patience) }
  return shaped(schema, readAnswer(await exchange({ method: 'GET', url }, what, limits), what), what)
}
