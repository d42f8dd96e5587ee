// The way back: which run is to be undone.
import { UserError } from '../errors.ts'
import { minute } from '../ids.ts'
import type { Draft } from './draft.ts'
import { byHandRemedy, halfWay } from './half-way.ts'
import type { Ask } from './input.ts'
import { runName } from './news.ts'
import { changedSomething } from './run.ts'
import type { Run, Step } from './run.ts'
import type { SeenHistory } from './unseen.ts'

/** The failovers that a way back could be about and nobody has undone, the newest first. */
export function undoable({ system, recovery }: Ask, history: readonly Run[]): readonly Run[] {
  return history.filter(
    (run) =>
      run.system === system &&
      run.direction === 'failover' &&
      run.undoneBy === undefined &&
      (recovery === undefined || run.recovery === recovery),
  )
}

/**
 * The newest run of the system whose changes stand, and nobody has put right by hand. Throws UserError when there is
 * none, or one is still under way.
 */
export function runToUndo(ask: Ask, { history, notes }: SeenHistory): Run {
  const { system } = ask
  const runs = undoable(ask, history)
  const open = runs.find((run) => run.state === 'running' || run.state === 'unknown')
  if (open) {
    throw new UserError(
      'run-under-way',
      `${open.id} (failover ${system} to ${open.recovery}) is ${open.state}. Wait for its end, or stop it: cancel ${open.id}`,
    )
  }
  const standing = runs.filter(changedSomething)
  const found = standing.find((run) => run.over === undefined) ?? standing[0]
  if (found) return found
  throw new UserError(
    'nothing-to-undo',
    `Nothing of ${system} is to be undone: no failover of this bot stands.${unseenText(runs, notes)} To see what ran: runs`,
  )
}

/** Earlier failovers of the system that will stand as before: one way back undoes one run. */
export function standsAfterwards(ask: Ask, run: Run, { history }: SeenHistory): readonly string[] {
  const stopped: readonly Run[] = halfWay(history)
  const others = undoable(ask, history).filter(
    // What has stopped half-way and is covered by nothing has a warning of its own.
    (one) => one.id !== run.id && changedSomething(one) && one.over === undefined && !stopped.includes(one),
  )
  if (others.length === 0) return []
  const names = others.map((one) => `${one.id} (${runName(one)})`).join(', ')
  return [
    `This undoes ${run.id} only: ${names} ${others.length === 1 ? 'is' : 'are'} still to be undone afterwards, by: failback ${ask.system}`,
  ]
}

/** Runs that were given up while nobody saw how their only change ended, and what the world says of it now. */
function unseenText(runs: readonly Run[], notes: SeenHistory['notes']): string {
  const remedies = halfWay(runs).map((run) => `${byHandRemedy(run)}.`)
  return [...notes.map(({ text }) => text), ...remedies].map((text) => ` ${text}`).join('')
}

/** The ways back of a run that were begun and cut short, the oldest first: what they have done is known, too. */
export function cutShort(history: readonly Run[], run: Pick<Run, 'id'>): readonly Run[] {
  return history
    .filter(
      (one) =>
        one.undoes === run.id &&
        (one.state === 'cancelled' || one.state === 'failed') &&
        one.steps.some(hasBegun),
    )
    .toReversed()
}

/** Whether a step has changed something, or may have: it was begun, and not everybody sees how it ends. */
function hasBegun({ phase, undo }: Step): boolean {
  return undo !== undefined && phase !== 'ready'
}

/**
 * The changes that earlier ways back have begun, in their order. Where the world is as one of these wanted it, it is so
 * by this bot's own doing: that is nobody else's change, and not to be done again.
 */
export function begunBy(earlier: readonly Run[]): readonly Step[] {
  return earlier.flatMap(({ steps }) => steps.filter(hasBegun))
}

/**
 * A way back that goes on from where earlier ones were cut short: it says what they have done. Of one that has nothing
 * left to do the steps stay that look, and with them the run counts as undone.
 */
export function goingOn(draft: Draft, earlier: readonly Run[]): Draft {
  const { proposal } = draft
  const said = { ...proposal, warnings: [...earlier.map(goesOnText), ...proposal.warnings] }
  if (draft.nothingLeft !== true) return { ...draft, proposal: said }
  const own = proposal.debts.map(({ id }) => id)
  const last = earlier.at(-1)
  const done = last?.paid?.map(({ debt }) => debt) ?? []
  const owed = last?.proposal.debts.filter(({ id }) => ![...own, ...done].includes(id)) ?? []
  return {
    ...draft,
    steps: draft.steps.map((step) =>
      step.undo ? { ...step, title: `Make sure of it: ${step.title}` } : step,
    ),
    proposal: {
      ...said,
      risk: 'reversible',
      summary: `Nothing is left to change, only to make sure of: ${proposal.summary}`,
      did: `Nothing was left to change; it was made sure of: ${proposal.did ?? proposal.summary}`,
      expected: { duration: minute, source: 'it only looks' },
      changes: [],
      cost: { text: 'Nothing is changed, so nothing is lost.' },
      debts: [...proposal.debts, ...owed],
    },
  }
}

function goesOnText({ id, state, steps }: Run): string {
  const titles = (phases: readonly Step['phase'][]): string =>
    steps
      .filter((step) => step.undo && phases.includes(step.phase))
      .map(({ title }) => `"${title}"`)
      .join(', ')
  const done = titles(['done'])
  const open = titles(['intended', 'started'])
  const failed = titles(['failed'])
  const ended = state === 'failed' ? 'failed' : 'was cancelled'
  const already = done === '' ? '' : `. It has done: ${done}`
  const unsure = open === '' ? '' : `. It did not see the end of ${open}: that was looked at just now`
  const refused = failed === '' ? '' : `. It failed at ${failed}`
  return `${id}, an earlier way back, ${ended} half-way: this goes on from there${already}${refused}${unsure}`
}
