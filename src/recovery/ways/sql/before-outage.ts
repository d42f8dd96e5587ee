// A database with wrong data while its outage goes on: to which moment it is best brought back, and what does not help.
import { minute } from '../../../ids.ts'
import type { Duration, Instant } from '../../../ids.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import type { Context } from '../../draft.ts'
import type { Verdict } from '../../safety.ts'
import { logBackups, momentText } from './safety.ts'

/** So long before the outage was noticed the data is taken to be right still. */
const margin: Duration = minute

/** An outage as a restore sees it. */
interface Outage {
  readonly incident: string
  readonly outageAt: Instant
  readonly now: Instant
  readonly zone: string
}

/** A recovery that goes back to a moment, which must be said with it. */
export function isRestore({ azure_sql: block }: Recovery): boolean {
  return block?.method === 'point-in-time'
}

/** The last whole minute that is before the outage, by a margin, and that backups hold for certain. */
function momentBefore(outageAt: Instant, now: Instant): Instant {
  return Math.floor(Math.min(outageAt - margin, now - logBackups) / minute) * minute
}

/** The whole command that brings a database back to a moment before its outage. */
export function restoreBefore(database: string, at: Pick<Outage, 'outageAt' | 'now' | 'zone'>): string {
  return `db restore ${momentText(momentBefore(at.outageAt, at.now), at.zone)} ${database}`
}

/** The outage that a restore is to end, as far as there is one. */
export function outageIn({ ask: { incident }, outageAt, now, plan }: Context): Outage | undefined {
  if (incident === undefined || outageAt === undefined) return undefined
  return { incident, outageAt, now, zone: plan.timezone }
}

/** What went wrong when the outage began is in every later moment, too. */
export function beforeOutage(at: Instant, outage: Outage): Verdict {
  const rule = 'before-outage'
  const [moment, began] = [at, outage.outageAt].map((each) => momentText(each, outage.zone))
  const text = `the outage of ${outage.incident} began at ${began}`
  return at < outage.outageAt
    ? { rule, ok: true, text: `${moment} is before it: ${text}` }
    : { rule, ok: false, text: `${text}, so ${moment} may hold what has gone wrong, too` }
}

/** What is to be known of a failover while data may be wrong; nothing where the plan has no restore for the database. */
export function wrongDataWarnings(
  { plan, ask: { system, incident }, history }: Pick<Context, 'plan' | 'ask' | 'history'>,
  database: string,
): readonly string[] {
  const isKnown = plan.systems[system]?.recoveries.some(
    (one) => isRestore(one) && one.azure_sql?.database === database,
  )
  if (isKnown !== true) return []
  const restored = history.find(
    (run) =>
      incident !== undefined &&
      run.incident === incident &&
      run.order?.kind === 'restore-point' &&
      run.state === 'done' &&
      run.undoneBy === undefined,
  )
  return [
    'A failover carries wrong data along: against that only db restore helps',
    ...(restored === undefined
      ? []
      : [
          `${restored.id} has restored ${database} in ${incident} already: a failover is for the loss of its server or region only`,
        ]),
  ]
}
