// The provider that asks a zone's own name servers, one by one, until each of them answers with what is wanted.
import { printDuration } from '../../drplan/duration.ts'
import { Resolver } from 'node:dns/promises'
import { z } from 'zod'
import { BugError, RetryableError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import type { Clock, Progress, Provider } from '../../ports.ts'
import type { DnsCheckAction } from '../../recovery/action.ts'
import { delegationIn, leadsTo, saysText } from '../../recovery/kinds/delegation.ts'
import { addressesOf } from './name-servers.ts'
import { plainContent, plainName } from '../../recovery/record-content.ts'
import { age } from '../started.ts'
import { together } from '../../together.ts'

export interface DnsCheckOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Port of name servers given without one. Default 53. */
  readonly port?: number
  /** Addresses of a name server's host name. Default: the machine's own resolution. */
  readonly resolveNameServer?: (host: string) => Promise<readonly string[]>
  /** For one question to one name server. Default 2 s. */
  readonly timeout?: Duration
  /** Says where the parent of a zone leads. Absent: it is not asked. */
  readonly delegation?: Pick<Provider<'delegation'>, 'observe'>
}

const DnsFacts = z.object({ ok: z.boolean() })
const checkAfter = second

/** What one name server answers, or why it does not. */
interface Verdict {
  readonly server: string
  readonly ok: boolean
  readonly text: string
}

type Want = DnsCheckAction['want'][number]

/**
 * Asks name servers directly, past every cache. An entry is `host`, `ip`, `host:port` or `[v6]:port`. All of them
 * must answer every wanted name with exactly the wanted contents. A silent server is a finding, not an error.
 */
export function createDnsCheck(options: DnsCheckOptions): Provider<'dns-check'> {
  return {
    observe: async (action, signal) => ({
      ok: (await askAll(action, options, signal)).every((verdict) => verdict.ok),
    }),
    start: async (action, key, signal) => {
      mustCheckSomething(action)
      stopIf(signal)
      return { id: key, data: { startedAt: options.clock.now() } }
    },
    check: async (action, operation, now, signal) => {
      const verdicts = await askAll(action, options, signal)
      return progressOf(action, verdicts, age(operation, now) ?? Infinity)
    },
    settled: (_action, facts) => (DnsFacts.parse(facts).ok ? 'done' : 'not-done'),
  }
}

/** `elapsed`: milliseconds since the start; an operation that lost its start has no time left. */
function progressOf(action: DnsCheckAction, verdicts: readonly Verdict[], elapsed: Duration): Progress {
  const all = verdicts.length
  const wrong = verdicts.filter((verdict) => !verdict.ok)
  if (wrong.length === 0)
    return {
      state: 'done',
      note: `${all === 1 ? 'the name server answers' : `all ${all} name servers answer`} with the new records`,
    }
  const says = wrong.map((verdict) => `${verdict.server} ${verdict.text}`).join('; ')
  if (elapsed < action.within) {
    const note = `${all - wrong.length} of ${all} name servers answer with the new records; ${says}`
    return { state: 'running', note, percent: Math.round(((all - wrong.length) / all) * 100), checkAfter }
  }
  return {
    state: 'failed',
    reason: `After ${printDuration(action.within)} not every name server answers with the new records: ${says}.`,
    advice:
      'Compare the records at the DNS provider with the name servers of the zone (dig @server name); the change may still be on its way.',
  }
}

/** Nobody asked is nobody who disagrees: that must never pass for a verified change. */
function mustCheckSomething(action: DnsCheckAction): void {
  if (action.nameServers.length > 0 && action.want.length > 0) return
  throw new BugError('a DNS check without name servers or without wanted records would check nothing')
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new RetryableError('The DNS check was stopped before it ended.')
}

async function askAll(
  action: DnsCheckAction,
  options: DnsCheckOptions,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  mustCheckSomething(action)
  stopIf(signal)
  const [verdicts, parent] = await together([
    together(action.nameServers.map((server) => askServer(server, action.want, options, signal))),
    askParent(action, options, signal),
  ])
  stopIf(signal)
  return [...verdicts, ...parent]
}

/**
 * The way of a resolver begins at the parent: when that leads to none of the name servers, what they answer helps
 * nobody.
 */
async function askParent(
  { parent, nameServers }: DnsCheckAction,
  { delegation }: DnsCheckOptions,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  if (!parent || !delegation) return []
  const look = { provider: 'delegation' as const, ...parent, before: [], after: [] }
  const { says } = delegationIn(await delegation.observe(look, signal))
  const away = says.filter((one) => !leadsTo(one, nameServers))
  if (away.length === 0) return []
  return [{ server: 'the parent', ok: false, text: `leads ${parent.zone} to ${saysText(away)}` }]
}

async function askServer(
  server: string,
  want: readonly Want[],
  options: DnsCheckOptions,
  signal: AbortSignal,
): Promise<Verdict> {
  const timeout = options.timeout ?? 2 * second
  const resolver = new Resolver({ timeout, tries: 1 })
  const stop = (): void => resolver.cancel()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    const addresses = await unlessStopped(addressesOf(server, options), limit)
    if (addresses.length === 0) return { server, ok: false, text: 'has no address' }
    resolver.setServers(addresses)
    const wrong: string[] = []
    for (const question of questionsOf(want)) {
      signal.throwIfAborted()
      const answers = await answersTo(resolver, question)
      if (answers.join() !== question.contents.join()) wrong.push(differenceOf(question, answers))
    }
    return { server, ok: wrong.length === 0, text: wrong.join(', ') }
  } catch (thrown) {
    return { server, ok: false, text: `does not answer (${codeOf(thrown)})` }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The system's resolution of a host name cannot be cancelled; what it says too late is not waited for. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return await Promise.race([work, stopped])
}

/** Several wanted records of one name and type are one question with several answers. */
interface DnsQuestion {
  readonly name: string
  readonly type: Want['type']
  readonly contents: readonly string[]
}

function questionsOf(want: readonly Want[]): readonly DnsQuestion[] {
  const groups = Map.groupBy(want, ({ name, type }) => `${type} ${plainName(name)}`)
  return [...groups.values()].flatMap((records) => {
    const [first] = records
    return first
      ? [{ name: first.name, type: first.type, contents: sorted(records.map((one) => one.content)) }]
      : []
  })
}

/** No such name and no such record are answers too: the empty one. */
async function answersTo(resolver: Resolver, { name, type }: DnsQuestion): Promise<readonly string[]> {
  try {
    const answers = await resolver.resolve(name, type)
    return sorted((answers as readonly unknown[]).filter((answer) => typeof answer === 'string'))
  } catch (thrown) {
    const code = codeOf(thrown)
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw thrown
  }
}

function differenceOf(question: DnsQuestion, answers: readonly string[]): string {
  const wanted = question.contents.join(' and ')
  const said = answers.length === 0 ? 'knows no record' : `answers ${answers.join(' and ')}`
  return `${said} for ${question.name} ${question.type}, wanted ${wanted}`
}

function sorted(contents: readonly string[]): readonly string[] {
  return [...new Set(contents.map(plainContent))].sort()
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : reasonOf(thrown)
}
