#!/usr/bin/env node
// Starts the bot: signals, settings, log; what it is made of is in app.ts.
import { once } from 'node:events'
import type { App } from './app.ts'
import { UserError, reasonOf } from './errors.ts'
import type { Log } from './ports.ts'

/** How long a stop may take before the process ends anyway, in milliseconds: less than what service managers wait. */
const stopTimeout = 8_000

interface Signals {
  /** Aborts, with the signal's name as its reason, when the bot is to stop. */
  readonly stop: AbortSignal
  /** Calls `reload` for each wish to read the plan again; at once when there was one already. */
  readonly onReload: (reload: () => void) => void
}

async function main(): Promise<void> {
  const { stop, onReload } = hearSignals()
  // Loaded only now: without a listener a signal ends the process, and all of this takes its time.
  const [{ loadEnvironment, readConfig, secrets, unknownSettings }, { createLog }, { startApp }] =
    await Promise.all([import('./config.ts'), import('./log.ts'), import('./app.ts')])
  const config = readConfig(loadEnvironment())
  const log = createLog(config.LOG_LEVEL, secrets(config))
  for (const sentence of unknownSettings()) log.warn(sentence)
  const app = await startApp(config, { log, stop }).catch((thrown: unknown) => {
    if (!stop.aborted) throw thrown
  })
  if (app) onReload(() => reload(app, log))
  if (!stop.aborted) await once(stop, 'abort')
  log.info('stopping', { signal: String(stop.reason) })
  await app?.close()
  process.exit(0)
}

function hearSignals(): Signals {
  const stopping = new AbortController()
  let reload: (() => void) | undefined
  let asked = false
  process.on('SIGHUP', () => {
    asked = true
    reload?.()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), stopTimeout).unref()
      stopping.abort(signal)
    })
  }
  return {
    stop: stopping.signal,
    onReload: (listener) => {
      reload = listener
      if (asked) listener()
    },
  }
}

function reload(app: App, log: Log): void {
  app.plan
    .reload()
    .catch((thrown: unknown) =>
      log.error('the plan could not be read again; the old one goes on', { reason: reasonOf(thrown) }),
    )
}

main().catch((thrown: unknown) => {
  // What a person can mend is said plainly; anything else is a defect and keeps its stack.
  const text =
    thrown instanceof UserError
      ? thrown.message
      : thrown instanceof Error
        ? (thrown.stack ?? thrown.message)
        : String(thrown)
  process.stderr.write(`${text}\n`)
  process.exitCode = 1
})
