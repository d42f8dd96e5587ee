// A decision in the making: the next state, what happened, what must be done. Each helper returns a new one.
import { nameOf } from '../drplan/person-name.ts'
import type { Duration, IncidentId, Instant, PersonId, SystemId } from '../ids.ts'
import type { EffectBody } from '../effect.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Run } from '../recovery/run.ts'
import type { Actor, EventType, Happening } from '../timeline/event.ts'
import type { Channel, Incident, Target } from './incident.ts'

/** What decisions are made by, beside the incident itself. */
export interface Policy {
  /** The plan in force, with the overrides of the rotation that were made by command. */
  readonly plan: DrPlan
  /** The chats that are switched on; each gets a room. */
  readonly chats: readonly string[]
  /** The channels that pages can take because they are set up; absent: all. */
  readonly channels?: readonly Channel[]
  /**
   * What is known of a person in chat that makes a page there likely to be overlooked. Advice: the page goes out all
   * the same.
   */
  readonly advice?: (person: PersonId) => 'dnd' | 'away' | undefined
  /** Whether a chat has an address of a person; absent: not known. */
  readonly reaches?: (chat: string, person: PersonId) => boolean
  /** Earlier recoveries, newest first: how long each takes. */
  readonly history?: () => readonly Run[]
  /** How long old DNS answers outlive a recovery; undefined where none do, or nobody knows. */
  readonly follows?: (system: SystemId, recovery: string) => Duration | undefined
  /** What a recovery lacks, in sentences, so that it could not be carried out now; undefined when nothing is known. */
  readonly lacks?: (system: SystemId, recovery: string) => readonly string[] | undefined
}

/** What is to be done. A card and words go to every room of the incident; the commit makes one effect for each. */
export type Wish =
  | Exclude<EffectBody, { readonly kind: 'card' | 'say' }>
  | { readonly kind: 'card'; readonly incident: IncidentId }
  | {
      readonly kind: 'say'
      readonly incident: IncidentId
      readonly text: string
      /** The chat in whose room it can be read already. */
      readonly except?: string
      /** The only chat whose room is told; absent: all are. */
      readonly to?: string
      /** The last words of an incident: they carry the hash of its record. */
      readonly closing?: true
    }

export interface Change {
  readonly next: Incident
  readonly events: readonly Happening[]
  readonly effects: readonly Wish[]
}

/** The moment of a decision: one instant, one policy, for everything that is decided in it. */
export interface Moment {
  readonly now: Instant
  readonly policy: Policy
}

/** The program itself as the one who did it. */
export const bot: Actor = { person: 'bot', door: 'bot' }
export const nagios: Actor = { person: 'nagios', door: 'nagios' }

/** Begins a decision on an incident as it is. */
export function unchanged(incident: Incident): Change {
  return { next: incident, events: [], effects: [] }
}

/** The same decision with other common fields; the state's own fields stay. */
export function patch(change: Change, fields: Partial<Omit<Incident, 'state' | 'id'>>): Change {
  return { ...change, next: { ...change.next, ...fields } }
}

/** The decision with one more thing that happened. */
export function happened(
  change: Change,
  type: EventType,
  event: Omit<Happening, 'type' | 'data'> & { readonly data?: Readonly<Record<string, unknown>> },
): Change {
  return { ...change, events: [...change.events, { type, ...event }] }
}

/** The decision with one more thing to do. */
export function effect(change: Change, ...wishes: readonly Wish[]): Change {
  return { ...change, effects: [...change.effects, ...wishes] }
}

/** Whom the plan means, for people to read: `rotation managers and group dev`. */
export function targetNames(plan: DrPlan, targets: readonly Target[]): string {
  return targets
    .map((target) =>
      target.startsWith('person:') ? nameOf(plan, target.slice(7)) : target.replace(':', ' '),
    )
    .join(' and ')
}
