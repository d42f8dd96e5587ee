// What a notification means for the object it is about: broke, mended, still bad, late, or nothing.
import type { SystemId } from '../ids.ts'
import type { Alert } from '../intake/alert.ts'
import type { Attached } from '../incident/input.ts'
import type { ObjectRecord } from '../commit.ts'

/**
 * `ignored` always has a reason, `late` when that is newer news which came before; the record is kept where even an
 * ignored notification taught something.
 */
export type Classified =
  | {
      readonly kind: 'ignored'
      readonly reason: string
      readonly late?: true
      readonly record?: ObjectRecord
    }
  | { readonly kind: 'attach'; readonly change: Attached['change']; readonly record: ObjectRecord }
  | { readonly kind: 'acknowledged'; readonly record: ObjectRecord }

/** What is known before: the object's record, the system it belongs to, and whether the state counts as a problem there. */
export interface Known {
  readonly record: ObjectRecord | undefined
  readonly system: SystemId
  readonly bad: boolean
  /** The incident that the object belonged to has ended, though the object was never seen to recover. */
  readonly closed: boolean
  /**
   * It ended so long ago, and not by a recovery that leads around the object, that a problem which Nagios still
   * reports needs somebody again.
   */
  readonly forgotten: boolean
}

const good = new Set(['OK', 'UP'])

/**
 * Order and redelivery do not matter: what is older than the newest notification that counted changes nothing.
 * $TIMET$ has whole seconds, so within one second the problem's id decides.
 */
export function classify(alert: Alert, known: Known): Classified {
  // Of a host, Nagios sends acknowledgements and flapping also in a soft state: those count.
  const stateNews = alert.type === 'PROBLEM' || alert.type === 'RECOVERY'
  if (stateNews && !alert.hard) return { kind: 'ignored', reason: 'soft state: Nagios is still checking' }
  const { record } = known
  if (record && alert.at < record.at && !isNewProblem(alert, record)) {
    return { kind: 'ignored', reason: `newer news of ${alert.key} came before`, late: true }
  }
  switch (alert.type) {
    case 'PROBLEM':
      return problem(alert, known)
    case 'RECOVERY':
      return recovery(alert, known)
    case 'ACKNOWLEDGEMENT':
      return record?.bad
        ? { kind: 'acknowledged', record: { ...record, at: alert.at } }
        : { kind: 'ignored', reason: 'acknowledges a problem that is not known here' }
    case 'FLAPPINGSTART':
      return flapping(alert, known)
    case 'FLAPPINGSTOP':
    case 'FLAPPINGDISABLED':
      return current(alert, { ...updated(alert, known), flapping: false }, known)
    case 'DOWNTIMESTART':
      return other({ ...updated(alert, known), downtime: true }, known, 'downtime began; no problem is open')
    case 'DOWNTIMEEND':
    case 'DOWNTIMECANCELLED':
      return current(alert, { ...updated(alert, known), downtime: false }, known)
    case 'CUSTOM':
      return other(updated(alert, known), known, 'a custom notification about nothing that is open')
  }
}

/**
 * A problem that nobody has heard of is news, whatever time it bears: Nagios' clock may have been set back. Its ids
 * count up, so a smaller one is of an outage before the known ones.
 */
function isNewProblem(alert: Alert, record: ObjectRecord): boolean {
  const { problemId } = alert
  if (alert.type !== 'PROBLEM' || problemId === undefined) return false
  const others = [record.problemId, record.endedProblemId].filter((id) => id !== undefined)
  return others.every((id) => comesAfter(problemId, id))
}

/** Ids that are no numbers have no order: another one is a new one. */
function comesAfter(id: string, other: string): boolean {
  const [one, two] = [Number(id), Number(other)]
  return Number.isNaN(one) || Number.isNaN(two) ? id !== other : one > two
}

function problem(alert: Alert, known: Known): Classified {
  const { record } = known
  const sameSecond = record !== undefined && alert.at === record.at
  if (sameSecond && record.endedProblemId !== undefined && alert.problemId === record.endedProblemId) {
    return { kind: 'ignored', reason: 'this problem has ended already', late: true }
  }
  const next = { ...updated(alert, known), downtime: inDowntime(alert, record) }
  if (record?.bad && !beginsAnew(alert, known))
    return { kind: 'attach', change: 'repeat', record: { ...next, bad: true } }
  if (!known.bad)
    return {
      kind: 'ignored',
      reason: `state ${alert.state} opens no incident of ${known.system} by the plan`,
      record: next,
    }
  if (next.downtime) return { kind: 'ignored', reason: 'in a scheduled downtime', record: next }
  return { kind: 'attach', change: 'broke', record: { ...next, bad: true } }
}

/** During a downtime Nagios sends no problems: one that comes later says that the downtime is over. */
function inDowntime(alert: Alert, record: ObjectRecord | undefined): boolean {
  return record !== undefined && record.downtime && alert.at <= record.at
}

/** Its incident has ended, and this is another problem, or the same one still there long after. */
function beginsAnew(alert: Alert, known: Known): boolean {
  const another = alert.problemId !== undefined && alert.problemId !== known.record?.problemId
  return known.closed && (another || known.forgotten)
}

function recovery(alert: Alert, known: Known): Classified {
  const { record } = known
  const ids = [alert.problemId, alert.lastProblemId].filter((id) => id !== undefined)
  const another = record?.problemId !== undefined && ids.length > 0 && !ids.includes(record.problemId)
  if (record?.bad && another && alert.at === record.at) {
    return { kind: 'ignored', reason: 'an older problem of the object has ended', late: true }
  }
  const ended = ids[0] ?? record?.problemId
  const next = {
    ...updated(alert, known),
    ...(ended === undefined ? {} : { endedProblemId: ended }),
    bad: false,
  }
  return record?.bad
    ? { kind: 'attach', change: 'mended', record: next }
    : { kind: 'ignored', reason: 'recovery of nothing that is open', record: next }
}

/**
 * While an object flaps Nagios sends neither PROBLEM nor RECOVERY. A good state at the start may stand for a
 * recovery that will never be sent; it is not trusted before the flapping stops. A bad one is a problem.
 */
function flapping(alert: Alert, known: Known): Classified {
  const next = { ...updated(alert, known), flapping: true }
  if (!good.has(alert.state)) return current(alert, next, known)
  return known.record?.bad
    ? { kind: 'attach', change: 'quiet', record: { ...next, bad: true } }
    : { kind: 'ignored', reason: 'flapping, good at the moment', record: next }
}

/** Notifications that tell the state as it is now. */
function current(alert: Alert, next: ObjectRecord, known: Known): Classified {
  const was = known.record?.bad ?? false
  if (good.has(alert.state)) {
    const ended = next.problemId ?? alert.lastProblemId
    const mended = { ...next, bad: false, ...(ended === undefined ? {} : { endedProblemId: ended }) }
    return was
      ? { kind: 'attach', change: 'mended', record: mended }
      : { kind: 'ignored', reason: `${alert.type.toLowerCase()}: good, and nothing is open`, record: mended }
  }
  if (was) return { kind: 'attach', change: 'other', record: { ...next, bad: true } }
  return known.bad
    ? { kind: 'attach', change: 'broke', record: { ...next, bad: true } }
    : {
        kind: 'ignored',
        reason: `state ${alert.state} opens no incident of ${known.system} by the plan`,
        record: next,
      }
}

function other(record: ObjectRecord, known: Known, reason: string): Classified {
  return known.record?.bad ? { kind: 'attach', change: 'other', record } : { kind: 'ignored', reason, record }
}

function updated(alert: Alert, known: Known): ObjectRecord {
  const { record } = known
  const problemId = alert.problemId ?? record?.problemId
  return {
    key: alert.key,
    system: known.system,
    bad: record?.bad ?? false,
    flapping: record?.flapping ?? false,
    downtime: record?.downtime ?? false,
    state: alert.state,
    at: alert.at,
    output: alert.output.slice(0, 300),
    ...(alert.system === undefined ? {} : { own: true }),
    ...(record?.incident === undefined ? {} : { incident: record.incident }),
    ...(problemId === undefined ? {} : { problemId }),
    ...(record?.endedProblemId === undefined ? {} : { endedProblemId: record.endedProblemId }),
  }
}
