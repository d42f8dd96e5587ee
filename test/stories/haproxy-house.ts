// Two load balancers in front of two API servers, with clients on them, for stories of the recovery `api`.
import { Agent, get } from 'node:http'
import { vi } from 'vitest'
import type { DrPlan, Recovery } from '../../src/drplan/schema.ts'
import type { RunId } from '../../src/ids.ts'
import type { Ask, Runs } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { ann, approving } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, HaproxyOptions, RealHaproxy } from '../../sim/haproxy.ts'

export interface House {
  readonly main: ApiServer
  readonly standby: ApiServer
  readonly balancers: readonly [RealHaproxy, RealHaproxy]
  /** `main ready, standby maint | ...`: both load balancers. */
  readonly states: () => Promise<string>
  readonly changing: () => readonly string[]
  readonly stop: () => Promise<void>
}

export async function openHouse(options: HaproxyOptions = {}): Promise<House> {
  const [main, standby] = await Promise.all([startApi('main'), startApi('standby')])
  const balancers = await Promise.all([
    startHaproxy({ main, standby }, options),
    startHaproxy({ main, standby }, options),
  ])
  return {
    main,
    standby,
    balancers,
    states: async () => (await Promise.all(balancers.map((balancer) => balancer.states()))).join(' | '),
    changing: () => balancers.flatMap((balancer) => balancer.changing()),
    stop: async () => {
      await Promise.all(balancers.map((balancer) => balancer.stop()))
      await Promise.all([main.stop(), standby.stop()])
    },
  }
}

/** The plan with a recovery of the system api through these load balancers. */
export function planWith(
  haproxy: Partial<NonNullable<Recovery['haproxy']>>,
  fields: Partial<Recovery> = {},
): (plan: DrPlan) => DrPlan {
  return (plan) => {
    const { api } = plan.systems
    if (!api) throw new Error('the example plan has no system api')
    const block = { backend: 'api', from: 'main', to: 'standby', drain: 10_000, ...haproxy }
    const recovery: Recovery = { name: 'standby', risk: 'reversible', haproxy: block, ...fields }
    return { ...plan, systems: { ...plan.systems, api: { ...api, recoveries: [recovery] } } }
  }
}

export function wanting(fields: Partial<Ask> = {}): Ask {
  return { system: 'api', direction: 'failover', by: ann, overrides: [], ...fields }
}

/** Proposes, approves, and lets the bot's clock run until it has ended; HAProxy's checks take real time. */
export async function carryOut(bench: EngineBench, fields: Partial<Ask> = {}, pace = 250): Promise<Run> {
  const { run } = await bench.runs().propose(wanting(fields))
  await bench.runs().verdict(run.id, approving())
  return ended(bench, run.id, pace)
}

/** `pace`: how far the bot's clock moves between two real moments. */
export async function ended(bench: EngineBench, id: RunId, pace = 250): Promise<Run> {
  return vi.waitFor(
    async () => {
      await bench.pass(pace)
      const run = await bench.run(id)
      if (run.state === 'running' || run.state === 'proposed') throw new Error(`${id} is ${run.state}`)
      return run
    },
    { timeout: 20_000, interval: 20 },
  )
}

export async function refusalOf(doing: ReturnType<Runs['propose' | 'verdict']>): Promise<string> {
  const thrown: unknown = await doing.then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof Error ? thrown.message : 'it was not refused'
}

export interface Traffic {
  /** How many requests a server has answered, as the clients saw it. */
  readonly answered: (server: string) => number
  /** Requests that failed, each with its reason. */
  readonly failures: () => readonly string[]
  /** Requests begun; all of them ended once this resolves. */
  readonly stop: () => Promise<number>
}

/** Clients that ask again and again on connections that they keep, at every address at once. */
export function flow(urls: readonly string[], clientsEach = 4): Traffic {
  const answers = new Map<string, number>()
  const failures: string[] = []
  let begun = 0
  const end = new AbortController()
  async function client(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!end.signal.aborted) {
      begun += 1
      const answer = await ask(url, agent).catch((thrown: unknown) => `failed: ${String(thrown)}`)
      if (/^(?:main|standby)$/.test(answer)) answers.set(answer, (answers.get(answer) ?? 0) + 1)
      else failures.push(answer)
    }
    agent.destroy()
  }
  const clients = urls.flatMap((url) => Array.from({ length: clientsEach }, () => client(url)))
  return {
    answered: (server) => answers.get(server) ?? 0,
    failures: () => failures,
    stop: async () => {
      end.abort()
      await Promise.all(clients)
      return begun
    },
  }
}

function ask(url: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const request = get(url, { agent }, (response) => {
    let body = ''
    response.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    response.on('end', () => resolve(response.statusCode === 200 ? body : `status ${response.statusCode}`))
    response.on('error', reject)
  })
  request.on('error', reject)
  return promise
}
