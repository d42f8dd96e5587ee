// Which system an alert concerns: the first matcher that matches, in the order of the systems, then of the plan.
import { systemIds } from '../ids.ts'
import type { SystemId } from '../ids.ts'
import type { ObjectState } from '../intake/alert.ts'
import type { DrPlan, Matcher } from '../drplan/schema.ts'

/** What a matcher looks at. */
export interface MatchObject {
  readonly host: string
  readonly service?: string | undefined
  readonly hostGroups: readonly string[]
  readonly serviceGroups: readonly string[]
  readonly state: ObjectState
}

/** The system and the rule that chose it, such as `systems.lb.alerts[1] host: lb*`; or why there is none. */
export type Match =
  | { readonly system: SystemId; readonly rule: string; readonly index: number }
  | { readonly none: string }

/** Finds the system of an object in a problem state. Names are compared as Nagios does: case matters. */
export function matchSystem(plan: DrPlan, object: MatchObject): Match {
  let named: string | undefined
  for (const system of systemIds) {
    for (const [index, matcher] of (plan.systems[system]?.alerts ?? []).entries()) {
      if (!namesMatch(matcher, object)) continue
      const rule = `systems.${system}.alerts[${index}] ${printMatcher(matcher)}`
      if (hasState(matcher, object.state)) return { system, rule, index }
      named ??= `${rule} names it, but not for the state ${object.state}`
    }
  }
  const what =
    object.service === undefined ? `host ${object.host}` : `service ${object.service} on ${object.host}`
  return { none: named ?? `no system's alerts match the ${what}` }
}

/** `host: lb*, service: HAProxy`. */
export function printMatcher(matcher: Matcher): string {
  const keys = ['host', 'service', 'hostgroup', 'servicegroup'] as const
  return keys.flatMap((key) => (matcher[key] === undefined ? [] : [`${key}: ${matcher[key]}`])).join(', ')
}

/**
 * True when `text` matches the pattern: `*` any text, `?` one character, everything else itself. Backtracks only to the
 * last star, so hostile text costs at most pattern times text.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      index = ++resume
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

function namesMatch(matcher: Matcher, object: MatchObject): boolean {
  const { host, service, hostgroup, servicegroup } = matcher
  return (
    (host === undefined || globMatches(host, object.host)) &&
    (service === undefined || (object.service !== undefined && globMatches(service, object.service))) &&
    (hostgroup === undefined || object.hostGroups.some((group) => globMatches(hostgroup, group))) &&
    (servicegroup === undefined || object.serviceGroups.some((group) => globMatches(servicegroup, group)))
  )
}

function hasState(matcher: Matcher, state: ObjectState): boolean {
  return (matcher.states as readonly ObjectState[]).includes(state)
}
