// What the card of a run says of one step that the real engine has just tried, for tests of what people read.
import { runCard } from '../../src/recovery/card.ts'
import { createChanges } from '../../src/changes.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { plain } from '../../src/message.ts'
import type { Providers } from '../../src/ports.ts'
import type { Action } from '../../src/recovery/action.ts'
import { createRuns } from '../../src/recovery/engine.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import { noon, run as sampleRun, writingRun } from '../contracts/store-samples.ts'
import { noReaders } from './readers.ts'
import { silent } from './redis.ts'
import type { TestRedis } from './redis.ts'

export interface StepCards {
  /** Carries out a run of this one step as far as it goes at once, and tells what its card says then. */
  readonly of: (action: Action, providers: Providers) => Promise<string>
  readonly close: () => Promise<void>
}

/** On a real Redis; the clock stands. */
export async function startStepCards(redis: TestRedis, plan: DrPlan, now = noon): Promise<StepCards> {
  const connection = await redis.connect()
  const store = createStore({ redis: connection.redis })
  let number = 0
  return {
    of: async (action, providers) => {
      number += 1
      const runs = createRuns({
        store,
        providers,
        readers: noReaders,
        bells: { set: async () => {}, onRing: () => {} },
        changes: createChanges(),
        plan: () => plan,
        clock: { now: () => now, real: (duration) => duration, after: () => () => {} },
        log: silent,
        chats: [],
        kick: () => {},
      })
      const sample = sampleRun(`R-${number}`)
      const first: Run = {
        ...sample,
        // Nothing is locked: it was never approved.
        proposal: { ...sample.proposal, targets: [] },
        state: 'running',
        startedAt: now,
        current: 0,
        checkAt: now,
        steps: [{ title: 'the step', action, phase: 'ready', attempts: 0 }],
      }
      await store.commit(writingRun(first, 0, now))
      await runs.advance(first.id)
      const found = await store.run(first.id)
      if (!found) throw new Error(`there is no ${first.id}`)
      return cardOf(found.state, now, plan).replaceAll(first.id, 'R-1')
    },
    close: connection.close,
  }
}

/** The state and what is said of it; not what was proposed, which is the same in every one. */
function cardOf(run: Run, now: number, plan: DrPlan): string {
  const { title, sections = [] } = runCard(run, now, plan)
  const [state] = title.split(' · ').slice(-1)
  const outcome = run.state === 'running' ? undefined : sections[0]
  const steps = sections.find(({ heading }) => heading === 'Steps')
  const lines = [outcome, steps].flatMap((section) => section?.lines ?? []).map(plain)
  return [`${state}`, ...lines].join('\n      ')
}
