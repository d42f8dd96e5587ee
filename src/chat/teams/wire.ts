// One request over HTTP to Microsoft: no queue, no retry, no memory; an answer of bounded length in bounded time.
import type { Duration } from '../../ids.ts'
import { bounded } from '../../bounded.ts'
import { mapWireError } from './api-errors.ts'
import type { What, WireAnswer } from './api-errors.ts'

/** How long a request may take in real milliseconds, and who may end it before. */
export interface Limits {
  readonly timeout: Duration
  readonly signal: AbortSignal
}

export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly token?: string | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  readonly form?: URLSearchParams
}

/** The answer, whatever its status is. Throws an error of api-errors.ts when there is none. */
export async function exchange(request: WireRequest, what: What, limits: Limits): Promise<WireAnswer> {
  const { method, url, token, body, form } = request
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form !== undefined && { body: form }),
      redirect: 'error',
      signal: AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeout)]),
    })
    const text = await bounded(response).text()
    return { status: response.status, retryAfter: secondsOf(response.headers.get('retry-after')), text }
  } catch (thrown) {
    throw mapWireError(thrown, what)
  }
}

/** Only a number of seconds; Microsoft gives no dates. How long anything waits for it is not decided here. */
function secondsOf(header: string | null): number | undefined {
  const seconds = Number(header ?? NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}
