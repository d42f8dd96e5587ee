// A system that the outage of another one explains: its own clock, and what can be done about it all the same.
import { recoveryButtons } from '../incident/actions.ts'
import { objectiveClock } from '../incident/card.ts'
import { moment, who } from './answer.ts'
import type { SystemId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Card } from '../message.ts'
import type { Desk } from './desk.ts'
import type { SystemWarning } from './warnings.ts'

/** Its objective does not wait for the one that explains it. Nothing for what is no outage, or not in the DR plan. */
export function joinedParts(
  desk: Desk,
  system: SystemId,
  { warning, open }: { readonly warning: SystemWarning | undefined; readonly open: readonly Incident[] },
): Pick<Card, 'fields' | 'buttons'> {
  const plan = desk.plan()
  const cause = open.find(({ id }) => id === warning?.incident)
  const rto = plan.systems[system]?.rto
  if (!cause || rto === undefined || warning?.since === undefined) return {}
  const { since } = warning
  const has = cause.engineer === undefined ? 'nobody yet' : who(plan, cause.engineer)
  return {
    fields: [
      { label: 'Down since', value: [moment(since)] },
      objectiveClock(rto, since + rto, desk.clock.now()),
      {
        label: `Who has ${cause.id}`,
        value: [has],
        ...(cause.engineer === undefined ? { tone: 'bad' } : {}),
      },
    ],
    buttons: [
      { label: `Status of ${cause.id}`, command: `status ${cause.id}`, style: 'primary' },
      ...recoveryButtons(system, plan),
      {
        label: 'An incident of its own',
        command: `open ${system}`,
        style: 'plain',
        input: 'What is broken?',
      },
    ],
  }
}
