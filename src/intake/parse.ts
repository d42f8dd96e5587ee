// Turns the fields of one Nagios notification into an Alert, or says which field cannot be read.
import { hash } from 'node:crypto'
import { minute } from '../ids.ts'
import type { Duration, Instant } from '../ids.ts'
import { hostStates, notificationTypes, serviceStates } from './alert.ts'
import type { Alert, NotificationType, ObjectState } from './alert.ts'
import { withoutUnseen } from '../unseen.ts'

/** Nagios' macros by name, without the dollar signs. What is absent and what is empty mean the same. */
export type NotificationFields = Readonly<Record<string, string>>

/** Which field could not be read, and what was expected instead; shown to whoever sent it. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

export type ParsedNotification = { readonly alert: Alert } | { readonly error: FieldError }

/** Longest name of a host or service; Nagios itself sets no limit. A longer one is refused, not cut: a name is a key. */
const longestName = 512
/** Longest stored texts, in UTF-16 units. Nagios keeps 8 KB of a plugin's output. */
const longest = { id: 64, author: 200, comment: 2_000, output: 2_000, longOutput: 8_000 } as const

/** Icinga and Naemon have other names for two of the types. */
const types: ReadonlyMap<string, NotificationType> = new Map<string, NotificationType>([
  ...notificationTypes.map((type) => [type, type] as const),
  ['FLAPPINGEND', 'FLAPPINGSTOP'],
  ['DOWNTIMEREMOVED', 'DOWNTIMECANCELLED'],
])

/** What is refused in a name: it would be another name without them. Marks of direction can belong to one. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
/** The notifier keeps what it cannot deliver for less than this: an older time was written by a wrong clock. */
const oldest: Duration = 7 * 24 * 60 * minute
const epochSeconds = /^\d{1,11}$/

/**
 * Reads one notification of Nagios Core 4 (or Naemon, Icinga). A notification with SERVICEDESC is the service's, else
 * the host's. Never throws. The same fields give the same `alert.id` whenever they arrive.
 *
 * Strict where a mistake would page wrongly (type, names, state, TIMET), lenient elsewhere: a missing TIMET is
 * `receivedAt`, as is one older than a week; other times that cannot be read are absent, and long texts are cut and
 * end with `…`.
 */
export function parseNotification(fields: NotificationFields, receivedAt: Instant): ParsedNotification {
  const type = types.get(text(fields, 'NOTIFICATIONTYPE'))
  if (!type) return oneOf('NOTIFICATIONTYPE', text(fields, 'NOTIFICATIONTYPE'), notificationTypes)

  const object = text(fields, 'SERVICEDESC') === '' ? 'HOST' : 'SERVICE'
  const wrongName =
    nameError(fields, 'HOSTNAME') ?? (object === 'SERVICE' && nameError(fields, 'SERVICEDESC'))
  if (wrongName) return { error: wrongName }

  const states: readonly ObjectState[] = object === 'HOST' ? hostStates : serviceStates
  const state = states.find((name) => name === fields[`${object}STATE`])
  if (!state) return oneOf(`${object}STATE`, text(fields, `${object}STATE`), states)

  const stateType = text(fields, `${object}STATETYPE`)
  if (!['HARD', 'SOFT', ''].includes(stateType))
    return oneOf(`${object}STATETYPE`, stateType, ['HARD', 'SOFT'])

  const timet = text(fields, 'TIMET')
  if (timet !== '' && !epochSeconds.test(timet)) {
    return refuse('TIMET', `${shown(timet)} is not a time in seconds since 1970; send $TIMET$`)
  }

  const host = text(fields, 'HOSTNAME')
  const service = object === 'SERVICE' ? text(fields, 'SERVICEDESC') : undefined
  return {
    alert: build(fields, { object, type, state, host, service, hard: stateType !== 'SOFT', receivedAt }),
  }
}

interface Known {
  readonly object: 'HOST' | 'SERVICE'
  readonly type: NotificationType
  readonly state: ObjectState
  readonly host: string
  readonly service: string | undefined
  readonly hard: boolean
  readonly receivedAt: Instant
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function build(fields: NotificationFields, known: Known): Alert {
  const { object, service } = known
  const key = service === undefined ? known.host : `${known.host};${service}`
  const { receivedAt } = known
  const sent = instant(fields, 'TIMET') ?? receivedAt
  const believed = receivedAt - sent <= oldest
  const alert: Mutable<Alert> = {
    id: '',
    receivedAt,
    type: known.type,
    host: known.host,
    key,
    state: known.state,
    hard: known.hard,
    // A clock at Nagios that is ahead must not make everything that comes after it look late.
    at: believed ? Math.min(sent, receivedAt) : receivedAt,
    hostGroups: list(fields, 'HOSTGROUPNAMES'),
    serviceGroups: list(fields, 'SERVICEGROUPNAMES'),
    output: oneLine(text(fields, `${object}OUTPUT`), longest.output),
  }
  if (service !== undefined) alert.service = service
  if (believed) setTimes(alert, fields, object)
  else alert.claimedAt = sent
  setIds(alert, fields, object)
  setTexts(alert, fields, object)
  alert.id = identity(alert, fields, object)
  return alert
}

function setTimes(alert: Mutable<Alert>, fields: NotificationFields, object: Known['object']): void {
  const lastGoodAt = instant(fields, object === 'HOST' ? 'LASTHOSTUP' : 'LASTSERVICEOK')
  const changedAt = instant(fields, `LAST${object}STATECHANGE`)
  if (lastGoodAt !== undefined) alert.lastGoodAt = lastGoodAt
  if (changedAt !== undefined) alert.changedAt = changedAt
}

/** A host's RECOVERY carries HOSTPROBLEMID=0 and the id in LASTHOSTPROBLEMID; a service's still has SERVICEPROBLEMID. */
function setIds(alert: Mutable<Alert>, fields: NotificationFields, object: Known['object']): void {
  const problemId = outageId(fields, `${object}PROBLEMID`)
  const lastProblemId = outageId(fields, `LAST${object}PROBLEMID`)
  if (problemId !== undefined) alert.problemId = problemId
  if (lastProblemId !== undefined) alert.lastProblemId = lastProblemId
}

function setTexts(alert: Mutable<Alert>, fields: NotificationFields, object: Known['object']): void {
  const longOutput = lines(text(fields, `LONG${object}OUTPUT`))
  const author = text(fields, 'NOTIFICATIONAUTHOR') || text(fields, `${object}ACKAUTHOR`)
  const comment = text(fields, 'NOTIFICATIONCOMMENT') || text(fields, `${object}ACKCOMMENT`)
  if (longOutput !== '') alert.longOutput = longOutput
  if (author !== '') alert.author = oneLine(author, longest.author)
  if (comment !== '') alert.comment = oneLine(comment, longest.comment)
}

/** None of the parts can hold the separator: names and states were checked, the rest is stripped of it. */
function identity(alert: Alert, fields: NotificationFields, object: Known['object']): string {
  const number = oneLine(text(fields, `${object}NOTIFICATIONID`), longest.id)
  const sent = text(fields, 'TIMET')
  const parts = [
    alert.type,
    alert.key,
    alert.state,
    alert.problemId ?? '',
    alert.lastProblemId ?? '',
    number,
    oneLine(text(fields, `${object}NOTIFICATIONNUMBER`), longest.id),
    // With neither of Nagios' own marks nothing but the arrival tells one outage's notification from the next one's.
    sent === '' && number === '' ? String(alert.receivedAt) : sent,
  ]
  return `A-${hash('sha256', parts.join('\n'), 'hex').slice(0, 16)}`
}

function text(fields: NotificationFields, field: string): string {
  return fields[field] ?? ''
}

function list(fields: NotificationFields, field: string): readonly string[] {
  const value = text(fields, field)
  if (value === '') return []
  return value
    .split(',')
    .map((name) => oneLine(name.trim(), longestName))
    .filter((name) => name !== '')
}

/** Nagios writes 0 for never. */
function instant(fields: NotificationFields, field: string): Instant | undefined {
  const value = text(fields, field)
  const time = epochSeconds.test(value) ? Number(value) * 1_000 : 0
  return time === 0 ? undefined : time
}

/** Nagios counts outages from 1 and writes 0 for none; Naemon writes UUIDs. */
function outageId(fields: NotificationFields, field: string): string | undefined {
  const value = text(fields, field)
  return value === '' || value === '0' ? undefined : oneLine(value, longest.id)
}

function oneLine(value: string, limit: number): string {
  return withoutUnseen(cut(value, limit), ' ')
}

/** Nagios sends the line breaks of long output as the two characters `\n`, and a backslash as two. */
function lines(value: string): string {
  const broken = value.includes('\\')
    ? value.replace(/\\([n\\])/g, (_, escaped) => (escaped === 'n' ? '\n' : '\\'))
    : value
  return withoutUnseen(cut(broken, longest.longOutput), (character) => (character === '\n' ? '\n' : ' '))
}

function cut(value: string, limit: number): string {
  return (value.length <= limit ? value : `${value.slice(0, limit - 1)}…`).toWellFormed()
}

function nameError(fields: NotificationFields, field: string): FieldError | undefined {
  const name = text(fields, field)
  if (name === '') return { field, message: `is missing; send $${field}$` }
  if (name.length > longestName) return { field, message: `is longer than ${longestName} characters` }
  if (name.includes(';'))
    return { field, message: `${shown(name)} contains ";", which Nagios forbids in names` }
  if (unprintable.test(name) || !name.isWellFormed()) {
    return { field, message: `${shown(name)} contains control characters, which cannot be part of a name` }
  }
  return undefined
}

function oneOf(field: string, value: string, allowed: readonly string[]): ParsedNotification {
  const found = value === '' ? 'is missing' : `${shown(value)} is unknown`
  return refuse(field, `${found}; it is one of ${allowed.join(', ')}`)
}

function refuse(field: string, message: string): ParsedNotification {
  return { error: { field, message } }
}

function shown(value: string): string {
  return `"${oneLine(value, 80)}"`
}
