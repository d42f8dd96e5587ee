// What is looked at around a storage account before anything is proposed: how full its queues are, as far as they answer.
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { printDuration } from '../../drplan/duration.ts'
import type { Recovery } from '../../drplan/schema.ts'
import type { Duration, Instant } from '../../ids.ts'
import { minute } from '../../ids.ts'
import type { AccountPlace, AccountSeen, QueueSeen } from '../../readers.ts'
import type { StorageQueuesAction } from '../action.ts'
import { stepOf } from '../draft.ts'
import type { Context } from '../draft.ts'
import { countText } from '../kinds/storage.ts'
import type { Debt, Proposal, Step } from '../run.ts'

/** The block of the DR plan. */
export type StorageBlock = NonNullable<Recovery['azure_storage']>

/** The queues of an account, or why they are not known. */
export interface Depths {
  readonly account: string
  readonly queues?: readonly QueueSeen[]
  readonly problem?: string
}

/** How long the queues of the account that takes over may take to answer after the change. */
const answersWithin: Duration = 2 * minute

/** An account that does not answer holds up nothing: that is what was found. */
export async function lookAtQueues(
  { calls }: Context,
  account: string,
  names: readonly string[],
): Promise<Depths> {
  if (names.length === 0) return { account, queues: [] }
  try {
    return { account, queues: await calls.readers.storage.queues(account, names, calls.limit()) }
  } catch (thrown) {
    return { account, problem: reasonOf(thrown).replace(/\.$/, '') }
  }
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
  if (depths.queues === undefined) return { way, ok: false, answer: depths.problem ?? 'not known' }
  if (depths.queues.length === 0) return { way, ok: true, answer: 'none in the DR plan' }
  return { way, ok: true, answer: depths.queues.map((queue) => depthText(queue, now)).join(', ') }
}

function depthText({ name, messages, oldest }: QueueSeen, now: Instant): string {
  const age = oldest === undefined ? '' : ` (the oldest of ${printDuration(Math.max(0, now - oldest))} ago)`
  return `${name} ${countText(messages)}${age}`
}

/**
 * What stays in an account that the applications leave, a debt for each queue that is not known to be empty.
 * `drain`: how a worker is led to that account again.
 */
export function leftBehind(
  { account, queues, problem }: Depths,
  names: readonly string[],
  drain: string,
): readonly Debt[] {
  if (queues === undefined) {
    const why = problem === undefined ? '' : ` (${problem})`
    return names.map((name) => ({
      id: `left-behind:${account}/${name}`,
      text: `How many messages stay in ${account}/${name} is not known: it did not answer${why}`,
      remedy: `When it answers again, look: status storage. ${drain}`,
    }))
  }
  return queues
    .filter(({ messages }) => messages > 0)
    .map(({ name, messages }) => ({
      id: `left-behind:${account}/${name}`,
      text: `${countText(messages)} ${messages === 1 ? 'message stays' : 'messages stay'} in ${account}/${name}, as far as was seen before the change; nobody takes them out there`,
      remedy: drain,
    }))
}

/** A step that only looks at queues; `needed` must answer. */
export function queuesStep(title: string, accounts: StorageQueuesAction['accounts']): Step {
  return stepOf(title, { provider: 'storage-queues', accounts, within: answersWithin })
}

/** `2026-11-23 13:31:04 Europe/Berlin`. */
export function timeText(at: Instant, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime()
  return `${local.toString({ smallestUnit: 'second' }).replace('T', ' ')} ${zone}`
}
