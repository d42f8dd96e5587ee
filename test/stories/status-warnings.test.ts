// What is not fine although no incident is open: explained by another, left behind, owed.
import { beforeEach, describe, expect, test } from 'vitest'
import { oneRedis } from '../servers/one-redis.ts'
import { said, startDesk } from './command-desk.ts'
import { run as sampleRun, writingRun } from '../contracts/store-samples.ts'
import type { SystemId } from '../../src/ids.ts'
import type { TestDesk } from './command-desk.ts'

const redis = oneRedis()
let desk: TestDesk

beforeEach(async () => {
  desk = await startDesk(redis())
})

describe('status, of what is not fine although it has no open incident', () => {
  const nagios = { person: 'nagios', door: 'nagios' } as const
  const broke = (system: SystemId, key: string) => ({
    alert: `A-${key}`,
    key,
    system,
    state: 'CRITICAL',
    output: 'no answer',
    at: desk.clock.now(),
    since: desk.clock.now(),
    change: 'broke' as const,
    text: `${key} is CRITICAL`,
  })
  const outage = (attached: readonly ReturnType<typeof broke>[]) =>
    desk.incidents.open({ system: 'lb', title: 'lb is down', by: nagios, attached })

  test('says that a system is down, explained by the incident of another', async () => {
    await outage([broke('lb', 'lb1;HAProxy'), broke('api', 'api-main;HTTPS')])

    expect(said(await desk.say('vic', 'status'))).toContain('api: down, explained by INC-1')
    const answer = await desk.say('vic', 'status api')
    expect(answer.card).toMatchObject({ title: 'api: down, explained by INC-1', tone: 'warn' })
    expect((await desk.say('vic', 'status db')).card.tone).toBe('good')
  })

  test('has the clock of its own objective while another outage explains it, and what can be done', async () => {
    await outage([broke('lb', 'lb1;HAProxy'), broke('api', 'api-main;HTTPS')])
    const down = desk.clock.now()
    await desk.say('ann', 'ack')
    const { card } = await desk.say('ann', 'status api')

    expect(card.fields).toEqual([
      { label: 'Down since', value: [{ at: down, show: 'date-time' }] },
      {
        label: 'Objective (RTO 5m)',
        value: [{ at: down + 5 * 60_000, show: 'countdown' }],
        tone: 'warn',
      },
      { label: 'Who has INC-1', value: ['Ann Onken'] },
    ])
    expect(card.buttons?.map(({ command }) => command)).toEqual([
      'status INC-1',
      'failover api to standby',
      'open api',
    ])
  })

  test('says that Nagios still reports problems of an incident that was resolved', async () => {
    await outage([broke('lb', 'lb1;HAProxy')])
    await desk.say('ann', 'resolve it was a drill')
    const text = 'INC-1 is resolved, but Nagios still reports 1 problem'

    const all = await desk.say('vic', 'status')
    expect(all.card).toMatchObject({ title: 'No incident is open, but not all is well', tone: 'warn' })
    expect(said(all)).toContain(`lb: ${text}`)
    expect((await desk.say('vic', 'status lb')).card).toMatchObject({ title: `lb: ${text}`, tone: 'warn' })
  })

  test('is named to whoever closes the incident: what pages again, and what stays quiet', async () => {
    await outage([broke('lb', 'lb1;HAProxy'), broke('api', 'api-main;HTTPS')])

    const text = said(await desk.say('ann', 'resolve it was a drill'))

    expect(text).toContain(
      'Nagios still reports 1 problem of lb: nobody is called for that, unless Nagios reports it again after 30m,',
    )
    expect(text).toContain('What it explained is still broken: api (1 problem). Each of these systems gets')
    await desk.say('ann', 'open dns nothing resolves')
    expect(said(await desk.say('ann', 'resolve INC-2 a drill'))).not.toContain('still')
  })

  test('says what a failover left to be paid, until it is failed back', async () => {
    const sample = sampleRun('R-1')
    const debts = [{ id: 'points-at', text: 'api points at backup', remedy: 'When lb works: failback lb' }]
    const run = {
      ...sample,
      proposal: { ...sample.proposal, debts },
      state: 'done',
      startedAt: desk.clock.now(),
      endedAt: desk.clock.now(),
    } as const
    await desk.store.commit(writingRun(run))
    const owed = 'Still to do: api points at backup (R-1)'

    for (const text of ['status', 'status lb']) {
      const answer = await desk.say('vic', text)
      expect(said(answer)).toContain(owed)
      expect(answer.card.tone).toBe('warn')
    }
    const full = said(await desk.say('vic', 'debts'))
    expect(full).toContain('Still to do: api points at backup. When lb works: failback lb (R-1)')
    expect(full).toContain('When it is done: debts done R-1 1 "what was done"')
    await desk.say('ann', 'open lb')
    expect(said(await desk.say('vic', 'status lb'))).toContain(owed)

    await desk.store.commit(writingRun({ ...run, undoneBy: 'R-2' }, 1))
    for (const text of ['status', 'status lb'])
      expect(said(await desk.say('vic', text))).not.toContain('Still to do')
  })

  test('says what a way back has left, until the same failover comes again', async () => {
    const debts = [{ id: 'exposed', text: '192.0.2.7 was public in DNS since R-1', remedy: 'Change it' }]
    const ended = { state: 'done', startedAt: desk.clock.now(), endedAt: desk.clock.now() } as const
    const over = { ...sampleRun('R-1'), ...ended, undoneBy: 'R-2' } as const
    const back = { ...sampleRun('R-2'), ...ended, direction: 'failback', undoes: 'R-1' } as const
    await desk.store.commit(writingRun(over))
    await desk.store.commit(writingRun({ ...back, proposal: { ...back.proposal, debts } }))
    const owed = 'Still to do: 192.0.2.7 was public in DNS since R-1 (R-2)'

    expect(said(await desk.say('vic', 'status'))).toContain(owed)

    await desk.store.commit(writingRun({ ...sampleRun('R-3'), ...ended, askedAt: back.askedAt + 1 }))
    expect(said(await desk.say('vic', 'status'))).not.toContain(owed)
  })

  test('says which database a cancelled restore has left, and how to be rid of it', async () => {
    const place = { resourceGroup: 'dr-rg', server: 'sql-west' }
    const restore = {
      title: 'Restore orders',
      phase: 'started',
      attempts: 1,
      action: {
        provider: 'sql-restore',
        mode: 'PointInTimeRestore',
        source: { ...place, database: 'orders' },
        sourceId: '/orders',
        target: { ...place, database: 'orders-r-1', location: 'west' },
        settings: { tags: {} },
      },
    } as const
    const by = { by: 'ann', door: 'cli', at: desk.clock.now() } as const
    const cut = { state: 'cancelled', endedAt: desk.clock.now(), by, done: 0 } as const
    await desk.store.commit(writingRun({ ...sampleRun('R-1'), ...cut, system: 'db', steps: [restore] }))

    const answer = await desk.say('vic', 'status db')

    expect(said(answer)).toContain(
      'Still to do: orders-r-1 at sql-west goes on being made, although R-1 is cancelled, and is paid for. When nobody needs it, delete it in the Azure portal: sql-west, SQL databases, orders-r-1 (R-1)',
    )
    expect(answer.card.tone).toBe('warn')
  })
})
