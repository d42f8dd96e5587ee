// Joins what reaches the systems: Cloudflare, HAProxy, Azure, and what looks at them from outside.
import type { Config } from './config.ts'
import { reasonOf } from './errors.ts'
import { second } from './ids.ts'
import type { Duration } from './ids.ts'
import type { Changes, Clock, Log, NagiosCommands, Providers } from './ports.ts'
import { createAzure, type Azure } from './providers/azure/azure.ts'
import { createAzureSystems } from './providers/azure/systems.ts'
import { createCloudflareDns } from './providers/cloudflare/cloudflare.ts'
import { cloudflareStatusPage, createCloudflareStatus } from './providers/cloudflare/status.ts'
import { createHaproxyReader } from './providers/haproxy/level.ts'
import { createHaproxy } from './providers/haproxy/haproxy.ts'
import { createNagiosCommands } from './providers/nagios-commands.ts'
import { createOutside } from './providers/outside.ts'
import type { Readers } from './readers.ts'

export interface Systems {
  /** Carries out actions. */
  readonly providers: Providers
  /** Reads what proposals and commands need before there is an action. */
  readonly readers: Readers
  /** Loads the SDKs that a recovery is likely to need. Rejects when one cannot be loaded. */
  readonly warm: () => Promise<void>
}

/** Pages of a fresh incident go out before anything else takes the processor. */
const warmAfter: Duration = 3 * second

/** Opens no connection yet. */
export function createSystems(config: Config, { clock }: { readonly clock: Clock }): Systems {
  const cloudflare = createCloudflareDns({
    token: config.CLOUDFLARE_API_TOKEN ?? '',
    baseUrl: config.CLOUDFLARE_BASE_URL,
    clock,
  })
  const azure = createAzureSystems(azureOf(config), { clock })
  return {
    providers: {
      'cloudflare-dns': cloudflare,
      ...createOutside({ clock }),
      ...createHaproxy({
        clock,
        user: config.HAPROXY_DATAPLANE_USER,
        password: config.HAPROXY_DATAPLANE_PASSWORD,
      }),
      ...azure.providers,
    },
    readers: {
      dns: cloudflare,
      cloudflare: { mayEdit: cloudflare.mayEdit, status: createCloudflareStatus(statusPage(config)) },
      haproxy: createHaproxyReader(),
      ...azure.readers,
    },
    warm: cloudflare.warm,
  }
}

/** SDKs are large: they are loaded after something broke and the page is out, not while an engineer waits for it. */
export function warmWhenBroken(
  systems: Pick<Systems, 'warm'>,
  { changes, clock, log }: { readonly changes: Changes; readonly clock: Clock; readonly log: Log },
): void {
  const unsubscribe = changes.subscribe((id) => {
    if (id === 'all') return
    unsubscribe()
    clock.after(warmAfter, () => {
      systems.warm().catch((thrown: unknown) => {
        log.error('an SDK cannot be loaded: run npm ci', { reason: reasonOf(thrown) })
      })
    })
  })
}

/** Where the API is not Cloudflare's own, its status page says nothing about it. */
function statusPage(config: Config): string | undefined {
  return (
    config.CLOUDFLARE_STATUS_URL ??
    (config.CLOUDFLARE_BASE_URL === undefined ? cloudflareStatusPage : undefined)
  )
}

function azureOf(config: Config): Azure {
  return createAzure({
    subscription: config.AZURE_SUBSCRIPTION_ID,
    credential: config.AZURE_CREDENTIAL,
    tenant: config.AZURE_TENANT_ID,
    client: config.AZURE_CLIENT_ID,
    secret: config.AZURE_CLIENT_SECRET,
    tokenFile: config.AZURE_FEDERATED_TOKEN_FILE,
    endpoint: config.AZURE_ARM_ENDPOINT,
    authority: config.AZURE_AUTHORITY_HOST,
    queueEndpoint: config.AZURE_QUEUE_ENDPOINT,
    sqlEndpoint: config.AZURE_SQL_ENDPOINT,
    sqlUser: config.AZURE_SQL_USER,
    sqlPassword: config.AZURE_SQL_PASSWORD,
  })
}

/** undefined when Nagios is not to be told. */
export function nagiosCommandsOf(config: Config): NagiosCommands | undefined {
  const { NAGIOS_CGI_URL: url, NAGIOS_CGI_USER: user, NAGIOS_CGI_PASSWORD: password } = config
  return url === undefined
    ? undefined
    : createNagiosCommands({ url, user: user ?? '', password: password ?? '' })
}
