// Parts of a room: each is done once, for itself, and remembered; what fails says why.
import { z } from 'zod'
import { RetryableError, UserError } from '../errors.ts'
import type { IncidentId } from '../ids.ts'
import type { Log, RoomShown } from '../ports.ts'
import { OwnWait } from './lanes.ts'
import type { CallOptions } from './lanes.ts'
import type { Records, Room } from './record.ts'

/** A part that is not there, and why. */
export interface Left {
  readonly text: string
  /** Whether trying again can mend it. */
  readonly again: boolean
  /** It only waits its turn: nothing that people need to know. */
  readonly quiet?: true
  /** How long the chat has asked to wait before that. */
  readonly after?: number
}

/** A part of a room: done when the record has `wanted` under `name`. */
export interface Part {
  readonly name: string
  readonly wanted: string
  readonly work: () => Promise<unknown>
  /** Whether what was thrown means that this is so already. */
  readonly already?: (thrown: unknown) => boolean
}

export interface PartDeps {
  readonly records: Pick<Records, 'read' | 'change'>
  readonly log: Log
}

/** How one chat says what matters here. */
export interface Manners {
  /** The chat's name for people, such as Slack. */
  readonly service: string
  /** The room itself is lost: another part of it would fail as well. */
  readonly isLost: (thrown: unknown) => boolean
  /** What was asked for may have been done after all. */
  readonly unsure: (thrown: unknown) => boolean
}

/** Where parts are done: a room, the incident under whose name they are remembered, and how calls are made. */
export interface Site {
  readonly incident: IncidentId
  readonly room: Room
  readonly options: CallOptions
}

/** What a chat refused is not asked again as long as the same is wanted. */
const Refused = z.tuple([z.string(), z.string()])

/** Does a part unless it is done, or was refused as it is wanted now. Throws when the room itself is lost. */
export async function doPartOf(
  manners: Manners,
  deps: PartDeps,
  site: Site,
  part: Part,
): Promise<readonly Left[]> {
  const { name, wanted } = part
  const { done } = await deps.records.read(site.incident)
  if (done[name] === wanted) return []
  const refusal = refusedBefore(done[refusedKey(name)], wanted)
  if (refusal !== undefined) return [{ text: `${name}: ${refusal}`, again: false }]
  try {
    await part.work()
  } catch (thrown) {
    if (part.already?.(thrown) !== true) return leave(manners, deps, site, { ...part, thrown })
  }
  await markDone(deps, site, { [name]: wanted })
  return []
}

/** Remembers what was done in the room, unless the incident has moved to another one meanwhile. */
export async function markDone(
  { records }: Pick<PartDeps, 'records'>,
  { incident, room }: Site,
  done: Readonly<Record<string, string>>,
): Promise<void> {
  await records.change(incident, (old) =>
    old.channel?.id === room.id ? { ...old, done: { ...old.done, ...done } } : old,
  )
}

async function leave(
  manners: Manners,
  deps: PartDeps,
  site: Site,
  { name, wanted, thrown }: Pick<Part, 'name' | 'wanted'> & { readonly thrown: unknown },
): Promise<readonly Left[]> {
  if (manners.isLost(thrown)) throw thrown
  if (thrown instanceof RetryableError) {
    // The card shows it: a text that counts seconds would change the card with each try, and cost a call each time.
    const why = manners.unsure(thrown) ? thrown.message : `${manners.service} asks to wait`
    return [{ text: `${name}: ${why}`, ...againAfter(thrown) }]
  }
  if (!(thrown instanceof UserError)) throw thrown
  deps.log.warn(`a part of a room in ${manners.service} was refused`, {
    incident: site.incident,
    part: name,
    reason: thrown.message,
  })
  await markDone(deps, site, { [refusedKey(name)]: JSON.stringify([wanted, thrown.message]) })
  return [{ text: `${name}: ${thrown.message}`, again: false }]
}

/** That trying again can mend it, when, and whether it is worth a word. */
export function againAfter(thrown: RetryableError): Omit<Left, 'text'> {
  const { after } = thrown
  return {
    again: true,
    ...(thrown instanceof OwnWait && { quiet: true }),
    ...(after === undefined ? {} : { after }),
  }
}

/**
 * What is left, for the room's effect: tried again as soon as the chat takes any part of it; what it does not take
 * yet is not asked for.
 */
export function shownWith(left: readonly Left[]): Omit<RoomShown, 'link'> {
  const open = left.filter(({ again }) => again)
  const waits = open.flatMap(({ after }) => after ?? [])
  const asked = waits.length > 0 && waits.length === open.length
  return {
    left: left.flatMap(({ text, quiet }) => (quiet ? [] : [text])),
    again: open.length > 0,
    ...(asked ? { after: Math.min(...waits) } : {}),
  }
}

/** Does parts at the same time, each to its end; throws what one of them threw. */
export async function together(parts: readonly Promise<readonly Left[]>[]): Promise<readonly Left[]> {
  const ended = await Promise.allSettled(parts)
  const lost = ended.find((part) => part.status === 'rejected')
  if (lost) throw lost.reason
  return ended.flatMap((part) => (part.status === 'fulfilled' ? part.value : []))
}

function refusedKey(name: string): string {
  return `refused:${name}`
}

function refusedBefore(text: string | undefined, wanted: string): string | undefined {
  if (text === undefined) return undefined
  const [before, reason] = Refused.parse(JSON.parse(text))
  return before === wanted ? reason : undefined
}
