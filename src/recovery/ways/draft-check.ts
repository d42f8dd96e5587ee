// Whether a recovery could be carried out now, by drafting its proposal: the safety rules' verdicts, none of them overridden.
import { printDuration } from '../../drplan/duration.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { ownName } from '../draft.ts'
import type { Context, Draft } from '../draft.ts'
import type { Finding } from '../run.ts'
import { UnsafeError } from '../safety.ts'
import type { Checked } from './way.ts'

/** The check that says what would be done. */
export const proposalCheck = 'proposal'

/** The check that says that nothing is to be done: a recovery that is in force already. */
export const inForceCheck = 'nothing-to-do'

/** What to do about a rule that would refuse, where the verdict alone does not say it. */
const advice: Readonly<Record<string, string>> = {
  'target-healthy': 'Fix the target, or correct "probe" and the target of the recovery in the DR plan.',
  'no-other-records': 'Add them to "records" of the recovery in the DR plan, or delete them.',
  'all-balancers-answer': 'Look at HAProxy there, and at its "stats socket" line in haproxy.cfg.',
  'same-servers': 'Write the same servers with the same addresses into haproxy.cfg everywhere.',
  'last-healthy-server': 'Start the server that is to take over, and give it a weight above 0.',
  'core-quota':
    'Ask for more before it is needed, or choose a smaller VM size or another max in the DR plan.',
  'origin-certificate': 'Give the origin a certificate of a public authority for the name.',
}

/** What the safety rules find, or what kept them from it; a recovery that is in force already is ready all the same. */
export async function checkByDraft(
  context: Context,
  draft: (context: Context) => Promise<Draft>,
): Promise<readonly Checked[]> {
  try {
    const { proposal } = await draft(context)
    const { duration, source } = proposal.expected
    const { effectWithin: follows } = proposal
    const ttl =
      follows === undefined ? '' : `; all clients follow within ${printDuration(follows)} (the TTL now)`
    // No run has a number yet.
    const summary = proposal.summary.replaceAll(ownName, 'r-N')
    const time = `expected to take ${printDuration(duration)} (${source})`
    return [
      ...proposal.findings.map(checkedOf),
      {
        what: proposalCheck,
        ok: true,
        text: `${summary}; ${time}${ttl}`,
        ...(follows === undefined ? {} : { follows }),
      },
    ]
  } catch (thrown) {
    if (thrown instanceof UnsafeError) return thrown.findings.map(checkedOf)
    return [failedCheck(thrown)]
  }
}

/** A rule's verdict, with the next step where it would refuse. */
export function checkedOf({ rule, ok, unknown, text }: Finding): Checked {
  if (ok) return { what: rule, ok, text, ...(unknown ? { unknown } : {}) }
  // Whether it is in force is one thing to see, and what keeps everybody from seeing it is said by its own rule.
  if (rule === 'not-already-there')
    return unknown ? { what: rule, ok: true, unknown, text } : { what: inForceCheck, ok: true, text }
  const otherwise = `As it is, it can only be ordered with: --override ${rule} "reason".`
  return { what: rule, ok: false, text: `${text}. ${advice[rule] ?? otherwise}` }
}

/** What is reported when looking itself has failed. */
export function failedCheck(thrown: unknown): Checked {
  if (thrown instanceof UserError) return { what: 'world', ok: false, text: thrown.message }
  if (thrown instanceof RetryableError) {
    return { what: 'world', ok: false, text: `${reasonOf(thrown)} Look again in a few minutes.` }
  }
  const text = `The check failed inside the bot: ${reasonOf(thrown)}. Report it to whoever maintains the bot.`
  return { what: 'check', ok: false, text }
}
