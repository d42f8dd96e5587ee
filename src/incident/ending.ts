// The end of an incident: it is resolved, and some time later its rooms are put away.
import { nameOf } from '../drplan/person-name.ts'
import type { Actor } from '../timeline/event.ts'
import { bare } from './alerts.ts'
import { stopAll } from './calls.ts'
import { bot, effect, happened } from './change.ts'
import type { Change, Moment } from './change.ts'
import { chatNames, isElsewhere, where, whoWhere } from './elsewhere.ts'
import { endWords } from './end-words.ts'
import type { Resolved } from './end-words.ts'
import type { Marks, Room } from './incident.ts'

/** Over: nobody is called any more, what else is broken is looked for, and the rooms stay for as long as the plan says. */
export function resolved(
  change: Change,
  end: { readonly by: string; readonly actor: Actor; readonly what?: string | undefined },
  moment: Moment,
): Change {
  const { by, actor, what } = end
  const quiet = stopAll(change, 'resolved', moment)
  const { id, marks, problems } = quiet.next
  const unseen = problems.open > 0 && marks.verified === undefined
  const name = nameOf(moment.policy.plan, by)
  const ended: Marks = unseen
    ? { ...marks, resolved: moment.now, byHand: { name, problems: problems.open, ...optionalWhat(what) } }
    : { ...marks, verified: marks.verified ?? moment.now, resolved: moment.now }
  const diagnosed =
    what === undefined || marks.diagnosed !== undefined ? ended : { ...ended, diagnosed: moment.now }
  const { close_rooms_after: after } = moment.policy.plan.after_recovery
  const next: Resolved = {
    ...bare(quiet.next),
    marks: diagnosed,
    rooms: quiet.next.rooms.map(untold),
    state: 'resolved',
    at: moment.now,
    by,
    ...optionalWhat(what),
    ...(quiet.next.rooms.some(isElsewhere) ? { closeAt: moment.now + after } : {}),
  }
  const text = `${id} is ${endWords(next)}`
  const said = happened({ ...quiet, next }, 'incident.resolved', {
    at: moment.now,
    by: actor,
    text,
    data: { by, open: problems.open },
  })
  return effect(
    said,
    { kind: 'release', incident: id },
    {
      kind: 'say',
      incident: id,
      closing: true,
      text: `${text}${unseen ? where(next, actor) : whoWhere(next, actor, moment.policy.plan)}`,
    },
    { kind: 'card', incident: id },
  )
}

/** Puts the rooms of an incident that has been over for long enough away; what was said in them can still be read. */
export function putAway(change: Change, moment: Moment): Change | undefined {
  const { next } = change
  if (next.state !== 'resolved' || next.closeAt === undefined || next.closeAt > moment.now) return undefined
  const { closeAt: _, ...rest } = next
  const open = next.rooms.filter((room) => isElsewhere(room) && room.state === 'open')
  const rooms = next.rooms.map((room) => (isElsewhere(room) ? closed(room) : room))
  const closing = open.map(({ chat }) => ({ kind: 'close-room', incident: next.id, chat }) as const)
  const put = effect({ ...change, next: { ...rest, rooms } }, ...closing)
  if (open.length === 0) return put
  const text = `Over for long enough: the room in ${chatNames(open)} is put away`
  return happened(put, 'room.closed', { at: moment.now, by: bot, text })
}

function optionalWhat(what: string | undefined): { readonly what?: string } {
  return what === undefined ? {} : { what }
}

/** Nobody is told any more that its chat is back. */
function untold(room: Room): Room {
  const { away: _, ...rest } = room
  return rest
}

function closed({ chat, link }: Room): Room {
  return { chat, state: 'closed', ...(link === undefined ? {} : { link }) }
}
