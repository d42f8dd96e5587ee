// Whether the bot can do its work now, part by part, with what to do about a part that cannot.
import { reasonOf } from './errors.ts'
import type { Duration, Instant } from './ids.ts'
import { minute, second } from './ids.ts'
import { printDuration } from './drplan/duration.ts'
import type { Check, Clock, Readiness, Store } from './ports.ts'

export interface ReadinessDeps {
  readonly store: Pick<Store, 'ping' | 'pendingEffects' | 'time'>
  readonly clock: Clock
  /** How far the bot's clock is ahead of the machine's, since that was set back. */
  readonly ahead: () => Duration
  /** How late the latest unmet deadline is. */
  readonly late: () => Promise<Duration>
  /** When Nagios was last heard of; undefined when never since the start. */
  readonly heartbeat: () => Promise<Instant | undefined>
  /** What the chats say of themselves. The bot works without them: they do not make it unready. */
  readonly chats: () => Readonly<Record<string, Check>>
}

/** A deadline is met within a second while the bot is up; this late, bell and sweep have both failed. */
const lateDeadline: Duration = 5 * second
/** Effects that wait: more than this means that they come faster than they can be done, or that one channel is down. */
const manyEffects = 1_000
/** Deadlines are met by the bot's own clock; beyond this, people and Nagios see other times than it does. */
const aheadMost: Duration = 5 * second
/** Machines that keep their time by NTP differ by milliseconds. */
const skewMost: Duration = 2 * second
/** nagios/check_dr_bot is meant to run every minute. */
const silentNagios: Duration = 5 * minute

/**
 * Whether the bot is ready is for load balancers, too: only what keeps this process from its work decides. A Nagios that
 * is silent would else take all bots out, and its heartbeat, which ends that, could reach none of them.
 *
 * Looks at every part; a part that does not answer is not ok, it does not hold up the others.
 */
export async function readiness(deps: ReadinessDeps): Promise<Readiness> {
  const [store, deadlines, effects, nagios, skew] = await Promise.all([
    look(async () => {
      await deps.store.ping()
      return { ok: true }
    }),
    look(async () => {
      const late = await deps.late()
      return late <= lateDeadline
        ? { ok: true }
        : { ok: false, text: `a deadline is ${printDuration(late)} late; look at the log, restart the bot` }
    }),
    look(async () => {
      const count = await deps.store.pendingEffects()
      return count <= manyEffects
        ? { ok: true }
        : { ok: false, text: `${count} effects wait; look at the log for the channel that fails` }
    }),
    look(async () => nagiosCheck(await deps.heartbeat(), deps.clock.now())),
    look(() => skewCheck(deps)),
  ])
  const clock = clockCheck(deps.ahead())
  const ready = [store, deadlines, clock].every((check) => check.ok)
  return { ready, checks: { store, deadlines, effects, nagios, clock, skew, ...deps.chats() } }
}

async function look(check: () => Promise<Check>): Promise<Check> {
  try {
    return await check()
  } catch (thrown) {
    return { ok: false, text: reasonOf(thrown) }
  }
}

function clockCheck(ahead: Duration): Check {
  if (ahead <= aheadMost) return { ok: true }
  return {
    ok: false,
    text: `the bot's clock is ${printDuration(ahead)} ahead: this machine's was set back. See that it is right now, then restart the bot; what waits is brought back to now by that`,
  }
}

/** A clock that all processes share differs from none. Not for load balancers: when it is Redis' clock that is wrong, all bots differ from it. */
async function skewCheck({ store, clock: { shown } }: ReadinessDeps): Promise<Check> {
  if (shown === undefined) return { ok: true }
  const asked = shown()
  const time = await store.time()
  const answered = shown()
  // It was so late there at some moment between the two.
  const ahead = time < asked ? asked - time : Math.min(0, answered - time)
  if (Math.abs(ahead) <= skewMost) return { ok: true }
  return {
    ok: false,
    text: `this machine's clock is ${printDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the one of Redis' machine: bots that share a Redis, and people, see different times. Run NTP on both (timedatectl set-ntp true), then look again`,
  }
}

function nagiosCheck(last: Instant | undefined, now: Instant): Check {
  if (last === undefined)
    return { ok: true, text: 'no heartbeat since the start; nagios/check_dr_bot sends one' }
  const silent = now - last
  if (silent <= silentNagios) return { ok: true }
  return {
    ok: false,
    text: `Nagios has been silent for ${printDuration(silent)}: is it running, and does check_dr_bot reach the bot?`,
  }
}
