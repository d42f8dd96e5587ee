// What can be done about an incident now, as buttons: each is a command, and what would be refused is not offered.
import { printDuration } from '../drplan/duration.ts'
import type { ProviderBlock } from '../drplan/recoveries.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant, SystemId } from '../ids.ts'
import type { Button } from '../message.ts'
import { isRestore, restoreBefore } from '../recovery/ways/sql/before-outage.ts'
import { nextLevel } from './calls.ts'
import { targetNames } from './change.ts'
import { extension, extensionLeft } from './clocks.ts'
import { nowCarriedOut, lackingWays } from './decide-by.ts'
import type { Incident } from './incident.ts'

/** The blocks of recoveries that the bot itself can carry out. */
const carriedOut: readonly ProviderBlock[] = [
  'cloudflare',
  'cloudflare_bypass',
  'haproxy',
  'scale_set',
  'azure_sql',
  'azure_storage',
  'standby_dns',
]

/** So many failovers are offered as buttons. */
const mostFailovers = 3

/** How a restore is asked for while there is no outage, with a moment to begin with. */
export const restoreCommand = 'db restore 10m ago'

/** The buttons of an incident's card. */
export function incidentButtons(incident: Incident, plan: DrPlan, now: Instant): readonly Button[] {
  const { id, state } = incident
  if (state === 'resolved') return [{ label: 'Report', command: `report ${id}`, style: 'plain' }]
  const list: Button[] = []
  if (state === 'paging') list.push({ label: 'I have it', command: `ack ${id}`, style: 'primary' })
  if (state !== 'recovering' && state !== 'watching')
    list.push(...marked(recoveries(incident, plan, now), incident))
  if (state === 'diagnosing') list.push(...moreTime(incident))
  const next = plan.escalation[nextLevel(incident, plan) ?? plan.escalation.length]
  if (state !== 'watching' && next) {
    list.push({
      label: 'Escalate',
      command: `escalate ${id}`,
      style: 'danger',
      confirm: `Page ${targetNames(plan, next.to)} now?`,
    })
  }
  if (state !== 'recovering')
    list.push({
      label: 'Resolve',
      command: `resolve ${id}`,
      style: 'plain',
      input: whatWasIt(incident),
      ...(incident.problems.open > 0 ? { needed: true } : {}),
    })
  return list
}

/** A button, and the name of the recovery that it orders. */
interface Offered {
  readonly recovery: string
  readonly button: Button
}

/**
 * What could not be carried out when it was last looked at may be ordered all the same: that look may be old. What was
 * carried out just now is not offered again.
 */
function marked(offered: readonly Offered[], incident: Incident): readonly Button[] {
  const lacking = lackingWays(incident).map(({ recovery }) => recovery)
  const done = nowCarriedOut(incident)?.recovery
  return offered
    .filter(({ recovery }) => recovery !== done)
    .map(({ recovery, button }) =>
      lacking.includes(recovery) ? { ...button, label: `${button.label} (not ready)` } : button,
    )
}

/** The restore that was carried out for this outage while nobody has seen yet whether it helped. */
export function restoreCarriedOut(incident: Incident, plan: DrPlan): Incident['carriedOut'] {
  const done = nowCarriedOut(incident)
  const recoveries = plan.systems[incident.system]?.recoveries ?? []
  return recoveries.some((one) => one.name === done?.recovery && isRestore(one)) ? done : undefined
}

/** Who closes what Nagios still reports should know it. */
function whatWasIt({ problems: { open } }: Incident): string {
  if (open === 0) return 'What was it?'
  return `Nagios still reports ${open} problem${open === 1 ? '' : 's'}. What was it, and why close it?`
}

/** Only as much as may be had: what would be refused is not offered. */
function moreTime({ id, clock }: Extract<Incident, { state: 'diagnosing' }>): readonly Button[] {
  const more = printDuration(Math.min(extension, extensionLeft(clock)))
  if (more === '0s') return []
  return [
    {
      label: 'More time',
      command: `extend ${id} ${more}`,
      style: 'plain',
      input: `Why ${more} more?`,
      needed: true,
    },
  ]
}

/**
 * Pressing one only proposes: nothing is changed before the proposal is approved. Only those that this version can
 * carry out, by their block; no restore, which needs a moment.
 */
export function recoveryButtons(system: SystemId, plan: DrPlan): readonly Button[] {
  return failovers(system, plan).map(({ button }) => button)
}

function failovers(system: SystemId, plan: DrPlan): readonly Offered[] {
  return (plan.systems[system]?.recoveries ?? [])
    .filter((each) => carriedOut.some((block) => each[block] !== undefined) && !isRestore(each))
    .slice(0, mostFailovers)
    .map(({ name }) => ({
      recovery: name,
      button: { label: `Fail over to ${name}`, command: `failover ${system} to ${name}`, style: 'plain' },
    }))
}

/**
 * An outage names the moment that a restore needs: one before it began. Once a restore was carried out no failover is
 * offered: that is for the loss of a region.
 */
function recoveries(incident: Incident, plan: DrPlan, now: Instant): readonly Offered[] {
  const restores = restoresOf(incident, plan, now).map(({ recovery, command, database }): Offered => ({
    recovery,
    button: { label: `Restore ${database} to before the outage`, command, style: 'plain' },
  }))
  return restoreCarriedOut(incident, plan) ? restores : [...failovers(incident.system, plan), ...restores]
}

/** The restores that the plan has for the system of an outage, each as a command that can be typed. */
export function restoresOf(
  { system, marks }: Incident,
  plan: DrPlan,
  now: Instant,
): readonly { readonly recovery: string; readonly database: string; readonly command: string }[] {
  return (plan.systems[system]?.recoveries ?? []).flatMap((each) => {
    const database = each.azure_sql?.database
    if (database === undefined || !isRestore(each)) return []
    const command = restoreBefore(database, { outageAt: marks.outage, now, zone: plan.timezone })
    return [{ recovery: each.name, database, command }]
  })
}
