// A decision on a run in the making: the next state, what happened, what must be done outside.
import type { Duration, Instant } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { EffectBody, RunNews } from '../effect.ts'
import type { Actor, EventType, Happening } from '../timeline/event.ts'
import { followedAt, runNewsText, stepOfPerson, wasSeen } from './news.ts'
import { isOpen } from './run.ts'
import type { Approval, Run, Step } from './run.ts'

export interface RunChange {
  readonly kind: 'change'
  readonly next: Run
  readonly events: readonly Happening[]
  readonly effects: readonly EffectBody[]
}

/** `same`: nothing to write. `refused`: a person asked for what cannot be; the message says the next step. */
export type RunDecision =
  | RunChange
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

export type Running = Extract<Run, { readonly state: 'running' }>
export type Unknown = Extract<Run, { readonly state: 'unknown' }>
/** What every state of a run has. */
export type Bare = Omit<Extract<Run, { readonly state: 'proposed' }>, 'state'>

export const same: RunDecision = { kind: 'same' }
export const bot: Actor = { person: 'bot', door: 'bot' }

/** A step that is ready is begun by an effect; should that be lost, the bell begins it so much later. */
export const beginWithin: Duration = 5 * second

/** A failed run can be gone on with for so long; later, what people agreed to is too old. */
export const retryWithin: Duration = 30 * minute

/** Fields that belong to a state; all others belong to the run. */
const ofStates: readonly string[] = [
  'state',
  'startedAt',
  'endedAt',
  'current',
  'checkAt',
  'cancelling',
  'reason',
  'advice',
  'since',
  'by',
  'done',
]

/** A run without the fields of its state, to be given those of the next one. */
export function bare(run: Run): Bare {
  return Object.fromEntries(Object.entries(run).filter(([key]) => !ofStates.includes(key))) as unknown as Bare
}

export function refused(code: string, message: string): RunDecision {
  return { kind: 'refused', code, message }
}

/** Begins a decision that leads to `next`. */
export function to(next: Run): RunChange {
  return { kind: 'change', next, events: [], effects: [] }
}

/** The decision with one more thing that happened. */
export function happened(change: RunChange, type: EventType, event: Omit<Happening, 'type'>): RunChange {
  return { ...change, events: [...change.events, { type, ...event }] }
}

/** The decision with the run's next step to be done. */
export function goOn(change: RunChange): RunChange {
  return { ...change, effects: [...change.effects, { kind: 'advance', run: change.next.id }] }
}

/**
 * The decision with its incident to be told, when it has one, and the other one in whose room it was asked for.
 * `goesOn`: what is said of a run that is under way again, or already, instead of that it starts.
 */
export function tell(change: RunChange, news: RunNews, by: Actor, goesOn?: string): RunChange {
  const { id: run, incident, askedIn, direction, system, recovery } = change.next
  const hearers = [incident, askedIn].filter((id) => id !== undefined)
  if (hearers.length === 0) return change
  const text = goesOn ?? runNewsText(change.next, news)
  const seen = news === 'done' && wasSeen(change.next) ? { seen: true as const } : {}
  const at = news === 'done' ? followedAt(change.next) : undefined
  const followed = at === undefined ? {} : { followed: at }
  const waits = news === 'step' && stepOfPerson(change.next) ? { waits: true as const } : {}
  const late = goesOn === undefined ? {} : { goesOn: true as const }
  const told = { run, news, direction, system, recovery, by, text, ...seen, ...waits, ...followed, ...late }
  const effects = hearers.map((id) => ({ kind: 'run-news' as const, incident: id, ...told }))
  return { ...change, effects: [...change.effects, ...effects] }
}

/** The steps with the one at `index` changed. */
export function withStep(run: Run, index: number, fields: Partial<Step>): readonly Step[] {
  return run.steps.map((step, at) => (at === index ? { ...step, ...fields } : step))
}

/** The step of a provider that has answered. */
export function heard(step: Step): Step {
  const { silentSince: _silent, waits: _waits, aloneUntil: _alone, ...rest } = step
  return rest
}

/** The step with the traces of an earlier try removed. */
export function cleared(step: Step): Step {
  const { operation: _operation, note: _note, endedAt: _ended, ...rest } = heard(step)
  return rest
}

/** How many steps are done. */
export function doneSteps(run: Pick<Run, 'steps'>): number {
  return run.steps.filter((step) => step.phase === 'done').length
}

/** The run at its end: cancelled by somebody, nothing more is started. */
export function cancelled(run: Running | Unknown, by: Approval, now: Instant): RunChange {
  const next: Run = {
    ...bare(run),
    state: 'cancelled',
    startedAt: run.startedAt,
    endedAt: now,
    by,
    done: doneSteps(run),
  }
  const actor = { person: by.by, door: by.door }
  const text = runNewsText(next, 'cancelled')
  return tell(
    owing(happened(to(next), 'run.cancelled', { at: now, by: actor, text }), now),
    'cancelled',
    actor,
  )
}

/** The run at its end: a step could not be done. */
export function failed(
  run: Running | Unknown,
  why: { readonly reason: string; readonly advice: string },
  now: Instant,
): RunChange {
  const { startedAt, current } = run
  const steps = withStep(run, current, { phase: 'failed', endedAt: now, note: why.reason })
  const next: Run = { ...bare(run), steps, state: 'failed', startedAt, endedAt: now, current, ...why }
  const text = runNewsText(next, 'failed')
  const data = { step: current + 1, ...why }
  return tell(owing(happened(to(next), 'run.failed', { at: now, by: bot, text, data }), now), 'failed', bot)
}

/** The run after its last step. */
export function done(run: Running | Unknown, steps: readonly Step[], now: Instant): RunChange {
  const next: Run = { ...bare(run), steps, state: 'done', startedAt: run.startedAt, endedAt: now }
  const text = runNewsText(next, 'done')
  const data = { ms: now - run.startedAt }
  return tell(owing(happened(to(next), 'run.done', { at: now, by: bot, text, data }), now), 'done', bot)
}

/** Whether what it said that it would leave is there now: it has ended, and not half-way; nobody has undone it. */
export function owes(run: Run): boolean {
  return run.undoneBy === undefined && hasLeftDebts(run)
}

/** The same, whether or not it was undone since. */
export function hasLeftDebts(run: Run): boolean {
  if (isOpen(run)) return false
  const changes = run.steps.filter(({ undo }) => undo !== undefined)
  return run.state === 'done' || (changes.length > 0 && changes.every(({ phase }) => phase === 'done'))
}

/** Writes down what is owed, once all of it was changed. */
function owing(change: RunChange, now: Instant): RunChange {
  if (!owes(change.next)) return change
  return change.next.proposal.debts.reduce(
    (so, { id, text, remedy }) =>
      happened(so, 'run.debt', {
        at: now,
        by: bot,
        text: `Still to do: ${text}. ${remedy}`,
        data: { run: so.next.id, id, text, remedy },
      }),
    change,
  )
}
