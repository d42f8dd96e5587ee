// The block `azure_storage`: the account moves to its paired region, or the applications are led to another account.
import type { Recovery } from '../../drplan/schema.ts'
import { checkByDraft } from './draft-check.ts'
import { checkAtAzure } from './rights-check.ts'
import { draftAccount, draftAccountBack } from './storage-account.ts'
import { draftSwitch, draftSwitchBack } from './storage-switch.ts'
import type { Way } from './way.ts'

export const storage: Way = {
  failover: (recovery) => draftOf(recovery),
  check: (recovery) => {
    const draft = draftOf(recovery)
    return draft && ((context) => checkAtAzure(context, recovery, () => checkByDraft(context, draft)))
  },
  failback: (context, run, earlier) =>
    run.steps.some(({ action }) => action.provider === 'storage-failover')
      ? draftAccountBack(context, run, earlier)
      : draftSwitchBack(context, run, earlier),
  changes: ['storage-failover', 'app-configuration', 'key-vault-secret'],
}

function draftOf(recovery: Recovery): ReturnType<Way['failover']> {
  const block = recovery.azure_storage
  if (block === undefined) return undefined
  return (context) =>
    block.method === 'account-failover'
      ? draftAccount(context, recovery, block)
      : draftSwitch(context, recovery, block)
}
