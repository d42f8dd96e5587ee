// The bot's own trouble: the store away, a broken new plan, a restart of everything.
import { readFileSync, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(async () => {
  await bot.stop()
})

/** The private redis-server of this bot. */
function redisPid(): number {
  const found = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .find((pid) => {
      const title = read(`/proc/${pid}/cmdline`)
      return read(`/proc/${pid}/comm`).startsWith('redis-server') && title.includes(bot.config.DATA_DIR)
    })
  if (found === undefined) throw new Error('no redis-server of this bot')
  return Number(found)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

describe('the store away', () => {
  it('makes the door say 503 instead of waiting, so that the sender keeps the alert, and people are told what to do', async () => {
    const pid = redisPid()
    process.kill(pid, 'SIGSTOP')

    const [status, answer, ready] = await Promise.all([
      bot.notify(service('PROBLEM', 'CRITICAL')),
      bot.say('ann', 'status'),
      fetch(`${bot.app().url}/readyz`).then(async (response) => ({
        status: response.status,
        text: await response.text(),
      })),
    ])
    process.kill(pid, 'SIGCONT')

    expect(status).toBe(503)
    expect(answer.text).toMatch(/Redis|store/)
    expect(ready.status).toBe(503)
  })

  it('for a moment loses nothing: what was answered is there, and the rest is sent again', async () => {
    const first = await bot.notify(service('PROBLEM', 'CRITICAL'))
    await bot.settle()
    process.kill(redisPid(), 'SIGKILL')

    await vi.waitFor(
      async () => expect(await bot.notify(service('PROBLEM', 'CRITICAL', { HOSTNAME: 'lb2' }))).toBe(202),
      10_000,
    )
    await vi.waitFor(async () => {
      await bot.settle()
      expect((await bot.incident()).problems.open).toBe(2)
    }, 10_000)

    expect(first).toBe(202)
    expect(await bot.app().store.incidents({ open: true, limit: 10 })).toHaveLength(1)
  })
})

describe('a new plan', () => {
  it('is taken over without a restart', async () => {
    const plan = await readFile(bot.planFile, 'utf8')
    await writeFile(bot.planFile, plan.replace('next_engineer_after: 3m', 'next_engineer_after: 1m'))

    const problems = await bot.app().plan.reload()

    expect(problems).toEqual([])
    expect(bot.app().plan.plan().paging.next_engineer_after).toBe(60_000)
  })

  it('that is broken is refused with every error, and the old one goes on', async () => {
    await writeFile(bot.planFile, 'organisation: [\n')

    const problems = await bot.app().plan.reload()

    expect(problems.length).toBeGreaterThan(0)
    expect(bot.app().plan.plan().paging.next_engineer_after).toBe(180_000)
    expect(bot.log.lines.some((line) => line.message.includes('refused'))).toBe(true)
  })

  it('that could be better is taken over, and each warning is in the log as at the start', async () => {
    const plan = await readFile(bot.planFile, 'utf8')
    await writeFile(bot.planFile, plan.replace(/ladder: .*/, 'ladder: [{ email: 0s }]'))
    const before = bot.log.lines.length

    await bot.app().plan.reload()

    const said = bot.log.lines.slice(before).filter((line) => line.message === 'the plan')
    expect(JSON.stringify(said)).toContain('the ladder has a single channel')
  })

  it('does not move the clocks of an outage that is under way', async () => {
    await bot.notify(service('PROBLEM', 'CRITICAL'))
    await bot.settle()
    const before = await bot.incident()
    const plan = await readFile(bot.planFile, 'utf8')
    await writeFile(bot.planFile, plan.replace('deadline: 30m', 'deadline: 10m'))
    await bot.app().plan.reload()
    await bot.say('ann', 'ack')
    await bot.pass(11 * 60_000)

    const after = await bot.incident()
    expect('clock' in before && before.timings.deadline).toBe(30 * 60_000)
    expect(after).toMatchObject({ state: 'diagnosing', level: 0 })
  })
})

describe('an override by command', () => {
  it('puts somebody else on call from now on, and survives a restart', async () => {
    const before = await bot.say('cem', 'oncall override dan 2026-11-23T00:00 2026-11-24T00:00')
    await bot.restart()
    await bot.notify(service('PROBLEM', 'CRITICAL'))
    await bot.settle()

    const incident = await bot.incident()
    expect(before.status).toBe('done')
    expect(incident.pages[0]).toMatchObject({ person: 'dan' })
    expect(incident.pages[0]?.why).toContain('override')
  })

  it('that is long over makes room for the next', async () => {
    await bot.say('cem', 'oncall override dan 2026-11-23T00:00 2026-11-24T00:00')
    await bot.pass(4 * 24 * 3_600_000)

    await bot.say('cem', 'oncall override dan 2026-12-23T00:00 2026-12-24T00:00')

    expect(await bot.app().store.setting('overrides')).toContain('2026-12-23')
    expect(await bot.app().store.setting('overrides')).not.toContain('2026-11-23')
  })

  it('is taken back for good', async () => {
    const stored = async (): Promise<string | undefined> => bot.app().store.setting('overrides')
    await bot.say('cem', 'oncall override dan 2026-11-23T00:00 2026-11-24T00:00')
    await bot.say('cem', 'oncall override ann 2026-11-24T00:00 2026-11-24T04:00')

    const back = await bot.say('cem', 'oncall cancel dan')
    await bot.restart()
    const after = await bot.say('cem', 'oncall')

    expect(back.status).toBe('done')
    expect(JSON.stringify(after.card)).not.toContain('Dan')
    expect(JSON.parse((await stored()) ?? '')).toEqual([expect.objectContaining({ person: 'ann' })])
  })
})
