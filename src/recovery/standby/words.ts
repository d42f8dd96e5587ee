// How the copy of a zone stands, in words: for status, dns show and the console.
import type { Duration, Instant } from '../../ids.ts'
import type { Line } from '../../message.ts'
import type { DrPlan } from '../../drplan/schema.ts'
import type { Store } from '../../ports.ts'
import type { Run } from '../run.ts'
import { standingRun } from './standing.ts'
import { readState, settingOf, standbyBlocks } from './state.ts'
import type { StandbyBlock, StandbyState } from './state.ts'

/** One standby zone of the plan, as it stands. */
export interface StandbyShown {
  readonly zone: string
  /** False when somebody should look: it is not in step, or was not for three turns. */
  readonly ok: boolean
  /** One line: in step since when, or why not. */
  readonly line: Line
  /** What is behind it: differences, what cannot be copied, where it would be exposed. */
  readonly more: readonly Line[]
  readonly state: StandbyState | undefined
}

/** After so many turns without success the copy counts as stale. */
const turnsMissed = 3

/**
 * All standby zones of the plan, from what the last sync wrote down, and which run has them in its hands now: the next
 * sync may be minutes away. Asks nobody outside.
 */
export async function readStandbys(
  store: Pick<Store, 'setting' | 'runs'>,
  plan: DrPlan,
  now: Instant,
): Promise<readonly StandbyShown[]> {
  return Promise.all(
    standbyBlocks(plan).map(async (block) => {
      const [text, run] = await Promise.all([
        store.setting(settingOf(block.zone)),
        standingRun(store, block.zone.toLowerCase()),
      ])
      return shownOf(block, asNow(readState(text), run), now)
    }),
  )
}

/** While a run stands the last turn's own problem says nothing: the standby differs on purpose. */
function asNow(state: StandbyState | undefined, run: Run | undefined): StandbyState | undefined {
  if (state === undefined || run === undefined) return state
  return { ...state, ...inStepBy(run, state), problem: leftAsItIs(run) }
}

/** A run that has brought the standby in step knows it later than the last turn. */
function inStepBy({ steps, direction }: Run, { inStepAt = 0 }: StandbyState): Pick<StandbyState, 'inStepAt'> {
  const synced = steps.flatMap(({ action, phase, endedAt }) =>
    direction === 'failover' && action.provider === 'standby-dns' && phase === 'done' && endedAt !== undefined
      ? [endedAt]
      : [],
  )
  const at = Math.max(inStepAt, ...synced)
  return at === 0 ? {} : { inStepAt: at }
}

function leftAsItIs(run: Run): string {
  return run.state === 'running' || run.state === 'unknown'
    ? `${run.id} is under way: the standby is left as it is until its end`
    : `${run.id} stands: the standby is left as it is until failback dns`
}

function shownOf(block: StandbyBlock, state: StandbyState | undefined, now: Instant): StandbyShown {
  const zone = block.zone.toLowerCase()
  const { inStepAt, problem, nameServers = [] } = state ?? {}
  const late = inStepAt === undefined || now - inStepAt > lateAfter(block)
  const name = `Standby zone ${zone} at Azure DNS: `
  const servers: readonly Line[] =
    nameServers.length === 0 ? [] : [['Its name servers: ', nameServers.join(', ')]]
  return {
    zone,
    ok: problem === undefined && !late,
    line: [name, ...standing(inStepAt, problem)],
    more: state ? [...servers, ...details(state)] : [],
    state,
  }
}

function lateAfter({ sync_every: every }: StandbyBlock): Duration {
  return every * turnsMissed
}

function standing(inStepAt: Instant | undefined, problem: string | undefined): Line {
  const since: Line =
    inStepAt === undefined
      ? ['not known to be in step: it was never synced']
      : ['in step as of ', { at: inStepAt, show: 'time' }, ', ', { at: inStepAt, show: 'ago' }]
  return problem === undefined ? since : [...since, `; now: ${problem}`]
}

function details({ differences, left, exposed, snapshot }: StandbyState): readonly Line[] {
  return [
    ...(snapshot
      ? [
          [
            `Snapshot of Cloudflare's zone: ${snapshot.records.length} records, taken `,
            { at: snapshot.takenAt, show: 'ago' },
          ] satisfies Line,
        ]
      : []),
    ...differences.map((text): Line => [`Differs: ${text}`]),
    ...left.map((text): Line => [`Cannot be copied: ${text}`]),
    ...(exposed.length === 0
      ? []
      : [[`Behind Cloudflare's proxy; the standby leads to the origin instead: ${exposed.join(', ')}`]]),
  ]
}
