// A person's terminal: the real `dr` as a process of its own, with the environment and home it is given.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'

/** What a command printed, and the status it ended with. */
export interface Printed {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

const program = resolve(import.meta.dirname, '../../src/cli.ts')

/** Runs `dr ARGS` in `home`; of this process' environment it gets nothing but the PATH. */
export async function dr(
  args: readonly string[],
  at: { readonly home: string; readonly env: Readonly<Record<string, string>> },
): Promise<Printed> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: at.home,
    env: { PATH: process.env['PATH'] ?? '', HOME: at.home, TZ: 'Europe/Berlin', ...at.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [status]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { status, out, err }
}
