// Somebody says that a thing which a recovery has left to be done is done, or is left as it is on purpose.
import type { Instant } from '../ids.ts'
import { happened, owes, refused, same, to } from './change.ts'
import type { RunDecision } from './change.ts'
import type { Verdict } from './input.ts'
import type { Run } from './run.ts'

/** Notes that one debt of a run is paid; the record says by whom, and how. Said again it changes nothing. */
export function paid(run: Run, said: Extract<Verdict, { kind: 'paid' }>, now: Instant): RunDecision {
  const { debts } = run.proposal
  const debt = debts[said.debt - 1]
  if (!owes(run) || debt === undefined) {
    const what = owes(run) && debts.length > 0 ? `it has 1 to ${debts.length}` : 'it owes nothing'
    return refused(
      'no-debt',
      `${run.id} has left nothing with the number ${said.debt}: ${what}. To see all: debts`,
    )
  }
  const before = run.paid ?? []
  if (before.some((each) => each.debt === debt.id)) return same
  const { person, door } = said.by
  const next: Run = {
    ...run,
    paid: [...before, { by: person, door, at: now, debt: debt.id, what: said.what }],
  }
  const text = `Not owed any more after ${run.id}: ${debt.text}. Done: ${said.what}`
  const data = { run: run.id, id: debt.id, what: said.what }
  return happened(to(next), 'run.paid', { at: now, by: said.by, text, data })
}
