// Where chats post to: requests are handed on as they are, byte for byte, since who sent them is checked by the doors behind.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Answers a request by itself. */
export type Receive = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>

/** Larger than anything that a chat sends, in bytes; what is larger is answered with 413. */
const options = { bodyLimit: 1024 * 1024, exposeHeadRoute: false }

/** Adds the route for Slack's requests. */
export function addSlack(server: FastifyInstance, receive: Receive): void {
  takeBytes(server)
  server.post('/slack/events', options, handOn(receive))
}

/** Adds the route for what Teams sends. */
export function addTeams(server: FastifyInstance, receive: Receive): void {
  takeBytes(server)
  server.post('/api/messages', options, handOn(receive))
}

function takeBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function handOn(receive: Receive): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    reply.hijack()
    await receive(request.raw, reply.raw, body)
  }
}
