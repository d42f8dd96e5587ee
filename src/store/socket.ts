// The Unix socket of the private Redis: where it may lie, and a word through it without a client library.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { lstat, mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'

/** sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const longest = 103
/** How long one answer may take, in milliseconds. */
const answerTimeout = 1_000

/**
 * The path for the socket of a server whose data lies in `dir`: beside the data, or, where that path is too long,
 * in a directory of its own under the system's temporary one, which only this user may enter.
 */
export async function socketFor(dir: string): Promise<string> {
  const beside = join(dir, 'redis.sock')
  if (Buffer.byteLength(beside) <= longest) return beside
  const name = `dr-bot-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`
  const short = [tmpdir(), '/tmp']
    .map((parent) => join(parent, name))
    .find((path) => Buffer.byteLength(join(path, 'redis.sock')) <= longest)
  if (short === undefined)
    throw new UserError('data-dir', `the path ${dir} is too long: set a shorter DATA_DIR`)
  await mkdir(short, { recursive: true, mode: 0o700 })
  const found = await lstat(short)
  // Somebody else may have made it first.
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
    throw new UserError('data-dir', `${short} is open to others: remove it, or set a shorter DATA_DIR`)
  return join(short, 'redis.sock')
}

/** Sends one command over a connection of its own: the raw answer, '' for none, undefined when nobody listens. */
export async function askServer(socket: string, command: string): Promise<string | undefined> {
  const connection = connect({ path: socket, signal: AbortSignal.timeout(answerTimeout) })
  try {
    await once(connection, 'connect')
  } catch {
    return undefined
  }
  try {
    connection.write(`${command}\r\n`)
    const [answer] = (await connection.take(1).toArray()) as readonly Buffer[]
    return answer?.toString() ?? ''
  } catch {
    return ''
  } finally {
    connection.destroy()
  }
}
