// The home tab: what is open, what waits for the reader, and their shifts, drawn again whenever they look.
import { nameOf } from '../../../drplan/person-name.ts'
import { viewFor } from '../../../command/offered.ts'
import { uneasyLines, readWarnings } from '../../../command/warnings.ts'
import type { DrPlan } from '../../../drplan/schema.ts'
import { reasonOf } from '../../../errors.ts'
import type { Duration, Instant, PersonId } from '../../../ids.ts'
import { incidentCard } from '../../../incident/card.ts'
import { mostUrgentFirst } from '../../../incident/urgency.ts'
import type { Card, Line } from '../../../message.ts'
import { onCall, schedule } from '../../../oncall/shift.ts'
import { readFrozen } from '../../../recovery/freeze.ts'
import { mayApprove } from '../../../recovery/verdicts.ts'
import { homeView } from '../render/home.ts'
import type { HomeParts } from '../render/home.ts'
import { cardBlocks } from '../render/message.ts'
import type { HomeView } from '../render/blocks.ts'
import { storeDown } from './speak.ts'
import type { Inbound } from './speak.ts'

/** How far ahead a shift is looked for. */
const ahead: Duration = 60 * 24 * 3_600_000

/** Draws the home tab of somebody. Best effort: it never rejects. */
export async function publishHome(inbound: Inbound, user: string): Promise<void> {
  try {
    const view = await homeFor(inbound, user)
    await inbound.api.call('views.publish', { user_id: user, view }, { lane: 'room' })
  } catch (thrown) {
    inbound.log.warn('a home tab could not be drawn', { reason: reasonOf(thrown) })
  }
}

async function homeFor(inbound: Inbound, user: string): Promise<HomeView> {
  const known = await inbound.identity.personOf(user)
  if ('refusal' in known) return saying(known.refusal)
  try {
    return homeView(await partsFor(inbound, known.person))
  } catch (thrown) {
    inbound.log.warn('the home tab cannot show what the store knows', { reason: reasonOf(thrown) })
    return saying(storeDown(inbound))
  }
}

/** A tab that says one thing. */
function saying(card: Card): HomeView {
  return { type: 'home', blocks: cardBlocks(card) }
}

async function partsFor(inbound: Inbound, person: PersonId): Promise<HomeParts> {
  const now = inbound.clock.now()
  const plan = inbound.plan()
  const [open, runs, frozen] = await Promise.all([
    inbound.store.incidents({ open: true, limit: 50 }),
    inbound.store.runs({ open: true, limit: 50 }),
    readFrozen(inbound.store),
  ])
  const warnings = await readWarnings(inbound.store, open)
  const roles = plan.people[person]?.roles ?? []
  return {
    open: mostUrgentFirst(open).map((incident) => viewFor(incidentCard(incident, { plan, now }), roles)),
    approvals: runs
      .filter((run) => mayApprove(run, person, roles, now))
      .map((run) => viewFor(inbound.runCard(run), roles)),
    shift: shiftLines(plan, person, now),
    notes: frozen === undefined ? [] : [[`Recoveries are frozen by ${nameOf(plan, frozen.by)}.`]],
    uneasy: uneasyLines(warnings),
    more: inbound.publicUrl,
  }
}

/** Who is on call now, and the reader's own next turn. */
function shiftLines(plan: DrPlan, person: PersonId, now: Instant): readonly Line[] {
  const rotations = plan.oncall.rotations.map(({ name }) => name)
  const current = rotations.map((name): Line => {
    const shift = onCall(plan, name, now)
    if (shift === undefined) return [{ strong: name }, ': nobody']
    const who = shift.person === person ? 'you' : nameOf(plan, shift.person)
    return [{ strong: name }, `: ${who}, until `, { at: shift.until, show: 'date-time' }]
  })
  const coming = rotations.flatMap((name) =>
    schedule(plan, name, now, now + ahead)
      .filter((shift) => shift.person === person && shift.from > now)
      .map(({ from }) => ({ name, from })),
  )
  const [next] = coming.toSorted((a, b) => a.from - b.from)
  if (next === undefined) return current
  return [
    ...current,
    ['Your next turn: ', { strong: next.name }, ' from ', { at: next.from, show: 'date-time' }],
  ]
}
