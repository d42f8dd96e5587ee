// What is proposed before it has a number: the steps, and everything a person must see before deciding.
import { printTook } from '../drplan/duration.ts'
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import type { Instant, RunId } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Action } from './action.ts'
import type { Calls } from './calls.ts'
import type { Ask } from './input.ts'
import type { Proposal, Run, Step } from './run.ts'

/** What a proposal is made from. */
export interface Context {
  readonly ask: Ask
  readonly plan: DrPlan
  readonly calls: Calls
  /** What the bot keeps under this name, as in ports.ts Store. */
  readonly setting: (name: string) => Promise<string | undefined>
  readonly now: Instant
  /** Earlier runs, newest first. */
  readonly history: readonly Run[]
  /** When the objective of the incident is missed. */
  readonly objectiveAt: Instant | undefined
  /** When the outage of the system began that is to be ended. */
  readonly outageAt: Instant | undefined
}

export interface Draft {
  readonly recovery: string
  readonly undoes?: RunId
  readonly proposal: Proposal
  readonly steps: readonly Step[]
  /** Of a way back: all is so already, by an earlier one that was cut short or by others, so these steps only look. */
  readonly nothingLeft?: true
}

/** Stands in a draft for the number of the run that it becomes, in names of what only that run makes: `orders-r-7`. */
export const ownName = '{this-run}'

/** The draft, or a part of it, with the run's number in place of `ownName`. */
export function numbered<T>(part: T, id: RunId): T {
  return JSON.parse(JSON.stringify(part).replaceAll(ownName, id.toLowerCase())) as T
}

/** A step that was not begun. */
export function stepOf(title: string, action: Action, undo?: Action): Step {
  return { title, action, phase: 'ready', attempts: 0, ...(undo ? { undo } : {}) }
}

/** What puts the world back: the undo of each step that is done, the last one first. */
export function undoActions(run: Pick<Run, 'steps'>): readonly Action[] {
  return run.steps.flatMap((step) => (step.phase === 'done' && step.undo ? [step.undo] : [])).toReversed()
}

/** What a run is about, before and after it is carried out: `text` is given the words of each time to choose from. */
export function inTime(
  text: (is: (before: string, after: string) => string) => string,
): Pick<Proposal, 'summary' | 'did'> {
  return { summary: text((before) => before), did: text((_before, after) => after) }
}

/** How many earlier runs a measured duration is taken from, at most. */
const mostMeasured = 20

const longestWait: Proposal['expected'] = {
  duration: minute,
  source: 'never measured: the longest that the name servers are waited for',
}

/** So many runs must have been measured before they say more than the plan does: a single one may have been lucky. */
const enoughMeasured = 3

/**
 * How long it will take: what nine of ten earlier runs of the same kind kept to, else as the plan says, else as the
 * provider documents it. While few runs were measured never less than the plan says, and never less where a person must
 * do something outside: that one was quick once promises nothing.
 */
export function expectedDuration(
  history: readonly Run[],
  kind: Pick<Run, 'system' | 'direction' | 'recovery'>,
  recovery: Recovery | undefined,
  documented: Proposal['expected'] = longestWait,
): Proposal['expected'] {
  const planned =
    recovery?.expected === undefined ? undefined : { duration: recovery.expected, source: 'the DR plan' }
  const took = tookOf(history, kind)
  const p90 = took[Math.ceil(took.length * 0.9) - 1]
  if (p90 === undefined) return planned ?? documented
  const duration = Math.max(p90, second)
  const runs = `${took.length} run${took.length === 1 ? '' : 's'}`
  const byPerson = recovery?.standby_dns !== undefined
  const least = byPerson ? (planned ?? documented) : took.length < enoughMeasured ? planned : undefined
  if (least === undefined || duration >= least.duration) return { duration, source: `measured: ${runs}` }
  const source = `${least.source}; measured so far: ${printTook(duration)} in ${runs}`
  return { duration: least.duration, source }
}

/** How long the newest runs of the same kind took, the shortest first. */
function tookOf(
  history: readonly Run[],
  kind: Pick<Run, 'system' | 'direction' | 'recovery'>,
): readonly number[] {
  return history
    .filter((run) => run.system === kind.system && run.direction === kind.direction)
    .flatMap((run) =>
      run.recovery === kind.recovery && run.state === 'done' ? [run.endedAt - run.startedAt] : [],
    )
    .slice(0, mostMeasured)
    .toSorted((a, b) => a - b)
}
