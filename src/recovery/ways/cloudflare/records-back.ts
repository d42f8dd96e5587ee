// The way back of a change of DNS records: the undo of the run's batch, onto the world that the run left behind.
import { isIP } from 'node:net'
import { BugError, UserError } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import type { CloudflareDnsAction, DnsRecord, ProbeAction } from '../../action.ts'
import { expectedDuration, inTime, undoActions } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import { recordDifferences } from '../../kinds/cloudflare-dns.ts'
import { probeFacts, whereOf } from '../../kinds/probe.ts'
import type { Debt, Run } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe, targetHealthy, worldAsLeft } from '../../safety.ts'
import { digestOf } from '../../world.ts'
import { actionOf, dnsSteps, effectWithin, proxyWarnings, rowsOf, targetsOf } from './change.ts'
import type { DnsChange } from './change.ts'
import { insteadOf, leadsWarnings, lookAtParent, parentLeadsHere, parentToAsk } from './led-away.ts'
import { together } from '../../../together.ts'

/** Looks at the records as they are and, from outside, at where they pointed before; then says what would be done. */
export async function draftFailback(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask, calls } = context
  const undo = undoOfDns(run)
  const probes = probesOf(run, undo.after)
  const [found, facts, leads] = await together([
    calls.readers.dns.records(
      undo.zone.id,
      undo.before.map((record) => record.name),
      calls.limit(),
    ),
    together(probes.map((probe) => calls.observe(probe))),
    lookAtParent(context, undo.zone.name),
  ])
  const seen = probes.map((action, index) => ({ action, facts: facts[index] ?? {} }))
  const targets = seen.map(({ action, facts }) => ({ where: whereOf(action), ...probeFacts(facts) }))
  const back = isBack(undo, found, earlier)
  const differences = back ? [] : recordDifferences(undo.before, found)
  const away = parentLeadsHere(leads, undo.zone)
  const verdicts = [...away, targetHealthy(targets), worldAsLeft(run.id, differences)]
  const list = findings(verdicts, ask.overrides)
  const others = insteadOf(leads, away, undo.after, [])
  refuseUnsafe(list, `failback ${ask.system}`, others)

  const before = undo.before.map((record) => recordNow(record, found))
  const askFirst = !isOverridden(list, 'target-healthy')
  const parent = parentToAsk(leads, list)
  const change: DnsChange = { zone: undo.zone, before, after: undo.after, probes, askFirst, parent }
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  const recovery = context.plan.systems[ask.system]?.recoveries.find((one) => one.name === run.recovery)
  const expected = expectedDuration(context.history, kind, recovery)
  const within = effectWithin(change)
  const names = undo.after.map((record) => record.name).join(', ')
  const were = undo.after.length === 1 ? 'was' : 'were'
  const to = [...new Set(undo.after.map((record) => record.content))].join(', ')
  return {
    recovery: run.recovery,
    undoes: run.id,
    ...(back ? { nothingLeft: true } : {}),
    steps: dnsSteps(change),
    proposal: {
      targets: targetsOf(undo.zone.name, before),
      typed: ask.system,
      risk: run.proposal.risk,
      ...inTime(
        (is) =>
          `${names} ${is('will point at', `${were} pointed at`)} ${to} again${behind(change)}, as before ${run.id}`,
      ),
      changes: rowsOf(change),
      findings: list,
      expected,
      cost: {
        text: `No data is lost; TTL and proxy mode become as they were before ${run.id}.${
          within === undefined ? '' : ` Clients follow within ${printDuration(within)}.`
        }`,
      },
      debts: exposed(change, run.id),
      digest: digestOf([...(askFirst ? seen : []), { action: actionOf(change), facts: { records: found } }]),
      warnings: [...leadsWarnings(leads), ...proxyWarnings(change)],
      ...(within === undefined ? {} : { effectWithin: within }),
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** One batch does all of it: an earlier way back that did not see its end has done all, or nothing. */
function isBack(undo: CloudflareDnsAction, found: readonly DnsRecord[], earlier: readonly Run[]): boolean {
  const begun = begunBy(earlier).some(({ action }) => action.provider === 'cloudflare-dns')
  return begun && recordDifferences(undo.after, found).length === 0
}

function behind({ before, after }: DnsChange): string {
  const back = after.some((record, index) => record.proxied && before[index]?.proxied === false)
  return back ? ", behind Cloudflare's proxy" : ''
}

/** Whoever noted the origin's address while it stood in DNS can go around the shield from now on. */
function exposed({ before, after }: DnsChange, run: string): readonly Debt[] {
  const known = before.flatMap((record, index) =>
    after[index]?.proxied && !record.proxied ? [record.content] : [],
  )
  return [...new Set(known)].map((content) => ({
    id: `exposed:${content}`,
    text: `${content} was public in DNS since ${run}`,
    remedy: "Give the origin another address, or let in only Cloudflare's addresses",
  }))
}

function undoOfDns(run: Run): CloudflareDnsAction {
  const [action, second] = undoActions(run)
  if (action?.provider === 'cloudflare-dns' && second === undefined) return action
  throw new BugError(`${run.id} has no undo of exactly one change of DNS records`)
}

/** The run's own probe, at each server that the records will point at again. */
function probesOf(run: Run, after: readonly DnsRecord[]): readonly ProbeAction[] {
  const probe = run.steps.map((step) => step.action).find((action) => action.provider === 'probe')
  if (!probe) return []
  const { resolve: _, nameServers: _servers, anyCertificate: _any, ...asked } = probe
  // Behind the proxy the origin needs no certificate that clients trust: Cloudflare's own Origin CA is enough.
  const rest = after.every((record) => record.proxied) ? { ...asked, anyCertificate: true as const } : asked
  return [...new Set(after.map((record) => record.content))].map((content) =>
    isIP(content) === 0 ? rest : { ...rest, resolve: content },
  )
}

/** The record as it is; one that is gone cannot be put back under its own id. */
function recordNow(record: DnsRecord, found: readonly DnsRecord[]): DnsRecord {
  const now = found.find((one) => one.id === record.id)
  if (now) return now
  throw new UserError(
    'record-gone',
    `The record ${record.name} ${record.type} ${record.content} was deleted at Cloudflare since. Nothing was changed. Make it again there, by hand.`,
  )
}
