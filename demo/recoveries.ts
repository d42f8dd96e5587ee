// The recoveries of the systems beside the load balancer: each breaks, is recovered by a command, mends, and is led back.
import { minute, second } from '../src/ids.ts'
import type { Duration, RunId, SystemId } from '../src/ids.ts'
import { restoresOf } from '../src/incident/actions.ts'
import type { Incident } from '../src/incident/incident.ts'
import { isInForce, missingOf } from '../src/recovery/checkup.ts'
import { readCheckup } from '../src/recovery/checkups.ts'
import { approve, dig, digAt, incident, passes, quiet, resolved, says, sees } from './acts.ts'
import type { Tell } from './acts.ts'
import type { Demo } from './start.ts'
import { behindTheProxy } from '../sim/troubles.ts'
import type { Trouble } from '../sim/troubles.ts'

/** What is typed once it is known what it is, and what is so outside once it is done; then the way back. */
interface Play {
  readonly system: SystemId
  /** As the card of the outage names it, where it depends on the outage. */
  readonly command: string | ((demo: Demo, opened: Incident) => string)
  readonly recovered: string
  readonly holds: (demo: Demo) => Promise<boolean>
  /** How what had broken is mended; `byItself`: the recovery has done so, and Nagios sees it before. */
  readonly mended: string
  readonly byItself?: true
  /** How long it then takes until Nagios is content. */
  readonly works?: Duration
  readonly back: string
  /** What the way back brings back. */
  readonly brought: string | ((demo: Demo) => string)
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
    mended: "Cloudflare's name servers answer again",
    back: 'failback dns',
    brought: "Cloudflare's name servers answer for the zone, as before",
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
    mended: "Cloudflare's edge works again",
    back: 'dns protect',
    brought: "api.example.com is behind Cloudflare's shield, as before",
    asBefore: async (demo) => (await dig(demo)) === demo.world.edge.host,
  },
  {
    system: 'api',
    command: 'failover api',
    recovered: 'both load balancers send their traffic to the standby',
    holds: (demo) => everywhere(demo, 'main maint, standby ready'),
    mended: 'the main API server works again',
    back: 'failback api',
    brought: 'the traffic goes to the main server, as before',
    asBefore: (demo) => everywhere(demo, 'main ready, standby maint'),
  },
  {
    system: 'db',
    command: ({ app, clock }, opened) =>
      restoresOf(opened, app.plan.plan(), clock.now())[0]?.command ?? 'the plan has no restore',
    recovered:
      'the database is as it was before the table was emptied, as it has said itself; the spoilt one is kept beside it',
    holds: async (demo) => databases(demo) === 'orders, orders-before-r-N',
    mended:
      'the developers have put the rows back into the database that was set aside, with what was written to it last',
    byItself: true,
    back: 'failback db',
    brought: (demo) =>
      `that one is orders again; what was written to the restored one meanwhile is kept beside it, as ${namesAt(demo).at(-1)}`,
    asBefore: async (demo) =>
      databases(demo) === 'orders, orders-r-N' &&
      demo.outside.azure.sql
        .databases('sql-west')
        .some((one) => one.name === 'orders' && one.asOf === undefined),
  },
  {
    system: 'storage',
    command: 'failover storage',
    recovered: 'the applications are told to use examplenorth',
    holds: async (demo) => storageOf(demo) === 'examplenorth',
    mended: 'the queues of examplewest answer again',
    back: 'failback storage',
    brought: 'the applications use examplewest, as before',
    asBefore: async (demo) => storageOf(demo) === 'examplewest',
  },
  {
    system: 'workers',
    command: 'workers scale auto',
    recovered: 'as many workers run as the queues need',
    holds: async ({ outside }) => outside.azure.scaleSets.running('workers-vmss') > 4,
    mended: 'the queues are worked off',
    works: 18 * minute,
    back: 'failback workers',
    brought: 'four workers run, as before',
    asBefore: async ({ outside }) => outside.azure.scaleSets.running('workers-vmss') === 4,
  },
]

/** Plays them one after the other, each as an incident of its own. */
export async function otherSystems(demo: Demo, tell: Tell, chapter: Tell): Promise<void> {
  for (const play of plays) {
    const trouble = demo.troubles.find((each) => each.system === play.system)
    if (!trouble) throw new Error(`nothing in the demo breaks ${play.system}`)
    await passes(demo, 40 * minute)
    chapter(`${play.system}: ${trouble.story}`)
    if (play.system === 'cloudflare') await shielded(demo, tell)
    // All was well until now, and Nagios has seen it.
    await demo.monitor.check()
    await recover(demo, tell, { play, trouble })
  }
}

/** How long the engineer takes to answer, and to find out what it is. */
const answering = 30 * second
const diagnosing = 50 * second

async function recover(
  demo: Demo,
  tell: Tell,
  { play, trouble }: { readonly play: Play; readonly trouble: Trouble },
): Promise<void> {
  const { monitor } = demo
  const { system } = play
  trouble.begin()
  await monitor.check()
  const opened = await incident(
    demo,
    `an incident of ${system} opens`,
    (each) => each.system === system && each.marks.paged !== undefined,
  )
  const engineer = opened.pages[0]?.person ?? ''
  tell(`${trouble.story}: ${opened.id} is open, ${engineer} is paged`)
  await passes(demo, answering)
  await says(demo, engineer, `ack ${opened.id}`)
  tell(`${engineer} types "ack ${opened.id}"`)
  await passes(demo, diagnosing)

  const people = { engineer, manager: 'mia' }
  const command = typeof play.command === 'string' ? play.command : play.command(demo, opened)
  tell(`${engineer} types "${command}", and it is approved`)
  await carryOut(demo, people, command, play.byHand?.there)
  await sees(play.recovered, () => play.holds(demo))
  await quiet(demo)
  tell(`It is done: ${play.recovered}`)
  await passes(demo, play.works ?? 10 * second)
  if (play.byItself === undefined) trouble.end()
  await monitor.check()
  await incident(demo, `${opened.id} is watched`, (each) => each.state === 'watching')
  tell(`${play.byItself === undefined ? `Meanwhile ${play.mended}: ` : ''}Nagios sees that it works`)
  await resolved(demo, tell, opened.id)

  // Nobody leads back at once; what Azure still does in the background, such as seeding a copy, is over by then.
  await passes(demo, 20 * minute)
  trouble.end()
  if (play.byItself !== undefined) tell(`Meanwhile ${play.mended}`)
  await carryOut(demo, people, play.back, play.byHand?.back)
  await sees(`${system} is as it was before`, () => play.asBefore(demo))
  await quiet(demo)
  const brought = typeof play.brought === 'string' ? play.brought : play.brought(demo)
  tell(`${engineer} types "${play.back}": ${brought}`)
  if (system === 'cloudflare') behindTheProxy(demo.world, false)
}

/** The name is behind Cloudflare's shield by now, and the bot has seen that the way past it is there. */
async function shielded(demo: Demo, tell: Tell): Promise<void> {
  behindTheProxy(demo.world, true)
  await sees('a way past Cloudflare is ready', async () => {
    const checkup = await readCheckup(demo.app.store)
    const bypass = checkup?.recoveries.find((one) => one.system === 'cloudflare')
    return bypass !== undefined && missingOf(bypass).length === 0 && !isInForce(bypass)
  })
  tell('api.example.com is behind the shield of Cloudflare by now')
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
function databases(demo: Demo): string {
  return namesAt(demo)
    .map((name) => name.replace(/\d+$/, 'N'))
    .join(', ')
}

function namesAt({ outside }: Demo): readonly string[] {
  return outside.azure.sql
    .databases('sql-west')
    .map(({ name }) => name)
    .toSorted()
}

function storageOf({ outside }: Demo): string {
  return outside.azure.storage.settings.setting('example', 'storage:account').value
}

async function everywhere({ outside }: Demo, states: string): Promise<boolean> {
  const all = await Promise.all(outside.balancers.map((balancer) => balancer.states()))
  return all.every((each) => each === states)
}
