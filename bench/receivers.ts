// Where pages arrive: an SMTP server for the bot, a webhook receiver for Alertmanager, both telling when and what.
import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** One page. Times are of performance.now(). */
export interface Arrival {
  /** The connection, or the request, was there. */
  readonly reached: number
  /** All of it was there. */
  readonly taken: number
  readonly text: string
}

export interface Receiver {
  readonly url: string
  /** The next page that arrives. */
  readonly next: () => Promise<Arrival>
  readonly stop: () => Promise<void>
}

/** Lets one wait for what arrives next. */
function createArrivals() {
  let waiting: ((arrival: Arrival) => void)[] = []
  return {
    next: () => new Promise<Arrival>((resolve) => waiting.push(resolve)),
    arrived: (arrival: Arrival) => {
      const all = waiting
      waiting = []
      for (const resolve of all) resolve(arrival)
    },
  }
}

/** Speaks as much SMTP (RFC 5321) as one message per connection needs. */
export async function startMailReceiver(): Promise<Receiver> {
  const arrivals = createArrivals()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const reached = performance.now()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    converse(socket, (text) => arrivals.arrived({ reached, taken: performance.now(), text }))
  })
  const port = await listen(server)
  return {
    url: `smtp://127.0.0.1:${port}?from=dr-bot@example.com`,
    next: arrivals.next,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function converse(socket: Socket, took: (text: string) => void): void {
  let heard = ''
  let inMessage = false
  function answer(line: string): void {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'DATA') {
      inMessage = true
      socket.write('354 go on\r\n')
    } else if (verb === 'QUIT') socket.end('221 bye\r\n')
    else socket.write('250 ok\r\n')
  }
  socket.write('220 bench ESMTP\r\n')
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
    for (;;) {
      const mark = inMessage ? '\r\n.\r\n' : '\r\n'
      const end = heard.indexOf(mark)
      if (end === -1) return
      const part = heard.slice(0, end)
      heard = heard.slice(end + mark.length)
      if (inMessage) {
        took(part)
        inMessage = false
        socket.write('250 taken\r\n')
      } else answer(part)
    }
  })
}

export async function startWebhookReceiver(): Promise<Receiver> {
  const arrivals = createArrivals()
  const server = createHttp((request, response) => {
    const reached = performance.now()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      arrivals.arrived({ reached, taken: performance.now(), text: Buffer.concat(chunks).toString() })
      response.end()
    })
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}/`,
    next: arrivals.next,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
