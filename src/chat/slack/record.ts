// What the bot remembers of its messages and rooms in Slack: one JSON text per scope, changed by compare-and-set.
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import { toIncidentId } from '../../ids.ts'
import type { IncidentId } from '../../ids.ts'
import type { Store } from '../../ports.ts'

const common = {
  /** The process that last had to do with it. */
  by: z.string(),
  at: z.number(),
  /** The channel or the user as the caller named it. */
  to: z.string(),
  /** 1, and one more each time that the message had to be posted anew. */
  edition: z.number(),
}

/** A message that is on its way (whoever finds it so looks it up before posting again), or that is there. */
export const PostRecord = z.discriminatedUnion('state', [
  z.object({ state: z.literal('sending'), ...common }),
  z.object({
    state: z.literal('sent'),
    ...common,
    channel: z.string(),
    ts: z.string(),
    /** Counts the drawings: a drawing that finds another number than it began with was overtaken. */
    drawn: z.number(),
    /** Digest of what is shown; absent when that is not certain. */
    digest: z.string().exactOptional(),
  }),
])
export type PostRecord = z.infer<typeof PostRecord>

const SlackRecord = z.object({
  /** The room's channel. */
  channel: z.object({ id: z.string(), name: z.string() }).exactOptional(),
  posts: z.record(z.string(), PostRecord),
  /** What was done in the room, by a name that its doer chose: `topic` with the text that was set, `person:ann` with `invited`. */
  done: z.record(z.string(), z.string()),
})
/** What is remembered under one scope: `INC-12`, `R-7`, `pages`. */
export type SlackRecord = z.infer<typeof SlackRecord>

export interface Records {
  readonly read: (scope: string) => Promise<SlackRecord>
  /** Applies `change` to what is remembered now, again if somebody else was quicker; the same object back: nothing is written. */
  readonly change: (scope: string, change: (old: SlackRecord) => SlackRecord) => Promise<SlackRecord>
  /** Whose room a channel is. */
  readonly incidentOf: (channel: string) => Promise<IncidentId | undefined>
  readonly bindChannel: (channel: string, incident: IncidentId) => Promise<void>
}

const nothing: SlackRecord = { posts: {}, done: {} }
/** Messages remembered per scope. What is older is hardly ever asked for again: it would be posted a second time. */
const postsKept = 300
const tries = 30

/** The records in the store's settings: `slack:SCOPE`, and `slack:channel:ID` for the way back from a channel to its incident. */
export function createRecords(store: Pick<Store, 'setting' | 'putSetting'>): Records {
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
    throw new RetryableError(`what is remembered of Slack (${name}) changed again and again`)
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

function settingOf(scope: string): string {
  return `slack:${scope}`
}

function channelSetting(channel: string): string {
  return `slack:channel:${channel}`
}

function recordOf(text: string | undefined): SlackRecord {
  return text === undefined ? nothing : SlackRecord.parse(JSON.parse(text))
}

/** Lets go of the oldest messages: first of those that are only ever posted, then of those that are kept up to date. */
function trimmed(record: SlackRecord): SlackRecord {
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
