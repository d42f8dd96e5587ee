// A small real HTTPS server that speaks Azure Resource Manager, Entra's tokens and storage queues, and can be made to fail.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createAccess, type Access, type Principal } from './azure/access.ts'
import { createAutoscale, type Autoscale } from './azure/autoscale.ts'
import { selfSigned } from './azure/certificate.ts'
import { ArmError, failure, storageFailure, type ArmAnswer } from './azure/envelope.ts'
import { faultSwitch, readFault, type AzureFault, type FaultSwitch, type Reason } from './azure/faults.ts'
import { createOperations } from './azure/operations.ts'
import { createQueues, type QueueInput, type Queues } from './azure/queues.ts'
import { isPoll, route, type ArmRequest, type Subscription } from './azure/routes.ts'
import { createScaleSets, type ScaleSetInput, type ScaleSets } from './azure/scale-sets.ts'
import { createSql, type Sql } from './azure/sql.ts'
import type { SqlInput } from './azure/sql-state.ts'

/** One request as it came in. The token is never kept. `status` 0: no answer was sent. */
export interface LoggedArmRequest {
  readonly method: string
  readonly path: string
  /** Empty for requests for a token, which hold a secret. */
  readonly body: string
  readonly reason: Reason
  status: number
}

export interface AzureOptions {
  readonly scaleSets?: readonly ScaleSetInput[]
  readonly queues?: readonly QueueInput[]
  readonly sql?: SqlInput
  readonly port?: number
  readonly now?: () => number
  /** Milliseconds until new instances run. Default 90 s. */
  readonly bootTime?: number
  /** Takes every token: for `AZURE_CREDENTIAL=none`. */
  readonly open?: boolean
}

export interface AzureSim {
  readonly port: number
  /** What AZURE_ARM_ENDPOINT and AZURE_AUTHORITY_HOST are set to. */
  readonly url: string
  /** What AZURE_QUEUE_ENDPOINT is set to. */
  readonly queueEndpoint: string
  readonly subscription: string
  readonly tenant: string
  readonly clientId: string
  readonly secret: string
  /** PEM of the certificate that a client must trust. */
  readonly certificate: string
  readonly requests: readonly LoggedArmRequest[]
  readonly scaleSets: Omit<ScaleSets, 'routes'>
  readonly autoscale: Omit<Autoscale, 'routes'>
  readonly queues: Pick<Queues, 'set'>
  readonly sql: Omit<Sql, 'routes'>
  /** Takes these rights away, until it is called again; `*` stands for any text. */
  readonly withhold: Access['withhold']
  readonly forgetTokens: Access['forgetTokens']
  readonly fault: (fault: AzureFault | undefined) => void
  readonly stop: () => Promise<void>
}

interface Sim {
  readonly subscription: Subscription
  readonly access: Access
  readonly queues: Queues
  readonly faults: FaultSwitch
  readonly log: LoggedArmRequest[]
}

const subscriptionId = '00000000-0000-0000-0000-000000000001'
const tenant = '00000000-0000-0000-0000-00000000000a'
/** The rights that the guide asks for. */
const main: Principal = {
  clientId: '00000000-0000-0000-0000-00000000000b',
  secret: 'sim-azure-secret-for-the-demo-only',
  actions: [
    'Microsoft.Compute/*',
    'Microsoft.Insights/autoscalesettings/*',
    'Microsoft.Storage/*/read',
    'Microsoft.Sql/*/read',
    'Microsoft.Sql/servers/databases/write',
    'Microsoft.Sql/servers/databases/move/action',
    'Microsoft.Sql/servers/databases/replicationLinks/delete',
    'Microsoft.Sql/servers/failoverGroups/write',
    'Microsoft.Sql/servers/failoverGroups/failover/action',
    'Microsoft.Sql/servers/failoverGroups/forceFailoverAllowDataLoss/action',
  ],
}

/**
 * Starts the simulator on 127.0.0.1. Besides the APIs it has control endpoints without a token:
 * `PUT /__sim/fault` (a fault as JSON, null mends), `GET /__sim/requests`.
 */
export async function startAzureSim(options: AzureOptions = {}): Promise<AzureSim> {
  const now = options.now ?? Date.now
  const certificate = selfSigned()
  let port = 0
  const url = (): string => `https://localhost:${port}`
  const access = createAccess({ tenant, principals: [main], open: options.open ?? false, url, now })
  const operations = createOperations({ subscription: subscriptionId, url, now, retryAfter: 5 })
  const scaleSets = createScaleSets({
    all: options.scaleSets ?? [],
    subscription: subscriptionId,
    now,
    bootTime: options.bootTime ?? 90_000,
  })
  const autoscale = createAutoscale(subscriptionId, scaleSets)
  const sql = createSql({ input: options.sql, subscription: subscriptionId, now })
  const queues = createQueues(options.queues ?? [], access, now)
  const sim: Sim = {
    subscription: {
      id: subscriptionId,
      groups: groupsOf(options),
      routes: [...scaleSets.routes, ...autoscale.routes, ...sql.routes],
      access,
      operations,
      url,
      now,
    },
    access,
    queues,
    faults: faultSwitch(),
    log: [],
  }
  const server = createServer(certificate, (request, response) => {
    serve(sim, request, response).catch((thrown: unknown) => refuseRequest(response, thrown))
  })
  // What is still in its handshake is no connection yet to the server, which would wait for it when it stops.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  return {
    port,
    url: url(),
    queueEndpoint: `${url()}/queues/{account}`,
    subscription: subscriptionId,
    tenant,
    clientId: main.clientId,
    secret: main.secret,
    certificate: certificate.cert,
    requests: sim.log,
    scaleSets,
    autoscale,
    queues,
    sql,
    withhold: access.withhold,
    forgetTokens: access.forgetTokens,
    fault: sim.faults.set,
    stop: () => stop(server, sockets),
  }
}

function groupsOf({ scaleSets = [], sql }: AzureOptions): readonly string[] {
  return [...new Set(['dr-rg', ...[...scaleSets, ...(sql?.servers ?? [])].map(({ group }) => group)])]
}

async function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  server.close()
  for (const socket of sockets) socket.destroy()
  await once(server, 'close')
}

async function serve(sim: Sim, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://sim')
  const method = request.method ?? 'GET'
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const body = Buffer.concat(chunks).toString()
  if (url.pathname.startsWith('/__sim/')) {
    send(response, control(sim, `${method} ${url.pathname}`, body))
    return
  }
  const reason = reasonFor(method, url.pathname)
  const path = url.pathname + url.search
  const entry: LoggedArmRequest = { method, path, body: reason === 'token' ? '' : body, reason, status: 0 }
  sim.log.push(entry)
  const asked: ArmRequest = {
    method,
    path: url.pathname,
    query: url.searchParams,
    authorization: request.headers.authorization,
    contentType: request.headers['content-type'],
    body,
  }
  const reply = await withFault(sim.faults.take(reason, path), () => answerOf(sim, reason, asked), request)
  if (reply === 'silence') return
  entry.status = reply.status
  send(response, reply)
}

function reasonFor(method: string, path: string): Reason {
  if (path.startsWith(`/${tenant}/`)) return 'token'
  if (path.startsWith('/queues/')) return 'queue'
  if (isPoll(path)) return 'poll'
  return method === 'GET' ? 'read' : 'change'
}

function answerOf(sim: Sim, reason: Reason, request: ArmRequest): ArmAnswer {
  try {
    if (reason === 'token') return sim.access.entra(request.path, new URLSearchParams(request.body))
    return reason === 'queue' ? sim.queues.answer(request) : route(sim.subscription, request)
  } catch (thrown) {
    if (!(thrown instanceof ArmError)) throw thrown
    return reason === 'queue' ? storageFailure(thrown) : failure(thrown)
  }
}

async function withFault(
  fault: AzureFault | undefined,
  answer: () => ArmAnswer,
  request: IncomingMessage,
): Promise<ArmAnswer | 'silence'> {
  if (!fault) return answer()
  switch (fault.kind) {
    case 'hang':
      return 'silence'
    case 'refuse':
      request.socket.destroy()
      return 'silence'
    case 'lose-answer':
      answer()
      request.socket.destroy()
      return 'silence'
    case 'slow':
      await delay(fault.ms ?? 1_000)
      return answer()
    case 'status': {
      const { status = 500, code = 'InternalServerError', retryAfter } = fault
      const message = fault.message ?? 'The server encountered an internal error. Please retry the request.'
      const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
      return failure(new ArmError(status, code, message, headers))
    }
    case 'garbage':
      return { status: 200, body: '<html>please wait</html>', headers: { 'content-type': 'text/html' } }
  }
}

/** A control request that cannot be read, or a client that went away in the middle of its request. */
function refuseRequest(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return
  send(response, { status: 400, body: { error: { code: 'BadRequest', message: String(thrown) } } })
}

function control(sim: Sim, what: string, body: string): ArmAnswer {
  switch (what) {
    case 'PUT /__sim/fault':
      sim.faults.set(readFault(JSON.parse(body)))
      return { status: 200, body: {} }
    case 'GET /__sim/requests':
      return { status: 200, body: { requests: sim.log } }
    default:
      return { status: 404, body: { error: { code: 'NotFound', message: `no such control: ${what}` } } }
  }
}

function send(response: ServerResponse, { status, body, headers }: ArmAnswer): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ms-request-id': '00000000-0000-0000-0000-0000000000ff',
    ...headers,
  })
  response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
}
