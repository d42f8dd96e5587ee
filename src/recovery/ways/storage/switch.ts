// The applications are led to the standby account by their setting, and back; nothing of it needs the account that is dead.
import { UserError } from '../../../errors.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import { minute } from '../../../ids.ts'
import type { AppConfigurationAction, KeyVaultSecretAction, StorageQueuesAction } from '../../action.ts'
import { expectedDuration, inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import { countText } from '../../kinds/storage.ts'
import type { Debt, Proposal, Run, Step } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe, targetHealthy } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import { digestOf } from '../../world.ts'
import type { Seen } from '../../world.ts'
import { elsewhere } from '../cloudflare/records.ts'
import { differsFromLeft, plannedSwitch, switchBack } from './setting.ts'
import type { Switching } from './setting.ts'
import { answers, depthsRow, leftBehind, lookAtQueues, queuesStep, whySilent } from './look.ts'
import type { Depths, StorageBlock } from './look.ts'
import { together } from '../../../together.ts'

const unmeasured: Proposal['expected'] = {
  duration: minute,
  source: 'never measured: the setting changes in seconds, applications follow when they read it again',
}

/** The applications leave one account and come to another one. */
interface Turn {
  readonly leaving: Depths
  readonly coming: Depths
  readonly queues: readonly string[]
  readonly switching: Switching
  /** False when somebody takes on himself that the account that takes over does not answer. */
  readonly askFirst: boolean
}

/** Looks at the setting and at the queues of both accounts, all at once; only the setting must answer. */
export async function draftSwitch(context: Context, recovery: Recovery, block: StorageBlock): Promise<Draft> {
  const { ask } = context
  const { account, to_account: standby = '', queues } = block
  const [switching, leaving, coming] = await together([
    plannedSwitch(context, block),
    lookAtQueues(context, account, queues),
    lookAtQueues(context, standby, queues),
  ])
  const list = findings([takesOver(coming), notThere(switching)], ask.overrides)
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, elsewhere(context, recovery))

  const askFirst = !isOverridden(list, 'target-healthy')
  return draftTurn(
    context,
    { leaving, coming, queues, switching, askFirst },
    {
      recovery: recovery.name,
      typed: recovery.name,
      risk: recovery.risk ?? 'disruptive',
      findings: list,
      expected: expectedDuration(
        context.history,
        { system: ask.system, direction: 'failover', recovery: recovery.name },
        recovery,
        unmeasured,
      ),
    },
  )
}

/** Puts back exactly what the setting was before the run. */
export async function draftSwitchBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask, plan } = context
  const done = switchedBy(run)
  const recovery = plan.systems[ask.system]?.recoveries.find(({ name }) => name === run.recovery)
  const block = recovery?.azure_storage
  const queues = block?.queues ?? []
  const [switching, difference, leaving, coming] = await together([
    switchBack(context, done),
    differsFromLeft(context, done),
    lookAtQueues(context, block?.to_account ?? 'the standby account', queues),
    lookAtQueues(context, block?.account ?? 'the first account', queues),
  ])
  const back =
    switching.there && begunBy(earlier).some(({ action }) => action.provider === switching.action.provider)
  const list = findings([asLeft(run, back ? undefined : difference), takesOver(coming)], ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const askFirst = !isOverridden(list, 'target-healthy')
  const draft = draftTurn(
    context,
    { leaving, coming, queues, switching, askFirst },
    {
      recovery: run.recovery,
      typed: ask.system,
      risk: riskOfBack(leaving, run.proposal.risk),
      findings: list,
      expected: expectedDuration(
        context.history,
        { system: ask.system, direction: 'failback', recovery: run.recovery },
        recovery,
        unmeasured,
      ),
    },
  )
  return { ...draft, undoes: run.id, ...(back ? { nothingLeft: true } : {}) }
}

interface As {
  readonly recovery: string
  readonly typed: string
  readonly risk: Proposal['risk']
  readonly findings: Proposal['findings']
  readonly expected: Proposal['expected']
}

function draftTurn(context: Context, turn: Turn, as: As): Draft {
  const { now } = context
  const { leaving, coming, switching, askFirst } = turn
  const first = firstLook(turn)
  return {
    recovery: as.recovery,
    steps: stepsOf(turn),
    proposal: {
      targets: [switching.target],
      typed: as.typed,
      risk: as.risk,
      ...inTime(
        (is) =>
          `The applications ${is('will use', 'were led to')} ${coming.account} instead of ${leaving.account}`,
      ),
      changes: [switching.row],
      ...(turn.queues.length === 0
        ? {}
        : {
            looked: {
              says: saysOf(turn),
              ways: [depthsRow(leaving, 'is left', now), depthsRow(coming, 'takes over', now)],
            },
          }),
      findings: as.findings,
      expected: as.expected,
      cost: costOf(turn),
      debts: debtsOf(context, turn),
      digest: digestOf([
        ...(first && askFirst
          ? [{ action: first, facts: { accounts: [{ account: coming.account, queues: [] }] } }]
          : []),
        { action: switching.action, facts: switching.facts },
      ] satisfies Seen[]),
      warnings: [followText(switching), ...alreadyThere(coming)],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

function saysOf({ leaving, coming }: Turn): string {
  const says = (depths: Depths): string =>
    `${depths.account} ${answers(depths) ? 'answers' : depths.queues.length === 0 ? 'does not answer' : 'answers in part'}`
  return `${says(leaving)}, ${says(coming)}`
}

function stepsOf(turn: Turn): readonly Step[] {
  const { leaving, coming, queues, switching, askFirst } = turn
  const first = firstLook(turn)
  return [
    ...(first && askFirst ? [stepOf(`Look at the queues of ${coming.account}`, first)] : []),
    stepOf(switching.title, switching.action, switching.undo),
    ...(queues.length === 0
      ? []
      : [
          queuesStep('Look at the queues of both accounts, after the change', [
            { account: coming.account, queues, needed: askFirst },
            { account: leaving.account, queues, needed: false },
          ]),
        ]),
  ]
}

function firstLook({ coming, queues }: Turn): StorageQueuesAction | undefined {
  if (queues.length === 0) return undefined
  return {
    provider: 'storage-queues',
    accounts: [{ account: coming.account, queues, needed: true }],
    within: minute / 2,
  }
}

function messagesIn({ queues }: Depths): number {
  return queues.reduce((sum, { messages }) => sum + messages, 0)
}

/** Where nothing waits that would be left there, leaving the account loses nothing. */
function riskOfBack(leaving: Depths, risk: Proposal['risk']): Proposal['risk'] {
  const isEmpty = answers(leaving) && leaving.queues.length > 0 && messagesIn(leaving) === 0
  return isEmpty && risk === 'loses-data' ? 'disruptive' : risk
}

function costOf({ leaving }: Turn): Proposal['cost'] {
  const text = 'No data is deleted; what is in'
  if (!answers(leaving))
    return { text: `${text} ${leaving.account} waits there until it answers again, how much is not known.` }
  const count = messagesIn(leaving)
  if (count === 0 && leaving.queues.length > 0)
    return { text: `No message waits in ${leaving.account}, and what else it holds stays there.` }
  const waits = `${countText(count)} ${count === 1 ? 'message waits' : 'messages wait'} there until drained`
  return { text: `${text} ${leaving.account} stays there: ${waits}.` }
}

function debtsOf({ ask }: Context, { leaving, coming, switching }: Turn): readonly Debt[] {
  const drain = `Drain them: start one worker with ${switching.asBefore} until ${leaving.account} is empty (status storage shows it), then stop it`
  const left = leftBehind(leaving, drain)
  if (ask.direction === 'failback') return left
  return [
    {
      id: `on-account:${coming.account}`,
      text: `The applications use ${coming.account}`,
      remedy: `When ${leaving.account} works again: failback ${ask.system}`,
    },
    ...left,
  ]
}

/** What reads its setting only once goes on as before; nobody sees that from outside. */
function followText({ action }: Switching): string {
  const how =
    action.provider === 'app-configuration'
      ? 'Applications that do not watch their settings (a refresh of App Configuration)'
      : 'Applications that read the secret only when they start, or keep it (App Service reads its Key Vault references again once a day)'
  return `${how} go on as before until they are restarted: restart them after the change`
}

function alreadyThere({ account, queues }: Depths): readonly string[] {
  return queues
    .filter(({ messages }) => messages > 0)
    .map(
      ({ name, messages }) =>
        `${account}/${name} has ${countText(messages)} ${messages === 1 ? 'message' : 'messages'} already: workers will take them too`,
    )
}

/** Never lead the applications to an account that does not answer itself. */
function takesOver(depths: Depths): Verdict {
  const { account, queues } = depths
  if (!answers(depths))
    return targetHealthy([{ where: account, ok: false, reason: `does not answer: ${whySilent(depths)}` }])
  if (queues.length > 0) return targetHealthy([{ where: account, ok: true, reason: 'answers' }])
  const text = `The DR plan names no queues: ${account} was not asked`
  return { rule: 'target-healthy', ok: true, unknown: true, text }
}

function notThere({ there, row }: Switching): Verdict {
  const rule = 'not-already-there'
  if (!there) return { rule, ok: true, text: `${row.what} does not lead there yet` }
  return { rule, ok: false, text: `${row.what} leads there already` }
}

function asLeft(run: Run, difference: string | undefined): Verdict {
  const rule = 'world-as-left'
  if (difference === undefined) return { rule, ok: true, text: `The setting is as ${run.id} left it` }
  return { rule, ok: false, text: difference }
}

function switchedBy(run: Run): AppConfigurationAction | KeyVaultSecretAction {
  for (const { action, phase } of run.steps) {
    const changes = action.provider === 'app-configuration' || action.provider === 'key-vault-secret'
    if (changes && phase === 'done') return action
  }
  throw new UserError(
    'nothing-to-undo',
    `${run.id} has changed no setting. To see what it did: runs ${run.id}`,
  )
}
