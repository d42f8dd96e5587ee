// Small valid values for the store's contract: an alert, an incident, a run, an object record.
import type { IncidentId, RunId } from '../../src/ids.ts'
import type { Alert } from '../../src/intake/alert.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Commit, ObjectRecord } from '../../src/commit.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Happening } from '../../src/timeline/event.ts'

/** Noon of a day in 2026, in milliseconds. */
export const noon = 1_773_403_200_000

export function alert(number: number, fields: Partial<Alert> = {}): Alert {
  return {
    id: `A-${number.toString(16).padStart(16, '0')}`,
    receivedAt: noon,
    type: 'PROBLEM',
    host: 'lb1',
    key: 'lb1',
    state: 'DOWN',
    hard: true,
    at: noon,
    hostGroups: ['load-balancers'],
    serviceGroups: [],
    output: 'CRITICAL - "no\nanswer" | täglich 漢字',
    ...fields,
  }
}

export function incident(
  id: IncidentId,
  fields: Partial<Extract<Incident, { state: 'paging' }>> = {},
): Incident {
  return {
    id,
    state: 'paging',
    system: 'lb',
    title: 'lb1 is down',
    openedBy: 'nagios',
    openedAt: noon,
    objective: { rto: 600_000 },
    timings: { nextEngineerAfter: 1, remind: 2, deadline: 3, resolveAfter: 4, relapseWithin: 5 },
    problems: { open: 1, alerts: 1, explains: {}, first: [] },
    level: 0,
    calls: [],
    pages: [],
    nextPage: 1,
    marks: { outage: noon, detected: noon },
    rooms: [],
    relapses: 0,
    clock: { startedAt: noon, endsAt: noon + 1_800_000 },
    ...fields,
  }
}

export function resolved(id: IncidentId): Incident {
  const { clock: _clock, ...common } = incident(id) as Extract<Incident, { state: 'paging' }>
  return { ...common, state: 'resolved', at: noon, by: 'nagios' }
}

export function run(id: RunId): Run {
  return {
    id,
    state: 'proposed',
    key: `ann-lb-${id}`,
    system: 'lb',
    recovery: 'backup',
    direction: 'failover',
    askedBy: 'ann',
    askedAt: noon,
    door: 'cli',
    proposal: {
      targets: ['cloudflare:example.com'],
      typed: 'lb',
      risk: 'reversible',
      summary: 'records point at the backup',
      changes: [],
      findings: [],
      expected: { duration: 1_000, source: 'measured' },
      cost: { text: 'none' },
      debts: [],
      digest: '0'.repeat(64),
      warnings: [],
    },
    steps: [],
    approvals: [],
    expiresAt: noon + 600_000,
  }
}

/** A run that has changed something and is done. */
export function carriedOut(
  id: RunId,
  fields: Partial<Pick<Run, 'direction' | 'undoes'>> = {},
): Extract<Run, { readonly state: 'done' }> {
  const action = { provider: 'dns-check', nameServers: [], want: [], within: 1 } as const
  const steps = [{ title: 'change', action, undo: action, phase: 'done', attempts: 1 }] as const
  return { ...run(id), ...fields, steps, state: 'done', startedAt: noon, endedAt: noon }
}

export function expired(id: RunId): Run {
  return { ...run(id), state: 'expired', endedAt: noon }
}

export function object(key: string, fields: Partial<ObjectRecord> = {}): ObjectRecord {
  return {
    key,
    system: 'lb',
    bad: true,
    state: 'DOWN',
    flapping: false,
    downtime: false,
    at: noon,
    output: 'no answer | rta=0',
    ...fields,
  }
}

export function note(text: string): Happening {
  return { type: 'note', at: noon, by: { person: 'ann', door: 'cli' }, text }
}

/** A commit that writes an incident and nothing else. */
export function writing(next: Incident, expected = 0, wakeAt?: number): Commit {
  return { write: { kind: 'incident', id: next.id, expected, next, wakeAt } }
}

/** A commit that writes a run and nothing else. */
export function writingRun(next: Run, expected = 0, wakeAt?: number): Commit {
  return { write: { kind: 'run', id: next.id, expected, next, wakeAt } }
}
