// Secrets of a Key Vault: a version's value becomes the current one. Values are compared and copied here, and never leave.
import type { KeyVaultSecret, SecretClient } from '@azure/keyvault-secrets'
import { BugError, RetryableError, UserError } from '../../errors.ts'
import { isLoopback } from '../../loopback.ts'
import type { Provider } from '../../ports.ts'
import type { SecretSeen } from '../../readers.ts'
import type { KeyVaultSecretAction } from '../../recovery/action.ts'
import { SecretFacts } from '../../recovery/kinds/setting.ts'
import { noRetries, type Azure } from '../azure/azure.ts'
import { answerLimit, inTime, onlyTo, originOf } from '../azure/answers.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { together } from '../../together.ts'

/** Of a vault, made at the first call, when the SDK is loaded too. */
export type VaultClients = (vault: string) => Promise<SecretClient>

export function vaultsOf(azure: Azure): VaultClients {
  const made = new Map<string, SecretClient>()
  return async (vault) => {
    const known = made.get(vault)
    if (known) return known
    const credential = await azure.credential()
    const { SecretClient } = await import('@azure/keyvault-secrets')
    const client = new SecretClient(vault, credential, {
      retryOptions: { maxRetries: noRetries },
      additionalPolicies: [answerLimit, onlyTo(originOf(vault, '"key_vault" of the recovery')), inTime],
      // A vault's challenge must name the domain of the vault; a simulated one on this machine has none.
      disableChallengeResourceVerification: isLoopback(new URL(vault).hostname),
    })
    made.set(vault, client)
    return client
  }
}

interface SecretPlace {
  readonly vault: string
  readonly secret: string
  readonly version?: string
}

function purposeOf({ vault, secret, version }: SecretPlace, changes: boolean): AzurePurpose {
  const which = version === undefined ? '' : `, version ${version},`
  return {
    doing: `${changes ? 'change' : 'read'} the secret ${secret}${which} of ${vault}`,
    role: `Key Vault Secrets Officer on ${new URL(vault).hostname}`,
    names: '"key_vault", "secret", "from_secret" and "from_version" of the recovery',
    changes,
  }
}

interface Secret extends SecretSeen {
  readonly value: string
  readonly properties: KeyVaultSecret['properties']
}

async function read(
  azure: Azure,
  vaults: VaultClients,
  place: SecretPlace,
  signal: AbortSignal,
): Promise<Secret> {
  const purpose = purposeOf(place, false)
  const { value, properties } = await azure.call(purpose, signal, async (abortSignal) => {
    const client = await vaults(place.vault)
    return client.getSecret(place.secret, {
      abortSignal,
      ...(place.version === undefined ? {} : { version: place.version }),
    })
  })
  const { version, contentType } = properties
  if (value === undefined || version === undefined)
    throw new RetryableError(`Azure could not ${purpose.doing}: its answer has no value and version.`)
  return { value, version, properties, ...(contentType === undefined ? {} : { contentType }) }
}

/** Which version is current, or that the given one is there. Throws UserError or RetryableError. */
export async function readSecret(
  azure: Azure,
  vaults: VaultClients,
  place: SecretPlace,
  signal: AbortSignal,
): Promise<SecretSeen> {
  const { version, contentType } = await read(azure, vaults, place, signal)
  return { version, ...(contentType === undefined ? {} : { contentType }) }
}

export function secretProvider(azure: Azure, vaults: VaultClients): Provider<'key-vault-secret'> {
  async function both(
    { vault, secret, from }: KeyVaultSecretAction,
    signal: AbortSignal,
  ): Promise<{ readonly now: Secret; readonly wanted: Secret }> {
    const [now, wanted] = await together([
      read(azure, vaults, { vault, secret }, signal),
      read(azure, vaults, { vault, ...from }, signal),
    ])
    return { now, wanted }
  }
  async function look(action: KeyVaultSecretAction, signal: AbortSignal): Promise<SecretFacts> {
    const { now, wanted } = await both(action, signal)
    return { current: now.version, holds: now.value === wanted.value }
  }
  return {
    observe: async (action, signal) => ({ ...(await look(action, signal)) }),
    start: async (action, key, signal) => {
      const { vault, secret, from, current } = action
      if (current === undefined) throw new BugError(`${key} would write a secret without having seen it`)
      const { now, wanted } = await both(action, signal)
      // A vault has no conditional writes: it is looked at just before.
      if (now.version !== current)
        throw new UserError(
          'world-differs',
          `The current version of ${secret} is ${now.version}, and was ${current}: somebody else has written it. Nothing was changed. Propose it again.`,
        )
      // A secret that gets its own earlier version back gets all of it; the value of another one comes into what is there.
      const { contentType, tags, expiresOn, notBefore } =
        from.secret === secret ? wanted.properties : now.properties
      await azure.call(purposeOf({ vault, secret }, true), signal, async (abortSignal) => {
        const client = await vaults(vault)
        await client.setSecret(secret, wanted.value, {
          abortSignal,
          ...(contentType === undefined ? {} : { contentType }),
          ...(tags === undefined ? {} : { tags }),
          ...(expiresOn === undefined ? {} : { expiresOn }),
          ...(notBefore === undefined ? {} : { notBefore }),
        })
      })
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => {
      const { current, holds } = await look(action, signal)
      const { secret, from } = action
      if (holds)
        return {
          state: 'done',
          note: `${secret} has the value of ${from.secret}, version ${from.version}; its version is ${current} now`,
        }
      return {
        state: 'failed',
        reason: `Azure took the change, but ${secret} does not have the value that was wanted; its version is ${current}.`,
        advice: 'Somebody else has written it since: look at its versions in the Azure portal.',
      }
    },
    settled: ({ current }, facts) => {
      const seen = SecretFacts.parse(facts)
      if (seen.holds) return 'done'
      return seen.current === current ? 'not-done' : 'unclear'
    },
  }
}
