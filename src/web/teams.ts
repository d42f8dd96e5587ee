// POST /api/messages: takes what Teams sends; who sent it is checked by the door behind.
import type { FastifyInstance } from 'fastify'
import type { ReceiveTeams } from '../chat/teams/door.ts'

/** Larger than any activity that Teams sends, in bytes. */
const limit = 1024 * 1024

/** Adds the route; it answers 413 for what is too large, and else what the receiver answers. */
export function addTeams(server: FastifyInstance, receive: ReceiveTeams): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.post('/api/messages', { bodyLimit: limit, exposeHeadRoute: false }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    reply.hijack()
    await receive(request.raw, reply.raw, body)
  })
}
