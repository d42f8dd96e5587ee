// The room of an incident: what it shows, who belongs into it, and what became of opening it.
import type { PersonId } from '../ids.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { RoomView } from '../ports.ts'
import { incidentCard, stateText } from './card.ts'
import type { CardView } from './card.ts'
import { bot, effect, happened, nameOf, patch } from './change.ts'
import type { Change, Moment } from './change.ts'
import type { Incident, Room, Target } from './incident.ts'
import type { IncidentInput } from './input.ts'

/** What a room shows beside its messages, as it should be now. */
export function roomView(incident: Incident, view: CardView & { readonly publicUrl: string }): RoomView {
  const { plan, publicUrl } = view
  const has =
    incident.engineer === undefined ? 'nobody has it yet' : `${nameOf(plan, incident.engineer)} has it`
  const state = stateText(incident)
  const page = `${publicUrl}/incidents/${incident.id}`
  const runbook = plan.systems[incident.system]?.runbook
  return {
    card: incidentCard(incident, view),
    topic: `${incident.id} · ${incident.system} · ${incident.state === 'paging' ? state : `${state} · ${has}`}`,
    people: peopleOf(incident),
    groups: groupsOf(incident, plan),
    links: [
      { title: 'Console', link: page },
      ...(runbook === undefined ? [] : [{ title: `Runbook of ${incident.system}`, link: runbook }]),
      { title: 'Report', link: `${page}/report` },
    ],
  }
}

/** Everybody who was called or has it, in the order of their coming. */
function peopleOf({ pages, engineer, openedBy }: Incident): readonly PersonId[] {
  const opener = openedBy === 'nagios' ? [] : [openedBy]
  return [...new Set([...opener, ...pages.map((page) => page.person), ...(engineer ? [engineer] : [])])]
}

function groupsOf({ calls }: Incident, plan: DrPlan): readonly string[] {
  return calls.flatMap(({ target }) => groupIn(target)).filter((name) => Object.hasOwn(plan.groups, name))
}

function groupIn(target: Target): readonly string[] {
  return target.startsWith('group:') ? [target.slice(6)] : []
}

type News = Extract<IncidentInput, { readonly kind: 'room' }>

/** What became of opening or furnishing a room; undefined when nothing is new. */
export function roomNews(change: Change, news: News, moment: Moment): Change | undefined {
  const { chat, state, reason } = news
  const old = change.next.rooms.find((each) => each.chat === chat)
  const link = news.link ?? (state === 'open' ? old?.link : undefined)
  const left = news.left?.length ? news.left : undefined
  const told: Room = {
    chat,
    state,
    ...(link === undefined ? {} : { link }),
    ...(reason === undefined ? {} : { reason }),
    ...(left === undefined ? {} : { left }),
  }
  if (old && JSON.stringify(old) === JSON.stringify(told)) return undefined
  const rooms = [...change.next.rooms.filter((each) => each.chat !== chat), told]
  const known = patch(change, { rooms })
  const said =
    old?.state === state && old.link === link && old.reason === reason
      ? known
      : happened(known, state === 'open' ? 'room.open' : 'room.failed', {
          at: moment.now,
          by: bot,
          text:
            state === 'open'
              ? `Room open in ${chat}`
              : `No room in ${chat} yet: ${reason ?? 'no reason given'}; trying again`,
        })
  return effect(said, { kind: 'card', incident: change.next.id })
}
