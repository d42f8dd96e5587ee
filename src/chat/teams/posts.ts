// Messages in channels and threads of Teams that are posted once and kept up to date: how they are sent, and found again.
import { z } from 'zod'
import { reasonOf } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import type { Letter, Mail, Posted } from '../delivery.ts'
import type { CallOptions } from '../lanes.ts'
import { createPosts } from '../posts.ts'
import type { Posts, PostsDeps } from '../posts.ts'
import type { TeamsActivity } from './activity.ts'
import { shaped } from './api-errors.ts'
import { TeamsRefusal, TeamsSilence } from './api.ts'
import type { TeamsApi } from './api.ts'
import { briefly } from './briefly.ts'
import { partsOfThread } from './links.ts'
import type { Witness } from './witness.ts'

/** Messages go to a channel, where each begins a thread, or to a thread. */
export type TeamsPosts = Posts<TeamsActivity>

export interface TeamsPostsDeps extends Omit<PostsDeps<TeamsActivity>, 'mail'> {
  readonly api: Pick<TeamsApi, 'send' | 'update' | 'openThread' | 'graph'>
  readonly appId: string
  readonly teamId: string
  /** The connector's address as it is known now. */
  readonly service: () => Promise<string>
  readonly witness: Witness
  readonly log: Log
}

/**
 * The connector's words for a message that will not change any more: it, its thread or its channel is gone. `ServiceError`
 * is said of one that was deleted (microsoft/BotFramework-Services issue 269).
 */
const lost = ['ActivityNotFoundInConversation', 'MessageNotFound', 'ConversationNotFound', 'ServiceError']
/** As many as Graph gives at once, and so many times: a room is quieter than that between crash and retry. */
const [perPage, pages] = [50, 5]

const Listed = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      from: z
        .object({ application: z.object({ id: z.string() }).nullish() })
        .nullish()
        .catch(undefined),
      attachments: z.array(z.object({ content: z.string().nullish() })).catch([]),
    }),
  ),
  '@odata.nextLink': z.string().exactOptional(),
})
type Message = z.infer<typeof Listed>['value'][number]

const Named = z.object({ body: z.array(z.looseObject({ id: z.string().optional() })) })

/** The poster of one process in Teams. */
export function createTeamsPosts(deps: TeamsPostsDeps): TeamsPosts {
  const { api, service } = deps
  const mail: Mail<TeamsActivity> = {
    service: 'Teams',
    send: async (to, letter, options) => {
      const { root } = partsOfThread(to)
      if (root === undefined) {
        const { conversation, id } = await api.openThread(to, named(letter), options)
        return { channel: conversation.id, ts: id }
      }
      const { id } = await api.send({ id: to, serviceUrl: await service() }, named(letter), options)
      return { channel: to, ts: id }
    },
    update: async ({ channel, ts }, letter, options) =>
      api.update({ id: channel, serviceUrl: await service() }, ts, named(letter), options),
    find: (to, name, options) => findMessage(deps, { to, name }, options),
    isLost: async (thrown, { channel, ts }, options) => {
      if (!(thrown instanceof TeamsRefusal && lost.includes(thrown.reason))) return false
      await deps.witness.mustBeGone(channel, ts, options)
      return true
    },
    done: (thrown) => (thrown instanceof TeamsSilence ? thrown.done : 'never'),
  }
  return createPosts({ ...deps, mail })
}

/** The first element of the card carries the name: unseen by people, and given back by Graph. */
function named({ name, message }: Letter<TeamsActivity>): TeamsActivity {
  const [card, ...others] = message.attachments ?? []
  const read = Named.loose().safeParse(card?.content)
  if (!card || !read.success) return message
  const [first, ...rest] = read.data.body
  const content = { ...read.data, body: [{ ...first, id: name }, ...rest] }
  return { ...message, attachments: [{ ...card, content }, ...others] }
}

interface Sought {
  readonly to: string
  readonly name: string
}

/**
 * The newest message with this name. Undefined also where Graph may not be asked, or does not answer: then the message
 * is sent once more, since one that stands there twice does less harm than one that is missing.
 */
async function findMessage(
  deps: TeamsPostsDeps,
  sought: Sought,
  options: CallOptions,
): Promise<Posted | undefined> {
  try {
    return await briefly(options, (brief) => lookThrough(deps, sought, brief))
  } catch (thrown) {
    const cannot = thrown instanceof TeamsRefusal || thrown instanceof TeamsSilence
    if (!cannot || options.signal?.aborted) throw thrown
    deps.log.warn('a message may stand in Teams twice: what was posted cannot be looked at', {
      message: sought.name,
      reason: reasonOf(thrown),
    })
    return undefined
  }
}

async function lookThrough(
  { api, appId, teamId }: TeamsPostsDeps,
  { to, name }: Sought,
  options: CallOptions,
): Promise<Posted | undefined> {
  const { channel, root } = partsOfThread(to)
  const all = `teams/${teamId}/channels/${encodeURIComponent(channel)}/messages`
  const path = root === undefined ? all : `${all}/${root}/replies`
  let query: string | undefined = `?$top=${perPage}`
  for (let left = pages; left > 0 && query !== undefined; left -= 1) {
    const answer = await api.graph('GET', `${path}${query}`, undefined, options)
    const page: z.infer<typeof Listed> = shaped(Listed, answer, 'the messages of a room')
    const found = page.value.find((message) => isNamed(message, appId, name))
    if (found) return { channel: root === undefined ? `${channel};messageid=${found.id}` : to, ts: found.id }
    const next = page['@odata.nextLink']
    query = next === undefined ? undefined : URL.parse(next, 'https://graph.microsoft.com')?.search
  }
  return undefined
}

function isNamed({ from, attachments }: Message, appId: string, name: string): boolean {
  if (from?.application?.id.toLowerCase() !== appId.toLowerCase()) return false
  return attachments.some(({ content }) => nameIn(content ?? '') === name)
}

function nameIn(content: string): string | undefined {
  try {
    return Named.safeParse(JSON.parse(content)).data?.body[0]?.id
  } catch {
    return undefined
  }
}
