// How ready the plan's recoveries are, as the bot last saw it, for answers.
import { missingOf, systemsReadiness, unknownOf } from '../recovery/checkup.ts'
import { restoreCommand } from '../incident/actions.ts'
import { isRestore } from '../recovery/ways/sql/before-outage.ts'
import { readCheckup } from '../recovery/checkups.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant, SystemId } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import type { Store } from '../ports.ts'
import type { SystemReadiness } from '../recovery/checkup.ts'

/** The last look at all systems; undefined when there was none yet. */
export interface SeenReadiness {
  readonly at: Instant
  readonly systems: readonly SystemReadiness[]
}

/** As the plan is now: what was checked and is not in it any more is left out. */
export async function readReadiness(
  store: Pick<Store, 'setting'>,
  plan: DrPlan,
): Promise<SeenReadiness | undefined> {
  const checkup = await readCheckup(store)
  return checkup && { at: checkup.at, systems: systemsReadiness(checkup, plan) }
}

/** Systems of which a recovery could not be carried out now. */
export function unready({ systems }: SeenReadiness): readonly SystemReadiness[] {
  return systems.filter(({ state }) => state === 'partly' || state === 'not-ready')
}

const heading = 'Could the recoveries be carried out?'
const notLooked: Section = { heading, lines: [['Not looked at yet.']] }

/** Each system on a line, what is missing first; that nobody has looked yet is said, too. */
export function readinessSection(seen: SeenReadiness | undefined): readonly Section[] {
  if (seen === undefined) return [notLooked]
  if (seen.systems.length === 0) return []
  const ready = seen.systems.filter(({ state }) => state === 'ready').map(({ system }) => system)
  const lines: Line[] = [
    ...unready(seen).map(unreadyLine),
    ...seen.systems.filter(({ state }) => state === 'not-known').map(unknownLine),
    ...(ready.length === 0 ? [] : [[`Ready: ${ready.join(', ')}`]]),
    lookedLine(seen.at),
  ]
  return [{ heading, lines }]
}

/** Each recovery of one system, with what it lacks and what to do. */
export function systemReadinessSection(
  seen: SeenReadiness | undefined,
  system: SystemId,
  plan: DrPlan,
): readonly Section[] {
  if (!seen) return (plan.systems[system]?.recoveries ?? []).length === 0 ? [] : [notLooked]
  const found = seen.systems.find((one) => one.system === system)
  if (!found) return []
  const lines = found.recoveries.flatMap((one): Line[] => {
    const missing = missingOf(one)
    const planned = plan.systems[system]?.recoveries.find(({ name: own }) => own === one.recovery)
    const name = planned && isRestore(planned) ? restoreCommand : `failover ${system} to ${one.recovery}`
    const unknown = unknownOf(one).map(({ what, text }): Line => [
      '⚠ ',
      { command: name },
      ` is not known to be ready: ${what}: ${text}`,
    ])
    if (missing.length === 0 && unknown.length === 0) return [['✓ ', { command: name }, ' is ready']]
    return [
      ...missing.map(({ what, text }): Line => ['✗ ', { command: name }, ` is not ready: ${what}: ${text}`]),
      ...unknown,
    ]
  })
  return [{ heading, lines: [...lines, lookedLine(seen.at)] }]
}

function unreadyLine({ system, state, recoveries }: SystemReadiness): Line {
  const names = recoveries.filter((one) => missingOf(one).length > 0).map(({ recovery }) => recovery)
  const some = state === 'partly' ? 'in part: not' : 'no: not'
  return [
    { code: system },
    ` ${some} ${names.join(', ')}. What is missing: `,
    { command: `status ${system}` },
  ]
}

function unknownLine({ system, recoveries }: SystemReadiness): Line {
  const names = recoveries.filter((one) => unknownOf(one).length > 0).map(({ recovery }) => recovery)
  return [
    { code: system },
    ` not known of ${names.join(', ')}. What could not be looked at: `,
    { command: `status ${system}` },
  ]
}

function lookedLine(at: Instant): Line {
  return ['Looked at ', { at, show: 'date-time' }]
}
