// Looks again and again whether the recoveries of the plan could be carried out, one bot of several, and says what changed.
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Clock, Log, Providers, Store } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { createCalls } from './calls.ts'
import { Checkup, checkRecoveries, missingOf, systemsReadiness } from './checkup.ts'
import type { SystemReadiness } from './checkup.ts'

export interface CheckupsDeps {
  readonly store: Pick<Store, 'setting' | 'putSetting' | 'once' | 'runs'>
  readonly providers: Providers
  readonly readers: Readers
  readonly plan: () => DrPlan
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  /** From one look to the next; 0: never. */
  readonly every: Duration
}

/** The store's setting that holds the last look of whichever process. */
const setting = 'recovery-checkup'
/** A start has more urgent things to do, and a bot that restarts in a circle must not use up the providers' limits. */
const afterStart: Duration = 30 * second
/** Who began to look and died: another looks after so long, in real time. */
const claimFor: Duration = 5 * minute
/** How far back earlier runs are read, for how long a recovery takes. */
const historyLimit = 200

/** The last look; undefined when there was none, or it was written by another version. */
export async function readCheckup(store: Pick<Store, 'setting'>): Promise<Checkup | undefined> {
  return parsed(await store.setting(setting))
}

function parsed(text: string | undefined): Checkup | undefined {
  if (text === undefined) return undefined
  const read = Checkup.safeParse(JSON.parse(text))
  return read.success ? read.data : undefined
}

/** Looks when it is due. To be called often: it is cheap while nothing is due, and only one process does it then. */
export function createCheckups(deps: CheckupsDeps): () => Promise<void> {
  const { store, clock, log, every } = deps
  const calls = createCalls(deps.providers, deps.readers)
  const startedAt = clock.now()
  return async () => {
    const now = clock.now()
    if (every === 0 || now - startedAt < afterStart) return
    const text = await store.setting(setting)
    const before = parsed(text)
    if (before && now - before.at < every) return
    if (!(await store.once(`${setting}:${before?.at ?? 'first'}`, claimFor))) return
    const plan = deps.plan()
    const history = await store.runs({ open: false, limit: historyLimit })
    const after = await checkRecoveries({ plan, calls, setting: store.setting, now, history })
    if ((await store.putSetting(setting, text, JSON.stringify(after))) === 'conflict') return
    tell(log, before ? systemsReadiness(before, plan) : [], systemsReadiness(after, plan))
  }
}

/** Only what changed is said: it stands in `status` all the time. */
function tell(log: Log, before: readonly SystemReadiness[], after: readonly SystemReadiness[]): void {
  for (const { system, state, recoveries } of after) {
    const was = before.find((one) => one.system === system)?.state
    if (state === was) continue
    if (state === 'ready') {
      if (was !== undefined) log.info('all recoveries of a system could be carried out again', { system })
      continue
    }
    log.warn('a recovery could not be carried out now; see it with: status SYSTEM', {
      system,
      missing: recoveries.flatMap((one) =>
        missingOf(one).map(({ what, text }) => `${one.recovery}: ${what}: ${text}`),
      ),
    })
  }
}
