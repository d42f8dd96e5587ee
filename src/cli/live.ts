// `dr plan check --live`: whether each recovery of the plan could be carried out now, without a running bot.
import { readConfig } from '../config.ts'
import { checkReport } from '../drplan/report.ts'
import { loadPlan } from '../drplan/load.ts'
import type { Instant } from '../ids.ts'
import { createCalls } from '../recovery/calls.ts'
import { checkRecoveries, isInForce, isReady, missingOf, systemsReadiness } from '../recovery/checkup.ts'
import type { Checked } from '../recovery/ways/way.ts'
import type { RecoveryChecked, SystemReadiness } from '../recovery/checkup.ts'
import type { Providers } from '../ports.ts'
import type { Readers } from '../readers.ts'
import type { Config, Environment } from '../config.ts'
import { readPlan } from './local.ts'
import type { Printed } from './local.ts'

/** The bot's ways to the systems; opens no connection by itself. */
export type SystemsOf = (config: Config) => { readonly providers: Providers; readonly readers: Readers }

/** Checks the plan as `plan check` does, then the world. Exit code 1 when either lacks something. */
export async function liveCheck(
  env: Environment,
  file: string | undefined,
  systemsOf: SystemsOf,
  now: Instant,
): Promise<Printed> {
  const config = readConfig(file === undefined ? env : { ...env, DR_PLAN: file })
  const result = loadPlan(readPlan(config.DR_PLAN), config.DR_PLAN)
  const still = checkReport(config.DR_PLAN, result, now)
  if ('errors' in result) return still
  const { providers, readers } = systemsOf(config)
  const calls = createCalls(providers, readers)
  const checkup = await checkRecoveries({
    setting: async () => undefined,
    plan: result.plan,
    calls,
    now,
    history: [],
  })
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
