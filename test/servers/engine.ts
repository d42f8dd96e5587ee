// The recovery engine on a real Redis and the simulated world, with a clock that stands still until it is moved.
import { readFileSync } from 'node:fs'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'
import { startWorld } from '../../sim/world.ts'
import type { World, WorldOptions } from '../../sim/world.ts'
import { createChanges } from '../../src/changes.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan, Recovery } from '../../src/drplan/schema.ts'
import type { IncidentId, RunId } from '../../src/ids.ts'
import type { Commit } from '../../src/commit.ts'
import type { Effect } from '../../src/effect.ts'
import type { Clock, Providers, Store } from '../../src/ports.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { noReaders } from './readers.ts'
import type { Azure } from '../../src/providers/azure/azure.ts'
import { noAzure } from './azure.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'
import { createOutside } from '../../src/providers/outside.ts'
import { createRuns } from '../../src/recovery/engine.ts'
import type { RunDeps } from '../../src/recovery/engine.ts'
import { createStandingLook } from '../../src/recovery/standing.ts'
import type { Ask, Runs, Verdict } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import type { Actor } from '../../src/timeline/event.ts'
import { verifyChain } from '../../src/timeline/chain.ts'
import { noon } from '../contracts/store-samples.ts'
import { silent } from './redis.ts'
import type { TestRedis } from './redis.ts'
import { unhurried } from './unhurried.ts'

export interface EngineBench {
  readonly world: World
  readonly store: Store
  /** The engine that runs now; another one after `crash`. */
  readonly runs: () => Runs
  /** One more process on the same store, alive beside the first. */
  readonly another: () => Runs
  readonly now: () => number
  readonly plan: () => DrPlan
  readonly setPlan: (change: (plan: DrPlan) => DrPlan) => void
  /** Does all that is due now, as effects and bells would, until nothing is left. */
  readonly settle: () => Promise<void>
  /** What the bot does every half minute: looks whether what failovers have set still holds. */
  readonly lookAtStanding: () => Promise<void>
  /** Moves the clock and does what falls due, second by second. */
  readonly pass: (duration: number) => Promise<void>
  /** Time passes and no process is there. */
  readonly away: (duration: number) => void
  /** The process dies: what it has in hand is lost. Another one starts on the same store. */
  readonly crash: () => void
  /** The process will die at its n-th commit from now, before or after it was written. */
  readonly dieAt: (n: number, when: 'before' | 'after') => void
  /** Done once, right before the process writes its next commit: what came in between its look and that. */
  readonly meanwhile: (doing: () => Promise<unknown>) => void
  /** Commits since the beginning, or since the last `dieAt`. */
  readonly commits: () => number
  readonly run: (id: RunId) => Promise<Run>
  /** What rooms were told. */
  readonly news: () => readonly string[]
  /** Which cards were shown again: the effect's key and the version that the run had then. */
  readonly shown: () => readonly string[]
  /** Requests to Cloudflare that change something. */
  readonly changing: () => number
  /** Where `api.example.com` points at Cloudflare, as `content ttl proxied`. */
  readonly record: () => string
  /** Changes that record there, as a person in the dashboard does. */
  readonly edit: (fields: Partial<ApiRecord>) => void
  /** Texts of a timeline, whose hash chain is checked on the way. */
  readonly told: (id: IncidentId | RunId) => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

export const ann: Actor = { person: 'ann', door: 'cli' }
export const bob: Actor = { person: 'bob', door: 'web' }
export const cem: Actor = { person: 'cem', door: 'cli' }
export const mia: Actor = { person: 'mia', door: 'web' }

/** ann asks for a failover of the load balancer. */
export function asking(fields: Partial<Ask> = {}): Ask {
  return { system: 'lb', direction: 'failover', by: ann, overrides: [], ...fields }
}

export function approving(fields: Partial<Extract<Verdict, { kind: 'approve' }>> = {}): Verdict {
  return { kind: 'approve', by: ann, ...fields }
}

/** Starts a fresh world and forgets what Redis had. */
export async function startEngine(
  redis: TestRedis,
  options: WorldOptions = {},
  azure: Azure = noAzure,
): Promise<EngineBench> {
  await redis.flush()
  const world = await startWorld(options)
  const connection = await redis.connect()
  const { redis: client } = connection
  const script = loadScripts(client)
  const store = createStore({ redis: client })
  let life = 1
  let living = createStore({ redis: client, process: `life ${life}` })
  let time = noon
  const clock: Clock = { now: () => time, real: (duration) => duration, after: () => () => {} }
  let plan = planFor(world)
  const cloudflare = createCloudflareDns({
    token: world.token,
    baseUrl: world.cloudflare.baseUrl,
    timeout: unhurried,
    clock,
  })
  const reach = createAzureSystems(azure, { clock })
  const providers: Providers = {
    'cloudflare-dns': cloudflare,
    ...createOutside({ clock, timeout: unhurried }),
    ...createHaproxy({ clock, user: 'dr-bot', password: 'not-to-be-shown' }),
    ...reach.providers,
  }
  const news: string[] = []
  const shown: string[] = []
  let inHand: Effect[] = []
  let process = start()

  interface Process {
    readonly runs: Runs
    readonly lookAtStanding: () => Promise<void>
    readonly die: () => void
    readonly commits: () => number
    readonly dieAt: (n: number, when: 'before' | 'after') => void
    readonly meanwhile: (doing: () => Promise<unknown>) => void
  }

  function start(): Process {
    let dead = false
    let commits = 0
    let end: { readonly n: number; readonly when: 'before' | 'after' } | undefined
    let between: (() => Promise<unknown>) | undefined
    async function commit(what: Commit): Promise<'committed' | 'conflict'> {
      if (dead) throw new Error('the process is dead')
      commits += 1
      const doing = between
      between = undefined
      await doing?.()
      if (end?.n !== commits) return living.commit(what)
      dead = true
      inHand = []
      if (end.when === 'after') await living.commit(what)
      throw new Error('the process died')
    }
    const deps: RunDeps = {
      store: { ...store, commit, time: async () => time },
      providers,
      readers: { ...noReaders, dns: cloudflare, ...reach.readers },
      bells: { set: async () => {}, onRing: () => {} },
      changes: createChanges(),
      plan: () => plan,
      clock,
      log: silent,
      chats: ['slack'],
      kick: (effects) => {
        if (!dead) inHand.push(...effects)
      },
    }
    const runs = createRuns(deps)
    return {
      runs,
      lookAtStanding: createStandingLook(deps),
      die: () => {
        dead = true
        inHand = []
      },
      commits: () => commits,
      dieAt: (n, when) => {
        commits = 0
        end = { n, when }
      },
      meanwhile: (doing) => {
        between = doing
      },
    }
  }

  async function perform(effect: Effect): Promise<void> {
    if (effect.body.kind === 'advance') await process.runs.advance(effect.body.run)
    if (effect.body.kind === 'run-card')
      shown.push(`${effect.key} v${(await store.run(effect.body.run))?.version}`)
    if (effect.body.kind === 'run-news') news.push(`${effect.body.news}: ${effect.body.text}`)
    await living.effectDone(effect.key)
  }

  async function settle(): Promise<void> {
    for (;;) {
      const [effect] = inHand.splice(0, 1)
      if (effect) {
        await perform(effect)
        continue
      }
      await script('bury', [`life ${life}`, '*'])
      inHand.push(...(await living.lend(time, 50)))
      const before = process.commits()
      for (const { id } of await store.due(time, 50)) await process.runs.advance(id as RunId)
      if (inHand.length === 0 && process.commits() === before) return
    }
  }

  return {
    world,
    store,
    runs: () => process.runs,
    another: () => start().runs,
    now: () => time,
    plan: () => plan,
    setPlan: (change) => {
      plan = change(plan)
    },
    settle,
    lookAtStanding: async () => {
      await process.lookAtStanding()
      await settle()
    },
    pass: async (duration) => {
      for (let left = duration; left > 0; left -= 1_000) {
        time += Math.min(1_000, left)
        await settle()
      }
    },
    away: (duration) => {
      time += duration
    },
    crash: () => {
      process.die()
      life += 1
      living = createStore({ redis: client, process: `life ${life}` })
      process = start()
    },
    dieAt: (n, when) => process.dieAt(n, when),
    meanwhile: (doing) => process.meanwhile(doing),
    commits: () => process.commits(),
    run: async (id) => {
      const found = await store.run(id)
      if (!found) throw new Error(`there is no ${id}`)
      return found.state
    },
    news: () => news,
    shown: () => [...shown],
    changing: () => world.cloudflare.requests.filter((request) => request.changes).length,
    record: () => {
      const found = world.cloudflare.records(world.zone).find((one) => one.name === world.record)
      return found ? `${found.content} ${found.ttl} ${found.proxied}` : 'none'
    },
    edit: (fields) =>
      world.cloudflare.edit(world.zone, (records) =>
        records.map((one) => (one.name === world.record ? { ...one, ...fields } : one)),
      ),
    told: async (id) => {
      const events = await store.timeline(id)
      const verdict = verifyChain(events, await store.head(id))
      if (!verdict.ok) throw new Error(`the timeline of ${id} is broken: ${verdict.problem}`)
      return events.map((event) => `${event.type} ${event.text}`)
    },
    stop: async () => {
      await world.stop()
      await connection.close()
    },
  }
}

/** The example plan, with recoveries of the load balancer that exist in the simulated world. */
function planFor(world: World): DrPlan {
  const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  const { plan } = loaded
  const { lb, dns } = plan.systems
  if (!lb || !dns) throw new Error('the example plan has no load balancer, or no DNS')
  const probe = {
    url: `http://${world.record}/health`,
    port: world.httpPort,
    status: 200,
    timeout: unhurried,
  }
  const cloudflare = { zone: world.zone, records: [world.record] }
  const recoveries: readonly Recovery[] = [
    { name: 'backup', expected: 120_000, cloudflare: { ...cloudflare, to: world.backup.host }, probe },
    { name: 'api', risk: 'disruptive', cloudflare: { ...cloudflare, to: world.api.host }, probe },
    { name: 'last', risk: 'loses-data', cloudflare: { ...cloudflare, to: world.api.host }, probe },
  ]
  const standby = dns.recoveries.map((recovery): Recovery => {
    const { standby_dns: block } = recovery
    return block ? { ...recovery, standby_dns: { ...block, parents: world.registry.servers } } : recovery
  })
  const systems = { ...plan.systems, dns: { ...dns, recoveries: standby }, lb: { ...lb, recoveries } }
  return { ...plan, systems }
}
