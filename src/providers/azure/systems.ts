// Joins what reaches Azure: each service's providers and readers, on the one foundation.
import type { Clock, Providers } from '../../ports.ts'
import type { Readers } from '../../readers.ts'
import { createAutoscaleLimits } from '../workers/autoscale.ts'
import type { Azure } from './azure.ts'
import { createAzureDns } from '../standby-dns/azure-dns.ts'
import { createRightsReader } from './rights.ts'
import { createScaleSets } from '../workers/scale-set.ts'
import { createWorkersReader, scaleSetClients } from '../workers/read.ts'
import { createSql } from '../sql/sql.ts'
import { createStorage } from '../storage/storage.ts'

/** What does not go through Azure. */
type Elsewhere = 'cloudflare-dns' | 'probe' | 'dns-check' | 'certificate' | 'delegation' | `haproxy-${string}`

export interface AzureSystems {
  readonly providers: Pick<Providers, Exclude<keyof Providers, Elsewhere>>
  readonly readers: Pick<Readers, 'workers' | 'sql' | 'sqlQuery' | 'storage' | 'standbyDns' | 'rights'>
}

/** Loads no SDK and opens no connection yet: that happens at the first call of each. */
export function createAzureSystems(
  azure: Azure,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): AzureSystems {
  const clients = scaleSetClients(azure)
  const sql = createSql(azure, { clock })
  const storage = createStorage(azure, clock)
  const standbyDns = createAzureDns(azure)
  return {
    providers: {
      ...createScaleSets({ azure, compute: clients.compute, clock }),
      'autoscale-limits': createAutoscaleLimits(azure, clients.monitor),
      ...sql.providers,
      ...storage.providers,
      'standby-dns': standbyDns,
    },
    readers: {
      workers: createWorkersReader(azure, clients),
      sql: sql.reader,
      sqlQuery: sql.queryReader,
      storage: storage.reader,
      standbyDns,
      rights: createRightsReader(azure),
    },
  }
}
