// What is said of an account's failover: what was seen of its replication, what it costs, what is owed afterwards.
import { UserError } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import type { Duration } from '../../../ids.ts'
import type { AccountPlace, AccountSeen } from '../../../readers.ts'
import type { StorageFailoverAction } from '../../action.ts'
import type { Context } from '../../draft.ts'
import type { Debt, Proposal, Run } from '../../run.ts'
import type { Verdict } from '../../safety.ts'
import { depthsRow, timeText } from './look.ts'
import type { Depths } from './look.ts'

/** One move of an account, in either direction. */
export interface Move {
  readonly place: AccountPlace
  readonly seen: AccountSeen
  readonly depths: Depths
  readonly queues: readonly string[]
  readonly type: StorageFailoverAction['type']
  readonly to: string
  /** What is lost; undefined when that is not known. */
  readonly loss: Duration | undefined
}

/** The refusal for an account without a copy in another region, with how it gets one. */
export function withoutCopy(
  { resourceGroup, account }: AccountPlace,
  { sku, primary }: AccountSeen,
): UserError {
  return new UserError(
    'no-copy',
    `${account} is ${sku} in ${primary}: it has no copy in another region to which it could be failed over. Nothing was changed. ${makeGeo(resourceGroup, account)}`,
  )
}

/** How an account gets a copy in another region again, and what that costs. */
function makeGeo(resourceGroup: string, account: string): string {
  return `To make it geo-redundant: az storage account update --resource-group ${resourceGroup} --name ${account} --sku Standard_GRS. Azure then copies all of its data to the other region, charges that traffic and the price of geo-redundant storage, and takes hours with much data; a failover is possible again when its replication is Live (status storage)`
}

/** Both regions, the replication between them, and the queues. */
export function lookedOf(
  { now, plan }: Context,
  { place, seen, depths, to }: Move,
): NonNullable<Proposal['looked']> {
  const { replication } = seen
  const sync =
    replication?.lastSync === undefined
      ? 'last sync not known'
      : `last sync ${timeText(replication.lastSync, plan.timezone)}, ${printDuration(Math.max(0, now - replication.lastSync))} ago`
  const up = (works: boolean): string => (works ? 'available' : 'not available')
  return {
    says: `Azure calls ${seen.primary} ${up(seen.primaryUp)} and ${to} ${up(seen.secondaryUp)} for ${place.account}`,
    ways: [
      { way: `${seen.primary} (primary)`, ok: seen.primaryUp, answer: up(seen.primaryUp) },
      {
        way: `${to} (secondary)`,
        ok: seen.secondaryUp && replication?.status === 'Live',
        answer: `${up(seen.secondaryUp)}; replication ${replication?.status ?? 'unknown'}; ${sync}`,
      },
      ...(depths.queues.length + depths.silent.length === 0 ? [] : [depthsRow(depths, 'before', now)]),
    ],
  }
}

/** What it costs those who use the account. */
export function costOf({ plan }: Context, { place, seen, type, loss }: Move): Proposal['cost'] {
  const { account } = place
  if (type === 'planned')
    return {
      dataLoss: 0,
      text: `No data is lost: Azure brings the copy up to date first. ${account} may refuse writes while it is switched.`,
    }
  const since = seen.replication?.lastSync
  if (loss === undefined || since === undefined)
    return {
      text: `What was not yet copied is lost; Azure does not say how much that is. ${account} cannot be reached meanwhile.`,
    }
  return {
    dataLoss: loss,
    text: `${printDuration(loss)} of data: what was written to ${account} after ${timeText(since, plan.timezone)} is lost. It cannot be reached meanwhile.`,
  }
}

/** What is owed once it has moved. */
export function debtsOf({ ask }: Context, { place, seen, type, to }: Move, after: string): readonly Debt[] {
  const { resourceGroup, account } = place
  if (ask.direction === 'failback' && type === 'planned') return []
  const moved: Debt = {
    id: `moved:${account}`,
    text: `${account} is in ${to}`,
    remedy: `When ${seen.primary} works again: failback ${ask.system} (another failover; Azure does not move it back by itself)`,
  }
  if (type === 'planned') return [moved]
  const single: Debt = {
    id: `not-geo-redundant:${account}`,
    text: `${account} is ${after} in ${to}: the next outage there loses it, and there is no way back without a copy`,
    remedy: makeGeo(resourceGroup, account),
  }
  return ask.direction === 'failback' ? [single] : [single, moved]
}

/** What is lost must fit the objective, or somebody takes it on himself by name. */
export function lossWithin({ place, type, loss }: Move, rpo: Duration | undefined): Verdict {
  const rule = 'loss-within-objective'
  if (type === 'planned') return { rule, ok: true, text: 'A planned failover loses no data' }
  if (loss === undefined)
    return {
      rule,
      ok: false,
      unknown: true,
      text: `Azure does not say when ${place.account} was last in sync, so how much would be lost is not known`,
    }
  const text = `${printDuration(loss)} of data would be lost`
  if (rpo === undefined)
    return { rule, ok: true, unknown: true, text: `${text}; the DR plan has no objective (RPO)` }
  return { rule, ok: loss <= rpo, text: `${text}; the objective (RPO) is ${printDuration(rpo)}` }
}

/** The way back starts from where the run left the account. */
export function asLeft(run: Run, { account, before }: StorageFailoverAction, seen: AccountSeen): Verdict {
  const rule = 'world-as-left'
  if (seen.primary === before.secondary)
    return { rule, ok: true, text: `${account} is in ${seen.primary}, as ${run.id} left it` }
  return {
    rule,
    ok: false,
    text: `${account} is in ${seen.primary}, and was left in ${before.secondary ?? 'another region'}`,
  }
}
