// The plan in force: read at the start, again on SIGHUP, with the overrides of the rotation that were made by command.
import { z } from 'zod'
import { ConflictError, UserError } from '../errors.ts'
import type { Clock, Log, Store } from '../ports.ts'
import { minute } from '../ids.ts'
import { withOverrides } from '../oncall/shift.ts'
import { momentEnd } from '../oncall/wallclock.ts'
import { loadPlan } from './load.ts'
import type { LoadedPlan } from './load.ts'
import { Override } from './schema.ts'
import type { DrPlan } from './schema.ts'
import { printProblem } from './report.ts'

/** The store's setting that holds the overrides made by command. */
const settingName = 'overrides'
const tries = 20
const day = 24 * 60 * minute

export interface CurrentPlan {
  /** The plan with all overrides. */
  readonly plan: () => DrPlan
  /** Reads the file again; a broken one is refused and the old plan goes on. Answers what was wrong. */
  readonly reload: () => Promise<readonly string[]>
  /** Adds an override for all processes of the bot. */
  readonly addOverride: (override: Override) => Promise<void>
  /** Takes one back that was added; false when there is none such (those of the file stand in the file). */
  readonly removeOverride: (override: Override) => Promise<boolean>
  /** Takes over what other processes added. */
  readonly refresh: () => Promise<void>
}

export interface CurrentPlanDeps {
  readonly file: string
  readonly readFile: (file: string) => Promise<string>
  readonly store: Pick<Store, 'setting' | 'putSetting'>
  readonly clock: Clock
  readonly log: Log
}

/** Loads the plan for the first time; throws UserError with every error when it cannot be used. */
export async function openPlan(deps: CurrentPlanDeps): Promise<CurrentPlan> {
  let loaded = await firstPlan(deps)
  let overrides: readonly Override[] = []
  /** How many this version does not understand. */
  let others = 0
  let plan = loaded.plan
  function settle(): void {
    const now = deps.clock.now()
    const coming = overrides.filter((each) => momentEnd(each.to, loaded.plan.timezone) > now)
    plan = withOverrides(loaded.plan, coming)
  }
  /** Nobody asks for it any more, however another zone of the plan would read its end. */
  function isLongOver(override: Override): boolean {
    return momentEnd(override.to, loaded.plan.timezone) + 2 * day < deps.clock.now()
  }
  async function refresh(): Promise<void> {
    const stored = read(await deps.store.setting(settingName))
    if (stored.others.length > others)
      deps.log.warn('overrides of a newer version of the bot do not count here', {
        count: stored.others.length,
      })
    others = stored.others.length
    overrides = stored.known
    settle()
  }
  async function reload(): Promise<readonly string[]> {
    const result = loadPlan(await deps.readFile(deps.file), deps.file)
    if ('errors' in result) {
      const problems = result.errors.map(printProblem)
      deps.log.error('the new plan is refused, the old one goes on', { file: deps.file, problems })
      return problems
    }
    loaded = result
    settle()
    warn(result, deps)
    deps.log.info('the plan was read again', { file: deps.file, warnings: result.warnings.length })
    return []
  }
  /** What is long over leaves the store with the next change. */
  async function change(next: (kept: readonly Override[]) => readonly Override[]): Promise<boolean> {
    for (let left = tries; left > 0; left -= 1) {
      const from = await deps.store.setting(settingName)
      const stored = read(from)
      const wanted = next(stored.known)
      if (wanted === stored.known) return false
      const kept = wanted.filter((each) => !isLongOver(each))
      const outcome = await deps.store.putSetting(
        settingName,
        from,
        JSON.stringify([...stored.others, ...kept]),
      )
      if (outcome !== 'committed') continue
      await refresh()
      return true
    }
    throw new ConflictError('the overrides changed again and again; try once more')
  }
  async function addOverride(override: Override): Promise<void> {
    await change((stored) => [...stored, override])
  }
  async function removeOverride(override: Override): Promise<boolean> {
    return change((stored) => {
      const left = stored.filter((each) => !isSame(each, override))
      return left.length === stored.length ? stored : left
    })
  }
  await refresh()
  return { plan: () => plan, reload, addOverride, removeOverride, refresh }
}

async function firstPlan(deps: CurrentPlanDeps): Promise<LoadedPlan> {
  const result = loadPlan(await textOf(deps), deps.file)
  if ('errors' in result) {
    const problems = result.errors.map(printProblem).join('\n')
    throw new UserError(
      'bad-plan',
      `${deps.file} cannot be used:\n${problems}\nCheck it with: npx dr plan check ${deps.file}`,
    )
  }
  warn(result, deps)
  return result
}

function warn({ warnings }: LoadedPlan, { log }: Pick<CurrentPlanDeps, 'log'>): void {
  for (const warning of warnings) log.warn('the plan', { warning: printProblem(warning) })
}

async function textOf(deps: CurrentPlanDeps): Promise<string> {
  try {
    return await deps.readFile(deps.file)
  } catch (thrown) {
    const advice = `Copy the example and adapt it: cp dr-plan.example.yml ${deps.file}. Another place: DR_PLAN=PATH in .env`
    throw new UserError('no-plan', `The plan ${deps.file} cannot be read. ${advice}`, { cause: thrown })
  }
}

function isSame(one: Override, other: Override): boolean {
  const keys = ['person', 'from', 'to', 'rotation', 'by'] as const
  return keys.every((key) => one[key] === other[key])
}

/** `others`: what only a newer version understands; it stays for that one. */
function read(text: string | undefined): {
  readonly known: readonly Override[]
  readonly others: readonly unknown[]
} {
  const all = text === undefined ? [] : z.array(z.unknown()).parse(JSON.parse(text))
  const read = all.map((each) => Override.safeParse(each))
  return {
    known: read.flatMap(({ data }) => (data === undefined ? [] : [data])),
    others: all.filter((_, index) => !read[index]?.success),
  }
}
