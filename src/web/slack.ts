// POST /slack/events: takes Slack's requests as they are, byte for byte, since their signature is over the raw body.
import type { FastifyInstance } from 'fastify'
import type { ReceiveHttp } from '../chat/slack/inbound/http.ts'

/** Larger than any payload of Slack's, in bytes. */
const limit = 1024 * 1024

/** Adds the route; it answers 413 for what is too large, and else what the receiver answers. */
export function addSlack(server: FastifyInstance, receive: ReceiveHttp): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.post('/slack/events', { bodyLimit: limit, exposeHeadRoute: false }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    reply.hijack()
    await receive(request.raw, reply.raw, body)
  })
}
