// A small real HTTP server that speaks Cloudflare's v4 API for zones and DNS records, and can be made to fail.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rateLimit, type ApiToken } from './cloudflare/access.ts'
import { ApiError, failure, type ApiAnswer } from './cloudflare/envelope.ts'
import { faultSwitch, readFault, type CloudflareFault, type FaultSwitch } from './cloudflare/faults.ts'
import { publish } from './cloudflare/publish.ts'
import { create, type ApiRecord, type RecordInput } from './cloudflare/records.ts'
import { route, type Account, type ApiRequest, type ApiZone } from './cloudflare/routes.ts'
import type { ServedZone } from './dns/answer.ts'
import { withFault, type Answered } from './faults.ts'
import { bytesOf } from './listening.ts'

/** One request as it came in. The token is never kept. `status` 0: no answer was sent. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly body: string
  /** True for what changes something: every method but GET. */
  readonly changes: boolean
  status: number
}

export interface CloudflareOptions {
  /** Zones with their first records, and the zone of the DNS server that serves them. */
  readonly zones: readonly { readonly served: ServedZone; readonly records: readonly RecordInput[] }[]
  /** The value of a token with Zone:Read and DNS:Edit for every zone. */
  readonly token: string
  /** Further tokens, with less. */
  readonly tokens?: readonly ApiToken[]
  readonly port?: number
  /** What proxied names resolve to. Default: two documentation addresses. */
  readonly edge?: readonly string[]
  /** Milliseconds from a change to the name servers having it; `manual`: at `publish()`. Default 0. */
  readonly propagation?: number | 'manual'
  /** Requests in `window` ms before everything is blocked for `window` ms. Default 1,200 in five minutes. */
  readonly rate?: { readonly limit: number; readonly window: number }
  readonly now?: () => number
}

export interface CloudflareSim {
  readonly port: number
  /** What CLOUDFLARE_BASE_URL is set to. */
  readonly baseUrl: string
  readonly requests: readonly LoggedRequest[]
  /** Zone id of a zone's name: the same in every start. */
  readonly zoneId: (name: string) => string
  /** The records of a zone as the API has them. */
  readonly records: (zone: string) => readonly ApiRecord[]
  /** Changes the records behind the bot's back, as a person in the dashboard does. */
  readonly edit: (zone: string, change: (records: readonly ApiRecord[]) => readonly ApiRecord[]) => void
  /** A zone of the same name in another account, which the token may read too, and which is listed first. */
  readonly twin: (zone: string, status: 'active' | 'pending') => void
  readonly fault: (fault: CloudflareFault | undefined) => void
  /** Puts the records of all zones on the name servers now. */
  readonly publish: () => void
  readonly stop: () => Promise<void>
}

interface Sim {
  readonly account: Account
  readonly twins: ApiZone[]
  readonly faults: FaultSwitch
  readonly log: LoggedRequest[]
  readonly publish: () => void
  readonly countRequest: () => void
}

/**
 * Starts the simulator on 127.0.0.1. Besides the API it has control endpoints without a token:
 * `PUT /__sim/fault` (a fault as JSON, null mends), `POST /__sim/publish`, `GET /__sim/requests`.
 */
export async function startCloudflareSim(options: CloudflareOptions): Promise<CloudflareSim> {
  const now = options.now ?? Date.now
  const timers = new Set<NodeJS.Timeout>()
  const zones = options.zones.map(({ served, records }) => firstZone(served, records, now()))
  const publishZone = (zone: ApiZone): void => {
    const served = options.zones.find((entry) => entry.served.name === zone.name)?.served
    if (served) publish(served, zone.records, options.edge)
  }
  const changed = (zone: ApiZone): void => {
    const wait = options.propagation ?? 0
    if (wait === 'manual') return
    if (wait === 0) return publishZone(zone)
    const timer = setTimeout(() => {
      timers.delete(timer)
      publishZone(zone)
    }, wait)
    timers.add(timer)
  }
  const ids = zones.map((zone) => zone.id)
  const main: ApiToken = { value: options.token, id: idOf('token'), status: 'active', read: ids, edit: ids }
  const { limit, window } = options.rate ?? { limit: 1_200, window: 300_000 }
  const limiter = rateLimit(limit, window, now)
  const twins: ApiZone[] = []
  const sim: Sim = {
    account: { tokens: [main, ...(options.tokens ?? [])], zones, twins, now, changed },
    twins,
    faults: faultSwitch(),
    log: [],
    publish: () => zones.forEach(publishZone),
    countRequest: limiter.count,
  }
  sim.publish()
  const server = createServer((request, response) => {
    serve(sim, request, response).catch((thrown: unknown) => refuseRequest(response, thrown))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return handle(sim, server, timers)
}

function handle(sim: Sim, server: Server, timers: Set<NodeJS.Timeout>): CloudflareSim {
  const { port } = server.address() as AddressInfo
  const zoneOf = (name: string): ApiZone => {
    const zone = sim.account.zones.find((zone) => zone.name === name)
    if (!zone) throw new Error(`the simulator has no zone ${name}`)
    return zone
  }
  return {
    port,
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    requests: sim.log,
    zoneId: (name) => zoneOf(name).id,
    records: (name) => zoneOf(name).records,
    edit: (name, change) => {
      const zone = zoneOf(name)
      zone.records = change(zone.records)
      sim.account.changed(zone)
    },
    twin: (name, status) => {
      sim.twins.push({ ...zoneOf(name), id: idOf(`${name} ${sim.twins.length}`), status })
    },
    fault: sim.faults.set,
    publish: sim.publish,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer)
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function firstZone(served: ServedZone, inputs: readonly RecordInput[], at: number): ApiZone {
  const now = new Date(at).toISOString()
  const records = inputs.map((input, index) => {
    const { record } = create({ zone: served.name, records: [], now }, input)
    return { ...record, id: idOf(`${served.name} ${record.name} ${index}`) }
  })
  return { id: idOf(served.name), name: served.name, nameServers: served.nameServers, records }
}

/** 32 hex digits, as Cloudflare's ids are; the same for the same text, so that a demo's links stay good. */
function idOf(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

async function serve(sim: Sim, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sim')
  const method = request.method ?? 'GET'
  const body = (await bytesOf(request)).toString()
  if (url.pathname.startsWith('/__sim/')) {
    send(response, control(sim, `${method} ${url.pathname}`, body))
    return
  }
  const changes = method !== 'GET'
  const entry: LoggedRequest = { method, path: url.pathname + url.search, body, changes, status: 0 }
  sim.log.push(entry)
  const answer = (): ApiAnswer =>
    answerOf(sim, {
      method,
      path: url.pathname.replace(/^\/client\/v4/, ''),
      query: url.searchParams,
      authorization: request.headers.authorization,
      contentType: request.headers['content-type'],
      body,
    })
  const reply = await withFault(request, { fault: sim.faults.take(changes), answer, broken })
  if (reply === 'silence') return
  entry.status = reply.status
  send(response, reply)
}

function answerOf(sim: Sim, request: ApiRequest): ApiAnswer {
  try {
    sim.countRequest()
    return route(sim.account, request)
  } catch (thrown) {
    if (thrown instanceof ApiError) return failure(thrown)
    throw thrown
  }
}

/** A control request that cannot be read, or a client that went away in the middle of its request. */
function refuseRequest(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return
  send(response, { status: 400, body: { error: String(thrown) } })
}

function broken(fault: Answered<CloudflareFault>): ApiAnswer {
  switch (fault.kind) {
    case 'rate-limit': {
      const headers = { 'retry-after': String(fault.retryAfter ?? 300) }
      return failure(
        new ApiError(429, 971, 'Please wait and consider throttling your request speed', { headers }),
      )
    }
    case 'success-false':
      return { ...failure(new ApiError(200, 10_000, 'The request could not be carried out')), status: 200 }
    case 'garbage':
      return { status: 200, body: {}, headers: { 'content-type': 'text/html' } }
    case 'status':
      return failure(saying(fault.status ?? 500))
  }
}

/** In the words that the API itself has for such a status. */
function saying(status: number): ApiError {
  switch (status) {
    case 401:
      return new ApiError(status, 10_000, 'Authentication error')
    case 403:
      return new ApiError(status, 9109, 'Unauthorized to access requested resource')
    case 404:
      return new ApiError(status, 81_044, 'Record does not exist.')
    case 409:
      return new ApiError(status, 81_053, 'An A, AAAA, or CNAME record with that host already exists.')
    default:
      return new ApiError(status, 10_001, 'Internal server error')
  }
}

function control(sim: Sim, what: string, body: string): ApiAnswer {
  switch (what) {
    case 'PUT /__sim/fault':
      sim.faults.set(readFault(JSON.parse(body)))
      return { status: 200, body: {} }
    case 'POST /__sim/publish':
      sim.publish()
      return { status: 200, body: {} }
    case 'GET /__sim/requests':
      return { status: 200, body: { requests: sim.log } }
    default:
      return { status: 404, body: { error: `no such control: ${what}` } }
  }
}

function send(response: ServerResponse, answer: ApiAnswer): void {
  const headers = { 'content-type': 'application/json', 'cf-ray': '0000000000000000-SIM', ...answer.headers }
  response.writeHead(answer.status, headers)
  response.end(
    headers['content-type'] === 'text/html' ? '<html>please wait</html>' : JSON.stringify(answer.body),
  )
}
