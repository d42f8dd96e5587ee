// Looks whether team, channel, app and rights are as the bot needs them; and, when told to, tries what only shows when done.
import { z } from 'zod'
import type { Instant } from '../../../ids.ts'
import type { Card } from '../../../message.ts'
import { TeamsSilence } from '../api.ts'
import type { TeamsApi } from '../api.ts'
import { activityOf } from '../render/message.ts'
import { tenantRights } from '../rights.ts'
import { whyNot } from './ask.ts'
import type { Ask, Asked, Tell } from './ask.ts'

/** Who asks for which team. */
export interface Site {
  readonly api: Pick<TeamsApi, 'graph' | 'openThread' | 'update'>
  readonly ask: Ask
  readonly appId: string
  readonly teamId: string
  readonly channelId: string
}

const room = { lane: 'room' } as const
const Named = z.object({ displayName: z.string(), membershipType: z.string().nullish() })
const Apps = z.object({
  value: z.array(z.object({ teamsApp: z.object({ externalId: z.string().nullish() }).nullish() })),
})
const Made = z.object({ id: z.string() })

/**
 * The app in the team, the team, the channel, and each right of the team by using it. Tells whether the channel is
 * there.
 */
export async function checkTeam(site: Site, tell: Tell): Promise<{ readonly channelThere: boolean }> {
  const { teamId, channelId } = site
  const channel = `teams/${teamId}/channels/${encodeURIComponent(channelId)}`
  await checkApp(site, tell)
  const team = await look(site, `teams/${teamId}`, Named)
  tell(
    'answer' in team
      ? { mark: 'ok', about: 'team', text: `TEAMS_TEAM_ID is ${team.answer.displayName}` }
      : { mark: 'missing', about: 'team', text: whyNot(team) },
  )
  const own = { about: 'channel', called: 'TEAMS_CHANNEL_ID', id: channelId }
  const channelThere = await checkChannel(site, own, tell)
  const members = await look(site, `teams/${teamId}/members`, z.unknown())
  tell(
    'answer' in members
      ? { mark: 'ok', about: 'members', text: 'the bot may read who is in the team' }
      : { mark: 'missing', about: 'members', text: whyNot(members) },
  )
  const messages = await look(site, `${channel}/messages?$top=1`, z.unknown())
  const twice = 'After a crash in the middle of posting, a message may stand there twice.'
  tell(
    'answer' in messages
      ? { mark: 'ok', about: 'messages', text: 'the bot may look what it has posted' }
      : { mark: 'open', about: 'messages', text: `${twice} ${whyNot(messages)}` },
  )
  return { channelThere }
}

/** A channel in which the bot posts: it must be in the team, and a standard one. False when the team has no such channel. */
export async function checkChannel(
  site: Site,
  { about, called, id }: { readonly about: string; readonly called: string; readonly id: string },
  tell: Tell,
): Promise<boolean> {
  const found = await look(site, `teams/${site.teamId}/channels/${encodeURIComponent(id)}`, Named)
  if ('refused' in found && (found.status === 404 || found.status === 400)) {
    const text = `the team has no channel ${id}: write the one in the link to the channel into ${called} (docs/teams.md, step 2), and see that TEAMS_TEAM_ID is groupId in the same link`
    tell({ mark: 'missing', about, text })
    return false
  }
  if (!('answer' in found)) {
    tell({ mark: 'missing', about, text: whyNot(found) })
    return true
  }
  const { displayName, membershipType } = found.answer
  if ((membershipType ?? 'standard') === 'standard') {
    tell({ mark: 'ok', about, text: `${called} is ${displayName}` })
    return true
  }
  const text = `${displayName} is a ${membershipType ?? ''} channel, where apps have fewer rights. Take a standard one`
  tell({ mark: 'missing', about, text })
  return true
}

async function checkApp(site: Site, tell: Tell): Promise<void> {
  const { teamId, appId } = site
  const about = 'app'
  const apps = await look(site, `teams/${teamId}/installedApps?$expand=teamsApp`, Apps)
  if (!('answer' in apps)) return tell({ mark: 'missing', about, text: whyNot(apps) })
  const there = apps.answer.value.some(({ teamsApp }) => teamsApp?.externalId?.toLowerCase() === appId)
  const text = `no app of the id ${appId} is in the team. Pack it, upload it and add it: docs/teams.md, step 3`
  tell(there ? { mark: 'ok', about, text: 'the app is in the team' } : { mark: 'missing', about, text })
}

/** What the token for Graph says that an administrator has granted; each may be left out. */
export function checkTenantRights(token: string | undefined, tell: Tell): ReadonlySet<string> {
  const roles = rolesIn(token)
  for (const { name, use } of tenantRights) {
    if (roles.has(name)) tell({ mark: 'ok', about: name, text: 'granted' })
    else tell({ mark: 'open', about: name, text: `not granted: ${use}. docs/teams.md, step 4` })
  }
  return roles
}

/** The claim `roles` of an access token; the bot's own, so that nothing is taken on trust. */
function rolesIn(token: string | undefined): ReadonlySet<string> {
  const Claims = z.object({ roles: z.array(z.string()).catch([]) })
  const [, claims = ''] = token?.split('.') ?? []
  try {
    return new Set(Claims.parse(JSON.parse(Buffer.from(claims, 'base64url').toString())).roles)
  } catch {
    return new Set()
  }
}

const trial: Card = {
  title: 'This is a check: dr teams check --try',
  tone: 'quiet',
  sections: [{ lines: [['Nothing is broken. The bot tries whether it may post here.']] }],
}

/** Posts a thread and changes it, makes a channel and archives it. People may see both. */
export async function tryRights(site: Site, now: Instant, tell: Tell): Promise<void> {
  const { api, ask, channelId, teamId } = site
  const posted = await ask(async () => {
    const { conversation, id } = await api.openThread(channelId, activityOf(trial), room)
    const done: Card = { ...trial, title: 'The check is done', tone: 'good' }
    await api.update(conversation, id, activityOf(done), room)
  })
  tell(
    'answer' in posted
      ? { mark: 'ok', about: 'posting', text: 'a message was posted in the channel, and changed' }
      : { mark: 'missing', about: 'posting', text: whyNot(posted) },
  )
  const time = Temporal.Instant.fromEpochMilliseconds(now).toString({ smallestUnit: 'second' })
  const displayName = `dr-bot-check-${time.replaceAll(/\D/g, '').slice(0, 14)}`
  const made = await ask(async () => {
    const body = { displayName, membershipType: 'standard' }
    const answer = Made.safeParse(await api.graph('POST', `teams/${teamId}/channels`, body, room))
    if (!answer.success) throw new TeamsSilence('What answers to a new channel is not Graph.')
    const { id } = answer.data
    const path = `teams/${teamId}/channels/${encodeURIComponent(id)}/archive`
    await api.graph('POST', path, {}, room)
  })
  const why = 'Needed only where each incident shall have a channel of its own.'
  tell(
    'answer' in made
      ? { mark: 'ok', about: 'channels', text: `the channel ${displayName} was made, and archived` }
      : { mark: 'open', about: 'channels', text: `${why} ${whyNot(made)}` },
  )
}

/** What only shows when it is done. */
export function tellUntried(tell: Tell): void {
  const text =
    'whether the bot may post, and make channels, shows only when it is done. Try it: npx dr teams check --try'
  tell({ mark: 'open', about: 'posting', text })
}

function look<T>({ api, ask }: Site, path: string, shape: z.ZodType<T>): Promise<Asked<T>> {
  return ask(async () => {
    const read = shape.safeParse(await api.graph('GET', path, undefined, room))
    if (!read.success) throw new TeamsSilence(`What answers to ${path} is not Graph.`)
    return read.data
  })
}
