// A small HTTP proxy that tells of each request before it is handed on and before its answer is: two moments to kill at.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gateway {
  readonly url: string
  readonly stop: () => Promise<void>
}

/**
 * `tell` is called synchronously, with `request` when one has come in whole and with `answer` before its answer goes
 * out. What it answers `lose` to goes no further, as when a wire is cut.
 */
export async function startGateway(
  target: string,
  tell: (what: 'request' | 'answer', changes: boolean) => 'lose' | undefined,
): Promise<Gateway> {
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
    const changes = request.method !== 'GET'
    if (tell('request', changes) === 'lose') {
      response.destroy()
      return
    }
    const answer = await fetch(`${target}${request.url ?? ''}`, {
      method: request.method ?? 'GET',
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': request.headers['content-type'] ?? 'application/json',
      },
      ...(changes ? { body: Buffer.concat(chunks) } : {}),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    if (tell('answer', changes) === 'lose') {
      response.destroy()
      return
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(body)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
