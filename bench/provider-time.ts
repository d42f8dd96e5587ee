// A proxy before a provider's API that notes when a request of the bot was out there, so that its time can be told from the bot's.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TimedProvider {
  readonly url: string
  /** Milliseconds between two instants of performance.now() in which at least one request was not answered yet. */
  readonly busy: (from: number, to: number) => number
  readonly stop: () => Promise<void>
}

interface Span {
  readonly from: number
  readonly to: number
}

/** Hands requests on to `target` and their answers back. */
export async function timeProvider(target: string): Promise<TimedProvider> {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    const from = performance.now()
    response.once('close', () => spans.push({ from, to: performance.now() }))
    handOn(target, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    busy: (from, to) => covered(spans, from, to),
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function handOn(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const { method = 'GET', headers, url = '' } = request
  const answer = await fetch(`${target}${url}`, {
    method,
    headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
  })
  const body = Buffer.from(await answer.arrayBuffer())
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(body)
}

/** Requests at the same time count once. */
function covered(spans: readonly Span[], from: number, to: number): number {
  let sum = 0
  let until = from
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(span.from, until)
    const end = Math.min(span.to, to)
    if (end <= begin) continue
    sum += end - begin
    until = end
  }
  return sum
}
