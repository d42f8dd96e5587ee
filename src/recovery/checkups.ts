// Looks again and again whether the recoveries of the plan could be carried out, one bot of several, and says what changed.
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Effect } from '../effect.ts'
import type { Clock, Log, Providers, Store } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { createCalls } from './calls.ts'
import { Checkup, checkRecoveries, missingOf, systemsReadiness, unknownOf } from './checkup.ts'
import type { ReadinessState, SystemReadiness } from './checkup.ts'
import { mayHaveChanged } from './run.ts'

export interface CheckupsDeps {
  readonly store: Pick<Store, 'setting' | 'putSetting' | 'once' | 'runs' | 'incidents' | 'commit'>
  readonly providers: Providers
  readonly readers: Readers
  readonly plan: () => DrPlan
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  /** The chats in which changes are announced. */
  readonly chats: readonly string[]
  /** Starts the effects of a fresh commit in this process, without waiting for them. */
  readonly kick: (effects: readonly Effect[]) => void
  /** From one look to the next; 0: never. */
  readonly every: Duration
}

/** The store's setting that holds the last look of whichever process. */
const setting = 'recovery-checkup'
/** A start has more urgent things to do, and a bot that restarts in a circle must not use up the providers' limits. */
const afterStart: Duration = 30 * second
/** What differs from what people know is looked at again so soon: one bad moment of a provider is no news. */
const lookAgain: Duration = 2 * minute
/** Who began to look and died: another looks after so long, in real time. */
const claimFor: Duration = 5 * minute
/** How far back earlier runs are read, for how long a recovery takes. */
const historyLimit = 200

/** How many of the newest runs and incidents are looked through for what has happened since the last look. */
const newest = 20

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
  const { store, clock, every } = deps
  const calls = createCalls(deps.providers, deps.readers)
  const startedAt = clock.now()
  return async () => {
    const now = clock.now()
    if (every === 0 || now - startedAt < afterStart) return
    const text = await store.setting(setting)
    const before = parsed(text)
    const plan = deps.plan()
    const pause = before && isSettled(before, plan) ? every : Math.min(every, lookAgain)
    if (before && Math.abs(now - before.at) < pause && !(await hasChanged(deps, before))) return
    if (!(await store.once(`${setting}:${before?.at ?? 'first'}`, claimFor))) return
    const history = await store.runs({ open: false, limit: historyLimit })
    const seen = await checkRecoveries({ plan, calls, setting: store.setting, now, history })
    const { told, changes } = newsOf(before, seen, plan)
    // First what is to be told: who dies in between leaves the look to another one, whose words have the same names.
    await announce(deps, changes, before)
    if ((await store.putSetting(setting, text, JSON.stringify({ ...seen, told }))) === 'conflict') return
    log(deps, changes)
  }
}

/**
 * Runs that have ended since then have changed what was looked at: addresses, TTLs, what is in force, what is ready; and
 * an outage that has begun since then is no time for an old look.
 */
async function hasChanged({ store }: CheckupsDeps, { at }: Checkup): Promise<boolean> {
  const [runs, open] = await Promise.all([
    store.runs({ open: false, limit: newest }),
    store.incidents({ open: true, limit: newest }),
  ])
  if (open.some(({ openedAt }) => openedAt > at)) return true
  return runs.some((run) => mayHaveChanged(run) && 'endedAt' in run && run.endedAt >= at)
}

type Told = NonNullable<Checkup['told']>

/** Whether the last look found what people know. */
function isSettled(last: Checkup, plan: DrPlan): boolean {
  return lookedAt(last, plan).every(({ system, state }) => state === (last.told?.[system] ?? 'ready'))
}

/** What nobody can look at is no news: it is so because of the plan, and stands in `status`. */
function lookedAt(checkup: Checkup, plan: DrPlan): readonly SystemReadiness[] {
  return systemsReadiness(checkup, plan).map((one) =>
    one.state === 'not-known' ? { ...one, state: 'ready' } : one,
  )
}

/** A change that people do not know yet; `was`: what they know, nothing at first. */
interface Changed extends SystemReadiness {
  readonly was: ReadinessState | undefined
}

/** What two looks in a row have found, and people do not know. That all is ready at first is no news. */
function newsOf(
  before: Checkup | undefined,
  seen: Checkup,
  plan: DrPlan,
): { readonly told: Told; readonly changes: readonly Changed[] } {
  const last = before ? lookedAt(before, plan) : []
  const sure = lookedAt(seen, plan).filter(({ system, state }) =>
    last.some((one) => one.system === system && one.state === state),
  )
  const known = before?.told ?? {}
  const changes = sure
    .map((one) => ({ ...one, was: known[one.system] }))
    .filter(({ state, was }) => state !== (was ?? 'ready'))
  const told = { ...known, ...Object.fromEntries(sure.map(({ system, state }) => [system, state])) }
  return { told, changes }
}

/** In the common place of each chat; the same change has the same name in each process. */
async function announce(
  { store, chats, kick, clock }: CheckupsDeps,
  changes: readonly Changed[],
  before: Checkup | undefined,
): Promise<void> {
  const at = clock.now()
  const effects = changes.flatMap((change) =>
    chats.map((chat): Effect => {
      const key = `readiness-${change.system}-${change.state}-${before?.at ?? 'first'}-${chat}`
      return { key, body: { kind: 'announce', chat, text: changeText(change), at } }
    }),
  )
  if (effects.length === 0) return
  await store.commit({ write: undefined, effects })
  kick(effects)
}

function changeText({ system, state, recoveries }: Changed): string {
  if (state === 'ready') {
    const unknown = recoveries.some((one) => unknownOf(one).length > 0)
    if (!unknown) return `✅ ${system}: each recovery could be carried out again.`
    return `✅ ${system}: nothing is missing any more. Not all of it can be looked at: status ${system}`
  }
  const [first] = recoveries.flatMap((one) =>
    missingOf(one).map(({ what, text }) => `${one.recovery}: ${what}: ${text}`),
  )
  const names = recoveries.filter((one) => missingOf(one).length > 0).map(({ recovery }) => recovery)
  const what =
    state === 'partly'
      ? `${names.join(', ')} could not be carried out now, the other recoveries could`
      : 'no recovery could be carried out now'
  return `⚠️ ${system}: ${what}. ${first ?? ''} All that is missing: status ${system}`
}

/** Only what changed is said: it stands in `status` all the time. */
function log({ log: to }: CheckupsDeps, changes: readonly Changed[]): void {
  for (const { system, state, recoveries } of changes) {
    if (state === 'ready') {
      to.info('all recoveries of a system could be carried out again', { system })
      continue
    }
    to.warn('a recovery could not be carried out now; see it with: status SYSTEM', {
      system,
      missing: recoveries.flatMap((one) =>
        missingOf(one).map(({ what, text }) => `${one.recovery}: ${what}: ${text}`),
      ),
    })
  }
}
