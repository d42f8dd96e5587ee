// What an incident is called and lists: what is broken now, not what broke first.
import { describe, expect, test } from 'vitest'
import type { Change, Policy } from '../../src/incident/change.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import { roomView } from '../../src/incident/room.ts'
import { plain } from '../../src/message.ts'
import { reportOf } from '../../src/timeline/report.ts'
import { planWith } from '../fixtures/plans/plan.ts'

const start = Date.UTC(2026, 10, 23, 2, 12)
const plan = planWith()
const policy: Policy = { plan, chats: [] }
const [nagios, ann] = [
  { person: 'nagios', door: 'nagios' },
  { person: 'ann', door: 'cli' },
] as const

/** News of an object in which Nagios says its state. */
function alert(
  key: string,
  change: Attached['change'],
  state = change === 'mended' ? 'OK' : 'CRITICAL',
): Attached {
  const output = `says ${state}`
  const text = `${key.replace(';', ' ')} is ${state}: ${output}`
  return {
    alert: `${key}-${change}`,
    key,
    system: 'lb',
    state,
    output,
    at: start,
    since: start,
    change,
    text,
  }
}

function opened(by: typeof nagios | typeof ann, title: string, ...attached: readonly Attached[]): Incident {
  return begin({ id: 'INC-1', system: 'lb', title, by, attached }, start, policy).next
}

/** The state after each batch of alerts, a minute between them. */
function after(incident: Incident, ...inputs: readonly (readonly Attached[] | IncidentInput)[]): Change {
  let so: Change = { next: incident, events: [], effects: [] }
  inputs.forEach((each, index) => {
    const input = 'kind' in each ? each : ({ kind: 'alerts', attached: each } as const)
    const decision = decide(so.next, input, start + (index + 1) * 60_000, policy)
    if (decision.kind === 'change') so = decision
  })
  return so
}

/** The lines of the card about what is broken, under their heading. */
function listed(incident: Incident): readonly string[] {
  const sections = incidentCard(incident, { plan, now: start }).sections ?? []
  const section = sections.find(({ heading }) => heading?.includes('problem') ?? false)
  return [section?.heading ?? '', ...(section?.lines ?? []).map(plain)]
}

const lb1 = alert('lb1;HAProxy', 'broke')
const api1 = alert('api1;HTTP', 'broke')
const lb1Mended = alert('lb1;HAProxy', 'mended')
const title = 'lb1 HAProxy is CRITICAL: says CRITICAL'
const other = 'api1 HTTP is CRITICAL: says CRITICAL'

describe('the title of an outage', () => {
  test('is that of the other object when that one brings the outage back, in the card, the topic and the words', () => {
    const { next, effects } = after(opened(nagios, title, lb1), [lb1Mended], [api1])

    expect(next).toMatchObject({ state: 'paging', relapses: 1, title: other, openedFor: title })
    expect(roomView(next, { plan, now: start, publicUrl: 'https://dr.example.com' }).topic).toContain(other)
    expect(effects).toContainEqual({
      kind: 'say',
      incident: 'INC-1',
      text: `Broken again while it was being watched: ${other}`,
    })
    const card = incidentCard(next, { plan, now: start })
    expect(plain(card.footer ?? [])).toContain(`by nagios for ${title}`)
  })

  test('moves on when the object that it names has recovered and others are still broken', () => {
    const { next } = after(opened(nagios, title, lb1), [api1], [lb1Mended])

    expect(next).toMatchObject({ state: 'paging', title: other })
  })

  test('stays while the object that it names is broken, and when nothing is broken any more', () => {
    const both = after(opened(nagios, title, lb1), [api1]).next
    const over = after(both, [lb1Mended], [alert('api1;HTTP', 'mended')]).next

    expect(both.title).toBe(title)
    expect(over).toMatchObject({ state: 'watching', title: other })
  })

  test('says that a warning has become critical', () => {
    const warned = opened(
      nagios,
      'lb1 HAProxy is WARNING: says WARNING',
      alert('lb1;HAProxy', 'broke', 'WARNING'),
    )

    expect(after(warned, [alert('lb1;HAProxy', 'repeat')]).next.title).toBe(title)
  })

  test('in the words of a person stays until the outage comes back', () => {
    const mine = opened(ann, 'customers cannot pay')
    const joined = after(mine, [lb1], [api1], [lb1Mended]).next
    const back = after(joined, { kind: 'resolve', by: ann, what: 'a drill' }, [
      alert('lb2;HAProxy', 'broke'),
    ]).next

    expect(joined.title).toBe('customers cannot pay')
    expect(back).toMatchObject({
      title: 'lb2 HAProxy is CRITICAL: says CRITICAL',
      openedFor: 'customers cannot pay',
    })
  })

  test('in the report is what it was opened for', () => {
    const { next } = after(opened(nagios, title, lb1), [lb1Mended], [api1])
    const head = { seq: 0, hash: '0'.repeat(64) }

    expect(reportOf({ incident: next, events: [], head, runs: [] }, plan, start)).toMatchObject({
      title,
      broke: [{ key: 'api1;HTTP' }, { key: 'lb1;HAProxy' }],
    })
  })
})

describe('what is broken', () => {
  test('is listed without what has recovered, which is named below', () => {
    const { next } = after(opened(nagios, title, lb1), [api1], [lb1Mended])

    expect(listed(next)).toEqual([
      '1 problem now, 3 alerts in all',
      'api1 HTTP CRITICAL says CRITICAL',
      'recovered: lb1 HAProxy',
    ])
  })

  test('makes room for what breaks later, of five', () => {
    const six = Array.from({ length: 6 }, (_, n) => alert(`lb${n};HAProxy`, 'broke'))
    const full = opened(nagios, title, ...six)
    const mended = after(full, [alert('lb0;HAProxy', 'mended')], [api1]).next

    expect(listed(full).at(-1)).toBe('and 1 more')
    expect(listed(mended)).toEqual([
      '6 problems now, 8 alerts in all',
      ...[1, 2, 3, 4].map((n) => `lb${n} HAProxy CRITICAL says CRITICAL`),
      'api1 HTTP CRITICAL says CRITICAL',
      'and 1 more',
    ])
  })

  test('is counted when none of it is known by name any more', () => {
    const six = Array.from({ length: 6 }, (_, n) => alert(`lb${n};HAProxy`, 'broke'))
    const { next } = after(
      opened(nagios, title, ...six),
      six.slice(0, 5).map(({ key }) => alert(key, 'mended')),
    )

    expect(next.title).toBe('1 problem of lb')
    expect(listed(next)).toContain('1 that broke later: see Nagios')
  })
})

test('a card says once what is broken while that is one thing, and names all when it is more', () => {
  const cardLines = (incident: Incident): readonly string[] =>
    (incidentCard(incident, { plan, now: start }).sections ?? []).flatMap(({ lines = [] }) =>
      lines.map(plain),
    )
  const one = opened(nagios, title, lb1)

  const alone = cardLines(one).filter((line) => line.includes('lb1 HAProxy'))
  const both = cardLines(after(one, [api1]).next)

  expect(alone).toEqual([title])
  expect(cardLines(one)).toContain('1 problem now, 1 alert in all')
  expect(both).toEqual(expect.arrayContaining([title, 'lb1 HAProxy CRITICAL says CRITICAL']))
})
