// What the bot remembers of its messages and rooms in a chat: one JSON text per scope, changed by compare-and-set.
import { z } from 'zod'
import { RetryableError } from '../errors.ts'
import { toIncidentId } from '../ids.ts'
import type { IncidentId } from '../ids.ts'
import type { Store } from '../ports.ts'

/** The chats that remember something, by the names under which they do. */
export type ChatName = 'slack' | 'teams'

const common = {
  /** The process that last had to do with it. */
  by: z.string(),
  at: z.number(),
  /** The channel, thread or person as the caller named it. */
  to: z.string(),
  /** 1, and one more each time that the message had to be posted again. */
  edition: z.number(),
}

/** A message that is on its way (whoever finds it so looks it up before posting again), or that is there. */
export const PostRecord = z.discriminatedUnion('state', [
  z.object({ state: z.literal('sending'), ...common }),
  z.object({
    state: z.literal('sent'),
    ...common,
    channel: z.string(),
    /** The message's id in its channel or conversation. */
    ts: z.string(),
    /** Counts the drawings: a drawing that finds another number than it began with was overtaken. */
    drawn: z.number(),
    /** Digest of what is shown; absent when that is not certain. */
    digest: z.string().exactOptional(),
  }),
])
export type PostRecord = z.infer<typeof PostRecord>

const Room = z.object({ id: z.string(), name: z.string() })
/** The channel or thread of an incident. */
export type Room = z.infer<typeof Room>

const ChatRecord = z.object({
  /** The incident's room. */
  channel: Room.exactOptional(),
  posts: z.record(z.string(), PostRecord),
  /**
   * What was done in the room, by a name that its doer chose: `topic` with the text that was set, `person:ann` with
   * `invited`.
   */
  done: z.record(z.string(), z.string()),
})
/** What is remembered under one scope: `INC-12`, `R-7`, `pages`. */
export type ChatRecord = z.infer<typeof ChatRecord>

export interface Records {
  readonly read: (scope: string) => Promise<ChatRecord>
  /**
   * Applies `change` to what is remembered now, again if somebody else was quicker; the same object back: nothing is
   * written.
   */
  readonly change: (scope: string, change: (old: ChatRecord) => ChatRecord) => Promise<ChatRecord>
  /** Whose room a channel is. */
  readonly incidentOf: (channel: string) => Promise<IncidentId | undefined>
  readonly bindChannel: (channel: string, incident: IncidentId) => Promise<void>
}

const nothing: ChatRecord = { posts: {}, done: {} }
/** Messages remembered per scope. What is older is hardly ever asked for again: it would be posted a second time. */
const postsKept = 300
const tries = 30

/**
 * The records in the store's settings: `slack:SCOPE`, and `slack:channel:ID` for the way back from a channel to its
 * incident.
 */
export function createRecords(store: Pick<Store, 'setting' | 'putSetting'>, chat: ChatName): Records {
  const settingOf = (scope: string): string => `${chat}:${scope}`
  const channelSetting = (channel: string): string => settingOf(`channel:${channel}`)

  async function put(
    name: string,
    change: (from: string | undefined) => string | undefined,
  ): Promise<string | undefined> {
    for (let left = tries; left > 0; left -= 1) {
      const from = await store.setting(name)
      const to = change(from)
      if (to === undefined || to === from) return from
      if ((await store.putSetting(name, from, to)) === 'committed') return to
    }
    throw new RetryableError(`what is remembered of a chat (${name}) changed again and again`)
  }

  return {
    read: async (scope) => recordOf(await store.setting(settingOf(scope))),
    change: async (scope, change) => {
      const text = await put(settingOf(scope), (from) => {
        const old = recordOf(from)
        const next = change(old)
        return next === old ? undefined : JSON.stringify(trimmed(next))
      })
      return recordOf(text)
    },
    incidentOf: async (channel) => toIncidentId((await store.setting(channelSetting(channel))) ?? ''),
    bindChannel: async (channel, incident) => {
      await put(channelSetting(channel), () => incident)
    },
  }
}

function recordOf(text: string | undefined): ChatRecord {
  return text === undefined ? nothing : ChatRecord.parse(JSON.parse(text))
}

/** Lets go of the oldest messages: first of those that are only ever posted, then of those that are kept up to date. */
function trimmed(record: ChatRecord): ChatRecord {
  const all = Object.entries(record.posts)
  const surplus = all.length - postsKept
  if (surplus <= 0) return record
  const oldest = all.toSorted(([, a], [, b]) => staying(a) - staying(b) || a.at - b.at).slice(0, surplus)
  const gone = new Set(oldest.map(([key]) => key))
  return { ...record, posts: Object.fromEntries(all.filter(([key]) => !gone.has(key))) }
}

function staying(post: PostRecord): number {
  return post.state === 'sending' || post.drawn > 0 ? 1 : 0
}
