// A simulated server that can go down and come back where it was, and what it is sent.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ListeningServer {
  readonly port: () => number
  /** Stops answering and cuts every connection; nothing happens when it is down already. */
  readonly close: () => Promise<void>
  /** Listens on the same port again. */
  readonly open: () => Promise<void>
}

/** Listens on 127.0.0.1: on `port`, or on a free one. `make`: a server that does not listen yet, each time it comes up. */
export async function listenOn(make: () => Server, port?: number): Promise<ListeningServer> {
  let server = await (port === undefined ? listenSomewhere(make, 20) : listen(make(), port))
  const bound = (server.address() as AddressInfo).port
  return {
    port: () => bound,
    close: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    open: async () => {
      if (!server.listening) server = await listen(make(), bound)
    },
  }
}

/**
 * Takes a port below those that the machine gives to outgoing connections: nobody else gets it while the simulator is
 * down, so that it can come back.
 */
async function listenSomewhere(make: () => Server, tries: number): Promise<Server> {
  try {
    return await listen(make(), randomInt(20_000, 32_000))
  } catch (thrown) {
    const taken = (thrown as NodeJS.ErrnoException).code === 'EADDRINUSE'
    if (!taken || tries === 0) throw thrown
    return listenSomewhere(make, tries - 1)
  }
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** All that a request brings, byte for byte. */
export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}
