// Each recovery as people carry it out: asked for in a terminal, approved in the console, seen outside; and the way back the other way round.
import { Resolver } from 'node:dns/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { behindTheProxy } from '../../sim/troubles.ts'
import type { RunId, SystemId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Printed } from '../servers/terminal.ts'
import { openHouse, patience, told } from './recovery-doors-house.ts'
import type { House } from './recovery-doors-house.ts'

/** What is typed, what is so outside then, and the way back: a command in the console's box, or the button of the run. */
interface Play {
  readonly title: string
  /** File of what the terminal shows: the proposal, the end, and the way back. */
  readonly golden: string
  readonly system: SystemId
  readonly command: readonly string[]
  /** Only Nagios says that it is broken: this way needs all that it works with. */
  readonly onlySaid?: true
  readonly outside: (house: House, run: Run) => unknown
  readonly recovered: unknown
  readonly back: string | 'button'
  readonly asBefore: unknown
  /** Why there is no way back, where nothing that was there was touched. */
  readonly refused?: string
  /** What a person does by hand elsewhere while it is carried out, there and back. */
  readonly byHand?: { readonly there: (house: House) => void; readonly back: (house: House) => void }
}

const lb = '127.0.0.11'

const plays: readonly Play[] = [
  {
    title: 'lb: the records point at the backup',
    golden: 'lb-backup',
    system: 'lb',
    command: ['failover', 'lb'],
    outside: zone,
    recovered: ['127.0.0.12'],
    back: 'button',
    asBefore: [lb],
  },
  {
    title: 'lb: the records point past the load balancers, at the API server',
    golden: 'lb-api',
    system: 'lb',
    command: ['failover', 'lb', 'to', 'api'],
    outside: zone,
    recovered: ['127.0.0.13'],
    back: 'failback lb',
    asBefore: [lb],
  },
  {
    title: 'dns: the zone is answered by its copy once the name servers are switched',
    golden: 'dns',
    system: 'dns',
    command: ['failover', 'dns'],
    outside: ({ outside }) => resolved(outside.nameServers.azure, outside.world.record),
    recovered: [lb],
    back: 'button',
    asBefore: [lb],
    byHand: {
      there: ({ outside }) => outside.registry.delegate(outside.nameServers.azure),
      back: ({ outside }) => outside.registry.delegate(outside.nameServers.cloudflare),
    },
  },
  {
    title: 'cloudflare: the records lead past the edge to the load balancer',
    golden: 'cloudflare',
    system: 'cloudflare',
    command: ['dns', 'bypass'],
    outside: zone,
    recovered: [lb],
    back: 'dns protect',
    asBefore: ['127.0.0.14'],
  },
  {
    title: 'api: both load balancers send the traffic to the standby',
    golden: 'api',
    system: 'api',
    command: ['failover', 'api'],
    outside: ({ outside }) => Promise.all(outside.balancers.map((balancer) => balancer.states())),
    recovered: ['main maint, standby ready', 'main maint, standby ready'],
    back: 'button',
    asBefore: ['main ready, standby maint', 'main ready, standby maint'],
  },
  {
    title: 'db: the database is what it was ten minutes ago, the spoilt one is kept',
    golden: 'db-restore',
    system: 'db',
    command: ['db', 'restore', '10m', 'ago'],
    outside: databases,
    recovered: 'orders of then, orders-before-r-N',
    back: 'failback db',
    asBefore: 'orders, orders-r-N of then',
  },
  {
    title: 'db: the other region takes over',
    golden: 'db-region',
    system: 'db',
    command: ['failover', 'db'],
    outside: ({ outside }) => outside.azure.sql.group('orders-fg').primary,
    recovered: 'sql-north',
    back: 'button',
    asBefore: 'sql-west',
  },
  {
    title: 'db: the database is made again in the other region, from the backups copied there',
    golden: 'db-geo',
    system: 'db',
    command: ['db', 'geo-restore'],
    outside: ({ outside }, { id }) =>
      outside.azure.sql.databases('sql-north').some(({ name }) => name === `orders-${id.toLowerCase()}`),
    recovered: true,
    back: 'failback db',
    refused: 'Nothing of db is to be undone: no failover of this bot stands',
    asBefore: true,
  },
  {
    title: 'storage: the applications are told to use the account in the other region',
    golden: 'storage-switch',
    system: 'storage',
    command: ['failover', 'storage'],
    onlySaid: true,
    outside: ({ outside }) => outside.azure.storage.settings.setting('example', 'storage:account').value,
    recovered: 'examplenorth',
    back: 'button',
    asBefore: 'examplewest',
  },
  {
    title: 'storage: the account moves to its paired region',
    golden: 'storage-account',
    system: 'storage',
    command: ['failover', 'storage', 'to', 'account'],
    onlySaid: true,
    outside: ({ outside }) => outside.azure.storage.accounts.regions('examplewest'),
    recovered: { primary: 'northeurope', secondary: 'westeurope', sku: 'Standard_RAGRS' },
    back: 'failback storage',
    asBefore: { primary: 'westeurope', secondary: 'northeurope', sku: 'Standard_RAGRS' },
  },
  {
    title: 'workers: as many run as the queues need',
    golden: 'workers',
    system: 'workers',
    command: ['workers', 'scale', 'auto'],
    outside: ({ outside }) => outside.azure.scaleSets.running('workers-vmss'),
    recovered: 17,
    back: 'button',
    asBefore: 4,
  },
]

let house: House

beforeAll(async () => {
  house = await openHouse()
}, 60_000)

afterAll(() => house.stop())

test.each(plays)(
  '$title',
  async (play) => {
    const trouble = await house.breaks(play.system, play.onlySaid !== true)

    const run = await askedInTheTerminal(play.command)
    const proposal = await card(run.id)
    await heldByAFreeze(play, run)
    await approvedInTheConsole(run)
    play.byHand?.there(house)
    await house.carriedOut(run.id)
    await vi.waitFor(async () => expect(await play.outside(house, run)).toEqual(play.recovered), patience)
    await windowOf(run)
      .locator('.heading')
      .getByText(/^done$/i)
      .waitFor(patience)
    const [done] = await Promise.all([card(run.id), house.mends(trouble)])
    expect(done).toMatch(/^\[ok\] .* · done$/m)
    const wayBack = await ledBack(play, run)
    await vi.waitFor(async () => expect(await play.outside(house, run)).toEqual(play.asBefore), patience)

    if (play.system === 'cloudflare') behindTheProxy(house.outside.world, false)
    expect(house.complaints()).toEqual([])
    await expect(`${proposal}${wayBack}`).toMatchFileSnapshot(`../golden/recoveries/${play.golden}.txt`)
  },
  60_000,
)

/** Asked for in the console, approved in the terminal; answers the card, or nothing where no way back is needed. */
async function ledBack(play: Play, run: Run): Promise<string> {
  const before = await house.newest()
  await asksInTheConsole(play.back, run)
  if (play.refused !== undefined) {
    await house.window(house.engineer).locator('#answer').getByText(play.refused).waitFor(patience)
    return ''
  }
  const back = await house.proposed(before)
  const shown = await card(back.id)
  await heldByAFreeze(play, back)
  await approvedInTheTerminal(back)
  play.byHand?.back(house)
  await house.carriedOut(back.id)
  return `\n\n${shown}`
}

/** The engineer types it; what does not answer outside is waited for. */
async function askedInTheTerminal(command: readonly string[]): Promise<Run> {
  const before = await house.newest()
  const answer = await house.types(house.engineer, ...command)
  expect(answer).toMatchObject({ status: 0, err: '' })
  return house.proposed(before)
}

/**
 * On the run's page, by the button: the target's name is typed where it is asked for, and another person presses
 * where data can be lost.
 */
async function approvedInTheConsole(run: Run): Promise<void> {
  const page = windowOf(run)
  await page.goto(`${house.bot.app().url}/runs/${run.id}`)
  await page.getByRole('button', { name: /^Approve/ }).click()
  if (run.proposal.risk === 'reversible') return
  const dialog = page.getByRole('dialog', { name: 'Approve' })
  if (run.proposal.risk === 'disruptive') await dialog.getByRole('textbox').fill(run.proposal.typed)
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** The button on the page of the run that is done, or words in the command's box. */
async function asksInTheConsole(how: string, done: Run): Promise<void> {
  const page = house.window(house.engineer)
  await page.goto(`${house.bot.app().url}/runs/${done.id}`)
  if (how === 'button') await page.getByRole('button', { name: 'Propose the way back' }).click()
  else {
    await page.getByLabel('Command').fill(how)
    await page.keyboard.press('Enter')
  }
}

async function approvedInTheTerminal(run: Run): Promise<void> {
  expect(await approves(run)).toMatchObject({ status: 0, err: '' })
}

async function approves({ id, proposal }: Run): Promise<Printed> {
  const { risk, typed } = proposal
  const person = risk === 'loses-data' ? house.manager : house.engineer
  return house.types(person, 'approve', id, ...(risk === 'disruptive' ? [typed] : []))
}

/** While everything is frozen an approval is refused, and what is seen outside stays as it was. */
async function heldByAFreeze(play: Play, run: Run): Promise<void> {
  const before = await play.outside(house, run)
  expect(await house.types(house.manager, 'freeze', 'release night')).toMatchObject({ status: 0 })
  const answer = await approves(run)
  await house.bot.settle()
  expect(`${answer.out}${answer.err}`).toMatch(/frozen by .* \(release night\)/)
  expect(answer.status).not.toBe(0)
  expect(await house.bot.run(run.id)).toMatchObject({ state: 'proposed' })
  expect(await play.outside(house, run)).toEqual(before)
  expect(await house.types(house.manager, 'unfreeze')).toMatchObject({ status: 0 })
}

/** A run as the terminal shows it to whoever must know. */
async function card(id: RunId): Promise<string> {
  const answer = await house.types(house.manager, 'runs', id)
  expect(answer).toMatchObject({ status: 0, err: '' })
  return told(answer.out)
}

function windowOf({ proposal }: Run): Page {
  return house.window(proposal.risk === 'loses-data' ? house.manager : house.engineer)
}

/** What clients of the zone are told. */
async function zone({ outside }: House): Promise<readonly string[]> {
  return resolved([`localhost:${outside.world.dns.port}`], outside.world.record)
}

async function resolved(servers: readonly string[], name: string): Promise<readonly string[]> {
  const resolver = new Resolver()
  resolver.setServers(servers.map((server) => server.replace('localhost', '127.0.0.1')))
  return resolver.resolve4(name)
}

/** Names of the databases in the first region; the number of the run that made one is left out. */
function databases({ outside }: House): string {
  const names = outside.azure.sql
    .databases('sql-west')
    .map(({ name, asOf }) => `${name.replace(/\d+$/, 'N')}${asOf === undefined ? '' : ' of then'}`)
  return names.toSorted().join(', ')
}
