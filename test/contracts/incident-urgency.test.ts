// The order of open incidents, which every door takes from one function.
import { expect, test } from 'vitest'
import { mostUrgentFirst } from '../../src/incident/urgency.ts'
import { incident, noon, resolved } from './store-samples.ts'
import type { Incident } from '../../src/incident/incident.ts'

const minute = 60_000

function clock(ends: number): Extract<Incident, { state: 'paging' }>['clock'] {
  return { startedAt: noon, endsAt: noon + ends * minute }
}

function held(id: Incident['id'], rto: number): Incident {
  return {
    ...incident(id, { engineer: 'ann', objective: { rto: rto * minute } }),
    state: 'diagnosing',
  } as Incident
}

function watching(id: Incident['id']): Incident {
  const { clock: _clock, ...common } = incident(id) as Extract<Incident, { state: 'paging' }>
  return { ...common, state: 'watching', since: noon, until: noon + 5 * minute, because: 'nagios' }
}

test('what nobody has stands first by its clock, then what misses its objective first, then what works, then what is over', () => {
  const all = [
    resolved('INC-9'),
    watching('INC-8'),
    held('INC-7', 30),
    held('INC-6', 5),
    incident('INC-5', { clock: clock(20) }),
    incident('INC-4', { clock: clock(10) }),
    { ...resolved('INC-3'), at: noon + minute } as Incident,
  ]

  const order = mostUrgentFirst(all).map(({ id }) => id)

  expect(order).toEqual(['INC-4', 'INC-5', 'INC-6', 'INC-7', 'INC-8', 'INC-3', 'INC-9'])
  expect(mostUrgentFirst(all.toReversed()).map(({ id }) => id)).toEqual(order)
})
