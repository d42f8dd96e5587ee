// The safety rules of a recovery: pure verdicts, each with the name by which somebody can take it on himself.
import { UserError } from '../errors.ts'
import type { DnsRecord } from './action.ts'
import type { Ask } from './input.ts'
import type { Finding } from './run.ts'

/** Names usable in `--override RULE "reason"`. */
export const safetyRules = [
  'target-healthy',
  'not-already-there',
  'no-other-records',
  'world-as-left',
  'all-balancers-answer',
  'same-servers',
  'last-healthy-server',
  'origin-certificate',
  'batch-limit',
  'pool-limits',
  'core-quota',
  'pool-not-scaling',
  'autoscale-known',
  'loss-within-objective',
  'restore-window',
  'before-outage',
  'no-other-restore',
  'other-region',
  'planned-possible',
  'copy-complete',
  'copy-recent',
  'parent-answers',
  'no-ds-at-parent',
  'registrar-can-switch',
  'parent-leads-here',
  'standby-changes-carried',
  'no-half-way-run',
] as const
export type SafetyRule = (typeof safetyRules)[number]

/**
 * `unknown`: nobody could look. A rule that refuses then is not `ok`; one that only warns is, and is drawn as a warning,
 * never as something that was checked.
 */
export interface Verdict {
  readonly rule: SafetyRule
  readonly ok: boolean
  readonly unknown?: true
  readonly text: string
}

/** Never point at a target that fails its probe. `undefined`: the plan has no probe, so nothing is known. */
export function targetHealthy(
  targets: readonly { readonly where: string; readonly ok: boolean; readonly reason: string }[] | undefined,
): Verdict {
  const rule = 'target-healthy'
  if (targets === undefined || targets.length === 0)
    return { rule, ok: true, unknown: true, text: 'The DR plan has no probe: the target was not asked' }
  const ok = targets.every((target) => target.ok)
  return { rule, ok, text: targets.map(({ where, reason }) => `${where} ${reason}`).join('; ') }
}

/** A recovery to where the records point already would change nothing that helps. */
export function notAlreadyThere(before: readonly DnsRecord[], after: readonly DnsRecord[]): Verdict {
  const there = before.filter((record, index) => {
    const wanted = after[index]
    return wanted && record.content === wanted.content && record.proxied === wanted.proxied
  })
  const ok = there.length < before.length
  const text = ok
    ? 'The records do not point there yet'
    : `${there.map((record) => `${record.name} points at ${record.content}`).join(', ')} already`
  return { rule: 'not-already-there', ok, text }
}

/** Other address records at the same names would go on sending clients to the old place. */
export function noOtherRecords(names: readonly string[], others: readonly DnsRecord[]): Verdict {
  const rule = 'no-other-records'
  if (others.length === 0) return { rule, ok: true, text: `No other address records at ${names.join(', ')}` }
  const list = others.map((record) => `${record.name} ${record.type} ${record.content}`).join(', ')
  return { rule, ok: false, text: `${list} would stay as it is, and clients that use it stay where they are` }
}

/** The way back starts from what the run left behind, not from what somebody else did since. */
export function worldAsLeft(run: string, differences: readonly string[]): Verdict {
  const ok = differences.length === 0
  const text = ok ? `The records are as ${run} left them` : differences.join('; ')
  return { rule: 'world-as-left', ok, text }
}

/** Without a proxy in between, clients see the origin's own certificate. `undefined`: it is not asked over https. */
export function originCertificate(
  seen: readonly { readonly ok: boolean; readonly text: string }[] | undefined,
): Verdict {
  const rule = 'origin-certificate'
  if (seen === undefined || seen.length === 0)
    return {
      rule,
      ok: true,
      unknown: true,
      text: 'The DR plan has no https probe: the certificate was not looked at',
    }
  const bad = seen.filter(({ ok }) => !ok)
  const text = (bad.length === 0 ? seen : bad).map((one) => one.text).join('; ')
  return { rule, ok: bad.length === 0, text }
}

/** More than one batch would not be all or nothing. */
export function batchLimit(changes: number): Verdict {
  const text = `${changes} changes; Cloudflare takes 200 in one batch on the Free plan and 3,500 on the paid ones`
  return { rule: 'batch-limit', ok: changes <= 200, text }
}

/** Verdicts as findings, with the reason of whoever takes a failed one on himself. */
export function findings(verdicts: readonly Verdict[], overrides: Ask['overrides']): readonly Finding[] {
  const known: readonly string[] = verdicts.map((verdict) => verdict.rule)
  const unknown = overrides.find(({ rule }) => !known.includes(rule))
  if (unknown) {
    throw new UserError(
      'unknown-rule',
      `This recovery has no safety rule ${unknown.rule}. It has: ${known.join(', ')}.`,
    )
  }
  return verdicts.map((verdict) => {
    const override = verdict.ok ? undefined : overrides.find(({ rule }) => rule === verdict.rule)
    return override ? { ...verdict, overriddenWith: override.reason } : verdict
  })
}

/** True when this rule failed and somebody takes it on himself. */
export function isOverridden(list: readonly Finding[], rule: SafetyRule): boolean {
  return list.some((finding) => finding.rule === rule && finding.overriddenWith !== undefined)
}

/** Thrown when a safety rule refuses: a UserError that holds what all rules found. */
export class UnsafeError extends UserError {
  readonly findings: readonly Finding[]

  constructor(message: string, found: readonly Finding[]) {
    super('unsafe', message)
    this.findings = found
  }
}

/** Throws for the first rules that failed and that nobody takes on himself, with what to type instead. */
export function refuseUnsafe(list: readonly Finding[], command: string, others: readonly string[]): void {
  const failed = list.filter((finding) => !finding.ok && finding.overriddenWith === undefined)
  if (failed.length === 0) return
  const what = failed.map(({ rule, text }) => `${rule}: ${text}.`).join('\n')
  const instead = others.length === 0 ? '' : ` Instead: ${others.join(', or ')}.`
  const anyway = failed.map(({ rule }) => `--override ${rule} "reason"`).join(' ')
  throw new UnsafeError(
    `Refused by the safety rule${failed.length === 1 ? ' ' : 's\n'}${what}\nNothing was changed.${instead}\nTo take it on yourself: ${command} ${anyway}`,
    list,
  )
}
