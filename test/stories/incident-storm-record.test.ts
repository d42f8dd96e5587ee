// The record of a storm: every alert is in it, and it stays short enough to be read by each page that is opened.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { service, startBot, storm } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

interface Told {
  readonly key: string
  readonly output: string
}

it('names each of 400 alerts whose plugins say much, the first ones in full', async () => {
  const output = (n: number): string => `lb${n} ${'x'.repeat(1_900)}`
  const alerts = Array.from({ length: 400 }, (_, n) =>
    service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${n}`, SERVICEPROBLEMID: n + 1, SERVICEOUTPUT: output(n) }),
  )

  await storm([bot], alerts)
  await bot.settle()

  const events = await bot.app().store.timeline('INC-1')
  const batches = events.flatMap(({ data }) =>
    Array.isArray(data?.['alerts']) ? [data['alerts'] as Told[]] : [],
  )
  const told = batches.flat()
  expect(new Set(told.map(({ key }) => key)).size).toBe(400)
  for (const batch of batches) {
    for (const [index, { key, output: said }] of batch.entries()) {
      const whole = output(Number(/\d+/.exec(key)?.[0]))
      if (index < 20) expect(said).toBe(whole)
      else expect(said).toBe(`${whole.slice(0, 99)}…`)
    }
  }
  expect(batches.some((batch) => batch.length > 20)).toBe(true)
  const verified = await bot.say('ann', 'timeline INC-1 --verify')
  expect(verified).toMatchObject({ status: 'done', data: { verdict: { ok: true } } })
})
