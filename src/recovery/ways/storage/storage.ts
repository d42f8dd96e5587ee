// The block `azure_storage`: the account moves to its paired region, or the applications are led to another account.
import type { Context, Draft } from '../../draft.ts'
import { checkByDraft } from '../draft-check.ts'
import { checkAtAzure } from '../rights-check.ts'
import { draftAccount, draftAccountBack } from './account.ts'
import { draftSwitch, draftSwitchBack } from './switch.ts'
import { wayOf } from '../way.ts'
import type { With } from '../way.ts'

export const storage = wayOf('azure_storage', {
  draft,
  check: (context, recovery) =>
    checkAtAzure(context, recovery, () => checkByDraft(context, (one) => draft(one, recovery))),
  failback: (context, run, earlier) =>
    run.steps.some(({ action }) => action.provider === 'storage-failover')
      ? draftAccountBack(context, run, earlier)
      : draftSwitchBack(context, run, earlier),
  changes: ['storage-failover', 'app-configuration', 'key-vault-secret'],
})

function draft(context: Context, recovery: With<'azure_storage'>): Promise<Draft> {
  const { azure_storage: block } = recovery
  return block.method === 'account-failover'
    ? draftAccount(context, recovery, block)
    : draftSwitch(context, recovery, block)
}
