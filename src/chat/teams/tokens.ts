// The bot's own tokens: from Entra by client secret, or from the managed identity of the machine; kept while they are good.
import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { minute, second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import { unlessAborted, within } from '../lanes.ts'
import { TeamsSilence, readAnswer, shaped } from './api-errors.ts'
import type { Cloud } from './cloud.ts'
import { exchange } from './wire.ts'
import type { Limits } from './wire.ts'

/** How the bot proves to Entra who it is. `none`: to a Teams on this machine it need not. */
export type Proof =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'managed-identity' }
  | { readonly kind: 'none' }

export interface Tokens {
  /** A token for this audience, such as `https://graph.microsoft.com`; undefined where none is needed. */
  readonly get: (audience: string, limits: Limits) => Promise<string | undefined>
  /** A token that was refused is not used again. */
  readonly drop: (audience: string) => void
}

interface Token {
  readonly value: string
  /** Machine time, in ms: from then on it is not accepted, and from `renew` on another one is asked for. */
  readonly until: number
  readonly renew: number
}

const Given = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() })

/** A token is renewed so long before its end, so that an outage of Entra is bridged by what is left of it. */
const early: Duration = 10 * minute
/** Clocks differ: the last seconds of a token are not used. */
const margin: Duration = 30 * second

export function createTokens(deps: {
  readonly appId: string
  readonly tenantId: string
  readonly proof: Proof
  readonly cloud: Cloud
}): Tokens {
  const held = new Map<string, Token>()
  const asked = new Map<string, Promise<Token>>()

  async function fresh(audience: string, limits: Limits): Promise<Token> {
    // Who asked first may have less time, or less patience, than this caller: what fails for them is asked for again.
    const theirs = await asked.get(audience)?.catch(() => undefined)
    if (theirs !== undefined) return theirs
    const own = asked.get(audience) ?? ask(audience, limits).finally(() => asked.delete(audience))
    asked.set(audience, own)
    const token = await own
    held.set(audience, token)
    return token
  }

  function ask(audience: string, limits: Limits): Promise<Token> {
    const { proof } = deps
    return proof.kind === 'secret'
      ? bySecret(deps, { audience, secret: proof.secret }, limits)
      : byIdentity(deps.appId, audience, limits)
  }

  return {
    get: async (audience, limits) => {
      if (deps.proof.kind === 'none') return undefined
      const now = Date.now()
      const old = held.get(audience)
      if (old && now < old.renew) return old.value
      const good = old && now < old.until - margin ? old : undefined
      try {
        return (await fresh(audience, limits)).value
      } catch (thrown) {
        // What is still good is used as long as it is.
        if (good) return good.value
        throw thrown
      }
    },
    drop: (audience) => held.delete(audience),
  }
}

function tokenOf(value: string, life: Duration): Token {
  const now = Date.now()
  return { value, until: now + life, renew: now + Math.max(life - early, life / 2) }
}

/** Client credentials (learn.microsoft.com, Entra, "OAuth 2.0 client credentials flow"). */
async function bySecret(
  { appId, tenantId, cloud }: { readonly appId: string; readonly tenantId: string; readonly cloud: Cloud },
  { audience, secret }: { readonly audience: string; readonly secret: string },
  limits: Limits,
): Promise<Token> {
  const what = `the sign-in of the bot at ${cloud.login} for ${audience}`
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: appId,
    client_secret: secret,
    scope: `${audience}/.default`,
  })
  const url = `${cloud.login}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`
  const answer = await exchange({ method: 'POST', url, form }, what, limits)
  const { access_token: value, expires_in: life } = shaped(Given, readAnswer(answer, what), what)
  return tokenOf(value, life * second)
}

/** The identity of the virtual machine, container or function; the SDK knows where each of them is asked. */
async function byIdentity(appId: string, audience: string, { timeout, signal }: Limits): Promise<Token> {
  const { ManagedIdentityCredential } = await import('@azure/identity')
  // What gives it is an address of the machine's own: it leads nowhere else.
  const credential = new ManagedIdentityCredential({ clientId: appId, redirectOptions: { maxRetries: 0 } })
  const asking = credential.getToken(`${audience}/.default`, { abortSignal: signal }).catch(() => {
    throw new UserError(
      'teams-identity',
      `The managed identity gives no token for ${audience}. Assign the user-assigned identity whose client id is MICROSOFT_APP_ID to this machine.`,
      { passing: true },
    )
  })
  // The SDK is deaf to the signal, and knows no limit.
  const token = await within(unlessAborted(asking, signal), timeout)
  if (token) return tokenOf(token.token, token.expiresOnTimestamp - Date.now())
  throw new TeamsSilence(
    `The managed identity gave no token for ${audience} within ${timeout / second}s.`,
    'never',
  )
}
