// What dr-notify talks to in tests: a small real HTTP server that records what arrives and answers as told.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { readForm } from '../../src/intake/form.ts'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NotificationFields } from '../../src/intake/parse.ts'

export interface Arrival {
  readonly path: string
  readonly authorization: string
  readonly body: Buffer
  /** Empty when the body could not be read. */
  readonly fields: NotificationFields
}

export interface Reply {
  readonly status: number
  readonly text?: string
}

export interface Receiver {
  readonly url: string
  readonly port: number
  /** What arrived, oldest first, whatever was answered. */
  readonly arrivals: readonly Arrival[]
  /** Decides on each later answer; until then all are 202. A promise holds the answer back. */
  readonly answer: (decide: (arrival: Arrival) => Reply | Promise<Reply>) => void
  readonly stop: () => Promise<void>
}

/** Starts it on 127.0.0.1; `port` 0 is a free one. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const arrivals: Arrival[] = []
  let decide: (arrival: Arrival) => Reply | Promise<Reply> = () => ({ status: 202, text: '{}' })
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      const body = await buffer(request)
      const read = readForm(body)
      const arrival: Arrival = {
        path: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body,
        fields: 'fields' in read ? read.fields : {},
      }
      arrivals.push(arrival)
      const { status, text } = await decide(arrival)
      response.writeHead(status).end(text)
    }
    receive().catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    arrivals,
    answer: (next) => {
      decide = next
    },
    stop: () => close(server),
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
