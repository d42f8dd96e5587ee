// Each promise broken by hand in the evidence of a calm story, and the sentence by which the judge must find it.
import type { Incident } from '../../src/incident/incident.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import type { Snapshot } from '../servers/bot-process.ts'
import type { Evidence } from './chaos-judge.ts'

interface Spoilt {
  readonly by: (good: Evidence) => Evidence
  readonly found: RegExp
}

function seen(change: (good: Snapshot) => Partial<Snapshot>): Spoilt['by'] {
  return (good) => ({ ...good, seen: { ...good.seen, ...change(good.seen) } })
}

function incident(change: (good: Incident) => Partial<Incident>): Spoilt['by'] {
  return seen(({ incidents }) => ({
    incidents: incidents.map((each) => ({ ...each, ...change(each) }) as Incident),
  }))
}

function events(change: (good: readonly TimelineEvent[]) => readonly TimelineEvent[]): Spoilt['by'] {
  return seen(({ timelines }) => ({
    timelines: timelines.map((each) => ({ ...each, events: change(each.events) })),
  }))
}

/** Moves the first event of a type, as if it had come so many of the story's seconds later. */
function later(type: TimelineEvent['type'], seconds: number): Spoilt['by'] {
  return (good) =>
    events((all) =>
      all.map((event) => (event.type === type ? { ...event, at: event.at + seconds * good.second } : event)),
    )(good)
}

export const spoilt: readonly Spoilt[] = [
  {
    by: seen(({ incidents }) => ({ incidents: [...incidents, ...incidents] })),
    found: /one incident too many/,
  },
  { by: seen(() => ({ incidents: [] })), found: /there is no incident/ },
  { by: seen(() => ({ untriaged: 1 })), found: /1 accepted alerts were never dealt with/ },
  {
    by: incident(({ problems }) => ({ problems: { ...problems, alerts: problems.alerts - 1 } })),
    found: /6 alerts were accepted, 5 were counted/,
  },
  {
    by: incident(({ problems }) => ({ problems: { ...problems, open: 1 } })),
    found: /1 problems are still open/,
  },
  {
    by: seen(({ objects }) => ({ objects: objects.map((each) => each && { ...each, bad: true }) })),
    found: /works again, and is kept as/,
  },
  { by: events((all) => all.toSpliced(2, 1)), found: /the record of INC-1 is broken: event 3 is missing/ },
  { by: events((all) => all.slice(0, -1)), found: /the record of INC-1 is broken: .* missing at the end/ },
  {
    by: incident(({ pages }) => ({
      pages: pages.map(({ id, person, target, level, why, startedAt, steps }) => ({
        id,
        person,
        target,
        level,
        why,
        startedAt,
        steps: steps.map((step) => ({ ...step, outcome: 'ordered' as const })),
      })),
    })),
    found: /was ordered and never sent/,
  },
  { by: (good) => ({ ...good, mails: [] }), found: /1 pages to \w+ count as sent, 0 arrived/ },
  {
    by: (good) => ({
      ...good,
      mails: good.mails.flatMap((mail) => [mail, { ...mail, id: `${mail.id}, again` }]),
    }),
    found: /1 pages to \w+ were ordered, 2 different ones arrived/,
  },
  {
    by: (good) => ({ ...good, mails: good.mails.map((mail) => ({ ...mail, id: '' })) }),
    found: /a page has no Message-ID/,
  },
  { by: later('incident.resolved', 6), found: /the end of the watch came \d.*s after it could have/ },
  { by: later('incident.resolved', -6), found: /the end of the watch came .* too early/ },
  { by: later('page.ordered', 6), found: /the next engineer came \d.*s after it could have/ },
  {
    by: events((all) => all.filter((event) => event.type !== 'incident.resolved')),
    found: /the end of the watch never came/,
  },
  {
    by: (good) => ({ ...good, requests: [...good.requests, ...good.requests] }),
    found: /Cloudflare was changed 2 times/,
  },
  { by: (good) => ({ ...good, requests: [] }), found: /Cloudflare was changed 0 times/ },
  {
    by: (good) => ({ ...good, pointsAt: { found: '127.0.0.11', wanted: '127.0.0.12' } }),
    found: /the record points at 127\.0\.0\.11/,
  },
  {
    by: seen(({ runs }) => ({ runs: runs.map((run) => ({ ...run, state: 'failed' }) as Run) })),
    found: /R-1 is failed/,
  },
  { by: seen(({ runs }) => ({ runs: [...runs, ...runs] })), found: /2 runs were done/ },
  { by: seen(() => ({ pendingEffects: 1 })), found: /1 effects are left/ },
  { by: seen(() => ({ awaited: ['INC-1'] })), found: /INC-1 still has a deadline/ },
  { by: seen(() => ({ locks: ['R-1'] })), found: /R-1 still holds a lock/ },
  { by: (good) => ({ ...good, crashes: ['exit 1'] }), found: /the bot ended by itself/ },
]
