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

/** An id of Entra: of an app, a tenant or a group. */
export function entraId(what: string) {
  const error = `${what}, such as 0a1b2c3d-1111-2222-3333-444455556666`
  return z.string({ error }).regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, { error })
}

/** The id of a channel of Teams, which its link holds with %3A and %40. */
export function teamsChannelId() {
  const form = /^19:[\w.-]{1,200}@thread\.(?:tacv2|skype)$/
  const wanted = "the channel's id, 19:...@thread.tacv2"
  return z.string({ error: wanted }).superRefine((value, context) => {
    if (form.test(value)) return
    const plain = value.replaceAll(/%3a/gi, ':').replaceAll('%40', '@')
    const message =
      plain !== value && form.test(plain)
        ? `${plain}, since the id still has %3A for ":" or %40 for "@"`
        : `${wanted}: it stands in the channel's link after /channel/, with %3A as ":" and %40 as "@"`
    context.addIssue({ code: 'custom', message })
  })
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
