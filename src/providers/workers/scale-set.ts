// The providers for VM scale sets: one sets the capacity, the other waits until the wished number of instances runs.
import type { ComputeManagementClient } from '@azure/arm-compute'
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import { second } from '../../ids.ts'
import type { Clock, Progress, Provider, Providers } from '../../ports.ts'
import type { PoolSeen } from '../../readers.ts'
import type { ScaleSetCapacityAction, ScaleSetWaitAction } from '../../recovery/action.ts'
import { isBetween, poolFacts, runningIn, workersText } from '../../recovery/kinds/scale-set.ts'
import type { Operation } from '../../recovery/run.ts'
import type { Azure } from '../azure/azure.ts'
import { lookAtOperation, submit, type OperationSeen } from '../azure/operations.ts'
import { purposeOf } from './purpose.ts'
import { readPool } from './read.ts'
import { missingWorkers, withWayOut } from './words.ts'
import { leftOf } from '../started.ts'
import { together } from '../../together.ts'

export interface ScaleSetOptions {
  readonly azure: Azure
  readonly compute: () => Promise<ComputeManagementClient>
  readonly clock: Pick<Clock, 'now'>
}

/** `poller`: absent when Azure had ended the operation with its first answer. */
const Started = z.object({ poller: z.string().exactOptional() })
/** Machines take minutes to come: it is looked at often enough to show that they do. */
const checkAfter: Duration = 10 * second

/** Both kinds of action. */
export function createScaleSets(
  options: ScaleSetOptions,
): Pick<Providers, 'scale-set-capacity' | 'scale-set-wait'> {
  return { 'scale-set-capacity': capacityProvider(options), 'scale-set-wait': waitProvider(options) }
}

function capacityProvider({ azure, compute, clock }: ScaleSetOptions): Provider<'scale-set-capacity'> {
  return {
    observe: async (action, signal) => ({ ...(await readPool(azure, await compute(), action, signal)) }),
    start: async (action, key, signal) => {
      const { virtualMachineScaleSets: sets } = await compute()
      const { resourceGroup, vmss, after } = action
      const purpose = purposeOf(action, 'set the capacity of the scale set', true)
      const poller = await submit(azure, purpose, signal, (abortSignal) =>
        sets.update(resourceGroup, vmss, { sku: { capacity: after } }, { abortSignal }),
      ).catch((thrown: unknown) => {
        throw withWayOut(action, thrown)
      })
      return { id: key, data: { startedAt: clock.now(), ...(poller === undefined ? {} : { poller }) } }
    },
    check: async (action, operation, now, signal) => {
      const client = await compute()
      const [seen, pool] = await together([
        operationOf({ azure, client }, action, operation, signal),
        readPool(azure, client, action, signal),
      ])
      return setOrNot(action, pool, seen, leftOf(operation, action.within, now))
    },
    settled: ({ before, after }, facts) => {
      const { capacity } = poolFacts(facts)
      if (capacity === after) return 'done'
      return capacity === before ? 'not-done' : 'unclear'
    },
  }
}

async function operationOf(
  { azure, client }: { readonly azure: Azure; readonly client: ComputeManagementClient },
  action: ScaleSetCapacityAction,
  operation: Operation,
  signal: AbortSignal,
): Promise<OperationSeen> {
  const poller = Started.safeParse(operation.data).data?.poller
  if (poller === undefined) return { state: 'succeeded' }
  const { restorePoller } = await import('@azure/arm-compute')
  const purpose = {
    ...purposeOf(action, 'look at the operation on', false),
    role: `Virtual Machine Contributor on the subscription`,
  }
  return lookAtOperation(azure, purpose, signal, (abortSignal) =>
    restorePoller(client, poller, client.virtualMachineScaleSets.update, { abortSignal }),
  )
}

/**
 * The capacity is set when Azure holds it. An operation that failed on the way may have brought some of the instances:
 * that is a change which can be undone, so the step is done, and the wait for the instances says what is missing.
 */
function setOrNot(
  action: ScaleSetCapacityAction,
  pool: PoolSeen,
  operation: OperationSeen,
  left: Duration,
): Progress {
  const { vmss, before, after } = action
  const { capacity } = pool
  const counted = countText(action, pool)
  if (goesOn(pool, operation) && left > 0)
    return { state: 'running', note: counted, percent: percentOf(action, pool), checkAfter }
  const failed = operation.state === 'failed' ? operation.reason : undefined
  const moved = capacity !== before || runningIn(pool) > before
  if (failed !== undefined && !moved) return missingWorkers(action, pool, failed)
  if (capacity === after || failed !== undefined) {
    const why = failed ?? (left > 0 ? undefined : 'Azure has not ended its operation in time')
    return { state: 'done', note: why === undefined ? counted : `${counted}; ${sentencePart(why)}` }
  }
  if (capacity === before)
    return {
      state: 'failed',
      reason: `Azure took the change, but ${vmss} still shall have ${workersText(capacity)}, not ${after}.`,
      advice: 'Look at its activity log in the Azure portal, then ask for the workers again.',
    }
  const back = isBetween(capacity, before, after)
    ? '. To have the number from before the recovery again: failback workers'
    : ''
  return {
    state: 'failed',
    reason: `Azure took the change, but ${vmss} shall have ${workersText(capacity)} now, not ${after}.`,
    advice: `Somebody else, or an autoscale setting, has set it: workers show${back}`,
  }
}

/** Whatever a look at the operation has brought: while the scale set itself says that it is at it, it is. */
function goesOn({ updating }: PoolSeen, { state }: OperationSeen): boolean {
  return state === 'running' || (updating && state !== 'failed')
}

function waitProvider({ azure, compute, clock }: ScaleSetOptions): Provider<'scale-set-wait'> {
  return {
    observe: async (action, signal) => ({ ...(await readPool(azure, await compute(), action, signal)) }),
    start: async (_action, key, signal) => {
      if (signal.aborted) throw new RetryableError('The wait for the workers was stopped before it began.')
      return { id: key, data: { startedAt: clock.now() } }
    },
    check: async (action, operation, now, signal) => {
      const pool = await readPool(azure, await compute(), action, signal)
      const note = countText(action, pool)
      if (isMet(action, pool)) return { state: 'done', note }
      const given = !pool.updating && (pool.problem !== undefined || pool.capacity !== action.after)
      if (!given && leftOf(operation, action.within, now) > 0)
        return { state: 'running', note, percent: percentOf(action, pool), checkAfter }
      return missingWorkers(action, pool, pool.problem)
    },
    settled: (action, facts) => (isMet(action, poolFacts(facts)) ? 'done' : 'not-done'),
  }
}

function isMet(action: ScaleSetWaitAction, pool: PoolSeen): boolean {
  return action.after >= action.before ? runningIn(pool) >= action.after : presentIn(pool) <= action.after
}

/** Instances in whatever state. */
function presentIn({ instances }: PoolSeen): number {
  return Object.values(instances).reduce((sum, count) => sum + count, 0)
}

/** `6 of 10 workers run`, or of those that are to go: `3 workers are left to go`. */
function countText({ before, after }: Pick<ScaleSetWaitAction, 'before' | 'after'>, pool: PoolSeen): string {
  if (after >= before) return `${runningIn(pool)} of ${workersText(after)} run`
  const surplus = Math.max(0, presentIn(pool) - after)
  if (surplus === 0) return `${workersText(after)} left, the others are gone`
  return `${workersText(surplus)} still to go, ${after} stay`
}

function percentOf({ before, after }: Pick<ScaleSetWaitAction, 'before' | 'after'>, pool: PoolSeen): number {
  if (after === before) return 100
  const now = after > before ? runningIn(pool) : presentIn(pool)
  return Math.round(Math.min(1, Math.max(0, (now - before) / (after - before))) * 100)
}

function sentencePart(text: string): string {
  return text.replace(/\.$/, '')
}
