// What has happened since a run was approved that keeps it from going on without a person's word.
import type { DrPlan } from '../drplan/schema.ts'
import type { Store } from '../ports.ts'
import { frozenText } from './freeze.ts'
import type { Run } from './run.ts'

interface Seen {
  readonly store: Pick<Store, 'claims' | 'incident'>
  readonly plan: () => DrPlan
}

/** What people have decided since the outcome of a run became unknown: it then begins no change by itself. */
export async function heldBy({ store, plan }: Seen, run: Run): Promise<string | undefined> {
  return (await frozenText({ store, plan })) ?? (await overSince(store, run))
}

/**
 * Why a failover has lost its reason: the outage that it was proposed for is over, and it would lead traffic away from
 * what works again. Undefined while it has one.
 */
export async function overSince(store: Pick<Store, 'incident'>, run: Run): Promise<string | undefined> {
  if (run.direction === 'failback' || run.incident === undefined) return undefined
  const incident = (await store.incident(run.incident))?.state
  // What was asked for in the room of another outage, or of one that was over already, has not lost its reason.
  if (incident?.state !== 'resolved' || incident.system !== run.system || incident.at < run.askedAt)
    return undefined
  return `${run.incident} is resolved, so ${run.id} has lost its reason`
}
