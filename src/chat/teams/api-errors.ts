// What the refusals and silences of Teams, Graph and Entra mean: the one place where their answers become our errors.
import { z } from 'zod'
import { RetryableError, UserError } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import { advice } from './refusals.ts'

/** Codes by which the bot itself is refused, whatever it asks for, until somebody has mended its registration. */
const shutOut = new Set(['Unauthorized', 'invalid_client', 'unauthorized_client', 'invalid_request'])

/** Teams said no and trying again does not help: `reason` is its error code, the message says what to do. */
export class TeamsRefusal extends UserError {
  readonly reason: string
  /** HTTP status of the answer. */
  readonly status: number

  constructor(reason: string, message: string, status: number) {
    super('teams-refused', message, { passing: shutOut.has(reason) })
    this.reason = reason
    this.status = status
  }
}

/** No answer, or one that leaves open whether Teams has done what it was asked for: look before doing it again. */
export class TeamsSilence extends RetryableError {
  /** `later`: it took longer than was waited for, and may still come about. `never`: there was not even a connection. */
  readonly done: 'maybe' | 'later' | 'never'
  /** A gateway of Teams' could not pass it on: it wants to be left alone for a while. */
  readonly gateway: boolean

  constructor(
    message: string,
    done: TeamsSilence['done'] = 'maybe',
    more: { readonly after?: Duration; readonly gateway?: boolean } = {},
  ) {
    super(message, more)
    this.done = done
    this.gateway = more.gateway ?? false
  }
}

/** Teams, or Graph, wants to be left alone with this for a while; nothing was done. */
export class TeamsLimit extends RetryableError {
  /** Real milliseconds that were asked for; undefined: it was not said for how long. */
  readonly asked: Duration | undefined

  constructor(message: string, asked: Duration | undefined) {
    super(message)
    this.asked = asked
  }
}

/** The reason of a refusal when a channel's name is another's, or was that of one that is deleted. */
export const nameTaken = 'NameAlreadyExists'

/** An answer as it came. */
export interface WireAnswer {
  readonly status: number
  /** Seconds of the header Retry-After. */
  readonly retryAfter: number | undefined
  readonly text: string
}

/** The call that was answered, as far as it may be shown: `the message for 19:...`. */
export type What = string

/** Both shapes of an error: Entra's, and that of connector and Graph. */
const ErrorBody = z.union([
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string().catch(''),
      innerError: z.object({ code: z.string() }).optional().catch(undefined),
    }),
  }),
  z.object({ error: z.string(), error_description: z.string().catch('') }),
])

/**
 * What time mends though it is no 5xx: too many at once, somebody else is changing the same (learn.microsoft.com,
 * rate-limit).
 */
const passing = [412, 429]

/** The JSON of an answer that is good; undefined when it has none. Throws what the others mean. */
export function readAnswer(answer: WireAnswer, what: What): unknown {
  const { status, text } = answer
  if (status >= 200 && status < 300) return text === '' ? undefined : jsonOf(text, what)
  if (passing.includes(status)) {
    const asked = answer.retryAfter === undefined ? undefined : answer.retryAfter * 1_000
    throw new TeamsLimit(`Teams limits ${what}.`, asked)
  }
  if (status >= 500 || status === 408) {
    const gateway = status === 502 || status === 504
    throw new TeamsSilence(`Teams answered ${what} with HTTP ${status}.`, 'maybe', { gateway })
  }
  throw refusalOf(answer, what)
}

/** An answer read with its schema; one of another shape was not written by Microsoft. */
export function shaped<T>(schema: z.ZodType<T>, answer: unknown, what: What): T {
  const read = schema.safeParse(answer)
  if (!read.success) throw foreign(what)
  return read.data
}

function foreign(what: What): TeamsSilence {
  return new TeamsSilence(`The answer to ${what} does not look like Microsoft's. Is a proxy in between?`)
}

function jsonOf(text: string, what: What): unknown {
  const read = safeJson(text)
  if (read === undefined) throw foreign(what)
  return read
}

function refusalOf({ status, text }: WireAnswer, what: What): TeamsRefusal {
  const { code, message } = errorOf(text)
  const reason = code === '' ? (status === 401 ? 'Unauthorized' : `http_${status}`) : code
  return new TeamsRefusal(reason, `Teams refused ${what}: ${reason}. ${advice(reason, message)}`, status)
}

function errorOf(text: string): { readonly code: string; readonly message: string } {
  const read = ErrorBody.safeParse(safeJson(text))
  if (!read.success) return { code: '', message: '' }
  const { data } = read
  if ('error_description' in data) return worded(data.error, data.error_description)
  const { code, message, innerError } = data.error
  // Graph says BadRequest to this as to a hundred other things.
  const taken = innerError?.code === nameTaken || /\bname already exist/i.test(message)
  return worded(taken ? nameTaken : code, message)
}

function worded(code: string, message: string): { readonly code: string; readonly message: string } {
  // What is no word was not written by Microsoft.
  return /^[\w.-]{1,80}$/.test(code) ? { code, message } : { code: '', message: '' }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Codes of the system where nothing was sent (errno(3), undici's errors). */
const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What a request that failed on its way means. Neither message nor cause holds what was sent. */
export function mapWireError(thrown: unknown, what: What): TeamsRefusal | RetryableError {
  if (thrown instanceof TeamsRefusal || thrown instanceof RetryableError) return thrown
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (unconnected.has(code)) return new TeamsSilence(`Teams did not answer ${what}: ${code}.`, 'never')
  const name = thrown instanceof Error ? thrown.name : ''
  if (name === 'TimeoutError' || name === 'AbortError')
    return new TeamsSilence(`Teams did not answer ${what}: no answer in time.`, 'later')
  const word = /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'the connection failed'
  return new TeamsSilence(`Teams did not answer ${what}: ${word}.`)
}
