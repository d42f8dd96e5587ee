// The registrar in the demo: a person who sits at the demo's window enters the name servers that a run waits for.
import type { DelegationAction } from '../src/recovery/standby-action.ts'
import type { Run } from '../src/recovery/run.ts'
import type { Outside } from '../sim/outside.ts'

type Registrar = Pick<Outside, 'registry' | 'nameServers'>

/** What may be typed after `registrar`. */
const places = ['azure', 'cloudflare'] as const

/** How often it is looked for a run that waits, in milliseconds. */
const lookEvery = 1_000

/** Enters the name servers of a place at the registrar; answers with what was done, or what can be typed. */
export function enterAtRegistrar({ registry, nameServers }: Registrar, word: string): string {
  const place = places.find((one) => one === word)
  if (place === undefined) return `Type: ${places.map((one) => `registrar ${one}`).join(', or: ')}`
  registry.delegate(nameServers[place])
  return `The registrar has ${nameServers[place].join(', ')} now; the bot sees it within a minute (or type: skip).`
}

/** What to type so that a run goes on that waits for the registrar; undefined when it does not. */
export function registrarHint(run: Run, { nameServers }: Pick<Registrar, 'nameServers'>): string | undefined {
  const action = watched(run)
  if (action === undefined) return undefined
  const wanted = action.after.toSorted().join()
  const place = places.find((one) => nameServers[one].toSorted().join() === wanted)
  if (place === undefined) return undefined
  return `>> ${run.id} waits for a person who enters ${action.after.join(', ')} at the registrar. Here that is you: type registrar ${place}`
}

function watched(run: Run): DelegationAction | undefined {
  const action = run.state === 'running' ? run.steps[run.current]?.action : undefined
  return action?.provider === 'delegation' ? action : undefined
}

/** Tells the hint of each run once. */
export function tellHints(
  runs: () => Promise<readonly Run[]>,
  outside: Pick<Registrar, 'nameServers'>,
  tell: (text: string) => void,
): void {
  const told = new Set<string>()
  const look = async (): Promise<void> => {
    for (const run of await runs()) {
      const hint = registrarHint(run, outside)
      if (hint === undefined || told.has(run.id)) continue
      told.add(run.id)
      tell(hint)
    }
  }
  // The demo ends with its Redis: what fails then is of no interest.
  setInterval(() => void look().catch(() => {}), lookEvery).unref()
}
