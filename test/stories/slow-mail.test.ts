// A mail server that takes its time: the page by e-mail is out all the same, once, and holds up nobody.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestSmtp } from '../servers/smtp.ts'
import type { TestSmtp } from '../servers/smtp.ts'

let mail: TestSmtp
let bot: Bot

beforeEach(async () => {
  mail = await startTestSmtp()
  bot = await startBot((plan) => plan, { env: { SMTP_URL: `${mail.url}?requireTLS=false` } })
})
afterEach(async () => {
  await bot.stop()
  await mail.stop()
})

it('a server that is late with its greeting, and with its word for the message, gets the page once', async () => {
  mail.behave(3_000)
  const outcomes = async () => {
    const { pages } = await bot.incident()
    return pages[0]?.steps.map(({ channel, outcome }) => `${channel} ${outcome}`) ?? []
  }

  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()

  expect(await outcomes()).toContain('email sent')
  expect(mail.received).toHaveLength(1)
  expect(bot.log.lines.filter((line) => line.message === 'effect failed')).toEqual([])
}, 30_000)
