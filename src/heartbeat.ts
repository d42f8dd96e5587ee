// When Nagios was last heard of, by whichever process of the bot it reached.
import { clockSkew } from './ahead.ts'
import { reasonOf } from './errors.ts'
import type { Instant } from './ids.ts'
import type { Clock, Log, Store } from './ports.ts'

export interface Heartbeat {
  readonly heard: () => void
  /** Undefined when Nagios has not been heard of since the start of this process. */
  readonly last: () => Promise<Instant | undefined>
}

/** The store's setting that holds the last instant. */
const setting = 'nagios-heartbeat'

export function createHeartbeat(deps: {
  readonly store: Pick<Store, 'setting' | 'putSetting'>
  readonly clock: Clock
  readonly log: Log
}): Heartbeat {
  const { store, clock, log } = deps
  const startedAt = clock.now()
  async function tell(at: Instant): Promise<void> {
    const before = await store.setting(setting)
    // A conflict means that another process has just heard it too.
    if (Number(before ?? 0) < at || Number(before) > at + clockSkew)
      await store.putSetting(setting, before, String(at))
  }
  return {
    heard: () => {
      tell(clock.now()).catch((thrown: unknown) => {
        log.warn('the heartbeat of Nagios could not be kept', { reason: reasonOf(thrown) })
      })
    },
    last: async () => {
      const last = Number((await store.setting(setting)) ?? 0)
      return last >= startedAt && last <= clock.now() + clockSkew ? last : undefined
    },
  }
}
