// What an incident says after a recovery that nobody has looked at from outside or that was another system's, and what its card names for wrong data.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { plain } from '../../src/message.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import { done } from '../../src/recovery/change.ts'
import type { Action, ProbeAction } from '../../src/recovery/action.ts'
import type { Run, Step } from '../../src/recovery/run.ts'
import { run } from './store-samples.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const { plan } = loaded
const policy = { plan, chats: [] }
const minute = 60_000
const start = Date.UTC(2026, 10, 23, 2, 12)
const ann = { person: 'ann', door: 'cli' } as const

function alert(change: Attached['change'], at: number): Attached {
  const state = change === 'mended' ? 'OK' : 'CRITICAL'
  const text = `db1 SQL is ${state}`
  return { alert: `A-${at}`, key: 'db1;SQL', system: 'db', state, output: '', at, since: at, change, text }
}

function outage(): Incident {
  const by = { person: 'nagios', door: 'nagios' } as const
  const attached = [alert('broke', start)]
  return begin({ id: 'INC-1', system: 'db', title: 'db1 SQL is CRITICAL', by, attached }, start, policy).next
}

function after(incident: Incident, minutes: number, input: IncidentInput): Incident {
  const decision = decide(incident, input, start + minutes * minute, policy)
  if (!('next' in decision)) throw new Error(JSON.stringify(decision))
  return decision.next
}

/** What the end of a run with these steps tells its incident. */
function newsOf(...actions: readonly Action[]): IncidentInput {
  const steps = actions.map((action): Step => {
    const step: Step = { title: 'a step', action, phase: 'done', attempts: 1 }
    return action === change ? { ...step, undo: change } : step
  })
  const checkAt = start + 5 * minute
  const running: Extract<Run, { state: 'running' }> = {
    ...run('R-1'),
    system: 'db',
    incident: 'INC-1',
    state: 'running',
    startedAt: start,
    current: 0,
    checkAt,
    steps,
  }
  const [effect] = done(running, steps, start + 5 * minute).effects
  if (effect?.kind !== 'run-news') throw new Error('the run tells its incident nothing')
  return { ...effect, checkBy: checkAt }
}

const probe: ProbeAction = { provider: 'probe', url: 'https://db.example.com/', timeout: 5_000 }
const change: Action = {
  provider: 'haproxy-server',
  control: 'tcp://127.0.0.1:9999',
  backend: 'db',
  server: 'north',
  before: 'maint',
  after: 'ready',
}
const approved: IncidentInput = {
  kind: 'run-news',
  run: 'R-1',
  news: 'approved',
  direction: 'failover',
  by: ann,
  text: 'R-1 was approved',
  checkBy: start + 10 * minute,
}

function recovering(): Incident {
  return after(after(outage(), 1, { kind: 'ack', by: ann }), 2, approved)
}

test('a recovery that was given up leaves the ways out as they were: somebody has to decide again', () => {
  const given = after(recovering(), 5, { ...approved, news: 'cancelled', text: 'R-1 was cancelled' })

  expect(given).toMatchObject({ state: 'diagnosing', waysOut: outage().waysOut })
  const labels = incidentCard(given, { plan, now: start + 5 * minute }).fields?.map(({ label }) => label)
  expect(labels).toContain('Decide by')
})

test('the objective is met for new lookups first: clients with the old DNS answer follow when its TTL is over', () => {
  const news: IncidentInput = { ...approved, news: 'done', text: 'R-1 is done', seen: true }
  const field = (followed: number): unknown =>
    incidentCard(after(recovering(), 5, { ...news, followed }), {
      plan,
      now: start + 6 * minute,
    }).fields?.find(({ label }) => label.startsWith('Objective'))

  expect(field(start + 4 * minute)).toMatchObject({ value: ['met: 5m'], tone: 'good' })
  expect(field(start + 9 * minute)).toMatchObject({
    value: ['met: 5m, up to 9m for clients that had the old DNS answer'],
    tone: 'good',
  })
  expect(field(start + 11 * minute)).toMatchObject({
    value: ['met for new DNS lookups only: 5m, up to 11m for clients that had the old DNS answer'],
    tone: 'warn',
  })
})

describe('a recovery that holds no look from outside', () => {
  test('claims nothing: the outage goes on until Nagios says that it works', () => {
    const carried = after(recovering(), 5, newsOf(change))

    expect(carried).toMatchObject({ state: 'diagnosing', run: 'R-1' })
    expect(carried.marks.verified).toBeUndefined()
    const card = incidentCard(carried, { plan, now: start + 5 * minute })
    expect(card.title).toBe('INC-1 · db · R-1 is carried out, Nagios has not said yet that it works')

    const mended = after(carried, 7, { kind: 'alerts', attached: [alert('mended', start + 7 * minute)] })
    expect(mended).toMatchObject({ state: 'watching', because: 'nagios' })
    expect(mended.marks.verified).toBe(start + 7 * minute)
  })

  test('is not proposed again while Nagios is waited for, and is when it was taken back', () => {
    const shown = (incident: Incident) => {
      const card = incidentCard(incident, { plan, now: start + 5 * minute })
      return {
        labels: card.fields?.map(({ label }) => label),
        commands: card.buttons?.map(({ command }) => command),
      }
    }
    const news = { ...newsOf(change), recovery: 'region' } as IncidentInput
    const again = 'failover db to region'
    expect(shown(after(outage(), 1, { kind: 'ack', by: ann })).commands).toContain(again)

    const carried = after(recovering(), 5, news)
    expect(shown(carried).labels).not.toContain('Decide by')
    expect(shown(carried).commands).not.toContain(again)
    expect(shown(carried).commands?.some((command) => command.startsWith('failover db'))).toBe(true)

    const back = after(carried, 5, { ...approved, run: 'R-2', news: 'done', direction: 'failback' })
    expect(shown(back).labels).toContain('Decide by')
    expect(shown(back).commands).toContain(again)
  })

  test('says so in the room, and does not call itself verified', () => {
    const news = newsOf(change)
    expect(news).toMatchObject({
      text: expect.stringContaining(
        'is carried out in 5m. Nothing has asked the service from outside: whether it helped Nagios will say.',
      ),
    })
  })

  test('is told by the run once more only to an incident that does not know it', () => {
    const again = { ...newsOf(change), again: true } as IncidentInput
    const at = start + 6 * minute

    expect(decide(after(recovering(), 5, newsOf(change)), again, at, policy)).toEqual({ kind: 'same' })
    expect(after(recovering(), 6, again)).toMatchObject({ state: 'diagnosing', run: 'R-1' })
  })

  test('is watched at once when Nagios said it while the recovery ran', () => {
    const mended = after(recovering(), 4, {
      kind: 'alerts',
      attached: [alert('mended', start + 4 * minute)],
    })
    expect(after(mended, 5, newsOf(change))).toMatchObject({ state: 'watching', because: 'nagios' })
  })
})

test('a recovery whose probe passed is watched, as seen from outside', () => {
  expect(after(recovering(), 5, newsOf(change, probe))).toMatchObject({
    state: 'watching',
    because: 'verified',
  })
})

test('name servers that have the new records say nothing of what answers there: Nagios ends the outage', () => {
  const asked: Action = { provider: 'dns-check', nameServers: [], want: [], within: minute }

  const carried = after(recovering(), 5, newsOf(change, asked))

  expect(carried).toMatchObject({ state: 'diagnosing', run: 'R-1' })
  expect(carried.marks.verified).toBeUndefined()
})

describe('while it is watched as seen from outside, and Nagios goes on reporting what is led around', () => {
  const again = { kind: 'alerts', attached: [alert('repeat', start + 6 * minute)] } as const
  const watched = (): Incident => after(after(recovering(), 5, newsOf(change, probe)), 6, again)
  const gone: IncidentInput = { ...approved, news: 'gone', text: 'R-1 does not hold any more' }

  test('it is resolved all the same: what is broken stays so on purpose', () => {
    expect(after(watched(), 8, { kind: 'tick' })).toMatchObject({
      state: 'resolved',
      by: 'verified',
      problems: { open: 1 },
    })
  })

  test('the outage goes on when what was changed does not hold any more, and somebody has to decide', () => {
    const doubted = after(watched(), 7, gone)

    expect(doubted).toMatchObject({ state: 'diagnosing', clock: { startedAt: start + 7 * minute } })
    expect(doubted.marks).not.toHaveProperty('verified')
    expect(decide(doubted, { kind: 'tick' }, start + 8 * minute, policy)).not.toMatchObject({
      next: { state: 'resolved' },
    })
    const labels = incidentCard(doubted, { plan, now: start + 7 * minute }).fields?.map(({ label }) => label)
    expect(labels).toContain('Decide by')
  })

  test('it is watched on when that is of another run, or Nagios says that all is well', () => {
    const other = after(watched(), 7, { ...gone, run: 'R-2' })
    const well = { kind: 'alerts', attached: [alert('mended', start + 7 * minute)] } as const

    expect(other).toMatchObject({ state: 'watching' })
    expect(after(after(watched(), 7, well), 7, gone)).toMatchObject({ state: 'watching' })
  })
})

test('a run that goes on after it had stopped is the recovery of its incident again, and the rooms hear of it', () => {
  const stopped = after(recovering(), 5, { ...approved, news: 'failed', text: 'R-1 failed' })
  const again = { ...approved, goesOn: true, text: 'R-1 goes on with step 2 of 4' } as const

  const decision = decide(stopped, again, start + 6 * minute, policy)

  expect(stopped).toMatchObject({ state: 'diagnosing' })
  expect(decision).toMatchObject({
    next: { state: 'recovering', run: 'R-1' },
    effects: expect.arrayContaining([
      expect.objectContaining({ kind: 'say', text: expect.stringContaining('R-1 goes on with step 2') }),
    ]),
  })
})

test('a probe that passed before the change says nothing about the time after it', () => {
  expect(after(recovering(), 5, newsOf(probe, change))).toMatchObject({ state: 'diagnosing', run: 'R-1' })
})

describe('what becomes of another system', () => {
  const other = { ...approved, system: 'lb', recovery: 'backup' } as const
  const said = (incident: Incident, news: IncidentInput): readonly string[] => {
    const decision = decide(incident, news, start + 5 * minute, policy)
    if (decision.kind !== 'change') return []
    return decision.effects.flatMap((wish) => (wish.kind === 'say' ? [wish.text] : []))
  }

  test.each(['done', 'failed', 'cancelled', 'denied', 'unknown', 'gone', 'holds'] as const)(
    'is said in the room where it was asked for, and moves nothing there: %s',
    (news) => {
      const words = said(outage(), { ...other, news, text: 'R-1 (failover lb)', seen: true })

      expect(words).toEqual([expect.stringContaining('R-1 (failover lb)')])
      expect(after(outage(), 5, { ...other, news, seen: true })).toEqual(outage())
    },
  )

  test.each(['proposed', 'approved', 'step', 'expired'] as const)(
    'is no news while it goes on: %s',
    (news) => {
      expect(said(outage(), { ...other, news })).toEqual([])
      expect(decide(outage(), { ...other, news }, start + 5 * minute, policy)).toEqual({ kind: 'same' })
    },
  )

  test('ends the wait for it that an older version has begun, and not the outage', () => {
    const waits = recovering()

    const ended = after(waits, 5, { ...other, news: 'done', seen: true })

    expect(ended).toMatchObject({ state: 'diagnosing', marks: waits.marks })
  })

  test('leaves what was carried out for this one as it stands, when it is put back', () => {
    const carried = after(recovering(), 5, newsOf(change))

    const back = after(carried, 6, { ...other, run: 'R-2', news: 'done', direction: 'failback' })

    expect(back.marks.acted).toBe(carried.marks.acted)
  })
})

test('the card of an open outage of the database names what helps against wrong data', () => {
  const lines = (incident: Incident): string =>
    (incidentCard(incident, { plan, now: start }).sections ?? [])
      .flatMap((section) => section.lines ?? [])
      .map((line) => plain(line))
      .join('\n')
  const named =
    'For data that is wrong: dr db restore 2026-11-23T03:02:00+01:00 orders (before the outage began, at 02:12 UTC; if it went wrong earlier, write an earlier moment). A failover carries the wrong data along.'

  expect(lines(outage())).toContain(named)
  expect(lines(recovering())).not.toContain(named)
})
