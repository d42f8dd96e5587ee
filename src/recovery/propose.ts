// A wish becomes a proposal: which recovery of the plan it is, what the world looks like, what would be done.
import { BugError, UserError } from '../errors.ts'
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import type { Instant, RunId } from '../ids.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import { numbered } from './draft.ts'
import type { Context, Draft } from './draft.ts'
import { cutShort, goingOn, runToUndo, standsAfterwards } from './failback.ts'
import type { Ask } from './input.ts'
import { planDifference, plannedOf } from './planned.ts'
import type { Rival, Run } from './run.ts'
import type { SeenHistory } from './unseen.ts'
import { bypass } from './ways/cloudflare/bypass.ts'
import { haproxy } from './ways/haproxy/haproxy.ts'
import { records } from './ways/cloudflare/records.ts'
import { checkByDraft } from './ways/draft-check.ts'
import { standbyDns } from './ways/standby-dns/standby-dns.ts'
import { storage } from './ways/storage/storage.ts'
import type { Checked, Way } from './ways/way.ts'
import { azureSql } from './ways/sql/sql.ts'
import { workers } from './ways/workers/workers.ts'

/** What is wished for, before the world was looked at; `key` names it, so that the same wish finds its run. */
export interface Wish {
  readonly key: string
  /** The run that a way back undoes. */
  readonly undoes?: RunId
  readonly draft: (context: Context) => Promise<Draft>
}

/** All ways, of which each recovery of the plan goes one. */
const ways: readonly Way[] = [records, bypass, haproxy, storage, workers, azureSql, standbyDns]

/** Finds what the wish means. Throws UserError when the plan has no such recovery or nothing is to be undone. */
export function wishOf(ask: Ask, plan: DrPlan, seen: SeenHistory): Wish {
  if (ask.direction === 'failback') {
    const run = runToUndo(ask, seen)
    const way = wayOfRun(run)
    const earlier = cutShort(seen.history, run)
    const own = seen.notes.filter((note) => note.run === run.id).map(({ text }) => text)
    const notes = [...own, ...standsAfterwards(ask, run, seen)]
    return {
      key: `failback:${ask.system}:${run.id}`,
      undoes: run.id,
      draft: async (context) =>
        withWarnings(notes, goingOn(await way.failback(context, run, earlier), earlier)),
    }
  }
  const recovery = recoveryOf(ask, plan)
  const draft = draftFor(recovery)
  const order = ask.order === undefined ? '' : `:${canonicalJson(ask.order)}`
  if (draft) return { key: `failover:${ask.system}:${recovery.name}${order}`, draft }
  const { runbook } = plan.systems[ask.system] ?? {}
  throw new UserError(
    'by-hand',
    `The bot cannot carry out the recovery ${recovery.name} of ${ask.system} yet: do it by hand${runbook === undefined ? '' : `, as in ${runbook}`}, and keep the record with: note`,
  )
}

function withWarnings(warnings: readonly string[], draft: Draft): Draft {
  const { proposal } = draft
  return { ...draft, proposal: { ...proposal, warnings: [...warnings, ...proposal.warnings] } }
}

/** What drafts a recovery; undefined for what this version cannot carry out. */
function draftFor(recovery: Recovery): Wish['draft'] | undefined {
  for (const way of ways) {
    const draft = way.failover(recovery)
    if (draft) return draft
  }
  return undefined
}

/** What looks whether a recovery could be carried out now; undefined for what this version cannot carry out. */
export function checkFor(
  recovery: Recovery,
): ((context: Context) => Promise<readonly Checked[]>) | undefined {
  for (const way of ways) {
    const draft = way.failover(recovery)
    if (draft) return way.check?.(recovery) ?? ((context) => checkByDraft(context, draft))
  }
  return undefined
}

function wayOfRun(run: Run): Way {
  const first = run.steps.find((step) => step.undo)?.action.provider
  const way = ways.find(({ changes }) => first !== undefined && changes.includes(first))
  if (way) return way
  throw new BugError(`no way undoes ${run.id}`)
}

function recoveryOf({ system, recovery }: Ask, plan: DrPlan): Recovery {
  const all = plan.systems[system]?.recoveries ?? []
  const found = recovery === undefined ? all[0] : all.find((one) => one.name === recovery)
  if (found) return found
  if (all.length === 0) {
    throw new UserError(
      'no-recovery',
      `The DR plan has no recovery for ${system}. Recover it by hand, and add one under "systems.${system}.recoveries" in the DR plan.`,
    )
  }
  throw new UserError(
    'unknown-recovery',
    `The DR plan has no recovery ${recovery} for ${system}. It has: ${all.map((one) => `failover ${system} to ${one.name}`).join(', ')}`,
  )
}

/** The draft with a number: a proposal that can be approved until `expiresAt`. */
export function toProposed(
  draft: Draft,
  as: {
    readonly id: RunId
    readonly key: string
    readonly ask: Ask
    readonly now: Instant
    readonly rivals: readonly Rival[]
    readonly plan: DrPlan
  },
): Extract<Run, { readonly state: 'proposed' }> {
  const { ask, now } = as
  const planned = plannedOf(as.plan, { system: ask.system, recovery: draft.recovery })
  return {
    state: 'proposed',
    id: as.id,
    key: as.key,
    system: ask.system,
    recovery: draft.recovery,
    direction: ask.direction,
    askedBy: ask.by.person,
    askedAt: now,
    door: ask.by.door,
    ...numbered({ proposal: draft.proposal, steps: draft.steps }, as.id),
    approvals: [],
    expiresAt: now + as.plan.proposals.valid_for,
    ...(ask.order === undefined ? {} : { order: ask.order }),
    ...(ask.incident === undefined ? {} : { incident: ask.incident }),
    ...(ask.askedIn === undefined ? {} : { askedIn: ask.askedIn }),
    ...(as.rivals.length === 0 ? {} : { rivals: as.rivals }),
    ...(planned === undefined ? {} : { planned }),
    ...(draft.undoes === undefined ? {} : { undoes: draft.undoes }),
  }
}

/**
 * Whether a proposal that waits is what is wished for now: the same world, plan, risk, overrides and incident, and
 * still valid.
 */
export function isSameWish(
  run: Run,
  draft: Draft,
  ask: Ask,
  now: { readonly now: Instant; readonly plan: DrPlan },
): boolean {
  if (run.state !== 'proposed' || run.expiresAt <= now.now || run.incident !== ask.incident) return false
  return (
    planDifference(run, now.plan) === undefined &&
    run.proposal.risk === draft.proposal.risk &&
    run.proposal.typed === draft.proposal.typed &&
    run.proposal.digest === draft.proposal.digest &&
    overridesOf(run.proposal) === overridesOf(draft.proposal)
  )
}

function overridesOf({ findings }: Draft['proposal']): string {
  return findings.map(({ rule, overriddenWith = '' }) => `${rule} ${overriddenWith}`).join('\n')
}
