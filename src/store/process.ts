// A redis-server as a child process that cannot outlive the process that started it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'

export interface RedisProcess {
  readonly process: ChildProcess
  /** Resolves with how it ended. */
  readonly gone: Promise<string>
}

/**
 * The shell becomes redis-server; beside it stays a watchdog that reads from the bot's end of a pipe. When the bot
 * is gone, however it went, the pipe ends and the watchdog stops the server. A line on the pipe sends it home.
 */
const launcher = '(read -r line <&3 || kill -TERM $$) >/dev/null 2>&1 & exec redis-server "$@" 3<&-'

/** Starts redis-server with these settings, away from the terminal's signals. Exit code 127: it is not installed. */
export function spawnRedis(settings: Readonly<Record<string, string>>): RedisProcess {
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  // Detached: Ctrl-C in a terminal goes to the bot only, which still needs its store while it stops.
  const child = spawn('/bin/sh', ['-c', launcher, 'redis', ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const pipe = child.stdio[3]
  // The watchdog may have gone first.
  pipe?.on('error', () => {})
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const gone = ended.then(([code, signal]) => {
    if (pipe !== null && pipe !== undefined && 'end' in pipe) pipe.end('gone\n')
    return signal ?? `exit code ${code}`
  })
  return { process: child, gone }
}
