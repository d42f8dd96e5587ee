// `dr plan check --live`: whether each recovery of the plan could be carried out now, without a running bot.
import { readConfig } from '../config.ts'
import { checkReport } from '../drplan/report.ts'
import { loadPlan } from '../drplan/load.ts'
import { second, type Duration } from '../ids.ts'
import { createCalls } from '../recovery/calls.ts'
import { checkRecoveries, isInForce, isReady, missingOf, systemsReadiness } from '../recovery/checkup.ts'
import type { Checked } from '../recovery/ways/way.ts'
import type { RecoveryChecked, SystemReadiness } from '../recovery/checkup.ts'
import type { Providers } from '../ports.ts'
import type { Readers } from '../readers.ts'
import type { Config, Environment } from '../config.ts'
import { readPlan } from './local.ts'
import type { Printed } from './local.ts'
import type { Machine } from './main.ts'

/** The bot's ways to the systems; opens no connection by itself. */
export type SystemsOf = (config: Config) => { readonly providers: Providers; readonly readers: Readers }

/** Nobody is kept waiting longer than that without being told what for, and told so again. */
const slow: Duration = 2.5 * second
const stillSlow: Duration = 10 * second

/** Checks the plan as `plan check` does, then the world. Exit code 1 when either lacks something. */
export async function liveCheck(
  env: Environment,
  file: string | undefined,
  systemsOf: SystemsOf,
  machine: Pick<Machine, 'now' | 'after' | 'err'>,
): Promise<Printed> {
  const now = machine.now()
  const config = readConfig(file === undefined ? readable(env) : { ...readable(env), DR_PLAN: file })
  const result = loadPlan(readPlan(config.DR_PLAN), config.DR_PLAN)
  const still = checkReport(config.DR_PLAN, result, now)
  if ('errors' in result) return still
  const { providers, readers } = systemsOf(config)
  const calls = createCalls(providers, readers)
  const { begun, stop } = told(machine)
  const checkup = await checkRecoveries({
    setting: async () => undefined,
    plan: result.plan,
    calls,
    now,
    history: [],
    begun,
  }).finally(stop)
  const { recoveries } = checkup
  const unready = recoveries.filter((one) => missingOf(one).length > 0).length
  const text = [
    still.text,
    '',
    ...systemsReadiness(checkup, result.plan).flatMap(systemLines),
    sumOf(recoveries, unready),
  ]
  const live = { at: now, ok: unready === 0, recoveries: recoveries.map(withVerdict) }
  return {
    text: text.join('\n'),
    json: { ...Object(still.json), ok: unready === 0, live },
    exitCode: unready === 0 ? 0 : 1,
  }
}

/** What only a running bot needs may be missing: a plan is checked before there is one. */
function readable(env: Environment): Environment {
  const unused = 'this setting is of no use for a look at the systems'
  return {
    ...env,
    NAGIOS_TOKEN: env['NAGIOS_TOKEN'] || unused,
    CONSOLE_SECRET: env['CONSOLE_SECRET'] || unused,
  }
}

/** Says what is being looked at while that takes long, as what does not answer does. */
function told({ after, err }: Pick<Machine, 'after' | 'err'>): {
  readonly begun: (command: string) => () => void
  readonly stop: () => void
} {
  const open = new Set<string>()
  let stop = after(slow, tell)
  function tell(): void {
    err(
      `Still looking whether these could be carried out: ${[...open].join(', ')}. What does not answer is given up.\n`,
    )
    stop = after(stillSlow, tell)
  }
  return {
    begun: (command) => {
      open.add(command)
      return () => open.delete(command)
    },
    stop: () => stop(),
  }
}

function sumOf(recoveries: readonly RecoveryChecked[], unready: number): string {
  const ready = recoveries.filter((one) => isReady(one) || isInForce(one)).length
  const unknown = recoveries.length - unready - ready
  if (ready === recoveries.length) return `All ${ready} recoveries could be carried out now.`
  const parts = [
    ...(unready === 0 ? [] : [`${unready} of ${recoveries.length} recoveries could not be carried out now.`]),
    ...(unknown === 0
      ? []
      : [`Whether ${unknown} of ${recoveries.length} recoveries could be carried out is not known: see ⚠.`]),
  ]
  return parts.join(' ')
}

function withVerdict(one: RecoveryChecked): object {
  return { ...one, ready: isReady(one) || isInForce(one) }
}

function systemLines({ system, recoveries }: SystemReadiness): readonly string[] {
  return recoveries.flatMap((one) => [
    `${signOf(one)} failover ${system} to ${one.recovery}: ${verdictOf(one)}`,
    ...one.checks.map((check) => `    ${sign(check)} ${check.what}: ${check.text}`),
    '',
  ])
}

function sign({ ok, unknown }: Pick<Checked, 'ok' | 'unknown'>): string {
  if (!ok) return '✗'
  return unknown ? '⚠' : '✓'
}

function signOf(one: RecoveryChecked): string {
  if (missingOf(one).length > 0) return '✗'
  return isReady(one) || isInForce(one) ? '✓' : '⚠'
}

function verdictOf(one: RecoveryChecked): string {
  if (isInForce(one)) return 'nothing to do, it is so already'
  if (missingOf(one).length > 0) return 'not ready'
  return isReady(one) ? 'ready' : 'not known'
}
