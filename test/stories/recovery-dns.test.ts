// The zone moves to a standby at Azure DNS and back on the whole bot, seen by a resolver that starts at the parent.
import { Resolver } from 'node:dns/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'
import type { RunId } from '../../src/ids.ts'
import type { RunState } from '../../src/recovery/run.ts'
import { ask } from '../../src/providers/dns-query.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { azureEnv, homeOf, startStandby, withParents } from '../servers/standby.ts'
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
  bot = await startBot((plan) => withParents(plan, standby, more), { env: azureEnv(standby.azure) })
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
  const resolver = new Resolver({ timeout: 1_000, tries: 1 })
  resolver.setServers([(first ?? '').replace('localhost', '127.0.0.1')])
  return resolver.resolve4(name)
}

/** Steps end in time; a watch is looked at again when the clock says so. */
async function comesTo(id: RunId, state: RunState): Promise<void> {
  await vi.waitFor(async () => expect(await bot.run(id)).toMatchObject({ state }), 10_000)
}

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
    await comesTo('R-1', 'proposed')
    const { proposal } = await bot.run('R-1')
    expect(proposal.byHand?.join('\n')).toContain(standby.nameServers.join(', '))
    expect(proposal.byHand?.join('\n')).toMatch(/registrar\.example\.com[^]*no DS record[^]*for up to 2d/)
    expect(proposal.warnings.join('\n')).toContain('without the shield')
    await bot.say('ann', 'approve R-1 standby')
    await waitsForPerson('R-1')
    expect(await resolved()).toEqual([bot.world.backup.host])

    standby.registry.delegate(standby.nameServers)
    await bot.pass(20_000)
    await comesTo('R-1', 'done')

    bot.world.dns.fault({ kind: 'drop' })
    expect(await resolved()).toEqual([bot.world.backup.host])
    expect(await resolved('shop.example.com')).toEqual(['192.0.2.80'])
    bot.world.dns.fault(undefined)

    await bot.say('ann', 'failback dns')
    await comesTo('R-2', 'proposed')
    await bot.say('ann', 'approve R-2 dns')
    await waitsForPerson('R-2')
    standby.registry.delegate(homeOf(bot.world))
    await bot.pass(20_000)
    await comesTo('R-2', 'done')
    expect(await bot.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    expect(await resolved('shop.example.com')).toEqual([bot.world.edge.host])
  })
})
