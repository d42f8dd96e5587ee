// What a room in Slack has beside its card, and how Slack's refusals bear on it.
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import { doPartOf, markDone } from '../parts.ts'
import type { Left, Manners, Part, PartDeps, Site } from '../parts.ts'
import { SlackSilence } from './api-errors.ts'
import { SlackRefusal } from './api.ts'
import type { SlackApi } from './api.ts'
import { isLost } from './rooms.ts'

export interface FurnishDeps extends PartDeps {
  readonly api: Pick<SlackApi, 'call'>
}

const manners: Manners = { service: 'Slack', isLost, unsure: (thrown) => !surelyUndone(thrown) }

/** Does a part of a room in Slack unless it is done, or was refused as it is wanted now. Throws when the room is lost. */
export function doPart(deps: PartDeps, site: Site, part: Part): Promise<readonly Left[]> {
  return doPartOf(manners, deps, site, part)
}

/** Slack was not asked, or said no: there is nothing to look for. */
function surelyUndone(thrown: unknown): boolean {
  return (
    thrown instanceof SlackRefusal || (thrown instanceof RetryableError && !(thrown instanceof SlackSilence))
  )
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
