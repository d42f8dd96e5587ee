// Programs that are measured, and the load generator, as processes of their own, each on the processors it is meant to have.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Job, LoadResult } from './load.ts'

export interface Running {
  readonly pid: number
  /** Milliseconds from the start of the process until it answered 200 on its path for readiness. */
  readonly readyAfter: number
  readonly stop: () => Promise<void>
}

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  /** Asked until it answers 200. */
  readonly readyUrl: string
}

/** How long a program may take until it is ready, in milliseconds. */
const startTimeout = 30_000

/** Starts a program and waits until it is ready. Its errors go to the terminal. */
export async function start(program: Program): Promise<Running> {
  const started = performance.now()
  const child = spawn(program.command, program.args, {
    cwd: program.directory,
    env: { PATH: process.env['PATH'], ...program.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = () => end(child)
  try {
    while (!(await isReady(program.readyUrl))) {
      if (child.exitCode !== null) throw new Error(`${program.command} ended with code ${child.exitCode}`)
      if (performance.now() - started > startTimeout) throw new Error(`${program.command} is not ready`)
      await sleep(2)
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { pid: child.pid ?? 0, readyAfter: performance.now() - started, stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
}

/** Runs the load generator until its job is done. */
export async function load(job: Job): Promise<LoadResult> {
  const script = fileURLToPath(new URL('load.ts', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the load generator ended with code ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString()) as LoadResult
}

/** Memory that a process has in RAM, in MB (10^6 bytes). */
export function residentMegabytes(pid: number): number {
  return (Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]).toString()) * 1_024) / 1e6
}
