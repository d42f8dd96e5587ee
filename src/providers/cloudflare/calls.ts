// One call to Cloudflare's API: time limits, the answer's envelope, and what every failure means to a person.
import { printDuration } from '../../drplan/duration.ts'
import type Cloudflare from 'cloudflare'
import { z } from 'zod'
import { TooLong, bounded } from '../../bounded.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import { retryAfter } from '../retry-after.ts'
import { throwIfOver } from '../../limit.ts'

/** The SDK; it takes a fifth of a second to load, so it is loaded at the first call. */
type Sdk = typeof Cloudflare

export interface CloudflareAccess {
  readonly token: string
  /** With `/client/v4` at its end. Default: Cloudflare itself. */
  readonly baseUrl?: string | undefined
  /** For one request. Default 8 s. */
  readonly timeout?: Duration
}

/** What a request wants to do, in the words that follow "Cloudflare could not ...". */
export interface Purpose<T> {
  readonly doing: string
  readonly zone: string
  /** What the token must be allowed. */
  readonly right: 'Zone:Read' | 'DNS:Edit'
  /** A change is sent once and never repeated here: after a lost answer its outcome is found by looking. */
  readonly changes: boolean
  /** The form of what comes back. */
  readonly result: z.ZodType<T>
}

interface SendOptions {
  readonly signal: AbortSignal
  readonly maxRetries: number
}

/** Sends one request through the SDK and resolves to the raw response. */
type Send = (client: Cloudflare, options: SendOptions) => Promise<Response>

export interface CloudflareCalls {
  /** Loads the SDK before somebody waits for it. */
  readonly warm: () => Promise<void>
  /** Resolves to an answer whose `success` is true; throws UserError or RetryableError. */
  readonly call: <T>(purpose: Purpose<T>, signal: AbortSignal, send: Send) => Promise<Answer<T>>
}

/** A successful answer. */
interface Answer<T> {
  readonly result: T
  /** How many pages the whole list has. */
  readonly pages: number
}

const ApiErrorBody = z.object({
  code: z.number(),
  message: z.string(),
  error_chain: z.array(z.object({ code: z.number(), message: z.string() })).optional(),
})

const Envelope = z.object({
  success: z.boolean(),
  errors: z.array(ApiErrorBody).nullish(),
  result: z.unknown(),
  result_info: z.object({ total_pages: z.number().optional() }).nullish(),
})

const defaultBaseUrl = 'https://api.cloudflare.com/client/v4'
const defaultTimeout = 8 * second
/** How much of what an answer says of its errors is shown. */
const longestSaid = 300
/** How long Cloudflare blocks a user who went over the limit, when it does not say (its API rate limit page). */
const rateLimitBlock = 300 * second
/** How Cloudflare answers a token that it knows, for what that token may not do. */
const noRight = '10000 Authentication error'
/** Codes of a request whose token could not even be read: no header, or a malformed one. */
const tokenCodes = [6003, 6111, 9106, 9109, 10_000]

/** Opens nothing yet: the SDK is loaded at the first call. */
export function createCloudflareCalls(access: CloudflareAccess): CloudflareCalls {
  const timeout = access.timeout ?? defaultTimeout
  let loading: Promise<{ sdk: Sdk; client: Cloudflare }> | undefined
  const load = (): Promise<{ sdk: Sdk; client: Cloudflare }> => {
    loading ??= import('cloudflare').then(({ default: sdk }) => ({
      sdk,
      client: clientOf(sdk, access, timeout),
    }))
    return loading
  }
  return {
    warm: async () => {
      await load()
    },
    call: async (purpose, signal, send) => {
      refuseUnsendable(access.token, purpose)
      const { sdk, client } = await load()
      const maxRetries = purpose.changes ? 0 : 1
      const limit = AbortSignal.timeout(timeout * (maxRetries + 1) + second)
      try {
        if (signal.aborted) throw new sdk.APIUserAbortError()
        const options = { signal: AbortSignal.any([signal, limit]), maxRetries }
        const response = await send(client, options)
        return successOf(await response.json(), purpose.result)
      } catch (thrown) {
        throw explain(sdk, purpose, thrown, { stopped: signal.aborted, token: access.token, timeout })
      }
    },
  }
}

/** A token that is not set, or was pasted with a space or a line break, cannot be a header's value. */
function refuseUnsendable(token: string, purpose: Purpose<unknown>): void {
  if (/^[\x21-\x7e]+$/.test(token)) return
  const what = token === '' ? 'is not set' : 'holds a space, a line break or a letter that no token has'
  throw new UserError('cloudflare-token', `CLOUDFLARE_API_TOKEN ${what}. ${tokenAdvice(purpose)}`)
}

function tokenAdvice(purpose: Purpose<unknown>): string {
  return `Set CLOUDFLARE_API_TOKEN to an active token with the rights Zone:Read and DNS:Edit for ${purpose.zone}.`
}

function clientOf(Sdk: Sdk, access: CloudflareAccess, timeout: Duration): Cloudflare {
  return new Sdk({
    apiToken: access.token,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    baseURL: access.baseUrl?.replace(/\/+$/, '') ?? defaultBaseUrl,
    timeout,
    logLevel: 'off',
    fetch: fetchWithLimits,
  })
}

/**
 * The SDK sleeps as long as Retry-After says, up to five minutes and deaf to its signal. An answer that names a
 * time is handed on instead: whoever called knows better what to do until then. It has no limit of an answer's length
 * either, and would follow a redirect, with the change, to whatever host it names.
 */
async function fetchWithLimits(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  if (init?.method !== 'GET') throwIfOver(init?.signal)
  const response = bounded(await fetch(url, { ...init, redirect: 'error' }))
  if (!response.headers.has('retry-after')) return response
  const headers = new Headers(response.headers)
  headers.set('x-should-retry', 'false')
  return new Response(response.body, { status: response.status, headers })
}

/** Thrown for a 200 that carries no success: the SDK lets it pass as an empty result. */
class UnsuccessfulError extends Error {
  override readonly name = 'UnsuccessfulError'
}

function successOf<T>(body: unknown, form: z.ZodType<T>): Answer<T> {
  const envelope = Envelope.safeParse(body)
  if (envelope.success && !envelope.data.success) {
    throw new UnsuccessfulError(`success: false${textOf(envelope.data.errors ?? [])}`)
  }
  const result = form.safeParse(envelope.data?.result)
  if (!result.success) throw new UnsuccessfulError("an answer that is not of the API's form")
  return { result: result.data, pages: envelope.data?.result_info?.total_pages ?? 1 }
}

function textOf(errors: readonly z.infer<typeof ApiErrorBody>[]): string {
  const all = errors.flatMap((error) => [error, ...(error.error_chain ?? [])])
  return all.length === 0 ? '' : ` (${all.map(({ code, message }) => `${code} ${message}`).join('; ')})`
}

/** It was written by whoever answered, which may not be Cloudflare: one line, without marks that change how it is read. */
function plainText(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
  return shown.length > longestSaid ? `${shown.slice(0, longestSaid)}…` : shown
}

interface Circumstances {
  readonly stopped: boolean
  readonly token: string
  readonly timeout: Duration
}

/** Every failure of a call, as what a person or time can mend. The SDK's error is not kept: it holds headers. */
function explain(
  sdk: Sdk,
  purpose: Purpose<unknown>,
  thrown: unknown,
  { stopped, token, timeout }: Circumstances,
): UserError | RetryableError {
  // The token goes first: cut in two it would not be found any more.
  const clean = (text: string): string => plainText(text.replaceAll(token, '[token]'))
  const unknown = purpose.changes
    ? ' Whether the change was made is not known: look before trying again.'
    : ''
  const what = `Cloudflare could not ${purpose.doing}`
  const { APIError, APIConnectionTimeoutError, APIUserAbortError } = sdk
  if (stopped) return new RetryableError(`${what}: the request was stopped before it was answered.${unknown}`)
  if (
    thrown instanceof APIConnectionTimeoutError ||
    thrown instanceof APIUserAbortError ||
    isTimeOut(thrown)
  ) {
    return new RetryableError(`${what}: no answer within ${timeout / second}s.${unknown}`)
  }
  if (thrown instanceof APIError && thrown.status !== undefined) {
    return explainStatus(purpose, thrown.status, clean(errorsOf(thrown.error)), thrown.headers)
  }
  if (thrown instanceof TooLong) {
    return new RetryableError(
      `${what}: it answered with ${thrown.message}, which is not of its API's form.${unknown}`,
    )
  }
  if (thrown instanceof UnsuccessfulError || thrown instanceof SyntaxError) {
    const said = thrown instanceof SyntaxError ? 'something that is not JSON' : clean(thrown.message)
    return new RetryableError(`${what}: it answered 200, but with ${said}.${unknown}`)
  }
  return new RetryableError(`${what}: the connection failed (${clean(causeOf(thrown))}).${unknown}`)
}

function doubt(purpose: Purpose<unknown>): string {
  return purpose.changes ? ' Whether the change was made is not known: look before trying again.' : ''
}

function explainStatus(
  purpose: Purpose<unknown>,
  status: number,
  said: string,
  headers: Headers | undefined,
): UserError | RetryableError {
  const what = `Cloudflare could not ${purpose.doing}: ${status}${said}.`
  if (status === 403 && said.includes(noRight)) {
    const right = `The token lacks the right ${purpose.right} for ${purpose.zone}. Nothing was changed. Add it to the token of CLOUDFLARE_API_TOKEN in the Cloudflare dashboard, under API Tokens; the token itself stays the same.`
    return new UserError('cloudflare-right', `${what} ${right}`)
  }
  if (status === 401 || status === 403 || (status === 400 && namesToken(said))) {
    return new UserError('cloudflare-token', `${what} ${tokenAdvice(purpose)}`)
  }
  if (status === 429) {
    const after = retryAfter(headers) ?? rateLimitBlock
    return new RetryableError(
      `${what} The user's rate limit is used up (1,200 requests in five minutes, dashboard and all tokens counted together), and Cloudflare then refuses every call for five minutes. Next try in ${printDuration(after)}.`,
      { after, blocked: true },
    )
  }
  if (status === 404) {
    return new UserError(
      'cloudflare-not-found',
      `${what} The zone ${purpose.zone} or one of its records is not there any more, or the token may not see it: compare the DR plan with the Cloudflare dashboard, then propose the recovery again.`,
    )
  }
  if (status >= 500 || status === 408 || (status === 409 && !namesRecord(said))) {
    const after = retryAfter(headers)
    return new RetryableError(`${what}${doubt(purpose)}`, after === undefined ? {} : { after })
  }
  return new UserError(
    'cloudflare-refused',
    `${what} Nothing was changed. Correct the recovery's records in the DR plan, then propose it again.`,
  )
}

/** Another record of that name is in the way: waiting does not mend it. */
function namesRecord(said: string): boolean {
  return /\b8105[348] /.test(said)
}

function namesToken(said: string): boolean {
  return tokenCodes.some((code) => new RegExp(`\\b${code} `).test(said))
}

function errorsOf(body: unknown): string {
  const errors = z.object({ errors: z.array(ApiErrorBody) }).safeParse(body)
  return errors.success ? textOf(errors.data.errors) : ''
}

function isTimeOut(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'TimeoutError' || thrown.name === 'AbortError')
}

/** The innermost cause says what happened: `ECONNREFUSED`, not `fetch failed`. */
function causeOf(thrown: unknown): string {
  let deepest = thrown
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause
  const code = deepest instanceof Error && 'code' in deepest ? String(deepest.code) : undefined
  return code ?? reasonOf(deepest)
}
