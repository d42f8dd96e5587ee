// The provider of DNS changes at Cloudflare: reads a zone's records and sets them, all in one batch, then reads back.
import type { RecordBatchParams } from 'cloudflare/resources/dns/records.js'
import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { second, type Duration } from '../../ids.ts'
import type { Clock, Facts, Progress, Provider } from '../../ports.ts'
import type { CloudflareReader, DnsReader } from '../../readers.ts'
import type { CloudflareDnsAction, DnsRecord } from '../../recovery/action.ts'
import { RecordFacts } from '../../recovery/kinds/cloudflare-dns.ts'
import type { Operation } from '../../recovery/run.ts'
import { createCloudflareCalls, type CloudflareAccess, type CloudflareCalls } from './calls.ts'
import { readWhole } from './zone.ts'
import { plainContent, plainName } from '../../recovery/record-content.ts'
import { leftOf } from '../started.ts'
import { together } from '../../together.ts'

const Zones = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    name_servers: z.array(z.string()),
    /** `pending`, for one, is a zone to which no registrar leads; several accounts can have those of one name. */
    status: z.string().optional(),
    /** What the token may do there. */
    permissions: z.array(z.string()).optional(),
  }),
)

const Records = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    content: z.string().default(''),
    ttl: z.number(),
    proxied: z.boolean().default(false),
  }),
)

/** That there is a result is enough: whether it is the wanted one is read back. */
const BatchResult = z.looseObject({})

/** How long a change that was answered with success may take to be seen when it is read back. */
const readBackWithin: Duration = 15 * second
/** More records at one name than any plan has; a page is one request. */
const pageSize = 500
/** Most zones are one page; Cloudflare would give more, but a page must come within a request's time limit. */
const zonePageSize = 5_000
/** Each request counts against the user's rate limit: for more names than these the zone is listed instead. */
const mostOneByOne = 2

/**
 * Cloudflare's DNS through its API. Needs a token with Zone:Read and DNS:Edit for the plan's zones. All failures
 * are UserError (token, rights, zone, refused content) or RetryableError (time-out, 5xx, rate limit with `after`).
 */
export function createCloudflareDns(
  options: CloudflareAccess & { readonly clock: Pick<Clock, 'now'> },
): Provider<'cloudflare-dns'> &
  DnsReader &
  Pick<CloudflareReader, 'mayEdit'> &
  Pick<CloudflareCalls, 'warm'> {
  const calls = createCloudflareCalls(options)
  /** What a zone is called by its id, for messages to people. */
  const zoneNames = new Map<string, string>()
  const look = async (action: CloudflareDnsAction, signal: AbortSignal): Promise<Facts> => {
    const names = [...action.before, ...action.after].map((record) => record.name)
    return { records: await readRecords(calls, action.zone, names, signal) }
  }
  return {
    warm: calls.warm,
    zone: async (name, signal) => {
      const { id, name: known, name_servers: nameServers } = await readZone(calls, name, signal)
      zoneNames.set(id, known)
      return { id, name: known, nameServers }
    },
    records: (zoneId, names, signal) =>
      readRecords(calls, { id: zoneId, name: zoneNames.get(zoneId) ?? zoneId }, names, signal),
    whole: (zone, signal) => readWhole(calls, zone, signal),
    mayEdit: async (name, signal) => {
      const { permissions = [] } = await readZone(calls, name, signal)
      return permissions.length === 0 ? undefined : permissions.includes('#dns_records:edit')
    },
    observe: look,
    start: async (action, key, signal) => {
      const startedAt = options.clock.now()
      await sendBatch(calls, action, signal)
      return { id: key, data: { startedAt } }
    },
    check: async (action, operation, now, signal) =>
      progressOf(action, await look(action, signal), operation, now),
    settled,
  }
}

async function readZone(
  calls: CloudflareCalls,
  name: string,
  signal: AbortSignal,
): Promise<z.infer<typeof Zones>[number]> {
  const answer = await calls.call(
    { doing: `find the zone ${name}`, zone: name, right: 'Zone:Read', changes: false, result: Zones },
    signal,
    (client, options) => client.zones.list({ name }, options).asResponse(),
  )
  const named = answer.result.filter((zone) => plainName(zone.name) === plainName(name))
  const active = named.filter(({ status = 'active' }) => status === 'active')
  if (active.length > 1)
    throw new UserError(
      'cloudflare-ambiguous',
      `Cloudflare shows this token ${active.length} active zones ${name}: ${active.map(({ id }) => id).join(', ')}. Nothing was changed. Give CLOUDFLARE_API_TOKEN a token that may read only the one that the DR plan means.`,
    )
  const zone = active[0] ?? named[0]
  if (zone) return zone
  throw new UserError(
    'cloudflare-not-found',
    `Cloudflare shows this token no zone ${name}. Correct the zone's name in the DR plan, or give the token in CLOUDFLARE_API_TOKEN the rights Zone:Read and DNS:Edit for it.`,
  )
}

async function readRecords(
  calls: CloudflareCalls,
  zone: { readonly id: string; readonly name: string },
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly DnsRecord[]> {
  const distinct = new Set(names.map(plainName))
  if (distinct.size > mostOneByOne) {
    const all = await readPages(calls, zone, undefined, signal)
    return all.filter(({ name }) => distinct.has(name)).sort(byNameTypeContent)
  }
  const lists = await together([...distinct].map((name) => readPages(calls, zone, name, signal)))
  return lists.flat().sort(byNameTypeContent)
}

/** The address records at one name, or of the whole zone. */
async function readPages(
  calls: CloudflareCalls,
  zone: { readonly id: string; readonly name: string },
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly DnsRecord[]> {
  const found = new Map<string, DnsRecord>()
  const only = name === undefined ? {} : { name: { exact: name } }
  const per_page = name === undefined ? zonePageSize : pageSize
  const doing = `read the records of ${name ?? zone.name}`
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await calls.call(
      { doing, zone: zone.name, right: 'DNS:Edit', changes: false, result: Records },
      signal,
      (client, options) =>
        client.dns.records.list({ zone_id: zone.id, ...only, page, per_page }, options).asResponse(),
    )
    // Somebody who deletes a record meanwhile moves others to another page: each counts once.
    // What is of another name was not asked for, whoever let it through.
    const records = answer.result
      .flatMap(addressRecord)
      .filter((one) => name === undefined || one.name === name)
    for (const record of records) found.set(record.id, record)
    pages = answer.pages
  }
  return [...found.values()]
}

/** Only what says where a name points: TXT, MX and the like at the same name are not ours to touch. */
function addressRecord(record: z.infer<typeof Records>[number]): readonly DnsRecord[] {
  const { type } = record
  return type === 'A' || type === 'AAAA' || type === 'CNAME' ? [normal({ ...record, type })] : []
}

/** One form for records from the plan and from the API, so that equal ones compare equal. */
function normal(record: DnsRecord): DnsRecord {
  const { id, name, type, content, ttl, proxied } = record
  return {
    id,
    name: plainName(name),
    type,
    content: plainContent(content),
    ttl: proxied ? 1 : ttl,
    proxied,
  }
}

function byNameTypeContent(a: DnsRecord, b: DnsRecord): number {
  const keyOf = (record: DnsRecord): string => [record.name, record.type, record.content, record.id].join(' ')
  return keyOf(a) < keyOf(b) ? -1 : 1
}

async function sendBatch(
  calls: CloudflareCalls,
  action: CloudflareDnsAction,
  signal: AbortSignal,
): Promise<void> {
  const patches: NonNullable<RecordBatchParams['patches']> = action.after.map(normal)
  const names = [...new Set(patches.map((record) => record.name))].join(', ')
  await calls.call(
    {
      doing: `change the records of ${names}`,
      zone: action.zone.name,
      right: 'DNS:Edit',
      changes: true,
      result: BatchResult,
    },
    signal,
    (client, options) => client.dns.records.batch({ zone_id: action.zone.id, patches }, options).asResponse(),
  )
}

/**
 * Compares by record id. done: each record is as `after` has it. not-done: each is as `before` has it. A record
 * that is missing, was replaced by another, or holds a third value makes it unclear: somebody else was here.
 */
function settled(action: CloudflareDnsAction, facts: Facts): 'done' | 'not-done' | 'unclear' {
  const { records } = RecordFacts.parse(facts)
  if (matches(records, action.after)) return 'done'
  return matches(records, action.before) ? 'not-done' : 'unclear'
}

function matches(found: readonly DnsRecord[], wanted: readonly DnsRecord[]): boolean {
  return wanted.every((record) => difference(found, record) === undefined)
}

function difference(found: readonly DnsRecord[], wanted: DnsRecord): string | undefined {
  const want = normal(wanted)
  const have = found.find((record) => record.id === want.id)
  if (!have) return `${describe(want)} is gone`
  return describe(normal(have)) === describe(want)
    ? undefined
    : `${describe(have)} instead of ${describe(want)}`
}

function describe({ name, type, content, ttl, proxied }: DnsRecord): string {
  const mode = proxied ? 'proxied' : `TTL ${ttl === 1 ? 'automatic' : `${ttl} s`}`
  return `${name} ${type} ${content} (${mode})`
}

function progressOf(action: CloudflareDnsAction, facts: Facts, operation: Operation, now: number): Progress {
  const state = settled(action, facts)
  if (state === 'done') {
    return { state, note: `Cloudflare has ${action.after.map(describe).join(', ')}` }
  }
  const { records } = RecordFacts.parse(facts)
  const differences = action.after.flatMap((record) => difference(records, record) ?? []).join('; ')
  if (state === 'not-done' && leftOf(operation, readBackWithin, now) > 0) {
    return { state: 'running', note: `Cloudflare still shows ${differences}`, checkAfter: second }
  }
  return {
    state: 'failed',
    reason: `Read back from Cloudflare: ${differences}.`,
    advice: `Look at who changed ${action.zone.name} in Cloudflare's audit log, then propose the recovery again.`,
  }
}
