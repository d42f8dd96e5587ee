// An alert: one Nagios notification, normalised.
import type { Instant, SystemId } from '../ids.ts'

/** All notification types of Nagios Core 4 (base/notifications.c), for hosts and services alike. */
export const notificationTypes = [
  'PROBLEM',
  'RECOVERY',
  'ACKNOWLEDGEMENT',
  'FLAPPINGSTART',
  'FLAPPINGSTOP',
  'FLAPPINGDISABLED',
  'DOWNTIMESTART',
  'DOWNTIMEEND',
  'DOWNTIMECANCELLED',
  'CUSTOM',
] as const
export type NotificationType = (typeof notificationTypes)[number]

export const hostStates = ['UP', 'DOWN', 'UNREACHABLE'] as const
export const serviceStates = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
export type ObjectState = (typeof hostStates)[number] | (typeof serviceStates)[number]

/** One Nagios notification, normalised. Texts are as sent (control characters replaced), never interpreted. */
export interface Alert {
  /** The same notification sent twice has the same id: `A-` and 16 hex digits of a hash of what identifies it. */
  readonly id: string
  readonly receivedAt: Instant
  readonly type: NotificationType
  readonly host: string
  /** Absent for a host's own notification. */
  readonly service?: string
  /** What broke: `lb1` for a host, `lb1;HAProxy` for a service. Nagios forbids `;` in names. */
  readonly key: string
  /** What it concerns, when the bot itself has seen it; absent for Nagios' own, which the plan's matchers place. */
  readonly system?: SystemId
  readonly state: ObjectState
  readonly hard: boolean
  /** When Nagios sent it ($TIMET$). */
  readonly at: Instant
  /** When Nagios says that it sent it, if that is too long ago to be true; `at` is its arrival then. Absent: believed. */
  readonly claimedAt?: Instant
  /** When the last good check was ($LASTSERVICEOK$, $LASTHOSTUP$): the outage began after it. */
  readonly lastGoodAt?: Instant
  /** When the state last changed ($LASTSERVICESTATECHANGE$, $LASTHOSTSTATECHANGE$). */
  readonly changedAt?: Instant
  /** The outage's id at Nagios; absent when Nagios sent 0 or nothing. */
  readonly problemId?: string
  readonly lastProblemId?: string
  readonly hostGroups: readonly string[]
  readonly serviceGroups: readonly string[]
  readonly output: string
  readonly longOutput?: string
  /** Who acknowledged, set the downtime, or sent the custom notification. */
  readonly author?: string
  readonly comment?: string
}
