// A server such as redis-server as a child process that cannot outlive the process that started it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ChildProcess, SpawnOptions } from 'node:child_process'

export interface BoundProcess {
  readonly process: ChildProcess
  /** Resolves with how it ended. */
  readonly gone: Promise<string>
}

/**
 * The shell becomes the program; beside it stays a watchdog that reads from the starter's end of a pipe. When the
 * starter is gone, however it went, the pipe ends and the watchdog stops the program. A line on the pipe sends it home.
 * The watchdog is nobody's child: HAProxy's master, which counts its children when it stops, would wait for it.
 */
const launcher = '((read -r line <&3 || kill -TERM $$) >/dev/null 2>&1 &) && exec "$@" 3<&-'

/**
 * Starts a program, away from the terminal's signals. Exit code 127: it is not installed. `out` and `err` say what
 * becomes of its output and its errors; by default nobody reads them.
 */
export function spawnBound(
  command: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> & { readonly out?: 'pipe'; readonly err?: 'pipe' } = {},
): BoundProcess {
  const { out = 'ignore', err = 'ignore', ...where } = options
  // Detached: Ctrl-C in a terminal goes to the starter only, which may need the program while it stops.
  const child = spawn('/bin/sh', ['-c', launcher, 'sh', ...command], {
    ...where,
    detached: true,
    stdio: ['ignore', out, err, 'pipe'],
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

/** Starts redis-server with these settings. */
export function spawnRedis(settings: Readonly<Record<string, string>>): BoundProcess {
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return spawnBound(['redis-server', ...args])
}
