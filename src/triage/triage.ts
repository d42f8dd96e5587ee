// Accepted alerts find their incident, in batches: one commit for all that a storm brings to one incident.
import { ConflictError, reasonOf, unlessNewer } from '../errors.ts'
import type { IncidentId, SystemId } from '../ids.ts'
import { systemIds } from '../ids.ts'
import { nagios } from '../incident/change.ts'
import type { Policy } from '../incident/change.ts'
import type { Incident } from '../incident/incident.ts'
import { systemClaim } from '../incident/incidents.ts'
import type { Extra, IncidentLoop } from '../incident/incidents.ts'
import type { Alert } from '../intake/alert.ts'
import type { ClaimChange, ObjectRecord, Versioned } from '../commit.ts'
import type { Clock, Log, Store } from '../ports.ts'
import type { Actor } from '../timeline/event.ts'
import { gather } from './gather.ts'
import type { Gathered, IgnoredAlert, Parcel } from './gather.ts'
import type { View } from './meaning.ts'

/** Alerts that are dealt with in one go. */
const batchSize = 500
const tries = 20
/** Fences batches of several processes against each other: each commit of a batch counts it up. */
const fence = 'triage'

export interface TriageDeps {
  readonly store: Store
  readonly incidents: IncidentLoop
  readonly policy: () => Policy
  readonly clock: Clock
  readonly log: Log
}

/** What was done with one alert, for those who count. */
export interface Verdict {
  readonly alert: Alert
  readonly outcome: 'opened' | 'joined' | 'acknowledged' | 'ignored'
  readonly reason?: string
  /** It was ignored because newer news had come before it. */
  readonly late?: boolean
}

/**
 * Deals with a batch of accepted alerts, in their order. An alert counts as dealt with only in the commit that did it;
 * there is no verdict on one that another process was faster with.
 */
export async function triage(deps: TriageDeps, alerts: readonly Alert[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (let from = 0; from < alerts.length; from += batchSize) {
    let left: readonly Alert[] = alerts.slice(from, from + batchSize)
    for (let inVain = 0; left.length > 0;) {
      if (inVain === tries)
        throw new ConflictError(`alerts could not be placed: the incidents changed ${tries} times meanwhile`)
      const done = await batch(deps, left)
      verdicts.push(...done)
      const next = await remaining(deps, left, done)
      inVain = next.length < left.length ? 0 : inVain + 1
      left = next
    }
  }
  return verdicts
}

/** What a conflict has left over, without what another process has dealt with: its sweep takes the same alerts. */
async function remaining(
  deps: TriageDeps,
  alerts: readonly Alert[],
  done: readonly Verdict[],
): Promise<readonly Alert[]> {
  const ids = new Set(done.map((each) => each.alert.id))
  const left = alerts.filter((each) => !ids.has(each.id))
  if (left.length === 0) return left
  const waiting = await deps.store.stillUntriaged(left.map((each) => each.id))
  return left.filter((each) => waiting.has(each.id))
}

/** Does as much of a batch as the world allows; what met a conflict is left for the next round. */
async function batch(deps: TriageDeps, alerts: readonly Alert[]): Promise<readonly Verdict[]> {
  const view = await look(deps, [...new Set(alerts.map((each) => each.key))])
  const verdicts: Verdict[] = []
  let index = 0
  try {
    while (index < alerts.length) {
      const gathered = gather(view, alerts.slice(index), deps.policy(), deps.clock.now())
      await commitAll(deps, view, gathered, verdicts)
      index += gathered.taken
    }
  } catch (thrown) {
    if (!(thrown instanceof ConflictError)) throw thrown
    deps.log.debug('triage goes on after a conflict', { reason: reasonOf(thrown) })
  }
  return verdicts
}

/** Reads what is known of the objects, and of the incidents that may concern them. */
export async function look(deps: TriageDeps, keys: readonly string[]): Promise<View> {
  const [records, claims] = await Promise.all([
    deps.store.objects(keys),
    deps.store.claims([...systemIds.map(systemClaim), fence]),
  ])
  const objects = new Map(records.flatMap((record) => (record ? [[record.key, record] as const] : [])))
  const holders = new Map(systemIds.map((system, index) => [system, claims[index] ?? ''] as const))
  const wanted = [...holders.values(), ...records.map((record) => record?.incident ?? '')]
  const ids = [...new Set(wanted.filter((id) => id !== ''))] as IncidentId[]
  const byId = new Map<IncidentId, Versioned<Incident>>()
  await Promise.all(
    ids.map(async (id) => {
      // To one that only a newer version understands nothing can be added: what is broken gets an incident of its own.
      const found = await unlessNewer(deps.store.incident(id))
      if (found) byId.set(id, found)
    }),
  )
  const newest = new Map<SystemId, Versioned<Incident>>()
  for (const [system, id] of holders) {
    const found = byId.get(id as IncidentId)
    if (found) newest.set(system, found)
  }
  return { objects, newest, byId, holders, fence: Number(claims[systemIds.length] || 0) }
}

/** One commit for each parcel; `verdicts` grows with each, so that it is right even when a later one meets a conflict. */
async function commitAll(
  deps: TriageDeps,
  view: View,
  { parcels, ignored, acknowledged }: Gathered,
  verdicts: Verdict[],
): Promise<void> {
  if (acknowledged) {
    verdicts.push(await acknowledge(deps, view, acknowledged.alert, acknowledged.meant))
    return
  }
  const [first, ...others] = parcels
  await commit(deps, view, first, ignored)
  verdicts.push(...ignored.map((one): Verdict => ({ outcome: 'ignored', ...one })))
  if (first) verdicts.push(...placed(first))
  for (const parcel of others) {
    await commit(deps, view, parcel, [])
    verdicts.push(...placed(parcel))
  }
}

function placed({ to, alerts }: Parcel): readonly Verdict[] {
  const outcome = to === 'new' ? 'opened' : 'joined'
  return alerts.map((alert) => ({ alert, outcome }))
}

async function commit(
  deps: TriageDeps,
  view: View,
  parcel: Parcel | undefined,
  ignored: readonly IgnoredAlert[],
): Promise<void> {
  const alerts = [...(parcel?.alerts ?? []), ...ignored.map((each) => each.alert)]
  const extra = {
    triaged: alerts.map((each) => each.id),
    objects: recordsOf(view, alerts),
    claims: [countUp(view)],
  }
  if (parcel) await deliver(deps, view, parcel, extra)
  else await commitAlone(deps, extra)
  view.fence += 1
}

function recordsOf(view: View, alerts: readonly Alert[]): readonly ObjectRecord[] {
  return [...new Set(alerts.map((each) => each.key))].flatMap((key) => view.objects.get(key) ?? [])
}

/** The claim that fences a commit of this batch against other processes. */
export function countUp(view: View): ClaimChange {
  return { name: fence, from: view.fence === 0 ? '' : String(view.fence), to: String(view.fence + 1) }
}

async function commitAlone(deps: TriageDeps, extra: Extra): Promise<void> {
  const outcome = await deps.store.commit({ write: undefined, ...extra })
  if (outcome === 'conflict') throw new ConflictError('another process was faster')
}

/** Brings a parcel to its incident, opening it when it is new; the view follows. */
export async function deliver(
  deps: TriageDeps,
  view: View,
  parcel: Omit<Parcel, 'alerts'>,
  extra: Extra,
): Promise<void> {
  const isNew = parcel.to === 'new'
  const id: IncidentId = parcel.to === 'new' ? `INC-${await deps.store.nextNumber('INC')}` : parcel.to
  const keys = new Set(parcel.attached.map((each) => each.key))
  const objects = extra.objects.map((each) =>
    keys.has(each.key) && each.bad ? { ...each, incident: id } : each,
  )
  const holder = { name: systemClaim(parcel.system), from: view.holders.get(parcel.system) ?? '', to: id }
  const whole = { ...extra, objects, claims: isNew ? [...extra.claims, holder] : extra.claims }
  const [first] = parcel.attached
  const read = isNew ? undefined : view.byId.get(id)
  if (!isNew && !read) throw new ConflictError(`${id} is not there any more`)
  const opening = {
    id,
    system: parcel.system,
    title: first?.text ?? parcel.system,
    by: nagios,
    attached: parcel.attached,
  }
  const next = read
    ? await deps.incidents.inputWith(read, { kind: 'alerts', attached: parcel.attached }, whole)
    : await deps.incidents.openWith(opening, whole)
  for (const record of objects) view.objects.set(record.key, record)
  follow(view, { state: next, version: (read?.version ?? 0) + 1 }, isNew)
}

/** The view after an incident was written. */
function follow(view: View, written: Versioned<Incident>, isNew: boolean): void {
  const { id, system } = written.state
  view.byId.set(id, written)
  if (isNew) view.holders.set(system, id)
  if (isNew || view.newest.get(system)?.state.id === id) view.newest.set(system, written)
}

async function acknowledge(
  deps: TriageDeps,
  view: View,
  alert: Alert,
  meant: { readonly incident: IncidentId; readonly record: ObjectRecord },
): Promise<Verdict> {
  const read = view.byId.get(meant.incident)
  if (!read) throw new ConflictError(`${meant.incident} is not there any more`)
  const author = alert.author ?? ''
  const { people } = deps.policy().plan
  const person = Object.entries(people).find(
    ([id, each]) => id === author || each.nagios === author || each.name === author,
  )?.[0]
  const by: Actor = { person: person ?? 'nagios', door: 'nagios' }
  const name = person === undefined ? `${author || 'somebody'} (at Nagios)` : undefined
  await deps.incidents.input(meant.incident, { kind: 'ack', by, ...(name === undefined ? {} : { name }) })
  await commitAlone(deps, { objects: [meant.record], triaged: [alert.id], claims: [countUp(view)] })
  view.fence += 1
  const fresh = await deps.store.incident(meant.incident)
  if (fresh) follow(view, fresh, false)
  return { alert, outcome: 'acknowledged' }
}
