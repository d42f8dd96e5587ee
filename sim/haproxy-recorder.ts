// What stands between the bot and a real HAProxy's socket: notes each line of commands, and fails as it is told.
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * hang: takes commands and is silent. reset: resets the connection. nonsense: answers what HAProxy never says. deny:
 * has lost the right to change something. lose-answer: does what changes something, and closes without an answer.
 */
export type ControlFault = 'hang' | 'reset' | 'nonsense' | 'deny' | 'lose-answer'

export interface Recorder {
  readonly port: number
  readonly lines: () => readonly string[]
  readonly fault: (fault: ControlFault | undefined) => void
  readonly stop: () => Promise<void>
}

/** Stands between the bot and HAProxy's socket: notes each line, passes everything on, or fails as it is told. */
export async function startRecorder(target: number): Promise<Recorder> {
  const lines: string[] = []
  const open = new Set<Socket>()
  let fault: ControlFault | undefined
  const server: Server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => client.destroy())
    client.once('data', (line) => {
      lines.push(line.toString().trim())
      if (fault === 'hang') return
      if (fault === 'reset') {
        client.resetAndDestroy()
        return
      }
      if (fault === 'nonsense') {
        client.end('HTTP/1.1 400 Bad request\r\n\r\n')
        return
      }
      const changes = !line.toString().startsWith('show ')
      if (fault === 'deny' && changes) {
        client.end('Permission denied\n\n')
        return
      }
      const haproxy = createConnection(target, '127.0.0.1')
      haproxy.on('error', () => client.destroy())
      haproxy.write(line)
      if (fault === 'lose-answer' && changes) haproxy.resume().on('end', () => client.resetAndDestroy())
      else haproxy.pipe(client)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lines: () => lines,
    fault: (next) => {
      fault = next
    },
    stop: async () => {
      for (const client of open) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
