// The part of the world that a proposal stands on: what was seen, its digest, and in what it differs later.
import { createHash } from 'node:crypto'
import type { Facts } from '../ports.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import type { Action, ActionOf, ProviderName } from './action.ts'
import { certificate } from './kinds/certificate.ts'
import { cloudflareDns } from './kinds/cloudflare-dns.ts'
import { delegation } from './kinds/delegation.ts'
import { dnsCheck } from './kinds/dns-check.ts'
import { haproxyFile, haproxyServer, haproxyWait } from './kinds/haproxy.ts'
import { onlyLooks } from './kinds/kind.ts'
import type { Kind } from './kinds/kind.ts'
import { probe } from './kinds/probe.ts'
import { sqlCheck, sqlFailover, sqlGroup, sqlLink, sqlRename, sqlRestore } from './kinds/sql.ts'
import { sqlQuery } from './kinds/sql-query.ts'
import { appConfiguration, keyVaultSecret } from './kinds/setting.ts'
import { storageFailover, storageQueues } from './kinds/storage.ts'
import { autoscaleLimits, scaleSetCapacity, scaleSetWait } from './kinds/scale-set.ts'
import { standbyDns } from './kinds/standby-dns.ts'
import type { Step } from './run.ts'

/** An action and what its provider saw of it. */
export interface Seen {
  readonly action: Action
  readonly facts: Facts
}

/** The compiler makes sure that each action has its words. */
const kinds: { readonly [N in ProviderName]: Kind<ActionOf<N>> } = {
  'cloudflare-dns': cloudflareDns,
  probe,
  'dns-check': dnsCheck,
  'haproxy-server': haproxyServer,
  'haproxy-file': haproxyFile,
  'haproxy-wait': haproxyWait,
  certificate,
  'sql-restore': sqlRestore,
  'sql-check': sqlCheck,
  'sql-query': sqlQuery,
  'sql-rename': sqlRename,
  'sql-group': sqlGroup,
  'sql-link': sqlLink,
  'sql-failover': sqlFailover,
  'storage-failover': storageFailover,
  'storage-queues': storageQueues,
  'app-configuration': appConfiguration,
  'key-vault-secret': keyVaultSecret,
  'scale-set-capacity': scaleSetCapacity,
  'scale-set-wait': scaleSetWait,
  'autoscale-limits': autoscaleLimits,
  'standby-dns': standbyDns,
  delegation,
}

/** The words of whatever action; the table above holds the two together. */
function kindOf(action: Action): Kind<Action> {
  return kinds[action.provider] as Kind<Action>
}

/** False for one that only a newer version of the bot can carry out. */
export function isKnownAction({ provider }: Action): boolean {
  return Object.hasOwn(kinds, provider)
}

/** Whether an action changes anything, or only looks. */
export function changesWorld(action: Action): boolean {
  return undoTextOf(action) !== onlyLooks
}

/** Whether a change is still to be begun. */
export function changesToCome(steps: readonly Step[]): boolean {
  return steps.some(({ phase, action }) => phase === 'ready' && changesWorld(action))
}

/** What an action does when it undoes a step. */
export function undoTextOf(action: Action): string {
  return kindOf(action).undoText(action)
}

/** What stays of a step that has no undo; undefined for one that only looks. */
export function leftBy(action: Action): string | undefined {
  return kindOf(action).leaves?.(action)
}

/**
 * The steps whose world is looked at before anything starts: those that change something, and those that look before
 * the first change. What comes after the change cannot be seen yet.
 */
export function groundOf(steps: readonly Step[]): readonly Step[] {
  const first = steps.findIndex((step) => step.undo !== undefined)
  return steps.filter(
    (step, index) => (index < first && !kindOf(step.action).inTurn) || step.undo !== undefined,
  )
}

/** SHA-256 (hex) over what matters of everything that was seen. */
export function digestOf(seen: readonly Seen[]): string {
  const ground = seen.map(({ action, facts }) => ({
    provider: action.provider,
    facts: kindOf(action).ground(action, facts),
  }))
  return createHash('sha256').update(canonicalJson(ground)).digest('hex')
}

/** In what the world is not as the actions have it, in words, each once; empty when no difference can be named. */
export function differencesIn(seen: readonly Seen[]): readonly string[] {
  return [...new Set(seen.flatMap(({ action, facts }) => kindOf(action).differences(action, facts)))]
}

/** Whether a part of what the action wants is there, and no more. */
export function isPartly(action: Action, facts: Facts): boolean {
  return kindOf(action).partly?.(action, facts) ?? false
}

/** Names of what this action sets, part by part; empty when nobody looks whether its kind still holds. */
export function partsOf(action: Action): readonly string[] {
  return kindOf(action).holding?.parts(action) ?? []
}

/** What of these parts of the action does not hold any more, in words. */
export function goneOf(action: Action, facts: Facts, parts: ReadonlySet<string>): readonly string[] {
  return kindOf(action).holding?.gone(action, facts, parts) ?? []
}
