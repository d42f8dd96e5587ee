// users.*, dnd.* and usergroups.*: who there is, whether they are there, and the groups that are called together.
import { flag, idList, page, required } from './args.ts'
import { Refusal } from './envelope.ts'
import { userOf, type Call, type Method } from './method.ts'
import type { SlackUser, UserGroup, Workspace } from './workspace.ts'

export const peopleMethods: Readonly<Record<string, Method>> = {
  'users.info': { scopes: ['users:read'], tier: 4, run: info },
  'users.list': { scopes: ['users:read'], tier: 2, run: list },
  'users.lookupByEmail': { scopes: ['users:read.email'], tier: 3, run: lookupByEmail },
  'users.getPresence': { scopes: ['users:read'], tier: 3, run: getPresence },
  'dnd.info': { scopes: ['dnd:read'], tier: 3, run: dndInfo },
  'dnd.teamInfo': { scopes: ['dnd:read'], tier: 2, run: dndTeamInfo },
  'usergroups.list': { scopes: ['usergroups:read'], tier: 2, run: listGroups },
  'usergroups.users.list': { scopes: ['usergroups:read'], tier: 2, run: listGroupUsers },
  'usergroups.users.update': { scopes: ['usergroups:write'], tier: 2, run: updateGroupUsers },
}

function info(call: Call): object {
  return { user: userBody(call, userOf(call.slack, required(call.args, 'user'))) }
}

/** People of other workspaces are not members: they are not in the list. */
function list(call: Call): object {
  const own = [...call.slack.users.values()].filter((user) => user.team === call.slack.team)
  const { items, response_metadata } = page(own, call.args, 1_000)
  return { members: items.map((user) => userBody(call, user)), response_metadata }
}

function lookupByEmail(call: Call): object {
  const email = required(call.args, 'email').toLowerCase()
  const user = [...call.slack.users.values()].find((user) => user.email?.toLowerCase() === email)
  if (!user || user.deleted || user.team !== call.slack.team) throw new Refusal('users_not_found')
  return { user: userBody(call, user) }
}

function getPresence({ slack, args }: Call): object {
  return { presence: userOf(slack, required(args, 'user')).presence }
}

function dndInfo({ slack, args }: Call): object {
  return dndBody(slack, userOf(slack, required(args, 'user')))
}

/** Answers for at most 50 people (Slack documents no number); who is not known is left out. */
function dndTeamInfo({ slack, args }: Call): object {
  const ids = idList(args, 'users')
  if (ids.length === 0) throw new Refusal('no_users_provided')
  if (ids.length > 50) throw new Refusal('too_many_users')
  const known = ids.flatMap((id) => slack.users.get(id) ?? [])
  return { users: Object.fromEntries(known.map((user) => [user.id, dndBody(slack, user)])) }
}

/** With no do-not-disturb set, both times are 1, as Slack answers. */
function dndBody(slack: Workspace, user: SlackUser): object {
  const now = slack.now()
  const on = user.dndUntil > now
  return {
    dnd_enabled: on,
    next_dnd_start_ts: on ? Math.floor(now / 1000) - 60 : 1,
    next_dnd_end_ts: on ? Math.ceil(user.dndUntil / 1000) : 1,
  }
}

function listGroups({ slack, args }: Call): object {
  const users = flag(args, 'include_users')
  return { usergroups: [...slack.groups.values()].map((group) => groupBody(slack, group, users)) }
}

function listGroupUsers({ slack, args }: Call): object {
  return { users: groupOf(slack, required(args, 'usergroup')).users }
}

function updateGroupUsers({ slack, args }: Call): object {
  const group = groupOf(slack, required(args, 'usergroup'))
  const users = idList(args, 'users')
  if (users.length === 0) throw new Refusal('no_users_provided')
  const unfit = users.some((id) => {
    const user = slack.users.get(id)
    return !user || user.deleted || user.team !== slack.team
  })
  if (unfit) throw new Refusal('invalid_users')
  group.users = [...new Set(users)]
  return { usergroup: groupBody(slack, group, true) }
}

function groupOf(slack: Workspace, id: string): UserGroup {
  const group = slack.groups.get(id)
  if (!group) throw new Refusal('no_such_subteam')
  return group
}

function groupBody(slack: Workspace, group: UserGroup, users: boolean): object {
  return {
    id: group.id,
    team_id: slack.team,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    date_delete: 0,
    user_count: group.users.length,
    ...(users && { users: group.users }),
  }
}

function userBody({ slack, token }: Call, user: SlackUser): object {
  const own = user.team === slack.team
  const email = own && token.scopes.includes('users:read.email') ? { email: user.email } : {}
  return {
    id: user.id,
    team_id: user.team,
    name: user.name,
    real_name: user.realName,
    deleted: user.deleted,
    is_bot: user.bot,
    is_app_user: false,
    is_restricted: false,
    is_ultra_restricted: false,
    ...(own ? { is_email_confirmed: user.confirmed } : { is_stranger: true }),
    tz: 'Europe/Berlin',
    tz_offset: 3_600,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      team: user.team,
      ...email,
      ...(user.bot && { bot_id: slack.bot, api_app_id: slack.app }),
    },
  }
}
