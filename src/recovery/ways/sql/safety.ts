// Safety rules of recoveries at Azure SQL: pure verdicts, and what a proposal says of moments.
import { printDuration } from '../../../drplan/duration.ts'
import { documentedLag } from '../../../drplan/promises.ts'
import { UserError } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Duration, Instant } from '../../../ids.ts'
import type { SqlDatabaseSeen, SqlGroupSeen } from '../../../readers.ts'
import { isBeingMade, isInStep } from '../../kinds/sql.ts'
import type { Verdict } from '../../safety.ts'

/** Azure takes log backups every five to ten minutes: what is younger may be in none yet. */
export const logBackups: Duration = 10 * minute

/** How long what nobody uses any more is kept before somebody is asked to delete it. */
export const keptFor: Duration = 7 * 24 * 60 * minute

/** A moment as it can be typed in a command: `2026-11-23T09:14:00+01:00`. */
export function momentText(at: Instant, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ timeZone: zone, smallestUnit: 'second' })
}

export interface Window {
  readonly from: Instant
  readonly to: Instant
  readonly zone: string
}

/** Throws UserError for what no backup holds: before the window, after its end, or in the future. */
export function refuseOutsideWindow(at: Instant, { from, to, zone }: Window, database: string): void {
  if (at >= from && at <= to) return
  const newest = momentText(Math.max(from, Math.floor((to - logBackups) / minute) * minute), zone)
  const why =
    at > to
      ? 'is after the last moment that there are backups of'
      : 'is before the first moment that there are backups of'
  throw new UserError(
    'outside-window',
    `${momentText(at, zone)} ${why}: ${database} can be brought back to moments from ${momentText(from, zone)} to about ${newest}. Nothing was changed. Write for example: db restore ${newest} ${database}`,
  )
}

/** The last minutes before now may be in no backup yet. */
export function restoreWindow(at: Instant | undefined, { from, to, zone }: Window): Verdict {
  const rule = 'restore-window'
  const span = `from ${momentText(from, zone)} to ${momentText(Math.max(from, to - logBackups), zone)}`
  if (at === undefined)
    return { rule, ok: true, text: `The newest backup is taken, of ${momentText(to, zone)}` }
  if (at <= to - logBackups)
    return { rule, ok: true, text: `${momentText(at, zone)} is in the window, ${span}` }
  return {
    rule,
    ok: false,
    text: `${momentText(at, zone)} may be in no backup yet: log backups are taken every 5 to 10 minutes, so only the time ${span} is certain`,
  }
}

/** Those that are just being made. */
export function beingMade(databases: readonly SqlDatabaseSeen[]): readonly SqlDatabaseSeen[] {
  return databases.filter(({ status }) => isBeingMade(status))
}

/** Two restores at once share what Azure gives them, and people lose sight of which is which. */
export function noOtherRestore(server: string, databases: readonly SqlDatabaseSeen[]): Verdict {
  const rule = 'no-other-restore'
  const going = beingMade(databases)
  if (going.length === 0) return { rule, ok: true, text: `No restore is going on at ${server}` }
  return {
    rule,
    ok: false,
    text: `${going.map(({ name, status }) => `${name} is ${status}`).join(', ')} at ${server}: wait until it is Online, or delete it in the Azure portal (${server}, SQL databases) when nobody needs it`,
  }
}

/** What is to outlive a region must be in another one. `undefined`: the server does not answer, so it is not known. */
export function otherRegion(
  from: { readonly server: string; readonly location: string | undefined },
  to: { readonly server: string; readonly location: string },
): Verdict {
  const rule = 'other-region'
  if (from.location === undefined)
    return {
      rule,
      ok: true,
      unknown: true,
      text: `${to.server} is in ${to.location}; ${from.server} does not answer`,
    }
  const ok = plain(from.location) !== plain(to.location)
  return { rule, ok, text: `${from.server} is in ${from.location}, ${to.server} in ${to.location}` }
}

function plain(location: string): string {
  return location.toLowerCase().replaceAll(' ', '')
}

/** What is known of the two ends of a failover group before it is failed over. */
export interface Ends {
  readonly group: string
  readonly to: string
  readonly here: SqlGroupSeen
  /** The primary server; `silent`: why it does not answer. */
  readonly primary: { readonly server: string; readonly silent: string | undefined }
}

/**
 * A planned failover waits for the primary and loses nothing. Whoever takes this rule on himself wants it forced: what
 * is not replicated yet is lost.
 */
export function plannedPossible({ group, here, primary }: Ends, forced: boolean): Verdict {
  const rule = 'planned-possible'
  if (primary.silent !== undefined)
    return {
      rule,
      ok: false,
      text: `${primary.server}, the primary, does not answer (${primary.silent.replace(/\.$/, '')})`,
    }
  if (!isInStep(here.state))
    return { rule, ok: false, text: `the copies of ${group} are not in step (${here.state})` }
  const text = `${primary.server} answers, and the copies of ${group} are in step`
  return { rule, ok: !forced, text: forced ? `${text}, and it is to be forced all the same` : text }
}

/**
 * A forced failover loses what is not replicated yet, and Azure shows that lag to nobody. `planned`: what
 * `plannedPossible` found.
 */
export function lossKnown({ primary }: Ends, planned: Verdict): Verdict {
  const rule = 'loss-within-objective'
  if (planned.ok) return { rule, ok: true, text: 'A planned failover loses no data' }
  const text = `what ${primary.server} has not replicated yet would be lost, and how much that is, ${lagText}`
  return { rule, ok: false, unknown: true, text }
}

/** What can be said of the lag of a failover group from outside. */
export const lagText = `Azure shows nobody (it documents ${printDuration(documentedLag)})`

export function notPrimaryYet({ group, to, here }: Ends): Verdict {
  const ok = here.role === 'Secondary'
  const text = ok ? `${to} is the secondary of ${group}` : `${to} is the primary of ${group} already`
  return { rule: 'not-already-there', ok, text }
}
