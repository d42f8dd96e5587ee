// A small real server that speaks Teams' connector, Graph and token issuers, with people in it, and can be made to fail.
import { createDelivery, type Delivered, type LoggedDelivery } from './teams/delivery.ts'
import { createDrives, type Drives, type Readings } from './teams/drives.ts'
import { faultSwitch, type TeamsFault } from './teams/faults.ts'
import { graphPermissions } from './teams/graph.ts'
import { createIdentity } from './teams/identity.ts'
import { createLimits } from './teams/limits.ts'
import { serve, type LoggedCall } from './teams/server.ts'
import { createUpkeep, type Upkeep } from './teams/upkeep.ts'
import { addUser, createTenant, otherTenant, type TeamsPerson, type TenantOptions } from './teams/state.ts'

export type { Delivered } from './teams/delivery.ts'
export type { TeamsFault } from './teams/faults.ts'
export type { TokenFlaw } from './teams/identity.ts'
export type { LoggedCall } from './teams/server.ts'
export type { TeamsMessage, TeamsPerson } from './teams/state.ts'

export interface SimTeamsOptions extends TenantOptions {
  /** Guests of another tenant. */
  readonly guests?: readonly TeamsPerson[]
  /** Permissions of Graph; default: everything that is simulated. */
  readonly permissions?: readonly string[]
  readonly port?: number
  /** Calls per second as Teams allows them; false: any number. Default true. */
  readonly limits?: boolean
  /** Whether the bot must bring tokens. Default true. */
  readonly secured?: boolean
  /** Where activities are delivered; can be set later. */
  readonly botUrl?: string
  /** Ms the bot has for its answer. Default 15,000. */
  readonly answerWithin?: number
  /** Seconds that the bot's own tokens are valid. Default an hour. */
  readonly tokenLife?: number
}

export interface SimTeams extends Drives, Readings, Upkeep {
  /** What TEAMS_LOGIN_URL and GRAPH_URL are set to. */
  readonly origin: string
  /** What TEAMS_SERVICE_URL is set to; ends with a slash, as Teams' own. */
  readonly serviceUrl: string
  readonly appId: string
  readonly secret: string
  readonly tenantId: string
  readonly teamId: string
  /** The team's General channel. */
  readonly general: string
  readonly botMri: string
  readonly calls: readonly LoggedCall[]
  readonly deliveries: readonly LoggedDelivery[]
  /** Switches these faults on, and all others off; none: everything works. */
  readonly fault: (...faults: readonly TeamsFault[]) => void
  /** Where the bot listens: its `/api/messages`. */
  readonly setBotUrl: (url: string | undefined) => void
  /** Delivers the last thing once more, byte for byte. */
  readonly replay: () => Promise<Delivered>
  /** Posts any text to the bot with a right token. */
  readonly post: (body: string) => Promise<Delivered>
  /** Refuses the tokens that were given out. */
  readonly revokeTokens: () => void
  /** Publishes new keys for what is sent to the bot, and signs with them. */
  readonly rotateKeys: () => void
  readonly setSecret: (secret: string) => void
  readonly setPermissions: (permissions: readonly string[]) => void
  /** Connections are refused from now on; what is in the tenant stays. */
  readonly down: () => Promise<void>
  readonly up: () => Promise<void>
  readonly stop: () => Promise<void>
}

const secret = 'sim~client-secret-0123456789'

/** Starts the simulator on 127.0.0.1. */
export async function startTeams(options: SimTeamsOptions = {}): Promise<SimTeams> {
  const tenant = createTenant(options)
  for (const guest of options.guests ?? []) addUser(tenant, guest, otherTenant)
  let granted = options.permissions ?? graphPermissions
  const identity = createIdentity({
    tenantId: tenant.id,
    appId: tenant.appId,
    secret,
    roles: rolesOf(granted),
    origin: () => tenant.origin,
    ...(options.tokenLife !== undefined && { tokenLife: options.tokenLife }),
  })
  const faults = faultSwitch()
  const calls: LoggedCall[] = []
  const limits = options.limits === false ? { count: () => {} } : createLimits(tenant.now)
  const secured = options.secured ?? true
  const server = await serve(
    { tenant, identity, limits, faults, granted: () => granted, calls, secured },
    options.port,
  )
  tenant.origin = `http://127.0.0.1:${server.port()}`
  const serviceUrl = `${tenant.origin}/emea/`
  const within = options.answerWithin ?? 15_000
  const delivery = createDelivery({
    identity,
    faults,
    serviceUrl: () => serviceUrl,
    within,
    url: options.botUrl,
  })
  return {
    origin: tenant.origin,
    serviceUrl,
    appId: tenant.appId,
    secret,
    tenantId: tenant.id,
    teamId: tenant.teamId,
    general: tenant.teamThread,
    botMri: tenant.botMri,
    calls,
    deliveries: delivery.log,
    ...createDrives(tenant, delivery, () => serviceUrl),
    ...createUpkeep(tenant),
    fault: (...next) => faults.set(next),
    setBotUrl: delivery.setUrl,
    replay: delivery.replay,
    post: delivery.post,
    revokeTokens: identity.revoke,
    rotateKeys: identity.rotate,
    setSecret: identity.setSecret,
    setPermissions: (next) => {
      granted = next
      identity.setRoles(rolesOf(next))
    },
    down: server.close,
    up: server.open,
    stop: async () => {
      delivery.stop()
      await server.close()
    },
  }
}

/** A team's consent does not stand in the token. */
function rolesOf(permissions: readonly string[]): readonly string[] {
  return permissions.filter((each) => !each.endsWith('.Group'))
}
