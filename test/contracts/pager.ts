// What every pager must do, whatever its channel: called from the test of each one with a real server behind it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RetryableError, UserError } from '../../src/errors.ts'
import type { PageMessage, Pager } from '../../src/ports.ts'

/** What arrived at the channel's server. */
export interface Arrived {
  /** What the channel knows a message by: the same for a page that is sent twice. */
  readonly id: string
  /** The addresses that really get it. */
  readonly to: readonly string[]
  /** All text of it, decoded. */
  readonly text: string
}

/** A pager with a server behind it. */
export interface PagerWorld {
  readonly pager: Pager
  readonly to: string
  /** None of these may appear in an error. */
  readonly secrets: readonly string[]
  readonly arrived: () => readonly Arrived[]
  /** refuse: for good. put-off: not now. hang: never answers. refuse-login: the bot's own credentials. */
  readonly behave: (how: 'accept' | 'refuse' | 'put-off' | 'hang' | 'refuse-login') => void
  readonly stop: () => Promise<void>
}

/** A page as an incident sends it. */
export function pageMessage(change: Partial<PageMessage> = {}): PageMessage {
  return {
    key: 'INC-12-v1-3',
    incident: 'INC-12',
    subject: 'INC-12 lb: HAProxy on lb1 is CRITICAL',
    lines: ['You are on call (primary, until 09:00).', 'Objective: working again in 10 minutes.'],
    link: 'https://dr.example.com/incidents/INC-12',
    card: { title: 'INC-12', tone: 'bad' },
    ...change,
  }
}

/** The contract. `start` is called once; each test begins with a server that accepts. */
export function pagerContract(name: string, start: () => Promise<PagerWorld>): void {
  describe(`the ${name} pager keeps the contract`, () => {
    let world: PagerWorld
    const send = async (
      message: PageMessage,
      signal: AbortSignal = AbortSignal.timeout(5000),
    ): Promise<void> => void (await world.pager.send('ann', world.to, message, signal))
    const failure = async (message: PageMessage, signal?: AbortSignal): Promise<Error> => {
      const error: unknown = await send(message, signal).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!(error instanceof Error)) throw new Error('the page was sent')
      return error
    }

    beforeAll(async () => {
      world = await start()
    })
    beforeEach(() => world.behave('accept'))
    afterAll(() => world.stop())

    test('a page arrives at the person alone, with what is broken and where to acknowledge', async () => {
      const message = pageMessage({ key: 'arrives' })

      await send(message)

      const last = world.arrived().at(-1)
      expect(last?.to).toEqual([world.to])
      for (const text of [message.subject, ...message.lines, message.link]) expect(last?.text).toContain(text)
    })

    test('the same page sent twice carries the same id, or arrives once; another page has another id', async () => {
      const before = world.arrived().length
      await send(pageMessage({ key: 'twice' }))
      await send(pageMessage({ key: 'twice' }))
      await send(pageMessage({ key: 'other' }))

      const ids = world
        .arrived()
        .slice(before)
        .map(({ id }) => id)
      expect(new Set(ids).size).toBe(2)
      expect(ids.at(-1)).not.toBe(ids[0])
    })

    test('a refusal for good is told with the next step to take', async () => {
      world.behave('refuse')

      const error = await failure(pageMessage())

      expect(error).toBeInstanceOf(UserError)
      expect(error.message).toMatch(/ann/)
      expect(error.message).toMatch(/Check|Set|Ask|Write/)
    })

    test("a refusal of the bot's own login is told with the setting to check", async () => {
      world.behave('refuse-login')

      expect(await failure(pageMessage())).toBeInstanceOf(UserError)
    })

    test('a server that puts the page off is tried again', async () => {
      world.behave('put-off')

      expect(await failure(pageMessage())).toBeInstanceOf(RetryableError)
    })

    test('a server that hangs is left as soon as the signal says so, and tried again', async () => {
      world.behave('hang')
      const begin = performance.now()

      const error = await failure(pageMessage(), AbortSignal.timeout(150))

      expect(error).toBeInstanceOf(RetryableError)
      // The channel's own limits are four seconds and more.
      expect(performance.now() - begin).toBeLessThan(3_500)
    })

    test('a page whose time is over is not sent', async () => {
      const before = world.arrived().length

      await failure(pageMessage({ key: 'too late' }), AbortSignal.abort())

      expect(world.arrived()).toHaveLength(before)
    })

    test('no error and no cause of one holds a secret', async () => {
      for (const how of ['refuse', 'put-off', 'refuse-login', 'hang'] as const) {
        world.behave(how)
        const error = await failure(pageMessage(), AbortSignal.timeout(300))
        const told = everythingIn(error)
        for (const secret of world.secrets) expect(told).not.toContain(secret)
      }
    })

    test.each([
      ['a header', 'lb1\r\nBcc: mallory@example.com\r\n\r\nhello'],
      ['markup', '<img src=x onerror=alert(1)>"\'&'],
      ['a mention', '@everyone <!channel> <@U123>'],
      ['a command', '$(reboot) `reboot` ; ${jndi:ldap://x}'],
      ['control characters', 'a\u0000b\u001b[2J\u2028c'],
      ['8 KB', 'x'.repeat(8192)],
    ])('hostile text that looks like %s is data: it goes to the person alone', async (_what, text) => {
      const before = world.arrived().length

      await send(pageMessage({ key: text, subject: `CRITICAL ${text}`, lines: [text] }))

      const sent = world.arrived().slice(before)
      expect(sent.map((each) => each.to)).toEqual([[world.to]])
    })
  })
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = Object.values(error).map((value) => JSON.stringify(value))
  return [
    error.message,
    error.stack,
    ...own,
    error.cause === undefined ? '' : everythingIn(error.cause),
  ].join('\n')
}
