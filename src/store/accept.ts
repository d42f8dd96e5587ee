// Accepts alerts many at a time: while one write goes to disk, the next ones gather, so that a storm shares its fsyncs.
import type { Alert } from '../intake/alert.ts'
import type { Store } from '../ports.ts'
import type { RunScript } from './scripts.ts'

/** Alerts in one write. Larger writes make others wait longer and are hardly faster. */
const batchSize = 500
/** How long the id of an accepted alert is remembered at least, in milliseconds: seven days. */
const rememberFor = 7 * 24 * 3_600_000
/** Two generations of this many ids are kept at most: about 65 MB of memory, however long a storm lasts. */
const rememberMost = 500_000

interface Waiting {
  readonly alert: Alert
  readonly resolve: (fresh: boolean) => void
  readonly reject: (reason: unknown) => void
}

/** Makes the store's `accept`. One write is under way at a time; when it fails, all that wait for the next fail too. */
export function createAccept(script: RunScript): Store['accept'] {
  let waiting: Waiting[] = []
  let busy = false

  async function drain(): Promise<void> {
    try {
      while (waiting.length > 0) await write(script, waiting.splice(0, batchSize))
    } finally {
      busy = false
    }
  }

  function start(): void {
    drain().catch((error: unknown) => {
      const failed = waiting
      waiting = []
      for (const one of failed) one.reject(error)
    })
  }

  return async (alerts) => {
    const answers = alerts.map(
      (alert) => new Promise<boolean>((resolve, reject) => waiting.push({ alert, resolve, reject })),
    )
    if (!busy) {
      busy = true
      setImmediate(start)
    }
    const fresh = await Promise.all(answers)
    return alerts.map((alert, index) => ({ id: alert.id, fresh: fresh[index] === true }))
  }
}

async function write(script: RunScript, batch: readonly Waiting[]): Promise<void> {
  const now = Math.max(...batch.map(({ alert }) => alert.receivedAt))
  const pairs = batch.flatMap(({ alert }) => [alert.id, JSON.stringify(alert)])
  try {
    const answers = (await script('accept', [now, rememberFor, rememberMost, ...pairs])) as readonly number[]
    for (const [index, one] of batch.entries()) one.resolve(answers[index] === 1)
  } catch (error) {
    for (const one of batch) one.reject(error)
    throw error
  }
}
