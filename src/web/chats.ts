// Where chats post to: requests are handed on as they are, byte for byte, since who sent them is checked by the doors behind.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Answers a request by itself. */
export type Receive = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>

/** Larger than anything that a chat sends, in bytes. */
const limit = 1024 * 1024

/** Adds the route; it answers 413 for what is too large, and else what the receiver answers. */
export function addChat(server: FastifyInstance, path: string, receive: Receive): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.post(path, { bodyLimit: limit, exposeHeadRoute: false }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    reply.hijack()
    await receive(request.raw, reply.raw, body)
  })
}
