// What commands need of the rest of the program, and the shape of a handler.
import type { DrPlan, Override } from '../drplan/schema.ts'
import type { Incidents } from '../incident/input.ts'
import type { Card } from '../message.ts'
import type { Run } from '../recovery/run.ts'
import type { PersonId } from '../ids.ts'
import type { Clock, Log, Store } from '../ports.ts'
import type { Readers } from '../readers.ts'
import type { Runs } from '../recovery/input.ts'
import type { Answer, CommandOf, Speaker, Verb } from './command.ts'

export interface Desk {
  readonly store: Pick<
    Store,
    'incident' | 'incidents' | 'run' | 'runs' | 'claims' | 'timeline' | 'head' | 'setting' | 'putSetting'
  >
  readonly incidents: Incidents
  readonly runs: Runs
  /** The plan as it is in force now: with the overrides that were added while running. */
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly log: Log
  readonly runCard: (run: Run) => Card
  /** Where the console is; without a slash at its end. */
  readonly publicUrl: string
  /** Keeps an override of a rotation, and puts it in force. */
  readonly addOverride: (override: Override) => Promise<void>
  /** Takes an override back that was made by command; false when it is none of those. */
  readonly removeOverride: (override: Override) => Promise<boolean>
  /** Takes back all sessions and tokens of a person. */
  readonly revoke: (person: PersonId) => Promise<void>
  /** Brings the standby zones in step now. `accept`: even with a zone that has lost most of its records. */
  readonly syncStandby: (accept: boolean) => Promise<void>
  /** Reads the systems as they are now. */
  readonly readers: Readers
}

/** Carries out one command of somebody who may. Throws UserError for what the person can mend. */
export type Handler<V extends Verb> = (desk: Desk, command: CommandOf<V>, speaker: Speaker) => Promise<Answer>

export type Handlers<V extends Verb> = { readonly [Each in V]: Handler<Each> }
