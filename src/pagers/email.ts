// Pages a person by e-mail, over SMTP (nodemailer).
import { escapeMarkup } from '../escape.ts'
import { createHash } from 'node:crypto'
import { RetryableError, UserError, reasonOf } from '../errors.ts'
import { second } from '../ids.ts'
import { isLoopback } from '../loopback.ts'
import type { Duration, PersonId } from '../ids.ts'
import type { PageMessage, Pager } from '../ports.ts'
import { withoutUnseen } from '../unseen.ts'

export interface EmailOptions {
  /** `smtp://user:password@host:587`; `smtps:` for TLS from the start; `?from=bot@example.com` sets the sender. */
  readonly smtpUrl: string
  /**
   * The sender's address; default: `from` of the URL, else its user when that is an address, else dr-bot@ the bot's
   * host.
   */
  readonly from?: string
  readonly publicUrl?: string
  /** How long the server may take to accept the connection, and to say anything at all afterwards, its greeting too. */
  readonly patience?: { readonly connect: Duration; readonly silence: Duration }
}

/**
 * Servers make strangers wait for the greeting on purpose (6 s at Postfix' postscreen), and look for spam before they
 * say that they have the message.
 */
const usualPatience = { connect: 5 * second, silence: 15 * second }
/** A server that keeps a connection alive drop by drop ends here. */
const longest: Duration = 30 * second

/**
 * Makes the pager. The Message-ID is derived from the page, so a page that is sent again after a crash is
 * the same message to mail servers and programs that drop duplicates.
 * Its errors: UserError for what will not pass by trying again (address or login refused), else RetryableError.
 */
export function createEmailPager(options: EmailOptions): Pager {
  const url = new URL(options.smtpUrl)
  const from = senderOf(options, url)
  const patience = options.patience ?? usualPatience
  const transportOptions = {
    url: options.smtpUrl,
    // Counts all until the session stands: look-up, connection, greeting, STARTTLS.
    connectionTimeout: patience.connect + patience.silence,
    dnsTimeout: patience.connect,
    greetingTimeout: patience.silence,
    socketTimeout: patience.silence,
    // A password crosses a network encrypted or not at all, unless the URL says `?requireTLS=false`.
    requireTLS:
      url.password !== '' && !isLoopback(url.hostname) && url.searchParams.get('requireTLS') !== 'false',
    disableFileAccess: true,
    disableUrlAccess: true,
  }

  async function send(
    person: PersonId,
    to: string,
    message: PageMessage,
    signal: AbortSignal,
  ): Promise<void> {
    // Loading nodemailer takes 45 ms, which the start of the bot need not wait for.
    const { createTransport } = await import('nodemailer')
    try {
      await createTransport(transportOptions).sendMail({
        ...mailOf(message, to, from),
        signal: AbortSignal.any([signal, AbortSignal.timeout(longest)]),
      })
    } catch (error) {
      throw mapSmtpError(error, { person, to, host: url.host, secrets: secretsOf(url) })
    }
  }
  return { channel: 'email', send }
}

function senderOf(options: EmailOptions, url: URL): string {
  const user = decodeURIComponent(url.username)
  const host = new URL(options.publicUrl ?? options.smtpUrl).hostname
  return options.from ?? url.searchParams.get('from') ?? (user.includes('@') ? user : `dr-bot@${host}`)
}

function mailOf(message: PageMessage, to: string, from: string) {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const identity = [message.key, to, message.subject, message.link].join('\n')
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 32)
  const subject = oneLine(message.subject)
  return {
    messageId: `<page-${hash}@${domain}>`,
    // Mail programs show the pages of one incident as one conversation.
    references: `<${message.incident}@${domain}>`,
    from: { name: 'DR bot', address: from },
    // An object is one address, whatever is in it; a text would be read as a list.
    to: { name: '', address: to },
    subject,
    text: textOf(message, subject),
    html: htmlOf(message, subject),
    priority: 'high' as const,
    // Keeps "out of office" answers from coming back (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}

function hintFor(message: PageMessage): string {
  const last = 'Answers to this e-mail are not read.'
  return message.news ? last : `Or type it as it stands above. ${last}`
}

function textOf(message: PageMessage, subject: string): string {
  const lines = message.lines.map(printable)
  return [subject, '', ...lines, '', `Acknowledge: ${message.link}`, hintFor(message), ''].join('\n')
}

function htmlOf(message: PageMessage, subject: string): string {
  const lines = message.lines.map((line) => `<p style="margin:0 0 6px">${escapeMarkup(printable(line))}</p>`)
  const button = `<a href="${escapeMarkup(webLink(message.link))}" style="display:inline-block;padding:10px 18px;background:#b3261e;color:#ffffff;text-decoration:none;border-radius:6px">Acknowledge</a>`
  return `<!doctype html><html><body style="font:16px/1.4 sans-serif"><h1 style="font-size:18px">${escapeMarkup(subject)}</h1>${lines.join('')}<p>${button}</p><p style="color:#555555">${escapeMarkup(hintFor(message))}</p></body></html>`
}

/** A link is a link only when it leads to a web page: `javascript:` and the like lead nowhere. */
function webLink(link: string): string {
  return /^https?:\/\//i.test(link) ? link : '#'
}

/** Control characters (line breaks too) would begin a new header; they and their like turn or hide what follows them. */
function oneLine(text: string): string {
  return withoutUnseen(text.replaceAll(/\s/g, ' '), ' ').replaceAll(/ +/g, ' ').trim().slice(0, 250)
}

function printable(text: string): string {
  return withoutUnseen(text, (character) => (character === '\n' || character === '\t' ? character : '\uFFFD'))
}

interface Attempt {
  readonly person: PersonId
  readonly to: string
  readonly host: string
  readonly secrets: readonly string[]
}

/** nodemailer's errors (`code` in its errors.js, `responseCode` of RFC 5321) as ours. */
function mapSmtpError(error: unknown, attempt: Attempt): UserError | RetryableError {
  const { code, responseCode } = readSmtpError(error)
  const permanent = responseCode >= 500 && responseCode < 600
  if (code === 'EAUTH' && (permanent || responseCode === 0)) {
    // A server may repeat what it was sent: nothing of its answer is shown, and the error is not kept as a cause.
    return new UserError(
      'email-login',
      `The mail server ${attempt.host} refused the login. Check the user and the password in SMTP_URL.`,
    )
  }
  if (code === 'EABORT')
    return new RetryableError(`The mail server ${attempt.host} did not take the page in time.`)
  const said = hide(reasonOf(error), attempt.secrets).slice(0, 300)
  if (permanent && code === 'EENVELOPE') {
    return new UserError(
      'email-address',
      `The mail server ${attempt.host} refused the page to ${oneLine(attempt.to)} (${said}). Check the e-mail address of ${attempt.person} in the DR plan.`,
    )
  }
  if (permanent || (code === 'EENVELOPE' && responseCode === 0)) {
    return new UserError(
      'email-refused',
      `The mail server ${attempt.host} refused the page for ${attempt.person} (${said}). Check SMTP_URL and the address in the DR plan.`,
    )
  }
  return new RetryableError(`The mail server ${attempt.host} could not take the page (${said}).`)
}

function readSmtpError(error: unknown): { readonly code: string; readonly responseCode: number } {
  if (!(error instanceof Error)) return { code: '', responseCode: 0 }
  return {
    code: 'code' in error ? String(error.code) : '',
    responseCode: 'responseCode' in error ? Number(error.responseCode) : 0,
  }
}

function secretsOf(url: URL): readonly string[] {
  if (url.password === '') return []
  const password = decodeURIComponent(url.password)
  const encoded = Buffer.from(password).toString('base64')
  const plain = Buffer.from(`\0${decodeURIComponent(url.username)}\0${password}`).toString('base64')
  return [password, url.password, encoded, plain]
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '[secret]'), text)
}
