// What one chat is to the program: rooms, pages, and what it knows of people and of itself.
import type { DrPlan } from '../drplan/schema.ts'
import type { PersonId } from '../ids.ts'
import type { Card } from '../message.ts'
import type { Chat, ChatState, Check, Clock, Log, Pager, Store } from '../ports.ts'
import type { Run } from '../recovery/run.ts'
import type { SharedLife } from './posts.ts'
import type { Presence } from './presence.ts'

/** What every chat is made with. */
export interface ChatDeps {
  readonly store: Store
  readonly plan: () => DrPlan
  readonly runCard: (run: Run) => Card
  readonly clock: Clock
  readonly log: Log
  readonly publicUrl: string
  readonly process: SharedLife
}

/** A chat that is set up. Nothing in it needs the chat to answer: what it is needed for is tried again. */
export interface JoinedChat {
  /** As people know it: `Slack`. */
  readonly service: string
  readonly chat: Chat
  readonly pager: Pager & {
    /** Whether the plan has an address by which the chat may know this person. */
    readonly reaches: (person: PersonId) => boolean
  }
  readonly advice: Presence['advice']
  /** Called when the chat answers again after it was away. */
  readonly onReturn: (listener: () => void) => void
  /** Whether the chat is there, for the rooms of the others. */
  readonly state: () => ChatState
  /** Whether the chat answers, and whether something can come in from it. */
  readonly checks: () => Readonly<Record<string, Check>>
  readonly close: () => Promise<void>
}
