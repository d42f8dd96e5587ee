// The account itself moves to its paired region: planned while both regions work, else with what was not yet copied lost.
import { UserError } from '../../../errors.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import { minute } from '../../../ids.ts'
import type { AccountPlace, AccountSeen } from '../../../readers.ts'
import type { StorageFailoverAction } from '../../action.ts'
import { expectedDuration, inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import type { Proposal, Risk, Run, Step } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import { digestOf } from '../../world.ts'
import { elsewhere } from '../cloudflare/records.ts'
import { asLeft, costOf, debtsOf, lookedOf, lossWithin, withoutCopy } from './account-words.ts'
import type { Move } from './account-words.ts'
import { lookAtAccount, lookAtQueues, queuesStep } from './look.ts'
import type { StorageBlock } from './look.ts'
import { together } from '../../../together.ts'

const documented: Proposal['expected'] = {
  duration: 60 * minute,
  source: 'Azure\'s documentation: "typically takes about an hour"',
}

/** Looks at the account, its replication and its queues, then says what would be done and what that costs. */
export async function draftAccount(
  context: Context,
  recovery: Recovery,
  block: StorageBlock,
): Promise<Draft> {
  const { ask, plan } = context
  const place = { resourceGroup: block.resource_group, account: block.account }
  const move = await look(context, { place, queues: block.queues, instead: elsewhere(context, recovery) })
  const list = findings([lossWithin(move, plan.systems[ask.system]?.rpo)], ask.overrides)
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, elsewhere(context, recovery))

  return draftMove(context, move, {
    recovery: recovery.name,
    risk: severer(recovery.risk, move.type),
    findings: list,
    expected: expectedOf(context, recovery.name, 'failover', recovery),
  })
}

/** There is no undo of a failover: the account is failed over once more, when it has a copy again. */
export async function draftAccountBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask, plan } = context
  const action = movedBy(run)
  const recovery = plan.systems[ask.system]?.recoveries.find(({ name }) => name === run.recovery)
  const queues = recovery?.azure_storage?.queues ?? []
  const tried = begunBy(earlier).flatMap((step) =>
    step.action.provider === 'storage-failover' ? [step.action] : [],
  )
  const moved = await movedAlready(context, run, tried.at(-1))
  if (moved) return draftMoved(context, run, { ...moved, queues })
  const move = await look(context, { place: action, queues, instead: [] })
  const list = findings(
    [asLeft(run, action, move.seen), lossWithin(move, plan.systems[ask.system]?.rpo)],
    ask.overrides,
  )
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const draft = draftMove(context, move, {
    recovery: run.recovery,
    risk: severer(undefined, move.type),
    findings: list,
    expected: expectedOf(context, run.recovery, 'failback', recovery),
  })
  return { ...draft, undoes: run.id }
}

interface Moved {
  readonly action: StorageFailoverAction
  readonly seen: AccountSeen
}

/** An earlier way back whose end nobody saw has moved the account after all; it may have no copy to move it again. */
async function movedAlready(
  context: Context,
  run: Run,
  action: StorageFailoverAction | undefined,
): Promise<Moved | undefined> {
  if (!action) return undefined
  const { resourceGroup, account } = action
  const seen = await lookAtAccount(context, { resourceGroup, account }, [])
  const home = movedBy(run).before.primary
  return !seen.failingOver && seen.primary === home ? { action, seen } : undefined
}

function draftMoved(
  { ask, objectiveAt }: Context,
  run: Run,
  { action, seen, queues }: Moved & { readonly queues: readonly string[] },
): Draft {
  const { account } = action
  const text = `${account} is in ${seen.primary} again, as before ${run.id}`
  return {
    recovery: run.recovery,
    undoes: run.id,
    nothingLeft: true,
    steps: stepsOf(action, { queues, to: seen.primary }),
    proposal: {
      targets: [`azure-storage:${account}`],
      typed: account,
      risk: 'reversible',
      summary: text,
      changes: [],
      findings: findings([{ rule: 'world-as-left', ok: true, text }], ask.overrides),
      expected: documented,
      cost: { text: '' },
      debts: [],
      digest: digestOf([{ action, facts: { ...seen } }]),
      warnings: [],
      ...(objectiveAt === undefined ? {} : { objectiveAt }),
    },
  }
}

async function look(
  context: Context,
  at: {
    readonly place: AccountPlace
    readonly queues: readonly string[]
    readonly instead: readonly string[]
  },
): Promise<Move> {
  const { place, queues, instead } = at
  const { resourceGroup, account } = place
  const [seen, depths] = await together([
    lookAtAccount(context, { resourceGroup, account }, instead),
    lookAtQueues(context, account, queues),
  ])
  const { replication, secondary } = seen
  if (seen.failingOver)
    throw new UserError(
      'failover-under-way',
      `A failover of ${account} is under way already, from ${seen.primary}. It typically takes about an hour; to see how far it is: status storage`,
    )
  if (secondary === undefined || replication === undefined)
    throw withoutCopy({ resourceGroup, account }, seen)
  const planned =
    seen.primaryUp && seen.secondaryUp && replication.canFailOverPlanned && replication.status === 'Live'
  if (!planned && !replication.canFailOver)
    throw new UserError(
      'no-failover-now',
      `Azure does not offer a failover of ${account} now: its replication to ${secondary} is ${replication.status}. Nothing was changed. Try again when it is Live.`,
    )
  const { lastSync } = replication
  const lost = lastSync === undefined ? undefined : Math.max(0, context.now - lastSync)
  const type = planned ? 'planned' : 'unplanned'
  return {
    place: { resourceGroup, account },
    seen,
    depths,
    queues,
    type,
    to: secondary,
    loss: planned ? 0 : lost,
  }
}

interface As {
  readonly recovery: string
  readonly risk: Risk
  readonly findings: Proposal['findings']
  readonly expected: Proposal['expected']
}

function draftMove(context: Context, move: Move, as: As): Draft {
  const { place, seen, type, to } = move
  const { account } = place
  const action: StorageFailoverAction = {
    provider: 'storage-failover',
    ...place,
    type,
    before: { primary: seen.primary, secondary: to, sku: seen.sku },
  }
  const after = type === 'planned' ? seen.sku : (seen.replication?.skuAfterwards ?? 'Standard_LRS')
  return {
    recovery: as.recovery,
    steps: stepsOf(action, move),
    proposal: {
      targets: [`azure-storage:${account}`],
      typed: account,
      risk: as.risk,
      ...inTime(
        (is) =>
          `${account} ${is('will move', 'was moved')} from ${seen.primary} to ${to}, ${type === 'planned' ? is('planned: both regions work', 'planned') : 'unplanned'}`,
      ),
      changes: [
        { what: `Primary region of ${account}`, before: seen.primary, after: to },
        ...(after === seen.sku ? [] : [{ what: `Redundancy of ${account}`, before: seen.sku, after }]),
      ],
      looked: lookedOf(context, move),
      findings: as.findings,
      expected: as.expected,
      cost: costOf(context, move),
      debts: debtsOf(context, move, after),
      digest: digestOf([{ action, facts: { ...seen } }]),
      warnings: [
        `Azure cannot be told to stop it once it has begun. The addresses of ${account} stay the same; clients follow when they look them up again`,
        ...(type === 'unplanned'
          ? [
              `Messages that were taken out of the queues of ${account} since the last sync come back: workers must bear to do the same work twice`,
            ]
          : []),
      ],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

function stepsOf(
  action: StorageFailoverAction,
  { queues, to }: Pick<Move, 'queues' | 'to'>,
): readonly Step[] {
  const { account, before } = action
  const undo: StorageFailoverAction = {
    ...action,
    type: 'planned',
    before: { primary: to, secondary: before.primary, sku: before.sku },
  }
  return [
    stepOf(`Fail ${account} over to ${to} (${action.type})`, action, undo),
    ...(queues.length === 0
      ? []
      : [queuesStep(`Look at the queues of ${account} in ${to}`, [{ account, queues, needed: true }])]),
  ]
}

/** A failover that loses data is never approved by its asker alone, whatever the plan says. */
function severer(planned: Risk | undefined, type: StorageFailoverAction['type']): Risk {
  return type === 'unplanned' ? 'loses-data' : (planned ?? 'disruptive')
}

function movedBy(run: Run): StorageFailoverAction {
  for (const { action } of run.steps) if (action.provider === 'storage-failover') return action
  throw new UserError(
    'nothing-to-undo',
    `${run.id} has moved no storage account. To see what it did: runs ${run.id}`,
  )
}

function expectedOf(
  { history, ask }: Context,
  recovery: string,
  direction: Run['direction'],
  planned: Recovery | undefined,
): Proposal['expected'] {
  return expectedDuration(history, { system: ask.system, direction, recovery }, planned, documented)
}
