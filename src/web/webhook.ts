// POST /webhooks/nagios: the hot path. Reads one notification, waits until it is durable, answers 202.
import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { reasonOf } from '../errors.ts'
import { minute } from '../ids.ts'
import type { Instant } from '../ids.ts'
import type { Alert } from '../intake/alert.ts'
import { readForm } from '../intake/form.ts'
import { parseNotification } from '../intake/parse.ts'
import type { FieldError } from '../intake/parse.ts'
import type { Clock, Log } from '../ports.ts'
import type { Metrics } from './metrics.ts'

export interface WebhookDeps {
  /** NAGIOS_TOKEN. */
  readonly nagiosToken: string
  /** Resolves once the alert is durable; rejects when it could not be stored. */
  readonly accept: (alert: Alert) => Promise<unknown>
  /** Nagios' notification script, or its check of the bot, was here. */
  readonly heartbeat: () => void
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Larger than any notification of Nagios (8 KB of output, 8 KB of long output, escaped), in bytes. */
export const webhookLimit = 256 * 1024
/** Seconds after which the sender may try again when an alert could not be stored. */
const retryAfter = 5

/**
 * Adds the webhook's routes. It answers 202 `{id}` once durable, 400 `{error, field, message}` for what cannot be
 * read, 401, 413, and 503 when it could not be stored, so that the sender keeps it. Never 429.
 */
export function addWebhook(server: FastifyInstance, deps: WebhookDeps): void {
  const permitted = createBearerCheck(deps.nagiosToken)
  const warn = createTokenWarning(deps)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.addHook('onRequest', (request, reply, done) => {
    if (permitted(request.headers.authorization)) done()
    else {
      warn()
      void unauthorised(reply, deps)
    }
  })
  server.setErrorHandler((error, _request, reply) => refused(error, reply, deps))

  const options = { bodyLimit: webhookLimit, exposeHeadRoute: false }
  server.post('/webhooks/nagios', options, (request, reply) => receive(request, reply, deps))
  server.post('/webhooks/nagios/heartbeat', options, (_request, reply) => {
    deps.heartbeat()
    return reply.code(204).send()
  })
}

async function receive(request: FastifyRequest, reply: FastifyReply, deps: WebhookDeps): Promise<void> {
  const started = performance.now()
  const body = request.body instanceof Uint8Array ? request.body : ''
  const form = readForm(body)
  if ('error' in form) return unreadable(reply, form.error, deps)

  const parsed = parseNotification(form.fields, deps.clock.now())
  if ('error' in parsed) return unreadable(reply, parsed.error, deps)

  try {
    await deps.accept(parsed.alert)
  } catch (error) {
    deps.log.error('an alert could not be stored; the sender was asked to keep it', {
      alert: parsed.alert.id,
      reason: reasonOf(error),
    })
    deps.metrics.alert('failed', performance.now() - started)
    reply.code(503).header('retry-after', retryAfter).type('application/json')
    return reply.send('{"error":"unavailable","message":"the alert could not be stored; send it again"}')
  }
  deps.metrics.alert('accepted', performance.now() - started)
  // The id is `A-` and hex digits: nothing in it needs escaping.
  return reply.code(202).type('application/json').send(`{"id":"${parsed.alert.id}"}`)
}

function unreadable(reply: FastifyReply, error: FieldError, deps: WebhookDeps): FastifyReply {
  deps.metrics.alert('refused', 0)
  return reply
    .code(400)
    .type('application/json')
    .send(JSON.stringify({ error: 'unreadable', field: error.field, message: error.message }))
}

function unauthorised(reply: FastifyReply, deps: WebhookDeps): FastifyReply {
  deps.metrics.alert('refused', 0)
  return reply
    .code(401)
    .header('www-authenticate', 'Bearer realm="nagios"')
    .type('application/json')
    .send('{"error":"unauthorised","message":"send NAGIOS_TOKEN as Authorization: Bearer TOKEN"}')
}

/** Says at most once a minute that the token is wrong: a script with an old one tries for ever. */
function createTokenWarning({ clock, log }: WebhookDeps): () => void {
  let last: Instant | undefined
  let count = 0
  return () => {
    count += 1
    const now = clock.now()
    if (last !== undefined && now - last < minute) return
    log.warn('a notification was refused: its token is not NAGIOS_TOKEN', { refused: count })
    last = now
    count = 0
  }
}

function refused(error: unknown, reply: FastifyReply, deps: WebhookDeps): FastifyReply {
  const status = statusOf(error)
  if (status >= 500) deps.log.error('a notification failed', { reason: reasonOf(error) })
  deps.metrics.alert(status >= 500 ? 'failed' : 'refused', 0)
  reply.code(status).type('application/json')
  if (status >= 500) return reply.header('retry-after', retryAfter).send('{"error":"unavailable"}')
  if (status === 413) return reply.send(JSON.stringify({ error: 'too-large', limit: webhookLimit }))
  return reply.send(JSON.stringify({ error: 'unreadable', field: 'body', message: reasonOf(error) }))
}

/** Fastify's own refusals carry their status; whatever else went wrong is ours, and worth another try. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 503
}

/** Compares hashes, so that the time taken tells nothing about the token, nor its length. */
function createBearerCheck(token: string): (header: string | undefined) => boolean {
  const wanted = hash('sha256', `Bearer ${token}`, 'buffer')
  return (header) =>
    token !== '' && header !== undefined && timingSafeEqual(hash('sha256', header, 'buffer'), wanted)
}
