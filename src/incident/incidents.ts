// The one load-decide-commit loop of incidents: whatever happens to one goes through here.
import { ConflictError, UserError, unlessNewer } from '../errors.ts'
import type { IncidentId, Instant } from '../ids.ts'
import type { ClaimChange, ObjectRecord, Versioned } from '../commit.ts'
import type { Effect, EffectBody } from '../effect.ts'
import type { Bells, Changes, Clock, Log, Store } from '../ports.ts'
import { reasonOf } from '../errors.ts'
import { chain } from '../timeline/chain.ts'
import { emptyHead } from '../timeline/event.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import type { Incident } from './incident.ts'
import type { IncidentInput, Incidents, Opening } from './input.ts'
import { begin, decide, wakeAt } from './decide.ts'
import { proofWords } from './end-words.ts'
import { createLines } from '../lines.ts'
import type { Change, Policy, Wish } from './change.ts'
import { hears, isFor } from './words.ts'

/** How often a decision is made again when others were faster. */
const tries = 20

export interface IncidentDeps {
  readonly store: Store
  readonly bells: Bells
  readonly changes: Changes
  readonly clock: Clock
  readonly log: Log
  readonly policy: () => Policy
  /** Starts the effects of a fresh commit in this process, without waiting for them. */
  readonly kick: (effects: readonly Effect[]) => void
}

/** What triage writes in the same commit as the incident it leads to. */
export interface Extra {
  readonly objects: readonly ObjectRecord[]
  readonly triaged: readonly string[]
  readonly claims: readonly ClaimChange[]
}

/** The loop, and the two single steps of it that triage takes with what it writes beside. */
export interface IncidentLoop extends Incidents {
  /** One try of an opening; throws ConflictError when the world moved. */
  readonly openWith: (opening: Opening, extra: Extra) => Promise<Incident>
  /** One try of an input on the version that was read; throws ConflictError when the world moved. */
  readonly inputWith: (read: Versioned<Incident>, input: IncidentInput, extra: Extra) => Promise<Incident>
}

const nothing: Extra = { objects: [], triaged: [], claims: [] }

/** The name of the claim that holds the newest incident of a system. */
export function systemClaim(system: string): string {
  return `system:${system}`
}

/** Joins decisions, store, bells and effects. */
export function createIncidents(deps: IncidentDeps): IncidentLoop {
  // Twenty people who note something in the same second must not win and lose by chance: here they stand in line.
  const inLine = createLines()
  return {
    open: (opening) => open(deps, opening),
    input: (id, input) => inLine(id, () => inputUntilDone(deps, id, input)),
    openWith: async (opening, extra) => {
      const change = begin(opening, deps.clock.now(), deps.policy())
      return write(deps, undefined, change, extra)
    },
    inputWith: (read, input, extra) => once(deps, read, input, extra),
  }
}

async function open(deps: IncidentDeps, opening: Omit<Opening, 'id'>): Promise<Incident> {
  const name = systemClaim(opening.system)
  let id: IncidentId | undefined
  for (let left = tries; left > 0; left -= 1) {
    const [holder = ''] = await deps.store.claims([name])
    const existing = holder === '' ? undefined : await unlessNewer(deps.store.incident(holder as IncidentId))
    // What is broken now must not wait for a newer version to come back.
    if (existing && existing.state.state !== 'resolved') return existing.state
    id ??= `INC-${await deps.store.nextNumber('INC')}`
    const change = begin({ ...opening, id }, deps.clock.now(), deps.policy())
    try {
      return await write(deps, undefined, change, { ...nothing, claims: [{ name, from: holder, to: id }] })
    } catch (thrown) {
      if (!(thrown instanceof ConflictError)) throw thrown
    }
  }
  throw new ConflictError(
    `the incident of ${opening.system} changed ${tries} times while it was being opened`,
  )
}

async function inputUntilDone(deps: IncidentDeps, id: IncidentId, input: IncidentInput): Promise<Incident> {
  for (let left = tries; left > 0; left -= 1) {
    const read = await deps.store.incident(id)
    if (!read) throw new UserError('unknown-incident', `There is no ${id}. What there is: status`)
    try {
      return await once(deps, read, input, nothing)
    } catch (thrown) {
      if (!(thrown instanceof ConflictError)) throw thrown
    }
  }
  throw new ConflictError(`${id} changed ${tries} times while it was being changed`)
}

async function once(
  deps: IncidentDeps,
  read: Versioned<Incident>,
  input: IncidentInput,
  extra: Extra,
): Promise<Incident> {
  const decision = decide(read.state, input, deps.clock.now(), deps.policy())
  if (decision.kind === 'refused') throw new UserError(decision.code, decision.message)
  if (decision.kind === 'same') return read.state
  return write(deps, read, decision, extra)
}

async function write(
  deps: IncidentDeps,
  read: Versioned<Incident> | undefined,
  change: Change,
  extra: Extra,
): Promise<Incident> {
  const { next } = change
  const { id } = next
  const version = read?.version ?? 0
  const head = read ? await deps.store.head(id) : emptyHead
  const now = deps.clock.now()
  const rings = wakeAt(next)
  const events = chain(head, id, change.events)
  const end = events.at(-1) ?? head
  const effects = keyed(change, version + 1, { at: now, seq: end.seq, hash: end.hash })
  const outcome = await deps.store.commit({
    write: { kind: 'incident', id, expected: version, next, wakeAt: rings },
    timeline: { id, head, events },
    effects,
    ...extra,
  })
  if (outcome === 'conflict') throw new ConflictError(`${id} was changed by somebody else`)
  deps.kick(effects)
  deps.changes.tell(id)
  if (next.state === 'resolved' && read?.state.state !== 'resolved') noteEnd(deps, id, events.at(-1))
  if (rings !== undefined && (!read || rings !== wakeAt(read.state))) ring(deps, id, rings)
  return next
}

/** Outside the store, so that a record that was written again as a whole can be told from the true one. */
function noteEnd({ log }: IncidentDeps, id: IncidentId, last: TimelineEvent | undefined): void {
  if (last)
    log.info('an incident has ended; its record up to here has this hash', {
      id,
      events: last.seq,
      hash: last.hash,
    })
}

/** A lost bell is found by the sweep; that it was lost is worth a line in the log. */
function ring(deps: IncidentDeps, id: IncidentId, at: number): void {
  deps.bells.set(id, at).catch((thrown: unknown) => {
    deps.log.warn('bell not set; the sweep will find the deadline', { id, at, reason: reasonOf(thrown) })
  })
}

/** Of what words tell: since when, and up to which event of the record, which has that hash. */
interface Told {
  readonly at: Instant
  readonly seq: number
  readonly hash: string
}

/** Pages come first; a card, which only ever shows the newest state, has one key for all commits. */
function keyed(change: Change, version: number, moment: Told): readonly Effect[] {
  const { id } = change.next
  // Words are as old as the events they tell of: whoever is told later is told from there on.
  const at = Math.min(moment.at, ...change.events.map((event) => event.at))
  const bodies = change.effects.flatMap((wish) => placed(change.next, wish, { ...moment, at }))
  const sorted = [
    ...bodies.filter((body) => body.kind === 'page'),
    ...bodies.filter((body) => body.kind !== 'page'),
  ]
  const effects = sorted.map((body, index): Effect => {
    const stable = body.kind === 'card' || body.kind === 'catch-up'
    return { key: stable ? `${id}-${body.kind}-${body.chat}` : `${id}-v${version}-${index + 1}`, body }
  })
  return [...new Map(effects.map((each) => [each.key, each])).values()]
}

/**
 * One effect for each room: what one chat cannot do for now does not keep the others from it. A room that opens later
 * is shown the card then.
 */
function placed({ id, rooms }: Incident, wish: Wish, { at, seq, hash }: Told): readonly EffectBody[] {
  if (wish.kind === 'card')
    return rooms.filter((room) => room.state === 'open').map(({ chat }) => ({ ...wish, chat }))
  if (wish.kind !== 'say') return [wish]
  const { except: _, to: __, closing, ...said } = wish
  const words = closing ? { ...said, text: `${said.text}\n${proofWords(id, hash)}` } : said
  return rooms
    .filter((room) => hears(room) && isFor(wish, room))
    .map(({ chat }) => ({ ...words, chat, at, seq }))
}
