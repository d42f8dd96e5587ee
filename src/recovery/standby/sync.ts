// Keeps the standby zone in step: reads the whole zone at Cloudflare, and changes what the bot itself made at the standby.
import { ConflictError, UserError, reasonOf } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import { minute } from '../../ids.ts'
import { createLines } from '../../lines.ts'
import type { Clock, Log, Providers, Store } from '../../ports.ts'
import { printDuration } from '../../drplan/duration.ts'
import type { DrPlan } from '../../drplan/schema.ts'
import type { Readers, StandbyZone, ZoneRecord } from '../../readers.ts'
import type { StandbyChange } from '../standby-action.ts'
import { createCalls } from '../calls.ts'
import type { Calls } from '../calls.ts'
import { compare, contentText } from './compare.ts'
import { lostMost, readState, settingOf, standbyBlocks } from './state.ts'
import type { StandbyBlock, StandbyState } from './state.ts'
import { standingRun } from './standing.ts'
import { absolute, translate } from './translate.ts'
import type { WantedSet } from './translate.ts'

interface SyncDeps {
  readonly store: Pick<Store, 'setting' | 'putSetting' | 'once' | 'runs'>
  readonly calls: Calls
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly log: Log
}

/** Record sets in one turn: few enough for the time that one call may take. */
const mostAtOnce = 25
/** Whoever took a turn has ended by then, or was cut off; in real milliseconds. */
const turn: Duration = 2 * minute
/** How often the result of a turn is written again when others were faster. */
const tries = 20
/** Differences that are kept for people; more are counted. */
const mostShown = 20

export interface StandbySync {
  /** Syncs every zone that is due and that no other process is at; what goes wrong is kept with the zone. */
  readonly due: () => Promise<void>
  /** Somebody asked: every zone, due or not. `accept`: even a zone that has lost most of its records. */
  readonly now: (accept: boolean) => Promise<void>
}

/** Joins the job with what it needs. `enabled`: false where Azure is not set up; then only somebody's word starts it. */
export function createStandbySync(
  parts: Omit<SyncDeps, 'calls'> & {
    readonly providers: Providers
    readonly readers: Readers
    readonly enabled: boolean
  },
): StandbySync {
  const { providers, readers, enabled, ...rest } = parts
  const deps: SyncDeps = { ...rest, calls: createCalls(providers, readers) }
  // One after the other: two at once would find each other's changes.
  const inLine = createLines()
  return {
    due: async () => {
      if (enabled) await inLine('sync', () => syncDue(deps))
    },
    now: (accept) => inLine('sync', () => syncNow(deps, accept)),
  }
}

async function syncDue(deps: SyncDeps): Promise<void> {
  for (const block of standbyBlocks(deps.plan())) await syncWhenDue(deps, block)
}

async function syncWhenDue(deps: SyncDeps, block: StandbyBlock): Promise<void> {
  const before = readState(await deps.store.setting(settingOf(block.zone)))
  if (before && Math.abs(deps.clock.now() - before.triedAt) < block.sync_every) return
  await takeTurn(deps, block, { before, accept: false })
}

/** Somebody waits for the answer: where another process is at the zone, he is told so. */
async function syncNow(deps: SyncDeps, accept: boolean): Promise<void> {
  const busy: string[] = []
  for (const block of standbyBlocks(deps.plan())) {
    const before = readState(await deps.store.setting(settingOf(block.zone)))
    if (!(await takeTurn(deps, block, { before, accept }))) busy.push(block.zone)
  }
  if (busy.length === 0) return
  throw new UserError(
    'sync-under-way',
    `Another process of the bot is just at ${busy.join(', ')}, and two at once would find each other's changes. See how it went: dns show. Then, if it is still wanted, within ${printDuration(turn)} at most: dns sync${accept ? ' --yes' : ''}`,
  )
}

/** One of several processes does it, and false says that it is another one. */
async function takeTurn(
  deps: SyncDeps,
  block: StandbyBlock,
  { before, accept }: { readonly before: StandbyState | undefined; readonly accept: boolean },
): Promise<boolean> {
  const zone = block.zone.toLowerCase()
  // The name is another one as soon as this turn is written down.
  if (!(await deps.store.once(`${settingOf(zone)}:${before?.triedAt ?? 0}`, turn))) return false
  const next = await syncOnce(deps, { ...block, zone }, before ?? nothingYet, accept)
  if (next.problem !== undefined && next.problem !== before?.problem)
    deps.log.warn('the standby zone is not in step', { zone, reason: next.problem })
  await keep(deps, zone, next)
  return true
}

/** Writes down how the zone stands, unless a later turn has done so already. */
async function keep({ store }: SyncDeps, zone: string, next: StandbyState): Promise<void> {
  const name = settingOf(zone)
  for (let left = tries; left > 0; left -= 1) {
    const text = await store.setting(name)
    if ((readState(text)?.triedAt ?? 0) >= next.triedAt) return
    if ((await store.putSetting(name, text, JSON.stringify(next))) === 'committed') return
  }
  throw new ConflictError(`how the zone ${zone} stands was written ${tries} times by others at the same time`)
}

const nothingYet: StandbyState = { triedAt: 0, differences: [], left: [], exposed: [], nameServers: [] }

/**
 * One whole turn; answers how the zone stands after it. `accept`: a zone that has lost most of its records is copied
 * all the same, since a person said so.
 */
async function syncOnce(
  deps: SyncDeps,
  block: StandbyBlock,
  before: StandbyState,
  accept: boolean,
): Promise<StandbyState> {
  const { problem: _, ...kept } = before
  // Two turns never have the same moment: it is what tells one from the next.
  const so = { ...kept, triedAt: Math.max(deps.clock.now(), before.triedAt + 1) }
  if (await standingRun(deps.store, block.zone)) return so
  let records: readonly ZoneRecord[]
  try {
    records = await readCloudflare(deps.calls, block.zone)
  } catch (thrown) {
    return { ...so, problem: reasonOf(thrown) }
  }
  const was = before.snapshot?.records.length ?? 0
  if (!accept && lostMost(was, records.length)) {
    return {
      ...so,
      problem: `Cloudflare shows ${records.length} records where there were ${was}: not copied, for a zone that lost most of its records was rather broken than changed. To copy it all the same: dns sync --yes`,
    }
  }
  const snapshot = { takenAt: deps.clock.now(), records }
  return copy(deps, block, { ...so, snapshot })
}

/** Both calls about Cloudflare's zone share one time limit: its API may be dead. */
export async function readCloudflare(calls: Calls, name: string): Promise<readonly ZoneRecord[]> {
  const signal = calls.limit()
  const zone = await calls.readers.dns.zone(name, signal)
  return calls.readers.dns.whole(zone, signal)
}

type WithSnapshot = StandbyState & { readonly snapshot: NonNullable<StandbyState['snapshot']> }

async function copy(deps: SyncDeps, block: StandbyBlock, state: WithSnapshot): Promise<StandbyState> {
  const { zone } = block
  const wanted = translate(zone, state.snapshot.records, undefined)
  const left = wanted.left.map(({ text }) => text)
  const so = { ...state, left, exposed: wanted.exposed }
  try {
    return await copyOnce(deps, block, so, wanted.sets)
  } catch (thrown) {
    // Another process of the bot may just have been at it: what is left to do is looked up again.
    if (!(thrown instanceof UserError)) return { ...so, problem: reasonOf(thrown) }
  }
  try {
    return await copyOnce(deps, block, so, wanted.sets)
  } catch (thrown) {
    return { ...so, problem: reasonOf(thrown) }
  }
}

async function copyOnce(
  { calls }: SyncDeps,
  { zone, resource_group: resourceGroup }: StandbyBlock,
  so: WithSnapshot,
  wanted: readonly WantedSet[],
): Promise<StandbyState> {
  const look = (): Promise<StandbyZone> =>
    calls.readers.standbyDns.zone({ resourceGroup, zone }, calls.limit())
  const { changes } = compare(zone, wanted, (await look()).sets)
  const refused: string[] = []
  for (const part of inParts(changes)) {
    const action = { provider: 'standby-dns', resourceGroup, zone, changes: part } as const
    await calls.start(action, 'sync', turn).catch((thrown: unknown) => {
      // What Azure does not take does not keep the rest of the zone from being copied.
      if (!(thrown instanceof UserError) || thrown.code !== 'azure-refused') throw thrown
      refused.push(thrown.message)
    })
  }
  const seen = await look()
  const after = compare(zone, wanted, seen.sets)
  const differences = [...after.byHand, ...after.changes.map((change) => changeText(zone, change))]
  const own = { ...so, nameServers: seen.nameServers, differences: shortened(differences) }
  if (differences.length === 0) return { ...own, inStepAt: so.snapshot.takenAt }
  const count = `${differences.length} record set${differences.length === 1 ? '' : 's'}`
  const why = refused.length === 0 ? '' : `: ${refused.join(' ')} Correct the record at Cloudflare`
  return { ...own, problem: `${count} of the standby differ from Cloudflare's${why}` }
}

/** Steps and turns of a size that one call can do in its time. */
export function inParts(changes: readonly StandbyChange[]): readonly (readonly StandbyChange[])[] {
  const count = Math.ceil(changes.length / mostAtOnce)
  return Array.from({ length: count }, (_, index) =>
    changes.slice(index * mostAtOnce, (index + 1) * mostAtOnce),
  )
}

function changeText(zone: string, { name, type, before, after }: StandbyChange): string {
  return `${absolute(zone, name)} ${type} is ${contentText(before)} and would have to be ${contentText(after)}`
}

function shortened(differences: readonly string[]): readonly string[] {
  if (differences.length <= mostShown) return differences
  return [...differences.slice(0, mostShown), `and ${differences.length - mostShown} more`]
}
