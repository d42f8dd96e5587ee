// What Prometheus sees of an outage: counts and durations, and no name.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeAll(async () => {
  bot = await startBot()
})
afterAll(async () => {
  await bot.stop()
})

async function metrics(): Promise<string> {
  return (await fetch(`${bot.app().url}/metrics`)).text()
}

describe('the metrics', () => {
  it('count the alert, its page, the open incident, and nothing that names anybody', async () => {
    await bot.notify(service('PROBLEM', 'CRITICAL'))
    await bot.settle()
    bot.clock.skip(6_000)

    await vi.waitFor(async () => {
      const text = await metrics()
      expect(text).toContain('dr_alerts_total{outcome="accepted"} 1')
      expect(text).toContain('dr_incidents_open{system="lb",state="paging"} 1')
      expect(text).toContain('dr_alert_to_page_seconds_count 1')
      expect(text).toContain('dr_page_seconds_count{channel="email",outcome="sent"} 1')
      expect(text).not.toMatch(/\b(?:ann|bob|cem|lb1|HAProxy)\b|example/i)
      // The text is up to a second old.
    }, 5_000)
  })
})

describe('readiness', () => {
  it('names each part', async () => {
    const ready = await fetch(`${bot.app().url}/readyz`)
    const body = (await ready.json()) as {
      readonly checks: Readonly<Record<string, { readonly ok: boolean }>>
    }

    expect(ready.status).toBe(200)
    expect(Object.keys(body.checks).toSorted()).toEqual([
      'clock',
      'deadlines',
      'effects',
      'nagios',
      'skew',
      'store',
    ])
  })

  it('stays when Nagios falls silent, which a load balancer must not make worse; the silence is named until it ends', async () => {
    const headers = { authorization: `Bearer ${bot.config.NAGIOS_TOKEN}` }
    await fetch(`${bot.app().url}/webhooks/nagios/heartbeat`, { method: 'POST', headers })
    const before = await fetch(`${bot.app().url}/readyz`)
    await before.text()
    bot.clock.skip(6 * 60_000)

    expect(before.status).toBe(200)
    // The answer is up to a second old.
    await vi.waitFor(async () => {
      const after = await fetch(`${bot.app().url}/readyz`)
      expect(await after.json()).toMatchObject({
        ready: true,
        trouble: [expect.stringMatching(/^nagios: Nagios has been silent for 6m/)],
      })
      expect(after.status).toBe(200)
    }, 5_000)
    await fetch(`${bot.app().url}/webhooks/nagios/heartbeat`, { method: 'POST', headers })
    await vi.waitFor(async () => {
      const healed = await fetch(`${bot.app().url}/readyz`)
      expect(await healed.json()).toMatchObject({ trouble: [] })
    }, 5_000)
  })
})
