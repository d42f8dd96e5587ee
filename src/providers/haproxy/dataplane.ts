// A load balancer that is told through HAProxy's Data Plane API v3: its servers' states, and its configuration file.
import { z } from 'zod'
import { TooLong, bounded } from '../../bounded.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import type { FileState, ServerState } from '../../recovery/action.ts'
import type { ServerFacts } from '../../recovery/kinds/haproxy.ts'
import { balancerName } from '../../recovery/kinds/haproxy.ts'
import { throwIfOver } from '../../limit.ts'
import type { FileBalancer, ServerName } from './balancer.ts'
import { networkError, noBackend, noServer, toldToStop, tooMuch, tooSlow, unreadable } from './errors.ts'
import { healthOf, statusText, withoutStar } from './state.ts'
import { retryAfter } from '../retry-after.ts'

export interface DataplaneOptions {
  readonly user: string | undefined
  readonly password: string | undefined
  /** For one request. */
  readonly timeout: Duration
}

/** Both states are sent back, for older releases take an absent one for a wish to change it. */
const RuntimeServer = z.object({
  name: z.string(),
  address: z.string(),
  port: z.number().nullish(),
  admin_state: z.enum(['ready', 'drain', 'maint']),
  operational_state: z.enum(['up', 'down', 'stopping']),
})
const RuntimeServers = z.array(RuntimeServer)
const NativeStats = z.object({
  stats: z
    .array(
      z.object({
        name: z.string(),
        stats: z.object({
          status: z.string(),
          check_status: z.string().nullish(),
          tracked: z.string().nullish(),
          weight: z.number().nullish(),
          scur: z.number().nullish(),
          qcur: z.number().nullish(),
        }),
      }),
    )
    .nullish(),
})
/** A server's line of haproxy.cfg: what is not used goes back as it came. */
const ConfiguredServer = z.looseObject({
  name: z.string(),
  maintenance: z.enum(['enabled', 'disabled']).optional(),
})
const Version = z.int()
const Refusal = z.object({ message: z.string() })

interface Request {
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly body?: unknown
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfter: Duration | undefined
}

/** Opens no connection yet. `control`: the address up to the port, `https://192.0.2.11:5555`. */
export function createDataplane(control: string, options: DataplaneOptions): FileBalancer {
  async function call<T>(
    schema: z.ZodType<T>,
    request: Request,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const answer = await send(control, request, options, signal)
    if (answer.status === 404) return undefined
    if (answer.status < 200 || answer.status > 299) throw refusal(control, request, answer)
    const parsed = schema.safeParse(json(answer.text))
    if (parsed.success) return parsed.data
    throw unreadable(control, `${request.method} ${request.path}`)
  }

  async function runtimeServer(name: ServerName, signal: AbortSignal) {
    const found = await call(RuntimeServer, { method: 'GET', path: runtimePath(name) }, signal)
    if (found) return found
    throw noServer({ control, ...name }, [])
  }

  /** A server is changed by what it is to be, whole. */
  async function put(
    name: ServerName,
    states: Pick<z.infer<typeof RuntimeServer>, 'admin_state' | 'operational_state'>,
    signal: AbortSignal,
  ): Promise<void> {
    const done = await call(RuntimeServer, { method: 'PUT', path: runtimePath(name), body: states }, signal)
    if (!done) throw noServer({ control, ...name }, [])
  }

  async function set(name: ServerName, state: ServerState, signal: AbortSignal): Promise<void> {
    const { operational_state } = await runtimeServer(name, signal)
    await put(name, { admin_state: state, operational_state }, signal)
  }

  async function look(backend: string, signal: AbortSignal) {
    const path = `runtime/backends/${segment(backend)}/servers`
    const servers = await call(RuntimeServers, { method: 'GET', path }, signal)
    if (!servers || servers.length === 0) throw noBackend({ control, backend })
    const statsPath = `stats/native?type=server&parent=${segment(backend)}`
    const native = await call(NativeStats, { method: 'GET', path: statsPath }, signal)
    const stats = native?.stats ?? []
    return { control, servers: servers.map((server) => factsOf(control, server, stats)) }
  }

  async function configured(name: ServerName, signal: AbortSignal) {
    const found = await call(ConfiguredServer, { method: 'GET', path: configurationPath(name) }, signal)
    if (found) return found
    throw noServer({ control, ...name }, [])
  }

  return {
    look,
    set,
    wake: async (name, signal) => {
      await set(name, 'drain', signal)
      const { servers } = await look(name.backend, signal)
      const checked = servers.some((one) => one.name === name.server && one.health !== 'unchecked')
      if (checked) await put(name, { admin_state: 'drain', operational_state: 'down' }, signal)
    },
    inFile: async (name, signal) => fileState(await configured(name, signal)),
    write: async (name, state, signal) => {
      const version = await call(Version, { method: 'GET', path: 'configuration/version' }, signal)
      if (version === undefined) throw unreadable(control, 'GET configuration/version')
      // Read after the version: whatever changes in between is refused by it.
      const server = await configured(name, signal)
      if (fileState(server) === state) return
      const body = { ...server, maintenance: state === 'disabled' ? 'enabled' : 'disabled' }
      const path = `${configurationPath(name)}?version=${version}`
      const done = await call(ConfiguredServer, { method: 'PUT', path, body }, signal)
      if (!done) throw noServer({ control, ...name }, [])
    },
  }
}

function fileState({ maintenance }: z.infer<typeof ConfiguredServer>): FileState {
  return maintenance === 'enabled' ? 'disabled' : 'enabled'
}

function runtimePath({ backend, server }: ServerName): string {
  return `runtime/backends/${segment(backend)}/servers/${segment(server)}`
}

function configurationPath({ backend, server }: ServerName): string {
  return `configuration/backends/${segment(backend)}/servers/${segment(server)}`
}

function segment(name: string): string {
  return encodeURIComponent(name)
}

function factsOf(
  control: string,
  server: z.infer<typeof RuntimeServer>,
  stats: readonly NonNullable<z.infer<typeof NativeStats>['stats']>[number][],
): ServerFacts {
  const { name, address, port, admin_state: admin } = server
  const stat = stats.find((one) => one.name === name)?.stats
  if (!stat) throw unreadable(control, 'GET stats/native')
  const check = withoutStar(stat.check_status ?? '')
  const health = healthOf(admin, { status: stat.status, check, tracked: stat.tracked ?? '' })
  return {
    name,
    address: `${address.includes(':') ? `[${address}]` : address}:${port ?? ''}`,
    admin,
    health,
    status: statusText(health, stat.status, check),
    weight: stat.weight ?? 0,
    sessions: (stat.scur ?? 0) + (stat.qcur ?? 0),
  }
}

async function send(
  control: string,
  { method, path, body }: Request,
  { user, password, timeout }: DataplaneOptions,
  signal: AbortSignal,
): Promise<Answer> {
  if (user === undefined || password === undefined) {
    throw new UserError(
      'haproxy-credentials',
      `The bot has no user for the Data Plane API at ${balancerName(control)}. Set HAPROXY_DATAPLANE_USER and HAPROXY_DATAPLANE_PASSWORD, and start the bot again.`,
    )
  }
  if (signal.aborted) throw toldToStop(control)
  const limit = AbortSignal.timeout(timeout)
  try {
    if (method !== 'GET') throwIfOver(signal)
    const answer = await fetch(`${control.replace(/\/$/, '')}/v3/services/haproxy/${path}`, {
      method,
      // The password goes nowhere else.
      redirect: 'error',
      headers: {
        Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, limit]),
    })
    return {
      status: answer.status,
      text: await bounded(answer).text(),
      retryAfter: retryAfter(answer.headers),
    }
  } catch (thrown) {
    if (limit.aborted) throw tooSlow(control, timeout)
    if (signal.aborted) throw toldToStop(control)
    if (thrown instanceof TooLong) throw tooMuch(control, thrown)
    throw networkError(control, thrown)
  }
}

/** The one place where what the Data Plane API refuses becomes an error of this program. */
function refusal(control: string, { method, path }: Request, answer: Answer): Error {
  const { status, text } = answer
  const name = balancerName(control)
  const parsed = Refusal.safeParse(json(text))
  const said = parsed.success ? `: ${parsed.data.message.replaceAll(/\s+/g, ' ').slice(0, 200)}` : ''
  if (status === 401 || status === 403) {
    return new UserError(
      'haproxy-credentials',
      `The Data Plane API at ${name} refuses the bot's user (${status}). Compare HAPROXY_DATAPLANE_USER and HAPROXY_DATAPLANE_PASSWORD with the userlist that dataplaneapi.yml names there, and start the bot again.`,
    )
  }
  if (status === 409) {
    return new RetryableError(
      `Somebody else has just changed haproxy.cfg at ${name} (409${said}): it is read again.`,
    )
  }
  if (status === 429 || status > 499) {
    const wait = answer.retryAfter === undefined ? {} : { after: answer.retryAfter }
    return new RetryableError(`The Data Plane API at ${name} could not do it (${status}${said}).`, wait)
  }
  return new UserError(
    'haproxy-refused',
    `The Data Plane API at ${name} refused ${method} ${path} (${status}${said}). Nothing was changed by this. It must be release 3, and reach HAProxy's "stats socket": look at its log there.`,
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
