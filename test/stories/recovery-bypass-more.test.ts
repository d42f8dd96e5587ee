// Past Cloudflare where a plan or a zone is not the simple case: several ways, aliases, many records, the status page.
import { once } from 'node:events'
import { createServer as createPage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'

let bot: Bot

afterEach(() => bot.stop())

function edit(change: (record: ApiRecord) => ApiRecord): void {
  const { cloudflare, zone, record } = bot.world
  cloudflare.edit(zone, (records) => records.map((one) => (one.name === record ? change(one) : one)))
}

function records(): readonly object[] {
  return bot.world.cloudflare.records(bot.world.zone).map((one) => ({ ...one, modified_on: 'any' }))
}

function changing(): number {
  return bot.world.cloudflare.requests.filter((request) => request.changes).length
}

describe('several ways past Cloudflare in one plan', () => {
  beforeEach(async () => {
    bot = await startBot((plan) =>
      plan.replace(
        /( {6}- name: bypass\n[^]*?\n)\n {2}lb:/,
        (_all, one: string) =>
          `${one}${one.replace('name: bypass', 'name: website').replace('[api.example.com]', '[www.example.com]')}\n  lb:`,
      ),
    )
    edit((record) => ({ ...record, proxied: true, ttl: 1 }))
  })

  test('asks which one is meant, and takes the one that is named', async () => {
    const which = await bot.say('ann', 'dns bypass')

    expect(which.status).toBe('refused')
    expect(which.text).toContain('dns bypass to website')
    expect((await bot.say('ann', 'dns bypass to nowhere')).text).toContain('failover cloudflare to website')
    await bot.say('ann', 'dns bypass to bypass')
    await bot.comesTo('R-1', 'proposed')
    expect((await bot.run('R-1')).recovery).toBe('bypass')
  })

  test('takes back the newest one first, and each exactly', async () => {
    const before = records()
    const { cloudflare, zone, lb } = bot.world
    cloudflare.edit(zone, (all) =>
      all.map((one): ApiRecord =>
        one.name === 'www.example.com' ? { ...one, type: 'A', content: lb.host, proxied: true, ttl: 1 } : one,
      ),
    )
    const both = records()
    await bot.say('ann', 'dns bypass to bypass')
    await bot.say('ann', 'approve R-1 bypass')
    await bot.comesTo('R-1', 'done')
    await bot.say('ann', 'dns bypass to website')
    await bot.say('ann', 'approve R-2 website')
    await bot.comesTo('R-2', 'done')

    for (const id of ['R-3', 'R-4'] as const) {
      await bot.say('ann', 'dns protect')
      await bot.comesTo(id, 'proposed')
      await bot.say('ann', `approve ${id} cloudflare`)
      await bot.comesTo(id, 'done')
    }

    expect(records()).toEqual(both)
    expect(both).not.toEqual(before)
    expect((await bot.say('ann', 'dns protect')).text).toContain('Nothing of cloudflare is to be undone')
  })
})

test('an alias that leads to a name behind the proxy is named, for it would go on leading through Cloudflare', async () => {
  bot = await startBot((plan) =>
    plan.replace(
      /cloudflare_bypass: \{.*\}/,
      'cloudflare_bypass: { zone: example.com, records: [www.example.com] }',
    ),
  )
  const { cloudflare, zone } = bot.world
  cloudflare.edit(zone, (all) =>
    all.map((one) => (one.type === 'TXT' ? one : { ...one, proxied: true, ttl: 1 })),
  )

  const refused = await bot.say('ann', 'dns bypass')

  expect(refused.status).toBe('refused')
  expect(refused.text).toContain('no-other-records: api.example.com A 127.0.0.11 would stay as it is')
  expect(changing()).toBe(0)
})

test('two hundred records leave the proxy in one batch and are back in one; one more is refused by name', async () => {
  const names = Array.from({ length: 201 }, (_, index) => `a${index}.example.com`)
  const planned = (count: number) => `records: [${names.slice(0, count).join(', ')}], to:`
  bot = await startBot((plan) =>
    plan
      .replace(/(cloudflare_bypass: .*)records: \[.*\], to:/, `$1${planned(201)}`)
      .replace(
        /( {6}- name: bypass\n[^]*?\n)\n {2}lb:/,
        (_all, one: string) =>
          `${one}${one.replace('name: bypass', 'name: most').replace(/records: \[.*\], to:/, planned(200))}\n  lb:`,
      ),
  )
  const { cloudflare, zone } = bot.world
  cloudflare.edit(zone, (all) => [
    ...all,
    ...names.flatMap((name, index) =>
      all
        .filter((one) => one.name === bot.world.record)
        .map((one) => ({ ...one, id: index.toString(16).padStart(32, '0'), name, proxied: true, ttl: 1 })),
    ),
  ])
  const before = records()

  const refused = await bot.say('ann', 'dns bypass to bypass')
  expect(refused.text).toContain(
    'batch-limit: 201 changes; Cloudflare takes 200 in one batch on the Free plan and 3,500 on the paid ones',
  )
  await bot.say('ann', 'dns bypass to most')
  await bot.comesTo('R-1', 'proposed')
  await bot.say('ann', 'approve R-1 most')
  await bot.comesTo('R-1', 'done')
  expect(changing()).toBe(1)
  await bot.say('ann', 'dns protect')
  await bot.comesTo('R-2', 'proposed')
  await bot.say('ann', 'approve R-2 cloudflare')
  await bot.comesTo('R-2', 'done')
  expect(changing()).toBe(2)
  expect(records()).toEqual(before)
  expect(cloudflare.requests.length).toBeLessThan(40)
})

test("shows what Cloudflare's status page says beside the bot's own look, and decides nothing by it", async () => {
  const page = createPage((_request, response) => {
    response.end(JSON.stringify({ status: { indicator: 'none', description: 'All Systems Operational' } }))
  })
  page.listen(0, '127.0.0.1')
  await once(page, 'listening')
  const address = page.address()
  const port = typeof address === 'object' && address ? address.port : 0
  bot = await startBot(undefined, { env: { CLOUDFLARE_STATUS_URL: `http://127.0.0.1:${port}/status.json` } })
  edit((record) => ({ ...record, proxied: true, ttl: 1 }))
  bot.world.edge.set('failing')

  const shown = await bot.say('ann', 'dns bypass')
  await bot.comesTo('R-1', 'proposed')

  expect(shown.text).toContain('127.0.0.1 says: All Systems Operational (none). It is often late')
  expect((await bot.run('R-1')).proposal.looked?.says).toContain('Cloudflare is what is broken')
  page.closeAllConnections()
  page.close()
})
