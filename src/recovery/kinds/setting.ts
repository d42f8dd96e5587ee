// Settings that tell applications which storage account to use: what is said of them, and how they differ from what was seen.
import { z } from 'zod'
import type { AppConfigurationAction, KeyVaultSecretAction, SettingContent } from '../action.ts'
import type { Kind } from './kind.ts'

/** A setting of Azure App Configuration as it was seen. */
export const SettingFacts = z.object({
  value: z.string(),
  contentType: z.string().exactOptional(),
  description: z.string().exactOptional(),
  tags: z.record(z.string(), z.string()),
  etag: z.string(),
  locked: z.boolean(),
})
export type SettingFacts = Readonly<z.infer<typeof SettingFacts>>

/** A secret as it was seen. `holds`: its current version has the value that the action wants it to have. */
export const SecretFacts = z.object({ current: z.string(), holds: z.boolean() })
export type SecretFacts = Readonly<z.infer<typeof SecretFacts>>

export const appConfiguration: Kind<AppConfigurationAction> = {
  undoText: ({ key, after }) => `${key} to ${after.value}`,
  ground: (action, facts) => ({ ...SettingFacts.parse(facts), setting: settingName(action) }),
  differences: (action, facts) => {
    const seen = SettingFacts.parse(facts)
    const name = settingName(action)
    if (seen.locked) return [`${name} is locked`]
    if (seen.value !== action.before.value)
      return [`${name} is ${seen.value}, and was ${action.before.value}`]
    return seen.etag === action.etag && sameContent(seen, action.before)
      ? []
      : [`${name} was written by somebody else since; its value is still ${seen.value}`]
  },
}

export const keyVaultSecret: Kind<KeyVaultSecretAction> = {
  undoText: ({ secret, from }) => `${secret} to the value of its version ${from.version}`,
  ground: ({ vault, secret, from }, facts) => ({ vault, secret, from, ...SecretFacts.parse(facts) }),
  differences: ({ secret, current }, facts) => {
    const seen = SecretFacts.parse(facts)
    if (seen.current === current) return []
    return [`the current version of ${secret} is ${seen.current}, and was ${current ?? 'another one'}`]
  },
}

/** `storage:account`, or `storage:account (label production)`. */
export function settingName({ key, label }: Pick<AppConfigurationAction, 'key' | 'label'>): string {
  return label === undefined ? key : `${key} (label ${label})`
}

/** Whether two settings would be the same to whoever reads them. */
export function sameContent(one: SettingContent, other: SettingContent): boolean {
  const tags = (content: SettingContent): string =>
    JSON.stringify(Object.entries(content.tags).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return (
    one.value === other.value &&
    (one.contentType ?? '') === (other.contentType ?? '') &&
    (one.description ?? '') === (other.description ?? '') &&
    tags(one) === tags(other)
  )
}
