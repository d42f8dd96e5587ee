// Whether the recoveries of the plan could be carried out now: the read-only half of each, against the real world.
import { z } from 'zod'
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import type { Instant, SystemId } from '../ids.ts'
import { minute, systemIds } from '../ids.ts'
import type { Calls } from './calls.ts'
import type { Context } from './draft.ts'
import { checkFor } from './propose.ts'
import type { Order, Run } from './run.ts'
import { failedCheck, inForceCheck } from './ways/draft-check.ts'
import type { Checked } from './ways/way.ts'

/** All, some or none of a system's recoveries could be carried out; `not-known`: none lacks anything that could be seen. */
const readinessStates = ['ready', 'not-known', 'partly', 'not-ready'] as const
export type ReadinessState = (typeof readinessStates)[number]

const RecoveryChecked = z.object({
  system: z.enum(systemIds),
  recovery: z.string(),
  checks: z.array(
    z.object({
      what: z.string(),
      ok: z.boolean(),
      unknown: z.literal(true).exactOptional(),
      text: z.string(),
      follows: z.number().exactOptional(),
    }),
  ),
})

/** One recovery of the plan, and all that was looked at for it. */
export type RecoveryChecked = Readonly<z.infer<typeof RecoveryChecked>>

/** All recoveries of the plan as they were found at one time, in the plan's order. */
export const Checkup = z.object({
  at: z.number(),
  recoveries: z.array(RecoveryChecked),
  /** The state of each system that people know: a change is told when two looks in a row have found it. */
  told: z.partialRecord(z.enum(systemIds), z.enum(readinessStates)).exactOptional(),
})
export type Checkup = Readonly<z.infer<typeof Checkup>>

export interface CheckupDeps {
  readonly plan: DrPlan
  readonly calls: Calls
  /** What the bot keeps under this name; without a bot there is nothing. */
  readonly setting: Context['setting']
  readonly now: Instant
  /** Earlier runs, newest first: measured durations. */
  readonly history: readonly Run[]
  /** Told of each command whose recovery is looked at from now on; what it answers is called when that has ended. */
  readonly begun?: (command: string) => () => void
}

/** Looks at the whole plan; changes nothing. One system's trouble does not hide another's. */
export async function checkRecoveries(deps: CheckupDeps): Promise<Checkup> {
  const bySystem = await Promise.all(systemIds.map((system) => checkSystem(deps, system)))
  return { at: deps.now, recoveries: bySystem.flat() }
}

/** One after the other: they ask the same provider, and each counts its requests. */
async function checkSystem(deps: CheckupDeps, system: SystemId): Promise<readonly RecoveryChecked[]> {
  const found: RecoveryChecked[] = []
  for (const recovery of deps.plan.systems[system]?.recoveries ?? []) {
    const ended = deps.begun?.(`failover ${system} to ${recovery.name}`)
    const checks = await checkOne(deps, system, recovery)
    ended?.()
    found.push({ system, recovery: recovery.name, checks: [...checks] })
  }
  return found
}

async function checkOne(
  deps: CheckupDeps,
  system: SystemId,
  recovery: Recovery,
): Promise<readonly Checked[]> {
  const { plan, calls, setting, now, history } = deps
  const check = checkFor(recovery)
  if (!check) return [byHand(plan, system)]
  const order = orderFor(recovery, now)
  const context: Context = {
    ask: {
      system,
      direction: 'failover',
      recovery: recovery.name,
      by: { person: 'bot', door: 'bot' },
      overrides: [],
      ...(order === undefined ? {} : { order }),
    },
    plan,
    calls,
    setting,
    now,
    history,
    objectiveAt: undefined,
    outageAt: undefined,
  }
  try {
    return await check(context)
  } catch (thrown) {
    return [failedCheck(thrown)]
  }
}

function byHand(plan: DrPlan, system: SystemId): Checked {
  const { runbook } = plan.systems[system] ?? {}
  const where = runbook === undefined ? '' : `, as in ${runbook}`
  return { what: 'way', ok: false, text: `This version cannot carry it out: it is done by hand${where}.` }
}

/** What a recovery must be told beside its name, as somebody would say it who needs it now. */
function orderFor(recovery: Recovery, now: Instant): Order | undefined {
  if (recovery.azure_sql?.method === 'point-in-time') return { kind: 'restore-point', at: now - 15 * minute }
  return undefined
}

/** True when all that it needs was seen to be there. */
export function isReady(one: RecoveryChecked): boolean {
  return missingOf(one).length === 0 && unknownOf(one).length === 0
}

/** True when it could be carried out, but is in force already. */
export function isInForce(one: RecoveryChecked): boolean {
  return missingOf(one).length === 0 && one.checks.some(({ what }) => what === inForceCheck)
}

/** What is missing, each with its next step. */
export function missingOf({ checks }: RecoveryChecked): readonly Checked[] {
  return checks.filter(({ ok }) => !ok)
}

/** What nobody could look at, though nothing speaks against it. */
export function unknownOf({ checks }: RecoveryChecked): readonly Checked[] {
  return checks.filter(({ ok, unknown }) => ok && unknown === true)
}

/** How ready a system is, by its recoveries. */
export interface SystemReadiness {
  readonly system: SystemId
  readonly state: ReadinessState
  readonly recoveries: readonly RecoveryChecked[]
}

/** The systems that the plan has recoveries for; what was checked and is not in the plan any more is left out. */
export function systemsReadiness(checkup: Checkup, plan: DrPlan): readonly SystemReadiness[] {
  return systemIds.flatMap((system) => {
    const names = (plan.systems[system]?.recoveries ?? []).map(({ name }) => name)
    const recoveries = checkup.recoveries.filter(
      (one) => one.system === system && names.includes(one.recovery),
    )
    if (recoveries.length === 0) return []
    return [{ system, state: stateOf(recoveries), recoveries }]
  })
}

function stateOf(recoveries: readonly RecoveryChecked[]): ReadinessState {
  const lacking = recoveries.filter((one) => missingOf(one).length > 0).length
  if (lacking > 0) return lacking === recoveries.length ? 'not-ready' : 'partly'
  return recoveries.every(isReady) ? 'ready' : 'not-known'
}
