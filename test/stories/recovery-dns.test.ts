// The zone moves to a standby at Azure DNS and back on the whole bot, seen by a resolver that starts at the parent.
import { Resolver } from 'node:dns/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { enterAtRegistrar, registrarHint } from '../../demo/registrar.ts'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'
import type { RunId } from '../../src/ids.ts'
import { ask } from '../../src/providers/dns/query.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { homeOf, startStandby, withParents } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'

let standby: StandbyWorld
let bot: Bot

beforeEach(() => start())
afterEach(async () => {
  await bot.stop()
  await standby.stop()
})

async function start(more = ''): Promise<void> {
  standby = await startStandby('example.com', ['localhost:1'])
  bot = await startBot((plan) => withParents(plan, standby, more), { env: standby.azure.env })
  standby.registry.delegate(homeOf(bot.world))
  edit((all) => [
    ...all,
    like(all, { type: 'MX', name: 'example.com', content: 'mx.example.net', priority: 10 }),
    like(all, { type: 'A', name: 'shop.example.com', content: '192.0.2.80', proxied: true, ttl: 1 }),
  ])
}

/** A record as the dashboard would make it. */
function like(all: readonly ApiRecord[], fields: Partial<ApiRecord>): ApiRecord {
  const [first] = all
  if (!first) throw new Error('the zone is empty')
  const id = Buffer.from(`${fields.type} ${fields.name}`).toString('hex').padEnd(32, '0').slice(0, 32)
  return { ...first, ttl: 300, proxied: false, ...fields, id }
}

function edit(change: (records: readonly ApiRecord[]) => readonly ApiRecord[]): void {
  bot.world.cloudflare.edit('example.com', change)
}

function point(content: string): void {
  edit((all) => all.map((one) => (one.name === bot.world.record ? { ...one, content } : one)))
}

/** As a resolver with an empty cache: asks the parent whom to ask, and then the first of those. */
async function resolved(name = bot.world.record): Promise<readonly string[]> {
  const [parent = ''] = standby.registry.servers
  const limits = { timeout: 2_000, signal: AbortSignal.timeout(3_000) }
  const { authorities } = await ask(parent, { name: 'example.com', type: 'NS' }, limits)
  const [first] = authorities.flatMap((one) => (one.type === 'NS' ? [one.data] : []))
  const resolver = new Resolver({ timeout: 1_000, tries: 3 })
  resolver.setServers([(first ?? '').replace('localhost', '127.0.0.1')])
  return resolver.resolve4(name)
}

/** Steps end in time; a watch is looked at again when the clock says so. */
async function waitsForPerson(id: RunId): Promise<void> {
  await vi.waitFor(async () => {
    const run = await bot.run(id)
    const step = run.state === 'running' ? run.steps[run.current] : undefined
    expect(step).toMatchObject({ phase: 'started', action: { provider: 'delegation' } })
    expect(step?.note).toContain('a person must enter')
  }, 10_000)
}

async function inStep(): Promise<void> {
  await bot.say('ann', 'dns sync')
  await vi.waitFor(
    async () => expect((await bot.say('ann', 'status dns')).text).toContain('in step as of'),
    5_000,
  )
}

describe('failover dns', () => {
  test('leads a resolver from Cloudflare to Azure once a person has switched the name servers, and back', async () => {
    expect(await resolved()).toEqual([bot.world.lb.host])
    await inStep()
    point(bot.world.backup.host)

    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    const { proposal } = await bot.run('R-1')
    expect(proposal.byHand?.join('\n')).toContain(standby.nameServers.join(', '))
    expect(proposal.byHand?.join('\n')).toMatch(/registrar\.example\.com[^]*no DS record[^]*for up to 2d/)
    expect(proposal.warnings.join('\n')).toContain('without the shield')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    expect(await resolved()).toEqual([bot.world.backup.host])

    const overall = (await bot.say('ann', 'status')).text
    expect(overall).toContain('A person must act now')
    expect(overall).toContain(`enter these name servers of example.com: ${standby.nameServers.join(', ')}`)
    // As a person does it in the window of the demo.
    const nameServers = { azure: standby.nameServers, cloudflare: homeOf(bot.world) }
    expect(registrarHint(await bot.run('R-1'), { nameServers })).toBe(
      `>> R-1 waits for a person who enters ${standby.nameServers.toSorted().join(', ')} at the registrar. Here that is you: type registrar azure`,
    )
    const registrar = { registry: standby.registry, nameServers }
    expect(enterAtRegistrar(registrar, 'elsewhere')).toContain('registrar azure, or: registrar cloudflare')
    expect(enterAtRegistrar(registrar, 'azure')).toContain(standby.nameServers.join(', '))
    await bot.pass(20_000)
    await bot.comesTo('R-1', 'done')

    bot.world.dns.fault({ kind: 'drop' })
    expect(await resolved()).toEqual([bot.world.backup.host])
    expect(await resolved('shop.example.com')).toEqual(['192.0.2.80'])
    bot.world.dns.fault(undefined)
    expect((await bot.say('ann', 'status dns')).text).toContain('R-1 stands')
    // Nobody asks Cloudflare any more.
    expect((await bot.say('ann', 'failover lb to api')).text).toMatch(
      /parent-leads-here: .*since R-1 \(failover dns\).*reaches nobody.*resource group dr-rg at Azure DNS, or lead it back first: .*failback dns/,
    )

    await bot.say('ann', 'failback dns')
    await bot.comesTo('R-2', 'proposed')
    await bot.say('ann', 'approve R-2 dns')
    await waitsForPerson('R-2')
    standby.registry.delegate(homeOf(bot.world))
    await bot.pass(20_000)
    await bot.comesTo('R-2', 'done')
    expect(await bot.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    const status = (await bot.say('ann', 'status dns')).text
    expect(status).toContain('in step as of')
    expect(status).not.toContain('stands')
    expect(await resolved('shop.example.com')).toEqual([bot.world.edge.host])
    // Whoever noted the address of the origin meanwhile still has it.
    expect((await bot.say('ann', 'debts')).text).toMatch(
      /shop\.example\.com: origin addresses were public in DNS since R-1\. ","Give the origins other/,
    )
    await bot.say('ann', 'debts done R-2 1 "only Cloudflare gets in"')
    expect((await bot.say('ann', 'debts')).text).toContain('No recovery has left anything')
  })

  test('works from the last snapshot while Cloudflare is dead, and says what that costs', async () => {
    await inStep()
    bot.world.cloudflare.fault({ kind: 'reset' })
    bot.clock.skip(7 * 60_000)

    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    const { proposal } = await bot.run('R-1')
    expect(proposal.cost.text).toMatch(/^The copy is 7m.* old/)
    expect(proposal.warnings.join('\n')).toContain('the connection failed')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    standby.registry.delegate(standby.nameServers)
    await bot.pass(20_000)

    await bot.comesTo('R-1', 'done')
    expect(await resolved()).toEqual([bot.world.lb.host])
  })

  test('ends only when every name server of the parent that answers leads to the standby', async () => {
    await inStep()
    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    standby.registry.fault(1, { kind: 'stale', queries: 2 })
    standby.registry.delegate(standby.nameServers)

    await bot.pass(16_000)
    await vi.waitFor(async () => {
      const { steps } = await bot.run('R-1')
      expect(steps.at(-1)?.note).toMatch(/now it leads to .* or to /)
    }, 5_000)
    expect(await bot.run('R-1')).toMatchObject({ state: 'running' })

    await bot.pass(16_000)
    await bot.comesTo('R-1', 'done')
  })

  test('can be cancelled while it waits for the person, and its record sets be set back', async () => {
    await inStep()
    point(bot.world.backup.host)
    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    const waiting = (await bot.say('ann', 'runs R-1')).text
    expect(waiting).toContain('To do afterwards')
    expect(waiting).not.toContain('Still to do')

    await bot.say('bob', 'cancel R-1')
    expect(await bot.run('R-1')).toMatchObject({ state: 'cancelled' })
    const cancelled = (await bot.say('ann', 'runs R-1')).text
    expect(cancelled).toMatch(/The registrar is not watched\s+any more/)
    expect(cancelled).not.toMatch(/owed|not known/)
    await bot.say('ann', 'failback dns')
    await bot.comesTo('R-2', 'proposed')
    await bot.say('ann', 'approve R-2 dns')
    await bot.comesTo('R-2', 'done')

    expect(standby.azure.dns.sets('example.com')).toContainEqual(
      expect.objectContaining({
        name: 'api',
        properties: expect.objectContaining({ ARecords: [{ ipv4Address: bot.world.lb.host }] }),
      }),
    )
  })

  test('is refused when the zone is signed, with what to remove and how long that lasts', async () => {
    standby.registry.sign([2371])

    const refused = await bot.say('ann', 'failover dns')

    expect(refused.status).toBe('refused')
    expect(refused.text).toMatch(/no-ds-at-parent: example\.com is signed \(DS 2371.*lasts up to 1d/)
    await bot.say('ann', 'failover dns --override no-ds-at-parent "nobody checks"')
    await bot.comesTo('R-1', 'proposed')
    expect((await bot.run('R-1')).proposal.byHand?.join('\n')).toContain('remove the DS record 2371')
  })

  test('is refused when nobody at the parent answers, and when the parent leads there already', async () => {
    for (const index of [0, 1]) standby.registry.fault(index, { kind: 'refuse' })
    expect((await bot.say('ann', 'failover dns')).text).toContain('parent-answers')
    for (const index of [0, 1]) standby.registry.fault(index, undefined)
    standby.registry.delegate(standby.nameServers)
    expect((await bot.say('ann', 'failover dns')).text).toContain('not-already-there')
  })

  test('does not start when the delegation, or the standby, is not as it was shown', async () => {
    await inStep()
    point(bot.world.backup.host)
    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    standby.registry.delegate(['ns.example.org'])

    const moved = await bot.say('ann', 'approve R-1 standby')

    expect(moved.text).toContain('the parent leads example.com to ns.example.org, and led to localhost:')
    standby.registry.delegate(homeOf(bot.world))
    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-2', 'proposed')
    const byHand = { TTL: 60, ARecords: [{ ipv4Address: '192.0.2.99' }] }
    standby.azure.dns.edit('example.com', 'api', 'A', byHand)
    const drifted = await bot.say('ann', 'approve R-2 standby')
    expect(drifted.text).toContain('api.example.com A at the standby is 192.0.2.99, TTL 60 s, and was')
  })

  test('names what somebody else made at the standby, and does not overwrite it', async () => {
    standby.azure.dns.edit('example.com', 'api', 'A', { TTL: 60, ARecords: [{ ipv4Address: '192.0.2.99' }] })

    const refused = await bot.say('ann', 'failover dns')

    expect(refused.text).toMatch(/copy-complete: api\.example\.com A is 192\.0\.2\.99.*not made by the bot/)
    expect(standby.changes().filter((change) => change.endsWith('A/api'))).toEqual([])
  })
})

describe('failback dns', () => {
  test('shows what was changed at the standby meanwhile, and refuses to lose it silently', async () => {
    await inStep()
    await bot.say('ann', 'failover dns')
    await bot.comesTo('R-1', 'proposed')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    standby.registry.delegate(standby.nameServers)
    await bot.pass(20_000)
    await bot.comesTo('R-1', 'done')
    standby.azure.dns.edit('example.com', 'shop', 'A', {
      TTL: 300,
      metadata: { 'managed-by': 'dr-bot' },
      ARecords: [{ ipv4Address: '192.0.2.81' }],
    })
    await bot.pass(11 * 60_000)

    const refused = await bot.say('ann', 'failback dns')

    expect(refused.text).toMatch(
      /standby-changes-carried: .*shop\.example\.com A is 192\.0\.2\.81, TTL 300 s at the standby and 192\.0\.2\.80/,
    )
    expect((await bot.say('ann', 'status dns')).text).toContain('R-1 stands')
  })
})

describe('the copy', () => {
  test('follows changes by itself, removes only what it made, and says what it cannot hold', async () => {
    await inStep()
    standby.azure.dns.edit('example.com', 'manual', 'TXT', { TTL: 60, TXTRecords: [{ value: ['mine'] }] })
    edit((all) => [
      ...all.filter(({ type }) => type !== 'MX'),
      like(all, { type: 'HTTPS', name: 'shop.example.com', content: '1 . alpn="h2"', data: {} }),
    ])

    await bot.pass(11 * 60_000)
    await vi.waitFor(() => {
      const sets = standby.azure.dns.sets('example.com').map(({ type, name }) => `${type} ${name}`)
      expect(sets.toSorted()).toEqual(['A api', 'A shop', 'CNAME www', 'TXT @', 'TXT manual'])
    }, 8_000)

    await vi.waitFor(async () => {
      const { text } = await bot.say('ann', 'dns show')
      expect(text).toContain('records of type HTTPS cannot be copied to Azure DNS')
    }, 8_000)
  })

  test('goes on although Azure refuses one record, and names it', async () => {
    standby.azure.fault({
      kind: 'status',
      status: 400,
      code: 'BadRequest',
      message: 'No.',
      path: '/MX/',
      on: 'change',
    })

    await bot.say('ann', 'dns sync')
    await vi.waitFor(async () => {
      const { text } = await bot.say('ann', 'status dns')
      expect(text).toMatch(
        /1 record set of the standby differ.*set example\.com MX.*Correct the record at Cloudflare/,
      )
    }, 8_000)

    expect(standby.azure.dns.sets('example.com')).toHaveLength(4)
  })

  test('is not emptied when the zone at Cloudflare suddenly is, unless somebody says so', async () => {
    await inStep()
    edit((all) => all.slice(0, 1))

    await bot.say('ann', 'dns sync')
    const status = await bot.say('ann', 'status dns')

    expect(status.text).toContain('Cloudflare shows 1 records where there were 5: not copied')
    expect(standby.azure.dns.sets('example.com')).toHaveLength(5)
    await bot.say('ann', 'dns sync --yes')
    expect(standby.azure.dns.sets('example.com')).toHaveLength(1)
  })
})
