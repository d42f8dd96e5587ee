// The DNS records of one zone as Cloudflare keeps them: what it accepts, what it refuses and with which code.
import { randomBytes } from 'node:crypto'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { ApiError } from './envelope.ts'

const types = ['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'SRV', 'CAA', 'NS', 'HTTPS'] as const
/** Types of which nothing else may be at the same name beside a CNAME. */
const addresses: readonly string[] = ['A', 'AAAA', 'CNAME']

export interface ApiRecord {
  readonly id: string
  readonly name: string
  readonly type: (typeof types)[number]
  readonly content: string
  /** Of MX records. */
  readonly priority?: number
  /** Of records with several parts: SRV, CAA, HTTPS. */
  readonly data?: Readonly<Record<string, unknown>>
  readonly proxiable: boolean
  readonly proxied: boolean
  /** Seconds; 1 means automatic. */
  readonly ttl: number
  readonly settings: object
  readonly meta: object
  readonly comment: string | null
  readonly tags: readonly string[]
  readonly created_on: string
  readonly modified_on: string
}

/** A record of a request, before anything about it was checked. */
export type RecordInput = Readonly<Record<string, unknown>>

/** The parts of a batch; each of the four is optional. */
export interface Batch {
  readonly deletes: readonly RecordInput[]
  readonly patches: readonly RecordInput[]
  readonly puts: readonly RecordInput[]
  readonly posts: readonly RecordInput[]
}

/** A zone's records and what every change needs to know. Changes return a new table; the old one stays as it was. */
export interface Table {
  readonly zone: string
  readonly records: readonly ApiRecord[]
  /** ISO time of the change. */
  readonly now: string
}

/** POST: a new record. */
export function create(table: Table, input: RecordInput): { table: Table; record: ApiRecord } {
  const record = build(table, input, undefined)
  return { table: put(table, record), record }
}

/** PATCH: only what is given changes. */
export function patch(table: Table, id: unknown, input: RecordInput): { table: Table; record: ApiRecord } {
  const old = find(table, id)
  const record = build(table, { ...old, ...input }, old)
  return { table: put(table, record), record }
}

/** PUT: what is not given falls back to its default; `proxied` to false. */
export function overwrite(
  table: Table,
  id: unknown,
  input: RecordInput,
): { table: Table; record: ApiRecord } {
  const old = find(table, id)
  const record = build(table, input, old)
  return { table: put(table, record), record }
}

export function remove(table: Table, id: unknown): { table: Table; record: ApiRecord } {
  const record = find(table, id)
  return {
    table: { ...table, records: table.records.filter((other) => other.id !== record.id) },
    record,
  }
}

/** All or nothing, in the order deletes, patches, puts, posts; the first error ends it and leaves the old table. */
export function batch(table: Table, changes: Batch): { table: Table; result: object } {
  let now = table
  const step = (change: { table: Table; record: ApiRecord }): ApiRecord => {
    now = change.table
    return change.record
  }
  const deletes = changes.deletes.map((input) => step(remove(now, input['id'])))
  const patches = changes.patches.map((input) => step(patch(now, input['id'], input)))
  const puts = changes.puts.map((input) => step(overwrite(now, input['id'], input)))
  const posts = changes.posts.map((input) => step(create(now, input)))
  return { table: now, result: { deletes, patches, puts, posts } }
}

function find(table: Table, id: unknown): ApiRecord {
  const record = table.records.find((record) => record.id === id)
  if (!record) throw new ApiError(404, 81044, 'Record does not exist.')
  return record
}

function put(table: Table, record: ApiRecord): Table {
  const others = table.records.filter((other) => other.id !== record.id)
  refuseTwins(others, record)
  const known = table.records.some((other) => other.id === record.id)
  const records = known
    ? table.records.map((other) => (other.id === record.id ? record : other))
    : [...table.records, record]
  return { ...table, records }
}

function refuseTwins(others: readonly ApiRecord[], record: ApiRecord): void {
  const here = others.filter((other) => other.name === record.name)
  if (here.some((other) => other.type === record.type && other.content === record.content)) {
    throw new ApiError(400, 81058, 'An identical record already exists.')
  }
  if (record.type === 'CNAME' && here.some((other) => addresses.includes(other.type))) {
    throw new ApiError(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  }
  if (addresses.includes(record.type) && here.some((other) => other.type === 'CNAME')) {
    throw new ApiError(400, 81054, 'A CNAME record with that host already exists.')
  }
}

function build(table: Table, input: RecordInput, old: ApiRecord | undefined): ApiRecord {
  const type = types.find((type) => type === input['type'])
  if (!type) throw validation(9004, `The record type ${String(input['type'])} is not known here.`)
  const proxied = input['proxied'] === true
  if (proxied && !addresses.includes(type))
    throw new ApiError(400, 9004, 'This record type cannot be proxied.')
  return {
    id: old?.id ?? randomBytes(16).toString('hex'),
    name: nameOf(input['name'], table.zone),
    type,
    content: contentOf(type, input['content'] ?? textOf(type, input['data'])),
    ...partsOf(type, input),
    proxiable: addresses.includes(type),
    proxied,
    ttl: proxied ? 1 : ttlOf(input['ttl'] ?? 1),
    settings: {},
    meta: {},
    comment: typeof input['comment'] === 'string' ? input['comment'] : null,
    tags: [],
    created_on: old?.created_on ?? table.now,
    modified_on: table.now,
  }
}

/** A name outside the zone is taken as relative to it, as Cloudflare does. */
function nameOf(value: unknown, zone: string): string {
  if (typeof value !== 'string' || !/^(@|[\w*]([\w.-]*\w)?)$/.test(value)) {
    throw new ApiError(400, 9000, 'DNS name is invalid.')
  }
  const name = value.toLowerCase()
  if (name === '@' || name === zone) return zone
  return name.endsWith(`.${zone}`) ? name : `${name}.${zone}`
}

function ttlOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (value === 1 || (value >= 60 && value <= 86_400)) return value
  }
  throw validation(9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.')
}

function contentOf(type: ApiRecord['type'], value: unknown): string {
  const text = typeof value === 'string' ? value : ''
  if (type === 'A') {
    if (isIPv4(text)) return text
    throw new ApiError(400, 9005, 'Content for A record must be a valid IPv4 address.')
  }
  if (type === 'AAAA') {
    if (isIPv6(text)) return new SocketAddress({ address: text, family: 'ipv6' }).address
    throw new ApiError(400, 9006, 'Content for AAAA record must be a valid IPv6 address.')
  }
  if (type === 'CNAME') {
    if (/^[\w-]+(\.[\w-]+)*\.?$/.test(text) && !isIPv4(text)) return text.toLowerCase().replace(/\.$/, '')
    throw new ApiError(400, 9007, 'Content for CNAME record is invalid.')
  }
  if (text !== '') return text
  throw validation(9208, `Content for ${type} record must not be empty.`)
}

function partsOf(type: ApiRecord['type'], input: RecordInput): Pick<ApiRecord, 'priority' | 'data'> {
  const { priority, data } = input
  if (type === 'MX') {
    if (typeof priority !== 'number') throw validation(9100, 'priority is a required field.')
    return { priority }
  }
  if (type !== 'SRV' && type !== 'CAA' && type !== 'HTTPS') return {}
  if (typeof data !== 'object' || data === null) throw validation(9101, `${type} records need data.`)
  return { data: { ...data } }
}

/** Cloudflare writes the parts into the content too. */
function textOf(type: ApiRecord['type'], data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const part = (name: string): string => String((data as RecordInput)[name])
  if (type === 'SRV') return [part('weight'), part('port'), part('target')].join(' ')
  if (type === 'CAA') return `${part('flags')} ${part('tag')} "${part('value')}"`
  return type === 'HTTPS' ? [part('priority'), part('target'), part('value')].join(' ') : undefined
}

function validation(code: number, message: string): ApiError {
  return new ApiError(400, 1004, 'DNS Validation Error', { chain: [{ code, message }] })
}
