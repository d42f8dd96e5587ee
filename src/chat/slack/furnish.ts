// What a room has beside its card: each part is done once, for itself, and remembered; what fails says why.
import { z } from 'zod'
import { RetryableError, UserError } from '../../errors.ts'
import type { IncidentId } from '../../ids.ts'
import type { Log } from '../../ports.ts'
import { SlackSilence } from './api-errors.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'
import type { Room } from './claim.ts'
import type { Records } from './record.ts'
import { isLost } from './rooms.ts'

/** A part that is not there, and why. */
export interface Left {
  readonly text: string
  /** Whether trying again can mend it. */
  readonly again: boolean
  /** How long Slack has asked to wait before that. */
  readonly after?: number
}

/** A part of a room: done when the record has `wanted` under `name`. */
export interface Part {
  readonly name: string
  readonly wanted: string
  readonly work: () => Promise<unknown>
  /** Words of Slack by which it says that this is so already. */
  readonly already?: readonly string[]
}

export interface FurnishDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly records: Pick<Records, 'read' | 'change'>
  readonly log: Log
}

/** Where parts are done: a room, the incident under whose name they are remembered, and how calls are made. */
export interface Site {
  readonly incident: IncidentId
  readonly room: Room
  readonly options: CallOptions
}

/** What Slack refused is not asked again as long as the same is wanted. */
const Refused = z.tuple([z.string(), z.string()])

/** Does a part unless it is done, or was refused as it is wanted now. Throws when the room itself is lost. */
export async function doPart(deps: FurnishDeps, site: Site, part: Part): Promise<readonly Left[]> {
  const { name, wanted } = part
  const { done } = await deps.records.read(site.incident)
  if (done[name] === wanted) return []
  const refusal = refusedBefore(done[refusedKey(name)], wanted)
  if (refusal !== undefined) return [{ text: `${name}: ${refusal}`, again: false }]
  try {
    await part.work()
  } catch (thrown) {
    if (!(thrown instanceof SlackRefusal && part.already?.includes(thrown.reason)))
      return failed(deps, site, part, thrown)
  }
  await markDone(deps, site, { [name]: wanted })
  return []
}

/** Remembers what was done in the room, unless the incident has moved to another one meanwhile. */
export async function markDone(
  { records }: Pick<FurnishDeps, 'records'>,
  { incident, room }: Site,
  done: Readonly<Record<string, string>>,
): Promise<void> {
  await records.change(incident, (old) =>
    old.channel?.id === room.id ? { ...old, done: { ...old.done, ...done } } : old,
  )
}

async function failed(
  deps: FurnishDeps,
  site: Site,
  { name, wanted }: Part,
  thrown: unknown,
): Promise<readonly Left[]> {
  if (isLost(thrown)) throw thrown
  if (thrown instanceof RetryableError)
    return [{ text: `${name}: ${passing(thrown)}`, ...againAfter(thrown) }]
  if (!(thrown instanceof UserError)) throw thrown
  deps.log.warn('a part of a room in Slack was refused', {
    incident: site.incident,
    part: name,
    reason: thrown.message,
  })
  await markDone(deps, site, { [refusedKey(name)]: JSON.stringify([wanted, thrown.message]) })
  return [{ text: `${name}: ${thrown.message}`, again: false }]
}

/** That trying again can mend it, and when. */
export function againAfter({ after }: RetryableError): Pick<Left, 'again' | 'after'> {
  return { again: true, ...(after === undefined ? {} : { after }) }
}

/** The card shows it: a text that counts seconds would change the card with each try, and cost a call each time. */
function passing(thrown: RetryableError): string {
  return surelyUndone(thrown) ? 'Slack asks to wait' : thrown.message
}

/** Slack was not asked, or said no: there is nothing to look for. */
function surelyUndone(thrown: unknown): boolean {
  return (
    thrown instanceof SlackRefusal || (thrown instanceof RetryableError && !(thrown instanceof SlackSilence))
  )
}

function refusedKey(name: string): string {
  return `refused:${name}`
}

function refusedBefore(text: string | undefined, wanted: string): string | undefined {
  if (text === undefined) return undefined
  const [before, reason] = Refused.parse(JSON.parse(text))
  return before === wanted ? reason : undefined
}

const Bookmarks = z.object({
  bookmarks: z.array(z.object({ id: z.string(), title: z.string(), link: z.string().exactOptional() })),
})
type Bookmark = z.infer<typeof Bookmarks>['bookmarks'][number]

/** Has each link once under its title. */
export async function bookmark(
  deps: FurnishDeps,
  site: Site,
  links: readonly { readonly title: string; readonly link: string }[],
): Promise<readonly Left[]> {
  const { done } = await deps.records.read(site.incident)
  const missing = links.filter(({ title, link }) => done[partOf(title)] !== link)
  let there: Promise<readonly Bookmark[]> | undefined
  const look = (): Promise<readonly Bookmark[]> => (there ??= listed(deps, site))
  const left: Left[] = []
  for (const { title, link } of missing) {
    const seen = async (): Promise<readonly Bookmark[]> =>
      done[partOf(title)] === undefined && done[begunKey(title)] === undefined ? [] : look()
    const work = async (): Promise<void> => set(deps, site, { title, link }, await seen())
    left.push(...(await doPart(deps, site, { name: partOf(title), wanted: link, work })))
  }
  return left
}

function partOf(title: string): string {
  return `bookmark ${title}`
}

/** In `done` of a record: this bookmark may be there, so that after a crash the room is looked at before it is added. */
function begunKey(title: string): string {
  return `begun:${partOf(title)}`
}

async function listed({ api }: FurnishDeps, { room, options }: Site): Promise<readonly Bookmark[]> {
  return Bookmarks.parse(await api.call('bookmarks.list', { channel_id: room.id }, options)).bookmarks
}

async function set(
  deps: FurnishDeps,
  site: Site,
  { title, link }: { readonly title: string; readonly link: string },
  there: readonly Bookmark[],
): Promise<void> {
  const { room, options } = site
  const old = there.find((each) => each.title === title)
  if (old?.link === link) return
  const args = { channel_id: room.id, title, link }
  await markDone(deps, site, { [begunKey(title)]: 'begun' })
  try {
    if (old) await deps.api.call('bookmarks.edit', { ...args, bookmark_id: old.id }, options)
    else await deps.api.call('bookmarks.add', { ...args, type: 'link' }, options)
  } catch (thrown) {
    if (!old && surelyUndone(thrown)) await forget(deps, site, begunKey(title))
    throw thrown
  }
}

async function forget({ records }: FurnishDeps, { incident }: Site, key: string): Promise<void> {
  await records.change(incident, (old) => {
    const { [key]: _, ...done } = old.done
    return { ...old, done }
  })
}
