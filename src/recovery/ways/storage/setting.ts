// The setting that tells applications which storage account to use: what it is, what it becomes, and how it gets back.
import { UserError } from '../../../errors.ts'
import type { Facts } from '../../../ports.ts'
import type {
  AppConfigurationAction,
  KeyVaultSecretAction,
  SecretVersion,
  SettingContent,
} from '../../action.ts'
import type { Context } from '../../draft.ts'
import { SecretFacts, SettingFacts, sameContent, settingName } from '../../kinds/setting.ts'
import type { Proposal } from '../../run.ts'
import type { StorageBlock } from './look.ts'

/** A change of the setting, with what was seen of it. */
export interface Switching {
  readonly action: AppConfigurationAction | KeyVaultSecretAction
  readonly undo: AppConfigurationAction | KeyVaultSecretAction
  readonly facts: Facts
  readonly title: string
  readonly row: Proposal['changes'][number]
  /** What is locked while it changes. */
  readonly target: string
  /** It has the wanted value already. */
  readonly there: boolean
  /** How one worker is led to the account that the others leave. */
  readonly asBefore: string
}

/** The plan's setting or secret, as it would be switched to the standby account. */
export async function plannedSwitch(context: Context, block: StorageBlock): Promise<Switching> {
  const { calls } = context
  if (block.key_vault === undefined) {
    const { app_configuration: store = '', key = '', label, value = '' } = block
    const place = { store, key, ...(label === undefined ? {} : { label }) }
    return switchSetting(context, place, (seen) => ({ ...seen, value }))
  }
  const { key_vault: vault, secret = '', from_secret: source = secret, from_version: wanted } = block
  const version =
    wanted ?? (await calls.readers.storage.secret({ vault, secret: source }, calls.limit())).version
  return switchSecret(context, { vault, secret }, { secret: source, version })
}

/** The same setting or secret with what it had before the run; what the run had set leads to the account that is left. */
export async function switchBack(
  context: Context,
  done: AppConfigurationAction | KeyVaultSecretAction,
): Promise<Switching> {
  if (done.provider === 'app-configuration') {
    const back = await switchSetting(context, done, () => done.before)
    return { ...back, asBefore: `${done.key}=${done.after.value}` }
  }
  const { vault, secret, current, from } = done
  if (current === undefined)
    throw new UserError('nothing-to-undo', `Which version ${secret} had before is not known: set it by hand.`)
  const back = await switchSecret(context, { vault, secret }, { secret, version: current })
  return back.there ? { ...back, asBefore: `version ${from.version} of ${from.secret}` } : back
}

/** In what the setting is not as a run has left it; undefined when it is. */
export async function differsFromLeft(
  { calls }: Context,
  done: AppConfigurationAction | KeyVaultSecretAction,
): Promise<string | undefined> {
  const facts = await calls.observe(done)
  if (done.provider === 'key-vault-secret') {
    const { current, holds } = SecretFacts.parse(facts)
    return holds ? undefined : `${done.secret} has another value now; its version is ${current}`
  }
  const seen = SettingFacts.parse(facts)
  if (sameContent(seen, done.after)) return undefined
  return `${settingName(done)} is ${seen.value}, and was left ${done.after.value}`
}

async function switchSetting(
  { calls }: Context,
  { store, key, label }: Pick<AppConfigurationAction, 'store' | 'key' | 'label'>,
  wanted: (seen: SettingContent) => SettingContent,
): Promise<Switching> {
  const place = { store, key, ...(label === undefined ? {} : { label }) }
  const seen = await calls.readers.storage.setting(place, calls.limit())
  const { etag, locked, ...before } = seen
  const name = settingName(place)
  const where = new URL(store).hostname
  if (locked)
    throw new UserError(
      'setting-locked',
      `${name} at ${where} is locked, so nobody can change it. Nothing was changed. Unlock it: az appconfig kv unlock --endpoint ${store} --key ${key}${label === undefined ? '' : ` --label ${label}`} --auth-mode login`,
    )
  if (holdsKey(before.value))
    throw new UserError(
      'setting-holds-secret',
      `The value of ${name} at ${where} holds an access key, which the bot neither shows nor keeps. Nothing was changed. Put it into a Key Vault, and use "key_vault" in the DR plan.`,
    )
  const after = wanted(before)
  const action: AppConfigurationAction = {
    provider: 'app-configuration',
    ...place,
    before,
    after,
    etag,
  }
  return {
    action,
    undo: { provider: 'app-configuration', ...place, before: after, after: before },
    facts: { ...seen },
    title: `Set ${name} at ${where} to ${after.value}`,
    row: { what: `${name} at ${where}`, before: before.value, after: after.value },
    target: `app-configuration:${where}/${name}`,
    there: sameContent(before, after),
    asBefore: `${key}=${before.value}`,
  }
}

/** A connection string or a signature. Such a value is shown to nobody. */
function holdsKey(value: string): boolean {
  return /accountkey=|sharedaccess|[?&;]sig=/i.test(value)
}

async function switchSecret(
  { calls }: Context,
  { vault, secret }: Pick<KeyVaultSecretAction, 'vault' | 'secret'>,
  from: SecretVersion,
): Promise<Switching> {
  const wish = { provider: 'key-vault-secret', vault, secret, from } as const
  const facts = await calls.observe(wish)
  const { current, holds } = SecretFacts.parse(facts)
  const where = new URL(vault).hostname
  return {
    action: { ...wish, current },
    undo: { ...wish, from: { secret, version: current } },
    facts,
    title: `Give ${secret} at ${where} the value of ${from.secret}, version ${from.version}`,
    row: {
      what: `${secret} at ${where}`,
      before: `version ${current} (its value is not shown)`,
      after: `a new version with the value of ${from.secret}, version ${from.version}`,
    },
    target: `key-vault:${where}/${secret}`,
    there: holds,
    asBefore: `version ${current} of ${secret}`,
  }
}
