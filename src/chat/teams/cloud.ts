// Where Microsoft's services are, by the cloud in which the tenant lives; a cloud on this machine for tests and drills.
import { UserError } from '../../errors.ts'
import { isLoopback } from '../../loopback.ts'

/** One cloud: addresses without a slash at their end. */
export interface Cloud {
  /** Entra, which gives the bot its tokens. */
  readonly login: string
  /** For whom a token for the connector is, without `/.default`. */
  readonly audience: string
  /** Who signs what Teams sends to the bot. */
  readonly issuer: string
  /** Where that issuer publishes its keys. */
  readonly metadata: string
  readonly graph: string
  /** For whom a token for Graph is, without `/.default`. */
  readonly graphAudience: string
  /** The connector, until Teams has said another; undefined where Microsoft documents none. */
  readonly service: string | undefined
  /** Where Teams opens in a browser and in the app. */
  readonly app: string
}

/** Source: AuthenticationConstants of botframework-connector; learn.microsoft.com, Graph, "National cloud deployments". */
const world: Cloud = {
  login: 'https://login.microsoftonline.com',
  audience: 'https://api.botframework.com',
  issuer: 'https://api.botframework.com',
  metadata: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
  graph: 'https://graph.microsoft.com',
  graphAudience: 'https://graph.microsoft.com',
  service: 'https://smba.trafficmanager.net/teams',
  app: 'https://teams.microsoft.com',
}
/** Source: GovernmentConstants of botframework-connector. */
const usGovernment: Cloud = {
  login: 'https://login.microsoftonline.us',
  audience: 'https://api.botframework.us',
  issuer: 'https://api.botframework.us',
  metadata: 'https://login.botframework.azure.us/v1/.well-known/openidconfiguration',
  graph: 'https://graph.microsoft.us',
  graphAudience: 'https://graph.microsoft.us',
  service: 'https://smba.infra.gov.teams.microsoft.us/teams',
  app: 'https://gov.teams.microsoft.us',
}
/**
 * Operated by 21Vianet. Source: learn.microsoft.com, Bot Service, "Configure a bot in Microsoft Azure operated by
 * 21Vianet"; Graph, "National cloud deployments"; Microsoft 365, "URLs and IP address ranges for Office 365 operated by
 * 21Vianet".
 */
const china: Cloud = {
  login: 'https://login.partner.microsoftonline.cn',
  audience: 'https://api.botframework.azure.cn',
  issuer: 'https://api.botframework.azure.cn',
  metadata: 'https://login.botframework.azure.cn/v1/.well-known/openidconfiguration',
  graph: 'https://microsoftgraph.chinacloudapi.cn',
  graphAudience: 'https://microsoftgraph.chinacloudapi.cn',
  service: undefined,
  app: 'https://teams.microsoftonline.cn',
}

/**
 * The cloud of a sign-in address (TEAMS_LOGIN_URL); absent: the public one.
 * @throws UserError (`config`) for an address that is neither Microsoft's nor on this machine.
 */
export function cloudOf(login: string | undefined): Cloud {
  const known = [world, usGovernment, china].find((each) => each.login === (login ?? world.login))
  if (known) return known
  if (login !== undefined && isLoopback(new URL(login).hostname)) {
    const metadata = `${login}/botframework/v1/.well-known/openidconfiguration`
    return { ...world, login, metadata, graph: login, service: `${login}/emea` }
  }
  throw new UserError(
    'config',
    `TEAMS_LOGIN_URL is ${login}: write ${usGovernment.login} for the US government's cloud, ${china.login} for the one in China, or leave it out`,
  )
}
