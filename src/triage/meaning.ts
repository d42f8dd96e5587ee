// Where an alert goes and what it changes there, with all that came before it in its batch.
import { clockSkew } from '../ahead.ts'
import type { IncidentId, Instant, SystemId } from '../ids.ts'
import type { Policy } from '../incident/change.ts'
import type { Incident } from '../incident/incident.ts'
import type { Attached } from '../incident/input.ts'
import type { Alert } from '../intake/alert.ts'
import type { ObjectRecord, Versioned } from '../commit.ts'
import { classify } from './classify.ts'
import type { Classified } from './classify.ts'
import { matchSystem } from './match.ts'
import type { Match } from './match.ts'
import { place } from './place.ts'

/** Why an alert led nowhere that no matcher of the plan knows. */
export const unmatched = 'no system of the plan matches it'

/** What a batch sees of the world, changed as the batch goes on. */
export interface View {
  readonly objects: Map<string, ObjectRecord>
  readonly newest: Map<SystemId, Versioned<Incident>>
  readonly byId: Map<IncidentId, Versioned<Incident>>
  readonly holders: Map<SystemId, string>
  fence: number
}

/** Where an alert goes, what it changes there, and what is known of its object afterwards. */
export type Meaning =
  | Extract<Classified, { kind: 'ignored' }>
  | { readonly kind: 'acknowledged'; readonly incident: IncidentId; readonly record: ObjectRecord }
  | {
      readonly kind: 'attach'
      readonly system: SystemId
      readonly to: IncidentId | 'new'
      readonly attached: Attached
      readonly record: ObjectRecord
    }

/** What one alert means, with all that came before it in its batch. Pure. */
export function meaning(view: View, alert: Alert, policy: Policy, now: Instant): Meaning {
  const record = believable(view.objects.get(alert.key), now)
  const direct = directMatch(alert, policy)
  const system = systemOf(alert, record, direct, policy)
  if (system === undefined) return { kind: 'ignored', reason: unmatched }
  const mine = record?.incident === undefined ? undefined : view.byId.get(record.incident)?.state
  const closed = mine === undefined || mine.state === 'resolved'
  const forgotten = mine?.state === 'resolved' && isForgotten(mine, { system, at: alert.at, now })
  const classified = classify(alert, { record, system, bad: 'system' in direct, closed, forgotten })
  if (classified.kind === 'ignored') return classified
  if (classified.kind === 'acknowledged') {
    return mine && mine.state !== 'resolved'
      ? { kind: 'acknowledged', incident: mine.id, record: classified.record }
      : {
          kind: 'ignored',
          reason: 'acknowledges a problem whose incident has ended',
          record: classified.record,
        }
  }
  const to = destination(view, alert, { classified, system, mine, policy, now })
  if (to === undefined)
    return { kind: 'ignored', reason: 'its incident has ended', record: classified.record }
  const incident = to === 'new' ? {} : { incident: to }
  return {
    kind: 'attach',
    system,
    to,
    attached: attachedOf(alert, system, classified.change),
    record: { ...classified.record, ...incident },
  }
}

/** A record from a time that has not come was written by a clock that was ahead: nothing is older than its news. */
function believable(record: ObjectRecord | undefined, now: Instant): ObjectRecord | undefined {
  return record !== undefined && record.at > now + clockSkew ? { ...record, at: 0 } : record
}

/** Long after its incident has ended, or after the way back of what led around it, what is broken needs somebody. */
function isForgotten(
  incident: Extract<Incident, { state: 'resolved' }>,
  { system, at, now }: { readonly system: SystemId; readonly at: Instant; readonly now: Instant },
): boolean {
  const { ledBack } = incident.marks
  if (ledBack !== undefined && incident.system === system) return at >= ledBack
  return !leadsAround(incident, system) && endedLongAgo(incident, now)
}

/** A recovery that was seen to work leads around what is broken of its own system, which may stay so; of no other. */
function leadsAround(incident: Extract<Incident, { state: 'resolved' }>, system: SystemId): boolean {
  return incident.by === 'verified' && incident.system === system
}

/** When it ended is not known if the clock was ahead then: long enough ago. */
function endedLongAgo({ at, timings }: Extract<Incident, { state: 'resolved' }>, now: Instant): boolean {
  return now - at > timings.relapseWithin || at > now + clockSkew
}

/** What the bot has seen itself needs no matcher of the plan. */
function directMatch(alert: Alert, { plan }: Policy): Match {
  if (alert.system === undefined) return matchSystem(plan, alert)
  return { system: alert.system, rule: 'seen by the bot itself', index: -1 }
}

/** A known object stays with its system; a new one is matched, a good state as the problem it may have been. */
function systemOf(
  alert: Alert,
  record: ObjectRecord | undefined,
  direct: Match,
  policy: Policy,
): SystemId | undefined {
  if (record?.bad) return record.system
  if ('system' in direct) return direct.system
  const asProblem = {
    ...alert,
    state: alert.service === undefined ? ('DOWN' as const) : ('CRITICAL' as const),
  }
  const likely = matchSystem(policy.plan, asProblem)
  return 'system' in likely ? likely.system : record?.system
}

function destination(
  view: View,
  alert: Alert,
  known: {
    readonly classified: { readonly change: Attached['change'] }
    readonly system: SystemId
    readonly mine: Incident | undefined
    readonly policy: Policy
    readonly now: Instant
  },
): IncidentId | 'new' | undefined {
  const { classified, system, mine, policy } = known
  if (classified.change === 'mended') return mine?.id
  if (classified.change !== 'broke') return mine && mine.state !== 'resolved' ? mine.id : undefined
  const times = { now: known.now, at: alert.at }
  const found = place(policy.plan, system, (each) => view.newest.get(each)?.state, times)
  return found.kind === 'new' ? 'new' : found.incident
}

function attachedOf(alert: Alert, system: SystemId, change: Attached['change']): Attached {
  const since = Math.min(alert.at, alert.changedAt ?? alert.at, alert.lastGoodAt ?? alert.at)
  const words = {
    broke: 'is',
    repeat: 'is still',
    mended: 'is',
    quiet: 'is flapping, now',
    other: `(${alert.type.toLowerCase()}) is`,
  }
  const said = alert.comment === undefined || alert.comment === '' ? alert.output : alert.comment
  const heard = `${alert.key.replace(';', ' ')} ${words[change]} ${alert.state}${said === '' ? '' : `: ${said.slice(0, 300)}`}`
  const { claimedAt } = alert
  const text =
    claimedAt === undefined
      ? heard
      : `${heard} (Nagios dates it ${Temporal.Instant.fromEpochMilliseconds(claimedAt).toString().slice(0, 10)}, which cannot be: it counts from its arrival)`
  // Nagios resets $LASTSERVICEOK$ to 0 for what was never good, and clocks differ: an outage is at most a day older
  // than its news.
  return {
    alert: alert.id,
    key: alert.key,
    system,
    state: alert.state,
    output: alert.output,
    at: alert.at,
    since: Math.max(since, alert.at - 86_400_000),
    change,
    text,
  }
}
