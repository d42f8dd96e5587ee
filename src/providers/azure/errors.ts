// What every failure of a call to Azure means to a person: the one place where its errors are told apart.
import { printDuration } from '../../drplan/duration.ts'
import { z } from 'zod'
import { TooLong } from '../../bounded.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import { LedAway } from './answers.ts'
import { retryAfter } from '../retry-after.ts'

/** What a request wants to do, in the words that follow "Azure could not ...". */
export interface AzurePurpose {
  readonly doing: string
  /** The role that holds the rights it needs, and on what: `Virtual Machine Contributor on dr-rg/workers-vmss`. */
  readonly role: string
  /** The right that it needs, for services that refuse without naming it. */
  readonly right?: string
  /** What to compare when there is no such thing: `"resource_group" and "vmss" of the recovery`. */
  readonly names: string
  /** A change is sent once and never repeated here: after a lost answer its outcome is found by looking. */
  readonly changes: boolean
  /** How long it may take; absent: as long as any other. */
  readonly within?: Duration
}

export interface Circumstances {
  /** Whoever called has told it to stop. */
  readonly stopped: boolean
  readonly timeout: Duration
  /** What to look at when no token was had, by the kind of credential. */
  readonly credentialAdvice: string
  /** What could not be reached when no token came, with what to do. */
  readonly tokenUnreachable: string
  /** Never to be shown. */
  readonly secrets: readonly string[]
}

/** The part of the SDKs' RestError that counts; its request and response hold the token and are not kept. */
const RestFailure = z.object({
  name: z.literal('RestError'),
  message: z.string(),
  code: z.string().optional().catch(undefined),
  statusCode: z.number().optional(),
  response: z
    .object({ headers: z.custom<Headers>((value) => hasGet(value)) })
    .optional()
    .catch(undefined),
  /** The body: of services that tell of errors as a title, and of those whose message the SDK does not hand on. */
  details: z
    .object({ title: z.string().optional(), message: z.string().optional() })
    .optional()
    .catch(undefined),
})
type RestFailure = z.infer<typeof RestFailure>
type Headers = { readonly get: (name: string) => string | undefined | null }

/** Errors of @azure/identity, by name: the SDK that throws them is loaded only when it is used. */
const credentialErrors = [
  'AuthenticationError',
  'AuthenticationRequiredError',
  'AggregateAuthenticationError',
  'CredentialUnavailableError',
]
/** 409s that say: something else is just being done with it. Others are refusals, such as a used-up quota. */
const passing = [
  'AnotherOperationInProgress',
  'Conflict',
  'OperationPreempted',
  'RetryableError',
  'StorageAccountOperationInProgress',
  'ConflictingDatabaseOperation',
  'ConflictingServerOperation',
]

/** Azure's longest sayings that help, those about quotas, have some 550 characters. */
const longestSaying = 800

function hasGet(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function'
}

/** Every failure of a call, as what a person or time can mend. Nothing of the SDK's error object is kept. */
export function explain(
  purpose: AzurePurpose,
  thrown: unknown,
  circumstances: Circumstances,
): UserError | RetryableError {
  if (thrown instanceof UserError || thrown instanceof RetryableError) return thrown
  const what = `Azure could not ${purpose.doing}`
  if (circumstances.stopped)
    return new RetryableError(`${what}: the request was stopped before it was answered.${doubt(purpose)}`)
  const name = thrown instanceof Error ? thrown.name : ''
  if (name === 'AbortError' || name === 'TimeoutError')
    return new RetryableError(
      `${what}: no answer within ${circumstances.timeout / second}s.${doubt(purpose)}`,
    )
  if (credentialErrors.includes(name)) return noToken(what, thrown, circumstances)
  const answered = notTaken(thrown)
  if (answered !== undefined) return new RetryableError(`${what}: ${answered}${doubt(purpose)}`)
  const failure = RestFailure.safeParse(thrown)
  const clean = (text: string): string => cleaned(text, circumstances.secrets)
  if (failure.success && failure.data.statusCode !== undefined)
    return byStatus(purpose, failure.data, failure.data.statusCode, { ...circumstances, clean })
  const code = failure.success ? failure.data.code : undefined
  if (code === 'PARSE_ERROR' || thrown instanceof SyntaxError || thrown instanceof TypeError)
    return new RetryableError(
      `${what}: it answered with something that is not of its API's form.${doubt(purpose)}`,
    )
  return new RetryableError(
    `${what}: the connection failed (${clean(causeOf(thrown, code))}).${doubt(purpose)}`,
  )
}

/** Of an answer that was not read, or not followed, to its end. */
function notTaken(thrown: unknown): string | undefined {
  if (thrown instanceof LedAway) return thrown.message
  return thrown instanceof TooLong
    ? `it answered with ${thrown.message}, which is not of its API's form.`
    : undefined
}

function doubt({ changes }: AzurePurpose): string {
  return changes ? ' Whether the change was made is not known: look before trying again.' : ''
}

/** Entra's own code says what is wrong with a credential; without one it could not be asked. */
function noToken(
  what: string,
  thrown: unknown,
  { credentialAdvice, tokenUnreachable, secrets }: Circumstances,
): Error & (UserError | RetryableError) {
  const text = cleaned(reasonOf(thrown), secrets)
  const said = /AADSTS\d+[^.]*\./.exec(text)?.[0] ?? refusedWith(text)
  const unreachable =
    /network_error|server_error|endpoints_resolution|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|\b5\d\d\b/.test(text)
  if (said === undefined && unreachable) return new RetryableError(`${what}: ${tokenUnreachable}`)
  return new UserError(
    'azure-credential',
    `${what}: it got no token${said === undefined ? '' : ` (${said})`}. Nothing was changed. ${credentialAdvice}`,
  )
}

/** What the address that knows a machine's identity has answered, such as a redirect, or said in its own words. */
function refusedWith(text: string): string | undefined {
  const status = /Http status code: ([34]\d\d)/.exec(text)?.[1]
  if (status !== undefined) return `answered with ${status}`
  const words = / - Description: (.+?) - Correlation ID: /.exec(text)?.[1]
  return words === undefined || words === 'Not Available' ? undefined : lineOf(words)
}

interface Telling extends Circumstances {
  readonly clean: (text: string) => string
}

function byStatus(
  purpose: AzurePurpose,
  failure: RestFailure,
  status: number,
  telling: Telling,
): UserError | RetryableError {
  const { code = '' } = failure
  const said = telling.clean(lineOf(sayingOf(failure)))
  const what = `Azure could not ${purpose.doing}: ${status}${code === '' ? '' : ` ${code}`}`
  const after = retryAfter(failure.response?.headers)
  const wait = after === undefined ? {} : { after }
  if (status === 429) {
    const next = after === undefined ? '' : ` Next try in ${printDuration(after)}.`
    return new RetryableError(`${what}: too many requests to this subscription.${next}`, wait)
  }
  if (status >= 500 || status === 408 || (status === 409 && passing.includes(code)))
    return new RetryableError(`${what}: ${said}${doubt(purpose)}`, wait)
  return refusal({ purpose, failure, status, what, said }, telling)
}

interface Refused {
  readonly purpose: AzurePurpose
  readonly failure: RestFailure
  readonly status: number
  readonly what: string
  readonly said: string
}

/** What waiting does not mend. */
function refusal(
  { purpose, failure, status, what, said }: Refused,
  { credentialAdvice }: Telling,
): UserError {
  // The storage services say 403 also for a token that they do not take, and then this code.
  if (status === 401 || (status === 403 && failure.code === 'AuthenticationFailed'))
    return new UserError('azure-credential', `${what}. Nothing was changed. ${credentialAdvice}`)
  if (status === 403 && !failure.message.includes('on a disabled secret'))
    return new UserError('azure-rights', `${what}. ${missingRight(failure.message, purpose)}`)
  if (status === 404)
    return new UserError(
      'azure-not-found',
      `${what}: ${said} Nothing was changed. Compare ${purpose.names} in the DR plan, and AZURE_SUBSCRIPTION_ID, with the Azure portal.`,
    )
  if (status === 412)
    return new UserError(
      'world-differs',
      `${what}: somebody else has changed it since it was looked at. Nothing was changed. Propose it again.`,
    )
  return new UserError('azure-refused', `${what}: ${said} Nothing was changed.`)
}

/** The action is named by Resource Manager; queues and settings name none. */
function missingRight(message: string, { role, right: asked }: AzurePurpose): string {
  const [, action, scope] = /perform action '([^']+)'(?: over scope '([^']+)')?/.exec(message) ??
    /^Action: '([^']+)'/m.exec(message) ?? [undefined, asked]
  const right = action === undefined ? 'The right for it is missing' : `The right ${action} is missing`
  const where = scope === undefined ? '' : ` on ${scope}`
  return `${right}${where}. Nothing was changed. Give the bot's identity the role ${role}; it takes some minutes to come into force.`
}

function sayingOf({ message, details }: RestFailure): string {
  if (details?.title !== undefined) return details.title
  // The SDK has but the status to tell, though there may be a body, as that of the storage services.
  if (message.startsWith('Unexpected status code')) return details?.message ?? 'it said no more'
  return message
}

/** What Azure says, as one line of bounded length that no terminal or chat takes for a command. */
export function lineOf(text: string): string {
  const line = (text.trim().split('\n')[0] ?? '').replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  const short = line.length > longestSaying ? `${line.slice(0, longestSaying)}…` : line
  return /[.!?…]$/.test(short) ? short : `${short}.`
}

/** Without secrets, and without anything that looks like a token. */
function cleaned(text: string, secrets: readonly string[]): string {
  const plain = secrets.reduce(
    (rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '[secret]')),
    text,
  )
  return plain.replaceAll(/Bearer \S+|eyJ[\w.-]{20,}/g, '[token]')
}

/** The innermost cause says what happened: `ECONNREFUSED`, not `request failed`. */
function causeOf(thrown: unknown, code: string | undefined): string {
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return code
  let deepest = thrown
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause
  const inner = deepest instanceof Error && 'code' in deepest ? String(deepest.code) : undefined
  return inner ?? reasonOf(deepest)
}
