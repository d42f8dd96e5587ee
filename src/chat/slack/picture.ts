// The picture of an outage in its room: uploaded once, looked for before it is uploaded again.
import { z } from 'zod'
import type { Incident } from '../../incident/incident.ts'
import type { Clock } from '../../ports.ts'
import { markDone } from '../parts.ts'
import type { Left, Site } from '../parts.ts'
import type { SlackApi } from './api.ts'
import { chartFile, chartName } from './chart.ts'
import { doPart } from './furnish.ts'
import type { FurnishDeps } from './furnish.ts'

export interface PictureDeps extends FurnishDeps {
  readonly api: Pick<SlackApi, 'call' | 'upload'>
  readonly clock: Pick<Clock, 'now'>
}

const History = z.object({
  messages: z.array(z.object({ files: z.array(z.object({ name: z.string().nullish() })).exactOptional() })),
})
/** Messages that are looked through: the picture is shared within seconds of being uploaded. */
const lookedThrough = 100

/** Shows the phases of an outage that is over. */
export async function showPicture(
  deps: PictureDeps,
  site: Site,
  incident: Incident,
): Promise<readonly Left[]> {
  if (incident.state !== 'resolved') return []
  const name = chartName(incident)
  const begun = `${name} begun`
  const work = async (): Promise<void> => {
    const { done } = await deps.records.read(site.incident)
    if (done[begun] !== undefined && (await isThere(deps, site, name))) return
    const file = await chartFile(incident, deps.clock.now())
    await markDone(deps, site, { [begun]: 'yes' })
    await deps.api.upload({ ...file, channel: site.room.id }, site.options)
  }
  return doPart(deps, site, { name: 'chart', wanted: name, work })
}

/** An upload whose answer was lost may have succeeded. */
async function isThere({ api }: PictureDeps, { room, options }: Site, name: string): Promise<boolean> {
  const args = { channel: room.id, limit: lookedThrough }
  const { messages } = History.parse(await api.call('conversations.history', args, options))
  return messages.some(({ files = [] }) => files.some((file) => file.name === name))
}
