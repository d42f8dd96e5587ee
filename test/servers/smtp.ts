// A real SMTP server in process, which accepts, refuses, puts off or hangs as it is told.
import { once } from 'node:events'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'

/**
 * hang: takes the connection and never answers the message. echo: refuses the login and repeats the password.
 * A number: accepts, so many milliseconds late with its greeting and again with its word for the message.
 */
export type SmtpMood =
  | number
  | 'accept'
  | 'refuse'
  | 'put-off'
  | 'hang'
  | 'refuse-login'
  | 'echo'
  | 'refuse-message'

export interface ReceivedMail {
  /** The recipients of the envelope: who really gets it. */
  readonly recipients: readonly string[]
  /** Header names in lower case, unfolded, with their values in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** All parts, decoded, as they stand between the MIME boundaries. */
  readonly body: string
}

export interface TestSmtp {
  readonly url: string
  readonly password: string
  readonly received: ReceivedMail[]
  readonly behave: (mood: SmtpMood) => void
  readonly stop: () => Promise<void>
}

/** Starts it on a free port of 127.0.0.1; user `drbot` may send. */
export async function startTestSmtp(): Promise<TestSmtp> {
  const password = 'smtp p@ss/w0rd'
  const received: ReceivedMail[] = []
  let mood: SmtpMood = 'accept'
  const late = (): number => (typeof mood === 'number' ? mood : 0)
  const refusal = (code: number, text: string): Error =>
    Object.assign(new Error(text), { responseCode: code })

  const options: SMTPServerOptions = {
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    closeTimeout: 50,
    onConnect(_session, done) {
      setTimeout(done, late())
    },
    onAuth(auth, _session, done) {
      if (mood === 'echo') return done(refusal(535, `bad password ${auth.password}`))
      if (mood === 'refuse-login' || auth.password !== password) return done(refusal(535, 'go away'))
      return done(null, { user: auth.username ?? '' })
    },
    onRcptTo(address, _session, done) {
      if (mood === 'refuse') return done(refusal(550, `no mailbox ${address.address}, says ${password}`))
      if (mood === 'put-off') return done(refusal(451, 'try later'))
      if (mood === 'hang') return undefined
      return done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (mood === 'refuse-message') return done(refusal(554, 'looks like spam'))
        received.push(readMail(Buffer.concat(chunks).toString('latin1'), session.envelope.rcptTo))
        return setTimeout(done, late())
      })
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => {
    // A client that hangs up in the middle is what these tests are about.
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `smtp://drbot:${encodeURIComponent(password)}@127.0.0.1:${address.port}`,
    password,
    received,
    behave: (next) => {
      mood = next
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

function readMail(raw: string, recipients: readonly { readonly address: string }[]): ReceivedMail {
  const end = raw.indexOf('\r\n\r\n')
  const headers = new Map<string, readonly string[]>()
  for (const line of raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(':') + 1).trim()])
  }
  const recipientAddresses = recipients.map((each) => each.address)
  return { recipients: recipientAddresses, headers, body: fromQuotedPrintable(raw.slice(end)) }
}

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
