// A storm over several systems: alerts are gathered by incident as long as none can change where a later one belongs.
import { describe, expect, test } from 'vitest'
import type { SystemId } from '../../src/ids.ts'
import { begin } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Alert } from '../../src/intake/alert.ts'
import { nagios } from '../../src/incident/change.ts'
import { gather } from '../../src/triage/gather.ts'
import type { Gathered } from '../../src/triage/gather.ts'
import type { View } from '../../src/triage/meaning.ts'
import { examplePlan } from '../fixtures/plans/plan.ts'

const now = Date.UTC(2026, 10, 23, 9)
const { plan } = examplePlan()
const policy = { plan, chats: [] }

function alert(host: string, hostGroup: string, parts: Partial<Alert> = {}): Alert {
  return {
    id: `A-${host}-${parts.type ?? 'PROBLEM'}`,
    receivedAt: now,
    type: 'PROBLEM',
    host,
    key: host,
    state: 'DOWN',
    hard: true,
    at: now,
    problemId: '1',
    hostGroups: [hostGroup],
    serviceGroups: [],
    output: 'no answer',
    ...parts,
  }
}

const database = (n: number, parts?: Partial<Alert>) => alert(`db-${n}`, 'databases', parts)
const balancer = (n: number, parts?: Partial<Alert>) => alert(`lb-${n}`, 'load-balancers', parts)

/** A world in which incidents of these systems are open. */
function viewOf(...systems: readonly SystemId[]): View {
  const opened = systems.map((system, index): Incident => {
    const opening = { id: `INC-${index + 1}`, system, title: system, by: nagios, attached: [] } as const
    return begin(opening, now, policy).next
  })
  return {
    objects: new Map(),
    newest: new Map(opened.map((state) => [state.system, { state, version: 1 }])),
    byId: new Map(opened.map((state) => [state.id, { state, version: 1 }])),
    holders: new Map(opened.map((state) => [state.system, state.id])),
    fence: 0,
  }
}

function gathered(view: View, ...alerts: readonly Alert[]): Gathered {
  return gather(view, alerts, policy, now)
}

function shape({ taken, parcels }: Gathered) {
  return { taken, parcels: parcels.map((each) => [each.to, each.alerts.map((one) => one.key)]) }
}

describe('alerts of a storm', () => {
  test('that mix open incidents are one commit for each incident', () => {
    const found = gathered(viewOf('lb', 'db'), balancer(1), database(1), balancer(2), database(2))

    expect(shape(found)).toEqual({
      taken: 4,
      parcels: [
        ['INC-1', ['lb-1', 'lb-2']],
        ['INC-2', ['db-1', 'db-2']],
      ],
    })
  })

  test('that open an incident are committed before those of another system are looked at', () => {
    expect(shape(gathered(viewOf('db'), balancer(1), balancer(2), database(1)))).toEqual({
      taken: 2,
      parcels: [['new', ['lb-1', 'lb-2']]],
    })
    expect(shape(gathered(viewOf('db'), database(1), balancer(1)))).toEqual({
      taken: 1,
      parcels: [['INC-1', ['db-1']]],
    })
  })

  test('that open two incidents are two commits', () => {
    expect(shape(gathered(viewOf(), database(1), balancer(1))).parcels).toEqual([['new', ['db-1']]])
  })

  test('with a recovery among them wait for its commit, since the next may be a relapse or have another cause', () => {
    const view = viewOf('lb', 'db')
    gathered(view, balancer(1), database(1))
    const mended = balancer(1, { type: 'RECOVERY', state: 'UP' })

    expect(shape(gathered(view, mended, balancer(2), database(2)))).toEqual({
      taken: 2,
      parcels: [['INC-1', ['lb-1', 'lb-2']]],
    })
  })

  test('leave an acknowledgement to stand alone', () => {
    const view = viewOf('lb', 'db')
    gathered(view, balancer(1))
    const acknowledged = balancer(1, { type: 'ACKNOWLEDGEMENT' })

    expect(gathered(view, database(1), acknowledged).taken).toBe(1)
    expect(gathered(view, acknowledged, database(2))).toMatchObject({
      taken: 1,
      parcels: [],
      acknowledged: { meant: { incident: 'INC-1' } },
    })
  })

  test('that are ignored are taken with the others, each with its reason', () => {
    const found = gathered(viewOf('db'), database(1), alert('printer', 'office'), database(2))

    expect(found.taken).toBe(3)
    expect(found.ignored).toEqual([
      { alert: alert('printer', 'office'), late: false, reason: 'no system of the plan matches it' },
    ])
  })
})
