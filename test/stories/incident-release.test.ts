// An outage that broke thousands of objects is over: what it had explained in other systems gets an incident, whatever its place among them.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ObjectRecord } from '../../src/commit.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

const api = service('PROBLEM', 'CRITICAL', {
  HOSTNAME: 'api1',
  HOSTGROUPNAMES: 'api-servers',
  SERVICEDESC: 'HTTP',
  SERVICEPROBLEMID: 99_999,
  SERVICEOUTPUT: '500',
})

/** What a storm of that many alerts leaves in the store, all of it older than what comes next. */
async function broken(count: number, system: ObjectRecord['system']): Promise<void> {
  const [known] = await bot.app().store.objects(['lb1;HAProxy'])
  if (!known) throw new Error('the incident has no object yet')
  const all = Array.from({ length: count }, (_, n): ObjectRecord => ({
    ...known,
    system,
    key: `${system}${n + 2};HAProxy`,
  }))
  for (let from = 0; from < count; from += 1_000)
    await bot.app().store.commit({ write: undefined, objects: all.slice(from, from + 1_000) })
}

async function incidents(): Promise<readonly string[]> {
  const all = await bot.app().store.incidents({ open: true, limit: 10 })
  return all.map(({ system, problems }) => `${system} ${problems.open}`)
}

it('the one object of another system behind 5,200 of its own', async () => {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
  await broken(5_200, 'lb')
  bot.clock.skip(1_000)
  await bot.notify(api)
  await bot.settle()
  expect(await incidents()).toEqual(['lb 1'])

  await bot.say('ann', 'resolve INC-1 "mended by hand"')
  await bot.settle()

  expect(await incidents()).toEqual(['api 1'])
  expect((await bot.app().store.objects(['api1;HTTP']))[0]).toMatchObject({ bad: true, incident: 'INC-2' })
})

it('thousands of objects of another system share one incident', async () => {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
  await broken(2_500, 'api')

  await bot.say('ann', 'resolve INC-1 "mended by hand"')
  await bot.settle()

  expect(await incidents()).toEqual(['api 2500'])
  expect(await bot.app().store.objectsOf('INC-2', 5_000)).toHaveLength(2_500)
})
