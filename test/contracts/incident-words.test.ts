// What people read of an incident on its card and in a page: true for the moment, in their zone, and nothing offered that would be refused.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Card } from '../../src/message.ts'
import { plain } from '../../src/message.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident, Page, Room } from '../../src/incident/incident.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import type { Tried } from '../../src/incident/page-card.ts'
import { pageMessage, stoppedMessage } from '../../src/incident/page-message.ts'
import type { Run } from '../../src/recovery/run.ts'
import { announcement } from '../../src/chat/announcement.ts'
import { emptyHead } from '../../src/timeline/event.ts'
import { reportMarkdown } from '../../src/timeline/report-markdown.ts'
import { reportOf } from '../../src/timeline/report.ts'
import { run } from './store-samples.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const minute = 60_000
/** Monday, 03:12:00 in Berlin. */
const start = Date.UTC(2026, 10, 23, 2, 12)
const ann = { person: 'ann', door: 'cli' } as const

function planWith(deadline: number): DrPlan {
  return { ...(loaded as { plan: DrPlan }).plan, diagnosis: { remind: 2 * minute, deadline } }
}

function alert(change: Attached['change'], at: number): Attached {
  const state = change === 'mended' ? 'OK' : 'CRITICAL'
  const text = `lb1 HAProxy is ${state}: HTTP 503`
  return {
    alert: `A-${at}`,
    key: 'lb1;HAProxy',
    system: 'lb',
    state,
    output: 'HTTP 503',
    at,
    since: at - 30_000,
    change,
    text,
  }
}

/** An outage of the load balancer since 03:11:30, and what happened to it at which minutes. */
function after(
  plan: DrPlan,
  ...inputs: readonly (readonly [minutes: number, input: IncidentInput])[]
): Incident {
  const policy = { plan, chats: [] }
  const attached = [alert('broke', start)]
  const by = { person: 'nagios', door: 'nagios' } as const
  const { next } = begin(
    { id: 'INC-1', system: 'lb', title: attached[0]?.text ?? '', by, attached },
    start,
    policy,
  )
  return inputs.reduce((incident, [minutes, input]) => {
    const decision = decide(incident, input, start + minutes * minute, policy)
    if (!('next' in decision)) throw new Error(JSON.stringify(decision))
    return decision.next
  }, next)
}

function offered(incident: Incident, plan: DrPlan, now: number): readonly string[] {
  return (incidentCard(incident, { plan, now }).buttons ?? []).map((button) => button.command)
}

const nothing: Tried = { runs: [], events: [] }
const page: Page = {
  id: 'p1',
  person: 'ann',
  target: 'rotation:primary',
  level: 0,
  why: 'on call',
  startedAt: start,
  steps: [],
}

describe('a page', () => {
  test('says times with their zone, and what is left as a duration', () => {
    const plan = planWith(20 * minute)
    const view = { plan, now: start + minute, publicUrl: 'https://dr.example.com' }

    const { lines } = pageMessage(after(plan), { key: 'k', page, tried: nothing }, view)

    expect(lines).toEqual([
      'lb1 HAProxy is CRITICAL: HTTP 503',
      'Down since: 2026-11-23 03:11',
      'Who has it: nobody yet',
      'Objective (RTO 10m): 8m30s left',
      'Decide by: 03:19 for backup (2m, and 30s to verify); 03:19 for api',
      'Diagnosis clock: 19m left, until 03:32',
      'Times in Europe/Berlin',
      'Why you: on call',
      'Type: dr ack INC-1',
    ])
  })
})

describe('a manager who is called', () => {
  const plan = planWith(20 * minute)
  const view = { plan, now: start + 9 * minute, publicUrl: 'https://dr.example.com' }
  const ping: Page = { ...page, id: 'p2', person: 'mia', target: 'rotation:managers', level: 1 }
  const proposed: Run = {
    ...run('R-7'),
    state: 'proposed',
    incident: 'INC-1',
    askedBy: 'ann',
    expiresAt: start + 10 * minute,
  }
  const losing: Run = { ...proposed, id: 'R-8', proposal: { ...proposed.proposal, risk: 'loses-data' } }
  const failed: Run = {
    ...proposed,
    id: 'R-6',
    state: 'failed',
    startedAt: 1,
    endedAt: 2,
    current: 0,
    reason: 'the target does not answer',
    advice: '',
  }
  const event = { timeline: 'INC-1', seq: 1, previous: '', hash: '', by: ann } as const
  const tried: Tried = {
    runs: [failed, proposed, losing],
    events: [
      { ...event, type: 'note', at: start + 5 * minute, text: 'the certificate is not it' },
      {
        ...event,
        type: 'escalated',
        at: start + 8 * minute,
        text: 'Escalated to rotation managers: cannot fix it',
      },
    ],
  }
  const rooms: Incident['rooms'] = [
    { chat: 'console', state: 'open', link: 'https://dr.example.com/incidents/INC-1' },
    { chat: 'slack', state: 'open', link: 'https://slack.example.com/C1' },
    { chat: 'teams', state: 'failed', reason: 'no answer' },
  ]
  const incident: Incident = { ...after(plan, [1, { kind: 'ack', by: ann }]), rooms }

  test('learns who has it, what was tried and why they are called, in words and on the card', () => {
    const { lines, card } = pageMessage(incident, { key: 'k', page: ping, tried }, view)

    expect(lines).toEqual([
      'lb1 HAProxy is CRITICAL: HTTP 503',
      'Down since: 2026-11-23 03:11',
      'Who has it: Ann Onken',
      'Objective (RTO 10m): 30s left',
      'Decide by: no way is left that meets the objective: backup takes 2m, api takes 2m',
      'Diagnosis clock: 11m left, until 03:32',
      'Recovery: R-6 · failover lb to backup · failed at step 1 of 0: the target does not answer',
      'Recovery: R-7 · failover lb to backup · waits for approval',
      'Recovery: R-8 · failover lb to backup · waits for approval',
      'Note: 03:17 Ann Onken: the certificate is not it',
      'Escalated to rotation managers: cannot fix it',
      'Times in Europe/Berlin',
      'Why you: on call',
      'Type: dr ack INC-1',
      'R-7 waits for your approval: https://dr.example.com/runs/R-7',
      'R-8 waits for your approval: https://dr.example.com/runs/R-8',
    ])
    expect(card.sections?.map((each) => each.heading)).toEqual([
      undefined,
      undefined,
      'What was tried',
      'Last notes',
    ])
    expect(card.sections?.[1]?.lines).toEqual([
      ['Escalated to rotation managers: cannot fix it'],
      ['Why you: on call'],
      ['Answer with the first button, or type: ', { command: 'ack INC-1' }],
    ])
  })

  test('is offered to take part, to approve as the risk demands, the room, and the console', () => {
    const { card } = pageMessage(incident, { key: 'k', page: ping, tried }, view)

    expect(card.buttons).toMatchObject([
      { label: 'I am on it', command: 'ack INC-1', style: 'primary' },
      { label: 'Approve R-7', command: 'approve R-7' },
      { label: 'Deny R-7', command: 'deny R-7', input: 'Why not?' },
      { label: 'Approve R-8', command: 'approve R-8', confirm: expect.stringContaining('lose data') },
      { label: 'Deny R-8', command: 'deny R-8' },
    ])
    expect(card.links).toEqual([
      { label: 'Room in Slack', link: 'https://slack.example.com/C1' },
      { label: 'Console', link: 'https://dr.example.com/incidents/INC-1' },
    ])
  })

  test.each([
    ['that has lapsed', 'mia', proposed, start + 10 * minute],
    ['that loses data, without the role approver', 'dan', losing, start],
    ['that was asked for by the same person and loses data', 'bob', { ...losing, askedBy: 'bob' }, start],
  ])('is not offered to approve what would be refused: a run %s', (_which, person, one, now) => {
    const { card } = pageMessage(
      incident,
      { key: 'k', page: { ...ping, person }, tried: { runs: [one], events: [] } },
      { ...view, now },
    )

    expect(card.buttons?.map((button) => button.command)).toEqual(['ack INC-1'])
  })
})

describe('a page that is over', () => {
  const plan = planWith(20 * minute)
  const view = { plan, now: start + 2 * minute, publicUrl: 'https://dr.example.com' }

  test.each([
    ['who has it, for an engineer', { level: 0, because: 'acknowledged', by: 'ann' }, 'Ann Onken has it'],
    ['who came, for a manager', { level: 1, because: 'acknowledged', by: 'mia' }, 'Mia Manger is on it'],
    ['that it works again', { level: 0, because: 'recovered' }, 'works again'],
    ['that it was resolved', { level: 0, because: 'resolved' }, 'resolved'],
  ] as const)('says %s, and has nothing to press', (_what, { level, ...end }, ending) => {
    const over: Page = { ...page, level, stopped: { at: start, ...end } }

    const { card } = stoppedMessage(after(plan), over, view)

    expect(card.title).toBe(`INC-1 · lb · ${ending}`)
    expect(card.buttons).toBeUndefined()
    expect(card.links?.map((each) => each.label)).toEqual(['Console'])
  })

  test('knows who answered it', () => {
    const answered = after(plan, [1, { kind: 'ack', by: ann }])

    expect(answered.pages[0]?.stopped).toMatchObject({ because: 'acknowledged', by: 'ann' })
  })
})

describe('rooms, on the card', () => {
  const plan = planWith(20 * minute)
  const link = 'https://slack.example.com/C1'
  const whole: Room = { chat: 'slack', state: 'open', link }
  const own: Room = { chat: 'console', state: 'open', link: 'https://dr.example.com/incidents/INC-1' }

  function cardWith(rooms: readonly Room[], chat?: string): Card {
    const view = { plan, now: start, ...(chat === undefined ? {} : { chat }) }
    return incidentCard({ ...after(plan), rooms }, view)
  }

  function linesOf({ sections }: Card): string {
    return (sections ?? []).flatMap((each) => (each.lines ?? []).map(plain)).join('\n')
  }

  test('are a way to them for those who read it elsewhere', () => {
    expect(cardWith([own, whole]).links).toEqual([{ label: 'Room in Slack', link }])
    expect(cardWith([own, whole], 'slack').links).toEqual([])
    expect(cardWith([{ ...whole, state: 'closed' }]).links).toEqual([])
  })

  test('are not mentioned while all is well with them', () => {
    expect(linesOf(cardWith([own, whole]))).not.toMatch(/slack|console/i)
  })

  test('say what is still missing, and why', () => {
    const failed: Room = { chat: 'teams', state: 'failed', reason: 'no answer in time' }

    const lines = linesOf(
      cardWith([{ ...whole, left: ['topic: restricted_action', 'pin: no answer'] }, failed]),
    )

    expect(lines).toContain('Slack room, not yet: topic: restricted_action; pin: no answer')
    expect(lines).toContain('No room in Teams yet: no answer in time; trying again')
  })
})

describe('more time', () => {
  const ack = [1, { kind: 'ack', by: ann }] as const
  const extended = [2, { kind: 'extend', by: ann, duration: 4 * minute, reason: 'comparing' }] as const

  test('is offered as much as is left of the thirty minutes', () => {
    const ten = planWith(10 * minute)
    const wide = planWith(22 * minute)

    expect(offered(after(ten, ack), ten, start)).toContain('extend INC-1 10m')
    expect(offered(after(wide, ack), wide, start)).toContain('extend INC-1 8m')
    expect(offered(after(wide, ack, extended), wide, start)).toContain('extend INC-1 4m')
  })

  test('is not offered where it would be refused', () => {
    const whole = planWith(30 * minute)
    const short = planWith(10 * minute)
    const late = after(short, ack, [11, { kind: 'tick' }])

    expect(late.level).toBe(1)
    expect(offered(late, short, start + 11 * minute).join()).not.toContain('extend')
    expect(offered(after(whole, ack), whole, start).join()).not.toContain('extend')
  })
})

describe('problems', () => {
  test('that are all mended are not shown as what is broken now', () => {
    const plan = planWith(20 * minute)
    const mended = after(plan, [5, { kind: 'alerts', attached: [alert('mended', start + 5 * minute)] }])

    const headings = incidentCard(mended, { plan, now: start + 5 * minute }).sections?.map(
      (each) => each.heading,
    )

    expect(headings).toContain('What was broken, 2 alerts in all')
  })
})

describe('what is closed by hand while Nagios still reports it', () => {
  const plan = planWith(20 * minute)
  const closing = { kind: 'resolve', by: ann, what: 'it was the cable' } as const

  test('is nowhere met: who closed it, why, and what Nagios says', () => {
    const closed = after(plan, [3, closing])
    const view = { plan, now: start + 4 * minute }
    const said = plain(announcement(closed, '#room'))
    const fields = incidentCard(closed, view).fields?.map(({ label, value }) => `${label}: ${plain(value)}`)

    expect(said).toBe(
      '🟠 INC-1 lb closed by hand by Ann Onken after 3m30s: it was the cable. Nagios still reports 1 problem of lb. Whether the objective of 10m was met is not known. What broke: lb1 HAProxy is CRITICAL: HTTP 503. It was worked on in #room',
    )
    expect(fields).toContain(
      'Objective (RTO 10m): not known: closed by hand after 3m30s while Nagios still reported 1 problem',
    )
    expect(reported(closed, plan)).toContain(
      'It was closed by hand by Ann Onken 2026-11-23 03:15:00 (it was the cable) while Nagios still reported 1 problem: when it ended is not known.',
    )
    expect(reported(closed, plan)).not.toContain('| met |')
  })

  test('needs a reason, which the refusal and the button ask for; without problems it needs none', () => {
    const bare = { kind: 'resolve', by: ann } as const
    const open = after(plan)
    const mended = after(plan, [3, { kind: 'alerts', attached: [alert('mended', start + 3 * minute)] }])
    const asks = (incident: Incident): unknown =>
      incidentCard(incident, { plan, now: start }).buttons?.find(({ label }) => label === 'Resolve')

    expect(decide(open, bare, start + minute, { plan, chats: [] })).toEqual({
      kind: 'refused',
      code: 'incident-resolve',
      message:
        'Nagios still reports 1 problem of lb: lb1 HAProxy CRITICAL. To close INC-1 all the same, say why: resolve INC-1 "reason"',
    })
    expect(asks(open)).toMatchObject({ needed: true })
    expect(decide(mended, bare, start + 4 * minute, { plan, chats: [] })).toMatchObject({ kind: 'change' })
    expect(asks(mended)).not.toHaveProperty('needed')
  })

  test('is measured when a recovery has seen it work from outside before', () => {
    const seen = {
      kind: 'run-news',
      run: 'R-1',
      news: 'done',
      direction: 'failover',
      by: ann,
      text: 'R-1 is done',
      seen: true,
      checkBy: start,
    } as const
    const closed = after(plan, [2, seen], [3, closing])

    expect(closed.marks.byHand).toBeUndefined()
    expect(plain(announcement(closed, '#room'))).toContain(
      '🟢 INC-1 lb resolved: down for 2m30s, objective of 10m met.',
    )
  })
})

function reported(incident: Incident, plan: DrPlan): string {
  const record = { incident, events: [], head: emptyHead, runs: [] }
  return reportMarkdown(reportOf(record, plan, start + 4 * minute))
}

describe('a relapse', () => {
  const mended = [5, { kind: 'alerts', attached: [alert('mended', start + 5 * minute)] }] as const
  const resolved = [8, { kind: 'tick' }] as const
  const relapsed = (at: number) => [12, { kind: 'alerts', attached: [alert('broke', at)] }] as const

  test.each([
    ['behind', start, start + 8 * minute],
    ['ahead', start + 60 * minute, start + 12 * minute],
    ['as the bot has it', start + 11 * minute, start + 11 * minute - 30_000],
  ])('is measured from a moment that can be, with the clock of Nagios %s', (_which, at, outage) => {
    const again = after(planWith(20 * minute), mended, resolved, relapsed(at))

    expect(again).toMatchObject({ state: 'paging', relapses: 1, marks: { outage } })
  })

  test('keeps the marks of the outage that was over before', () => {
    const plan = planWith(20 * minute)
    const before = after(plan, mended, resolved)
    const again = after(plan, mended, resolved, relapsed(start + 11 * minute))

    expect(again.earlier).toEqual([before.marks])
  })
})
