// The one way out to Teams: connector and Graph, with lanes, time limits, budgets, and knowing when Teams is down.
import { z } from 'zod'
import type { ChatState, Check, Clock, Log } from '../../ports.ts'
import type { TeamsActivity } from './activity.ts'
import { shaped } from './api-errors.ts'
import type { CallOptions } from '../lanes.ts'
import { createCalls } from './calls.ts'
import type { Call } from './calls.ts'
import type { Cloud } from './cloud.ts'
import { withPerson } from './references.ts'
import type { ReferenceBook } from './references.ts'
import { createRoster } from './roster.ts'
import type { Roster } from './roster.ts'
import type { Tokens } from './tokens.ts'

export { TeamsRefusal, TeamsSilence } from './api-errors.ts'
export type { CallOptions } from '../lanes.ts'

/** A conversation: id and service URL. A channel thread's id is `19:...@thread.tacv2;messageid=ROOT`. */
export interface Conversation {
  readonly id: string
  readonly serviceUrl: string
}

/** Throws TeamsRefusal, or RetryableError: TeamsSilence when it may have been done all the same. */
export interface TeamsApi extends Roster {
  readonly send: (
    to: Conversation,
    activity: TeamsActivity,
    options: CallOptions,
  ) => Promise<{ readonly id: string }>
  readonly update: (
    to: Conversation,
    id: string,
    activity: TeamsActivity,
    options: CallOptions,
  ) => Promise<void>
  /** A new thread in a channel with its first message. */
  readonly openThread: (
    channel: string,
    activity: TeamsActivity,
    options: CallOptions,
  ) => Promise<{ readonly conversation: Conversation; readonly id: string }>
  /** The personal chat with somebody, by Entra object id; the app must be installed for them. */
  readonly openChat: (aadObjectId: string, options: CallOptions) => Promise<Conversation>
  /** Graph; path from /v1.0/ on. Answers the JSON, undefined for none. */
  readonly graph: (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    options: CallOptions,
  ) => Promise<unknown>
  /** Whether Teams answers, with words for /readyz. */
  readonly health: () => Check
  /** The same for the rooms of other chats. */
  readonly state: () => Omit<ChatState, 'chat'>
  /** Called when Teams answers again after it was away, or takes the bot's calls again; what waited for it can go. */
  readonly onReturn: (listener: () => void) => void
  /** Ends the probe and every call under way. */
  readonly close: () => void
}

export interface TeamsApiDeps {
  readonly appId: string
  readonly tenantId: string
  /** The channel in which the bot lives; it is also asked after when Teams is away. */
  readonly channel: string
  /** Where conversations begin until Teams has said another address; without a slash at its end. */
  readonly serviceUrl: string
  /** Microsoft Graph, without a slash at its end. */
  readonly graphUrl: string
  readonly cloud: Pick<Cloud, 'audience' | 'graphAudience'>
  readonly tokens: Tokens
  readonly references: ReferenceBook
  readonly clock: Clock
  readonly log: Log
}

const Sent = z.object({ id: z.string() })
const Thread = z.object({ id: z.string(), activityId: z.string() })

/** Makes the one way out. Nothing in it waits for its turn to be allowed: what may not be sent now fails now. */
export function createTeamsApi(deps: TeamsApiDeps): TeamsApi {
  const { references, channel, tenantId } = deps
  const bot = { id: `28:${deps.appId}` }
  const { call, ...rest } = createCalls({
    ...deps,
    probe: async () => {
      const url = `${await membersUrl('pagedmembers')}?pageSize=1`
      return { what: 'the members of its channel', thread: 'probe', of: 'connector', method: 'GET', url }
    },
  })

  async function service(): Promise<string> {
    const { serviceUrl } = await references.read()
    return serviceUrl ?? deps.serviceUrl
  }

  async function membersUrl(part: string): Promise<string> {
    return `${await service()}/v3/conversations/${encodeURIComponent(channel)}/${part}`
  }

  /** A new conversation: a thread of a channel, or a chat. */
  async function begin(body: object, about: Pick<Call, 'what' | 'thread'>, options: CallOptions) {
    const serviceUrl = await service()
    const url = `${serviceUrl}/v3/conversations`
    const full = { ...body, bot, tenantId }
    const answer = await call({ ...about, of: 'connector', method: 'POST', url, body: full }, options)
    return { answer, serviceUrl }
  }

  return {
    send: async ({ id, serviceUrl }, activity, options) => {
      const url = activitiesOf(serviceUrl, id)
      const what = `a message for ${id}`
      const request = { what, thread: id, of: 'connector', method: 'POST', url, body: activity } as const
      return shaped(Sent, await call(request, options), what)
    },
    update: async ({ id: thread, serviceUrl }, id, activity, options) => {
      const url = `${activitiesOf(serviceUrl, thread)}/${encodeURIComponent(id)}`
      const what = `the change of a message in ${thread}`
      const body = { ...activity, id }
      await call({ what, thread, of: 'connector', method: 'PUT', url, body }, options)
    },
    openThread: async (within, activity, options) => {
      const body = { isGroup: true, channelData: { channel: { id: within } }, activity }
      const about = { what: `a new thread in ${within}`, thread: within }
      const { answer, serviceUrl } = await begin(body, about, options)
      const { id, activityId } = shaped(Thread, answer, about.what)
      return { conversation: { id, serviceUrl }, id: activityId }
    },
    openChat: async (person, options) => {
      const known = (await references.read()).people[person.toLowerCase()]?.chat
      if (known !== undefined) return { id: known, serviceUrl: await service() }
      const body = {
        isGroup: false,
        members: [{ id: person }],
        channelData: { tenant: { id: tenantId } },
      }
      const about = { what: `the chat with ${person}`, thread: person }
      const { answer, serviceUrl } = await begin(body, about, options)
      const { id } = shaped(Sent, answer, about.what)
      await references.change((old) => withPerson(old, person, { chat: id }))
      return { id, serviceUrl }
    },
    ...createRoster(call, references, membersUrl),
    graph: (method, path, body, options) => {
      const url = `${deps.graphUrl}/v1.0/${path.replace(/^\//, '')}`
      const what = `${method} ${path.split('?')[0] ?? ''} at Graph`
      const thread = `graph ${path.split(/[/?]/)[0] ?? ''}`
      return call({ what, thread, of: 'graph', method, url, ...(body !== undefined && { body }) }, options)
    },
    ...rest,
  }
}

function activitiesOf(serviceUrl: string, conversation: string): string {
  return `${serviceUrl.replace(/\/$/, '')}/v3/conversations/${encodeURIComponent(conversation)}/activities`
}
