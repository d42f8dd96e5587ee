// One command to HAProxy's runtime API, over TCP or a Unix socket: one connection each, and never longer than a bounded time.
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { BugError, RetryableError, UserError, reasonOf } from '../errors.ts'
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import { balancerName } from '../recovery/kinds/haproxy.ts'

/** More than any backend has to say; what goes on after it is not HAProxy. */
const answerLimit = 4 * 1024 * 1024

export interface Ask {
  /** `tcp://192.0.2.11:9999`, `tcp://[2001:db8::1]:9999` or `unix:/run/haproxy/admin.sock`. */
  readonly socket: string
  /** One line; `;` would begin a second command. */
  readonly command: string
  /** For the whole exchange. */
  readonly timeout: Duration
}

/**
 * Answers HAProxy's text without the empty lines at its end: nothing at all when a command that changes something
 * succeeded. Throws RetryableError, with the load balancer's name, when it is silent.
 */
export async function ask({ socket, command, timeout }: Ask, signal: AbortSignal): Promise<string> {
  if (/[;\n\r]/.test(command)) throw new BugError('a command to HAProxy is one line and holds no semicolon')
  const name = balancerName(socket)
  if (signal.aborted) throw new RetryableError(`The load balancer ${name} was not asked: told to stop.`)
  const limit = AbortSignal.timeout(timeout)
  let connection: Socket | undefined
  try {
    connection = createConnection(addressOf(socket))
    return await exchange(connection, command, AbortSignal.any([signal, limit]))
  } catch (thrown) {
    if (limit.aborted) {
      throw new RetryableError(
        `The load balancer ${name} does not answer: no answer within ${timeout / second} s.`,
      )
    }
    if (signal.aborted) throw new RetryableError(`The load balancer ${name} was asked, then told to stop.`)
    throw failureOf(name, thrown)
  } finally {
    connection?.destroy()
  }
}

async function exchange(connection: Socket, command: string, signal: AbortSignal): Promise<string> {
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
    if (text.endsWith('\n')) resolve(text.trimEnd())
    else reject(new Error('closed the connection without an answer'))
  })
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  connection.write(`${command}\n`)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function addressOf(
  socket: string,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (socket.startsWith('unix:')) return { path: socket.slice('unix:'.length) }
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(socket)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  throw new UserError(
    'haproxy-socket',
    `${socket} is no address of HAProxy's runtime API. Write it as tcp://192.0.2.11:9999 or unix:/run/haproxy/admin.sock under "sockets" in the DR plan.`,
  )
}

/** The one place where what the network says becomes an error of this program. */
function failureOf(name: string, thrown: unknown): Error {
  if (thrown instanceof UserError) return thrown
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(
      'haproxy-socket-permission',
      `The bot may not open ${name}. Put its user into the group that owns the socket ("group" and "mode 660" on the "stats socket" line of haproxy.cfg), and start the bot anew.`,
      { cause: thrown },
    )
  }
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'it refuses the connection (is HAProxy running, with a "stats socket" at this address?)',
    ENOENT: 'there is no such socket (is HAProxy running, with a "stats socket" at this path?)',
    ECONNRESET: 'it closed the connection without an answer',
    EPIPE: 'it closed the connection without an answer',
    EHOSTUNREACH: 'it cannot be reached (no route)',
    ENETUNREACH: 'it cannot be reached (no network)',
    ENOTFOUND: 'its name has no address in DNS',
    EAI_AGAIN: 'the resolver does not answer for its name',
  }
  return new RetryableError(
    `The load balancer ${name} does not answer: ${known[code] ?? `it ${reasonOf(thrown)}`}.`,
    { cause: thrown },
  )
}
