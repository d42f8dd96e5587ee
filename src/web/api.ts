// The API of the command line and of scripts: commands, incidents, health and metrics, all as JSON or plain text.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Dispatch } from '../command/command.ts'
import { second, toIncidentId } from '../ids.ts'
import type { Check, Readiness } from '../ports.ts'
import { callerOf, ownPage } from './auth.ts'
import type { AuthDeps, Caller, NotLetIn } from './auth.ts'
import type { Metrics } from './metrics.ts'
import { remembered } from './remembered.ts'
import { retryAfter } from './headers.ts'
import type { Sources } from './pages/page.ts'

export interface ApiDeps extends AuthDeps {
  readonly sources: Pick<Sources, 'store'>
  readonly dispatch: Dispatch
  readonly ready: () => Promise<Readiness>
  readonly metrics: Metrics
}

/** What a check that is about people says to those who are not signed in. */
const askSignedIn =
  'it is about people: the first page of the console says more, or ask with a token of npx dr token'

/** `csrf` only with a session; a bearer token needs none. */
const CommandRequest = z.object({
  text: z.string().max(10_000),
  /** Seconds that the caller waits for slow systems. */
  wait: z.number().min(0).max(120).exactOptional(),
  incident: z.string().optional(),
  csrf: z.string().optional(),
})

const refusals: Readonly<Record<NotLetIn['refused'], string>> = {
  missing:
    'send a token as Authorization: Bearer TOKEN; on the bot\'s host, "npx dr token PERSON" prints one',
  malformed: 'the token is not complete; on the bot\'s host, "npx dr token PERSON" prints a new one',
  forged: 'the token was not made by this bot; on the bot\'s host, "npx dr token PERSON" prints a new one',
  expired: 'the token is too old; on the bot\'s host, "npx dr token PERSON" prints a new one',
  revoked: 'the token was taken back; on the bot\'s host, "npx dr token PERSON" prints a new one',
  'unknown-person': 'the person of this token is not in the DR plan; add them under people in dr-plan.yml',
}

export function addApi(server: FastifyInstance, deps: ApiDeps): void {
  server.post('/api/commands', { bodyLimit: 64 * 1024 }, (request, reply) =>
    asCaller(request, reply, deps, (caller) => command(request, reply, deps, caller)),
  )
  server.get<{ Querystring: Readonly<Record<string, string>> }>('/api/incidents', (request, reply) =>
    asCaller(request, reply, deps, async () => {
      const open = request.query['open'] !== '0'
      return reply.send({ incidents: await deps.sources.store.incidents({ open, limit: 200 }) })
    }),
  )
  server.get<{ Params: { readonly id: string } }>('/api/incidents/:id', (request, reply) =>
    asCaller(request, reply, deps, () => incident(request.params.id, reply, deps)),
  )
}

/**
 * For load balancers, orchestrators and Prometheus: open to all who reach the port. What is not ready is said with what
 * to do, and names no alert; people are named to those who are signed in.
 */
export function addHealth(
  server: FastifyInstance,
  deps: AuthDeps & Pick<ApiDeps, 'ready' | 'metrics'>,
): void {
  const readiness = remembered(deps.ready)
  server.get('/healthz', (_request, reply) => reply.send({ ok: true }))
  server.get('/readyz', async (request, reply) => {
    const [{ ready, checks }, known] = await Promise.all([readiness(), isKnown(request, deps)])
    if (!ready) reply.header('retry-after', retryAfter)
    const shown = known ? checks : impersonal(checks)
    return reply.code(ready ? 200 : 503).send({ ready, trouble: troubleIn(shown), checks: shown })
  })
  const metricsText = remembered(deps.metrics.text)
  server.get('/metrics', async (_request, reply) => {
    const { type, body } = await metricsText()
    return reply.type(type).send(body)
  })
}

/** A store that cannot be asked about a token must not keep anybody from hearing that it cannot. */
async function isKnown(request: FastifyRequest, deps: AuthDeps): Promise<boolean> {
  return callerOf(request, deps).then(
    (caller) => !('refused' in caller),
    () => false,
  )
}

/** What is not well, whether the bot is ready or not: whoever looks at the status only must not be the only one. */
function troubleIn(checks: Readiness['checks']): readonly string[] {
  return Object.entries(checks).flatMap(([name, { ok, text = 'not ok' }]) => (ok ? [] : [`${name}: ${text}`]))
}

function impersonal(checks: Readiness['checks']): Readiness['checks'] {
  const entries = Object.entries(checks).map(([name, check]): [string, Check] => [
    name,
    check.personal ? { ok: check.ok, text: askSignedIn } : check,
  ])
  return Object.fromEntries(entries)
}

async function asCaller(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  serve: (caller: Caller) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const caller = await callerOf(request, deps)
  if (!('refused' in caller)) return serve(caller)
  const status = caller.refused === 'unknown-person' ? 403 : 401
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="dr"')
  return reply.code(status).send({ error: caller.refused, message: refusals[caller.refused] })
}

async function command(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  caller: Caller,
): Promise<FastifyReply> {
  const parsed = CommandRequest.safeParse(request.body)
  if (!parsed.success) {
    return reply
      .code(400)
      .send({ error: 'unreadable', message: 'send JSON such as {"text": "status", "incident": "INC-1"}' })
  }
  const { text, incident, csrf, wait } = parsed.data
  if (!ownPage(request, caller, csrf)) {
    return reply.code(403).send({ error: 'foreign', message: 'the request does not come from the console' })
  }
  const room = incident === undefined ? undefined : toIncidentId(incident)
  if (incident !== undefined && room === undefined) {
    return reply.code(400).send({ error: 'unreadable', message: 'incident is an id such as "INC-1"' })
  }
  const speaker = {
    person: caller.viewer.id,
    door: caller.door,
    ...(room && { incident: room }),
    ...(wait !== undefined && { waits: wait * second }),
  }
  const answer = await deps.dispatch(text, speaker)
  // Clocks that count down are counted from the bot's time: the terminal's own may be minutes off. Its zone may be
  // another one as well, and what a text says of times is in the plan's.
  return reply.send({ ...answer, now: deps.clock.now(), zone: deps.plan().timezone })
}

async function incident(text: string, reply: FastifyReply, deps: ApiDeps): Promise<FastifyReply> {
  const id = toIncidentId(text)
  const found = id && (await deps.sources.store.incident(id))
  if (!id || !found)
    return reply.code(404).send({ error: 'not-found', message: `there is no incident ${text}` })
  return reply.send({ incident: found.state, timeline: await deps.sources.store.timeline(id) })
}
