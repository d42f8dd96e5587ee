// The recoveries of the systems beside the load balancer: each breaks, is recovered by a command, mends, and is led back.
import { minute } from '../src/ids.ts'
import type { RunId, SystemId } from '../src/ids.ts'
import { restoresOf } from '../src/incident/actions.ts'
import type { Incident } from '../src/incident/incident.ts'
import { approve, dig, digAt, incident, says, sees } from './acts.ts'
import type { Tell } from './acts.ts'
import type { Demo } from './start.ts'
import { behindTheProxy } from '../sim/troubles.ts'

/** What is typed, and what is so outside once it is done; then the way back. */
interface Play {
  readonly system: SystemId
  /** As the card of the outage names it, where it depends on the outage. */
  readonly command: string | ((demo: Demo, opened: Incident) => string)
  readonly recovered: string
  readonly holds: (demo: Demo) => Promise<boolean>
  readonly back: string
  readonly asBefore: (demo: Demo) => Promise<boolean>
  /** What a person does by hand while it is carried out, there and back. */
  readonly byHand?: { readonly there: (demo: Demo) => void; readonly back: (demo: Demo) => void }
}

const plays: readonly Play[] = [
  {
    system: 'dns',
    command: 'failover dns',
    recovered:
      'the zone is answered by its copy at Azure, once the name servers are switched at the registrar',
    holds: async ({ outside }) =>
      digAt(outside.nameServers.azure, outside.world.record).then((found) => found === outside.world.lb.host),
    back: 'failback dns',
    asBefore: async (demo) => (await dig(demo)) === demo.world.lb.host,
    byHand: {
      there: ({ outside }) => outside.registry.delegate(outside.nameServers.azure),
      back: ({ outside }) => outside.registry.delegate(outside.nameServers.cloudflare),
    },
  },
  {
    system: 'cloudflare',
    command: 'dns bypass',
    recovered: 'api.example.com leads past Cloudflare, directly to the load balancer',
    holds: async (demo) => (await dig(demo)) === demo.world.lb.host,
    back: 'dns protect',
    asBefore: async (demo) => (await dig(demo)) === demo.world.edge.host,
  },
  {
    system: 'api',
    command: 'failover api',
    recovered: 'both load balancers send their traffic to the standby',
    holds: (demo) => everywhere(demo, 'main maint, standby ready'),
    back: 'failback api',
    asBefore: (demo) => everywhere(demo, 'main ready, standby maint'),
  },
  {
    system: 'db',
    command: ({ app, clock }, opened) =>
      restoresOf(opened, app.plan.plan(), clock.now())[0]?.command ?? 'the plan has no restore',
    recovered:
      'the database is as it was before the table was emptied, as it has said itself; the spoilt one is kept beside it',
    holds: async (demo) => databases(demo) === 'orders, orders-before-r-N',
    back: 'failback db',
    asBefore: async ({ outside }) =>
      outside.azure.sql.databases('sql-west').some((one) => one.name === 'orders' && one.asOf === undefined),
  },
  {
    system: 'storage',
    command: 'failover storage',
    recovered: 'the applications are told to use examplenorth',
    holds: async (demo) => storageOf(demo) === 'examplenorth',
    back: 'failback storage',
    asBefore: async (demo) => storageOf(demo) === 'examplewest',
  },
  {
    system: 'workers',
    command: 'workers scale auto',
    recovered: 'as many workers run as the queues need',
    holds: async ({ outside }) => outside.azure.scaleSets.running('workers-vmss') > 4,
    back: 'failback workers',
    asBefore: async ({ outside }) => outside.azure.scaleSets.running('workers-vmss') === 4,
  },
]

/** Plays them one after the other, each as an incident of its own. */
export async function otherSystems(demo: Demo, tell: Tell): Promise<void> {
  for (const play of plays) await recover(demo, tell, play)
}

async function recover(demo: Demo, tell: Tell, play: Play): Promise<void> {
  const { clock, monitor } = demo
  const { system } = play
  const trouble = demo.troubles.find((each) => each.system === system)
  if (!trouble) throw new Error(`nothing in the demo breaks ${system}`)
  clock.skip(40 * minute)
  // All was well until now, and Nagios has seen it.
  await monitor.check()
  trouble.begin()
  await monitor.check()
  const opened = await incident(
    demo,
    `an incident of ${system} opens`,
    (each) => each.system === system && each.marks.paged !== undefined,
  )
  const engineer = opened.pages[0]?.person ?? ''
  tell(`${trouble.story}: ${opened.id} is open, ${engineer} is paged`)
  await says(demo, engineer, `ack ${opened.id}`)

  const people = { engineer, manager: 'mia' }
  const command = typeof play.command === 'string' ? play.command : play.command(demo, opened)
  await carryOut(demo, people, command, play.byHand?.there)
  await sees(play.recovered, () => play.holds(demo))
  tell(`${engineer} types "${command}": ${play.recovered}`)
  trouble.end()
  await monitor.check()
  await incident(demo, `${opened.id} is watched`, (each) => each.state === 'watching')
  clock.skip(2 * minute + 1_000)
  await incident(demo, `${opened.id} is resolved`, (each) => each.state === 'resolved')

  // Nobody leads back at once; what Azure still does in the background, such as seeding a copy, is over by then.
  clock.skip(20 * minute)
  await carryOut(demo, people, play.back, play.byHand?.back)
  await sees(`${system} is as it was before`, () => play.asBefore(demo))
  tell(`${opened.id} is resolved; "${play.back}": ${system} is as it was before`)
  if (system === 'cloudflare') behindTheProxy(demo.world, false)
}

async function carryOut(
  demo: Demo,
  people: { readonly engineer: string; readonly manager: string },
  command: string,
  byHand: (demo: Demo) => void = () => {},
): Promise<void> {
  const before = await newestRun(demo)
  await says(demo, people.engineer, command)
  // What does not answer outside is waited for: the proposal comes after the answer then.
  await sees(`"${command}" is proposed`, async () => (await newestRun(demo)) !== before)
  const id = await newestRun(demo)
  if (id === undefined) throw new Error(`"${command}" proposed nothing`)
  await approve(demo, people, id, () => byHand(demo))
}

async function newestRun({ app }: Demo): Promise<RunId | undefined> {
  const [newest] = await app.store.runs({ open: false, limit: 1 })
  return newest?.id
}

/** Names of the databases at the first region's server; the number of the run that made one is left out. */
function databases({ outside }: Demo): string {
  const names = outside.azure.sql.databases('sql-west').map(({ name }) => name.replace(/\d+$/, 'N'))
  return names.toSorted().join(', ')
}

function storageOf({ outside }: Demo): string {
  return outside.azure.storage.settings.setting('example', 'storage:account').value
}

async function everywhere({ outside }: Demo, states: string): Promise<boolean> {
  const all = await Promise.all(outside.balancers.map((balancer) => balancer.states()))
  return all.every((each) => each === states)
}
