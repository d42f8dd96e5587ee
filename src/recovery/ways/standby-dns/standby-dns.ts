// The block `standby_dns`: the copy at Azure DNS is brought up to date, and a person leads the zone to its name servers.
import { printDuration } from '../../../drplan/duration.ts'
import { reasonOf } from '../../../errors.ts'
import type { StandbyZone, ZoneRecord } from '../../../readers.ts'
import type { ProbeAction } from '../../action.ts'
import type { DelegationAction, StandbyChange } from '../../standby-action.ts'
import { inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { probeFacts, whereOf } from '../../kinds/probe.ts'
import { saysText } from '../../kinds/delegation.ts'
import type { DelegationSeen } from '../../kinds/delegation.ts'
import type { Debt, Proposal, Step } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe, targetHealthy } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import { compare, contentText, reversed } from '../../standby/compare.ts'
import type { Comparison } from '../../standby/compare.ts'
import { lostMost, readState, settingOf } from '../../standby/state.ts'
import type { StandbyBlock } from '../../standby/state.ts'
import { inParts, readCloudflare } from '../../standby/sync.ts'
import { absolute, translate } from '../../standby/translate.ts'
import type { Translated } from '../../standby/translate.ts'
import { copyComplete, copyRecent, noDsAtParent, parentAnswers, registrarCanSwitch } from './safety.ts'
import type { Source } from './safety.ts'
import { digestNow, expectedSwitch, followWithin, lookAtDelegation, nameServerCheck } from './parts.ts'
import { probeThrough, switchByHand, unshieldedId, unshieldedText, watchStep } from './parts.ts'
import { draftSwitchBack } from './back.ts'
import { checkByDraft } from '../draft-check.ts'
import { elsewhere } from '../cloudflare/records.ts'
import { checkAtAzure } from '../rights-check.ts'
import { wayOf } from '../way.ts'
import type { With } from '../way.ts'
import { together } from '../../../together.ts'

type StandbyRecovery = With<'standby_dns'>

export const standbyDns = wayOf('standby_dns', {
  draft: draftSwitch,
  check: (context, recovery) =>
    checkAtAzure(context, recovery, () => checkByDraft(context, (one) => draftSwitch(one, recovery))),
  failback: draftSwitchBack,
  changes: ['standby-dns', 'delegation'],
})

/** Record sets that are shown one by one; more are counted. */
const mostRows = 12

/** All that was looked at. */
interface Looked {
  readonly block: StandbyBlock
  readonly source: Source
  readonly standby: StandbyZone
  readonly delegation: DelegationSeen
  readonly wanted: Translated
  readonly difference: Comparison
  /** The question at the place where the plan's names will lead; none without a probe and `to`. */
  readonly probed: readonly { readonly action: ProbeAction; readonly ok: boolean; readonly reason: string }[]
}

async function draftSwitch(context: Context, recovery: StandbyRecovery): Promise<Draft> {
  const { ask, now } = context
  const looked = await look(context, recovery)
  const { block, source, delegation, wanted, difference, standby } = looked
  const { zone, registrar } = block
  const verdicts: readonly Verdict[] = [
    copyComplete(difference.byHand, wanted.left),
    copyRecent(source, now),
    parentAnswers(delegation),
    noDsAtParent(zone, delegation, registrar),
    registrarCanSwitch(registrar),
    ...(looked.probed.length === 0 ? [] : [healthy(looked)]),
    notThereAlready(zone, delegation, standby),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, elsewhere(context, recovery))

  const watch: DelegationAction = {
    provider: 'delegation',
    zone,
    parents: block.parents ?? [],
    before: delegation.says[0] ?? [],
    after: standby.nameServers,
    registrar,
  }
  const askProbe = !isOverridden(list, 'target-healthy')
  const steps = stepsOf(looked, watch, askProbe ? recovery.probe : undefined)
  const expected = expectedSwitch(context, {
    system: ask.system,
    direction: 'failover',
    recovery: recovery.name,
  })
  const within = followWithin(delegation)
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: [`standby-dns:${zone}`],
      typed: recovery.name,
      risk: recovery.risk ?? 'disruptive',
      ...inTime(
        (is) =>
          `${zone} ${is('will be answered by', 'was led to')} Azure DNS; a person ${is('switches', 'switched')} its name servers at the registrar`,
      ),
      changes: rowsOf(zone, watch, delegation, difference.changes),
      byHand: switchByHand(watch, delegation),
      findings: list,
      expected,
      effectWithin: within,
      cost: costOf(source, now),
      debts: debtsOf(looked, ask.system),
      digest: await digestNow(context, steps),
      warnings: warningsOf(looked),
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

async function look(context: Context, recovery: StandbyRecovery): Promise<Looked> {
  const { calls } = context
  const block = { ...recovery.standby_dns, zone: recovery.standby_dns.zone.toLowerCase() }
  const { zone, resource_group: resourceGroup, registrar, parents = [], records, to } = block
  const instead = records && to !== undefined ? { names: records, to } : undefined
  const [read, standby, delegation, probed] = await together([
    readSource(context, zone),
    calls.readers.standbyDns.zone({ resourceGroup, zone }, calls.limit()),
    lookAtDelegation(context, { zone, parents, registrar }),
    probeTarget(context, recovery),
  ])
  const { records: found, ...source } = read
  const wanted: Translated = found
    ? translate(zone, found, instead)
    : { ...translate(zone, [], instead), left: [], exposed: [] }
  const asIs = standby.sets.filter(
    ({ name, type }) => !wanted.sets.some((one) => one.name === name && one.type === type),
  )
  const difference = found
    ? compare(zone, wanted.sets, standby.sets)
    : compare(zone, [...wanted.sets, ...asIs], standby.sets)
  return { block, source, standby, delegation, wanted, difference, probed }
}

type Read = Source & { readonly records?: readonly ZoneRecord[] }

/** From Cloudflare if it answers with a zone that can be believed, else from the last snapshot, else from nowhere. */
async function readSource({ calls, setting }: Context, zone: string): Promise<Read> {
  const state = readState(await setting(settingOf(zone)))
  const snapshot = state?.snapshot
  let why: string
  try {
    const records = await readCloudflare(calls, zone)
    if (!lostMost(snapshot?.records.length ?? 0, records.length)) return { live: true, records }
    why = `Cloudflare shows only ${records.length} records where there were ${snapshot?.records.length}`
  } catch (thrown) {
    why = reasonOf(thrown)
  }
  if (snapshot) return { live: false, takenAt: snapshot.takenAt, why, records: snapshot.records }
  return { live: false, why: `${why} The bot has no snapshot of the zone` }
}

async function probeTarget(
  { calls }: Context,
  { probe, standby_dns: { to } }: StandbyRecovery,
): Promise<Looked['probed']> {
  const resolve = probe?.resolve ?? to
  if (probe === undefined || resolve === undefined || !/^[\d.:a-f]+$/i.test(resolve)) return []
  const action: ProbeAction = { provider: 'probe', ...probe, resolve }
  return [{ action, ...probeFacts(await calls.observe(action)) }]
}

function healthy({ probed }: Looked): Verdict {
  return targetHealthy(probed.map(({ action, ok, reason }) => ({ where: whereOf(action), ok, reason })))
}

function notThereAlready(zone: string, { says }: DelegationSeen, { nameServers }: StandbyZone): Verdict {
  const there = says.length === 1 && says.every((one) => one.join() === nameServers.join())
  const rule = 'not-already-there'
  const text = `The parent leads ${zone} to ${saysText(says)}`
  return { rule, ok: !there, text: there ? `${text} already: these are the standby's` : text }
}

/**
 * The copy, the check that it answers, and only then the switch: nobody is led to name servers that do not know the
 * zone.
 */
function stepsOf(
  { block, standby, wanted, difference }: Looked,
  watch: DelegationAction,
  probe: StandbyRecovery['probe'],
): readonly Step[] {
  const { zone, resource_group: resourceGroup } = block
  const parts = inParts(difference.changes)
  const copies = parts.map((changes, index) => {
    const action = { provider: 'standby-dns' as const, resourceGroup, zone, changes }
    const which = parts.length === 1 ? '' : ` (part ${index + 1} of ${parts.length})`
    const count = `${changes.length} record set${changes.length === 1 ? '' : 's'}`
    return stepOf(`Set ${count} of ${zone} at Azure DNS${which}`, action, {
      ...action,
      changes: reversed(changes),
    })
  })
  const sets = wanted.sets.length > 0 ? wanted.sets : standby.sets
  const changedFirst = sets.toSorted(
    (a, b) => Number(isChanged(b, difference)) - Number(isChanged(a, difference)),
  )
  const check = nameServerCheck(zone, standby.nameServers, changedFirst)
  return [
    ...copies,
    ...(check ? [stepOf(`Ask the standby's name servers until all answer for ${zone}`, check)] : []),
    ...(probe
      ? [
          stepOf(
            `Ask ${probe.url} at the address that the standby gives`,
            probeThrough(probe, standby.nameServers),
          ),
        ]
      : []),
    watchStep(watch),
  ]
}

function isChanged({ name, type }: { name: string; type: string }, { changes }: Comparison): boolean {
  return changes.some((one) => one.name === name && one.type === type)
}

function rowsOf(
  zone: string,
  watch: DelegationAction,
  { says }: DelegationSeen,
  changes: readonly StandbyChange[],
): Proposal['changes'] {
  const rows = changes.slice(0, mostRows).map(({ name, type, before, after }) => ({
    what: `${absolute(zone, name)} ${type} at the standby`,
    before: contentText(before),
    after: contentText(after),
  }))
  const more = changes.length - rows.length
  return [
    { what: `${zone} NS at the parent`, before: saysText(says), after: watch.after.join(', ') },
    ...rows,
    ...(more > 0 ? [{ what: `${more} more record sets at the standby`, before: '', after: '' }] : []),
  ]
}

function costOf({ live, takenAt }: Source, now: number): Proposal['cost'] {
  if (live)
    return { text: 'No data is lost; names behind Cloudflare are without its shield until the way back.' }
  if (takenAt === undefined)
    return { text: 'The standby answers with what it has, and nobody knows how old that is.' }
  const age = now - takenAt
  return {
    dataLoss: age,
    text: `The copy is ${printDuration(age)} old: what was changed at Cloudflare since then is missing.`,
  }
}

function warningsOf({ source, wanted, block }: Looked): readonly string[] {
  const { exposed, left } = wanted
  return [
    ...(source.why === undefined ? [] : [source.why]),
    ...(exposed.length === 0
      ? []
      : [
          `Behind Cloudflare now, and then straight at the origin, without the shield and with the origin's own certificate: ${exposed.join(', ')}`,
        ]),
    ...left.filter(({ vital }) => !vital).map(({ text }) => `Not at the standby: ${text}`),
    ...(block.to === undefined
      ? []
      : [`${(block.records ?? []).join(', ')} will lead to ${block.to} at the standby`]),
  ]
}

function debtsOf({ block, wanted }: Looked, system: string): readonly Debt[] {
  const { zone } = block
  const own: Debt = {
    id: `delegated:${zone}`,
    text: `${zone} is answered by Azure DNS; changes at Cloudflare have no effect, and the copy is not kept in step`,
    remedy: `Make changes at Azure DNS; when Cloudflare works again: failback ${system}`,
  }
  if (wanted.exposed.length === 0) return [own]
  const shield: Debt = {
    id: unshieldedId(zone),
    text: unshieldedText(wanted.exposed.join(', ')),
    remedy: `After failback ${system}: give the origins other addresses, or let in only Cloudflare's`,
  }
  return [own, shield]
}
