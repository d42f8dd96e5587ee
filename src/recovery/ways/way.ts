// One way to recover: how a provider block of the plan becomes a proposal, and how what it did is undone.
import type { ProviderBlock } from '../../drplan/recoveries.ts'
import type { Recovery } from '../../drplan/schema.ts'
import type { Duration } from '../../ids.ts'
import type { ProviderName } from '../action.ts'
import type { Context, Draft } from '../draft.ts'
import type { Run } from '../run.ts'

/**
 * One thing that a recovery needs, as the world has it now; `text`: what was seen, and where it is not ok the next step.
 * `unknown`: nothing speaks against it, but nobody could look, so that it makes nothing ready.
 */
export interface Checked {
  readonly what: string
  readonly ok: boolean
  readonly unknown?: true
  readonly text: string
  /** How long clients would keep the old DNS answer; absent where they keep none. */
  readonly follows?: Duration
}

export interface Way {
  /** What drafts this recovery of the plan; undefined when it goes another way. */
  readonly failover: (recovery: Recovery) => ((context: Context) => Promise<Draft>) | undefined
  /**
   * Looks whether this recovery could be carried out now; only reads. What it throws is reported as not ok. Absent: the
   * proposal is drafted, and what its safety rules find is reported. undefined when the recovery goes another way.
   */
  readonly check?: (recovery: Recovery) => ((context: Context) => Promise<readonly Checked[]>) | undefined
  /**
   * Drafts the undo of a run of this way: what is left of it after `earlier`, the ways back that were begun and cut
   * short, oldest first.
   */
  readonly failback: (context: Context, run: Run, earlier: readonly Run[]) => Promise<Draft>
  /** A run is of this way when its first change is an action of one of these providers. */
  readonly changes: readonly ProviderName[]
}

/** A recovery of the plan that has this provider block. */
export type With<Block extends ProviderBlock> = Recovery & {
  readonly [Name in Block]-?: NonNullable<Recovery[Name]>
}

/** The way of all recoveries with one provider block: `draft` and `check` are asked about those only. */
export function wayOf<Block extends ProviderBlock>(
  block: Block,
  {
    draft,
    check,
    ...rest
  }: Pick<Way, 'failback' | 'changes'> & {
    readonly draft: (context: Context, recovery: With<Block>) => Promise<Draft>
    readonly check: (context: Context, recovery: With<Block>) => Promise<readonly Checked[]>
  },
): Way {
  function isOfThis(recovery: Recovery): recovery is With<Block> {
    return recovery[block] !== undefined
  }
  return {
    ...rest,
    failover: (recovery) => (isOfThis(recovery) ? (context) => draft(context, recovery) : undefined),
    check: (recovery) => (isOfThis(recovery) ? (context) => check(context, recovery) : undefined),
  }
}
