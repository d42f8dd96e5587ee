// A run that is stopped: between two steps, in the middle of one whose end nobody sees, or at any commit.
import type { RunId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import { ann } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'

type Bench = Pick<EngineBench, 'run' | 'runs' | 'away' | 'dieAt' | 'crash' | 'pass' | 'settle'>

/** Goes on until the run is at that step (1 is the first) and has not begun it; all else that is due waits. */
export async function comesTo(bench: Bench, id: RunId, step: number): Promise<Run> {
  for (let left = 400; left > 0; left -= 1) {
    const run = await bench.run(id)
    if (run.state !== 'running' || run.current + 1 >= step) return run
    await bench.runs().advance(id)
    bench.away(1_000)
  }
  throw new Error(`${id} does not come to step ${step}`)
}

/** Cancelled between two steps. */
export async function cancelledAt(bench: Bench, id: RunId, step: number): Promise<Run> {
  await comesTo(bench, id, step)
  return bench.runs().verdict(id, { kind: 'cancel', by: ann })
}

/** A step of a run, and what keeps its provider from telling what came of it, until somebody cancels. */
interface Cut {
  readonly id: RunId
  readonly step: number
  readonly silence: (on: boolean) => void
}

/** The intent of the step is written and its request is sent, and then the process dies. */
export function unseenAt(bench: Bench, cut: Cut): Promise<Run> {
  return givenUp(bench, cut, () => bench.dieAt(2, 'before'))
}

/** The intent of the step is written, and the process dies before anything of it was sent. */
export function neverSentAt(bench: Bench, cut: Cut): Promise<Run> {
  return givenUp(bench, cut, () => bench.dieAt(1, 'after'))
}

async function givenUp(bench: Bench, { id, step, silence }: Cut, die: () => void): Promise<Run> {
  await comesTo(bench, id, step)
  die()
  await bench
    .runs()
    .advance(id)
    .catch(() => undefined)
  bench.crash()
  silence(true)
  for (let left = 20; left > 0 && (await bench.run(id)).state === 'running'; left -= 1) {
    bench.away(60_000)
    await bench.settle()
  }
  const stuck = await bench.run(id)
  if (stuck.state !== 'unknown') throw new Error(`${id} is ${stuck.state}, not unknown`)
  const run = await bench.runs().verdict(id, { kind: 'cancel', by: ann })
  silence(false)
  return run
}

/** Every commit of a way, and whether the process dies before it is written or after. */
export function pointsOf(
  commits: number,
): readonly { readonly n: number; readonly when: 'before' | 'after' }[] {
  return Array.from({ length: commits }, (_, index) => index + 1).flatMap((n) => [
    { n, when: 'before' },
    { n, when: 'after' },
  ])
}
