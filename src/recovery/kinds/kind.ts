// What the rest of the program must know of one kind of action, beside the action itself: pure words and digests.
import type { Facts } from '../../ports.ts'

export interface Kind<A> {
  /** What an action of this kind does when it is a step's undo, for the card: `api.example.com to 203.0.113.10`. */
  readonly undoText: (action: A) => string
  /** For a step that has no undo although it makes something: what stays of it. */
  readonly leaves?: (action: A) => string
  /** What of the facts a proposal stands on: it is digested, and the run starts only while it is the same. */
  readonly ground: (action: A, facts: Facts) => unknown
  /** In what the world is not as the action has it, a sentence part each; empty when no difference can be named. */
  readonly differences: (action: A, facts: Facts) => readonly string[]
  /**
   * Whether the world is on the way between before and after the action, so that its undo puts back what was made of it.
   * Absent for what happens whole or not at all.
   */
  readonly partly?: (action: A, facts: Facts) => boolean
  /** True: before its turn there is nothing to be seen of it, so that it is no part of what a proposal stands on. */
  readonly inTurn?: true
  /** Absent for what does not go away by itself, or may change without harm: nobody looks. */
  readonly holding?: {
    /** Names of all that the action sets: what a later run has set again is that one's matter, and nothing else is. */
    readonly parts: (action: A) => readonly string[]
    /** What of these parts, set some time ago, does not hold any more, a sentence part each; empty while all holds. */
    readonly gone: (action: A, facts: Facts, parts: ReadonlySet<string>) => readonly string[]
  }
}

/** For actions that change nothing. */
export const onlyLooks = 'only looks'
