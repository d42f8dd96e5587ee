// The buttons of a run's card: each is a command, and asks first what that command must be told.
import { never } from '../errors.ts'
import type { Button, Line } from '../message.ts'
import { doneSteps } from './change.ts'
import { anewCommand } from './news.ts'
import { isNeverBegun, mayHaveChanged } from './run.ts'
import type { NeverBegun, Run } from './run.ts'
import { denialSummary, verdictSummary } from './summary.ts'
import type { Seen } from './summary.ts'

/** What it has set does not hold any more, and nobody has undone it by a run. */
export function isGone({ undoneBy, gone }: Run): boolean {
  return undoneBy === undefined && gone !== undefined
}

/** What can be said to a run as it is now. */
export function runButtons(run: Run, seen: Seen): readonly Button[] {
  const { id } = run
  switch (run.state) {
    case 'proposed':
      return verdictButtons(run, seen)
    case 'running':
      return run.cancelling ? [] : [cancelButton(run)]
    case 'unknown':
      return [{ label: 'Look again and go on', command: `retry ${id}`, style: 'primary' }, cancelButton(run)]
    case 'failed':
      return [
        ...(run.undoneBy === undefined
          ? [{ label: 'Try again', command: `retry ${id}`, style: 'primary' } as const, ...takeOn(run)]
          : []),
        ...undoButton(run),
      ]
    case 'cancelled':
      return isNeverBegun(run) ? anewButton(run) : undoButton(run)
    case 'done':
      if (isGone(run))
        return [{ label: 'Do it again (proposes)', command: anewCommand(run), style: 'primary' }]
      return undoButton(run)
    case 'denied':
    case 'expired':
      return anewButton(run)
    default:
      return never(run)
  }
}

/** Approve and deny, as the risk of a proposed run demands them; what asks first says what it is about. */
export function verdictButtons(run: Run, seen: Seen): readonly Button[] {
  const summary = verdictSummary(run, seen)
  const deny = { label: 'Deny', command: `deny ${run.id}`, style: 'plain', input: 'Why not?' } as const
  return [approveButton(run, summary), { ...deny, summary: denialSummary(run, seen) }]
}

function approveButton({ id, proposal }: Run, summary: readonly Line[]): Button {
  const base = { label: 'Approve', command: `approve ${id}`, style: 'primary' } as const
  switch (proposal.risk) {
    case 'reversible':
      return base
    case 'disruptive':
      return { ...base, style: 'danger', typed: proposal.typed, summary }
    case 'loses-data':
      return {
        ...base,
        style: 'danger',
        confirm: `This can lose data: ${proposal.summary}. ${proposal.cost.text} Approve ${id}?`,
      }
    default:
      return never(proposal.risk)
  }
}

/** A database that did not answer as wanted may be right all the same: somebody who has looked can say so. */
function takeOn({ id, steps, current }: Extract<Run, { state: 'failed' }>): readonly Button[] {
  if (steps[current]?.action.provider !== 'sql-query') return []
  return [
    {
      label: 'Go on all the same',
      command: `retry ${id} --override check-query`,
      style: 'danger',
      input: 'Why is the data right?',
      needed: true,
    },
  ]
}

/** A proposal whose place another has taken leads to that one. */
function anewButton(run: NeverBegun): readonly Button[] {
  const newer = run.state === 'expired' ? run.replacedBy : undefined
  return newer === undefined
    ? [{ label: 'Propose again', command: anewCommand(run), style: 'plain' }]
    : [{ label: `See ${newer}`, command: `runs ${newer}`, style: 'plain' }]
}

function cancelButton({ id, steps }: Run): Button {
  const confirm = `${doneSteps({ steps })} of ${steps.length} steps are done. Start no further step of ${id}?`
  return { label: 'Cancel', command: `cancel ${id}`, style: 'danger', confirm }
}

function undoButton(run: Run): readonly Button[] {
  if (run.direction === 'failback' || run.undoneBy !== undefined || !mayHaveChanged(run)) return []
  return [{ label: 'Propose the way back', command: `failback ${run.system}`, style: 'plain' }]
}
