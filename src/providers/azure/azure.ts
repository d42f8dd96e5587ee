// The one place for Azure: which credential, which endpoints, how long a call may take, and what its failures mean.
import type { TokenCredential } from '@azure/identity'
import { UserError, reasonOf } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import { isUnderLocalhost } from '../../loopback.ts'
import { answerLimit, inTime, onlyTo, originOf } from './answers.ts'
import { credentialOf } from './credential.ts'
import { explain, type AzurePurpose } from './errors.ts'

export interface AzureAccess {
  /** Id of the subscription; absent: nothing of Azure can be used. */
  readonly subscription: string | undefined
  readonly credential: 'managed-identity' | 'workload-identity' | 'client-secret' | 'cli' | 'none'
  readonly tenant: string | undefined
  readonly client: string | undefined
  readonly secret: string | undefined
  /** Where Kubernetes puts the service account's token, for workload-identity. */
  readonly tokenFile?: string | undefined
  /** Resource Manager. Default: the public cloud's. */
  readonly endpoint: string | undefined
  /** Entra ID. Default: the public cloud's. */
  readonly authority: string | undefined
  /** Of queues, with `{account}` for the account's name. Default: the public cloud's. */
  readonly queueEndpoint: string | undefined
  /** Of SQL servers, as host and port with `{server}` for the server's name. Default: the public cloud's. */
  readonly sqlEndpoint?: string | undefined
  /** A user of the databases, for what is asked of them as that. */
  readonly sqlUser?: string | undefined
  readonly sqlPassword?: string | undefined
  /** For one request. Default 8 s. */
  readonly timeout?: Duration
  /** The same for a look at a queue. Default 2 s. */
  readonly queueTimeout?: Duration
}

/** What a client of Resource Manager is made with, whichever SDK it is of. */
export interface ArmAccess {
  readonly credential: TokenCredential
  readonly subscription: string
  /** For clients of the newer SDKs as they stand; `credentialScopes` is for those of the older generation. */
  readonly options: {
    readonly endpoint: string
    readonly credentials: { readonly scopes: string[] }
    readonly credentialScopes: string[]
    readonly retryOptions: { readonly maxRetries: number }
    readonly additionalPolicies: (typeof answerLimit)[]
  }
}

export interface Azure {
  /** @throws UserError when AZURE_SUBSCRIPTION_ID is not set. */
  readonly arm: () => Promise<ArmAccess>
  readonly credential: () => Promise<TokenCredential>
  /** How long a look at a queue may take; a time for one request is never longer than the usual one. */
  readonly queueTimeout: Duration
  /** The address of an account's queues. */
  readonly queueUrl: (account: string) => string
  /** Where a SQL server listens, and for whom a token to its databases must be. */
  readonly sqlServer: (server: string) => SqlHost
  /** Absent: AZURE_SQL_USER and AZURE_SQL_PASSWORD are not set. */
  readonly sqlLogin: { readonly user: string; readonly password: string } | undefined
  /**
   * Runs one request of an SDK: bounded in time, a reading one tried twice, its failure told as UserError or
   * RetryableError. Never give it a poller's promise: waiting for that is waiting for the whole operation.
   */
  readonly call: <T>(purpose: AzurePurpose, signal: AbortSignal, send: Send<T>) => Promise<T>
}

export interface SqlHost {
  readonly host: string
  readonly port: number
  /** Where the machines are to which a server may lead: under the same name as all servers. */
  readonly domain: string
  readonly scope: string
}

type Send<T> = (signal: AbortSignal) => Promise<T>

const publicCloud = 'https://management.azure.com'
const publicQueues = 'https://{account}.queue.core.windows.net'
const publicSql = '{server}.database.windows.net:1433'
/** Each cloud's databases take tokens that were given out for it. */
const sqlClouds = ['database.windows.net', 'database.usgovcloudapi.net', 'database.chinacloudapi.cn'] as const
const defaultTimeout: Duration = 8 * second
/** A queue answers in milliseconds, or its account is what is down: chats wait 2.5 s for the proposal that is to help. */
const defaultQueueTimeout: Duration = 2 * second
/** The SDKs would sleep as long as Retry-After says: whoever called knows better what to do until then. */
export const noRetries = 0

/** Opens nothing yet: SDKs are loaded and tokens asked for at the first call. */
export function createAzure(access: AzureAccess): Azure {
  const timeout = access.timeout ?? defaultTimeout
  const queueTimeout = Math.min(timeout, access.queueTimeout ?? defaultQueueTimeout)
  let made: Promise<TokenCredential> | undefined
  const credential = (): Promise<TokenCredential> => {
    made ??= credentialOf(access, timeout).catch((thrown: unknown) => {
      throw new UserError(
        'azure-credential',
        `The credential for Azure cannot be made: ${reasonOf(thrown)} ${adviceOf(access)}`,
      )
    })
    return made
  }
  const secrets = access.secret === undefined ? [] : [access.secret]
  return {
    credential,
    arm: async () => {
      const { subscription } = access
      if (subscription === undefined)
        throw new UserError(
          'azure-subscription',
          "AZURE_SUBSCRIPTION_ID is not set, so nothing of Azure can be looked at or changed. Set it to the subscription's id and start the bot again.",
        )
      const endpoint = (access.endpoint ?? publicCloud).replace(/\/+$/, '')
      const scopes = [`${endpoint}/.default`]
      const options = {
        endpoint,
        credentials: { scopes },
        credentialScopes: scopes,
        retryOptions: { maxRetries: noRetries },
        additionalPolicies: [answerLimit, onlyTo(originOf(endpoint, 'AZURE_ARM_ENDPOINT')), inTime],
      }
      return { credential: await credential(), subscription, options }
    },
    queueUrl: (account) =>
      (access.queueEndpoint ?? publicQueues).replace('{account}', encodeURIComponent(account)),
    sqlServer: (server) => sqlHost(access.sqlEndpoint ?? publicSql, server),
    sqlLogin: loginOf(access),
    queueTimeout,
    call: async (purpose, signal, send) => {
      const { changes, within = timeout } = purpose
      try {
        if (changes) return await bounded(signal, within, send)
        return await bounded(signal, within, send).catch((thrown: unknown) => {
          if (signal.aborted || !isHiccup(thrown)) throw thrown
          return bounded(signal, within, send)
        })
      } catch (thrown) {
        const credentialAdvice = adviceOf(access)
        const { aborted: stopped } = signal
        const tokenUnreachable = unreachableFor(access.credential)
        throw explain(purpose, thrown, {
          stopped,
          timeout: within,
          credentialAdvice,
          tokenUnreachable,
          secrets,
        })
      }
    },
  }
}

function sqlHost(endpoint: string, server: string): SqlHost {
  const [host = '', port = '1433'] = endpoint.split(':')
  const cloud = sqlClouds.find((one) => host.endsWith(`.${one}`))
  return {
    host: host.replace('{server}', server),
    port: Number(port),
    domain: cloud ?? (isUnderLocalhost(host) ? 'localhost' : host.replace(/^[^.]*\./, '')),
    scope: `https://${cloud ?? sqlClouds[0]}/.default`,
  }
}

function loginOf({ sqlUser: user, sqlPassword: password }: AzureAccess): Azure['sqlLogin'] {
  return user === undefined || password === undefined ? undefined : { user, password }
}

/** Some parts of the SDKs are deaf to their signal, such as those that ask for a token: it is waited for no longer. */
async function bounded<T>(signal: AbortSignal, timeout: Duration, send: Send<T>): Promise<T> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  limit.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const stop = (): void => aborted.reject(limit.reason)
  limit.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([send(limit), aborted.promise])
  } finally {
    limit.removeEventListener('abort', stop)
  }
}

/** A 5xx that names no time: reading again at once may do. */
function isHiccup(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return false
  const { statusCode } = thrown
  return typeof statusCode === 'number' && statusCode >= 500 && !/retry-after/i.test(headerNames(thrown))
}

function headerNames(thrown: Error): string {
  const response = 'response' in thrown ? thrown.response : undefined
  const headers =
    typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined
  return JSON.stringify(headers) ?? ''
}

/** Who has set nothing of Azure at all has no credential either: that is not where to begin. */
function adviceOf({ subscription, credential }: AzureAccess): string {
  const advice = adviceFor(credential)
  return subscription === undefined
    ? `Nothing of Azure is set up: begin with AZURE_SUBSCRIPTION_ID. ${advice}`
    : advice
}

/** Who is on no machine of Azure's looks for the fault at the wrong place when Entra ID is named. */
function unreachableFor(credential: AzureAccess['credential']): string {
  return credential === 'managed-identity'
    ? `what gives out this machine's identity could not be reached. ${adviceFor(credential)}`
    : 'Entra ID, which gives the token, could not be reached.'
}

function adviceFor(credential: AzureAccess['credential']): string {
  switch (credential) {
    case 'managed-identity':
      return 'Give the machine a managed identity (with AZURE_CLIENT_ID when it is a user-assigned one), or choose another AZURE_CREDENTIAL.'
    case 'workload-identity':
      return "Look at the service account's federated credential, AZURE_TENANT_ID and AZURE_CLIENT_ID."
    case 'client-secret':
      return 'Look at AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET: the secret may have run out.'
    case 'cli':
      return 'Log in with: az login'
    case 'none':
      return 'AZURE_CREDENTIAL=none has no token that this endpoint takes: choose another one.'
  }
}
