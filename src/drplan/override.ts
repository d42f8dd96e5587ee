// An override as it is typed: checked like one of the file.
import { checkOverride } from './references.ts'
import { Override } from './schema.ts'
import { UserError } from '../errors.ts'
import type { DrPlan } from './schema.ts'

/**
 * Checks an override given by command against the plan. Throws `UserError` (`bad-override`) that says what to write.
 * The result goes to `withOverrides`.
 */
export function readOverride(
  plan: DrPlan,
  typed: Readonly<Record<keyof Override, string | undefined>>,
): Override {
  const given = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined))
  const parsed = Override.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const key = String(issue?.path[0] ?? 'override')
    throw new UserError(
      'bad-override',
      `${key}: found ${JSON.stringify(given[key])}. Write ${issue?.message ?? 'it again'}.`,
    )
  }
  const [complaint] = checkOverride(plan, parsed.data, [])
  if (complaint) throw new UserError('bad-override', `${complaint.found}. ${complaint.write}.`)
  return parsed.data
}
