// A problem that Nagios still reports long after its incident has ended: who is called again, and what was led around.
import { describe, expect, test } from 'vitest'
import type { ObjectRecord } from '../../src/commit.ts'
import type { SystemId } from '../../src/ids.ts'
import { bare } from '../../src/incident/alerts.ts'
import { nagios } from '../../src/incident/change.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Alert } from '../../src/intake/alert.ts'
import { meaning } from '../../src/triage/meaning.ts'
import type { Meaning } from '../../src/triage/meaning.ts'
import { examplePlan } from '../fixtures/plans/plan.ts'

const now = Date.UTC(2026, 10, 23, 9)
const eightHours = 8 * 3_600_000
const { plan } = examplePlan()
const policy = { plan, chats: [] }

/** INC-1 of the load balancer, over since then. */
function over(by: Extract<Incident, { state: 'resolved' }>['by']): Incident {
  const opening = { id: 'INC-1', system: 'lb', title: 'lb1', by: nagios, attached: [] } as const
  return { ...bare(begin(opening, now, policy).next), state: 'resolved', at: now, by }
}

/** What the same problem means that Nagios sends again eight hours after INC-1, to which it belonged, was over. */
function again(incident: Incident, { system, host, group }: typeof balancer): Meaning {
  const record: ObjectRecord = {
    key: host,
    system,
    bad: true,
    flapping: false,
    downtime: false,
    state: 'DOWN',
    at: now,
    output: 'no answer',
    problemId: '1',
    incident: 'INC-1',
  }
  const alert: Alert = {
    id: 'A-1',
    receivedAt: now + eightHours,
    type: 'PROBLEM',
    host,
    key: host,
    state: 'DOWN',
    hard: true,
    at: now + eightHours,
    problemId: '1',
    hostGroups: [group],
    serviceGroups: [],
    output: 'no answer',
  }
  const view = {
    objects: new Map([[host, record]]),
    newest: new Map([[incident.system, { state: incident, version: 1 }]]),
    byId: new Map([[incident.id, { state: incident, version: 1 }]]),
    holders: new Map(),
    fence: 0,
  }
  return meaning(view, alert, policy, now + eightHours)
}

const balancer: { readonly system: SystemId; readonly host: string; readonly group: string } = {
  system: 'lb',
  host: 'lb1',
  group: 'load-balancers',
}
const server: typeof balancer = { system: 'api', host: 'api1', group: 'api-servers' }

describe('a problem that Nagios sends again hours after its incident was over', () => {
  test('opens a new one when a person, or Nagios, had ended it', () => {
    expect(again(over('ann'), balancer)).toMatchObject({ kind: 'attach', system: 'lb', to: 'new' })
    expect(again(over('nagios'), balancer)).toMatchObject({ kind: 'attach', system: 'lb', to: 'new' })
  })

  test('is what a verified recovery of its system leads around: nobody is called for it', () => {
    expect(again(over('verified'), balancer)).toMatchObject({ kind: 'ignored' })
  })

  test.each([
    ['failed', 'ignored'],
    ['done', 'attach'],
  ] as const)('when the way back of a verified recovery is %s: %s', (news, kind) => {
    const wayBack = {
      kind: 'run-news',
      run: 'R-2',
      direction: 'failback',
      system: 'lb',
      by: { person: 'ann', door: 'cli' },
      news,
      text: 'R-2 (failback lb) has ended',
      checkBy: now,
    } as const
    const back = decide(over('verified'), wayBack, now + 3_600_000, policy)
    if (!('next' in back)) throw new Error(JSON.stringify(back))

    expect(again(back.next, balancer)).toMatchObject({ kind })
  })

  test('opens a new one after a verified recovery of another system: that leads around nothing of this one', () => {
    expect(again(over('verified'), server)).toMatchObject({ kind: 'attach', system: 'api', to: 'new' })
  })
})
