// How fast workers really empty their queues: seen by the bot minute by minute, used for the next sum, shown while it goes on.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { minute } from '../../src/ids.ts'
import { startTestAzure } from '../servers/azure.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

vi.setConfig({ testTimeout: 60_000 })

let bot: Bot
let azure: AzureSim

async function open(change: (plan: string) => string = (plan) => plan): Promise<void> {
  bot = await startBot(change, { env: azure.env })
}

beforeEach(async () => {
  azure = await startTestAzure({ now: () => bot?.clock.now() ?? Date.UTC(2026, 10, 23, 9) })
})
afterEach(async () => {
  await bot.stop()
  await azure.stop()
})

async function looks(): Promise<number> {
  const text = await bot.app().store.setting('queue-depths:dr-rg/workers-vmss')
  return text === undefined ? 0 : (JSON.parse(text) as { looks: unknown[] }).looks.length
}

/** The workers of the pool do so many a minute, less what comes in, until the bot has looked so often. */
async function work({ from, net, times }: { from: number; net: number; times: number }): Promise<number> {
  const begin = bot.clock.now()
  let left = from
  function pass(duration: number): void {
    bot.clock.skip(duration)
    left = Math.max(0, Math.round(from - (net * (bot.clock.now() - begin)) / minute))
    azure.queues.set('examplewest', 'orders', left, begin - 42 * minute)
  }
  for (let done = 1; done <= times; done += 1) {
    const before = await looks()
    let polls = 0
    pass(61_000)
    await vi.waitFor(
      async () => {
        // It was just at it when the minute was over: it asks again ten seconds later.
        if ((polls += 1) % 25 === 0) pass(11_000)
        expect(await looks()).toBeGreaterThan(before)
      },
      { timeout: 20_000, interval: 40 },
    )
  }
  return left
}

async function rowOf(): Promise<string | undefined> {
  const { looked } = (await bot.run('R-1')).proposal
  return looked?.ways.find(({ way }) => way === 'A worker does')?.answer
}

/** The number in a proposal's sum; the bot looks while time goes on, so it is about what the workers really do. */
function expectRate(summary: string, about: number): void {
  const found = Number(/\(([.\d]+) measured per worker and minute x 22 min\)/.exec(summary)?.[1])
  expect(found).toBeGreaterThan(about * 0.7)
  expect(found).toBeLessThan(about * 1.4)
}

describe('workers scale auto', () => {
  test('goes by what was measured, over a restart too, and says where the plan says something else', async () => {
    await open()
    const left = await work({ from: 12_400, net: 48, times: 6 })
    await bot.restart()

    await bot.say('ann', 'workers scale auto')
    await bot.comesTo('R-1', 'proposed')

    const { summary, warnings } = (await bot.run('R-1')).proposal
    expect(summary).toContain(`instead of 4: ${left.toLocaleString('en')} messages / (`)
    expect(summary).toContain("more than the plan's max: 20 workers; has 4")
    expectRate(summary, 12)
    expect(await rowOf()).toMatch(
      /^[.\d]+ a minute, net of what came in: 12,\d\d\d to 1[12],\d\d\d messages in [5-8]m\d*s? with 4 workers, until /,
    )
    expect(warnings.join('\n')).toMatch(
      /Measured were [.\d]+ messages a minute for each worker, net of what came in; the DR plan says 40 \("per_worker"\), and by that it would be 14 workers/,
    )
    expect(warnings.join('\n')).toContain(
      'What comes in meanwhile is in the sum as it was when the rate was measured',
    )
  })

  test('goes by the plan while the measurement is not sound, and says so', async () => {
    await open()
    const left = await work({ from: 12_400, net: 48, times: 3 })

    await bot.say('ann', 'workers scale auto')
    await bot.comesTo('R-1', 'proposed')

    expect((await bot.run('R-1')).proposal.summary).toContain(
      `${left.toLocaleString('en')} messages / (40 per worker and minute x 22 min) = 14 workers`,
    )
    expect(await rowOf()).toBe('40 a minute by the DR plan; not measured in the last day')
  })

  test('needs no number of the plan once it has measured one', async () => {
    await open((plan) => plan.replace(/^ *per_worker:.*\n/m, ''))
    await work({ from: 12_400, net: 160, times: 1 })
    const unknown = await bot.say('ann', 'workers scale auto')
    expect(unknown.text).toContain('how many messages one worker does in a minute was not measured yet')
    await work({ from: 12_000, net: 160, times: 6 })

    await bot.say('ann', 'workers scale auto')
    await bot.comesTo('R-1', 'proposed')

    expectRate((await bot.run('R-1')).proposal.summary, 40)
    expect((await bot.say('ann', 'workers show')).text).toContain('workers scale workers-vmss auto')
  })
})

test('a recovery shows how much is left and for how long, until the queues are empty', async () => {
  async function shows(text: RegExp | string): Promise<void> {
    await vi.waitFor(async () => expect((await bot.say('ann', 'runs R-1')).text).toMatch(text))
  }
  await open()
  await work({ from: 21_000, net: 0, times: 1 })
  await bot.say('ann', 'workers scale 8')
  await bot.comesTo('R-1', 'proposed')
  await bot.say('ann', 'approve R-1')
  await work({ from: 21_000, net: -100, times: 1 })
  await shows(/21,\d\d\d messages left; how fast they go is not known yet/)
  await vi.waitFor(async () => {
    await bot.pass(11_000)
    expect(await bot.run('R-1')).toMatchObject({ state: 'done' })
  }, 15_000)
  expect(azure.scaleSets.running('workers-vmss')).toBe(8)

  await work({ from: 20_000, net: 1_000, times: 5 })
  await shows(/1\d,\d\d\d messages left, at [\d,]+\/min: \d+m/)
  expect((await bot.say('ann', 'workers show')).text).toMatch(/messages left, at [19].*\/min/)

  await work({ from: 300, net: 100_000, times: 1 })
  await work({ from: 500, net: 0, times: 1 })
  await shows('the queues are empty')
  expect(bot.log.lines.map(({ message }) => message)).not.toContain(
    'how deep the queues of a pool are is not known',
  )
})

test('workers show has one figure: what the queues hold now, or where that is not known the last look with its age', async () => {
  await open()
  await work({ from: 12, net: 0, times: 1 })
  azure.queues.set('examplewest', 'orders', 12_400)

  const now = (await bot.say('ann', 'workers show')).text
  bot.clock.skip(20_000)
  azure.fault({ kind: 'status', status: 503 })
  const then = (await bot.say('ann', 'workers show')).text

  expect(now).toMatch(
    /"Queues together"\],\["12,400 messages left; how fast they go is not known yet(?: \(just now\))?"/,
  )
  expect(then).toMatch(
    /"Queues together"\],\["12 messages left; how fast they go is not known yet \(\d+s ago\)"/,
  )
})
