// What is in the simulated tenant: people, the team with its channels and messages, personal chats, and where the bot is.
import { createHash } from 'node:crypto'

/** Somebody as a test or a demo names them. */
export interface TeamsPerson {
  /** Entra object id. */
  readonly id: string
  readonly name: string
  readonly email?: string
  /** Whether the app is installed for this person, so that the bot may write to them. Default true. */
  readonly installed?: boolean
  /** Whether they are in the team. Default true. */
  readonly inTeam?: boolean
}

export interface TeamsUser {
  readonly id: string
  /** How the connector names them: `29:...`. */
  readonly mri: string
  readonly name: string
  readonly email: string
  /** Of another tenant: may be a guest of the team. */
  readonly tenant: string
  installed: boolean
  inTeam: boolean
  presence: { readonly availability: string; readonly activity: string }
}

/** An attachment as it came over the wire. */
export interface Attachment {
  readonly contentType: string
  readonly content?: unknown
  readonly contentUrl?: string
  readonly name?: string
}

export interface TeamsMessage {
  readonly id: string
  /** `19:...@thread.tacv2;messageid=ROOT` in a channel, `a:...` in a personal chat. */
  readonly conversation: string
  /** `bot`, or the object id of a person. */
  readonly from: string
  text: string
  attachments: readonly Attachment[]
  summary?: string
  /** channelData.notification.alert of what the bot sent: it makes the phones of its readers ring. */
  readonly alert: boolean
  readonly at: number
  /** Times that it was replaced. */
  updates: number
  deleted: boolean
}

export interface TeamsChannel {
  readonly id: string
  name: string
  description: string
  archived: boolean
  deleted: boolean
}

/** The whole tenant. */
export interface Tenant {
  readonly id: string
  readonly appId: string
  /** The app in the tenant's own catalogue, as Graph names it. */
  readonly catalogId: string
  readonly botName: string
  /** `28:APPID`, the bot among the members. */
  readonly botMri: string
  /** The team's group, as Graph names it. */
  readonly teamId: string
  /** The team as the connector names it: the id of its General channel. */
  readonly teamThread: string
  /** Where the simulator is; known once it listens. */
  origin: string
  installedInTeam: boolean
  readonly users: Map<string, TeamsUser>
  readonly channels: Map<string, TeamsChannel>
  readonly messages: TeamsMessage[]
  /** Personal chats: conversation by object id. */
  readonly chats: Map<string, string>
  /** What a person sees instead of a message's card since an answer was only for them: by `message person`. */
  readonly views: Map<string, unknown>
  /** Tells the bot that the app is there for somebody now. */
  tellInstalled: (user: TeamsUser) => void
  readonly now: () => number
  readonly nextId: () => string
}

export interface TenantOptions {
  readonly people?: readonly TeamsPerson[]
  /** Channels of the team beside General. */
  readonly channels?: readonly { readonly id: string; readonly name: string }[]
  readonly tenantId?: string
  readonly appId?: string
  readonly botName?: string
  /** Whether the app is in the team. Default true. */
  readonly installedInTeam?: boolean
  /** Time of messages and limits, in ms. Tokens carry the machine's time. */
  readonly now?: () => number
}

/** Another tenant, whose people the bot does not serve. */
export const otherTenant = '99999999-9999-4999-8999-999999999999'

export function createTenant(options: TenantOptions): Tenant {
  const now = options.now ?? Date.now
  const appId = options.appId ?? '0a0b0c0d-1111-4222-8333-444455556666'
  const teamThread = '19:general@thread.tacv2'
  let last = 0
  const tenant: Tenant = {
    id: options.tenantId ?? '11111111-2222-4333-8444-555566667777',
    appId,
    catalogId: 'c0c0c0c0-1111-4222-8333-444455556666',
    botName: options.botName ?? 'dr',
    botMri: `28:${appId}`,
    teamId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeffff0000',
    teamThread,
    origin: '',
    installedInTeam: options.installedInTeam ?? true,
    users: new Map(),
    channels: new Map(),
    messages: [],
    chats: new Map(),
    views: new Map(),
    tellInstalled: () => {},
    now,
    nextId: () => {
      last = Math.max(last + 1, Math.floor(now()))
      return String(last)
    },
  }
  for (const each of [{ id: teamThread, name: 'General' }, ...(options.channels ?? [])]) {
    tenant.channels.set(each.id, { ...each, description: '', archived: false, deleted: false })
  }
  for (const person of options.people ?? []) addUser(tenant, person)
  return tenant
}

export function addUser(tenant: Tenant, person: TeamsPerson, from = tenant.id): TeamsUser {
  const user: TeamsUser = {
    id: person.id.toLowerCase(),
    mri: `29:1${digest(`${tenant.appId} ${person.id}`)}`,
    name: person.name,
    email: person.email ?? `${person.name.toLowerCase().replaceAll(/\W+/g, '.')}@example.com`,
    tenant: from,
    installed: person.installed ?? true,
    inTeam: person.inTeam ?? true,
    presence: { availability: 'Available', activity: 'Available' },
  }
  tenant.users.set(user.id, user)
  if (user.installed) chatOf(tenant, user)
  return user
}

/** Somebody by object id, by the connector's id (`29:...`, `8:orgid:...`) or by name. */
export function userOf(tenant: Tenant, named: string): TeamsUser | undefined {
  const id = named.replace(/^8:orgid:/, '').toLowerCase()
  return (
    tenant.users.get(id) ??
    [...tenant.users.values()].find((each) => each.mri === named || each.name === named)
  )
}

/** As userOf; for drives, where a wrong name is a mistake of the test. */
export function person(tenant: Tenant, named: string): TeamsUser {
  const user = userOf(tenant, named)
  if (!user) throw new Error(`nobody in Teams is ${named}`)
  return user
}

/** The personal chat of somebody with the bot; it has the same id for ever. */
export function chatOf(tenant: Tenant, user: TeamsUser): string {
  const known = tenant.chats.get(user.id) ?? `a:1${digest(`chat ${tenant.appId} ${user.id}`)}`
  tenant.chats.set(user.id, known)
  return known
}

/** Whose personal chat a conversation is. */
export function chatPartner(tenant: Tenant, conversation: string): TeamsUser | undefined {
  const found = [...tenant.chats].find(([, id]) => id === conversation)
  return found && tenant.users.get(found[0])
}

/** The channel that a conversation is, or is a thread of. */
export function channelOf(tenant: Tenant, conversation: string): TeamsChannel | undefined {
  const channel = tenant.channels.get(conversation.split(';')[0] ?? '')
  return channel?.deleted === true ? undefined : channel
}

/** The first message of the thread that a conversation in a channel is. */
export function rootOf(conversation: string): string | undefined {
  return /;messageid=(\d+)$/.exec(conversation)?.[1]
}

export function messageOf(tenant: Tenant, id: string): TeamsMessage {
  const message = tenant.messages.find((each) => each.id === id && !each.deleted)
  if (!message) throw new Error(`there is no message ${id}`)
  return message
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
