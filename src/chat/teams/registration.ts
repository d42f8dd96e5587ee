// The bot's registration at Microsoft as the settings have it: who it is, how it proves that, and where it is spoken to.
import { UserError } from '../../errors.ts'
import { isLoopback } from '../../loopback.ts'
import { cloudOf } from './cloud.ts'
import type { Cloud } from './cloud.ts'
import { createTokens } from './tokens.ts'
import type { Proof, Tokens } from './tokens.ts'

/** The settings by what they mean; addresses without a slash at their end. */
export interface TeamsSettings {
  readonly appId: string
  readonly tenantId: string
  /** Absent with a managed identity. */
  readonly password: string | undefined
  readonly type: 'SingleTenant' | 'UserAssignedMSI'
  readonly teamId: string
  readonly channelId: string
  readonly serviceUrl: string | undefined
  readonly loginUrl: string | undefined
  readonly graphUrl: string | undefined
  /** What comes in is not checked; only with a HOST that nobody else can reach. */
  readonly noAuth: boolean
}

/** The settings of Teams as the environment names them. */
export interface TeamsVariables {
  readonly MICROSOFT_APP_ID?: string | undefined
  readonly MICROSOFT_APP_PASSWORD?: string | undefined
  readonly MICROSOFT_APP_TENANT_ID?: string | undefined
  readonly MICROSOFT_APP_TYPE: 'SingleTenant' | 'UserAssignedMSI'
  readonly TEAMS_TEAM_ID?: string | undefined
  readonly TEAMS_CHANNEL_ID?: string | undefined
  readonly TEAMS_SERVICE_URL?: string | undefined
  readonly TEAMS_LOGIN_URL?: string | undefined
  readonly TEAMS_NO_AUTH: boolean
  readonly GRAPH_URL?: string | undefined
}

/** Undefined where Teams is not set up. */
export function teamsSettings(config: TeamsVariables): TeamsSettings | undefined {
  const { MICROSOFT_APP_ID: appId, MICROSOFT_APP_TENANT_ID: tenantId } = config
  const { TEAMS_TEAM_ID: teamId, TEAMS_CHANNEL_ID: channelId } = config
  if (!appId || !tenantId || !teamId || !channelId) return undefined
  return {
    appId: appId.toLowerCase(),
    tenantId,
    teamId,
    channelId,
    password: config.MICROSOFT_APP_PASSWORD,
    type: config.MICROSOFT_APP_TYPE,
    serviceUrl: config.TEAMS_SERVICE_URL,
    loginUrl: config.TEAMS_LOGIN_URL,
    graphUrl: config.GRAPH_URL,
    noAuth: config.TEAMS_NO_AUTH,
  }
}

export interface Registration {
  readonly cloud: Cloud
  readonly tokens: Tokens
  readonly serviceUrl: string
  readonly graphUrl: string
}

/** @throws UserError (`config`) for a sign-in address that is not known, and for a cloud whose service must be set. */
export function createRegistration(settings: TeamsSettings): Registration {
  const cloud = cloudOf(settings.loginUrl)
  const serviceUrl = settings.serviceUrl ?? cloud.service
  if (serviceUrl === undefined)
    throw new UserError(
      'config',
      `TEAMS_SERVICE_URL is not set, and for the cloud of ${cloud.login} Microsoft documents none. Write the serviceUrl that stands in what Teams sends to a bot of your tenant.`,
    )
  const graphUrl = settings.graphUrl ?? cloud.graph
  const proof = proofOf(settings, isHere(serviceUrl) && isHere(graphUrl))
  const { appId, tenantId } = settings
  return { cloud, serviceUrl, graphUrl, tokens: createTokens({ appId, tenantId, proof, cloud }) }
}

/** A Teams on this machine that is told to do without tokens gets none. */
function proofOf({ type, password, noAuth }: TeamsSettings, here: boolean): Proof {
  if (type === 'UserAssignedMSI') return { kind: 'managed-identity' }
  if (noAuth && here && password === undefined) return { kind: 'none' }
  return { kind: 'secret', secret: password ?? '' }
}

function isHere(url: string): boolean {
  return isLoopback(new URL(url).hostname)
}
