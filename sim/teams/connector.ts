// The connector's REST API as Teams serves it: conversations, activities and members, each with its refusals.
import { Refused, objectOf, textOf, type Answer, type Json } from './answer.ts'
import { checkActivity } from './cards.ts'
import type { Limits } from './limits.ts'
import { channelOf, chatOf, chatPartner, rootOf, userOf } from './state.ts'
import type { TeamsMessage, TeamsUser, Tenant } from './state.ts'

export interface ConnectorCall {
  readonly method: string
  /** The parts of the path after `/v3/`, decoded. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Json
}

type ConnectorName = `connector.${'create' | 'send' | 'update' | 'delete' | 'members' | 'team'}`

/** The name of a call in the log and in faults; undefined for what there is not. */
export function connectorName({
  method,
  path,
}: Pick<ConnectorCall, 'method' | 'path'>): ConnectorName | undefined {
  const [root, , part, id] = path
  if (root === 'teams') return method === 'GET' ? 'connector.team' : undefined
  if (root !== 'conversations') return undefined
  if (path.length === 1) return method === 'POST' ? 'connector.create' : undefined
  if (part === 'members' || part === 'pagedmembers') return method === 'GET' ? 'connector.members' : undefined
  if (part !== 'activities') return undefined
  if (method === 'POST') return 'connector.send'
  if (id === undefined) return undefined
  return method === 'PUT' ? 'connector.update' : method === 'DELETE' ? 'connector.delete' : undefined
}

/** Answers a call of an app that has shown its token. */
export function answerConnector(tenant: Tenant, limits: Limits, call: ConnectorCall): Answer {
  const [, conversation = '', , activity] = call.path
  switch (connectorName(call)) {
    case 'connector.create':
      return create(tenant, limits, call.body)
    case 'connector.send':
      limits.count('send', conversation)
      return send(tenant, conversation, call.body)
    case 'connector.update':
      limits.count('send', conversation)
      return update(tenant, { conversation, activity: activity ?? '' }, call.body)
    case 'connector.delete':
      limits.count('send', conversation)
      own(tenant, { conversation, activity: activity ?? '' }).deleted = true
      return { status: 200 }
    case 'connector.members':
      limits.count('read', conversation)
      return members(tenant, call)
    case 'connector.team':
      mustBeInTeam(tenant)
      return { status: 200, body: { id: tenant.teamThread, name: 'Team', aadGroupId: tenant.teamId } }
    case undefined:
      throw new Refused(404, 'NotFound', 'There is no such route.')
  }
}

function create(tenant: Tenant, limits: Limits, body: Json): Answer {
  const channel = textOf(objectOf(objectOf(body['channelData'])['channel'])['id'])
  if (channel !== '') return createThread(tenant, limits, { channel, activity: objectOf(body['activity']) })
  const [member, ...more] = Array.isArray(body['members']) ? body['members'] : []
  if (member === undefined || more.length > 0)
    throw new Refused(400, 'BadSyntax', 'Incorrect conversation creation parameters')
  const asked = textOf(
    objectOf(body['tenantId'] === undefined ? objectOf(body['channelData'])['tenant'] : {})['id'],
  )
  if ((textOf(body['tenantId']) || asked) !== tenant.id)
    throw new Refused(400, 'BadSyntax', 'Missing or wrong tenant id')
  const user = userOf(tenant, textOf(objectOf(member)['id']))
  if (!user) throw new Refused(400, 'BadSyntax', 'Bad format of conversation ID')
  limits.count('send', chatOf(tenant, user))
  mustBeInstalled(user)
  return { status: 201, body: { id: chatOf(tenant, user) } }
}

function createThread(
  tenant: Tenant,
  limits: Limits,
  { channel, activity }: { readonly channel: string; readonly activity: Json },
): Answer {
  limits.count('send', channel)
  place(tenant, channel)
  const message = put(tenant, channel, activity)
  return { status: 201, body: { id: message.conversation, activityId: message.id } }
}

function send(tenant: Tenant, conversation: string, activity: Json): Answer {
  place(tenant, conversation)
  return { status: 201, body: { id: put(tenant, conversation, activity).id } }
}

/** In a channel a message without a thread begins one. */
function put(tenant: Tenant, conversation: string, activity: Json): TeamsMessage {
  const attachments = checkActivity(activity)
  const id = tenant.nextId()
  const begins = channelOf(tenant, conversation) !== undefined && rootOf(conversation) === undefined
  const message: TeamsMessage = {
    id,
    conversation: begins ? `${conversation};messageid=${id}` : conversation,
    from: 'bot',
    attachments,
    alert: objectOf(objectOf(activity['channelData'])['notification'])['alert'] === true,
    at: tenant.now(),
    updates: 0,
    deleted: false,
    ...contentOf(activity),
  }
  tenant.messages.push(message)
  return message
}

function contentOf(activity: Json): { readonly text: string; readonly summary?: string } {
  const { text, summary } = activity
  return { text: textOf(text), ...(typeof summary === 'string' && { summary }) }
}

function update(
  tenant: Tenant,
  at: { readonly conversation: string; readonly activity: string },
  activity: Json,
): Answer {
  place(tenant, at.conversation)
  const message = own(tenant, at)
  const attachments = checkActivity(activity)
  Object.assign(message, contentOf(activity), { attachments })
  message.updates += 1
  for (const key of tenant.views.keys()) if (key.startsWith(`${message.id} `)) tenant.views.delete(key)
  return { status: 200, body: { id: message.id } }
}

/** Only what the bot wrote itself, and where it wrote it, can be changed by it. */
function own(tenant: Tenant, at: { readonly conversation: string; readonly activity: string }): TeamsMessage {
  const base = at.conversation.split(';')[0]
  const message = tenant.messages.find(
    (each) => each.id === at.activity && each.conversation.split(';')[0] === base && !each.deleted,
  )
  if (!message)
    throw new Refused(404, 'ActivityNotFoundInConversation', 'Activity not found in the conversation')
  if (message.from !== 'bot')
    throw new Refused(403, 'BotMessageEditNotAllowed', 'Only own messages can be edited.')
  return message
}

/** Throws unless the bot may write there. */
function place(tenant: Tenant, conversation: string): void {
  const partner = chatPartner(tenant, conversation)
  if (partner) {
    mustBeInstalled(partner)
    return
  }
  const channel = channelOf(tenant, conversation)
  if (!channel) throw new Refused(404, 'ConversationNotFound', 'Conversation not found.')
  mustBeInTeam(tenant)
  if (channel.archived) throw new Refused(403, 'ChannelArchived', 'The channel is archived.')
  const root = rootOf(conversation)
  if (root !== undefined && !tenant.messages.some((each) => each.conversation === conversation))
    throw new Refused(404, 'ConversationNotFound', 'Conversation not found.')
}

function mustBeInTeam(tenant: Tenant): void {
  if (!tenant.installedInTeam)
    throw new Refused(403, 'BotNotInConversationRoster', 'The bot is not part of the conversation roster.')
}

function mustBeInstalled(user: TeamsUser): void {
  if (!user.installed)
    throw new Refused(
      403,
      'ForbiddenOperationException',
      "The bot is not installed in the user's personal scope",
    )
}

function members(tenant: Tenant, { path, query }: ConnectorCall): Answer {
  const [, conversation = '', part, id] = path
  place(tenant, conversation)
  const partner = chatPartner(tenant, conversation)
  const users = partner ? [partner] : [...tenant.users.values()].filter((each) => each.inTeam)
  if (id !== undefined) {
    const user = userOf(tenant, id)
    if (!user || !users.includes(user))
      throw new Refused(404, 'MemberNotFoundInConversation', 'Member not found.')
    return { status: 200, body: account(user) }
  }
  if (part === 'members') return { status: 200, body: users.map(account) }
  const from = Number(query.get('continuationToken') ?? 0)
  const size = Number(query.get('pageSize') ?? 200)
  const next = from + size < users.length ? { continuationToken: String(from + size) } : {}
  return { status: 200, body: { members: users.slice(from, from + size).map(account), ...next } }
}

function account(user: TeamsUser): Json {
  return {
    id: user.mri,
    name: user.name,
    objectId: user.id,
    aadObjectId: user.id,
    email: user.email,
    userPrincipalName: user.email,
    tenantId: user.tenant,
    userRole: 'user',
  }
}
