// Microsoft Graph as far as a bot in a team needs it: channels, members, messages, presence; each with its permissions.
import { Refused, textOf, type Answer, type Json } from './answer.ts'
import { rootOf, userOf } from './state.ts'
import type { TeamsChannel, TeamsMessage, TeamsUser, Tenant } from './state.ts'

export interface GraphCall {
  readonly method: string
  /** The parts of the path after `/v1.0/`, decoded. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Json
}

interface Route {
  readonly name: string
  readonly method: string
  /** `*`: anything. */
  readonly path: readonly string[]
  /** Any one of them is enough: application permissions, or the team's consent (`.Group`). */
  readonly needs: readonly string[]
  readonly answer: (tenant: Tenant, call: GraphCall) => Answer
}

/** Application permissions, and resource-specific ones, that the simulated routes know. */
export const graphPermissions = [
  'Channel.Create.Group',
  'ChannelMessage.Read.Group',
  'ChannelSettings.Read.Group',
  'ChannelSettings.ReadWrite.All',
  'Presence.Read.All',
  'TeamMember.Read.Group',
  'TeamMember.ReadWrite.All',
  'TeamSettings.Read.Group',
  'TeamsAppInstallation.Read.Group',
  'TeamsAppInstallation.ReadWriteSelfForUser.All',
  'User.Read.All',
] as const

const readChannels = [
  'ChannelSettings.Read.Group',
  'ChannelSettings.ReadWrite.Group',
  'ChannelSettings.ReadWrite.All',
  'Channel.ReadBasic.All',
]
const writeChannels = ['ChannelSettings.ReadWrite.Group', 'ChannelSettings.ReadWrite.All']
// Source: learn.microsoft.com/graph/api/channel-archive; there is no resource-specific permission for it.
const archiveChannels = ['ChannelSettings.ReadWrite.All']
const readMembers = ['TeamMember.Read.Group', 'TeamMember.ReadWrite.All', 'TeamMember.Read.All']
const readMessages = ['ChannelMessage.Read.Group', 'ChannelMessage.Read.All']
const channels = ['teams', '*', 'channels'] as const

const routes: readonly Route[] = [
  get('graph.team', ['teams', '*'], ['TeamSettings.Read.Group', 'Team.ReadBasic.All'], (tenant) =>
    ok({ id: tenant.teamId, displayName: 'Team', internalId: tenant.teamThread }),
  ),
  get('graph.channels', channels, readChannels, (tenant, { query }) => listChannels(tenant, query)),
  post('graph.channel-create', channels, ['Channel.Create.Group', 'Channel.Create'], createChannel),
  get('graph.channel', [...channels, '*'], readChannels, (tenant, call) =>
    ok(shownChannel(tenant, channelAt(tenant, call))),
  ),
  {
    name: 'graph.channel-update',
    method: 'PATCH',
    path: [...channels, '*'],
    needs: writeChannels,
    answer: updateChannel,
  },
  {
    name: 'graph.channel-delete',
    method: 'DELETE',
    path: [...channels, '*'],
    needs: ['Channel.Delete.Group', 'Channel.Delete.All'],
    answer: (tenant, call) => changed(channelAt(tenant, call), { deleted: true }, 204),
  },
  post('graph.channel-archive', [...channels, '*', 'archive'], archiveChannels, (tenant, call) =>
    changed(channelAt(tenant, call), { archived: true }, 202),
  ),
  post('graph.channel-unarchive', [...channels, '*', 'unarchive'], archiveChannels, (tenant, call) =>
    changed(channelAt(tenant, call), { archived: false }, 202),
  ),
  get('graph.message', [...channels, '*', 'messages', '*'], readMessages, oneMessage),
  get('graph.reply', [...channels, '*', 'messages', '*', 'replies', '*'], readMessages, oneMessage),
  get('graph.messages', [...channels, '*', 'messages'], readMessages, listMessages),
  get('graph.replies', [...channels, '*', 'messages', '*', 'replies'], readMessages, listReplies),
  get('graph.members', ['teams', '*', 'members'], readMembers, listMembers),
  post('graph.member-add', ['teams', '*', 'members'], ['TeamMember.ReadWrite.All'], addMember),
  get('graph.apps', ['teams', '*', 'installedApps'], ['TeamsAppInstallation.Read.Group'], (tenant) =>
    ok({
      value: tenant.installedInTeam
        ? [{ id: 'app', teamsApp: { id: tenant.catalogId, externalId: tenant.appId } }]
        : [],
    }),
  ),
  post(
    'graph.app-install',
    ['users', '*', 'teamwork', 'installedApps'],
    ['TeamsAppInstallation.ReadWriteSelfForUser.All', 'TeamsAppInstallation.ReadWriteForUser.All'],
    installApp,
  ),
  post('graph.presence', ['communications', 'getPresencesByUserId'], ['Presence.Read.All'], presences),
  get('graph.user', ['users', '*'], ['User.Read.All', 'User.ReadBasic.All'], (tenant, { path }) => {
    const user = userOf(tenant, path[1] ?? '')
    if (!user) throw new Refused(404, 'Request_ResourceNotFound', `Resource '${path[1]}' does not exist.`)
    return ok({ id: user.id, displayName: user.name, mail: user.email, userPrincipalName: user.email })
  }),
]

type Answering = Route['answer']

function get(name: string, path: readonly string[], needs: readonly string[], answer: Answering): Route {
  return { name, method: 'GET', path, needs, answer }
}

function post(name: string, path: readonly string[], needs: readonly string[], answer: Answering): Route {
  return { name, method: 'POST', path, needs, answer }
}

function routeOf({ method, path }: Pick<GraphCall, 'method' | 'path'>): Route | undefined {
  return routes.find(
    (route) =>
      route.method === method &&
      route.path.length === path.length &&
      route.path.every((part, index) => part === '*' || part === path[index]),
  )
}

/** The name of a call in the log and in faults; undefined for what is not simulated. */
export function graphName(call: Pick<GraphCall, 'method' | 'path'>): string | undefined {
  return routeOf(call)?.name
}

/** Answers a call of an app that has shown its token; `granted` are its permissions. */
export function answerGraph(tenant: Tenant, granted: readonly string[], call: GraphCall): Answer {
  const route = routeOf(call)
  if (!route)
    throw new Refused(400, 'BadRequest', `Resource not found for the segment '${call.path.join('/')}'.`)
  const [root, team] = call.path
  const inTeam = tenant.installedInTeam
  const held = granted.filter((each) => inTeam || !each.endsWith('.Group'))
  if (!route.needs.some((each) => held.includes(each))) {
    const roles = granted.filter((each) => !each.endsWith('.Group')).join(',')
    const text = `Missing role permissions on the request. API requires one of '${route.needs.join(', ')}'. Roles on the request '${roles}'.`
    throw new Refused(403, 'Forbidden', text)
  }
  if (root === 'teams' && team !== tenant.teamId)
    throw new Refused(404, 'NotFound', `No team found with Group Id ${team}`)
  return route.answer(tenant, call)
}

function ok(body: unknown, status = 200): Answer {
  return { status, body }
}

function changed(channel: TeamsChannel, change: Partial<TeamsChannel>, status: number): Answer {
  Object.assign(channel, change)
  return { status }
}

function channelAt(tenant: Tenant, { path }: GraphCall): TeamsChannel {
  const channel = tenant.channels.get(path[3] ?? '')
  if (!channel || channel.deleted) throw new Refused(404, 'NotFound', 'The channel was not found.')
  return channel
}

function shownChannel(tenant: Tenant, channel: TeamsChannel): Json {
  const { id, name, description, archived } = channel
  return {
    id,
    displayName: name,
    description,
    membershipType: 'standard',
    isArchived: archived,
    webUrl: `https://teams.microsoft.com/l/channel/${encodeURIComponent(id)}/${encodeURIComponent(name)}?groupId=${tenant.teamId}&tenantId=${tenant.id}`,
  }
}

function listChannels(tenant: Tenant, query: URLSearchParams): Answer {
  const wanted = /^displayName eq '((?:[^']|'')*)'$/
    .exec(query.get('$filter') ?? '')?.[1]
    ?.replaceAll("''", "'")
  const all = [...tenant.channels.values()].filter((each) => !each.deleted)
  const found = wanted === undefined ? all : all.filter((each) => each.name === wanted)
  return ok({ value: found.map((each) => shownChannel(tenant, each)) })
}

/** Rules of names: learn.microsoft.com, Teams, "Limits and specifications", and the wording of Graph's own refusals. */
function checkName(tenant: Tenant, name: string): void {
  const wrong = (text: string): never => {
    throw new Refused(400, 'BadRequest', text)
  }
  if (name === '' || name.length > 50) wrong('Channel name must be 1 to 50 characters long.')
  if (/[~#%&*{}+/\\:<>?|'"]/.test(name) || /^[_.]|\.$|\.\./.test(name))
    wrong('Channel name contains characters that are not allowed.')
  // A deleted channel keeps its name for thirty days.
  if ([...tenant.channels.values()].some((each) => each.name.toLowerCase() === name.toLowerCase()))
    throw new Refused(
      400,
      'BadRequest',
      'Channel name already existed, please use other name.',
      'NameAlreadyExists',
    )
}

function createChannel(tenant: Tenant, { body }: GraphCall): Answer {
  const name = textOf(body['displayName'])
  checkName(tenant, name)
  // Deleted ones count (learn.microsoft.com, Teams, "Limits and specifications").
  if (tenant.channels.size >= 1_000)
    throw new Refused(400, 'BadRequest', 'The maximum number of channels of the team is reached.')
  const id = `19:${Buffer.from(name).toString('hex').slice(0, 16)}${tenant.channels.size}@thread.tacv2`
  const description = textOf(body['description'])
  const channel: TeamsChannel = { id, name, description, archived: false, deleted: false }
  tenant.channels.set(id, channel)
  return ok(shownChannel(tenant, channel), 201)
}

function updateChannel(tenant: Tenant, call: GraphCall): Answer {
  const channel = channelAt(tenant, call)
  const name = call.body['displayName']
  if (typeof name === 'string' && name !== channel.name) checkName(tenant, name)
  return changed(
    channel,
    {
      ...(typeof name === 'string' && { name }),
      ...(typeof call.body['description'] === 'string' && { description: call.body['description'] }),
    },
    204,
  )
}

function listMessages(tenant: Tenant, call: GraphCall): Answer {
  const channel = channelAt(tenant, call)
  const roots = tenant.messages.filter(
    (each) => each.conversation.startsWith(`${channel.id};`) && rootOf(each.conversation) === each.id,
  )
  return page(tenant, roots, call.query)
}

function listReplies(tenant: Tenant, call: GraphCall): Answer {
  const channel = channelAt(tenant, call)
  const root = call.path[5] ?? ''
  const thread = `${channel.id};messageid=${root}`
  return page(
    tenant,
    tenant.messages.filter((each) => each.conversation === thread && each.id !== root),
    call.query,
  )
}

/** One that was deleted is still known, as deleted. */
function oneMessage(tenant: Tenant, call: GraphCall): Answer {
  const channel = channelAt(tenant, call)
  const [, , , , , root = '', , id = root] = call.path
  const thread = `${channel.id};messageid=${root}`
  const message = tenant.messages.find((each) => each.conversation === thread && each.id === id)
  if (!message) throw new Refused(404, 'NotFound', 'NotFound')
  return ok(shownMessage(tenant, message))
}

/** Newest first, at most 50 on a page. */
function page(tenant: Tenant, messages: readonly TeamsMessage[], query: URLSearchParams): Answer {
  const size = Math.min(50, Number(query.get('$top') ?? 20))
  const from = Number(query.get('$skiptoken') ?? 0)
  const newest = messages.filter((each) => !each.deleted).toReversed()
  const next = new URLSearchParams({ $top: String(size), $skiptoken: String(from + size) })
  return ok({
    value: newest.slice(from, from + size).map((each) => shownMessage(tenant, each)),
    ...(from + size < newest.length && { '@odata.nextLink': `?${next}` }),
  })
}

function shownMessage(tenant: Tenant, message: TeamsMessage): Json {
  const author = tenant.users.get(message.from)
  return {
    id: message.id,
    replyToId: rootOf(message.conversation) === message.id ? null : rootOf(message.conversation),
    createdDateTime: new Date(message.at).toISOString(),
    deletedDateTime: message.deleted ? new Date(tenant.now()).toISOString() : null,
    summary: message.summary ?? null,
    from: author
      ? { user: { id: author.id, displayName: author.name }, application: null }
      : {
          user: null,
          application: { id: tenant.appId, displayName: tenant.botName, applicationIdentityType: 'bot' },
        },
    body: { contentType: 'html', content: message.text },
    attachments: message.attachments.map((each, index) => ({
      id: String(index),
      contentType: each.contentType,
      content: each.content === undefined ? null : JSON.stringify(each.content),
    })),
  }
}

function listMembers(tenant: Tenant, { query }: GraphCall): Answer {
  const wanted = /aadUserConversationMember\/userId eq '([\w-]+)'/.exec(query.get('$filter') ?? '')?.[1]
  const members = [...tenant.users.values()].filter((each) => each.inTeam)
  const found = wanted === undefined ? members : members.filter(({ id }) => id === wanted.toLowerCase())
  return ok({ value: found.map(shownMember) })
}

function shownMember(user: TeamsUser): Json {
  return {
    id: `member-${user.id}`,
    userId: user.id,
    displayName: user.name,
    email: user.email,
    tenantId: user.tenant,
  }
}

function addMember(tenant: Tenant, { body }: GraphCall): Answer {
  const id = /users\('([^']+)'\)$/.exec(textOf(body['user@odata.bind']))?.[1] ?? ''
  const user = userOf(tenant, id)
  if (!user)
    throw new Refused(404, 'NotFound', 'Failed to execute Templates backend request. User not found.')
  user.inTeam = true
  return ok(shownMember(user), 201)
}

/** Graph names an app by its number in the tenant's catalogue, which is not that of its manifest. */
function installApp(tenant: Tenant, { path, body }: GraphCall): Answer {
  const user = userOf(tenant, path[1] ?? '')
  if (!user) throw new Refused(404, 'NotFound', `User ${path[1]} was not found.`)
  const app = /\/v1\.0\/appCatalogs\/teamsApps\/([\w-]+)$/.exec(textOf(body['teamsApp@odata.bind']))?.[1]
  if (app === undefined) throw new Refused(400, 'BadRequest', "Bind requests expect a 'teamsApp'.")
  if (app !== tenant.catalogId) throw new Refused(404, 'NotFound', `The app ${app} was not found.`)
  if (user.installed) throw new Refused(409, 'Conflict', 'The app is already installed for this user.')
  user.installed = true
  tenant.tellInstalled(user)
  return { status: 201 }
}

function presences(tenant: Tenant, { body }: GraphCall): Answer {
  const ids = Array.isArray(body['ids']) ? body['ids'].map(textOf) : []
  if (ids.length === 0 || ids.length > 650)
    throw new Refused(400, 'BadRequest', 'The ids must be 1 to 650 object ids.')
  const users = ids.flatMap((id) => userOf(tenant, id) ?? [])
  return ok({ value: users.map((user) => ({ id: user.id, ...user.presence })) })
}
