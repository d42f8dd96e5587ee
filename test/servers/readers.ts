// Readers of systems for tests of doors: they find nothing there.
import type { Readers } from '../../src/readers.ts'

export const noReaders: Readers = {
  workers: {
    pool: async () => ({ capacity: 0, updating: false, instances: {} }),
    autoscale: async () => [],
    queues: async () => [],
  },
  cloudflare: { mayEdit: async () => undefined, status: async () => undefined },
  dns: { zone: async (name) => ({ id: name, name, nameServers: [] }), records: async () => [] },
}
