// How the copies of zones stand, as sections of an answer.
import { readStandbys } from '../recovery/standby/words.ts'
import type { StandbyShown } from '../recovery/standby/words.ts'
import type { SystemId } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import type { Desk } from './desk.ts'

/** The copies of zones that stand behind the system dns; nothing for all others. */
export async function standbyOf(
  desk: Desk,
  system: SystemId,
): Promise<{ readonly ok: boolean; readonly sections: readonly Section[]; readonly data: unknown }> {
  const shown = system === 'dns' ? await readStandbys(desk.store, desk.plan(), desk.clock.now()) : []
  return {
    ok: shown.every(({ ok }) => ok),
    sections: standbySection(shown),
    data: shown.map(({ zone, state }) => ({ zone, inStepAt: state?.inStepAt, problem: state?.problem })),
  }
}

/** How these copies stand, one after the other. */
export function standbySection(shown: readonly StandbyShown[]): readonly Section[] {
  if (shown.length === 0) return []
  const lines = shown.flatMap(({ line, more }): readonly Line[] => [line, ...more])
  return [{ heading: 'Standby DNS', lines }]
}
