// Teams as a chat: each incident has a thread or a channel with its card and its runs; what happens is said there.
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError } from '../../errors.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Chat } from '../../ports.ts'
import type { Left, Site } from '../parts.ts'
import type { Posted } from '../posts.ts'
import { createRoomChat } from '../room-chat.ts'
import type { Furnished, RoomChatWays } from '../room-chat.ts'
import { pageUrl } from '../text.ts'
import type { TeamsActivity } from './activity.ts'
import { TeamsRefusal } from './api.ts'
import { doPart } from './furnish.ts'
import { partsOfThread, roomLink } from './links.ts'
import type { Tenancy } from './links.ts'
import { bringIn } from './members.ts'
import type { MembersDeps } from './members.ts'
import { chartActivity } from './render/chart.ts'
import { activityOf } from './render/message.ts'
import { aboutAnnounce } from './refusals.ts'
import { cardKey, createTeamsRooms, insteadKey, isThread, threadGone } from './rooms.ts'
import type { RoomDeps } from './rooms.ts'
import type { Viewers } from './viewers.ts'
import { roomCard } from './views.ts'
import { activityOfLines, activityOfWords } from './words.ts'

export interface TeamsChatDeps
  extends RoomDeps, MembersDeps, Tenancy, Pick<RoomChatWays<TeamsActivity>, 'incident' | 'refreshPages'> {
  readonly api: RoomDeps['api']
  readonly records: RoomDeps['records']
  readonly viewers: Viewers
  readonly plan: () => DrPlan
}

/** Teams as a Chat. */
export function createTeamsChat(deps: TeamsChatDeps): Chat {
  const { plan, viewers, publicUrl } = deps
  const zone = (): string => plan().timezone
  return createRoomChat<TeamsActivity>({
    ...deps,
    name: 'teams',
    pages: 'personal messages',
    rooms: createTeamsRooms(deps),
    link: async (room) => roomLink(deps, room),
    nameOf: ({ name }) => name,
    line: (line) => activityOfLines([line], zone()),
    words: (text) => activityOfWords(text, zone()),
    runMessage: async (run, card) =>
      activityOf(card, {
        more: pageUrl(publicUrl, `runs/${run.id}`),
        zone: zone(),
        refresh: { about: run.id, users: await viewers.known(Object.keys(plan().people)) },
      }),
    showCard: (furnished) => showCard(deps, furnished),
    parts: (site, furnished) => [
      tellInstead(deps, site),
      bringIn(deps, site, furnished.view),
      showChart(deps, site, furnished.incident),
      giveViews(deps, furnished),
    ],
    doPart: (site, part) => doPart(deps, site, part),
    announceIn: () => plan().teams.announce,
    runsIn: () => plan().teams.announce ?? deps.channelId,
    inNamedChannel: (channel, _options, work) => inNamedChannel(deps, channel, work),
  })
}

/** In a thread the card is the first message: when it is gone, so is the thread, and the card begins another one. */
async function showCard(deps: TeamsChatDeps, { incident, view, options, room }: Furnished): Promise<Posted> {
  const users = await deps.viewers.known(view.people)
  const message = activityOf(roomCard(view), {
    more: pageUrl(deps.publicUrl, `incidents/${incident.id}`),
    zone: deps.plan().timezone,
    refresh: { about: incident.id, users },
  })
  const place = { scope: incident.id, key: cardKey }
  const shown = await deps.posts.show(place, partsOfThread(room.id).channel, message, options)
  if (isThread(room) && shown.channel !== room.id) throw threadGone()
  return shown
}

/** That a thread serves where the plan wants a channel, as long as it does. */
async function tellInstead(deps: TeamsChatDeps, site: Site): Promise<readonly Left[]> {
  const why = (await deps.records.read(site.incident)).done[insteadKey]
  return why === undefined ? [] : [{ text: `channel: ${why} A thread serves instead`, again: false }]
}

/** A channel that is named in the plan or the settings is for a person to mend: it must never be taken for a lost room. */
async function inNamedChannel<T>(
  { plan }: Pick<TeamsChatDeps, 'plan'>,
  channel: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof TeamsRefusal)) throw thrown
    const planned = channel === plan().teams.announce
    const [named, why] = planned
      ? ['teams.announce in the DR plan', aboutAnnounce(thrown.message)]
      : ['TEAMS_CHANNEL_ID', thrown.message]
    const message = `Teams refused the channel ${channel} (${named}): ${why}`
    throw new UserError('announce-refused', message, { cause: thrown, passing: thrown.passing })
  }
}

/** The phases of an outage that is over. */
async function showChart(deps: TeamsChatDeps, site: Site, incident: Incident): Promise<readonly Left[]> {
  if (incident.state !== 'resolved') return []
  const { options, room } = site
  const key = `chart-${incident.relapses}`
  const message: TeamsActivity = chartActivity(incident, incident.at)
  const work = (): Promise<Posted> => deps.posts.post({ scope: incident.id, key }, room.id, message, options)
  return doPart(deps, site, { name: 'chart', wanted: key, work })
}

/** Who is known by now has a view of their own; the card has to name them for that. */
async function giveViews(deps: TeamsChatDeps, furnished: Furnished): Promise<readonly Left[]> {
  if (await deps.viewers.learn(furnished.options)) await showCard(deps, furnished)
  return []
}
