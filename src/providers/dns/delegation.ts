// The provider that watches a zone's delegation at the parent's own name servers, which a person changes at the registrar.
import { Resolver } from 'node:dns/promises'
import type { Answer } from 'dns-packet'
import { z } from 'zod'
import { RetryableError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import type { Facts, Progress, Provider } from '../../ports.ts'
import type { DelegationAction } from '../../recovery/standby-action.ts'
import { delegationIn, saysText } from '../../recovery/kinds/delegation.ts'
import type { DelegationSeen } from '../../recovery/kinds/delegation.ts'
import { ask } from './query.ts'
import { addressesOf } from './name-servers.ts'
import { plainName } from '../../recovery/record-content.ts'
import { together } from '../../together.ts'

export interface DelegationOptions {
  /** For one question to one name server. Default 2 s. */
  readonly timeout?: Duration
  /** Who is asked for the parent's name servers and their addresses. Default: the machine's own DNS. */
  readonly resolvers?: readonly string[]
}

/** What one name server of the parent says. */
interface Said {
  readonly nameServers: readonly string[]
  readonly ttl: number
  readonly keyTags: readonly number[]
  readonly dsTtl: number
}

/** A registry takes minutes: asking more often would not show it sooner. */
const checkAfter: Duration = 15 * second
const defaultTimeout: Duration = 2 * second
const DsData = z.object({ keyTag: z.number() })

/** Asks past every cache. A silent name server is a finding, not an error: facts say how many answered. */
export function createDelegation(options: DelegationOptions = {}): Provider<'delegation'> {
  const look = (action: DelegationAction, signal: AbortSignal): Promise<Facts> =>
    observe(action, options, signal)
  return {
    observe: look,
    start: async (_action, key, signal) => {
      stopIf(signal)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) =>
      progressOf(action, delegationIn(await look(action, signal))),
    settled: (action, facts) => (isThere(action, delegationIn(facts)) ? 'done' : 'not-done'),
  }
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new RetryableError('The look at the delegation was stopped before it ended.')
}

async function observe(
  action: DelegationAction,
  options: DelegationOptions,
  signal: AbortSignal,
): Promise<Facts> {
  stopIf(signal)
  const found = await parentsOf(action, options, signal)
  const results = await together(
    found.servers.map(async (server) => {
      try {
        return await askParent(server, action.zone, options, signal)
      } catch (thrown) {
        return `${server} ${reasonOf(thrown)}`
      }
    }),
  )
  stopIf(signal)
  const said = results.filter((one) => typeof one !== 'string')
  const silent = [...found.problems, ...results.filter((one) => typeof one === 'string')]
  const facts: DelegationSeen = {
    says: distinct(said.map(({ nameServers }) => [...nameServers])),
    keyTags: [...new Set(said.flatMap(({ keyTags }) => keyTags))].toSorted((a, b) => a - b),
    ttl: Math.max(0, ...said.map(({ ttl }) => ttl)),
    dsTtl: Math.max(0, ...said.map(({ dsTtl }) => dsTtl)),
    asked: results.length,
    answered: said.length,
    silent,
  }
  return facts
}

function distinct(lists: readonly string[][]): string[][] {
  const byText = new Map(lists.map((list) => [list.join(), list]))
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list)
}

interface Parents {
  readonly servers: readonly string[]
  readonly problems: readonly string[]
}

/** As the plan has them; else the name servers of the closest zone above that there is. */
async function parentsOf(
  { zone, parents }: DelegationAction,
  options: DelegationOptions,
  signal: AbortSignal,
): Promise<Parents> {
  if (parents.length > 0) return { servers: parents, problems: [] }
  const resolver = resolverOf(options)
  const stop = (): void => resolver.cancel()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (let name = above(zone); name !== ''; name = above(name)) {
      const servers = await resolver.resolveNs(name).catch((thrown: unknown) => {
        if (isNothing(thrown)) return []
        throw thrown
      })
      if (servers.length > 0) return { servers: servers.map(plainName).toSorted(), problems: [] }
    }
    return { servers: [], problems: [`no name servers of a zone above ${zone} were found`] }
  } catch (thrown) {
    const why = `the name servers of the zone above ${zone} could not be found (${reasonOf(thrown)})`
    return { servers: [], problems: [why] }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function above(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? '' : name.slice(dot + 1)
}

function isNothing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return code === 'ENODATA' || code === 'ENOTFOUND'
}

function resolverOf({ resolvers, timeout }: DelegationOptions): Resolver {
  const resolver = new Resolver({ timeout: timeout ?? defaultTimeout, tries: 1 })
  if (resolvers) resolver.setServers(resolvers)
  return resolver
}

async function askParent(
  server: string,
  zone: string,
  options: DelegationOptions,
  signal: AbortSignal,
): Promise<Said> {
  const timeout = options.timeout ?? defaultTimeout
  const { resolvers } = options
  const resolveNameServer = resolvers && ((host: string) => resolverOf(options).resolve4(host))
  const [address] = await addressesOf(server, resolveNameServer ? { resolveNameServer } : {})
  if (address === undefined) throw new Error('has no address')
  const limits = { timeout, signal }
  const [ns, ds] = await together([
    ask(address, { name: zone, type: 'NS' }, limits),
    ask(address, { name: zone, type: 'DS' }, limits),
  ])
  // A parent that does not answer for the zone itself refers to its name servers.
  const servers = [...ns.answers, ...ns.authorities].filter((one) => one.type === 'NS' && isFor(one, zone))
  const keys = ds.answers.filter((one) => one.type === 'DS' && isFor(one, zone))
  return {
    nameServers: servers.flatMap((one) => (one.type === 'NS' ? [plainName(one.data)] : [])).toSorted(),
    ttl: longest(servers),
    keyTags: keys.flatMap((one) => ('data' in one ? DsData.parse(one.data).keyTag : [])),
    dsTtl: longest(keys),
  }
}

function isFor(answer: Answer, zone: string): boolean {
  return plainName(answer.name) === zone
}

function longest(answers: readonly Answer[]): number {
  return Math.max(0, ...answers.map((one) => ('ttl' in one ? (one.ttl ?? 0) : 0)))
}

/** All that answer say so, and they are more than half of those there are. */
function isThere({ after }: DelegationAction, { says, asked, answered }: DelegationSeen): boolean {
  return answered * 2 > asked && says.length === 1 && says.every((one) => one.join() === after.join())
}

function progressOf(action: DelegationAction, seen: DelegationSeen): Progress {
  const { zone, after, registrar } = action
  const silent = seen.silent.length === 0 ? '' : `; ${seen.silent.join('; ')}`
  if (isThere(action, seen))
    return { state: 'done', note: `the parent leads ${zone} to ${after.join(', ')}${silent}` }
  const says = seen.answered === 0 ? '' : `; now it leads to ${saysText(seen.says)}`
  const note = `a person must enter these name servers at ${registrar}: ${after.join(', ')}${says}${silent}`
  return { state: 'running', note, checkAfter }
}
