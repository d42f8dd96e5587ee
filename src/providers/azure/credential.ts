// Which credential the bot shows to Azure, as it was chosen; the secret behind it goes to Entra ID alone.
import type { TokenCredential, TokenCredentialOptions } from '@azure/identity'
import type { Duration } from '../../ids.ts'
import { LedAway, answerLimit, noRedirects, onlyTo, originOf } from './answers.ts'
import type { AzureAccess } from './azure.ts'

const publicAuthority = 'https://login.microsoftonline.com'

/** What a credential that asks Entra ID over the network is made with. */
type Sending = Required<Pick<TokenCredentialOptions, 'retryOptions' | 'additionalPolicies'>>

/**
 * Exactly the credential that was chosen: no guessing through a chain, which would hide what is wrong. `timeout`: how
 * long a process that is asked for a token may take.
 */
export async function credentialOf(access: AzureAccess, timeout: Duration): Promise<TokenCredential> {
  const { tenant, client, secret, authority } = access
  if (access.credential === 'none')
    return { getToken: async () => ({ token: 'none', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
  const identity = await import('@azure/identity')
  const ids = {
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(client === undefined ? {} : { clientId: client }),
  }
  // Another authority than the public one is not asked whether it exists: the setting says so.
  const host = authority === undefined ? {} : { authorityHost: authority, disableInstanceDiscovery: true }
  switch (access.credential) {
    case 'managed-identity':
      // It asks an address of the machine's own, and its client takes no policies: it follows no redirect at all.
      return new identity.ManagedIdentityCredential({
        ...(client === undefined ? {} : { clientId: client }),
        retryOptions,
        ...noRedirects,
      })
    case 'workload-identity':
      return staying(authority, (sending) => {
        const tokenFile = access.tokenFile === undefined ? {} : { tokenFilePath: access.tokenFile }
        return new identity.WorkloadIdentityCredential({ ...ids, ...tokenFile, ...host, ...sending })
      })
    case 'client-secret':
      return staying(
        authority,
        (sending) =>
          new identity.ClientSecretCredential(tenant ?? '', client ?? '', secret ?? '', {
            ...host,
            ...sending,
          }),
      )
    case 'cli':
      return new identity.AzureCliCredential({
        ...(tenant === undefined ? {} : { tenantId: tenant }),
        processTimeoutInMs: timeout,
      })
  }
}

const retryOptions = { maxRetries: 1, retryDelayInMs: 200 }

/** What leads away is told as that: the SDK would tell of it as of a network that is down. */
function staying(
  authority: string | undefined,
  make: (sending: Sending) => TokenCredential,
): TokenCredential {
  let led: LedAway | undefined
  const origin = originOf(authority ?? publicAuthority, 'AZURE_AUTHORITY_HOST')
  const credential = make({
    retryOptions,
    additionalPolicies: [
      {
        policy: {
          name: 'ledAway',
          sendRequest: (request, next) =>
            next(request).catch((thrown: unknown) => {
              if (thrown instanceof LedAway) led = thrown
              throw thrown
            }),
        },
        position: 'perCall',
      },
      answerLimit,
      onlyTo(origin),
    ],
  })
  return {
    getToken: async (scopes, options) => {
      try {
        return await credential.getToken(scopes, options)
      } catch (thrown) {
        throw led ?? thrown
      } finally {
        led = undefined
      }
    },
  }
}
