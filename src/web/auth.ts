// Who asks: a bearer token of the command line, or a console session with its protection against foreign pages.
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { DrPlan } from '../drplan/schema.ts'
import type { Clock } from '../ports.ts'
import type { Credentials } from './credentials.ts'
import { sameText } from './session.ts'
import type { Claims, Refusal } from './session.ts'
import type { Viewer } from './view.ts'

/** A person who was let in. `csrf` must come back with everything that a session changes. */
export interface Caller {
  readonly viewer: Viewer
  readonly claims: Claims
  readonly door: 'cli' | 'web'
  readonly csrf: string
}

/** `unknown-person`: the credential is good, but the DR plan has nobody of that id any more. */
export type NotLetIn = { readonly refused: Refusal['refused'] | 'missing' | 'unknown-person' }

export interface AuthDeps {
  readonly credentials: Credentials
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly secure: boolean
}

/** A browser keeps a `__Host-` cookie to this very host, over https only. */
export function sessionCookie(secure: boolean): string {
  return secure ? '__Host-dr-session' : 'dr-session'
}

/**
 * The person behind a request: its bearer token, else its session cookie. Another scheme of `Authorization` is for the
 * proxy in front, to which a browser sends it with each request.
 */
export async function callerOf(request: FastifyRequest, deps: AuthDeps): Promise<Caller | NotLetIn> {
  const bearer = /^Bearer(?: +(.*))?$/i.exec(request.headers.authorization ?? '')
  if (bearer) return admit('token', bearer[1] ?? '', deps)
  const session = request.cookies[sessionCookie(deps.secure)]
  return session === undefined ? { refused: 'missing' } : admit('session', session, deps)
}

async function admit(
  kind: 'session' | 'token',
  credential: string,
  deps: AuthDeps,
): Promise<Caller | NotLetIn> {
  const claims = await deps.credentials.verify(kind, credential, deps.clock.now())
  if ('refused' in claims) return claims
  const viewer = personOf(deps.plan(), claims.person)
  if (!viewer) return { refused: 'unknown-person' }
  return { viewer, claims, door: kind === 'token' ? 'cli' : 'web', csrf: csrfOf(credential) }
}

/** A person of the plan; undefined for anybody else. */
export function personOf(plan: DrPlan, id: string): Viewer | undefined {
  const person = Object.hasOwn(plan.people, id) ? plan.people[id] : undefined
  return person && { id, name: person.name, roles: person.roles }
}

/** Known only to who has the session's cookie, which no script can read and no foreign page gets. */
function csrfOf(credential: string): string {
  return hash('sha256', `csrf ${credential}`, 'base64url')
}

/**
 * True when a request that changes something comes from one of our own pages: what the browser says
 * (Sec-Fetch-Site, else Origin), and for a session the form's token too. A bearer token is never sent by a browser
 * on its own and needs neither.
 */
export function ownPage(request: FastifyRequest, caller: Caller, csrf: string | undefined): boolean {
  if (caller.door === 'cli') return true
  return sameOrigin(request) && csrf !== undefined && sameText(csrf, caller.csrf)
}

/** Browsers that do not send Sec-Fetch-Site (or plain http, where they leave it out) send Origin with each POST. */
export function sameOrigin(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin, host } = request.headers
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host
}
