// Which records this version understands: a newer one, which shares this Redis or has used it before, may write others.
import { UserError } from '../errors.ts'
import type { Incident, IncidentState } from '../incident/incident.ts'
import type { Log } from '../ports.ts'
import { isKnownAction } from '../recovery/world.ts'
import type { Risk, Run, RunState, Step } from '../recovery/run.ts'

/** The compiler makes sure that none is missing. */
type AllOf<K extends string> = { readonly [each in K]: true }

const incidentStates: AllOf<IncidentState> = {
  paging: true,
  diagnosing: true,
  recovering: true,
  watching: true,
  resolved: true,
}
const runStates: AllOf<RunState> = {
  proposed: true,
  running: true,
  done: true,
  failed: true,
  unknown: true,
  cancelled: true,
  denied: true,
  expired: true,
}
const phases: AllOf<Step['phase']> = { ready: true, intended: true, started: true, done: true, failed: true }
const risks: AllOf<Risk> = { reversible: true, disruptive: true, 'loses-data': true }

/** What of a record decides what becomes of it, and is unknown here, in words; undefined when all of it is known. */
export type Strange<S> = (state: S) => string | undefined

export function strangeIncident({ state }: Incident): string | undefined {
  return Object.hasOwn(incidentStates, state) ? undefined : `its state is ${state}`
}

export function strangeRun({ state, proposal, steps }: Run): string | undefined {
  if (!Object.hasOwn(runStates, state)) return `its state is ${state}`
  if (!Object.hasOwn(risks, proposal.risk)) return `its risk is ${proposal.risk}`
  const step = steps.find(({ phase }) => !Object.hasOwn(phases, phase))
  if (step) return `a step of it is ${step.phase}`
  const actions = steps.flatMap(({ action, undo }) => (undo ? [action, undo] : [action]))
  const action = actions.find((each) => !isKnownAction(each))
  return action && `a step of it is ${action.provider}`
}

/** Tells strangers from records that can be used, and says of each stranger once that it was met. */
export interface Customs {
  /** Whether it can be used; one that cannot is left out of lists. */
  readonly passes: <S extends { readonly id: string }>(state: S, strange: Strange<S>) => boolean
  /** Throws UserError (`newer-version`) for one that cannot be used. */
  readonly check: <S extends { readonly id: string }>(state: S, strange: Strange<S>) => void
}

export function createCustoms(log: Pick<Log, 'warn'> | undefined): Customs {
  const told = new Set<string>()
  function found<S extends { readonly id: string }>(state: S, strange: Strange<S>): string | undefined {
    const why = strange(state)
    if (why === undefined || told.has(state.id)) return why
    told.add(state.id)
    log?.warn('a newer version of the bot wrote this; only that version can go on with it, start it again', {
      id: state.id,
      why,
    })
    return why
  }
  return {
    passes: (state, strange) => found(state, strange) === undefined,
    check: (state, strange) => {
      const why = found(state, strange)
      if (why === undefined) return
      throw new UserError(
        'newer-version',
        `${state.id} was written by a newer version of the bot (${why}), and only that version can go on with it: start it again`,
      )
    },
  }
}
