// ack, note, extend, escalate, resolve, open: what people say to an incident.
import { printDuration } from '../../drplan/duration.ts'
import { aboutIncident, who } from '../answer.ts'
import { optional } from '../read.ts'
import { problemCount } from '../../timeline/phases.ts'
import { whichIncident } from '../which.ts'
import { withRuns } from './status.ts'
import type { Instant } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { IncidentInput } from '../../incident/input.ts'
import type { Actor } from '../../timeline/event.ts'
import type { Answer, Speaker } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'
import type { AboutIncident } from '../which.ts'

type Verbs = 'ack' | 'note' | 'extend' | 'escalate' | 'resolve' | 'open'

export const incidentHandlers: Handlers<Verbs> = {
  ack: async (desk, command, speaker) => {
    const id = await whichIncident(desk, command, speaker)
    const before = (await desk.store.incident(id))?.state.engineer
    const incident = await desk.incidents.input(id, { kind: 'ack', by: actor(speaker) })
    const name = who(desk.plan(), incident.engineer ?? speaker.person)
    const had = before === undefined || before === speaker.person ? '' : who(desk.plan(), before)
    const yours = had === '' ? 'You have it' : `You have it now; ${had}, who had it, is told`
    const has = incident.engineer === speaker.person ? yours : `${name} has it; you are in it too`
    return withRuns(desk, incident, { said: `${has}. ${clock(incident, desk.clock.now())}`.trim() })
  },
  note: async (desk, command, speaker) => {
    const by = actor(speaker)
    const incident = await input(desk, command, speaker, {
      kind: 'note',
      by,
      text: command.text,
      ...optional('heardIn', speaker.heardIn),
    })
    return short(incident, `Noted in the timeline of ${incident.id}.`)
  },
  extend: async (desk, command, speaker) => {
    const { duration, reason } = command
    const by = actor(speaker)
    const incident = await input(desk, command, speaker, { kind: 'extend', by, duration, reason })
    return withRuns(desk, incident, { said: clock(incident, desk.clock.now()) })
  },
  escalate: async (desk, command, speaker) => {
    const by = actor(speaker)
    const reason = optional('reason', command.reason)
    const incident = await input(desk, command, speaker, { kind: 'escalate', by, ...reason })
    return withRuns(desk, incident, { said: `${incident.id} is escalated: the next level is being called.` })
  },
  resolve: async (desk, command, speaker) => {
    const by = actor(speaker)
    const what = optional('what', command.what)
    const id = await whichIncident(desk, command, speaker)
    const before = (await desk.store.incident(id))?.state.state
    const incident = await desk.incidents.input(id, { kind: 'resolve', by, ...what })
    if (before === 'resolved' && command.what !== undefined)
      return short(incident, `${id} is resolved already; your words are noted.`)
    const said = [
      `${incident.id} is resolved.`,
      ...stillBroken(incident),
      `For the review: report ${incident.id}`,
    ]
    return aboutIncident(desk, incident, said.join(' '))
  },
  open: async (desk, command, speaker) => {
    const { system, summary } = command
    const before = await desk.store.incidents({ open: true, limit: 100 })
    const incident = await desk.incidents.open({
      system,
      title: summary ?? `${system} is broken`,
      by: actor(speaker),
      attached: [],
    })
    const existing = before.some(({ id }) => id === incident.id)
    const said = existing
      ? `${incident.id} is open for ${system} already; nothing new was opened.`
      : `${incident.id} is open; the engineer on call is being paged.`
    const answer = await withRuns(desk, incident, { said })
    return { ...answer, data: { incident, existing } }
  },
}

/** What is still broken, who is called for it now, and what stays quiet. */
function stillBroken({ system, problems, timings }: Incident): readonly string[] {
  const explained = Object.entries(problems.explains).filter(([, count]) => count > 0)
  const own = `Nagios still reports ${problemCount(problems.open)} of ${system}: nobody is called for that, unless Nagios reports it again after ${printDuration(timings.relapseWithin)}, or something of ${system} breaks again.`
  const named = explained.map(([other, count]) => `${other} (${problemCount(count)})`).join(', ')
  return [
    ...(problems.open > 0 ? [own] : []),
    ...(explained.length > 0
      ? [
          `What it explained is still broken: ${named}. Each of these systems gets an incident of its own now, for which whoever is on call is paged, unless another open one explains it.`,
        ]
      : []),
  ]
}

function actor(speaker: Speaker): Actor {
  return { person: speaker.person, door: speaker.door }
}

async function input(
  desk: Desk,
  command: AboutIncident,
  speaker: Speaker,
  said: IncidentInput,
): Promise<Incident> {
  return desk.incidents.input(await whichIncident(desk, command, speaker), said)
}

/** A note is often one of many: the whole card would drown the room. */
function short(incident: Incident, said: string): Answer {
  const card = { title: said, tone: 'quiet' } as const
  return { status: 'done', card, data: { incident }, incident: incident.id }
}

function clock(incident: Incident, now: Instant): string {
  if (incident.state !== 'paging' && incident.state !== 'diagnosing') return ''
  const left = incident.clock.endsAt - now
  return left <= 0 ? 'The diagnosis clock is over.' : `Diagnosis clock: ${printDuration(left)} left.`
}
