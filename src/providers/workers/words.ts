// What is said when fewer workers have come than were asked for: how many, why by Azure's own words, and what may help.
import { UserError } from '../../errors.ts'
import type { Progress } from '../../ports.ts'
import type { PoolSeen } from '../../readers.ts'
import { runningIn, workersText } from '../../recovery/kinds/scale-set.ts'

interface Wished {
  readonly vmss: string
  readonly before: number
  readonly after: number
}

/** `problem`: Azure's code and words; undefined when it has given no reason. */
export function missingWorkers(
  { vmss, before, after }: Wished,
  pool: PoolSeen,
  problem: string | undefined,
): Extract<Progress, { readonly state: 'failed' }> {
  const run = runningIn(pool)
  const why = problem ?? (pool.updating ? 'it is still at it' : 'it gives no reason')
  if (after < before) {
    return {
      state: 'failed',
      reason: `${vmss} has not come down to ${workersText(after)}. Azure: ${ended(why)}`,
      advice: `Look at the instances of ${vmss} in the Azure portal: one of them may be protected from scale-in.`,
    }
  }
  const missing = Math.max(0, after - run)
  return {
    state: 'failed',
    reason: `${run} of ${workersText(after)} run, ${missing} ${missing === 1 ? 'is' : 'are'} missing. Azure: ${ended(why)}`,
    advice: adviceFor(problem ?? '', { vmss, run, before }),
  }
}

/** A refusal for want of quota or machines, with what may help; every other failure as it is. */
export function withWayOut({ vmss, before, after }: Wished, thrown: unknown): unknown {
  if (!(thrown instanceof UserError) || thrown.code !== 'azure-refused') return thrown
  const { message } = thrown
  const code = /: 409 (\w+)/.exec(message)?.[1] ?? ''
  if (!/quota/i.test(message) && !/allocation|skunotavailable/i.test(code)) return thrown
  const run = fitting(message, { before, after })
  const advice = adviceFor(`${code}: ${message}`, { vmss, run: run ?? before, before })
  return new UserError(thrown.code, `${message} ${advice}`, { cause: thrown })
}

/** How many workers the quota has room for, when Azure says enough to work it out. */
function fitting(message: string, { before, after }: Pick<Wished, 'before' | 'after'>): number | undefined {
  const [, limit, usage, required] =
    /Current Limit: (\d+), Current Usage: (\d+), Additional Required: (\d+)/.exec(message) ?? []
  const each = Number(required) / (after - before)
  if (!Number.isFinite(each) || each <= 0) return undefined
  return before + Math.floor((Number(limit) - Number(usage)) / each)
}

function adviceFor(
  problem: string,
  { vmss, run, before }: { readonly vmss: string; readonly run: number; readonly before: number },
): string {
  const code = /^\w+/.exec(problem)?.[0] ?? ''
  const fewer = run > before ? ` Or be content with ${run}: workers scale ${vmss} ${run}` : ''
  if (/allocation|skunotavailable|capacity/i.test(code))
    return `The region, or the zone, has no machines of this size now. Choose another VM size or another zone for ${vmss} in the Azure portal, then ask for the workers again.${fewer}`
  if (/quota|operationnotallowed/i.test(problem))
    return `The quota of cores of this region is used up. Ask for more in the Azure portal (Quotas), stop machines that are not needed, or choose a smaller VM size.${fewer}`
  if (problem === '')
    return `Azure may still bring them: workers show. Else look at the instances of ${vmss} in the Azure portal, and at its activity log.${fewer}`
  if (/preempted/i.test(code))
    return `Somebody else, or an autoscale setting, has changed ${vmss} meanwhile: workers show`
  return `Look at the instances of ${vmss} in the Azure portal, and at its activity log.${fewer}`
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
