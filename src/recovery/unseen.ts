// Changes whose end nobody saw, found by looking at the world: what has happened after all can be undone.
import { UserError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import { look } from './advance.ts'
import type { AdvanceDeps, Look } from './advance.ts'
import { undoable } from './failback.ts'
import type { Ask } from './input.ts'
import { runName, sentence } from './news.ts'
import { changedSomething } from './run.ts'
import type { Run, Step } from './run.ts'

/** Earlier runs as the world shows them now, and what is to be said of changes that it does not show. */
export interface SeenHistory {
  readonly history: readonly Run[]
  readonly notes: readonly { readonly run: RunId; readonly text: string }[]
}

type Note = SeenHistory['notes'][number]

/**
 * For a way back: a change that was begun and is there, or a part of it, counts as done, from the newest run to the
 * one that will be
 * undone. `history`: newest first. Throws UserError while such a change is under way.
 */
export async function asSeen(
  deps: Pick<AdvanceDeps, 'calls'>,
  ask: Ask,
  history: readonly Run[],
): Promise<SeenHistory> {
  const seen = new Map<RunId, Run>()
  const notes: Note[] = []
  const runs = ask.direction === 'failback' ? undoable(ask, history) : []
  if (runs.some(({ state }) => state === 'running' || state === 'unknown')) return { history, notes }
  for (const run of runs) {
    const { steps, notes: more } = await lookAtSteps(deps, run)
    const now = { ...run, steps }
    seen.set(run.id, now)
    notes.push(...more)
    if (changedSomething(now) && now.over === undefined) break
  }
  return { history: history.map((run) => seen.get(run.id) ?? run), notes }
}

async function lookAtSteps(
  deps: Pick<AdvanceDeps, 'calls'>,
  run: Run,
): Promise<{ readonly steps: readonly Step[]; readonly notes: readonly Note[] }> {
  const steps: Step[] = []
  const notes: Note[] = []
  for (const step of run.steps) {
    if (!mayHaveHappened(step)) {
      steps.push(step)
      continue
    }
    const seen = await look(deps, { step })
    if (seen.kind === 'under-way') throw underWay(run, step)
    const partly = seen.kind === 'unclear' && seen.partly
    steps.push(seen.kind === 'done' || partly ? { ...step, phase: 'done' } : step)
    // A step that failed has said already what has become of it.
    if (partly || (seen.kind !== 'done' && step.phase !== 'failed'))
      notes.push({ run: run.id, text: partly ? partText(run, step, seen) : unseenText(run, step, seen) })
  }
  return { steps, notes }
}

function mayHaveHappened({ phase, undo }: Step): boolean {
  return undo !== undefined && phase !== 'ready' && phase !== 'done'
}

function partText(run: Run, { title }: Step, { text }: Extract<Look, { kind: 'unclear' }>): string {
  return `Only a part of "${title}" of ${run.id} (${runName(run)}) seems to have happened: ${sentence(text)} If somebody else has set it so, that is put back, too`
}

function unseenText(run: Run, { title }: Step, seen: Look): string {
  const what = `Nobody saw the end of "${title}" of ${run.id} (${runName(run)})`
  switch (seen.kind) {
    case 'unclear':
      return `${what}. Looked at just now: ${sentence(seen.text)}`
    case 'silent':
      return `${what}. It cannot be looked at just now: ${sentence(seen.reason)}`
    case 'done':
    case 'not-done':
    case 'under-way':
      return `${what}. Looked at just now: it has not happened.`
  }
}

function underWay(run: Run, { title }: Step): UserError {
  return new UserError(
    'run-under-way',
    `"${title}" of ${run.id} (${runName(run)}) is under way at its provider, although the run is ${run.state}. Wait for its end, then: failback ${run.system}`,
  )
}
