// An SMTP server on loopback that takes every e-mail and tells who gets it: so that pages can be seen without a network.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Mail {
  readonly to: readonly string[]
  readonly subject: string
  /** By it a mail server or program knows a message that it has had before. */
  readonly id: string
}

export interface Mailbox {
  /** For SMTP_URL. */
  readonly url: string
  readonly received: readonly Mail[]
  readonly stop: () => Promise<void>
}

/** Starts it on any free port. `onMail` is told of each one as it comes. */
export async function startMailbox(onMail: (mail: Mail) => void = () => {}): Promise<Mailbox> {
  const received: Mail[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    closeTimeout: 100,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const mail = {
          to: session.envelope.rcptTo.map((each) => each.address),
          subject: headerOf(text, 'Subject'),
          id: headerOf(text, 'Message-ID'),
        }
        received.push(mail)
        onMail(mail)
        done()
      })
    },
  })
  server.on('error', () => {
    // A sender that hangs up in the middle, or is killed, is no reason to end.
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}?from=dr-bot@example.com`,
    received,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** A header's value, unfolded. */
function headerOf(text: string, name: string): string {
  const found = new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'm').exec(text)?.[1] ?? ''
  return found.replaceAll(/\r\n[ \t]/g, ' ').trim()
}
