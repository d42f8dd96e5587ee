// Past Cloudflare and back on the whole bot: what a resolver sees, what each safety rule refuses, what drifted.
import { Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
  edit((record) => ({ ...record, proxied: true, ttl: 1 }))
  bot.world.edge.set('failing')
})
afterEach(() => bot.stop())

function edit(change: (record: ApiRecord) => ApiRecord): void {
  const { cloudflare, zone, record } = bot.world
  cloudflare.edit(zone, (records) => records.map((one) => (one.name === record ? change(one) : one)))
}

function records(): readonly object[] {
  return bot.world.cloudflare.records(bot.world.zone).map((one) => ({ ...one, modified_on: 'any' }))
}

async function resolved(): Promise<readonly string[]> {
  const resolver = new Resolver()
  resolver.setServers([bot.world.dns.address])
  return resolver.resolve4(bot.world.record)
}

function changing(): number {
  return bot.world.cloudflare.requests.filter((request) => request.changes).length
}

describe('dns bypass', () => {
  test('leads a resolver from the edge to the load balancer; dns protect puts back exactly what was', async () => {
    const { lb, edge } = bot.world
    const before = records()
    expect(await resolved()).toEqual([edge.host])

    await bot.say('ann', 'dns bypass')
    await bot.comesTo('R-1', 'proposed')
    const { proposal } = await bot.run('R-1')
    expect(proposal.looked?.says).toBe('Cloudflare is what is broken: the origin answers without it')
    expect(proposal.looked?.ways.map(({ ok, answer }) => [ok, answer])).toEqual([
      [false, 'answered 503'],
      [true, 'answered 200'],
    ])
    expect(proposal).toMatchObject({ effectWithin: 300_000, typed: 'bypass', risk: 'disruptive' })
    expect(proposal.warnings.join('\n')).toMatch(/WAF[^]*firewall[^]*becomes public[^]*for 5m/)
    expect(await bot.say('ann', 'approve R-1 bypass')).toMatchObject({ status: 'done' })
    await bot.comesTo('R-1', 'done')

    expect(await resolved()).toEqual([lb.host])
    expect(changing()).toBe(1)
    edge.set('ok')
    await bot.say('ann', 'dns protect')
    await bot.comesTo('R-2', 'proposed')
    await bot.say('ann', 'approve R-2 cloudflare')
    await bot.comesTo('R-2', 'done')
    expect(records()).toEqual(before)
    expect(await resolved()).toEqual([edge.host])
    expect(edge.requests.length).toBeGreaterThan(1)
  })

  test('is refused when the origin does not answer either, with what Cloudflare answers', async () => {
    bot.world.lb.set('failing')

    const refused = await bot.say('ann', 'dns bypass')

    expect(refused.status).toBe('refused')
    expect(refused.text).toContain('target-healthy: 127.0.0.11 answered 503; Through Cloudflare')
    expect(refused.text).toContain('Instead: failover lb to backup, or failover lb to api.')
    await bot.say('ann', 'dns bypass --override target-healthy "it starts just now"')
    await bot.comesTo('R-1', 'proposed')
    expect(changing()).toBe(0)
  })

  test('is refused when the records lead there already', async () => {
    edit((record) => ({ ...record, proxied: false, ttl: 60 }))

    const { text } = await bot.say('ann', 'dns bypass')
    expect(text).toContain('not-already-there')
    expect(text).not.toContain('failover lb')
    await bot.say('ann', 'dns bypass --override not-already-there "again"')
    await bot.comesTo('R-1', 'proposed')
  })

  test('is refused when another address of the name would stay behind the proxy', async () => {
    const { cloudflare, zone, record } = bot.world
    cloudflare.edit(zone, (all) => [
      ...all,
      ...all
        .filter((one) => one.name === record)
        .map((one): ApiRecord => ({ ...one, id: 'f'.repeat(32), type: 'AAAA', content: '2001:db8::1' })),
    ])

    expect((await bot.say('ann', 'dns bypass')).text).toContain('no-other-records')
    await bot.say('ann', 'dns bypass --override no-other-records "nobody has IPv6"')
    await bot.comesTo('R-1', 'proposed')
  })

  test('does not start when somebody has changed the record since it was shown', async () => {
    await bot.say('ann', 'dns bypass')
    await bot.comesTo('R-1', 'proposed')
    edit((record) => ({ ...record, content: bot.world.backup.host }))

    const answer = await bot.say('ann', 'approve R-1 bypass')

    expect(answer.status).toBe('refused')
    expect(answer.text).toContain('127.0.0.12, proxied, and was 127.0.0.11, proxied')
    expect(changing()).toBe(0)
  })

  test('starts although the edge answers again: nothing stands on an answer that comes and goes', async () => {
    await bot.say('ann', 'dns bypass')
    await bot.comesTo('R-1', 'proposed')
    bot.world.edge.set('ok')

    await bot.say('ann', 'approve R-1 bypass')

    await bot.comesTo('R-1', 'done')
    expect(await resolved()).toEqual([bot.world.lb.host])
  })
})

test('dns show says what Cloudflare has and which recovery changes it, also when Cloudflare is silent', async () => {
  const shown = await bot.say('ann', 'dns show')
  expect(shown.text).toContain('"proxied"')
  expect(shown.text).toContain('failover cloudflare to bypass')
  expect(shown.text).toContain('failover lb to backup')

  bot.world.cloudflare.fault({ kind: 'rate-limit', retryAfter: 217 })
  const limited = await bot.say('ann', 'dns show')
  expect(limited.status).toBe('done')
  expect(limited.text).toContain('refuses every call for five minutes. Next try in 3m37s')
  expect(limited.text).toContain('not known now')
})

test('an origin behind a certificate that it signed itself is refused, and taken on oneself', async () => {
  await bot.stop()
  const fixture = (name: string): string =>
    readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
  const origin = createServer(
    { key: fixture('key.pem'), cert: fixture('cert.pem') },
    (_request, response) => {
      response.end('ok')
    },
  )
  origin.listen(0, '127.0.0.15')
  await once(origin, 'listening')
  const address = origin.address()
  const port = typeof address === 'object' && address ? address.port : 0
  bot = await startBot((plan) =>
    plan.replace(
      /(cloudflare_bypass: \{.*)to: \S+ \}\n\s+probe: .*/,
      `$1to: 127.0.0.15 }\n        probe: { url: "https://api.example.com:${port}/health" }`,
    ),
  )
  edit((record) => ({ ...record, proxied: true, ttl: 1 }))

  const refused = await bot.say('ann', 'dns bypass')

  expect(refused.status).toBe('refused')
  expect(refused.text).toContain(
    'origin-certificate: 127.0.0.15, asked for api.example.com, shows a certificate of test only: authority, good until 2126-10-30',
  )
  await bot.say('ann', 'dns bypass --override origin-certificate "our app pins it"')
  await bot.comesTo('R-1', 'proposed')
  await bot.say('ann', 'approve R-1 bypass')
  await bot.comesTo('R-1', 'done')
  expect(await resolved()).toEqual(['127.0.0.15'])
  origin.closeAllConnections()
  origin.close()
})
