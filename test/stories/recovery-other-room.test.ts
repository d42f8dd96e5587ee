// A recovery ordered in the room of another system's outage: it ends its own outage, and silences and closes no other.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import type { RunState } from '../../src/recovery/run.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

const minute = 60_000

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

const database = service('PROBLEM', 'CRITICAL', {
  HOSTNAME: 'db1',
  HOSTGROUPNAMES: 'databases',
  SERVICEDESC: 'SQL orders',
  SERVICEPROBLEMID: 2,
  SERVICEOUTPUT: 'no connection',
})

async function breaks(...alerts: readonly (typeof database)[]): Promise<void> {
  for (const alert of alerts) {
    await bot.notify(alert)
    await bot.settle()
  }
}

async function comesTo(state: RunState): Promise<void> {
  await vi.waitFor(async () => expect((await bot.run('R-1')).state).toBe(state), 10_000)
  await bot.settle()
}

/** Who is being called now. */
function called({ pages }: Incident): readonly string[] {
  return pages.filter((page) => !page.stopped).map((page) => page.person)
}

describe('a recovery ordered in the room of another outage', () => {
  test('ends the outage of its own system, and that of the room goes on', async () => {
    await breaks(database, service('PROBLEM', 'CRITICAL'))
    const before = await bot.incident('INC-1')

    const answer = await bot.say('ann', 'failover lb --yes', 'INC-1')
    await comesTo('done')
    await vi.waitFor(async () => expect((await bot.incident('INC-2')).state).toBe('watching'))

    expect(answer).toMatchObject({ status: 'done' })
    expect(await bot.run('R-1')).toMatchObject({ incident: 'INC-2', askedIn: 'INC-1' })
    const room = await bot.incident('INC-1')
    expect(room).toMatchObject({ state: 'paging', problems: { open: 1 }, marks: before.marks })
    expect(called(room)).toEqual(called(before))
    expect(called(await bot.incident('INC-2'))).toEqual([])

    await bot.pass(3 * minute)
    await vi.waitFor(async () => expect((await bot.incident('INC-2')).state).toBe('resolved'))
    const later = await bot.incident('INC-1')
    expect(later.state).toBe('paging')
    expect(called(later).length).toBeGreaterThan(0)
  })

  test('has its record in that room while no outage of its own system is open, and moves nothing there', async () => {
    await breaks(database)
    const before = await bot.incident('INC-1')

    await bot.say('ann', 'failover lb --yes', 'INC-1')
    await comesTo('done')

    const run = await bot.run('R-1')
    expect(run).toMatchObject({ incident: 'INC-1' })
    expect(run.proposal.objectiveAt).toBeUndefined()
    const room = await bot.incident('INC-1')
    expect(room).toMatchObject({ state: 'paging', marks: before.marks })
    expect(room).not.toHaveProperty('run')
    expect(called(room)).toEqual(called(before))
    const record = await bot.app().store.timeline('INC-1')
    expect(record.map(({ type }) => type)).toEqual(expect.arrayContaining(['run.approved', 'run.done']))
  })

  test('may be approved although that outage is over by then: it never was its reason', async () => {
    await breaks(database)
    await bot.say('ann', 'failover lb', 'INC-1')
    await comesTo('proposed')
    await bot.say('ann', 'resolve "the database is back"', 'INC-1')

    expect(await bot.say('ann', 'approve R-1')).toMatchObject({ status: 'done' })

    await comesTo('done')
  })
})

test('a recovery that is ordered in the room of an outage that is over can be approved', async () => {
  await breaks(service('PROBLEM', 'CRITICAL'))
  await bot.say('ann', 'resolve "it was the check"', 'INC-1')
  await bot.pass(1_000)
  await bot.say('ann', 'failover lb', 'INC-1')
  await comesTo('proposed')

  expect(await bot.say('ann', 'approve R-1')).toMatchObject({ status: 'done' })

  await comesTo('done')
  expect(await bot.incident('INC-1')).toMatchObject({ state: 'resolved' })
})
