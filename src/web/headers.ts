// The headers that make a browser refuse whatever the console did not mean to send.
import type { FastifyReply } from 'fastify'

/** Seconds after which something that could not be done now is worth another try. */
export const retryAfter = 5

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** For pages, fragments and answers: nothing inline, nothing foreign, nothing kept by a cache. */
export function setPageHeaders(reply: FastifyReply, secure: boolean): void {
  reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    // Nothing to other sites. Not no-referrer: with that, browsers post our own forms with "Origin: null", which is all
    // that they say of where a form comes from over plain http.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  })
  if (secure) reply.header('strict-transport-security', 'max-age=31536000')
}
