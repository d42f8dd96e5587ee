// Keeps a bot process alive as systemd does: killed, it is started again at once on the same data.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Question, Snapshot, Told } from './bot-process.ts'

export interface Supervisor {
  /** Where the bot is reached; undefined while it is down or starting. */
  readonly url: () => string | undefined
  /** When it became ready, each time, in real milliseconds. */
  readonly readyAt: readonly number[]
  /** Ends that nobody ordered: exit codes, with the last lines of the log. */
  readonly crashes: readonly string[]
  readonly kills: () => number
  /** kill -9, from one instruction to the next; nothing while it is not running. */
  readonly kill9: () => void
  /** Asks the process that runs now; rejects when it dies over it. */
  readonly snapshot: (question: Question) => Promise<Snapshot>
  /** The last lines of the log of all its lives. */
  readonly log: () => string
  /** Ends it in order, and answers how. */
  readonly stop: () => Promise<number | null>
}

const entry = new URL('bot-process.ts', import.meta.url).pathname
const linesKept = 25
/** A bot that cannot start is tried again after this long, in milliseconds. */
const pause = 200

/** Starts it; `args` are those of bot-process.ts, asked for at each start. */
export function superviseBot(from: {
  readonly env: Readonly<Record<string, string>>
  readonly args: () => readonly string[]
  /** How long it stays dead after a kill, in milliseconds; 0: it is started again at once. */
  readonly rest: () => number
}): Supervisor {
  const readyAt: number[] = []
  const crashes: string[] = []
  let lines: string[] = []
  let url: string | undefined
  let kills = 0
  let stopping = false
  let child = launch()

  function keep(chunk: Buffer): void {
    lines = [...lines, ...chunk.toString().trimEnd().split('\n')].slice(-linesKept)
  }
  function launch(): ChildProcess {
    const born = fork(entry, from.args(), {
      env: { PATH: process.env['PATH'] ?? '', ...from.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    })
    born.stdout?.on('data', keep)
    born.stderr?.on('data', keep)
    born.on('message', (told: Told) => {
      if (!('ready' in told) || born.killed) return
      url = told.ready
      readyAt.push(Date.now())
    })
    born.once('exit', (code, signal) => {
      url = undefined
      if (stopping) return
      if (signal === 'SIGKILL') {
        lines.push('--- killed ---')
        later(from.rest())
        return
      }
      crashes.push(`exit ${code ?? signal}: ${lines.slice(-16).join('\n')}`)
      later(pause)
    })
    return born
  }
  function later(wait: number): void {
    setTimeout(() => {
      if (!stopping) child = launch()
    }, wait)
  }
  function running(): boolean {
    return child.exitCode === null && child.signalCode === null
  }
  return {
    url: () => url,
    readyAt,
    crashes,
    kills: () => kills,
    kill9: () => {
      if (stopping || !running() || !child.kill('SIGKILL')) return
      url = undefined
      kills += 1
    },
    snapshot: (question) => ask(child, question),
    log: () => lines.join('\n'),
    stop: async () => {
      stopping = true
      if (!running()) return child.exitCode
      const gone = once(child, 'exit') as Promise<[number | null]>
      child.kill('SIGTERM')
      const [code] = await gone
      return code
    },
  }
}

async function ask(child: ChildProcess, question: Question): Promise<Snapshot> {
  const { promise, resolve, reject } = Promise.withResolvers<Snapshot>()
  const heard = (told: Told): void => {
    if ('snapshot' in told) resolve(told.snapshot)
    if ('failed' in told) reject(new Error(told.failed))
  }
  const died = (): void => reject(new Error('the bot died over the question'))
  child.on('message', heard)
  child.once('exit', died)
  try {
    child.send(question, (error) => {
      if (error) reject(error)
    })
    return await promise
  } finally {
    child.off('message', heard)
    child.off('exit', died)
  }
}
