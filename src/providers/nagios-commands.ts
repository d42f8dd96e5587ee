// Acknowledges problems at Nagios through its web interface's cmd.cgi.
import { randomBytes } from 'node:crypto'
import { TooLong, bounded } from '../bounded.ts'
import { reasonOf, RetryableError, UserError } from '../errors.ts'
import type { NagiosCommands } from '../ports.ts'

export interface NagiosCommandsOptions {
  /** The directory of Nagios' CGIs, such as `https://nagios.example.com/cgi-bin/nagios4`. */
  readonly url: string
  readonly user: string
  readonly password: string
  readonly fetch?: typeof globalThis.fetch
}

/** Command numbers of Nagios Core (include/common.h): CMD_ACKNOWLEDGE_HOST_PROBLEM, CMD_ACKNOWLEDGE_SVC_PROBLEM. */
const acknowledgeHost = '33'
const acknowledgeService = '34'
/** CMDMODE_COMMIT: do it, instead of showing the form. */
const commit = '2'

/**
 * Acknowledges as sticky (until the object is well again), without a notification and without a lasting comment.
 * The author stands in the comment too, since Nagios replaces the author by the web user's contact unless
 * `lock_author_names=0`.
 *
 * Resolves when Nagios has taken the command. That is all there is to know: Nagios carries commands out later and
 * without an answer, and ignores the acknowledgement of an object that is well.
 *
 * Throws UserError for what an administrator mends (credentials, rights, settings, address), RetryableError for what
 * time mends (no answer, 5xx, Nagios stopped). No error holds the password.
 */
export function createNagiosCommands(options: NagiosCommandsOptions): NagiosCommands {
  const address = new URL('cmd.cgi', options.url.endsWith('/') ? options.url : `${options.url}/`)
  if (address.username !== '' || address.password !== '') {
    throw new UserError(
      'nagios-url',
      'NAGIOS_CGI_URL holds a user or a password; move them to NAGIOS_CGI_USER and NAGIOS_CGI_PASSWORD',
    )
  }
  const credentials = Buffer.from(`${options.user}:${options.password}`).toString('base64')
  const request = options.fetch ?? globalThis.fetch

  return {
    acknowledge: async (object, author, comment, signal) => {
      // cmd.cgi only compares the cookie with the field, and reads up to ten hex digits (cgi/getcgi.c).
      const formId = randomBytes(4).toString('hex')
      const form = new URLSearchParams({
        cmd_typ: object.service === undefined ? acknowledgeHost : acknowledgeService,
        cmd_mod: commit,
        host: object.host,
        ...(object.service === undefined ? {} : { service: object.service }),
        sticky_ack: 'on',
        com_author: argument(author),
        com_data: argument(`${author}: ${comment}`),
        nagFormId: formId,
      })
      const headers = { authorization: `Basic ${credentials}`, cookie: `NagFormId=${formId}` }
      const answer = await post(request, address, { method: 'POST', body: form, headers, signal })
      judge(answer, options.user, object)
    },
  }
}

/** Nagios' command file has one command per line and `;` between arguments. */
function argument(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s;]+/gu, ' ')
    .toWellFormed()
    .trim()
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly challenge: string
}

async function post(request: typeof fetch, address: URL, init: RequestInit): Promise<Answer> {
  try {
    const response = await request(address, { ...init, redirect: 'manual' })
    const text = await bounded(response).text()
    return { status: response.status, text, challenge: response.headers.get('www-authenticate') ?? '' }
  } catch (error) {
    if (error instanceof TooLong)
      throw new RetryableError(
        `What answers at ${address.origin} is not Nagios: it answered with ${error.message}`,
      )
    throw new RetryableError(`Nagios did not answer at ${address.origin}: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

function judge(
  answer: Answer,
  user: string,
  object: { readonly host: string; readonly service?: string },
): void {
  const { status, text } = answer
  if (status === 401 || status === 403) throw credentialsError(answer, user)
  if (status === 408 || status === 429 || status >= 500) {
    throw new RetryableError(`Nagios' web server answered ${status}`)
  }
  if (status !== 200) throw addressError(`answered ${status}`)
  if (text.includes('successfully submitted to Nagios')) return
  if (/while attempting to commit|command file/.test(text)) {
    throw new RetryableError('Nagios takes no commands at the moment; is it running?')
  }
  throw refusal(text, user, [object.host, object.service].filter((name) => name !== undefined).join(';'))
}

function credentialsError(answer: Answer, user: string): UserError {
  if (/^digest/i.test(answer.challenge)) {
    return new UserError(
      'nagios-credentials',
      'Nagios\' web server asks for Digest authentication, which the bot does not speak; set "AuthType Basic" for cmd.cgi, over https',
    )
  }
  return new UserError(
    'nagios-credentials',
    `Nagios' web server refused the user "${user}" (${answer.status}); correct NAGIOS_CGI_USER and NAGIOS_CGI_PASSWORD`,
  )
}

function addressError(found: string): UserError {
  return new UserError(
    'nagios-url',
    `NAGIOS_CGI_URL does not lead to Nagios' cmd.cgi (${found}); set it to the directory of the CGIs, such as https://nagios.example.com/cgi-bin/nagios4`,
  )
}

/** cmd.cgi answers 200 whatever happens; what went wrong stands in the text (cgi/cmd.c of Nagios Core 4.4). */
function refusal(text: string, user: string, key: string): UserError {
  if (/not authorized to commit|not have permission/.test(text)) {
    return new UserError(
      'nagios-rights',
      `Nagios does not let "${user}" acknowledge ${key}; make it a contact of that object with can_submit_commands 1, or name it in authorized_for_all_host_commands and authorized_for_all_service_commands of cgi.cfg. Nagios says the same of an object it does not know`,
    )
  }
  if (text.includes('authentication functionality of the CGIs')) {
    return new UserError(
      'nagios-settings',
      'Nagios takes no web commands; set use_authentication=1 in cgi.cfg',
    )
  }
  if (text.includes('not checking for external commands')) {
    return new UserError(
      'nagios-settings',
      'Nagios takes no commands; set check_external_commands=1 in nagios.cfg and restart it',
    )
  }
  const message = /class='errorMessage'>([^<]{1,300})/i.exec(text)?.[1]
  if (message === undefined) throw addressError('the answer is not that of cmd.cgi')
  return new UserError('nagios-refused', `Nagios refused to acknowledge ${key}: ${argument(message)}`)
}
