// The HTTP server: the webhook, the API, health, and the console, each in its own scope with its own rules.
import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, LightMyRequestResponse } from 'fastify'
import type { InjectOptions } from 'fastify'
import type { Dispatch } from '../command/command.ts'
import type { DrPlan } from '../drplan/schema.ts'
import { ConflictError, reasonOf, RetryableError, UserError } from '../errors.ts'
import type { Changes, Readiness, Store } from '../ports.ts'
import { addApi, addHealth } from './api.ts'
import { addAssets } from './assets.ts'
import { addSlack, addTeams } from './chats.ts'
import type { Receive } from './chats.ts'
import { addConsole, failureHtml } from './console.ts'
import { createCredentials } from './credentials.ts'
import { plainPage } from './frame.ts'
import { retryAfter, setPageHeaders } from './headers.ts'
import { addLogin } from './login.ts'
import { knownMethods } from './methods.ts'
import type { Methods } from './methods.ts'
import type { Sources } from './pages/page.ts'
import type { Signer } from './session.ts'
import { createStreams } from './stream.ts'
import type { Streams } from './stream.ts'
import { addWebhook } from './webhook.ts'
import type { WebhookDeps } from './webhook.ts'

/** How long requests under way may take once the server is being stopped, in milliseconds. */
const patience = 1_500

export interface WebDeps extends WebhookDeps {
  readonly store: Sources['store'] & Pick<Store, 'setting' | 'putSetting'>
  readonly runCard: Sources['runCard']
  readonly dispatch: Dispatch
  readonly changes: Changes
  /** The DR plan of now, with the overrides of the rotations that were added while running. */
  readonly plan: () => DrPlan
  readonly signer: Signer
  /** PUBLIC_URL; sessions are kept to https when it is. */
  readonly publicUrl: string
  readonly ready: () => Promise<Readiness>
  /** Takes Slack's requests; absent where Slack does not come by HTTP. */
  readonly slack?: Receive | undefined
  /** Takes Teams' requests; absent where Teams is not set up. */
  readonly teams?: Receive | undefined
}

export interface Web {
  /**
   * Port 0 takes a free one; what is resolved is the address as `http://host:port`.
   * @throws UserError (`listen`) when the address cannot be had.
   */
  readonly listen: (host: string, port: number) => Promise<string>
  /** Ends open event streams, stops listening, lets requests under way end, and cuts off those that take too long. */
  readonly close: () => Promise<void>
  readonly inject: (options: InjectOptions) => Promise<LightMyRequestResponse>
}

export function createWeb(deps: WebDeps): Web {
  const secure = deps.publicUrl.startsWith('https:')
  const server = fastify({
    logger: false,
    // What answers GET answers HEAD, as monitors ask; event streams and what only takes POST do not.
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    bodyLimit: 64 * 1024,
    // A request must have arrived whole by then; answers, and event streams, may take as long as they like.
    requestTimeout: 30_000,
  })
  const streams = createStreams({
    changes: deps.changes,
    clock: deps.clock,
    log: deps.log,
    counted: deps.metrics.streams,
  })
  const auth = {
    credentials: createCredentials(deps.signer, deps.store),
    plan: deps.plan,
    clock: deps.clock,
    secure,
  }

  const methods = knownMethods(server)
  // Each in its own scope, so that the hooks of the console cost the webhook nothing.
  server.register(async (scope) => addWebhook(scope, deps))
  server.register(async (scope) => {
    await addCommon(scope, deps)
    scope.setErrorHandler((error, _request, reply) => apiFailure(error, reply, deps))
    addHealth(scope, { ...auth, ready: deps.ready, metrics: deps.metrics })
    addApi(scope, {
      ...auth,
      sources: { store: deps.store },
      dispatch: timed(deps),
      ready: deps.ready,
      metrics: deps.metrics,
    })
  })
  const { slack, teams } = deps
  if (slack !== undefined) server.register(async (scope) => addSlack(scope, slack))
  if (teams !== undefined) server.register(async (scope) => addTeams(scope, teams))
  server.register(async (scope) => addConsoleScope(scope, { ...auth, web: deps, streams, methods }))

  return {
    listen: async (host, port) => {
      await server.listen({ host, port }).catch((thrown: unknown) => {
        throw listenFailure(thrown, host, port)
      })
      const address = server.server.address() as AddressInfo
      return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
    },
    close: async () => {
      streams.close()
      // Who sends slowly, or never to the end, must not hold up the stop; Nagios' script sends again.
      const impatient = setTimeout(() => server.server.closeAllConnections(), patience)
      await server.close()
      clearTimeout(impatient)
    },
    inject: (options) => server.inject(options),
  }
}

/** What the system says of an address that cannot be listened on, as something to mend; anything else as it is. */
function listenFailure(thrown: unknown, host: string, port: number): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const steps: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT ${port} on HOST ${host} is in use already. Stop what listens there (another bot?), or set another PORT.`,
    EACCES: `PORT ${port} may not be used by this user. Set PORT to one from 1024 on, and put a proxy in front of it.`,
    EADDRNOTAVAIL: `HOST ${host} is not an address of this machine. Set HOST to one that is, such as 127.0.0.1.`,
    ENOTFOUND: `HOST ${host} is a name without an address. Set HOST to an address of this machine, such as 127.0.0.1.`,
  }
  const step = Object.hasOwn(steps, code) ? steps[code] : undefined
  return step === undefined ? thrown : new UserError('listen', step, { cause: thrown })
}

interface ConsoleScope {
  readonly web: WebDeps
  readonly streams: Streams
  readonly credentials: ReturnType<typeof createCredentials>
  readonly plan: WebDeps['plan']
  readonly clock: WebDeps['clock']
  readonly secure: boolean
  readonly methods: Methods
}

async function addConsoleScope(scope: FastifyInstance, deps: ConsoleScope): Promise<void> {
  const { web } = deps
  await addCommon(scope, web)
  await scope.register(formbody, { bodyLimit: 64 * 1024 })
  scope.addHook('onRequest', (_request, reply, done) => {
    setPageHeaders(reply, deps.secure)
    done()
  })
  scope.setErrorHandler((error, request, reply) => pageFailure(error, request, reply, web))
  addAssets(scope)
  addLogin(scope, { ...deps, signer: web.signer })
  addConsole(scope, {
    ...deps,
    sources: { store: web.store, runCard: web.runCard, ready: web.ready },
    dispatch: timed(web),
  })
}

/** Cookies and the timing of requests, for all but the webhook. */
async function addCommon(scope: FastifyInstance, { metrics }: WebDeps): Promise<void> {
  await scope.register(cookie)
  scope.addHook('onResponse', (request, reply, done) => {
    metrics.request(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime)
    done()
  })
}

/** The dispatcher, with each command timed. */
function timed({ dispatch, metrics }: WebDeps): Dispatch {
  return async (text, speaker) => {
    const started = performance.now()
    const answer = await dispatch(text, speaker)
    metrics.command(speaker.door, answer.status, performance.now() - started)
    return answer
  }
}

function apiFailure(error: unknown, reply: FastifyReply, deps: WebDeps): FastifyReply {
  const { status, code } = failureOf(error)
  if (status >= 500) deps.log.error('a request failed', { reason: reasonOf(error) })
  if (status === 503) reply.header('retry-after', retryAfter)
  return reply.code(status).send({ error: code, message: messageOf(error, status) })
}

async function pageFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: WebDeps,
): Promise<FastifyReply> {
  const { status } = failureOf(error)
  if (status >= 500) deps.log.error('a page failed', { reason: reasonOf(error) })
  if (status === 503) reply.header('retry-after', retryAfter)
  const fragment = failureHtml(messageOf(error, status))
  const page = request.headers['hx-request'] === 'true' ? fragment : plainPage('Failed', 'DR', fragment)
  return reply.code(status).type('text/html; charset=utf-8').send(page.markup)
}

/** One map from what was thrown to an HTTP status. */
function failureOf(error: unknown): { readonly status: number; readonly code: string } {
  if (error instanceof UserError) return { status: 400, code: error.code }
  if (error instanceof ConflictError) return { status: 409, code: 'conflict' }
  if (error instanceof RetryableError) return { status: 503, code: 'unavailable' }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (typeof status === 'number' && status >= 400 && status < 500) return { status, code: 'unreadable' }
  return { status: 500, code: 'internal' }
}

/** What a bug says is for the log, not for whoever asked. */
function messageOf(error: unknown, status: number): string {
  return status === 500
    ? 'The bot failed; its log says why. Try again, or use the terminal.'
    : reasonOf(error)
}
