// A clock that is ahead for a while, the bot's or Nagios': it leaves no silence behind, for hours or days, when it is right again.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import { createClock } from '../../src/clock.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { createSigner } from '../../src/web/session.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

const [minutes, day] = [60_000, 86_400_000]
const monday = Date.UTC(2026, 10, 23, 9)
const off = { by: 0 }
let bot: Bot

afterEach(() => bot.stop())

/** A machine whose clock is ahead by `off.by`; a restart of the bot reads it again. */
async function startAhead(by: number): Promise<void> {
  off.by = by
  const real = createMovableClock({ start: monday })
  const clock: MovableClock = { ...real, now: () => real.now() + off.by }
  bot = await startBot((plan) => plan, { clock })
}

async function rightAgain(): Promise<void> {
  off.by = 0
  await bot.restart()
}

async function told(fields: Readonly<Record<string, string | number>>): Promise<void> {
  expect(await bot.notify(fields)).toBe(202)
  await bot.settle()
}

async function newest(): Promise<Incident | undefined> {
  return (await bot.app().store.incidents({ open: false, limit: 1 }))[0]
}

function seconds(): number {
  return Math.floor(bot.clock.now() / 1_000)
}

describe('after the clock of the machine was a day ahead', () => {
  it('a new problem opens an incident and pages', async () => {
    await startAhead(day)
    await told(service('PROBLEM', 'CRITICAL'))
    await bot.pass(2_000)
    await told(service('RECOVERY', 'OK'))
    await bot.pass(10 * minutes)
    expect((await newest())?.state).toBe('resolved')
    await rightAgain()
    const before = bot.mailbox.received.length

    await told(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 2, LASTSERVICEPROBLEMID: 1 }))

    expect((await newest())?.state).toBe('paging')
    await bot.pass(5 * minutes)
    await vi.waitFor(() => expect(bot.mailbox.received.length).toBeGreaterThan(before))
  })

  it('a problem whose id Nagios does not say is not late either', async () => {
    await startAhead(day)
    await told(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 0 }))
    await told(service('RECOVERY', 'OK', { SERVICEPROBLEMID: 0 }))
    await bot.pass(10 * minutes)
    await rightAgain()

    await told(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 0 }))

    expect((await newest())?.state).toBe('paging')
  })

  it('the clocks of an open incident go on from now, and the record says why', async () => {
    await startAhead(day)
    await told(service('PROBLEM', 'CRITICAL'))
    await bot.pass(2_000)
    await bot.say('ann', 'ack INC-1')
    await rightAgain()

    await vi.waitFor(async () => {
      const [next] = await bot.app().store.due(Number.MAX_SAFE_INTEGER, 10)
      expect(next?.wakeAt).toBeLessThanOrEqual(bot.clock.now() + 30 * minutes)
    })
    await bot.pass(31 * minutes)

    expect((await bot.incident()).level).toBe(1)
    const events = await bot.app().store.timeline('INC-1')
    expect(events.find(({ type }) => type === 'clock.corrected')?.text).toContain('ahead by')
  })

  it('a run that was approved then is looked at and goes on', async () => {
    await startAhead(day)
    await told(service('PROBLEM', 'CRITICAL'))
    await bot.say('ann', 'failover lb')
    await vi.waitFor(() => bot.run('R-1'))
    bot.world.cloudflare.fault({ kind: 'hang', on: 'change' })
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[1]?.phase).toBe('intended'), 10_000)
    await rightAgain()
    bot.world.cloudflare.fault(undefined)

    await vi.waitFor(async () => {
      const [checkAt] = (await bot.app().store.due(Number.MAX_SAFE_INTEGER, 10)).filter(
        ({ id }) => id === 'R-1',
      )
      expect(checkAt?.wakeAt).toBeLessThan(bot.clock.now() + 10 * minutes)
    })
    await vi.waitFor(async () => {
      await bot.pass(10_000)
      expect((await bot.run('R-1')).state).toBe('done')
    }, 20_000)
  })

  it('a step that was begun then is given up after its own time, not a day later', async () => {
    await startAhead(day)
    await told(service('PROBLEM', 'CRITICAL'))
    await bot.say('ann', 'failover lb')
    await vi.waitFor(() => bot.run('R-1'))
    bot.world.dns.fault({ kind: 'stale', queries: 100_000 })
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[2]?.phase).toBe('started'), 10_000)

    await rightAgain()
    const since = bot.clock.now()

    await vi.waitFor(async () => {
      await bot.pass(10_000)
      expect((await bot.run('R-1')).state).toBe('failed')
    }, 20_000)
    expect(bot.clock.now() - since).toBeLessThan(15 * minutes)
  })

  it('what is issued to somebody who was logged out then counts, and what was issued before does not', async () => {
    await startAhead(0)
    const signer = createSigner(bot.config.CONSOLE_SECRET)
    const old = signer.token('bob', bot.clock.now())
    off.by = day
    await bot.say('bob', 'logout bob')
    await rightAgain()
    const statusWith = async (token: string) => {
      const response = await fetch(`${bot.app().url}/api/incidents`, {
        headers: { authorization: `Bearer ${token}` },
      })
      await response.text()
      return response.status
    }

    await vi.waitFor(async () => expect(await statusWith(signer.token('bob', bot.clock.now()))).toBe(200))

    expect(await statusWith(old)).toBe(401)
  })
})

describe('while the clock of the bot is ahead since the machine was set back', () => {
  it('new problems open incidents, and /readyz says what to do', async () => {
    let [ahead, skipped] = [0, 0]
    const start = monday - Date.now()
    const wall = (): number => Date.now() + start + ahead + skipped
    const machine = createClock(undefined, { wall, running: () => performance.now() + skipped })
    const clock = { ...machine, skip: (duration: number) => void (skipped += duration) }
    bot = await startBot((plan) => plan, { clock })
    ahead = 60 * minutes
    await told(service('PROBLEM', 'CRITICAL', { TIMET: Math.floor(wall() / 1_000) }))
    await bot.pass(20_000)
    await told(service('RECOVERY', 'OK', { TIMET: Math.floor(wall() / 1_000) }))
    ahead = 0
    await bot.pass(10 * minutes)
    await bot.pass(1_000)
    expect((await newest())?.state).toBe('resolved')

    await told(
      service('PROBLEM', 'CRITICAL', {
        TIMET: Math.floor(wall() / 1_000),
        SERVICEPROBLEMID: 2,
        LASTSERVICEPROBLEMID: 1,
      }),
    )

    expect((await newest())?.state).toBe('paging')
    const ready = await fetch(`${bot.app().url}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toMatch(/the bot's clock is (?:1h|60m|59m 59s)[^"]* ahead.*restart the bot/)
  })
})

describe('the clock of Nagios', () => {
  it('set back by half an hour drops no new problem', async () => {
    bot = await startBot()
    await told(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 7 }))
    await bot.pass(20_000)
    await told(service('RECOVERY', 'OK', { SERVICEPROBLEMID: 7 }))
    await bot.pass(10 * minutes)

    const back = { TIMET: seconds() - 1_800, SERVICEPROBLEMID: 8, LASTSERVICEPROBLEMID: 7 }
    await told(service('PROBLEM', 'CRITICAL', back))

    expect((await newest())?.state).toBe('paging')
  })

  it('that makes a recovery look like old news is named in the log, and the incident stays open', async () => {
    bot = await startBot()
    await told(service('PROBLEM', 'CRITICAL'))

    await told(service('RECOVERY', 'OK', { TIMET: seconds() - 1_800 }))

    expect((await newest())?.state).toBe('paging')
    const [line] = bot.log.lines.filter(({ message }) => message.includes('old news'))
    expect(line).toMatchObject({ level: 'warn', fields: { objects: ['lb1;HAProxy'] } })
  })

  it('that makes a problem look like old news is named in the log', async () => {
    bot = await startBot()
    await told(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 0 }))
    await bot.pass(20_000)
    await told(service('RECOVERY', 'OK', { SERVICEPROBLEMID: 0 }))

    await told(service('PROBLEM', 'CRITICAL', { TIMET: seconds() - 1_800, SERVICEPROBLEMID: 0 }))

    const [line] = bot.log.lines.filter(({ message }) => message.includes('old news'))
    expect(line).toMatchObject({ level: 'warn', fields: { count: 1, objects: ['lb1;HAProxy'] } })
  })

  it('in 1970 makes no outage of fifty years: it counts from its arrival, and the record says so', async () => {
    bot = await startBot()

    await told(service('PROBLEM', 'CRITICAL', { TIMET: 1, LASTSERVICESTATECHANGE: 1 }))

    const incident = await bot.incident()
    expect(bot.clock.now() - incident.marks.outage).toBeLessThan(minutes)
    expect(incident.title).toContain(
      'Nagios dates it 1970-01-01, which cannot be: it counts from its arrival',
    )
  })
})
