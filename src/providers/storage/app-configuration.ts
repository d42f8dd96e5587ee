// Settings of Azure App Configuration: read with their etag, and written only while they are the ones that were seen.
import type { AppConfigurationClient, ConfigurationSetting } from '@azure/app-configuration'
import { BugError, RetryableError } from '../../errors.ts'
import type { Provider } from '../../ports.ts'
import type { SettingPlace, SettingSeen } from '../../readers.ts'
import type { AppConfigurationAction } from '../../recovery/action.ts'
import { SettingFacts, sameContent, settingName } from '../../recovery/kinds/setting.ts'
import { noRetries, type Azure } from '../azure/azure.ts'
import { answerLimit, inTime, onlyTo, originOf } from '../azure/answers.ts'
import type { AzurePurpose } from '../azure/errors.ts'

/** Of a store, made at the first call, when the SDK is loaded too. */
export type Stores = (store: string) => Promise<AppConfigurationClient>

export function storesOf(azure: Azure): Stores {
  const made = new Map<string, AppConfigurationClient>()
  return async (store) => {
    const known = made.get(store)
    if (known) return known
    const credential = await azure.credential()
    const { AppConfigurationClient } = await import('@azure/app-configuration')
    const client = new AppConfigurationClient(store, credential, {
      retryOptions: { maxRetries: noRetries },
      additionalPolicies: [
        answerLimit,
        onlyTo(originOf(store, '"app_configuration" of the recovery')),
        inTime,
      ],
    })
    made.set(store, client)
    return client
  }
}

function purposeOf(place: SettingPlace, changes: boolean): AzurePurpose {
  return {
    doing: `${changes ? 'change' : 'look at'} the setting ${settingName(place)} of ${place.store}`,
    right: `Microsoft.AppConfiguration/configurationStores/keyValues/${changes ? 'write' : 'read'}`,
    role: `App Configuration Data Owner on ${new URL(place.store).hostname}`,
    names: '"app_configuration", "key" and "label" of the recovery',
    changes,
  }
}

/** Throws UserError or RetryableError. */
export async function readSetting(
  azure: Azure,
  stores: Stores,
  place: SettingPlace,
  signal: AbortSignal,
): Promise<SettingSeen> {
  const purpose = purposeOf(place, false)
  const setting = await azure.call(purpose, signal, async (abortSignal) =>
    (await stores(place.store)).getConfigurationSetting(idOf(place), { abortSignal }),
  )
  return settingSeen(setting, purpose)
}

function idOf({ key, label }: SettingPlace): { readonly key: string; readonly label?: string } {
  return { key, ...(label === undefined ? {} : { label }) }
}

function settingSeen(setting: ConfigurationSetting, { doing }: AzurePurpose): SettingSeen {
  const { value, etag, contentType, tags = {}, isReadOnly } = setting
  // The SDK makes a setting of whatever it was answered with; an etag is what every real one has.
  if (etag === undefined || value === undefined)
    throw new RetryableError(`Azure could not ${doing}: its answer has no value and etag.`)
  const description = 'description' in setting ? setting.description : undefined
  return {
    value,
    etag,
    tags,
    locked: isReadOnly,
    ...(contentType === undefined ? {} : { contentType }),
    ...(typeof description === 'string' ? { description } : {}),
  }
}

export function settingProvider(azure: Azure, stores: Stores): Provider<'app-configuration'> {
  const look = (action: AppConfigurationAction, signal: AbortSignal): Promise<SettingSeen> =>
    readSetting(azure, stores, action, signal)
  return {
    observe: async (action, signal) => ({ ...(await look(action, signal)) }),
    start: async (action, key, signal) => {
      const { store, after, etag } = action
      if (etag === undefined) throw new BugError(`${key} would write a setting without having seen it`)
      const setting = { ...idOf(action), ...after, tags: { ...after.tags }, etag }
      const purpose = purposeOf(action, true)
      const written = await azure.call(purpose, signal, async (abortSignal) =>
        (await stores(store)).setConfigurationSetting(setting, { abortSignal, onlyIfUnchanged: true }),
      )
      if (written.etag === undefined)
        throw new RetryableError(
          `Azure could not ${purpose.doing}: its answer has no etag. Whether the change was made is not known: look before trying again.`,
        )
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => {
      const seen = await look(action, signal)
      const is = `${settingName(action)} is ${seen.value}`
      if (sameContent(seen, action.after)) return { state: 'done', note: is }
      return {
        state: 'failed',
        reason: `Azure took the change, but ${is}.`,
        advice: 'Somebody else has changed it since: look at its history in the Azure portal.',
      }
    },
    settled: (action, facts) => {
      const seen = SettingFacts.parse(facts)
      if (sameContent(seen, action.after)) return 'done'
      return seen.etag === action.etag || sameContent(seen, action.before) ? 'not-done' : 'unclear'
    },
  }
}
