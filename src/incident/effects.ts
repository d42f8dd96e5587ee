// Doing an incident's effects: pages, the acknowledgement at Nagios, the news of a run; its rooms have a file of their own.
import { UserError, isPassing } from '../errors.ts'
import { second } from '../ids.ts'
import type { Duration, IncidentId, PersonId } from '../ids.ts'
import type { EffectBody } from '../effect.ts'
import type { NagiosCommands, Pager, Store } from '../ports.ts'
import type { Person } from '../drplan/schema.ts'
import type { Channel, Incident, Page, PageStep } from './incident.ts'
import type { Performers } from './tries.ts'
import type { Tried } from './page-card.ts'
import { newsMessage, pageMessage } from './page-message.ts'
import { roomEffects, viewOf } from './room-effects.ts'
import type { RoomDeps } from './room-effects.ts'

export interface EffectDeps extends RoomDeps {
  readonly store: Pick<Store, 'incident' | 'objectsOf' | 'run' | 'runs' | 'timeline'>
  readonly pagers: readonly Pager[]
  readonly nagios: NagiosCommands | undefined
  /** Counts pages: how long a channel took, and how long the first page of an incident took since its alert. */
  readonly measured: {
    readonly page: (channel: Channel, outcome: 'sent' | 'failed', took: Duration) => void
    readonly alertToPage: (took: Duration) => void
  }
}

type Body<K extends EffectBody['kind']> = Extract<EffectBody, { readonly kind: K }>

/** GoAlert's figure: three tries on one channel before the next has its turn. */
const pageTries = 3
const tellTries = 5
/**
 * How long one try of a page may take, in real milliseconds. Nobody who is called waits for it: the next channel has its
 * turn after 5 s (pages.ts). Each pager has limits of its own, and this one lets it come to them: to cut off a message
 * that is about to be taken means to send it twice, or never. Chats give each call 4 s, and a page is up to three of
 * them; e-mail has 30 s in all.
 */
const pageTimeouts: Readonly<Partial<Record<Channel, Duration>>> = { chat: 13 * second, email: 32 * second }
const usualPageTimeout = 10 * second
/** The newest runs among which those of an incident are looked for. */
const runsRead = 50
/** The first level is called before anything can have been tried. */
const nothingTried: Tried = { runs: [], events: [] }
/** Objects acknowledged at Nagios for one incident; the incident, not each of a thousand alerts, is what somebody has. */
const acknowledged = 50

/** How the effects of incidents are done; the runs' and triage's own come from there. */
export function incidentEffects(deps: EffectDeps): Omit<Performers, 'advance' | 'release'> {
  return {
    page: {
      perform: (body, key, signal) => page(deps, body, key, signal),
      tries: pageTries,
      timeout: ({ channel }) => pageTimeouts[channel] ?? usualPageTimeout,
      giveUp: (body, reason) => pageFailed(deps, body, reason),
      // The next channel and the next person have their turn, but a chat that is back still pages everybody whom nobody
      // has answered for. Only a chat: it looks for a message whose answer was lost before it is sent again.
      keeps: ({ channel }, thrown) => channel === 'chat' && isPassing(thrown),
    },
    ...roomEffects(deps),
    'tell-nagios': {
      perform: (body, _key, signal) => tellNagios(deps, body, signal),
      tries: 5,
      giveUp: (body, reason) => told(deps, body.incident, false, `Nagios was not told: ${reason}`),
    },
    tell: {
      perform: (body, key, signal) => tell(deps, body, key, signal),
      tries: tellTries,
      // The room and the card say it, too; that it did not arrive is in the log.
      giveUp: async () => {},
    },
    'run-news': { perform: (body) => runNews(deps, body) },
  }
}

async function page(deps: EffectDeps, body: Body<'page'>, key: string, signal: AbortSignal): Promise<void> {
  const incident = (await deps.store.incident(body.incident))?.state
  const page = incident?.pages.find((each) => each.id === body.page)
  // Somebody may have answered between the decision and now: what is asked of the state just before sending counts.
  const outcome = page?.steps[body.step]?.outcome
  if (!incident || !page || page.stopped || !isWanted(outcome, body.channel)) return
  const pager = deps.pagers.find((each) => each.channel === body.channel)
  if (!pager) throw new UserError('no-pager', `${body.channel} is not set up at the bot; see .env.example`)
  const to = addressOf(deps.plan().people[body.person], body.channel, body.person)
  const tried = page.level > 0 ? await triedFor(deps, incident.id) : nothingTried
  const message = pageMessage(incident, { key, page, tried }, viewOf(deps))
  const out = await pager.send(body.person, to, message, signal)
  if (outcome !== 'sent') await pageSent(deps, body, page)
  await out?.others
}

/** What is out already is sent again only for chats that have not taken it: each of them shows the same page once. */
function isWanted(outcome: PageStep['outcome'], channel: Channel): boolean {
  return outcome === 'ordered' || outcome === 'failed' || (outcome === 'sent' && channel === 'chat')
}

async function pageSent(deps: EffectDeps, body: Body<'page'>, page: Page): Promise<void> {
  const now = deps.clock.now()
  deps.measured.page(body.channel, 'sent', now - (page.steps[body.step]?.at ?? now))
  const told = await deps.incidents.input(body.incident, {
    kind: 'page-result',
    page: body.page,
    step: body.step,
    outcome: 'sent',
  })
  if (firstOfAll(told)) deps.measured.alertToPage(now - told.marks.detected)
}

/** What somebody who is called later wants to know: the runs of this incident, oldest first, and its record. */
async function triedFor({ store }: EffectDeps, id: IncidentId): Promise<Tried> {
  const [runs, events] = await Promise.all([store.runs({ open: false, limit: runsRead }), store.timeline(id)])
  return { runs: runs.filter((run) => run.incident === id).toReversed(), events }
}

/** The page that was just sent is the first of this outage that is out. */
function firstOfAll(incident: Incident): boolean {
  const sent = incident.pages.flatMap((page) => page.steps.filter((step) => step.outcome === 'sent'))
  return sent.length === 1 && incident.relapses === 0
}

/** A person's address on a channel; chat has the person's own id, since each chat knows its own address. */
function addressOf(person: Person | undefined, channel: Channel, id: PersonId): string {
  const addresses: Readonly<Record<Channel, string | undefined>> = {
    chat: id,
    email: person?.email,
    sms: person?.phone,
    voice: person?.phone,
    ntfy: person?.ntfy,
    webhook: person?.webhook,
  }
  const to = addresses[channel]
  if (to === undefined) throw new UserError('no-address', `the plan has no address of ${id} for ${channel}`)
  return to
}

async function tell(deps: EffectDeps, body: Body<'tell'>, key: string, signal: AbortSignal): Promise<void> {
  const { person, text } = body
  const incident = (await deps.store.incident(body.incident))?.state
  const pager = deps.pagers.find((each) => each.channel === 'chat')
  if (!incident || !pager) return
  await pager.send(person, person, newsMessage(incident, { key, text }, viewOf(deps)), signal)
}

async function pageFailed(deps: EffectDeps, body: Body<'page'>, reason: string): Promise<void> {
  const page = (await deps.store.incident(body.incident))?.state.pages.find((each) => each.id === body.page)
  const step = page?.steps[body.step]
  // One that is out in another chat has not failed.
  if (step?.outcome === 'failed' || step?.outcome === 'sent') return
  const now = deps.clock.now()
  deps.measured.page(body.channel, 'failed', now - (step?.at ?? now))
  await deps.incidents.input(body.incident, {
    kind: 'page-result',
    page: body.page,
    step: body.step,
    outcome: 'failed',
    reason,
  })
}

async function tellNagios(deps: EffectDeps, body: Body<'tell-nagios'>, signal: AbortSignal): Promise<void> {
  if (!deps.nagios) return
  const all = await deps.store.objectsOf(body.incident, acknowledged)
  const objects = all.filter((each) => each.bad && each.own === undefined)
  for (const { key } of objects) {
    const [host = key, service] = key.split(';')
    await deps.nagios.acknowledge(
      { host, ...(service === undefined ? {} : { service }) },
      body.author,
      body.comment,
      signal,
    )
  }
  if (objects.length > 0)
    await told(
      deps,
      body.incident,
      true,
      `Nagios knows: ${objects.map((each) => each.key).join(', ')} acknowledged`,
    )
}

async function told(deps: EffectDeps, id: IncidentId, ok: boolean, text: string): Promise<void> {
  await deps.incidents.input(id, { kind: 'nagios-told', ok, text })
}

async function runNews(deps: EffectDeps, body: Body<'run-news'>): Promise<void> {
  const { run, news, by, text, direction, system, recovery, seen, waits, followed, again, goesOn } = body
  const checkBy = deps.clock.now() + 60 * second
  await deps.incidents.input(body.incident, {
    kind: 'run-news',
    run,
    news,
    by,
    text,
    direction,
    checkBy,
    ...(system === undefined ? {} : { system }),
    ...(recovery === undefined ? {} : { recovery }),
    ...(seen === undefined ? {} : { seen }),
    ...(waits === undefined ? {} : { waits }),
    ...(followed === undefined ? {} : { followed }),
    ...(again === undefined ? {} : { again }),
    ...(goesOn === undefined ? {} : { goesOn }),
  })
}
