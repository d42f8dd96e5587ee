// The recovery engine: proposes, takes verdicts, and carries runs on; what it promises is in each run's state, on disk.
import { nameOf } from '../drplan/person-name.ts'
import { ConflictError, UserError, unlessNewer } from '../errors.ts'
import type { DrPlan, Role } from '../drplan/schema.ts'
import { objectiveAt } from '../incident/card.ts'
import type { Incident } from '../incident/incident.ts'
import type { PersonId, RunId } from '../ids.ts'
import { createLines } from '../lines.ts'
import type { Providers, Store } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { advanceOnce, look } from './advance.ts'
import type { AdvanceDeps } from './advance.ts'
import { createCalls } from './calls.ts'
import { apply, load, markUndone, refuseLocked, writeNew } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import { beginRun, decideRun } from './decide.ts'
import type { Context, Draft } from './draft.ts'
import { freeze, readFrozen, refuseFrozen, unfreeze } from './freeze.ts'
import { besideHalfWay, blameHalfWay, withoutOwnRule } from './half-way.ts'
import { blockedText } from './hurry.ts'
import type { Ask, Runs, Verdict } from './input.ts'
import { rivalOf, rivalsOf } from './rivals.ts'
import { anewCommand } from './news.ts'
import { isSameWish, toProposed, wishOf } from './propose.ts'
import { changedSomething } from './run.ts'
import type { Run } from './run.ts'
import {
  changedSince,
  historyLimit,
  refuseLedAway,
  refuseOutdated,
  refuseOvertaken,
  refuseReplanned,
} from './still-so.ts'
import { asSeen } from './unseen.ts'
import type { Said } from './verdicts.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import { differencesIn, digestOf, groundOf } from './world.ts'

export interface RunDeps extends LoopDeps {
  readonly providers: Providers
  readonly readers: Readers
}

type Engine = AdvanceDeps

/** How often a proposal is written again when others were faster. */
const tries = 20

/**
 * Joins the pure decisions with store and providers. `advance` may be called at any time, by any number of processes:
 * within one they queue up, and between them the commit of each step's intent lets only one start it.
 */
export function createRuns(deps: RunDeps): Runs {
  const { store, bells, changes, clock, log, chats, kick, plan } = deps
  const calls = createCalls(deps.providers, deps.readers)
  const engine: Engine = { store, bells, changes, clock, log, chats, kick, plan, calls }
  const inLine = createLines()

  return {
    propose: (ask) => propose(engine, ask),
    verdict: (id, said) => verdict(engine, id, said),
    advance: (id) => inLine(id, () => advanceOnce(engine, id)),
    freeze: (by, reason) => freeze(engine, by, reason),
    unfreeze: (by) => unfreeze(engine, by),
    frozen: () => readFrozen(store),
  }
}

async function propose(engine: Engine, ask: Ask): Promise<{ readonly run: Run; readonly existing: boolean }> {
  const { store, clock, calls } = engine
  const plan = engine.plan()
  const known = await store.runs({ open: false, limit: historyLimit, lasting: true })
  const started = underWay(ask, plan, known)
  if (started) return { run: started, existing: true }
  const seen = await asSeen(engine, ask, known)
  const { history } = seen
  const wish = wishOf(ask, plan, seen)
  const wished = { ask, undoes: wish.undoes, history }
  const outage = await outageOf(store, ask)
  const context: Context = {
    ask: withoutOwnRule(ask),
    plan,
    calls,
    setting: store.setting,
    history,
    objectiveAt: outage && objectiveAt(outage),
    outageAt: outage?.marks.outage,
    now: clock.now(),
  }
  const looked = await wish.draft(context).catch((thrown: unknown) => {
    throw blameHalfWay(thrown, wished)
  })
  const draft = await withHindrance(engine, besideHalfWay(looked, wished))
  return record(engine, { ask, key: wish.key, draft, plan })
}

/** The outage that is to be ended; the way back ends none. */
async function outageOf(store: Store, ask: Ask): Promise<Incident | undefined> {
  if (ask.incident === undefined || ask.direction === 'failback') return undefined
  const incident = (await store.incident(ask.incident))?.state
  const ends = incident?.system === ask.system && incident.state !== 'resolved'
  return ends ? incident : undefined
}

/** The run that does already what is wished for; the world is just being changed by it, so it is not looked at. */
function underWay(ask: Ask, plan: DrPlan, history: readonly Run[]): Run | undefined {
  const { system, direction } = ask
  const first = direction === 'failover' ? plan.systems[system]?.recoveries[0]?.name : undefined
  const recovery = ask.recovery ?? first
  return history.find(
    (run) =>
      (run.state === 'running' || run.state === 'unknown') &&
      run.system === system &&
      run.direction === direction &&
      (recovery === undefined || run.recovery === recovery) &&
      canonicalJson(run.order ?? {}) === canonicalJson(ask.order ?? {}),
  )
}

/** The draft, with what would keep it from starting just now. */
async function withHindrance({ store, plan }: Engine, draft: Draft): Promise<Draft> {
  const { proposal } = draft
  const frozen = await readFrozen(store)
  if (!frozen) return draft
  const hindrance = `Recoveries were frozen by ${nameOf(plan(), frozen.by)} when this was proposed: while they are, it does not start`
  return { ...draft, proposal: { ...proposal, warnings: [hindrance, ...proposal.warnings] } }
}

interface Recording {
  readonly ask: Ask
  readonly key: string
  readonly draft: Draft
  readonly plan: DrPlan
}

/** Writes the proposal unless the same one waits already; one claim per wish lets only one of two doors write. */
async function record(
  engine: Engine,
  { ask, key, draft, plan }: Recording,
): Promise<{ readonly run: Run; readonly existing: boolean }> {
  const { store, clock } = engine
  const name = `run-key:${key}`
  // A number that lost a race is not wasted: people wonder what became of.
  let id: RunId | undefined
  for (let left = tries; left > 0; left -= 1) {
    const [holder = ''] = await store.claims([name])
    const known = holder === '' ? undefined : (await unlessNewer(store.run(holder as RunId)))?.state
    const now = clock.now()
    const goesOn = known?.state === 'running' || known?.state === 'unknown'
    if (known && (goesOn || isSameWish(known, draft, ask, { now, plan })))
      return { run: known, existing: true }
    id ??= `R-${await store.nextNumber('R')}`
    const rivals = await rivalsOf(store, { key, targets: draft.proposal.targets })
    const run = toProposed(draft, { id, key, ask, now, plan, rivals })
    if (!(await writeNew(engine, beginRun(run, now), { name, from: holder, to: id }))) continue
    if (known) await apply(engine, known.id, { kind: 'lapsed', reason: `${id} has taken its place`, by: id })
    const others = await rivalsOf(store, { key, targets: run.proposal.targets })
    const by = rivalOf(run)
    await Promise.all(others.map((rival) => apply(engine, rival.id, { kind: 'rivalled', by })))
    return { run, existing: false }
  }
  throw new ConflictError(`${key} was proposed ${tries} times by others at the same time`)
}

async function verdict(engine: Engine, id: RunId, said: Verdict): Promise<Run> {
  // What was not approved in time has lapsed, even if its bell has not rung yet.
  const { run } = await apply(engine, id, { kind: 'tick' })
  switch (said.kind) {
    case 'approve': {
      return approve(engine, run, said)
    }
    case 'deny':
    case 'cancel':
    case 'paid':
      return (await apply(engine, id, said)).run
    case 'retry':
      return retry(engine, run, said)
  }
}

/** Refuses what can be refused without looking; then looks, and starts only on the world that was shown. */
async function approve(
  engine: Engine,
  run: Run,
  verdict: Extract<Verdict, { kind: 'approve' }>,
): Promise<Run> {
  const { person } = verdict.by
  const first = decideRun(run, { ...verdict, roles: rolesOf(engine, person) }, engine.clock.now())
  if (first.kind === 'change') {
    await refuseFrozen(engine, run.id)
    await refuseLocked(engine.store, run)
    await refuseReplanned(engine, run)
    await refuseOvertaken(engine, run)
    await refuseDrifted(engine, run)
    await refuseLedAway(engine, run)
    // Looking took time, in which the plan may have been mended.
    await refuseReplanned(engine, run)
  }
  // Who has left the plan meanwhile, or lost the role, approves nothing.
  return (await apply(engine, run.id, { ...verdict, roles: rolesOf(engine, person) })).run
}

function rolesOf(engine: Engine, person: PersonId): readonly Role[] {
  const { people } = engine.plan()
  const roles = Object.hasOwn(people, person) ? people[person]?.roles : undefined
  if (roles) return roles
  throw new UserError('unknown-person', `${person} is not in the DR plan any more and may approve nothing.`)
}

async function refuseDrifted(engine: Engine, run: Run): Promise<void> {
  const seen = await Promise.all(
    groundOf(run.steps).map(async ({ action }) => ({ action, facts: await engine.calls.observe(action) })),
  )
  if (digestOf(seen) === run.proposal.digest) return
  // Whoever approved it through another door a moment ago has changed the world by that.
  const { state: now } = await load(engine.store, run.id)
  if (now.state !== 'proposed') return
  const named = differencesIn(seen)
  const what =
    named.length > 0 ? named.join('; ') : 'there are other records at the same names now, or other servers'
  const reason = `The world is not as ${run.id} showed it: ${what}`
  const { run: lapsed } = await apply(engine, run.id, { kind: 'lapsed', reason })
  if (lapsed.state !== 'expired') return
  throw new UserError(
    'world-differs',
    `${reason}. Nothing was changed. Look at it again: ${anewCommand(run)}`,
  )
}

/**
 * Looks at the step that is stuck, and at all changes before and after it, before it goes on. What would be refused is
 * refused before anything is written.
 */
async function retry(engine: Engine, run: Run, said: Extract<Verdict, { kind: 'retry' }>): Promise<Run> {
  const isStuck = run.state === 'unknown' || run.state === 'failed'
  if (isStuck) refuseBlocked(engine, run)
  const seen = isStuck ? await lookAtChanges(engine, run) : { seen: 'not-done' as const, text: '' }
  // Whatever differs by now, what stands half-way must be able to be ended in both directions.
  const isHalfWay = changedSomething(run) || seen.seen === 'done'
  const since = isStuck && isHalfWay ? await changedSince(engine, run) : []
  const input = { ...said, ...seen, since }
  const first = decideRun(run, input, engine.clock.now())
  if (isStuck && first.kind === 'change') {
    await refuseFrozen(engine, run.id)
    await refuseLocked(engine.store, run)
    if (!isHalfWay) await refuseOutdated(engine, run)
    if (seen.seen === 'done') await markUndone(engine, run, run.current)
  }
  return (await apply(engine, run.id, input)).run
}

/** To look would make the provider's block longer. */
function refuseBlocked({ clock, plan }: Engine, run: Run): void {
  const blocked = blockedText(run, clock.now(), plan().timezone)
  if (blocked === undefined) return
  throw new UserError(
    'provider-blocks',
    `${run.id} cannot go on yet. ${blocked}. After that: retry ${run.id}`,
  )
}

async function lookAtChanges(
  engine: Engine,
  run: Extract<Run, { state: 'unknown' | 'failed' }>,
): Promise<Pick<Extract<Said, { kind: 'retry' }>, 'seen' | 'text'>> {
  const { current } = run
  let verdict: 'done' | 'not-done' = 'not-done'
  for (const [index, step] of run.steps.entries()) {
    if (step.undo === undefined) continue
    const seen = await look(engine, { step })
    if (seen.kind === 'silent') return { seen: 'unclear', text: `it cannot be looked at: ${seen.reason}` }
    if (seen.kind === 'unclear') return { seen: 'unclear', text: seen.text }
    if (seen.kind === 'under-way')
      return { seen: 'unclear', text: `"${step.title}" is under way at its provider: wait for its end.` }
    if (index < current && seen.kind !== 'done')
      return { seen: 'unclear', text: `"${step.title}" does not hold any more.` }
    if (index > current && seen.kind !== 'not-done')
      return { seen: 'unclear', text: `"${step.title}" was done by somebody else.` }
    if (index === current) verdict = seen.kind
  }
  return { seen: verdict, text: 'seen to be done when it was looked at again' }
}
