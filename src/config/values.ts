// Checks of single settings; the text of each says what to write instead.
import { z } from 'zod'
import { isLoopback } from '../loopback.ts'

/** Any text. */
export function text(what: string) {
  return z.string({ error: what })
}

/** A whole number from 0 to `most`. */
export function wholeNumber(most: number, what: string) {
  return z
    .string({ error: what })
    .regex(/^\d{1,9}$/, { error: what })
    .transform(Number)
    .refine((number) => number <= most, { error: what })
}

/** An address with one of these schemes. */
export function url(what: string, ...schemes: readonly string[]) {
  const startsRight = (value: string) =>
    schemes.some((scheme) => value.startsWith(`${scheme}://`) && value.length > scheme.length + 3)
  return z.string({ error: what }).refine(startsRight, { error: what })
}

/** An http or https address, without the slash at its end. */
export function webAddress(example: string) {
  return url(`an address such as ${example}`, 'http', 'https')
    .refine(URL.canParse, { error: `an address such as ${example}` })
    .transform((value) => value.replace(/\/+$/, ''))
}

/** The same where tokens are sent to: https, unless it is this machine. */
export function safeWebAddress(example: string) {
  return webAddress(example).refine(
    (value) => value.startsWith('https:') || isLoopback(new URL(value).hostname),
    { error: `an address with https, such as ${example}: tokens are sent there` },
  )
}

/** An https address: the SDKs send a token nowhere else, not even on this machine. */
export function httpsAddress(example: string) {
  return webAddress(example).refine((value) => value.startsWith('https:'), {
    error: `an address with https, such as ${example}: tokens are sent there`,
  })
}

/** An https address with `{account}` in it, for an account's name. */
export function accountAddress(example: string) {
  const error = `an https address with {account} in it, such as ${example}`
  return z
    .string({ error })
    .refine((value) => value.includes('{account}'), { error })
    .refine((value) => URL.parse(value.replace('{account}', 'a'))?.protocol === 'https:', { error })
    .transform((value) => value.replace(/\/+$/, ''))
}

/** A host with `{server}` in it, for a server's name, and the port if it is not the usual one. */
export function serverAddress(example: string) {
  const error = `a host with {server} in it, and a port, such as ${example}`
  return z.string({ error }).regex(/^\{server\}(?:\.[a-z\d-]+)+(?::\d{1,5})?$/i, { error })
}

/** A secret of at least so many characters. */
export function secretOf(length: number, what: string) {
  return z.string({ error: what }).min(length, { error: what })
}

/** Slack's tokens by how they begin (docs.slack.dev/authentication/tokens); what each one is, and where it belongs. */
const slackTokens: readonly (readonly [prefix: string, is: string])[] = [
  ['xoxb-', 'a bot token, which belongs into SLACK_BOT_TOKEN'],
  ['xapp-', 'an app-level token, which belongs into SLACK_APP_TOKEN'],
  ['xoxp-', 'the token of a user, which would act in the name of that person'],
  ['xoxe', 'a token that expires or renews others: switch "Token Rotation" off'],
  ['xox', 'a token of another kind'],
]

/** One of Slack's tokens; another kind in its place is named, never shown. */
export function slackToken(prefix: 'xoxb-' | 'xapp-', what: string) {
  return z.string({ error: what }).superRefine((value, context) => {
    if (value.startsWith(prefix) && /^[\w-]{6,}$/.test(value)) return
    context.addIssue({ code: 'custom', message: `${what}${strayToken(value, prefix)}` })
  })
}

/** The secret that signs Slack's HTTP requests. */
export function slackSigningSecret(what: string) {
  return z.string({ error: what }).superRefine((value, context) => {
    if (/^\w{16,}$/.test(value)) return
    context.addIssue({ code: 'custom', message: `${what}${strayToken(value, '')}` })
  })
}

function strayToken(value: string, own: string): string {
  const stray = slackTokens.find(([prefix]) => value.startsWith(prefix))
  if (stray === undefined || stray[0] === own) return ''
  return `. What stands there is ${stray[1]}`
}
