// What the bot remembers of its messages and rooms in Slack: one JSON text per scope, changed by compare-and-set.
import type { IncidentId, Instant } from '../../ids.ts'

/** A message that is on its way (whoever finds it so looks it up before posting again), or that is there. */
export type PostRecord =
  | {
      readonly state: 'sending'
      /** The process that posts it. */
      readonly by: string
      readonly at: Instant
      /** The channel or user as the caller named it. */
      readonly to: string
      /** 1, and one more each time that the message had to be posted anew. */
      readonly edition: number
    }
  | {
      readonly state: 'sent'
      readonly by: string
      readonly at: Instant
      readonly to: string
      readonly edition: number
      readonly channel: string
      readonly ts: string
      /** Counts the drawings: a drawing that finds another number than it began with was overtaken. */
      readonly drawn: number
      /** Digest of what is shown; absent when that is not certain. */
      readonly digest?: string
    }

/** What is remembered under one scope: `INC-12`, `R-7`, `pages`. */
export interface SlackRecord {
  /** The room's channel. */
  readonly channel?: { readonly id: string; readonly name: string }
  readonly posts: Readonly<Record<string, PostRecord>>
  /** What was done in the room, by a name that its doer chose: `topic` with the text that was set, `person:ann` with `invited`. */
  readonly done: Readonly<Record<string, string>>
}

export interface Records {
  readonly read: (scope: string) => Promise<SlackRecord>
  /** Applies `change` to what is remembered now, again if somebody else was quicker; the same object back: nothing is written. */
  readonly change: (scope: string, change: (old: SlackRecord) => SlackRecord) => Promise<SlackRecord>
  /** Whose room a channel is. */
  readonly incidentOf: (channel: string) => Promise<IncidentId | undefined>
  readonly bindChannel: (channel: string, incident: IncidentId) => Promise<void>
}
