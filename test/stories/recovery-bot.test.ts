// The load balancer's recovery on the whole bot: ordered in a terminal, carried on by bells over a restart, lapsed by the clock.
import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
})
afterEach(() => bot.stop())

describe('failover lb in a terminal', () => {
  test('is proposed, approved, verified, and moves its incident to watching; failback puts all back', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    const shown = await bot.say('ann', 'runs R-1')
    expect(shown.card.title).toBe('R-1 · failover lb to backup · waits for approval')
    expect(await bot.say('ann', 'approve R-1')).toMatchObject({ status: 'done' })
    await bot.comesTo('R-1', 'done')
    await vi.waitFor(async () => expect((await bot.incident()).state).toBe('watching'))

    const incident = await bot.incident()
    expect(incident).toMatchObject({ run: 'R-1', engineer: 'ann' })
    expect(Object.keys(incident.marks)).toEqual(
      expect.arrayContaining(['diagnosed', 'decided', 'acted', 'verified']),
    )
    await bot.say('ann', 'failback lb --yes')
    await vi.waitFor(async () => expect(await bot.run('R-2')).toMatchObject({ state: 'done' }), 10_000)
    const record = bot.world.cloudflare.records(bot.world.zone).find((one) => one.name === bot.world.record)
    expect(record).toMatchObject({ content: bot.world.lb.host, ttl: 300 })
    expect(bot.log.lines.filter((line) => line.level === 'error')).toEqual([])
  })

  test('with a provider that is slow and healthy is no failure, and is not begun again', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('ann', 'approve R-1')
    bot.world.cloudflare.fault({ kind: 'slow', ms: 5_500 })
    await vi.waitFor(async () => expect((await bot.run('R-1')).state).toBe('done'), 40_000)

    expect(bot.log.lines.filter((line) => line.message === 'effect failed')).toEqual([])
    expect(bot.world.cloudflare.requests.filter((request) => request.changes)).toHaveLength(1)
  }, 60_000)

  test('goes on after a restart while the name servers are still waited for', async () => {
    bot.world.dns.fault({ kind: 'servfail' })
    await bot.say('ann', 'failover lb --yes')
    await vi.waitFor(async () => {
      expect((await bot.run('R-1')).steps[2]?.note).toMatch(/0 of 1 name servers/)
    }, 10_000)

    await bot.restart()
    bot.world.dns.fault(undefined)
    await bot.comesTo('R-1', 'done')

    const changes = bot.world.cloudflare.requests.filter((request) => request.changes)
    expect(changes).toHaveLength(1)
  })

  test('is not started on the word of somebody who loses the role while the world is looked at', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    const { requests } = bot.world.cloudflare
    const before = requests.length
    bot.world.cloudflare.fault({ kind: 'slow', ms: 1_000 })
    const approving = bot.say('mia', 'approve R-1')
    await vi.waitFor(() => expect(requests.length).toBeGreaterThan(before))
    const plan = await readFile(bot.planFile, 'utf8')
    const demoted = plan.replace(/(name: Mia Manger\n\s+roles: )\[manager, approver\]/, '$1[viewer]')
    await writeFile(bot.planFile, demoted)
    await bot.app().plan.reload()

    const answer = await approving

    expect(demoted).not.toBe(plan)
    expect(answer.status).toBe('refused')
    expect(await bot.run('R-1')).toMatchObject({ state: 'proposed', approvals: [] })
    expect(bot.world.cloudflare.requests.filter((request) => request.changes)).toEqual([])
  })

  test('answers a cancel while Cloudflare blocks the bot with the moment until which nothing is asked', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    bot.world.cloudflare.fault({ kind: 'rate-limit', on: 'change' })
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[1]?.waits).toBeDefined(), 10_000)

    const answer = await bot.say('ann', 'cancel R-1')

    expect(answer.text).toMatch(
      /R-1 stops after the step that is under way\. Its provider refuses every call until \d\d:\d\d Europe\/Berlin, and to ask before makes that longer: it is looked at then\./,
    )
  })

  test('answers a retry of a run that stands half-way, after the plan has changed, with what differs', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    bot.world.dns.fault({ kind: 'stale', queries: 100_000 })
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => {
      await bot.pass(6_000)
      expect(await bot.run('R-1')).toMatchObject({ state: 'failed', current: 2 })
    }, 20_000)
    const plan = await readFile(bot.planFile, 'utf8')
    await writeFile(bot.planFile, plan.replace(/(name: backup\n\s+risk: )reversible/, '$1disruptive'))
    await bot.app().plan.reload()

    const answer = await bot.say('ann', 'retry R-1')

    expect(answer.text).toContain(
      'R-1 goes on. The DR plan has changed since R-1 was proposed (risk is disruptive, and was reversible), and it goes on with what was approved; for what the plan has now: ',
    )
  })

  test('does not start for an outage that is over', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('ann', 'resolve it was the check')

    const answer = await bot.say('ann', 'approve R-1')

    expect(answer.status).toBe('refused')
    expect(answer.text).toContain('INC-1 is resolved')
    expect(await bot.run('R-1')).toMatchObject({ state: 'expired' })
  })

  test('keeps what is typed after it was denied, and who denied it', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    const denied = await bot.say('mia', 'deny R-1')
    const late = await bot.say('mia', 'deny R-1 not now')
    await bot.say('ann', 'resolve it was the check')
    const same = await bot.say('ann', 'resolve INC-1 it was the check')
    const more = await bot.say('ann', 'resolve INC-1 it was the cable')
    const report = await bot.say('ann', 'report INC-1')

    expect(denied.text).toContain('Mia Manger (cli) at ')
    expect(late.text).toContain('R-1 is denied already; your words are noted.')
    expect(same.text).toContain('INC-1 is resolved already')
    // Whoever knows the run finds its incident; and what was denied does not read as if it had happened.
    const ofRun = await bot.say('ann', 'report R-1')
    expect(ofRun.card.title).toBe('Report of INC-1')
    expect(ofRun.text).toContain('What was proposed')
    expect(ofRun.text).not.toContain('Before and after')
    expect(more.text).toContain('INC-1 is resolved already; your words are noted.')
    for (const words of ['Denied by Mia Manger', 'R-1: not now', 'it was the cable'])
      expect(report.text).toContain(words)
    expect(report.text.match(/it was the check/g)?.length).toBeGreaterThan(0)
  })

  test('tells whoever says what is so already who was first, and does not call it theirs', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('bob', 'approve R-1')
    const second = await bot.say('mia', 'approve R-1')
    await bot.comesTo('R-1', 'done')
    const third = await bot.say('mia', 'approve R-1')
    await bot.say('ann', 'failback lb')
    await bot.comesTo('R-2', 'proposed')
    const first = await bot.say('mia', 'deny R-2 not yet')
    const denied = await bot.say('ann', 'deny R-2')
    const cancelled = await bot.say('ann', 'cancel R-2')

    expect(second.text).toContain('R-1 is approved already, by Bob Brandt')
    expect(third.text).toContain('R-1 is approved already, by Bob Brandt; it is done.')
    expect(first.text).toContain('R-2 is denied.')
    for (const { text } of [denied, cancelled])
      expect(text).toContain('R-2 is denied already, by Mia Manger.')
  })

  test('lapses when nobody approves it in five minutes', async () => {
    await bot.say('ann', 'failover lb')
    await bot.comesTo('R-1', 'proposed')

    await bot.pass(5 * 60_000 + 1_000)
    await bot.comesTo('R-1', 'expired')

    const late = await bot.say('ann', 'approve R-1')
    expect(late.status).toBe('refused')
    expect(late.text).toContain('To have it proposed again: failover lb to backup')
  })
})
