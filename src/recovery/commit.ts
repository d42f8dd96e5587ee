// The one load-decide-commit loop of runs: whatever happens to one goes through here, locks included.
import { ConflictError, UserError, reasonOf } from '../errors.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant, RunId } from '../ids.ts'
import type { ClaimChange, Versioned } from '../commit.ts'
import type { Effect, EffectBody } from '../effect.ts'
import type { Bells, Changes, Clock, Log, Store } from '../ports.ts'
import { chain } from '../timeline/chain.ts'
import { decideRun, runWakeAt } from './decide.ts'
import type { RunInput } from './decide.ts'
import type { RunChange } from './change.ts'
import { refuseFrozen } from './freeze.ts'
import { isOpen } from './run.ts'
import type { Run } from './run.ts'
import { changesToCome } from './world.ts'

/** How often a decision is made again when others were faster. */
const tries = 20

export interface LoopDeps {
  readonly store: Store
  readonly bells: Bells
  readonly changes: Changes
  readonly clock: Clock
  readonly log: Log
  /** The chats in which runs are shown. */
  readonly chats: readonly string[]
  readonly plan: () => DrPlan
  /** Starts the effects of a fresh commit in this process, without waiting for them. */
  readonly kick: (effects: readonly Effect[]) => void
}

/** `changed` is false when the decision was `same`: somebody else was there first, or there is nothing to do. */
export interface Outcome {
  readonly run: Run
  readonly changed: boolean
}

/** Decides on the newest state and commits, again when others were faster. Throws UserError when refused. */
export async function apply(deps: LoopDeps, id: RunId, input: RunInput): Promise<Outcome> {
  for (let left = tries; left > 0; left -= 1) {
    const read = await load(deps.store, id)
    const decision = decideRun(read.state, input, deps.clock.now())
    if (decision.kind === 'refused') throw new UserError(decision.code, decision.message)
    if (decision.kind === 'same') return { run: read.state, changed: false }
    const locks = await lockChanges(deps, read.state, { ...decision, by: input.kind })
    if (await write(deps, read, decision, locks)) return { run: decision.next, changed: true }
  }
  throw new ConflictError(`${id} changed ${tries} times while it was being changed`)
}

/**
 * With the last change of a failback the run that it undoes is undone. That is written first: a crash in between is
 * followed by the same step's end again, while the other way round nobody would ever write it.
 */
export async function markUndone(deps: LoopDeps, run: Run, index: number): Promise<void> {
  if (run.undoes === undefined || run.steps.findLastIndex((step) => step.undo) !== index) return
  await apply(deps, run.undoes, { kind: 'undone', by: run.id })
}

/** One try to write a new run beside the claim on its wish; false when somebody else was faster. */
export function writeNew(deps: LoopDeps, change: RunChange, claim: ClaimChange): Promise<boolean> {
  return write(deps, undefined, change, [claim])
}

/** Throws UserError when there is no such run. */
export async function load(store: Store, id: RunId): Promise<Versioned<Run>> {
  const read = await store.run(id)
  if (read) return read
  throw new UserError('unknown-run', `There is no ${id}. To see the runs, type: runs`)
}

async function write(
  deps: LoopDeps,
  read: Versioned<Run> | undefined,
  change: RunChange,
  claims: readonly ClaimChange[],
): Promise<boolean> {
  const { next, events } = change
  const expected = read?.version ?? 0
  const timeline = next.incident ?? next.id
  const head = events.length === 0 ? undefined : await deps.store.head(timeline)
  const shown = looksOther(read?.state, change) ? cards(next.id, deps.chats) : []
  const bodies = [...change.effects, ...freed(read?.state, next)]
  const effects = [...keyed(next.id, expected + 1, bodies), ...shown]
  const wakeAt = runWakeAt(next)
  const outcome = await deps.store.commit({
    write: { kind: 'run', id: next.id, expected, next, wakeAt },
    ...(head ? { timeline: { id: timeline, head, events: chain(head, timeline, events) } } : {}),
    effects,
    claims,
  })
  if (outcome === 'conflict') return false
  deps.kick(effects)
  deps.changes.tell(next.id)
  if (next.incident !== undefined) deps.changes.tell(next.incident)
  if (wakeAt !== undefined && (!read || wakeAt !== runWakeAt(read.state))) ring(deps, next.id, wakeAt)
  return true
}

/** A lost bell is found by the sweep; that it was lost is worth a line in the log. */
function ring(deps: LoopDeps, id: RunId, at: Instant): void {
  deps.bells.set(id, at).catch((thrown: unknown) => {
    deps.log.warn('bell not set; the sweep will find the deadline', { id, at, reason: reasonOf(thrown) })
  })
}

function keyed(id: RunId, version: number, bodies: readonly EffectBody[]): readonly Effect[] {
  return bodies.map((body, index) => ({ key: `${id}-v${version}-${index + 1}`, body }))
}

/** Whose cards are not to warn of it any more, since it has just ended. */
function freed(before: Run | undefined, next: Run): readonly EffectBody[] {
  if (!before || !isOpen(before) || isOpen(next)) return []
  return (next.rivals ?? []).map(({ id }) => ({ kind: 'advance', run: id }))
}

/** One key for all commits: many of them, one update of the card. */
function cards(run: RunId, chats: readonly string[]): readonly Effect[] {
  return chats.map((chat) => ({ key: `${run}-run-card-${chat}`, body: { kind: 'run-card', run, chat } }))
}

/** Whether a person would want to see the run again: not for each look that the engine takes at a step under way. */
function looksOther(before: Run | undefined, { next, events }: RunChange): boolean {
  if (before === undefined || events.length > 0 || before.state !== next.state) return true
  if (before.proposal !== next.proposal || before.rivals !== next.rivals) return true
  if (before.left?.at !== next.left?.at) return true
  return before.undoneBy !== next.undoneBy || isStopping(before) !== isStopping(next)
}

function isStopping(run: Run): boolean {
  return run.state === 'running' && run.cancelling !== undefined
}

/** A run holds its targets from its approval to its end; one whose outcome is unknown holds them too. */
function holds(run: Run): boolean {
  return run.state === 'running' || run.state === 'unknown'
}

/** A run whose outcome was unknown, and that goes on with what it has not begun yet, by somebody's word or alone. */
function resumes(before: Run, next: Run): boolean {
  return before.state === 'unknown' && next.state === 'running' && changesToCome(next.steps)
}

/**
 * Taking locks is refused while frozen or while another run has one; so is a retry while frozen, even of a run that has
 * kept its locks, and to go on alone from what was unknown. The commit itself holds it to that.
 */
async function lockChanges(
  deps: LoopDeps,
  before: Run,
  { next, by }: { readonly next: Run; readonly by: RunInput['kind'] },
): Promise<readonly ClaimChange[]> {
  const retried = by === 'retry' && before.state !== 'running'
  const begins = (holds(next) && !holds(before)) || retried || resumes(before, next)
  if (begins) await refuseFrozen(deps, next.id)
  const unfrozen = begins ? [{ name: 'frozen', from: '', to: '' }] : []
  if (holds(before) === holds(next)) return unfrozen
  const names = next.proposal.targets.map((target) => `lock:${target}`)
  if (holds(before)) return [...unfrozen, ...names.map((name) => ({ name, from: next.id, to: '' }))]
  await refuseLocked(deps.store, next)
  return [...unfrozen, ...names.map((name) => ({ name, from: '', to: next.id }))]
}

/** Throws UserError when another run has one of the targets, with that run's name and what to do. */
export async function refuseLocked(store: Store, run: Run): Promise<void> {
  const { targets } = run.proposal
  const holders = await store.claims(targets.map((target) => `lock:${target}`))
  const index = holders.findIndex((holder) => holder !== '' && holder !== run.id)
  const holder = holders[index]
  if (holder === undefined) return
  throw new UserError(
    'locked',
    `${run.id} cannot start: ${holder} is at work on ${targets[index]}. See how far it is: runs ${holder}. Wait for its end, or stop it: cancel ${holder}`,
  )
}
