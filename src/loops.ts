// All that the bot does by the clock and not because somebody asked: one table of what, and how often.
import { repeat } from './deadlines/deadlines.ts'
import { second } from './ids.ts'
import type { Incident } from './incident/incident.ts'
import type { Clock, Log, Store } from './ports.ts'
import type { PeriodicTask } from './recovery/periodic.ts'

/** Something that is done again and again; what it answers is of no interest here. */
type Again = () => Promise<unknown>

export interface LoopParts {
  /** This process among others: who gives no sign of life is taken for dead. */
  readonly life: { readonly beat: Again }
  readonly deadlines: { readonly sweep: Again; readonly survey: Again; readonly audit: Again }
  readonly outbox: { readonly sweep: Again }
  readonly inbox: { readonly sweep: Again }
  readonly plan: { readonly refresh: Again }
  readonly standby: { readonly due: Again }
  readonly measured: { readonly refresh: Again }
  readonly metrics: {
    readonly effectsPending: (count: number) => void
    readonly incidents: (open: readonly Incident[]) => void
  }
  readonly store: Pick<Store, 'pendingEffects' | 'incidents'>
  /** What the stages ask for themselves. */
  readonly more: readonly PeriodicTask[]
  readonly clock: Clock
  readonly log: Log
}

/** Starts every loop; the answer stops them all. */
export function startLoops(parts: LoopParts): () => void {
  const stops = tasks(parts).map((task) => repeat(task, parts))
  return () => {
    for (const stop of stops) stop()
  }
}

/** Sweeps are the safety net: often enough that a lost bell is met within the second that is promised. */
function tasks(parts: LoopParts): readonly PeriodicTask[] {
  return [
    { name: 'sign of life', every: second, run: parts.life.beat },
    { name: 'deadlines', every: second / 2, run: parts.deadlines.sweep },
    { name: 'effects', every: 2 * second, run: parts.outbox.sweep },
    { name: 'inbox', every: second, run: parts.inbox.sweep },
    { name: 'overrides', every: 5 * second, run: parts.plan.refresh },
    { name: 'survey', every: 15 * second, run: parts.deadlines.survey },
    { name: 'audit', every: 15 * second, run: parts.deadlines.audit },
    { name: 'standby zones', every: 5 * second, run: parts.standby.due },
    { name: 'durations', every: 10 * second, run: parts.measured.refresh },
    { name: 'count', every: 5 * second, run: () => count(parts) },
    ...parts.more,
  ]
}

async function count({ store, metrics }: LoopParts): Promise<void> {
  metrics.effectsPending(await store.pendingEffects())
  metrics.incidents(await store.incidents({ open: true, limit: 1_000 }))
}
