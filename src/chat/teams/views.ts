// The cards of incidents and runs as one person sees them in Teams, drawn when Teams asks for them.
import { runViewFor, viewFor } from '../../command/offered.ts'
import type { Onlooker } from '../../command/offered.ts'
import { roomView } from '../../incident/room.ts'
import { toIncidentId, toRunId } from '../../ids.ts'
import type { Card } from '../../message.ts'
import type { RoomView } from '../../ports.ts'
import type { ChatDeps } from '../joined.ts'
import type { Inbound } from './inbound/speak.ts'
import type { ReferenceBook } from './references.ts'
import { adaptiveCard } from './render/message.ts'

export interface ViewDeps extends Pick<ChatDeps, 'store' | 'plan' | 'runCard' | 'clock' | 'publicUrl'> {
  readonly references: Pick<ReferenceBook, 'read'>
}

/** Draws `INC-n` or `R-n` as it is now for somebody of the plan. */
export function createViews(deps: ViewDeps): Inbound['view'] {
  const { plan, references } = deps
  return async (about, person) => {
    const known = plan().people[person]
    if (known === undefined) return undefined
    const card = await cardOf(deps, about, { person, roles: known.roles, now: deps.clock.now() })
    if (card === undefined) return undefined
    const mri = (await references.read()).people[known.teams?.toLowerCase() ?? '']?.mri
    return adaptiveCard(card, {
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
  { store, plan, runCard, publicUrl }: ViewDeps,
  about: string,
  onlooker: Onlooker,
): Promise<Card | undefined> {
  const [incidentId, runId] = [toIncidentId(about), toRunId(about)]
  if (incidentId !== undefined) {
    const incident = (await store.incident(incidentId))?.state
    const { roles, now } = onlooker
    return (
      incident &&
      viewFor(roomCard(roomView(incident, { plan: plan(), now, publicUrl, chat: 'teams' })), roles)
    )
  }
  const run = runId && (await store.run(runId))?.state
  return run && runViewFor(runCard(run), run, onlooker)
}

function pageOf(publicUrl: string, about: string): string {
  return `${publicUrl}/${toRunId(about) === undefined ? 'incidents' : 'runs'}/${about.toUpperCase()}`
}
