// What Slack's refusals and silences mean: the one place where errors of its SDK become ours.
import { printDuration } from '../../drplan/duration.ts'
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api'
import { z } from 'zod'
import { TooLong } from '../../bounded.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import { botTime } from '../lanes.ts'
import { advice } from './refusals.ts'

/** Words by which Slack refuses the bot itself, whatever it asks for, until somebody has mended its token or account. */
const shutOut = new Set(['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired'])

/** Slack said no and trying again does not help: `reason` is Slack's error word, `message` says what to do. */
export class SlackRefusal extends UserError {
  readonly reason: string

  constructor(reason: string, message: string) {
    super('slack-refused', message, { passing: shutOut.has(reason) })
    this.reason = reason
  }
}

/** No answer, or one that leaves open whether Slack has done what it was asked for: look before doing it again. */
export class SlackSilence extends RetryableError {
  /** `later`: it took longer than was waited for, and may still come about. `never`: there was not even a connection. */
  readonly done: 'maybe' | 'later' | 'never'

  constructor(message: string, done: SlackSilence['done'] = 'maybe') {
    super(message)
    this.done = done
  }
}

/** The call that failed, as far as it may be shown. */
export interface FailedCall {
  readonly method: string
  /** The channel, user or file it was about. */
  readonly about?: string | undefined
  readonly clock: Clock
}

/** Slack's own trouble in words (docs.slack.dev, errors common to all methods): part of the work may have been done. */
const troubles = new Set(['fatal_error', 'internal_error', 'request_timeout', 'service_unavailable'])
/** Refusals that time mends. */
const passing = new Set(['ratelimited', 'rate_limited', 'team_added_to_org', 'message_limit_exceeded'])
const late = 'no answer in time'
/** What the system, or the SDK's connection, says where nothing was sent (errno(3), undici's errors). */
const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** What a call is put off by when Slack limits it without saying for how long, in real milliseconds. */
const unsaid = 5_000

const Answer = z.object({
  error: z.string().catch(''),
  needed: z.string().optional().catch(undefined),
  errors: z.array(z.unknown()).optional().catch(undefined),
  response_metadata: z
    .object({
      messages: z.array(z.string()).optional().catch(undefined),
      retryAfter: z.number().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

/** Any error of a call as ours. Neither message nor cause holds what was sent, since that may hold secrets. */
export function mapSlackError(thrown: unknown, call: FailedCall): SlackRefusal | RetryableError {
  if (thrown instanceof SlackRefusal || thrown instanceof RetryableError) return thrown
  if (thrown instanceof WebAPIRateLimitedError) return limited(thrown.retryAfter * 1_000, call)
  if (thrown instanceof WebAPIPlatformError) return refused(Answer.parse(thrown.data), call)
  if (thrown instanceof WebAPIHTTPError) return answered(thrown.statusCode, call)
  if (thrown instanceof WebAPIRequestError) return silent(thrown.original, call)
  // The SDK throws a bare Error for a 429 without Retry-After, and for nothing else that comes over the wire.
  if (thrown instanceof Error && /retry header/i.test(thrown.message)) return limited(unsaid, call)
  return silent(thrown, call)
}

function limited(asked: number, { method, about, clock }: FailedCall): RetryableError {
  const wait = Math.max(asked, 1_000)
  const full = Math.ceil(wait / 1_000) * 1_000
  return new RetryableError(
    `Slack limits ${method}${aboutText(about)}: not before ${printDuration(full)} from now are over.`,
    {
      after: botTime(clock, wait),
    },
  )
}

function refused(answer: z.infer<typeof Answer>, call: FailedCall): SlackRefusal | RetryableError {
  const { error, response_metadata: metadata } = answer
  if (error === 'ratelimited' || error === 'rate_limited')
    return limited((metadata?.retryAfter ?? unsaid / 1_000) * 1_000, call)
  if (passing.has(error)) return limited(60_000, call)
  // What is no word was not written by Slack: a proxy's page, an answer cut off.
  if (!/^[a-z][\w.]{1,80}$/i.test(error))
    return new SlackSilence(`The answer to ${call.method} does not look like Slack's. Is a proxy in between?`)
  if (troubles.has(error)) return new SlackSilence(`Slack has trouble with ${call.method} (${error}).`)
  const details = (metadata?.messages ?? []).map((each) => each.replace(/^\[ERROR\]\s*/, ''))
  const said = details.length > 0 ? ` (${details.join('; ').slice(0, 300)})` : ''
  const what = `Slack refused ${call.method}${aboutText(call.about)}: ${error}${said}.`
  return new SlackRefusal(error, `${what} ${advice(error, { method: call.method, needed: answer.needed })}`)
}

function answered(status: number, { method }: FailedCall): SlackRefusal | RetryableError {
  if (status >= 500 || status === 408)
    return new SlackSilence(`Slack answered ${method} with HTTP ${status}.`)
  return new SlackRefusal(
    `http_${status}`,
    `Slack refused ${method} with HTTP ${status}. Check SLACK_API_URL, and the proxy if there is one.`,
  )
}

function silent(thrown: unknown, { method }: FailedCall): SlackSilence {
  const word = wordOf(thrown)
  const text = `Slack did not answer ${method}: ${word}.`
  if (word === late) return new SlackSilence(text, 'later')
  return new SlackSilence(text, unconnected.has(word) ? 'never' : 'maybe')
}

/** Why there was no answer, in words of ours: the SDK's own may quote a header. */
function wordOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  if (cause instanceof TooLong || thrown instanceof TooLong) return 'what answered is too long to be Slack'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code
  const name = thrown instanceof Error ? thrown.name : ''
  return name === 'TimeoutError' || name === 'AbortError' ? late : 'the connection failed'
}

function aboutText(about: string | undefined): string {
  return about === undefined ? '' : ` for ${about}`
}
