// What is looked at around a storage account before anything is proposed: how full its queues are, as far as they answer.
import { exactMoment } from '../../../moment.ts'
import { RetryableError, UserError, reasonOf } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import type { Duration, Instant } from '../../../ids.ts'
import { minute } from '../../../ids.ts'
import type { AccountPlace, AccountSeen, QueueSeen } from '../../../readers.ts'
import type { StorageQueuesAction } from '../../action.ts'
import { stepOf } from '../../draft.ts'
import type { Context } from '../../draft.ts'
import { countText } from '../../kinds/storage.ts'
import type { Debt, Proposal, Step } from '../../run.ts'

/** The block of the DR plan. */
export type StorageBlock = NonNullable<Recovery['azure_storage']>

/** The queues of an account, each as it was seen, or why it was not. */
export interface Depths {
  readonly account: string
  readonly queues: readonly QueueSeen[]
  readonly silent: readonly { readonly name: string; readonly reason: string }[]
}

/** How long the queues of the account that takes over may take to answer after the change. */
const answersWithin: Duration = 2 * minute

/** An account that does not answer holds up nothing: that is what was found. */
export async function lookAtQueues(
  { calls }: Context,
  account: string,
  names: readonly string[],
): Promise<Depths> {
  const limit = calls.limit()
  // Each by itself: what is wrong with one says nothing of another.
  const looks = await Promise.allSettled(
    names.map((name) => calls.readers.storage.queues(account, [name], limit)),
  )
  const silent = looks.flatMap((look, index) => {
    const name = names[index]
    if (look.status === 'fulfilled' || name === undefined) return []
    return [{ name, reason: reasonOf(look.reason).replace(/\.$/, '') }]
  })
  return { account, queues: looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : [])), silent }
}

/** Whether all of its queues that were asked for have answered. */
export function answers({ silent }: Depths): boolean {
  return silent.length === 0
}

/** Why it does not answer: what one of its queues said, since it is the same with all as a rule. */
export function whySilent({ silent }: Depths): string {
  return silent[0]?.reason ?? ''
}

/**
 * The account and its replication. Throws UserError when its resource provider does not answer: then nobody can start
 * a failover of the account, and other ways are named.
 */
export async function lookAtAccount(
  { calls }: Context,
  place: AccountPlace,
  instead: readonly string[],
): Promise<AccountSeen> {
  try {
    return await calls.readers.storage.account(place, calls.limit())
  } catch (thrown) {
    if (!(thrown instanceof RetryableError)) throw thrown
    const others =
      instead.length === 0
        ? 'Look at the account in the Azure portal and open a support request: Azure can fail it over itself.'
        : `Instead: ${instead.join(', or ')}.`
    throw new UserError(
      'storage-silent',
      `${thrown.message.replace(/\.$/, '')}. While its primary region is down, Azure's storage resource provider may not answer, and without it nobody can start a failover of ${place.account}. Nothing was changed. ${others}`,
    )
  }
}

/** A row of what answers now: the depths, or why they are not known. */
export function depthsRow(
  depths: Depths,
  role: string,
  now: Instant,
): NonNullable<Proposal['looked']>['ways'][number] {
  const way = `Queues of ${depths.account} (${role})`
  const seen = depths.queues.map((queue) => depthText(queue, now))
  if (!answers(depths)) return { way, ok: false, answer: [...seen, whySilent(depths)].join('; ') }
  return { way, ok: true, answer: seen.length === 0 ? 'none in the DR plan' : seen.join(', ') }
}

function depthText({ name, messages, oldest }: QueueSeen, now: Instant): string {
  const age = oldest === undefined ? '' : ` (the oldest of ${printDuration(Math.max(0, now - oldest))} ago)`
  return `${name} ${countText(messages)}${age}`
}

/**
 * What stays in an account that the applications leave, a debt for each queue that is not known to be empty.
 * `drain`: how a worker is led to that account again.
 */
export function leftBehind({ account, queues, silent }: Depths, drain: string): readonly Debt[] {
  const left = queues
    .filter(({ messages }) => messages > 0)
    .map(({ name, messages }) => ({
      id: `left-behind:${account}/${name}`,
      text: `${countText(messages)} ${messages === 1 ? 'message stays' : 'messages stay'} in ${account}/${name}, as far as was seen before the change; nobody takes them out there`,
      remedy: drain,
    }))
  const unknown = silent.map(({ name, reason }) => ({
    id: `left-behind:${account}/${name}`,
    text: `How many messages stay in ${account}/${name} is not known: it did not answer (${reason})`,
    remedy: `When it answers again, look: status storage. ${drain}`,
  }))
  return [...left, ...unknown]
}

/** A step that only looks at queues; `needed` must answer. */
export function queuesStep(title: string, accounts: StorageQueuesAction['accounts']): Step {
  return stepOf(title, { provider: 'storage-queues', accounts, within: answersWithin })
}

/** `2026-11-23 13:31:04 Europe/Berlin`: to the second, since what is lost is counted from it. */
export function timeText(at: Instant, zone: string): string {
  return `${exactMoment(at, zone)} ${zone}`
}
