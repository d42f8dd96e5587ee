// When an outage is over, what it explained and what is still broken needs an incident of its own.
import { ConflictError } from '../errors.ts'
import type { IncidentId, SystemId } from '../ids.ts'
import type { Attached } from '../incident/input.ts'
import type { ObjectRecord } from '../commit.ts'
import type { View } from './meaning.ts'
import { place } from './place.ts'
import { countUp, deliver, look } from './triage.ts'
import type { TriageDeps } from './triage.ts'

const tries = 20
/** More than one Nagios watches. */
const objectsMost = 1_000_000
/** Objects that are brought to their incident in one commit. */
const objectsAtOnce = 1_000

/**
 * Opens (or joins) incidents for the broken objects of other systems that a resolved incident leaves behind. Twice is
 * harmless.
 */
export async function release(deps: TriageDeps, id: IncidentId): Promise<void> {
  for (let left = tries; left > 0; left -= 1) {
    try {
      await once(deps, id)
      return
    } catch (thrown) {
      if (!(thrown instanceof ConflictError)) throw thrown
    }
  }
  throw new ConflictError(
    `what ${id} explained could not be released: the incidents changed ${tries} times meanwhile`,
  )
}

async function once(deps: TriageDeps, id: IncidentId): Promise<void> {
  const ended = await deps.store.incident(id)
  if (ended?.state.state !== 'resolved') return
  const left = (await deps.store.objectsOf(id, objectsMost)).filter(
    (each) => each.bad && each.system !== ended.state.system,
  )
  const bySystem = Map.groupBy(left, (each) => each.system)
  const view = await look(
    deps,
    left.map((each) => each.key),
  )
  for (const [system, records] of bySystem) {
    for (let from = 0; from < records.length; from += objectsAtOnce) {
      const some = records.slice(from, from + objectsAtOnce)
      await bring(deps, view, { system, records: some, from: id })
    }
  }
}

async function bring(
  deps: TriageDeps,
  view: View,
  load: { readonly system: SystemId; readonly records: readonly ObjectRecord[]; readonly from: IncidentId },
): Promise<void> {
  const now = deps.clock.now()
  const newest = (system: SystemId) => view.newest.get(system)?.state
  const found = place(deps.policy().plan, load.system, newest, { now, at: now })
  const attached = load.records.map((record): Attached => {
    const text = `${record.key.replace(';', ' ')} is still ${record.state} after ${load.from} was resolved: ${record.output}`
    const { key, state, output } = record
    return {
      alert: '',
      key,
      system: load.system,
      state,
      output,
      at: now,
      since: record.at,
      change: 'broke',
      text,
    }
  })
  const to = found.kind === 'new' ? 'new' : found.incident
  await deliver(
    deps,
    view,
    { system: load.system, to, attached },
    { objects: load.records, triaged: [], claims: [countUp(view)] },
  )
  view.fence += 1
}
