// The report of an outage as Markdown and HTML: complete, and text of strangers stays text in it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { documentLines } from '../../src/cli/text.ts'
import { begin } from '../../src/incident/decide.ts'
import { questionText } from '../../src/recovery/kinds/sql-query.ts'
import { chain, headOf } from '../../src/timeline/chain.ts'
import { emptyHead } from '../../src/timeline/event.ts'
import { reportHtml } from '../../src/timeline/report-html.ts'
import { markdownText, reportMarkdown } from '../../src/timeline/report-markdown.ts'
import { reportOf } from '../../src/timeline/report.ts'
import { timelineDays } from '../../src/timeline/render.ts'
import { examplePlan } from '../stories/command-desk.ts'
import { run as sampleRun } from './store-samples.ts'
import type { Happening } from '../../src/timeline/event.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { IncidentRecord } from '../../src/timeline/report.ts'
import type { Run } from '../../src/recovery/run.ts'

const plan = examplePlan()
/** 23:55 in Berlin, so that the outage goes over midnight. */
const start = Date.UTC(2026, 10, 23, 22, 55)
const ann = { person: 'ann', door: 'cli' } as const
const bot = { person: 'bot', door: 'bot' } as const

/** An outage that a failover ended; `text` may change whatever text comes from outside. */
function recordWith(text: (ordinary: string) => string = (ordinary) => ordinary): IncidentRecord {
  const attached = {
    alert: 'A-1',
    key: 'lb1;HAProxy',
    system: 'lb',
    state: 'CRITICAL',
    output: text('Connection refused'),
    at: start,
    since: start - 20 * second,
    change: 'broke',
    text: text('lb1 HAProxy is CRITICAL'),
  } as const
  const opened = begin(
    {
      id: 'INC-3',
      system: 'lb',
      title: text('HAProxy on lb1 does not answer'),
      by: { person: 'nagios', door: 'nagios' },
      attached: [attached],
    },
    start,
    { plan, chats: [] },
  ).next
  const end = start + 6 * minute
  const incident: Incident = {
    ...(opened as Extract<Incident, { state: 'paging' }>),
    state: 'resolved',
    at: end + 2 * minute,
    by: 'verified',
    what: text('certificate had expired'),
    engineer: 'ann',
    run: 'R-7',
    marks: {
      ...opened.marks,
      paged: start + second,
      acknowledged: start + minute,
      diagnosed: start + 3 * minute,
      decided: start + 4 * minute,
      acted: end - second,
      verified: end,
      resolved: end + 2 * minute,
    },
    pages: [
      {
        id: 'p1',
        person: 'ann',
        target: 'rotation:primary',
        level: 0,
        why: text('on call (primary, weekly)'),
        startedAt: start,
        steps: [
          { channel: 'email', at: start, outcome: 'failed', reason: text('mailbox is full') },
          { channel: 'sms', at: start + minute, outcome: 'sent' },
          { channel: 'voice', at: start + 2 * minute },
        ],
        stopped: { at: start + minute, because: 'acknowledged' },
      },
    ],
  }
  const happenings: readonly Happening[] = [
    {
      type: 'incident.opened',
      at: start,
      by: { person: 'nagios', door: 'nagios' },
      text: text('INC-3 opened'),
    },
    { type: 'acknowledged', at: start + minute, by: ann, text: 'Ann Onken has it' },
    { type: 'note', at: end, by: ann, text: text('traffic goes to the backup') },
    { type: 'incident.resolved', at: end + 2 * minute, by: bot, text: 'INC-3 is resolved' },
  ]
  const events = chain(emptyHead, 'INC-3', happenings)
  const last = events.at(-1)
  return { incident, events, head: last ? headOf(last) : emptyHead, runs: [runWith(text)] }
}

const records = {
  provider: 'cloudflare-dns',
  zone: { id: 'z1', name: 'example.com', nameServers: [] },
  before: [],
  after: [],
} as const

function runWith(text: (ordinary: string) => string): Run {
  const sample = sampleRun('R-7')
  return {
    ...sample,
    state: 'done',
    startedAt: start + 4 * minute,
    endedAt: start + 6 * minute,
    incident: 'INC-3',
    approvals: [{ by: 'ann', door: 'web', at: start + 4 * minute }],
    proposal: {
      ...sample.proposal,
      summary: text('api.example.com will point at the backup'),
      changes: [{ what: text('A api.example.com'), before: '203.0.113.10', after: '203.0.113.20' }],
      findings: [
        { rule: 'target-healthy', ok: false, text: '', overriddenWith: text('the probe is blocked here') },
      ],
      debts: [{ id: 'ttl', text: text('The TTL is 60 s'), remedy: text('Type: failback lb') }],
    },
    steps: [
      {
        title: text('Set the records'),
        action: records,
        undo: records,
        phase: 'done',
        startedAt: start + 4 * minute,
        endedAt: start + 5 * minute,
        attempts: 1,
      },
    ],
  }
}

const now = start + 30 * minute
const ordinary = reportOf(recordWith(), plan, now)
const hostile =
  '<script>alert(1)</script> | **b** [l](https://evil.example.com) ![i](x) `c` @here ~~s~~ #1 &lt; www.evil.example.com\n# Heading\n- item \u001b[2J\u202e'

describe('the report of an outage', () => {
  test('as Markdown', async () => {
    await expect(reportMarkdown(ordinary)).toMatchFileSnapshot('../golden/reports/report.md')
  })

  test('says what a database has answered, and who went on without a good answer', () => {
    const record = recordWith()
    const action = {
      provider: 'sql-query',
      place: { resourceGroup: 'dr-rg', server: 'sql-west' },
      database: 'orders-r-7',
      query: 'SELECT 1',
      timeout: second,
      auth: 'entra',
    } as const
    const step = {
      title: 'Ask orders-r-7',
      action,
      phase: 'done',
      attempts: 1,
      note: 'it answered 42',
    } as const
    const runs = record.runs.map((run) => ({
      ...run,
      steps: [step, { ...step, overriddenWith: 'it is new' }],
    }))

    const text = reportMarkdown(reportOf({ ...record, runs }, plan, now))

    expect(text).toMatch(/Ask orders-r-7 +\| done: it answered 42/)
    expect(text).toContain('Safety rule check-query was overridden: it is new')
  })

  test('leaves the question to a database as it is, in a list, in a table and in the record', () => {
    const record = recordWith()
    const action = {
      provider: 'sql-query',
      place: { resourceGroup: 'dr-rg', server: 'sql-west' },
      database: 'orders-r-7',
      query: 'SELECT COUNT(*) FROM orders\n  WHERE created_at > DATEADD(hour, -1, @moment) | 0',
      timeout: second,
      auth: 'entra',
    } as const
    const title = `Ask orders-r-7: ${questionText(action)}`
    const note = 'answered no row (wanted: a row)'
    const runs = record.runs.map((run) => ({
      ...run,
      proposal: { ...run.proposal, warnings: [`@here is asked: ${questionText(action)}, in C_D`] },
      steps: [{ title, action, phase: 'done', attempts: 1, note } as const],
    }))

    const text = reportMarkdown(reportOf({ ...record, runs }, plan, now))

    const question =
      'SELECT COUNT(*) FROM orders WHERE created_at > DATEADD(hour, -1, @moment) | 0; wanted: a row'
    expect(text).toContain(
      `| Ask orders-r-7: \`${question.replace('|', '\\|')}\` | done: answered no row (\`wanted: a row\`) |`,
    )
    expect(text).toContain(`- Warned of: @\u2060here is asked: \`${question}\`, in C\\_D`)
    const printed = documentLines(text).join('\n')
    expect(printed).toBe(text)
    expect(documentLines('a\u001b[2J\u2060@\u2060b\nc')).toEqual(['a\u241b[2J\ufffd@\u2060b', 'c'])
  })

  test('with what the clock spoke against when it was approved', () => {
    const record = recordWith()
    const runs = record.runs.map((run) => ({
      ...run,
      proposal: {
        ...run.proposal,
        expected: { duration: 12 * 60 * minute, source: 'the DR plan' },
        effectWithin: 5 * minute,
        objectiveAt: start + 10 * minute,
      },
    }))

    const text = reportMarkdown(reportOf({ ...record, runs }, plan, now))

    expect(text).toContain(
      '- Warned of: The expected 12h was longer than the 6m that the objective (RTO) left when it was approved',
    )
    expect(text).not.toContain('Clients could keep')
  })

  test('as HTML', async () => {
    await expect(reportHtml(ordinary)).toMatchFileSnapshot('../golden/reports/report.html')
  })

  test('of an outage that goes on says so far', () => {
    const { incident, ...record } = recordWith()
    const { verified: _verified, resolved: _resolved, acted: _acted, ...marks } = incident.marks
    const text = reportMarkdown(reportOf({ ...record, incident: { ...incident, marks } }, plan, now))

    expect(text).toContain('30m20s so far | missed')
    expect(text).toContain('| act | 2026-11-23 23:59:00 | goes on | 26m |')
    expect(text).toContain('It is not over yet.')
  })

  test('has the phases of each outage under its number, and for whom the objective was met', () => {
    const { incident, ...record } = recordWith()
    const again = start + 15 * minute
    const end = again + 6 * minute
    const marks = { outage: again, detected: again, paged: again, verified: end, followed: end + 5 * minute }
    const relapsed = { ...incident, relapses: 1, earlier: [incident.marks], marks }
    const text = reportMarkdown(reportOf({ ...record, incident: relapsed }, plan, now))

    expect(text).toContain('- Outage 1 began 2026-11-23 23:54:40. It ended 2026-11-24 00:01:00.')
    expect(text).toContain('- The last outage began 2026-11-24 00:10:00. It ended 2026-11-24 00:16:00.')
    expect(text).toContain('| Outage 1: down for (RTO) | 10m | 6m20s | met |')
    expect(text).toContain(
      '| Outage 2: down for (RTO) | 10m | 6m | met for new DNS lookups only, up to 11m for clients that had the old DNS answer |',
    )
    expect(text).toMatch(
      /## Phases of outage 1\n[^]*\| act \| 2026-11-23 23:59:00 [^]*## Phases of outage 2\n/,
    )
  })

  test('says when the record was altered', () => {
    const record = recordWith()
    const events = record.events.map((event) => (event.seq === 2 ? { ...event, at: event.at + 1 } : event))

    expect(reportMarkdown(reportOf({ ...record, events }, plan, now))).toContain(
      'The record was altered: event 2 was altered',
    )
  })

  test('keeps text of strangers as text in Markdown', async () => {
    const text = reportMarkdown(
      reportOf(
        recordWith(() => hostile),
        plan,
        now,
      ),
    )

    await expect(text).toMatchFileSnapshot('../golden/reports/hostile.md')
    expect(text).not.toContain('\u001b')
    expect(text).not.toMatch(
      /(?<!\\)<|\p{Bidi_Control}|@here|(?<!\\)!\[|^# Heading|(?<!\\):\/\/evil|www\.evil/mu,
    )
  })

  test('keeps text of strangers as text in HTML, and loads nothing', () => {
    const page = reportHtml(
      reportOf(
        recordWith(() => hostile),
        plan,
        now,
      ),
    )

    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).not.toContain('\u001b')
    expect(page).not.toMatch(/<script|<img|<a |<link|src=|href=|\p{Bidi_Control}/u)
  })
})

describe('text in Markdown', () => {
  test('never begins a block, ends a table cell, or opens markup, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = markdownText(text)

        expect(escaped).not.toMatch(/\n|^[-+=>#]|^\d+[.)](?:\s|$)|(?<=(?:^|[^\\])(?:\\\\)*)[`*_[\]<>|~&!]/)
      }),
    )
  })

  test('of ordinary sentences stays readable', () => {
    expect(markdownText('lb1.example.com: 5 of 7 (71%) failed, retry in 10s.')).toBe(
      'lb1.example.com: 5 of 7 (71%) failed, retry in 10s.',
    )
  })
})

describe('the timeline', () => {
  test('says the day once, again after midnight, and times in the zone of the plan', () => {
    const days = timelineDays(recordWith().events, plan)

    expect(days.map(({ day, lines }) => [day, lines.map(({ time }) => time)])).toEqual([
      ['Monday 2026-11-23', ['23:55:00', '23:56:00']],
      ['Tuesday 2026-11-24', ['00:01:00', '00:03:00']],
    ])
    expect(days[0]?.lines[1]).toMatchObject({ who: 'Ann Onken (cli)', text: 'Ann Onken has it' })
    expect(days[1]?.lines[1]).not.toHaveProperty('who')
  })
})

test('says which run has undone one, and that nothing of it is owed any more', () => {
  const record = recordWith()
  const at = start + 20 * minute
  const data = { run: 'R-7', undoneBy: 'R-8' }
  const undone: Happening = { at, by: bot, type: 'run.undone', text: 'R-7 was undone by R-8', data }
  const added = chain(record.head, 'INC-3', [undone])
  const events = [...record.events, ...added]
  const last = added.at(-1)
  const runs = record.runs.map((run) => (run.id === 'R-7' ? { ...run, undoneBy: 'R-8' as const } : run))

  const text = reportMarkdown(
    reportOf({ ...record, events, runs, head: last ? headOf(last) : record.head }, plan, at),
  )

  expect(text).toMatch(/Undone by R-8 2026-11-24 00:15:00: nothing of it is owed any more\./)
  expect(text).not.toContain('The record was altered')
  expect(text).not.toContain('Still to do: The TTL')
})

describe('what a recovery has left to be done', () => {
  const left = /(?:Still to do|Done by|Not owed|Owed by).*TTL.*/

  function lineWith(change: Partial<Run>, later: readonly Run[] = []): string | undefined {
    const record = recordWith()
    const runs = [...later, ...record.runs.map((run) => ({ ...run, ...change }) as Run)]
    return left.exec(reportMarkdown(reportOf({ ...record, runs }, plan, now)))?.[0]
  }

  test('is still to do until somebody says otherwise', () => {
    expect(lineWith({})).toBe('Still to do: The TTL is 60 s. Type: dr failback lb')
  })

  test('says by whom and when it was done', () => {
    const paid = [
      { by: 'ann', door: 'cli', at: start + 20 * minute, debt: 'ttl', what: 'set to 300 s' },
    ] as const

    expect(lineWith({ paid })).toBe(
      'Done by Ann Onken (cli) 2026-11-24 00:15:00: The TTL is 60 s. What was done: set to 300 s',
    )
    expect(lineWith({ paid, undoneBy: 'R-8' })).toContain('Done by Ann Onken')
  })

  test('is not owed once it was undone', () => {
    expect(lineWith({ undoneBy: 'R-8' })).toBe('Not owed any more, undone by R-8: The TTL is 60 s.')
  })

  test('is owed by the failover of a later incident on the same target', () => {
    const again = { ...runWith((text) => text), id: 'R-9', incident: 'INC-4' } as const

    expect(lineWith({}, [again])).toBe('Owed by R-9 now, in its place: The TTL is 60 s.')
    expect(lineWith({}, [{ ...again, undoneBy: 'R-10' }])).toContain('Still to do')
  })
})

test('a note about everything is in the timeline and not among the notes of this incident', () => {
  const record = recordWith()
  const at = start + 20 * minute
  const text = 'Mia Manger takes the rotation primary'
  const added = chain(record.head, 'INC-3', [{ at, by: ann, type: 'note', text, data: { general: true } }])
  const last = added.at(-1)

  const events = [...record.events, ...added]
  const report = reportOf({ ...record, events, head: last ? headOf(last) : record.head }, plan, at)

  expect(report.notes.map((note) => note.text)).toEqual(['traffic goes to the backup'])
  expect(report.days.flatMap(({ lines }) => lines.map((line) => line.text))).toContain(text)
})
