// A person's terminal: the real `dr`, as a process of its own or in this one, with the environment and home it is given.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { runCli } from '../../src/cli/main.ts'
import type { Clock } from '../../src/ports.ts'

/** What a command printed, and the status it ended with. */
export interface Printed {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

interface Desk {
  readonly home: string
  readonly env: Readonly<Record<string, string>>
}

const program = resolve(import.meta.dirname, '../../src/cli.ts')

/** Runs `dr ARGS` in `home`; of this process' environment it gets nothing but the PATH. */
export async function dr(args: readonly string[], at: Desk): Promise<Printed> {
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

/** The same without a process of its own, which takes its time to start: what is typed at once is sent at once. */
export async function drHere(
  args: readonly string[],
  at: Desk & { readonly clock: Clock },
): Promise<Printed> {
  const [out, err]: [string[], string[]] = [[], []]
  const elsewhere = (): Promise<never> => Promise.reject(new Error('only the bot is asked'))
  const status = await runCli(args, {
    env: () => at.env,
    home: at.home,
    now: at.clock.now,
    after: at.clock.after,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    terminal: { width: 80, colour: false },
    version: () => '0.0.0',
    ask: undefined,
    input: async () => '',
    signer: elsewhere,
    systems: elsewhere,
    chat: elsewhere,
  })
  return { status, out: out.join(''), err: err.join('') }
}
