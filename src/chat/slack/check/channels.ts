// Looks whether the bot may do in Slack what an incident's channel takes: by asking, or by really making one.
import { z } from 'zod'
import { unanswered } from './people.ts'
import type { Method } from '../methods.ts'
import type { Instant } from '../../../ids.ts'
import type { Ask, Finding } from './ask.ts'
import type { KeptGroup } from './people.ts'

const Channel = z.object({
  channel: z.object({
    id: z.string(),
    name: z.string().optional(),
    is_member: z.boolean().optional(),
    is_archived: z.boolean().optional(),
  }),
})
const Done = z.object({})
const Posted = z.object({ ts: z.string() })

type Tell = (finding: Finding) => void

/** The channel of the announcements: there, open, and with the bot in it. A public one takes posts from outside too. */
export async function checkAnnounce(ask: Ask, channel: string, bot: string, tell: Tell): Promise<void> {
  const about = 'slack.announce'
  const asked = await ask('conversations.info', { channel }, Channel)
  if (!('answer' in asked)) {
    const unseen = 'reason' in asked && asked.reason === 'channel_not_found'
    const text = `${channel} is no public channel of this workspace. In Slack: click the channel's name; its id is at the bottom`
    tell({ mark: 'missing', about, text: unseen ? text : unanswered(asked).text })
    return
  }
  const { name = channel, is_archived: archived, is_member: member } = asked.answer.channel
  if (archived) tell({ mark: 'missing', about, text: `#${name} is archived. Choose another channel` })
  else if (!member)
    tell({
      mark: 'open',
      about,
      text: `the bot is not in #${name}; it can post there, and hears nothing. Type there: /invite @${bot}`,
    })
  else tell({ mark: 'ok', about, text: `the bot is in #${name}` })
}

/** What cannot be known without doing it. */
export function tellUntried(kept: readonly KeptGroup[], tell: Tell): void {
  const may = 'whether this workspace lets apps make and archive channels shows only when it is done'
  tell({ mark: 'open', about: 'channel rights', text: `${may}. Try it: npx dr slack check --try` })
  for (const { about, id } of kept) {
    const text = `whether this workspace lets apps change the members of ${id} shows only when it is done. Try it: npx dr slack check --try`
    tell({ mark: 'open', about, text })
  }
}

/** Makes a channel as for an incident, uses it and archives it; gives each kept user group the members that it has. */
export async function tryRights(
  ask: Ask,
  { now, kept }: { readonly now: Instant; readonly kept: readonly KeptGroup[] },
  tell: Tell,
): Promise<void> {
  const name = `dr-bot-check-${stamp(now)}`
  const made = await ask('conversations.create', { name }, Channel)
  if ('answer' in made) await tryChannel(ask, name, made.answer.channel.id, tell)
  else tell({ mark: 'missing', about: 'channel rights', text: `cannot make #${name}: ${creation(made)}` })
  for (const group of kept) await tryGroup(ask, group, tell)
}

function creation(made: Parameters<typeof unanswered>[0]): string {
  const settings =
    'Organisation or workspace settings, "Permissions", "Channel management": who can create channels'
  const restricted = 'reason' in made && made.reason === 'restricted_action'
  return restricted ? `the workspace does not allow it. ${settings}` : unanswered(made).text
}

async function tryChannel(ask: Ask, name: string, channel: string, tell: Tell): Promise<void> {
  tell({ mark: 'ok', about: 'channel rights', text: `made #${name}` })
  const step = async (method: Method, args: object, what: string): Promise<void> => {
    const asked = await ask(method, { channel, ...args }, Done)
    if ('answer' in asked) tell({ mark: 'ok', about: 'channel rights', text: what })
    else tell({ mark: 'missing', about: 'channel rights', text: `not ${what}: ${unanswered(asked).text}` })
  }
  await step(
    'conversations.setTopic',
    { topic: 'Check of the DR bot; archived in a moment' },
    'set its topic',
  )
  const text = 'The DR bot checks whether it may open a channel for an incident. Nothing is broken.'
  const posted = await ask('chat.postMessage', { channel, text }, Posted)
  if ('answer' in posted) {
    tell({ mark: 'ok', about: 'channel rights', text: 'posted a message' })
    await step('pins.add', { timestamp: posted.answer.ts }, 'pinned it')
  } else {
    tell({ mark: 'missing', about: 'channel rights', text: `not posted: ${unanswered(posted).text}` })
  }
  await step('conversations.archive', {}, `archived #${name}`)
}

async function tryGroup(ask: Ask, { about, id, users }: KeptGroup, tell: Tell): Promise<void> {
  if (users.length === 0) {
    tell({
      mark: 'open',
      about,
      text: `${id} is empty, so that nothing could be tried. The bot puts who is on call into it; to try it before, put one person into it`,
    })
    return
  }
  const asked = await ask('usergroups.users.update', { usergroup: id, users: users.join(',') }, Done)
  if ('answer' in asked) {
    tell({ mark: 'ok', about, text: `may change the members of ${id}; they are the same as before` })
    return
  }
  tell({ mark: 'missing', about, text: `cannot change the members of ${id}: ${unanswered(asked).text}` })
}

/** Names of channels are lower case. */
function stamp(now: Instant): string {
  const text = Temporal.Instant.fromEpochMilliseconds(now).toString({ smallestUnit: 'second' })
  return text.replaceAll(/[-:]/g, '').replace('T', '-').replace('Z', '')
}
