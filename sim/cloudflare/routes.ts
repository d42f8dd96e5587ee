// The part of Cloudflare's v4 API that is simulated: paths, rights, filters, and what each request does.
import { authenticate, permit, type ApiToken } from './access.ts'
import { ApiError, paged, success, type ApiAnswer } from './envelope.ts'
import {
  batch,
  create,
  overwrite,
  patch,
  remove,
  type ApiRecord,
  type RecordInput,
  type Table,
} from './records.ts'

/** A zone of the account. Replace `records` only through the API or the simulator's handle. */
export interface ApiZone {
  readonly id: string
  readonly name: string
  readonly nameServers: readonly string[]
  /** `pending`: its registrar does not lead to these name servers. Absent: active. */
  readonly status?: 'active' | 'pending'
  records: readonly ApiRecord[]
}

export interface Account {
  readonly tokens: readonly ApiToken[]
  readonly zones: readonly ApiZone[]
  /** Zones of the same names in other accounts that the tokens may read; they are listed first. */
  readonly twins: readonly ApiZone[]
  readonly now: () => number
  /** Called after a zone's records have changed. */
  readonly changed: (zone: ApiZone) => void
}

/** A request as the routes see it: `path` without `/client/v4`. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly body: string
}

type Change = (table: Table) => { table: Table; result: unknown }

/** Answers one request; refusals are thrown as ApiError. */
export function route(account: Account, request: ApiRequest): ApiAnswer {
  const verifying = request.path === '/user/tokens/verify'
  const token = authenticate(account.tokens, request.authorization, verifying)
  if (verifying) {
    allow(request, ['GET'])
    return success({ id: token.id, status: token.status })
  }
  const [root, zoneId, kind, recordId, ...rest] = request.path.split('/').slice(1)
  if (root !== 'zones' || rest.length > 0) throw noRoute(request)
  if (zoneId === undefined) {
    allow(request, ['GET'])
    return listZones(account, token, request.query)
  }
  const zone = zoneFor(account, token, zoneId, request)
  if (kind === undefined) {
    allow(request, ['GET'])
    return success(zoneBody(zone, token))
  }
  if (kind !== 'dns_records') throw noRoute(request)
  return dnsRecords({ account, token, zone }, request, recordId)
}

interface Scope {
  readonly account: Account
  readonly token: ApiToken
  readonly zone: ApiZone
}

function dnsRecords(scope: Scope, request: ApiRequest, id: string | undefined): ApiAnswer {
  const { zone, token } = scope
  permit(token, request.method === 'GET' ? 'read' : 'edit', zone.id)
  if (id === undefined) {
    allow(request, ['GET', 'POST'])
    if (request.method === 'GET') return listRecords(zone, request.query)
    const input = json(request)
    return change(scope, (table) => single(create(table, input)))
  }
  if (id === 'batch') {
    allow(request, ['POST'])
    const input = json(request)
    return change(scope, (table) => batch(table, batchOf(input)))
  }
  if (!isId(id)) throw noRoute(request)
  return oneRecord(scope, request, id)
}

function oneRecord(scope: Scope, request: ApiRequest, id: string): ApiAnswer {
  allow(request, ['GET', 'PATCH', 'PUT', 'DELETE'])
  switch (request.method) {
    case 'PATCH': {
      const input = json(request)
      return change(scope, (table) => single(patch(table, id, input)))
    }
    case 'PUT': {
      const input = json(request)
      return change(scope, (table) => single(overwrite(table, id, input)))
    }
    case 'DELETE':
      return change(scope, (table) => ({ table: remove(table, id).table, result: { id } }))
    default: {
      const record = scope.zone.records.find((record) => record.id === id)
      if (!record) throw new ApiError(404, 81044, 'Record does not exist.')
      return success(record)
    }
  }
}

function change({ account, zone }: Scope, by: Change): ApiAnswer {
  const now = new Date(account.now()).toISOString()
  const { table, result } = by({ zone: zone.name, records: zone.records, now })
  zone.records = table.records
  account.changed(zone)
  return success(result)
}

function single(done: { table: Table; record: ApiRecord }): { table: Table; result: unknown } {
  return { table: done.table, result: done.record }
}

function listRecords(zone: ApiZone, query: URLSearchParams): ApiAnswer {
  const name = (query.get('name.exact') ?? query.get('name'))?.toLowerCase()
  const type = query.get('type')
  const content = query.get('content.exact') ?? query.get('content')
  const records = zone.records
    .filter((record) => name === undefined || record.name === name)
    .filter((record) => type === null || record.type === type)
    .filter((record) => content === null || record.content === content)
  return paged(records, query, 100)
}

function listZones(account: Account, token: ApiToken, query: URLSearchParams): ApiAnswer {
  const name = query.get('name')?.toLowerCase()
  const own = account.zones.filter((zone) => token.read.includes(zone.id))
  const zones = [...account.twins, ...own].filter((zone) => name === undefined || zone.name === name)
  return paged(
    zones.map((zone) => zoneBody(zone, token)),
    query,
    20,
  )
}

function zoneFor(account: Account, token: ApiToken, id: string, request: ApiRequest): ApiZone {
  if (!isId(id)) throw noRoute(request)
  if (!token.read.includes(id)) {
    throw new ApiError(403, 9109, 'Unauthorized to access requested resource')
  }
  const zone = account.zones.find((zone) => zone.id === id)
  if (!zone) throw new ApiError(404, 1001, 'Invalid zone identifier')
  return zone
}

function zoneBody(zone: ApiZone, token: ApiToken): object {
  const edit = token.edit.includes(zone.id) ? ['#dns_records:edit'] : []
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status ?? 'active',
    paused: false,
    type: 'full',
    development_mode: 0,
    name_servers: zone.nameServers,
    original_name_servers: null,
    permissions: ['#dns_records:read', ...edit, '#zone:read'],
    plan: { id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: 'Free Website', legacy_id: 'free' },
  }
}

function batchOf(input: RecordInput): Parameters<typeof batch>[1] {
  const list = (key: string): readonly RecordInput[] => {
    const value = input[key] ?? []
    if (Array.isArray(value)) return value as readonly RecordInput[]
    throw new ApiError(400, 9207, 'Request body is invalid.')
  }
  return { deletes: list('deletes'), patches: list('patches'), puts: list('puts'), posts: list('posts') }
}

function json(request: ApiRequest): RecordInput {
  if (request.contentType?.split(';')[0]?.trim() !== 'application/json') {
    throw new ApiError(400, 6003, 'Invalid request headers', {
      chain: [{ code: 6105, message: 'Invalid Content-Type header, valid values are application/json' }],
    })
  }
  const value = parsed(request.body)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RecordInput
  throw new ApiError(400, 9207, 'Request body is invalid.')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 9207, 'Request body is invalid.')
  }
}

function allow(request: ApiRequest, methods: readonly string[]): void {
  if (!methods.includes(request.method)) {
    throw new ApiError(405, 7001, `Method ${request.method} not available for that URI.`)
  }
}

function noRoute(request: ApiRequest): ApiError {
  const where = `/client/v4${request.path}`
  return new ApiError(404, 7003, `Could not route to ${where}, perhaps your object identifier is invalid?`)
}

function isId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}
