#!/usr/bin/env node
// Starts the bot: settings, log, signals; what it is made of is in app.ts.
import { startApp } from './app.ts'
import type { App } from './app.ts'
import { loadEnvironment, readConfig, secrets } from './config.ts'
import { UserError, reasonOf } from './errors.ts'
import { createLog } from './log.ts'
import type { Log } from './ports.ts'

/** How long a stop may take before the process ends anyway, in milliseconds: less than what service managers wait. */
const stopTimeout = 8_000

async function main(): Promise<void> {
  const config = readConfig(loadEnvironment())
  const log = createLog(config.LOG_LEVEL, secrets(config))
  const app = await startApp(config, { log })
  process.on('SIGHUP', () => {
    app.plan
      .reload()
      .catch((thrown: unknown) =>
        log.error('the plan could not be read again; the old one goes on', { reason: reasonOf(thrown) }),
      )
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(app, log, signal))
}

async function stop(app: App, log: Log, signal: string): Promise<void> {
  log.info('stopping', { signal })
  setTimeout(() => process.exit(1), stopTimeout).unref()
  await app.close()
  process.exit(0)
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
