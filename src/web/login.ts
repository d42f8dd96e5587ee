// Signing in with a one-time link, and out again.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createAttempts } from './attempts.ts'
import type { Attempts } from './attempts.ts'
import { callerOf, ownPage, personOf, sameOrigin, sessionCookie } from './auth.ts'
import type { AuthDeps } from './auth.ts'
import { fieldOf } from './fields.ts'
import type { Html } from './html.ts'
import { confirmLoginPage, signInPage } from './pages/login.ts'
import { sessionLifetime } from './session.ts'
import type { Signer } from './session.ts'

interface LoginDeps extends AuthDeps {
  readonly signer: Signer
}

type Reason = Parameters<typeof signInPage>[1]

export function addLogin(server: FastifyInstance, deps: LoginDeps): void {
  const attempts = createAttempts()
  server.get<{ Querystring: Record<string, unknown> }>('/login', (request, reply) =>
    show(fieldOf(request.query, 'token'), request, reply, { deps, attempts }),
  )
  server.post('/login', (request, reply) => signIn(request, reply, { deps, attempts }))
  server.post('/logout', (request, reply) => signOut(request, reply, deps))
}

interface Context {
  readonly deps: LoginDeps
  readonly attempts: Attempts
}

async function show(
  token: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, attempts }: Context,
): Promise<FastifyReply> {
  const plan = deps.plan()
  if (token === undefined) return sendPage(reply, 200, signInPage(plan.organisation, 'missing'))
  const claims = await deps.credentials.verify('login', token, deps.clock.now())
  if ('refused' in claims) return refuse(claims.refused, request, reply, { deps, attempts })
  const viewer = personOf(plan, claims.person)
  if (!viewer) return refuse('unknown-person', request, reply, { deps, attempts })
  return sendPage(reply, 200, confirmLoginPage(plan.organisation, viewer, token))
}

async function signIn(request: FastifyRequest, reply: FastifyReply, context: Context): Promise<FastifyReply> {
  const { deps } = context
  if (!sameOrigin(request)) return refuse('foreign', request, reply, context)
  const now = deps.clock.now()
  const claims = await deps.credentials.verify('login', fieldOf(request.body, 'token') ?? '', now)
  if ('refused' in claims) return refuse(claims.refused, request, reply, context)
  if (!personOf(deps.plan(), claims.person)) return refuse('unknown-person', request, reply, context)
  if (!(await deps.credentials.revoke(claims, now))) return refuse('used', request, reply, context)

  const session = deps.signer.session(claims.person, now)
  return reply
    .setCookie(sessionCookie(deps.secure), session, {
      httpOnly: true,
      sameSite: 'lax',
      secure: deps.secure,
      path: '/',
      maxAge: sessionLifetime / 1_000,
    })
    .redirect('/', 303)
}

async function signOut(request: FastifyRequest, reply: FastifyReply, deps: LoginDeps): Promise<FastifyReply> {
  const caller = await callerOf(request, deps)
  const plan = deps.plan()
  // Of a foreign page the browser keeps the cookie back, and would delete it all the same when the answer says so.
  const ours =
    'refused' in caller ? sameOrigin(request) : ownPage(request, caller, fieldOf(request.body, 'csrf'))
  if (!ours) return sendPage(reply, 403, signInPage(plan.organisation, 'foreign'))
  if (!('refused' in caller)) await deps.credentials.revoke(caller.claims, deps.clock.now())
  reply.clearCookie(sessionCookie(deps.secure), { path: '/', secure: deps.secure })
  return sendPage(reply, 200, signInPage(plan.organisation, 'signed-out'))
}

async function refuse(
  reason: Reason,
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, attempts }: Context,
): Promise<FastifyReply> {
  const { organisation } = deps.plan()
  if (!attempts.failed(request.ip, deps.clock.now())) {
    return sendPage(reply, 403, signInPage(organisation, reason))
  }
  reply.header('retry-after', 300)
  return sendPage(reply, 429, signInPage(organisation, 'too-many'))
}

function sendPage(reply: FastifyReply, status: number, page: Html): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page.markup)
}
