// A restore during an outage of the database: the moment that was ordered against the moment at which the outage began.
import { afterEach, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import { readMoment } from '../../src/command/moment.ts'
import { runCard } from '../../src/recovery/card.ts'
import { plain } from '../../src/message.ts'
import { incidentButtons } from '../../src/incident/actions.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { decideRun } from '../../src/recovery/decide.ts'
import { dataLost } from '../../src/recovery/data-lost.ts'
import { headOf } from '../../src/timeline/chain.ts'
import { reportMarkdown } from '../../src/timeline/report-markdown.ts'
import { reportOf } from '../../src/timeline/report.ts'
import type { Ask } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { incident, noon } from '../contracts/store-samples.ts'
import { alone, restoring, startDatabases } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: DatabaseBench

afterEach(() => bench.stop())

const outage = incident('INC-1', {
  system: 'db',
  marks: { outage: noon - 20 * minute, detected: noon - 19 * minute },
})

async function proposed(ago: number, overrides: Ask['overrides'] = []): Promise<Run> {
  bench = await startDatabases(redis(), alone)
  await bench.store.commit({
    write: { kind: 'incident', id: 'INC-1', expected: 0, next: outage, wakeAt: undefined },
  })
  return (await bench.runs().propose(restoring(ago, { incident: 'INC-1', overrides }))).run
}

test('a restore to after the outage began is refused, with the whole command for a moment before it', async () => {
  await expect(proposed(12 * minute)).rejects.toThrow(
    /before-outage: the outage of INC-1 began at \S+T12:40:00\+01:00, so \S+T12:48:00\+01:00 may hold what has gone wrong, too\.\nNothing was changed\. Instead: db restore \S+T12:39:00\+01:00 orders\./,
  )
})

test('a restore to the very moment of the outage is refused, too', async () => {
  await expect(proposed(20 * minute)).rejects.toThrow(/before-outage/)
})

test('a restore to a moment before the outage shows that it is', async () => {
  const { proposal } = await proposed(21 * minute)

  expect(proposal.findings.find(({ rule }) => rule === 'before-outage')).toMatchObject({ ok: true })
})

test('whoever knows better takes the moment on himself', async () => {
  const { proposal } = await proposed(12 * minute, [
    { rule: 'before-outage', reason: 'a migration at 12:49' },
  ])

  expect(proposal.findings.find(({ rule }) => rule === 'before-outage')).toMatchObject({
    ok: false,
    overriddenWith: 'a migration at 12:49',
  })
})

test('the button of an outage orders a moment that no safety rule refuses, however young the outage is', async () => {
  bench = await startDatabases(redis(), alone)
  const young = { ...outage, marks: { outage: noon - 3 * minute, detected: noon - 2 * minute } }
  const commands = (one: typeof outage): readonly string[] =>
    incidentButtons(one, bench.plan(), bench.now()).map(({ command }) => command)

  expect(commands(outage)).toContain('db restore 2026-03-13T12:39:00+01:00 orders')
  expect(commands(young)).toContain('db restore 2026-03-13T12:50:00+01:00 orders')
  await expect(bench.runs().propose(restoring(10 * minute))).resolves.toMatchObject({ existing: false })
})

test.each([
  ['denied', { kind: 'deny', by: { person: 'mia', door: 'cli' } }, 21 * minute],
  ['expired', { kind: 'tick' }, 24 * 60 * minute],
] as const)(
  'a restore that was %s is proposed again as it was asked for, with its moment',
  async (state, input, later) => {
    const said = decideRun(await proposed(21 * minute), input, noon + later)
    if (said.kind !== 'change') throw new Error(`${input.kind} changes nothing`)
    const { next } = said
    const whole = 'db restore 2026-03-13T11:39:00Z orders'

    const { buttons, sections = [] } = runCard(next, noon, bench.plan())

    expect(next.state).toBe(state)
    expect(buttons).toEqual([expect.objectContaining({ label: 'Propose again', command: whole })])
    expect(sections.flatMap(({ lines = [] }) => lines).map(plain)).toContain(
      `To have it proposed again: dr ${whole}`,
    )
    expect(readMoment('2026-03-13T11:39:00Z', noon, 'Europe/Berlin')).toBe(noon - 21 * minute)
  },
)

test('a restore that was just carried out is not offered again', async () => {
  bench = await startDatabases(redis(), alone)
  const acted = {
    ...outage,
    state: 'diagnosing',
    engineer: 'ann',
    marks: { ...outage.marks, acted: noon },
    carriedOut: { run: 'R-1', recovery: 'restore' },
  } as typeof outage

  const view = { plan: bench.plan(), now: bench.now() }
  const labels = incidentButtons(acted, view.plan, view.now).map(({ label }) => label)
  const { fields, sections = [] } = incidentCard(acted, view)

  expect(labels.filter((label) => /^(Restore|Fail over)/.test(label))).toEqual([])
  expect(fields?.map(({ label }) => label)).not.toContain('Decide by')
  expect(sections.flatMap(({ lines = [] }) => lines).map(plain)).toContain(
    'R-1 has restored orders. If its data is wrong still, an earlier moment: dr db restore TIME orders; to take it back: dr failback db. A failover carries the wrong data along.',
  )
})

test('the proposal of a failover says that it carries wrong data along, and what has been restored already', async () => {
  await proposed(21 * minute)
  const region: Ask = {
    system: 'db',
    direction: 'failover',
    recovery: 'geo',
    by: { person: 'ann', door: 'cli' },
    overrides: [],
    incident: 'INC-1',
  }
  const restored = await bench.order(restoring(21 * minute, { incident: 'INC-1' }))
  await bench.finish(restored.id)

  const { run } = await bench.runs().propose(region)

  expect(run.proposal.warnings.slice(0, 2)).toEqual([
    'A failover carries wrong data along: against that only db restore helps',
    'R-1 has restored orders in INC-1 already: a failover is for the loss of its server or region only',
  ])
})

test('when the objective is missed the ways are compared with that, not with a second that is left', async () => {
  bench = await startDatabases(redis(), alone)
  const late = { ...outage, objective: { rto: 10 * minute } }
  await bench.store.commit({
    write: { kind: 'incident', id: 'INC-1', expected: 0, next: late, wakeAt: undefined },
  })
  const { run } = await bench.runs().propose(restoring(21 * minute, { incident: 'INC-1' }))

  expect(run.proposal.compared?.says).toMatch(
    /^No way meets the objective \(RTO\): it was missed at 12:50\. A failover/,
  )
})

test('what a restore has lost is measured from its moment to the swap, against the objective', async () => {
  await proposed(21 * minute)
  const ask = restoring(21 * minute, { incident: 'INC-1' })
  const lostIn = (run: Run): string | undefined => {
    const field = runCard(run, bench.now(), bench.plan()).fields?.find(({ label }) => label === 'Data lost')
    return field && plain(field.value)
  }
  const waiting = await bench.order(ask)

  expect(lostIn(waiting)).toBeUndefined()
  const done = await bench.finish('R-1')

  const { ms } = dataLost(done) ?? { ms: 0 }
  const swapped = done.steps.find(({ title }) => title.startsWith('Rename orders at sql-west'))?.endedAt ?? 0
  expect(ms).toBe(swapped - (noon - 21 * minute))
  expect(ms).toBeGreaterThan(21 * minute)
  expect(lostIn(done)).toMatch(
    /^2\dm.*: what was written from 11:39 UTC to 12:0\d UTC; objective \(RPO\) of 10m missed$/,
  )
  const events = await bench.store.timeline('INC-1')
  expect(events.find(({ type }) => type === 'run.done')?.text).toMatch(
    /2\dm\S* of data is lost, up to the swap/,
  )
  const last = events.at(-1)
  if (last === undefined) throw new Error('the record is empty')
  const run = { ...done, incident: 'INC-1' as const }
  const record = {
    incident: { ...outage, objective: { rto: 600_000, rpo: 600_000 } },
    events,
    head: headOf(last),
    runs: [run],
  }
  const markdown = reportMarkdown(reportOf(record, bench.plan(), bench.now()))
  expect(markdown).toMatch(/\| Data lost \(RPO\) \| 10m \| 2\dm\S* \(R-1\) \| missed \|/)
  expect(markdown).toContain('Cost that was accepted: 21m of data until 13:00: all')
  expect(markdown).toContain('Warned of: Whatever is written to orders until the swap')
  const undone = { ...run, undoneBy: 'R-2' as const }
  const later = reportMarkdown(reportOf({ ...record, runs: [undone] }, bench.plan(), bench.now()))
  expect(later).toMatch(/\| undone by R-2 \|/)
})
