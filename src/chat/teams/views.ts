// The cards of incidents and runs as one person sees them in Teams, drawn when Teams asks for them.
import { roomView } from '../../incident/room.ts'
import { toIncidentId, toRunId } from '../../ids.ts'
import type { Card } from '../../message.ts'
import type { RoomView } from '../../ports.ts'
import type { ChatDeps } from '../joined.ts'
import type { Inbound } from './inbound/speak.ts'
import type { ReferenceBook } from './references.ts'
import { adaptiveCard } from './render/message.ts'
import { viewFor } from './render/views.ts'

export interface ViewDeps extends Pick<ChatDeps, 'store' | 'plan' | 'runCard' | 'clock' | 'publicUrl'> {
  readonly references: Pick<ReferenceBook, 'read'>
}

/** Draws `INC-n` or `R-n` as it is now for somebody of the plan. */
export function createViews(deps: ViewDeps): Inbound['view'] {
  const { plan, references } = deps
  return async (about, person) => {
    const card = await cardOf(deps, about)
    const known = plan().people[person]
    if (card === undefined || known === undefined) return undefined
    const mri = (await references.read()).people[known.teams?.toLowerCase() ?? '']?.mri
    return adaptiveCard(viewFor(card, known.roles), {
      zone: plan().timezone,
      more: pageOf(deps.publicUrl, about),
      // A view that does not ask for it is never asked for again.
      ...(mri !== undefined && { refresh: { about, users: [mri] } }),
    })
  }
}

/** The card of a room, with what to have at hand: in Teams there is no other place for it. */
export function roomCard({ card, links }: RoomView): Card {
  const { buttons = [], links: own = [] } = card
  // What the card offers by itself, such as a way to another room or the report, stands there once.
  const there = [...buttons, ...own].map(({ label }) => label)
  const more = links.flatMap(({ title, link }) => (there.includes(title) ? [] : [{ label: title, link }]))
  return { ...card, links: [...own, ...more] }
}

async function cardOf(
  { store, plan, runCard, clock, publicUrl }: ViewDeps,
  about: string,
): Promise<Card | undefined> {
  const [incidentId, runId] = [toIncidentId(about), toRunId(about)]
  if (incidentId !== undefined) {
    const incident = (await store.incident(incidentId))?.state
    return (
      incident && roomCard(roomView(incident, { plan: plan(), now: clock.now(), publicUrl, chat: 'teams' }))
    )
  }
  const run = runId && (await store.run(runId))?.state
  return run && runCard(run)
}

function pageOf(publicUrl: string, about: string): string {
  return `${publicUrl}/${toRunId(about) === undefined ? 'incidents' : 'runs'}/${about.toUpperCase()}`
}
