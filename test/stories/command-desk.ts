// A desk for commands: the real store on a real Redis, real incidents, a clock that is moved, and simple runs.
import { readFileSync } from 'node:fs'
import { createChanges } from '../../src/changes.ts'
import { createDispatch } from '../../src/command/dispatch.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import { UserError } from '../../src/errors.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import { withOverrides } from '../../src/oncall/shift.ts'
import { runCard } from '../../src/recovery/card.ts'
import { createStore } from '../../src/store/redis.ts'
import { run as sampleRun } from '../contracts/store-samples.ts'
import { noReaders } from '../servers/readers.ts'
import type { Answer, Dispatch, Speaker } from '../../src/command/command.ts'
import type { Desk } from '../../src/command/desk.ts'
import type { DrPlan, Override } from '../../src/drplan/schema.ts'
import type { RunId } from '../../src/ids.ts'
import type { Line } from '../../src/message.ts'
import type { Clock, Log, Store } from '../../src/ports.ts'
import type { Ask, Runs } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { TestRedis } from '../servers/redis.ts'

/** A Monday, 03:00 in Berlin. */
export const start = Date.UTC(2026, 10, 23, 2)

interface MovableClock extends Clock {
  /** Moves time on and rings what is due on the way. */
  readonly move: (ms: number) => void
}

function movableClock(from: number): MovableClock {
  let now = from
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  return {
    now: () => now,
    real: (duration) => duration,
    after: (duration, run) => {
      const timer = { at: now + duration, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    move: (ms) => {
      now += ms
      for (const timer of timers) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.run()
      }
    },
  }
}

export interface TestDesk {
  readonly clock: MovableClock
  readonly store: Store
  readonly incidents: Desk['incidents']
  readonly logged: readonly { readonly level: string; readonly message: string; readonly fields: object }[]
  /** What the next proposals are made of, and what looking at the world waits for. */
  readonly runs: { risk: Run['proposal']['risk']; before: () => Promise<void> }
  readonly plan: () => DrPlan
  readonly dispatch: Dispatch
  /** Says something as somebody, at the terminal unless `where` says otherwise. */
  readonly say: (person: string, text: string, where?: Partial<Speaker>) => Promise<Answer>
}

/** A desk on a store that has forgotten everything. */
export async function startDesk(
  redis: TestRedis,
  change: (desk: Desk) => Desk = (desk) => desk,
): Promise<TestDesk> {
  await redis.flush()
  const connection = await redis.connect()
  return makeDesk(createStore({ redis: connection.redis }), change)
}

/** The example plan, with an administrator and somebody who may only look. */
export function examplePlan(): DrPlan {
  const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  const people: DrPlan['people'] = {
    ...loaded.plan.people,
    vic: { name: 'Vic Viewer', roles: ['viewer'] },
    ada: { name: 'Ada Admin', roles: ['admin'] },
  }
  return { ...loaded.plan, people }
}

function makeDesk(store: Store, change: (desk: Desk) => Desk): TestDesk {
  const clock = movableClock(start)
  const overrides: Override[] = []
  const base = examplePlan()
  const plan = (): DrPlan => withOverrides(base, overrides)
  const logged: { level: string; message: string; fields: object }[] = []
  const put =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      void logged.push({ level, message, fields })
  const log: Log = { debug: put('debug'), info: put('info'), warn: put('warn'), error: put('error') }
  const incidents = createIncidents({
    store,
    clock,
    log,
    changes: createChanges(),
    bells: { set: async () => {}, onRing: () => {} },
    policy: () => ({ plan: plan(), chats: [] }),
    kick: () => {},
  })
  const knobs: TestDesk['runs'] = { risk: 'reversible', before: async () => {} }
  const desk: Desk = {
    store,
    incidents,
    runs: simpleRuns(store, clock, knobs),
    runCard: (run) => runCard(run, clock.now(), plan()),
    plan,
    clock,
    log,
    publicUrl: 'https://dr.example.com',
    addOverride: async (override) => void overrides.push(override),
    removeOverride: async (override) => {
      const at = overrides.indexOf(override)
      if (at !== -1) overrides.splice(at, 1)
      return at !== -1
    },
    revoke: async () => {},
    syncStandby: async () => {},
    readers: noReaders,
  }
  const dispatch = createDispatch(change(desk))
  return {
    clock,
    store,
    incidents,
    logged,
    runs: knobs,
    plan,
    dispatch,
    say: (person, text, where = {}) => dispatch(text, { person, door: 'cli', ...where }),
  }
}

/** Everything that an answer says, as one text. */
export function said(answer: Answer): string {
  const { title, fields = [], sections = [] } = answer.card
  const lines = sections.flatMap((section) => [
    section.heading ?? '',
    ...(section.lines ?? []).map(lineText),
    ...(section.table?.rows ?? []).map((row) => row.map(lineText).join(' | ')),
    section.preformatted ?? '',
  ])
  return [title, ...fields.map((field) => `${field.label}: ${lineText(field.value)}`), ...lines].join('\n')
}

function lineText(line: Line): string {
  return line
    .map((span) => {
      if (typeof span === 'string') return span
      if ('at' in span) return `<${span.show}>`
      if ('code' in span) return span.code
      if ('command' in span) return span.command
      return 'strong' in span ? span.strong : span.text
    })
    .join('')
}

/** Runs that are kept in the real store, and that do nothing. */
function simpleRuns(store: Store, clock: Clock, knobs: TestDesk['runs']): Runs {
  let frozen: Awaited<ReturnType<Runs['frozen']>>
  async function write(next: Run, expected: number): Promise<Run> {
    await store.commit({ write: { kind: 'run', id: next.id, expected, next, wakeAt: undefined } })
    return next
  }
  async function propose(ask: Ask) {
    await knobs.before()
    if (ask.system === 'dns')
      throw new UserError('no-engine', 'There is no recovery engine for dns yet. By hand: see the runbook.')
    if (frozen) throw new UserError('frozen', 'Recoveries are frozen. To end that, type: unfreeze')
    const open = await store.runs({ open: true, limit: 10 })
    const [same] = open.filter((run) => run.system === ask.system && run.direction === ask.direction)
    if (same) return { run: same, existing: true }
    const id: RunId = `R-${await store.nextNumber('R')}`
    const sample = sampleRun(id)
    const run: Run = {
      ...sample,
      system: ask.system,
      direction: ask.direction,
      recovery: ask.recovery ?? 'backup',
      askedBy: ask.by.person,
      askedAt: clock.now(),
      expiresAt: clock.now() + 600_000,
      proposal: { ...sample.proposal, risk: knobs.risk, typed: 'api.example.com' },
      ...(ask.incident === undefined ? {} : { incident: ask.incident }),
    }
    return { run: await write(run, 0), existing: false }
  }
  return {
    propose,
    verdict: async (id, verdict) => {
      await knobs.before()
      const found = await store.run(id)
      if (!found) throw new UserError('unknown-run', `There is no ${id}. To see the runs, type: runs`)
      const { state: run, version } = found
      if (run.state !== 'proposed') throw new UserError('too-late', `${id} is ${run.state} already.`)
      const by = { by: verdict.by.person, door: verdict.by.door, at: clock.now() }
      if (verdict.kind === 'approve') {
        if (run.proposal.risk === 'disruptive' && verdict.typed !== run.proposal.typed)
          throw new UserError('typed', `Type: approve ${id} ${run.proposal.typed}`)
        const running = { startedAt: clock.now(), current: 0, checkAt: clock.now() }
        return write({ ...run, approvals: [by], state: 'running', ...running }, version)
      }
      if (verdict.kind === 'retry' || verdict.kind === 'paid')
        throw new UserError('not-stuck', `${id} is not stuck.`)
      const end = { endedAt: clock.now(), by }
      if (verdict.kind === 'deny') return write({ ...run, state: 'denied', ...end }, version)
      return write({ ...run, state: 'cancelled', done: 0, ...end }, version)
    },
    advance: async () => {},
    freeze: async (by, reason) => {
      if (frozen) return false
      frozen = { by: by.person, since: clock.now(), ...(reason === undefined ? {} : { reason }) }
      return true
    },
    unfreeze: async () => {
      frozen = undefined
    },
    frozen: async () => frozen,
  }
}
