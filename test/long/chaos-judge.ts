// Judges a story by what is promised: each sentence that it answers is a broken promise.
import type { Mail } from '../../sim/mailbox.ts'
import type { LoggedRequest } from '../../sim/cloudflare.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import { verifyChain } from '../../src/timeline/chain.ts'
import type { Snapshot } from '../servers/bot-process.ts'
import { objects } from './chaos-story.ts'

export interface Evidence {
  readonly seen: Snapshot
  /** What arrived outside during this round. */
  readonly mails: readonly Mail[]
  readonly requests: readonly LoggedRequest[]
  /** Where the record points now, and where it should. */
  readonly pointsAt: { readonly found: string; readonly wanted: string }
  /** When the bot, or its Redis, was there (again), in the story's time; and how much of that is a second. */
  readonly backAt: readonly number[]
  readonly second: number
  readonly crashes: readonly string[]
}

/** DESIGN: a deadline is met within five seconds of coming back. */
const lateAfterDeath = 5

export function judge(evidence: Evidence): readonly string[] {
  const { seen } = evidence
  const [incident, ...others] = seen.incidents
  if (!incident) return ['there is no incident']
  return [
    ...others.map((each) => `${each.id} (${each.system}) is one incident too many for ${incident.id}`),
    ...alertsLost(seen, incident),
    ...brokenRecord(seen),
    ...pagesLost(incident, evidence.mails),
    ...deadlinesLost(evidence, incident),
    ...stepsDoubled(evidence),
    ...leftOver(seen, incident),
    ...evidence.crashes.map((crash) => `the bot ended by itself: ${crash}`),
  ]
}

function alertsLost(seen: Snapshot, incident: Incident): readonly string[] {
  const wrong = seen.objects.flatMap((record, index) =>
    record && !record.bad && record.state === 'OK'
      ? []
      : [`${objects[index]} works again, and is kept as ${record?.state ?? 'unknown'}`],
  )
  const { alerts, open } = incident.problems
  const told = 2 * objects.length
  return [
    ...wrong,
    ...(seen.untriaged === 0 ? [] : [`${seen.untriaged} accepted alerts were never dealt with`]),
    ...(alerts === told ? [] : [`${told} alerts were accepted, ${alerts} were counted`]),
    ...(open === 0 ? [] : [`${open} problems are still open`]),
  ]
}

function brokenRecord(seen: Snapshot): readonly string[] {
  return seen.timelines.flatMap(({ id, events, head }) => {
    const verdict = verifyChain(events, head)
    return verdict.ok ? [] : [`the record of ${id} is broken: ${verdict.problem}`]
  })
}

/** Each page that was ordered is out, unless it was stopped before; the same one again carries the same Message-ID. */
function pagesLost(incident: Incident, mails: readonly Mail[]): readonly string[] {
  const steps = incident.pages.flatMap((page) =>
    page.steps
      .filter((step) => step.channel === 'email' && step.outcome !== undefined)
      .map((step) => ({ person: page.person, outcome: step.outcome, stopped: page.stopped !== undefined })),
  )
  const lost = steps.filter((step) => step.outcome === 'ordered' && !step.stopped)
  const failed = steps.filter((step) => step.outcome === 'failed')
  const people = [...new Set(steps.map((step) => step.person))]
  const miscounted = people.flatMap((person) => {
    const ids = mails.filter((mail) => mail.to.includes(`${person}@example.com`)).map((mail) => mail.id)
    const ordered = steps.filter((step) => step.person === person)
    const sent = ordered.filter((step) => step.outcome === 'sent').length
    const different = new Set(ids).size
    return [
      ...(different < sent ? [`${sent} pages to ${person} count as sent, ${different} arrived`] : []),
      ...(different > ordered.length
        ? [`${ordered.length} pages to ${person} were ordered, ${different} different ones arrived`]
        : []),
    ]
  })
  return [
    ...lost.map((step) => `a page to ${step.person} was ordered and never sent`),
    ...failed.map((step) => `a page to ${step.person} counts as failed`),
    ...(mails.every((mail) => mail.id !== '') ? [] : ['a page has no Message-ID']),
    ...miscounted,
  ]
}

/** The next engineer after silence, and the end of the watch. */
function deadlinesLost({ seen, backAt, second }: Evidence, incident: Incident): readonly string[] {
  const events = seen.timelines.find((each) => each.id === incident.id)?.events ?? []
  const first = eventOf(events, 'incident.opened')
  const ordered = events.filter((event) => event.type === 'page.ordered')
  const next = ordered.find((event) => event.data?.['person'] !== ordered[0]?.data?.['person'])
  const watching = eventOf(events, 'incident.watching')
  const resolved = eventOf(events, 'incident.resolved')
  const due = [
    { what: 'the next engineer', at: first && first.at + incident.timings.nextEngineerAfter, met: next?.at },
    { what: 'the end of the watch', at: Number(watching?.data?.['until']), met: resolved?.at },
  ]
  return due.flatMap(({ what, at, met }) => {
    if (at === undefined || Number.isNaN(at) || met === undefined) return [`${what} never came`]
    const possible = Math.max(at, ...backAt.filter((back) => back <= met))
    const late = (met - possible) / second
    if (met < at) return [`${what} came ${(at - met) / second} s too early`]
    return late <= lateAfterDeath ? [] : [`${what} came ${late.toFixed(1)} s after it could have`]
  })
}

function eventOf(events: readonly TimelineEvent[], type: TimelineEvent['type']): TimelineEvent | undefined {
  return events.find((event) => event.type === type)
}

function stepsDoubled({ seen, requests, pointsAt }: Evidence): readonly string[] {
  const changes = requests.filter((request) => request.changes)
  const done = seen.runs.filter((run) => run.state === 'done')
  return [
    ...(changes.length === 1 ? [] : [`Cloudflare was changed ${changes.length} times`]),
    ...(done.length === 1 ? [] : [`${done.length} runs were done`]),
    ...(pointsAt.found === pointsAt.wanted ? [] : [`the record points at ${pointsAt.found}`]),
  ]
}

function leftOver(seen: Snapshot, incident: Incident): readonly string[] {
  const unfinished = seen.runs.filter((run) => run.state !== 'done')
  return [
    ...(incident.state === 'resolved' ? [] : [`${incident.id} is ${incident.state}`]),
    ...unfinished.map((run) => `${run.id} is ${run.state}`),
    ...(seen.pendingEffects === 0 ? [] : [`${seen.pendingEffects} effects are left`]),
    ...seen.awaited.map((id) => `${id} still has a deadline`),
    ...seen.locks.map((id) => `${id} still holds a lock`),
  ]
}
