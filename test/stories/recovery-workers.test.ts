// A pool of workers through the whole bot: shown, sized by its queues, watched until it runs, and put back.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { RunId } from '../../src/ids.ts'
import type { RunState } from '../../src/recovery/run.ts'
import { startTestAzure } from '../servers/azure.ts'
import { startBot } from '../servers/bot.ts'
import type { Answered, Bot } from '../servers/bot.ts'

let bot: Bot
let azure: AzureSim

beforeEach(async () => {
  let clock: Bot['clock'] | undefined
  azure = await startTestAzure({ now: () => clock?.now() ?? Date.UTC(2026, 10, 23, 9) })
  bot = await startBot((plan) => plan, { env: azure.env })
  clock = bot.clock
})
afterEach(async () => {
  await bot.stop()
  await azure.stop()
})

const byLoad = { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true }
const holidays = {
  name: 'holidays',
  capacity: { minimum: '1', maximum: '9', default: '3' },
  rules: [
    {
      metricTrigger: {
        metricName: 'Percentage CPU',
        metricResourceUri: '/subscriptions/s/vmss',
        timeGrain: 'PT1M',
        statistic: 'Average',
        timeWindow: 'PT5M',
        timeAggregation: 'Average',
        operator: 'GreaterThan',
        threshold: 70,
        dimensions: [{ DimensionName: 'VMName', Operator: 'Equals', Values: ['a'] }],
      },
      scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' },
    },
  ],
  fixedDate: {
    timeZone: 'W. Europe Standard Time',
    start: '2026-12-24T00:00:00',
    end: '2026-12-27T00:00:00',
  },
}

/** Lets time go on until it has ended: machines need 90 s, and Azure is asked every 10 s. */
async function endsAs(id: RunId, state: RunState): Promise<void> {
  await vi.waitFor(async () => {
    await bot.pass(11_000)
    expect(await bot.run(id)).toMatchObject({ state })
  }, 15_000)
}

/** Says it, and waits for the proposal: the first look at Azure loads its SDKs. */
async function proposed(text: string, id: RunId = 'R-1'): Promise<Answered> {
  const answer = await bot.say('ann', text)
  await bot.comesTo(id, 'proposed')
  return answer
}

function changing(): readonly string[] {
  return azure.requests
    .filter(({ reason }) => reason === 'change')
    .map(({ method, path, body }) => `${method} ${path.split('/').at(-1)} ${body}`)
}

describe('failover workers', () => {
  test('sizes the pool by its queues, raises what autoscale would undo, and puts back exactly what was', async () => {
    const now = bot.clock.now()
    azure.queues.set('examplewest', 'orders', 12_000, now - 42 * 60_000)
    azure.queues.set('examplewest', 'mails', 400, now)
    azure.autoscale.set([{ ...byLoad, minimum: 2, maximum: 6, profiles: [holidays], predictive: 'Enabled' }])
    const before = azure.autoscale.properties('by-load')

    await proposed('failover workers')
    const { proposal, steps } = await bot.run('R-1')
    expect(proposal.summary).toBe(
      'workers-vmss will have 15 workers instead of 4: 12,400 messages / (40 per worker and minute x 22 min) = 15 workers; has 4',
    )
    expect(proposal.looked?.ways.map(({ way, answer }) => `${way}: ${answer}`)).toEqual([
      'workers-vmss: 4 of 4 run',
      'Queue orders of examplewest: 12,000 messages, the oldest for 42m',
      expect.stringMatching(/^Queue mails of examplewest: 400 messages, the oldest for \d+s$/),
      'A worker does: 40 a minute by the DR plan; not measured in the last day',
    ])
    expect(steps.map(({ title }) => title)).toEqual([
      'Set the autoscale setting by-load to 15 to 15 (by load), 15 to 15 (holidays)',
      'Set workers-vmss to 15 workers',
      'Wait until 15 workers run',
    ])
    expect(proposal.warnings.join()).toContain(
      '30m of the objective (RTO), less 8m until new workers run. What comes in meanwhile is not in the sum',
    )
    expect(changing()).toEqual([])
    expect(await bot.say('ann', 'approve R-1')).toMatchObject({ status: 'done' })
    await vi.waitFor(async () =>
      expect((await bot.run('R-1')).steps[1]).toMatchObject({
        phase: 'started',
        note: '4 of 15 workers run',
      }),
    )
    azure.autoscale.act('idle')
    expect(azure.scaleSets.capacity('workers-vmss')).toBe(15)
    await endsAs('R-1', 'done')
    expect(azure.scaleSets.running('workers-vmss')).toBe(15)
    expect(azure.autoscale.properties('by-load')).not.toEqual(before)

    await proposed('failback workers', 'R-2')
    expect((await bot.run('R-2')).proposal).toMatchObject({
      summary:
        'workers-vmss will have 4 workers again, autoscale by-load 2 to 6 (by load), 1 to 9 (holidays), as before R-1',
      warnings: ['12,400 messages still wait in the queues'],
    })
    await bot.say('ann', 'approve R-2')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(4))
    await endsAs('R-2', 'done')
    expect(azure.autoscale.properties('by-load')).toEqual(before)
    expect(azure.scaleSets.running('workers-vmss')).toBe(4)
    expect(await bot.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    expect(changing()).toHaveLength(4)
  })

  test('goes on under a freeze that comes after its approval, and whoever freezes is told how to stop it', async () => {
    azure.autoscale.set([{ ...byLoad, minimum: 2, maximum: 6 }])
    // The first look at Azure loads its SDKs: whatever else is asked meanwhile may have to be asked again.
    await vi.waitFor(async () => {
      const opened = await bot.say('ann', 'open workers nothing is processed')
      expect(opened.status).toBe('done')
    }, 10_000)
    await proposed('workers scale workers-vmss 10')
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[1]?.phase).toBe('started'))

    const answer = await bot.say('mia', 'freeze the hoster is at work')

    expect(answer.data).toMatchObject({ running: ['R-1'] })
    const words =
      /R-1"}," \(workers scale pool 10\) was approved before, is at step [23] of 3, and goes on\. To stop it before its next step, type: ",{"command":"cancel R-1/
    expect(answer.text).toMatch(words)
    expect((await bot.say('ann', 'status')).text).toMatch(words)
    expect((await bot.say('ann', 'timeline INC-1')).text).toContain(
      'What was approved before goes on: R-1 (workers scale pool 10). To stop it before its next step: cancel R-1',
    )
    await endsAs('R-1', 'done')
    expect((await bot.say('ann', 'status')).text).not.toContain('cancel R-1')
    await proposed('failback workers', 'R-2')
    expect((await bot.say('ann', 'approve R-2')).text).toMatch(
      /R-2 cannot start: recoveries were frozen by Mia Manger/,
    )
    expect(changing()).toHaveLength(2)
  })

  test('is stopped under a freeze by cancel', async () => {
    azure.autoscale.set([{ ...byLoad, minimum: 2, maximum: 6 }])
    await proposed('workers scale workers-vmss 10')
    azure.fault({ kind: 'reset', on: 'change', path: 'workers-vmss' })
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[1]?.phase).toBe('intended'))
    await bot.say('mia', 'freeze')
    await bot.say('mia', 'cancel R-1')
    azure.fault(undefined)
    await endsAs('R-1', 'cancelled')

    expect((await bot.say('ann', 'freeze')).data).toMatchObject({ running: [] })
    expect(changing().filter((one) => one.includes('workers-vmss'))).toHaveLength(1)
  })

  test('goes on after a restart of the bot in the middle, and starts nothing twice', async () => {
    azure.queues.set('examplewest', 'orders', 12_400)
    await proposed('failover workers')
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(async () => expect((await bot.run('R-1')).steps[0]?.phase).toBe('started'))

    await bot.restart()
    await endsAs('R-1', 'done')
    expect(changing()).toEqual(['PATCH workers-vmss?api-version=2026-04-01 {"sku":{"capacity":15}}'])
  })
})

describe('workers scale', () => {
  test('says a sum that the plan has cut, and refuses what is outside of it', async () => {
    azure.queues.set('examplewest', 'orders', 100_000)
    await proposed('workers scale auto')
    expect((await bot.run('R-1')).proposal.summary).toContain(
      "= 114 workers, more than the plan's max: 20 workers; has 4",
    )
    expect((await bot.run('R-1')).recovery).toBe('pool')

    const tooMany = await bot.say('ann', 'workers scale +40')
    const tooFew = await bot.say('ann', 'workers scale workers-vmss 1')
    const unknown = await bot.say('ann', 'workers scale others 5')

    expect(tooMany.text).toContain("44 workers would be more than the plan's max of 20")
    expect(tooMany.text).toContain('Instead: workers scale workers-vmss 20')
    expect(tooFew.text).toContain("1 worker would be fewer than the plan's min of 2")
    expect(tooFew.text).toContain('workers scale workers-vmss 1 --override pool-limits')
    expect(unknown.text).toContain('The DR plan has no pool of workers others. It has: workers-vmss.')
  })

  test('does not start on another capacity, nor while somebody else is changing it', async () => {
    await proposed('workers scale 8')
    azure.scaleSets.set('workers-vmss', 6)
    const drifted = await bot.say('ann', 'approve R-1')
    expect(drifted.text).toContain('workers-vmss has 6 workers now, and had 4')
    expect(drifted.text).toContain('Look at it again: workers scale pool 8')

    await proposed('workers scale 8', 'R-2')
    await bot.say('ann', 'approve R-2')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(8))
    const second = await bot.say('ann', 'workers scale 12')
    expect(second).toMatchObject({ status: 'refused' })
    expect(second.text).toContain('pool-not-scaling: workers-vmss is just being changed')
    expect((await bot.say('ann', 'workers scale 8')).text).toContain('This exists already as R-2')
    expect(changing()).toHaveLength(1)
  })

  test('takes workers away, lets autoscale allow it, and waits until they are gone', async () => {
    azure.autoscale.set([{ ...byLoad, minimum: 4, maximum: 20 }])
    await proposed('workers scale -2')
    expect((await bot.run('R-1')).steps[0]?.title).toBe('Set the autoscale setting by-load to 2 to 20')
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(2))

    await endsAs('R-1', 'done')
    expect((await bot.run('R-1')).steps.at(-1)?.note).toBe('2 workers left, the others are gone')
  })

  test('says that some have not come, why, and what may help; what came can be undone', async () => {
    azure.scaleSets.room(6)
    await proposed('workers scale 10')
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(10))
    await endsAs('R-1', 'failed')

    const failed = await bot.run('R-1')
    expect(failed).toMatchObject({
      current: 1,
      reason: expect.stringMatching(/^6 of 10 workers run, 4 are missing\. Azure: AllocationFailed: /),
      advice: expect.stringContaining('another VM size or another zone'),
    })
    expect(failed).toMatchObject({ advice: expect.stringContaining('workers scale workers-vmss 6') })
    await proposed('failback workers', 'R-2')
    await bot.say('ann', 'approve R-2')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(4))
  })

  test('is content with those that have come when autoscale has been told so', async () => {
    azure.autoscale.set([{ ...byLoad, minimum: 2, maximum: 6 }])
    azure.scaleSets.room(6)
    await proposed('workers scale 10')
    await bot.say('ann', 'approve R-1')
    await vi.waitFor(() => expect(azure.scaleSets.capacity('workers-vmss')).toBe(10))
    await endsAs('R-1', 'failed')

    await proposed('workers scale workers-vmss 6', 'R-2')
    expect((await bot.run('R-2')).steps.map(({ title }) => title)).toEqual([
      'Set the autoscale setting by-load to 6 to 10',
    ])
    await bot.say('ann', 'approve R-2')
    await bot.comesTo('R-2', 'done')
    expect((await bot.say('ann', 'workers scale 6')).text).toContain(
      'not-already-there: workers-vmss has 6 workers already',
    )
  })

  test('changes nothing when the quota is used up, and says so in the words of Azure', async () => {
    azure.scaleSets.quota(24)
    const refused = await bot.say('ann', 'workers scale 10')
    expect(refused.text).toContain(
      'core-quota: 10 workers need 24 more cores (Standard_D4s_v5, 4 each), and in westeurope 16 of 24 are used of the quota Total Regional vCPUs: ask for 40',
    )
    expect(refused.text).toContain('Instead: workers scale workers-vmss 6.')
    await proposed('workers scale 10 --override core-quota "more was given a minute ago"')
    await bot.say('ann', 'approve R-1')
    await bot.comesTo('R-1', 'failed')

    expect(await bot.run('R-1')).toMatchObject({
      reason: expect.stringMatching(/409 OperationNotAllowed: .*Total Regional Cores quota/),
    })
    expect(azure.scaleSets.capacity('workers-vmss')).toBe(4)
    expect((await bot.say('ann', 'failback workers')).text).toContain('Nothing of workers is to be undone')
  })

  test('by a queue that is silent: says after two seconds which, and that a number can be said; a number goes through', async () => {
    azure.queues.set('examplewest', 'mails', 12, bot.clock.now())
    await bot.say('ann', 'workers show')
    azure.fault({ kind: 'hang', path: '/queues/examplewest/orders' })

    const said = await bot.say('ann', 'workers scale auto')
    await vi.waitFor(
      async () =>
        expect(said.text + (await bot.say('ann', 'runs')).text).toMatch(
          /the queue orders of examplewest: no answer within 2s\. Or say a number: workers scale workers-vmss 8/,
        ),
      10_000,
    )

    await proposed('workers scale 8')
    const { looked } = (await bot.run('R-1')).proposal
    expect(looked?.ways).toMatchObject([
      { way: 'workers-vmss' },
      { way: 'Queue mails of examplewest', ok: true, answer: expect.stringContaining('12 messages') },
      { way: 'Queues of examplewest', ok: false, answer: expect.stringContaining('the queue orders') },
      { way: 'A worker does' },
    ])
  })

  test('goes on where nobody may look at the quota, and says that it is not known', async () => {
    azure.withhold(['Microsoft.Compute/locations/usages/read'])

    await proposed('workers scale 8')

    const { proposal } = await bot.run('R-1')
    expect(proposal.findings).toContainEqual({
      rule: 'core-quota',
      ok: true,
      unknown: true,
      text: expect.stringMatching(/ is not known: .*Microsoft\.Compute\/locations\/usages\/read is missing/),
    })
  })

  test('is refused while nobody knows what autoscale would do, and taken on oneself', async () => {
    azure.withhold(['Microsoft.Insights/autoscalesettings/read'])
    await bot.say('ann', 'workers show')

    const refused = await bot.say('ann', 'workers scale 8')

    expect(refused.text).toContain('autoscale-known')
    expect(refused.text).toContain('Microsoft.Insights/autoscalesettings/read is missing')
    await proposed('workers scale 8 --override autoscale-known "there is none"')
  })
})

describe('workers show', () => {
  test('has capacity, instances, autoscale and queues, and names what does not answer', async () => {
    azure.queues.set('examplewest', 'orders', 1_240, bot.clock.now() - 3_600_000)
    azure.autoscale.set([{ ...byLoad, minimum: 2, maximum: 6 }])
    // The first look loads Azure's packages.
    await vi.waitFor(
      async () => expect((await bot.say('ann', 'workers show')).text).not.toContain('did not answer within'),
      10_000,
    )
    const shown = await bot.say('ann', 'workers show')
    for (const text of ['4 run', '2 to 6', '1,240 messages, the oldest for 1h', '2 to 20 workers'])
      expect(shown.text).toContain(text)

    azure.fault({ kind: 'hang', path: '/queues/' })
    const partly = await bot.say('ann', 'workers show')
    expect(partly.status).toBe('done')
    expect(partly.text).toContain(
      '[["Queues orders, mails"],["not known now: Azure could not look at the queues of examplewest: no answer within 2s"]]',
    )
    expect(partly.text).toContain('4 run')

    azure.fault({ kind: 'hang', path: '/queues/examplewest/orders' })
    const oneSilent = await bot.say('ann', 'workers show')
    expect(oneSilent.text).toContain('the queue orders of examplewest: no answer within 2s')
    expect(oneSilent.text).toContain('[["Queue mails"],["0 messages"]]')

    azure.fault({ kind: 'hang', path: '/virtualMachineScaleSets/' })
    const noPool = await bot.say('ann', 'workers show')
    expect(noPool.text).toContain('[["Workers"],["not known now: Azure did not answer within 2.5s"]]')
    expect(noPool.text).toContain('1,240 messages')
  })
})
