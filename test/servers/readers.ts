// Readers of systems for tests of doors: they find nothing there.
import type { Readers } from '../../src/readers.ts'

const nothing = { primary: '', sku: '', primaryUp: false, secondaryUp: false, failingOver: false }

export const noReaders: Readers = {
  workers: {
    pool: async () => ({ capacity: 0, updating: false, instances: {} }),
    quota: async () => ({
      capacity: 0,
      size: 'Standard_D4s_v5',
      coresEach: 4,
      region: 'westeurope',
      quotas: [],
    }),
    autoscale: async () => [],
    queues: async () => [],
  },
  sql: {
    server: async () => ({ location: 'westeurope' }),
    databases: async () => [],
    dropped: async () => [],
    recoverable: async () => ({ id: '', lastBackup: 0 }),
    group: async () => ({ role: 'Primary', state: 'CATCH_UP', partners: [], databases: [] }),
    links: async () => [],
  },
  sqlQuery: { missing: () => undefined, ask: async () => ({ rows: 1, cell: 1 }) },
  cloudflare: { mayEdit: async () => undefined, status: async () => undefined },
  storage: {
    account: async () => nothing,
    queues: async () => [],
    setting: async () => ({ value: '', etag: '', tags: {}, locked: false }),
    secret: async () => ({ version: '' }),
  },
  rights: { granted: async () => [] },
  haproxy: { level: async () => 'admin' },
  dns: {
    zone: async (name) => ({ id: name, name, nameServers: [] }),
    records: async () => [],
    whole: async () => [],
  },
  standbyDns: { zone: async () => ({ nameServers: [], sets: [] }) },
}
