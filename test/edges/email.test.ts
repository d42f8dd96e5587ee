// Pages by e-mail, against a real SMTP server in process.
import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createEmailPager } from '../../src/pagers/email.ts'
import { pageMessage, pagerContract } from '../contracts/pager.ts'
import { startTestSmtp } from '../servers/smtp.ts'
import type { TestSmtp } from '../servers/smtp.ts'

pagerContract('e-mail', async () => {
  const server = await startTestSmtp()
  return {
    pager: createEmailPager({ smtpUrl: server.url }),
    to: 'ann@example.com',
    secrets: [
      server.password,
      encodeURIComponent(server.password),
      Buffer.from(server.password).toString('base64'),
    ],
    arrived: () =>
      server.received.map((mail) => ({
        id: mail.headers.get('message-id')?.join() ?? '',
        to: mail.recipients,
        text: mail.body,
      })),
    behave: server.behave,
    stop: server.stop,
  }
})

describe('an e-mail', () => {
  let server: TestSmtp
  const signal = (): AbortSignal => AbortSignal.timeout(5000)

  beforeAll(async () => {
    server = await startTestSmtp()
  })
  beforeEach(() => server.behave('accept'))
  afterAll(() => server.stop())

  async function headersOf(subject: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const pager = createEmailPager({ smtpUrl: server.url, publicUrl: 'https://dr.example.com' })
    await pager.send('ann', 'ann@example.com', pageMessage({ subject }), signal())
    return server.received.at(-1)?.headers ?? new Map()
  }

  test('is urgent, machine-made, and belongs to the conversation of its incident', async () => {
    const headers = await headersOf('INC-12 lb is down')

    expect(headers.get('x-priority')).toEqual(['1 (Highest)'])
    expect(headers.get('importance')).toEqual(['High'])
    expect(headers.get('auto-submitted')).toEqual(['auto-generated'])
    expect(headers.get('references')).toEqual(['<INC-12@dr.example.com>'])
    expect(headers.get('from')).toEqual(['DR bot <dr-bot@dr.example.com>'])
  })

  test('has one subject line and no header that the text asked for', async () => {
    const headers = await headersOf('down\u001b\r\nBcc: mallory@example.com\r\nX-Evil: 1')

    expect(headers.get('subject')).toEqual(['down Bcc: mallory@example.com X-Evil: 1'])
    expect(headers.has('bcc')).toBe(false)
    expect(headers.has('x-evil')).toBe(false)
  })

  test('shows nobody characters that turn or hide what is around them', async () => {
    const text = '\u202egnp.exe\u202c \u2066x\u200binv\u{e0041}isible\u200e\u200f\u061c \ufeffend'
    const pager = createEmailPager({ smtpUrl: server.url })

    await pager.send('ann', 'ann@example.com', pageMessage({ subject: text, lines: [text] }), signal())

    const mail = server.received.at(-1)
    const subject = mail?.headers.get('subject')?.join() ?? ''
    const shown = `${subject}\n${mail?.body ?? ''}`
    expect(subject).toBe('gnp.exe x inv isible end')
    expect(shown).not.toMatch(/[\p{Bidi_Control}\u200b\ufeff\u{e0000}-\u{e007f}]/u)
  })

  test('shows markup as text', async () => {
    const pager = createEmailPager({ smtpUrl: server.url })

    await pager.send(
      'ann',
      'ann@example.com',
      pageMessage({ lines: ['<script>alert("1")</script>'] }),
      signal(),
    )

    const html = server.received.at(-1)?.body.split('<!doctype html>')[1]
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
    expect(html).not.toContain('<script')
  })

  test('whose link is no web address has no link to press', async () => {
    const pager = createEmailPager({ smtpUrl: server.url })

    await pager.send('ann', 'ann@example.com', pageMessage({ link: 'javascript:alert(1)' }), signal())

    expect(server.received.at(-1)?.body).toContain('href="#"')
    expect(server.received.at(-1)?.body).not.toContain('href="javascript')
  })

  test('goes to one address, whatever the plan holds in its place', async () => {
    const pager = createEmailPager({ smtpUrl: server.url })
    const before = server.received.length

    await pager
      .send('ann', 'ann@example.com, mallory@example.com', pageMessage(), signal())
      .catch(() => undefined)

    expect(server.received.slice(before).flatMap((mail) => mail.recipients)).not.toContain(
      'mallory@example.com',
    )
  })

  test('comes from the address that the URL names', async () => {
    const pager = createEmailPager({ smtpUrl: `${server.url}?from=alarm@example.com` })

    await pager.send('ann', 'ann@example.com', pageMessage(), signal())

    expect(server.received.at(-1)?.headers.get('from')).toEqual(['DR bot <alarm@example.com>'])
  })

  test('that is refused as a whole is not tried again', async () => {
    server.behave('refuse-message')

    const sending = createEmailPager({ smtpUrl: server.url }).send(
      'ann',
      'ann@example.com',
      pageMessage(),
      signal(),
    )

    await expect(sending).rejects.toMatchObject({ name: 'UserError', code: 'email-refused' })
  })

  test('a wrong address in the plan is told with whose it is', async () => {
    server.behave('refuse')

    const sending = createEmailPager({ smtpUrl: server.url }).send(
      'ann',
      'an@example.com',
      pageMessage(),
      signal(),
    )

    await expect(sending).rejects.toThrow(
      /no mailbox an@example.com.*Check the e-mail address of ann in the DR plan/,
    )
  })

  test('a server that repeats the password in its refusal does not make us repeat it', async () => {
    server.behave('echo')

    const sending = createEmailPager({ smtpUrl: server.url }).send(
      'ann',
      'ann@example.com',
      pageMessage(),
      signal(),
    )

    const error: unknown = await sending.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).not.toContain(server.password)
  })

  test('a server that is not there is tried again', async () => {
    const port = await freePort()

    const sending = createEmailPager({ smtpUrl: `smtp://127.0.0.1:${port}` }).send(
      'ann',
      'ann@example.com',
      pageMessage(),
      signal(),
    )

    await expect(sending).rejects.toBeInstanceOf(RetryableError)
  })

  test('a server that makes strangers wait for its greeting is waited for longer than a connection', async () => {
    server.behave(400)
    const pager = createEmailPager({ smtpUrl: server.url, patience: { connect: 200, silence: 10_000 } })
    const before = server.received.length

    await pager.send('ann', 'ann@example.com', pageMessage(), signal())

    expect(server.received).toHaveLength(before + 1)
  })

  test('a server that takes the connection and says nothing is left after its time', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = mute.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const pager = createEmailPager({
      smtpUrl: `smtp://127.0.0.1:${port}`,
      patience: { connect: 100, silence: 100 },
    })

    const sending = pager.send('ann', 'ann@example.com', pageMessage(), signal())

    await expect(sending).rejects.toBeInstanceOf(RetryableError)
    mute.close()
  })
})

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}
