// What can be done about an incident now, as buttons: each is a command, and what would be refused is not offered.
import { printDuration } from '../drplan/duration.ts'
import type { ProviderBlock } from '../drplan/recoveries.ts'
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import type { SystemId } from '../ids.ts'
import type { Button } from '../message.ts'
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

/** How a restore is asked for, with a moment to begin with. */
export const restoreCommand = 'db restore 10m ago'

/** A recovery that goes back to a moment, which must be said with it. */
export function isRestore({ azure_sql: block }: Recovery): boolean {
  return block?.method === 'point-in-time'
}

/** The buttons of an incident's card. */
export function incidentButtons(incident: Incident, plan: DrPlan): readonly Button[] {
  const { id, system, state } = incident
  if (state === 'resolved') return [{ label: 'Report', command: `report ${id}`, style: 'plain' }]
  const list: Button[] = []
  if (state === 'paging') list.push({ label: 'I have it', command: `ack ${id}`, style: 'primary' })
  if (state !== 'recovering' && state !== 'watching')
    list.push(...marked(recoveryButtons(system, plan), incident))
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

/**
 * What could not be carried out when it was last looked at may be ordered all the same: that look may be old. What was
 * carried out just now is not offered again.
 */
function marked(buttons: readonly Button[], incident: Incident): readonly Button[] {
  const lacking = lackingWays(incident).map(({ recovery }) => `failover ${incident.system} to ${recovery}`)
  const done = nowCarriedOut(incident)?.recovery
  const left = buttons.filter(({ command }) => command !== `failover ${incident.system} to ${done}`)
  return left.map((button) =>
    lacking.includes(button.command) ? { ...button, label: `${button.label} (not ready)` } : button,
  )
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
 * carry out, by their block.
 */
export function recoveryButtons(system: SystemId, plan: DrPlan): readonly Button[] {
  // A restore needs a moment, which no button knows.
  const able = (plan.systems[system]?.recoveries ?? []).filter(
    (each) => carriedOut.some((block) => each[block] !== undefined) && !isRestore(each),
  )
  return able.slice(0, 3).map(({ name }) => ({
    label: `Fail over to ${name}`,
    command: `failover ${system} to ${name}`,
    style: 'plain',
  }))
}
