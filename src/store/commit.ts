// A commit as the flat list of arguments that commit.lua takes.
import type { IncidentId, RunId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Commit, ObjectRecord } from '../commit.ts'
import { isLasting, isOpen } from '../recovery/run.ts'
import type { Head } from '../timeline/event.ts'

type Argument = string | number

/** The arguments of commit.lua, in the order that its head describes; `process` gets the effects. */
export function commitArguments(commit: Commit, process: string): readonly Argument[] {
  return [
    ...stateArguments(commit.write),
    ...timelineArguments(commit.timeline),
    ...rows(commit.claims, (claim) => [claim.name, claim.from, claim.to]),
    process,
    ...rows(commit.effects, (effect) => [effect.key, JSON.stringify(effect.body)]),
    ...rows(commit.objects, (object) => [object.key, ownerOf(object), object.at, JSON.stringify(object)]),
    ...rows(commit.triaged, (id) => [id]),
  ]
}

/** True until the incident is resolved. */
export function incidentIsOpen(incident: Incident): boolean {
  return incident.state !== 'resolved'
}

function stateArguments(write: Commit['write']): readonly Argument[] {
  if (write === undefined) return ['', '', '', '', '', '', '', '']
  const open = write.kind === 'incident' ? incidentIsOpen(write.next) : isOpen(write.next)
  const state = JSON.stringify(write.next)
  const lasting = write.kind === 'run' && isLasting(write.next)
  const number = numberOf(write.id)
  return [
    write.kind,
    write.id,
    number,
    write.expected,
    state,
    open ? 1 : 0,
    lasting ? 1 : 0,
    write.wakeAt ?? '',
  ]
}

function timelineArguments(timeline: Commit['timeline']): readonly Argument[] {
  if (timeline === undefined) return ['', '', '', 0]
  const after = timeline.events.at(-1) ?? timeline.head
  return [
    timeline.id,
    headText(timeline.head),
    headText(after),
    ...rows(timeline.events, (event) => [JSON.stringify(event)]),
  ]
}

/** The count, then each row's columns. */
function rows<T>(
  items: readonly T[] | undefined,
  columns: (item: T) => readonly Argument[],
): readonly Argument[] {
  return items === undefined ? [0] : [items.length, ...items.flatMap(columns)]
}

/** The incident in whose list of bad objects it stands; '' for none. */
function ownerOf(object: ObjectRecord): string {
  return object.bad ? (object.incident ?? '') : ''
}

/** A head as kept; the empty one is kept as nothing. */
function headText(head: Head): string {
  return head.seq === 0 ? '' : `${head.seq}:${head.hash}`
}

function numberOf(id: IncidentId | RunId): number {
  return Number(id.slice(id.indexOf('-') + 1))
}
