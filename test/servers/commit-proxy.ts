// A proxy before a Redis that sees each commit of a run come by, and tells right before it is written or right after: the moments to kill at.
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Run } from '../../src/recovery/run.ts'
import type { TestRedis } from './redis.ts'

export interface CommitProxy {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** What becomes of a commit: it is passed on; it is never written; it is written, and nobody hears of it. */
export type Fate = 'pass' | 'before' | 'after'

/** A run as it shall be, and the version that it follows on. */
interface RunCommit {
  readonly run: Run
  readonly version: number
}

/** Arguments of commit.lua as they go over the wire: a run's id, its number, the version that it must have, its state. */
const commitOfRun =
  /\$4\r\n\{dr\}\r\n\$3\r\nrun\r\n\$\d+\r\nR-\d+\r\n\$\d+\r\n\d+\r\n\$\d+\r\n(\d+)\r\n\$(\d+)\r\n/

/**
 * `fate` is asked for each commit of a run, with the run as it shall be; `strike` is called when its moment has come. Whoever has sent it must be dead when that returns, or hears nothing more over that connection.
 */
export async function startCommitProxy(
  redis: TestRedis,
  fate: (run: Run) => Fate,
  strike: () => void,
): Promise<CommitProxy> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = createConnection(redis.socket)
    let deaf = false
    let pending = Buffer.alloc(0)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      const commit = commitIn(pending)
      if (commit === 'more to come') return
      const what = commit === undefined ? 'pass' : fate(commit.run)
      if (what === 'before') {
        strike()
        client.destroy()
        return
      }
      upstream.write(pending)
      pending = Buffer.alloc(0)
      if (what === 'pass' || commit === undefined) return
      deaf = true
      void onceWritten(commit)
    })
    async function onceWritten(commit: RunCommit): Promise<void> {
      await written(redis, commit)
      strike()
      client.destroy()
    }
    upstream.on('data', (chunk) => {
      if (!deaf) client.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The commit of a run in what was sent; it may not be there whole yet. */
function commitIn(sent: Buffer): RunCommit | 'more to come' | undefined {
  const found = commitOfRun.exec(sent.toString('latin1'))
  if (!found) return undefined
  const [header, version, length] = found
  const from = found.index + header.length
  const state = sent.subarray(from, from + Number(length))
  if (state.length < Number(length)) return 'more to come'
  return { run: JSON.parse(state.toString()) as Run, version: Number(version) }
}

/** Resolves when Redis has a later version of the run than the commit follows on. */
async function written(redis: TestRedis, { run, version }: RunCommit): Promise<void> {
  for (;;) {
    const answer = await redis.command(`GETRANGE {dr}:run:${run.id} 0 16`)
    const [, found] = /\n(\d+):/.exec(answer) ?? []
    if (Number(found ?? 0) > version) return
  }
}
