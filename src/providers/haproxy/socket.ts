// HAProxy's runtime API, over TCP or a Unix socket: one connection for each line, and never longer than a bounded time.
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { BugError, UserError } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import { throwIfOver } from '../../limit.ts'
import { networkError, toldToStop, tooSlow } from './errors.ts'

/** More than any backend has to say; what goes on after it is not HAProxy. */
const answerLimit = 4 * 1024 * 1024
const waitWhenFull: Duration = 20

export interface Ask {
  /** `tcp://192.0.2.11:9999`, `tcp://[2001:db8::1]:9999` or `unix:/run/haproxy/admin.sock`. */
  readonly control: string
  /** Carried out one right after the other; HAProxy's answers come one after the other too. */
  readonly commands: readonly string[]
  /** They change something: they are not sent once the time is over. */
  readonly changes?: true
  /** For the whole exchange. */
  readonly timeout: Duration
}

/**
 * Answers HAProxy's text without the empty lines around it: nothing at all when commands that change something
 * succeeded. Throws RetryableError, with the load balancer's name, when it is silent.
 */
export async function ask(asked: Ask, signal: AbortSignal): Promise<string> {
  const { control, commands, timeout } = asked
  if (commands.some((command) => /[;\n\r]/.test(command)))
    throw new BugError('a command to HAProxy is one line and holds no semicolon')
  if (signal.aborted) throw toldToStop(control)
  const limit = AbortSignal.timeout(timeout)
  const both = AbortSignal.any([signal, limit])
  try {
    for (;;) {
      const answer = await tryOnce(asked, both)
      if (answer !== 'full') return answer
      await setTimeout(waitWhenFull, undefined, { signal: both })
    }
  } catch (thrown) {
    if (limit.aborted) throw tooSlow(control, timeout)
    if (signal.aborted) throw toldToStop(control)
    throw networkError(control, thrown)
  }
}

/** `full`: as many others as a Unix socket lets wait are there already; nothing was sent. */
async function tryOnce(asked: Ask, signal: AbortSignal): Promise<string> {
  const connection = createConnection(addressOf(asked.control))
  try {
    return await exchange(connection, asked, signal)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN') return 'full'
    throw thrown
  } finally {
    connection.destroy()
  }
}

async function exchange(
  connection: Socket,
  { commands, changes }: Ask,
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let size = 0
  connection.on('error', reject)
  connection.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > answerLimit) reject(new Error('answers without end'))
  })
  // An answer ends with an empty line and then the end of the connection; without the former it was cut off.
  connection.on('close', () => {
    const text = Buffer.concat(chunks).toString()
    if (text.endsWith('\n')) resolve(text.trim())
    else reject(new Error('closed the connection without an answer'))
  })
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  connection.once('connect', () => {
    try {
      if (changes) throwIfOver(signal)
      connection.write(`${commands.join(';')}\n`)
    } catch (thrown) {
      reject(thrown)
    }
  })
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function addressOf(
  control: string,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (control.startsWith('unix:')) return { path: control.slice('unix:'.length) }
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(control)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  throw new UserError(
    'haproxy-socket',
    `${control} is no address of HAProxy's runtime API. Write it as tcp://192.0.2.11:9999 or unix:/run/haproxy/admin.sock under "sockets" in the DR plan.`,
  )
}
