// failover, failback, approve, deny, cancel, retry, runs, freeze, unfreeze: everything that concerns recoveries.
import { UserError } from '../../errors.ts'
import { blockedText } from '../../recovery/hurry.ts'
import { approvalText, runName } from '../../recovery/news.ts'
import { changedSince } from '../../recovery/still-so.ts'
import { approvalLine } from '../../recovery/summary.ts'
import { aboutRun, listing, moment, who } from '../answer.ts'
import { noteEverywhere } from '../everywhere.ts'
import { lateSections, readLate, soon } from '../late.ts'
import { optional } from '../read.ts'
import { verdictText } from '../verdict-words.ts'
import { frozenSection, isUnderWay } from './status.ts'
import type { RunId, SystemId } from '../../ids.ts'
import type { Line, Section } from '../../message.ts'
import type { Ask, Verdict } from '../../recovery/input.ts'
import type { Order, Run } from '../../recovery/run.ts'
import type { Actor } from '../../timeline/event.ts'
import type { Answer, CommandOf, Speaker } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'

type Verbs =
  | 'failover'
  | 'failback'
  | 'approve'
  | 'deny'
  | 'cancel'
  | 'retry'
  | 'runs'
  | 'freeze'
  | 'unfreeze'

export const recoveryHandlers: Handlers<Verbs> = {
  failover: (desk, command, speaker) => propose(desk, command, speaker),
  failback: (desk, command, speaker) => propose(desk, command, speaker),
  approve: async (desk, command, speaker) => {
    const typed = optional('typed', command.typed)
    return verdict(desk, command.run, speaker, { kind: 'approve', ...typed })
  },
  deny: async (desk, command, speaker) => {
    const reason = optional('reason', command.reason)
    return verdict(desk, command.run, speaker, { kind: 'deny', ...reason })
  },
  cancel: (desk, command, speaker) => verdict(desk, command.run, speaker, { kind: 'cancel' }),
  retry: (desk, command, speaker) => {
    const override = optional('override', command.override)
    return verdict(desk, command.run, speaker, { kind: 'retry', ...override })
  },
  runs: async (desk, command) => {
    if (command.run !== undefined) return aboutRun(desk, await readRun(desk, command.run))
    const [runs, frozen, late] = await Promise.all([
      desk.store.runs({ open: false, limit: 15 }),
      desk.runs.frozen(),
      readLate(desk),
    ])
    const columns = ['Run', 'Recovery', 'State', 'Asked for by', 'At']
    const rows = runs.map((run) => runRow(desk, run))
    const list =
      runs.length === 0 ? { lines: [['There was no recovery yet.']] } : { table: { columns, rows } }
    const before = [
      ...frozenSection(desk, frozen, runs),
      ...lateSections(desk, late),
      ...waitingSection(desk, runs),
    ]
    return listing('Recoveries', [...before, list], {
      runs,
      frozen: frozen ?? false,
      late,
    })
  },
  freeze: async (desk, command, speaker) => {
    const first = await desk.runs.freeze(actor(speaker), command.reason)
    const open = await desk.store.runs({ open: true, limit: 100 })
    const going = open.filter(isUnderWay)
    const why = command.reason === undefined ? '' : `: ${command.reason}`
    if (first) await noteEverywhere(desk, speaker, `Recoveries are frozen${why}.${goingText(going)}`)
    else if (why !== '') await noteEverywhere(desk, speaker, `Recoveries stay frozen${why}`)
    const frozen = await desk.runs.frozen()
    const data = { frozen: frozen ?? false, first, running: going.map(({ id }) => id) }
    const title = first ? 'Frozen' : 'Frozen already: the first freeze stands'
    return listing(title, frozenSection(desk, frozen, going), data)
  },
  unfreeze: async (desk, _command, speaker) => {
    const frozen = await desk.runs.frozen()
    await desk.runs.unfreeze(actor(speaker))
    if (frozen !== undefined) await noteEverywhere(desk, speaker, 'Recoveries may start again')
    const said = frozen === undefined ? 'Nothing was frozen.' : 'Recoveries may start again.'
    return listing(said, [], { frozen: false })
  },
}

/** What a freeze does not stop, for the rooms. */
function goingText(going: readonly Run[]): string {
  if (going.length === 0) return ''
  const each = going.map((run) => `${run.id} (${runName(run)})`).join(', ')
  return ` What was approved before goes on: ${each}. To stop it before its next step: ${going.map(({ id }) => `cancel ${id}`).join(', ')}`
}

type Without<V> = V extends unknown ? Omit<V, 'by'> : never
/** A verdict, without who says it. */
type Wanted = Without<Verdict>

/** What is said against a run in one of these changes nothing any more. */
const endedStates: readonly string[] = ['denied', 'expired', 'cancelled']

/** Approving and retrying look at the world first, like a proposal. */
async function verdict(desk: Desk, id: RunId, speaker: Speaker, wanted: Wanted): Promise<Answer> {
  const said: Verdict = { ...wanted, by: actor(speaker) }
  const before = (await desk.store.run(id))?.state
  const ended = endedStates.includes(before?.state ?? '')
  const late = ended && said.kind === 'deny' && said.reason !== undefined
  const work = desk.runs
    .verdict(id, said)
    .then(async (run) =>
      aboutRun(
        desk,
        run,
        late && run.over === undefined
          ? `${id} is ${run.state} already; your words are noted.`
          : `${id} ${verdictText(run, said, before, desk.plan())}.${await besides(desk, run, said)}${following(run)}`,
      ),
    )
  return soon(desk, work, {
    what: `${said.kind} ${id}`,
    speaker,
    incident: async () => (await desk.store.run(id))?.state.incident,
  })
}

/** What must be known of a run that goes on: until when its provider is not asked, and what is another by now. */
async function besides(desk: Desk, run: Run, { kind }: Verdict): Promise<string> {
  if (run.state !== 'running' || (kind !== 'cancel' && kind !== 'retry')) return ''
  const blocked = blockedText(run, desk.clock.now(), desk.plan().timezone)
  const since = kind === 'retry' ? await changedSince(desk, run) : []
  const known = blocked === undefined ? since : [blocked, ...since]
  return known.map((text) => ` ${text}.`).join('')
}

/** An answer is of the moment: where to look afterwards. */
function following(run: Run): string {
  return run.state === 'running' ? ` To see how it goes: runs ${run.id}` : ''
}

/** Proposes a recovery, or the way back; answers with its card, or that it will come. */
export async function propose(
  desk: Desk,
  command: CommandOf<'failover' | 'failback'>,
  speaker: Speaker,
  order?: Order,
): Promise<Answer> {
  const { options } = command
  const place = await placeOf(desk, command.system, speaker)
  const ask: Ask = {
    system: command.system,
    direction: command.verb,
    ...optional('recovery', command.verb === 'failover' ? command.to : undefined),
    ...optional('order', order),
    ...place,
    by: actor(speaker),
    overrides: options.overrides,
  }
  return soon(desk, proposed(desk, ask, options.yes), {
    what: `${command.verb} ${command.system}`,
    speaker,
    incident: async () => place.askedIn ?? place.incident,
  })
}

async function proposed(desk: Desk, ask: Ask, yes: boolean): Promise<Answer> {
  const { run, existing } = await desk.runs.propose(ask)
  if (yes && run.state === 'proposed' && run.proposal.risk === 'reversible') {
    const approved = await desk.runs.verdict(run.id, { kind: 'approve', by: ask.by })
    return aboutRun(desk, approved, `${run.id} is approved.${following(approved)}`, { existing })
  }
  const known = existing
    ? `This exists already as ${run.id} (${run.state}); nothing new was proposed.`
    : undefined
  return aboutRun(desk, run, yes ? (known ?? whyNotYes(run)) : known, { existing })
}

function whyNotYes(run: Run): string | undefined {
  if (run.state !== 'proposed') return undefined
  return `--yes confirms only what is reversible, so ${run.id} is not approved. ${approvalText(run)}`
}

/**
 * A recovery belongs to the open incident of its system, wherever it is asked for; while there is none, to the room's,
 * which is told of it and is not moved by it unless it is the system's own.
 */
async function placeOf(
  desk: Desk,
  system: SystemId,
  { incident: room }: Speaker,
): Promise<Pick<Ask, 'incident' | 'askedIn'>> {
  const open = await desk.store.incidents({ open: true, limit: 100 })
  const own = open.find((incident) => incident.system === system)?.id
  if (own === undefined || own === room) return optional('incident', room)
  return { incident: own, ...optional('askedIn', room) }
}

async function readRun(desk: Desk, id: RunId): Promise<Run> {
  const found = await desk.store.run(id)
  if (found === undefined)
    throw new UserError('unknown-run', `There is no ${id}. To see the runs, type: runs`)
  return found.state
}

/** A proposal lapses in minutes: until when it can be approved, and by whom. */
function waitingSection(desk: Desk, runs: readonly Run[]): readonly Section[] {
  const lines = runs.flatMap((run): readonly Line[] =>
    run.state === 'proposed'
      ? [
          [
            { code: run.id },
            ', ',
            { at: run.expiresAt, show: 'deadline' },
            '. ',
            ...approvalLine(run, desk.plan()),
          ],
        ]
      : [],
  )
  return lines.length === 0 ? [] : [{ heading: 'Waits for approval', lines }]
}

function runRow(desk: Desk, run: Run): readonly Line[] {
  return [
    [{ code: run.id }],
    [runName(run)],
    [run.state],
    [who(desk.plan(), run.askedBy)],
    [moment(run.askedAt)],
  ]
}

function actor(speaker: Speaker): Actor {
  return { person: speaker.person, door: speaker.door }
}
