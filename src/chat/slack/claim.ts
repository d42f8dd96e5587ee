// A channel in Slack for an incident: made under its name, or recognised as the one that was made before a crash.
import { z } from 'zod'
import type { Incident } from '../../incident/incident.ts'
import type { Log } from '../../ports.ts'
import { claimRoom, purposeOf } from '../claim.ts'
import type { Claimed } from '../claim.ts'
import type { Room } from '../record.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'

export interface ClaimDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly botUserId: () => Promise<string>
  /** The plan's time zone: the day in a channel's name is that of its people. */
  readonly zone: () => string
  readonly log: Log
  /** Told when the name with this number belongs to others. */
  readonly taken: (incident: Incident, number: number) => Promise<void>
}

const Created = z.object({ channel: z.object({ id: z.string(), name: z.string() }) })
const Listed = z.object({
  channels: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      creator: z.string().exactOptional(),
      is_archived: z.boolean().exactOptional(),
      purpose: z.object({ value: z.string() }).exactOptional(),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().exactOptional() }).exactOptional(),
})
type Channel = z.infer<typeof Listed>['channels'][number]

/** Channels on one page of the bot's own. */
const pageSize = 200

/** Makes a channel under the first name that can be had, from `first` on, or recognises its own under that name. */
export function claimChannel(
  deps: ClaimDeps,
  incident: Incident,
  first: number,
  options: CallOptions,
): Promise<Claimed> {
  const ways = {
    zone: deps.zone(),
    first,
    create: (name: string) => create(deps, name, options),
    own: (name: string) => own(deps, { name, incident }, options),
    taken: (number: number) => deps.taken(incident, number),
    log: deps.log,
  }
  return claimRoom(ways, incident)
}
/** Undefined when the name is taken. */
async function create({ api }: ClaimDeps, name: string, options: CallOptions): Promise<Room | undefined> {
  try {
    const answer = await api.call('conversations.create', { name, is_private: false }, options)
    const { id, name: given } = Created.parse(answer).channel
    return { id, name: given }
  } catch (thrown) {
    if (thrown instanceof SlackRefusal && thrown.reason === 'name_taken') return undefined
    throw thrown
  }
}

/** A channel that was made for this incident and never recorded: among those that the bot is in, since it made it. */
async function own(
  deps: ClaimDeps,
  { name, incident }: { readonly name: string; readonly incident: Incident },
  options: CallOptions,
): Promise<Room | undefined> {
  const bot = await deps.botUserId()
  let cursor: string | undefined
  do {
    const args = {
      types: 'public_channel',
      exclude_archived: true,
      limit: pageSize,
      ...(cursor && { cursor }),
    }
    const page = Listed.parse(await deps.api.call('users.conversations', args, options))
    const found = page.channels.find((each) => each.name === name)
    if (found) return isOurs(found, bot, incident) ? { id: found.id, name } : undefined
    cursor = page.response_metadata?.next_cursor
  } while (cursor !== undefined && cursor !== '')
  return undefined
}

/** The crash may have come before the purpose was written. */
function isOurs(channel: Channel, bot: string, incident: Incident): boolean {
  const purpose = channel.purpose?.value ?? ''
  const says = purpose === '' || purpose === purposeOf(incident)
  return channel.creator === bot && channel.is_archived !== true && says
}
