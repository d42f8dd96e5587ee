// Doing what concerns an incident's rooms: open, furnish, say, catch up, put away; each chat for itself.
import { RetryableError, reasonOf } from '../errors.ts'
import { minute, second } from '../ids.ts'
import type { IncidentId } from '../ids.ts'
import type { Card } from '../message.ts'
import type { EffectBody } from '../effect.ts'
import type { Chat, Clock, Store } from '../ports.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Run } from '../recovery/run.ts'
import { catchUpText } from './catch-up.ts'
import type { Policy } from './change.ts'
import type { Incident, Room } from './incident.ts'
import type { Incidents } from './input.ts'
import type { Performers } from './tries.ts'
import type { PageView } from './page-card.ts'
import { roomView } from './room.ts'
import { hears } from './words.ts'

export interface RoomDeps {
  readonly store: Pick<Store, 'incident' | 'run' | 'runs' | 'timeline'>
  readonly incidents: Pick<Incidents, 'input'>
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly chats: readonly Chat[]
  readonly publicUrl: string
  /** Whether a chat has an address of a person; absent: not known. */
  readonly reaches?: Policy['reaches'] | undefined
  readonly runCard: (run: Run) => Card
}

type RoomKind = 'room' | 'card' | 'run-card' | 'say' | 'announce' | 'catch-up' | 'close-room'
type Body<K extends RoomKind> = Extract<EffectBody, { readonly kind: K }>

/** Slack and Teams allow about one change a second in a channel for everything; a card is worth one in three. */
const every = 3 * second
/** A room is made of many calls, each of which may be slow; in real milliseconds. */
const timeout = 25 * second
/** After so many tries words wait for the chat to be back, and are told with all that follow. */
const sayTries = 5

/** So many open runs are looked through for those of one incident. */
const openRuns = 50

/** For so long an announcement waits for a chat that is away. */
const newsFor = 120 * minute

/** How the effects of rooms are done. */
export function roomEffects(deps: RoomDeps): Pick<Performers, RoomKind> {
  return {
    room: { perform: (body, _key, signal) => room(deps, body, signal), timeout },
    card: { perform: (body, _key, signal) => card(deps, body, signal), every, timeout },
    'run-card': { perform: (body, _key, signal) => runCardIn(deps, body, signal), every, timeout },
    say: {
      perform: (body, key, signal) => say(deps, body, key, signal),
      tries: sayTries,
      timeout,
      giveUp: (body, reason) => unsaid(deps, body, reason),
    },
    announce: { perform: (body, key, signal) => announce(deps, body, key, signal), timeout },
    'catch-up': { perform: (body, key, signal) => catchUp(deps, body, key, signal), every, timeout },
    'close-room': { perform: (body, _key, signal) => closeRoom(deps, body, signal), timeout },
  }
}

/** What cards are drawn from, now. */
export function viewOf({ plan, clock, publicUrl }: Pick<RoomDeps, 'plan' | 'clock' | 'publicUrl'>): PageView {
  return { plan: plan(), now: clock.now(), publicUrl }
}

interface Place {
  readonly incident: Incident
  readonly room: Room
  readonly chat: Chat
}

/** The room as it is now, and its chat; undefined when there is no such room, or its chat is not switched on any more. */
async function placeOf(
  { store, chats }: RoomDeps,
  at: { readonly incident: IncidentId; readonly chat: string },
): Promise<Place | undefined> {
  const incident = (await store.incident(at.incident))?.state
  const room = incident?.rooms.find((each) => each.chat === at.chat)
  const chat = chats.find((each) => each.name === at.chat)
  return incident && room && chat ? { incident, room, chat } : undefined
}

/** The same, if the room is open. */
async function openPlaceOf(
  deps: RoomDeps,
  at: Body<'card' | 'say' | 'catch-up'>,
): Promise<Place | undefined> {
  const place = await placeOf(deps, at)
  return place?.room.state === 'open' ? place : undefined
}

async function room(deps: RoomDeps, body: Body<'room'>, signal: AbortSignal): Promise<void> {
  const place = await placeOf(deps, body)
  // It may have been put away before it could ever be opened.
  if (!place || place.room.state === 'closed') return
  const { incident, chat } = place
  try {
    const { link } = await chat.openRoom(incident, signal)
    await deps.incidents.input(incident.id, { kind: 'room', chat: chat.name, state: 'open', link })
  } catch (thrown) {
    const reason = reasonOf(thrown)
    await deps.incidents.input(incident.id, { kind: 'room', chat: chat.name, state: 'failed', reason })
    const after = thrown instanceof RetryableError ? thrown.after : undefined
    throw new RetryableError(`no room in ${chat.name} yet: ${reason}`, {
      cause: thrown,
      ...(after === undefined ? {} : { after }),
    })
  }
}

async function card(deps: RoomDeps, body: Body<'card'>, signal: AbortSignal): Promise<void> {
  const place = await openPlaceOf(deps, body)
  if (!place) return
  const { incident, room, chat } = place
  const runs = (await deps.store.runs({ open: true, limit: openRuns })).filter(
    (run) => run.incident === incident.id,
  )
  const { reaches } = deps
  const view = roomView(incident, { ...viewOf(deps), chat: chat.name, runs, reaches })
  const { link, left, again, after } = await chat.showRoom(incident, view, signal)
  const moved = link !== undefined && link !== room.link
  if (moved || left.join() !== (room.left ?? []).join()) {
    const news = { kind: 'room', chat: chat.name, state: 'open', left } as const
    await deps.incidents.input(incident.id, link === undefined ? news : { ...news, link })
  }
  if (again) {
    const text = `the room in ${chat.name} is not complete: ${left.join('; ') || 'the rest waits its turn'}`
    throw new RetryableError(text, after === undefined ? {} : { after })
  }
}

/** Shown where its incident is shown, once that is open; a run without an incident has its place in the chat itself. */
async function runCardIn(deps: RoomDeps, body: Body<'run-card'>, signal: AbortSignal): Promise<void> {
  const run = (await deps.store.run(body.run))?.state
  const chat = deps.chats.find((each) => each.name === body.chat)
  if (!run || !chat) return
  const place = run.incident && (await placeOf(deps, { incident: run.incident, chat: chat.name }))
  if (run.incident !== undefined && (!place || place.room.state === 'closed')) return
  if (place && place.room.state !== 'open')
    throw new RetryableError(`${run.incident} has no room in ${chat.name} yet`)
  await chat.showRun(run, deps.runCard(run), signal)
}

/**
 * Words may wait for their next try while later ones make the room miss some: a catch-up from those on has not told
 * them.
 */
function wasTold({ toldTo, toldSince = 0 }: Room, { seq, at }: Body<'say'>): boolean {
  return toldTo !== undefined && seq !== undefined && seq <= toldTo && at >= toldSince
}

async function say(deps: RoomDeps, body: Body<'say'>, key: string, signal: AbortSignal): Promise<void> {
  const place = await openPlaceOf(deps, body)
  if (!place) return
  const { incident, room, chat } = place
  // It was among what the room was told when it had missed some.
  if (wasTold(room, body)) return
  if (hears(room)) await chat.say(incident, body.text, key, signal)
  // Other words could not be said meanwhile: these come with them, not before them.
  else await unsaid(deps, body, 'others were not heard')
}

/** What is hours old is no news any more: `status` has it. */
async function announce(
  { chats, clock }: RoomDeps,
  { chat, text, at }: Body<'announce'>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  if (clock.now() - at > newsFor) return
  await chats.find((each) => each.name === chat)?.announce(text, key, signal)
}

async function unsaid(deps: RoomDeps, { incident, chat, at }: Body<'say'>, reason: string): Promise<void> {
  await deps.incidents.input(incident, { kind: 'unsaid', chat, at, reason })
}

/** The same words have the same key, so that a chat that has them already does not get them twice. */
async function catchUp(
  deps: RoomDeps,
  body: Body<'catch-up'>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const place = await openPlaceOf(deps, body)
  const missed = place?.room.missed
  if (!place || !missed) return
  const { incident, room, chat } = place
  const whole = await deps.store.timeline(incident.id)
  const events = whole.filter(({ seq }) => seq > (room.toldTo ?? 0))
  const text = catchUpText(incident, { chat: chat.name, since: missed.since, events }, deps.plan())
  if (text !== undefined) await chat.say(incident, text, `${key}-${missed.since}-${missed.until}`, signal)
  const [until, toldTo] = [missed.until, whole.at(-1)?.seq]
  await deps.incidents.input(incident.id, { kind: 'caught-up', chat: chat.name, until, toldTo })
}

/** Only what is still to be put away: a relapse may have taken the room back meanwhile. */
async function closeRoom(deps: RoomDeps, body: Body<'close-room'>, signal: AbortSignal): Promise<void> {
  const place = await placeOf(deps, body)
  if (place?.room.state === 'closed') await place.chat.closeRoom(place.incident, signal)
}
