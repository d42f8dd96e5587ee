// Makes alerts durable, many at a time, and knows those that were accepted before.
import { createBatch } from './batch.ts'
import type { Alert } from '../intake/alert.ts'
import type { Store } from '../ports.ts'
import type { RunScript } from './scripts.ts'

/** Alerts in one write. Larger writes make others wait longer and are hardly faster. */
const batchSize = 500
/** How long the id of an accepted alert is remembered at least, in milliseconds: seven days. */
const rememberFor = 7 * 24 * 3_600_000
/** Two generations of this many ids are kept at most: about 65 MB of memory, however long a storm lasts. */
const rememberMost = 500_000

/** Makes the store's `accept`. */
export function createAccept(script: RunScript): Store['accept'] {
  const add = createBatch<Alert, boolean>(batchSize, async (alerts) => {
    const now = Math.max(...alerts.map(({ receivedAt }) => receivedAt))
    const pairs = alerts.flatMap((alert) => [alert.id, JSON.stringify(alert)])
    const answers = await script('accept', [now, rememberFor, rememberMost, ...pairs])
    return (answers as readonly number[]).map((answer) => answer === 1)
  })
  return (alerts) => Promise.all(alerts.map(async (alert) => ({ id: alert.id, fresh: await add(alert) })))
}
