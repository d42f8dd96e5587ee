// The provider of DNS changes at Cloudflare: reads a zone's records and sets them, all in one batch, then reads back.
import type { RecordBatchParams } from 'cloudflare/resources/dns/records.js'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { second, type Duration } from '../ids.ts'
import type { Clock, Facts, Progress, Provider } from '../ports.ts'
import type { DnsReader } from '../readers.ts'
import type { CloudflareDnsAction, DnsRecord } from '../recovery/action.ts'
import type { Operation } from '../recovery/run.ts'
import { createCloudflareCalls, type CloudflareAccess, type CloudflareCalls } from './cloudflare-calls.ts'
import { plainContent, plainName } from './record-content.ts'

const Zones = z.array(z.object({ id: z.string(), name: z.string(), name_servers: z.array(z.string()) }))

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

/** What `observe` gives: the records at the action's names, sorted. */
const RecordFacts = z.object({
  records: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA', 'CNAME']),
      content: z.string(),
      ttl: z.number(),
      proxied: z.boolean(),
    }),
  ),
})

const Started = z.object({ startedAt: z.number() })

/** How long a change that was answered with success may take to be seen when it is read back. */
const readBackWithin: Duration = 15 * second
/** More records at one name than any plan has; a page is one request. */
const pageSize = 500

/**
 * Cloudflare's DNS through its API. Needs a token with Zone:Read and DNS:Edit for the plan's zones. All failures
 * are UserError (token, rights, zone, refused content) or RetryableError (time-out, 5xx, rate limit with `after`).
 */
export function createCloudflareDns(
  options: CloudflareAccess & { readonly clock: Pick<Clock, 'now'> },
): Provider<'cloudflare-dns'> & DnsReader & Pick<CloudflareCalls, 'warm'> {
  const calls = createCloudflareCalls(options)
  const look = async (action: CloudflareDnsAction, signal: AbortSignal): Promise<Facts> => {
    const names = [...action.before, ...action.after].map((record) => record.name)
    return { records: await readRecords(calls, action.zone, names, signal) }
  }
  return {
    warm: calls.warm,
    zone: (name, signal) => readZone(calls, name, signal),
    records: (zoneId, names, signal) => readRecords(calls, { id: zoneId, name: zoneId }, names, signal),
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
): Promise<{ id: string; name: string; nameServers: readonly string[] }> {
  const answer = await calls.call(
    { doing: `find the zone ${name}`, zone: name, changes: false, result: Zones },
    signal,
    (client, options) => client.zones.list({ name }, options).asResponse(),
  )
  const zone = answer.result[0]
  if (zone) return { id: zone.id, name: zone.name, nameServers: zone.name_servers }
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
  const distinct = [...new Set(names.map(plainName))]
  const lists = await Promise.all(distinct.map((name) => readName(calls, zone, name, signal)))
  return lists.flat().sort(byNameTypeContent)
}

async function readName(
  calls: CloudflareCalls,
  zone: { readonly id: string; readonly name: string },
  name: string,
  signal: AbortSignal,
): Promise<readonly DnsRecord[]> {
  const found: DnsRecord[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await calls.call(
      { doing: `read the records of ${name}`, zone: zone.name, changes: false, result: Records },
      signal,
      (client, options) =>
        client.dns.records
          .list({ zone_id: zone.id, name: { exact: name }, page, per_page: pageSize }, options)
          .asResponse(),
    )
    found.push(...answer.result.flatMap(addressRecord))
    pages = answer.pages
  }
  return found
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
    { doing: `change the records of ${names}`, zone: action.zone.name, changes: true, result: BatchResult },
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
  const started = Started.safeParse(operation.data)
  if (state === 'not-done' && started.success && now - started.data.startedAt < readBackWithin) {
    return { state: 'running', note: `Cloudflare still shows ${differences}`, checkAfter: second }
  }
  return {
    state: 'failed',
    reason: `Read back from Cloudflare: ${differences}.`,
    advice: `Look at who changed ${action.zone.name} in Cloudflare's audit log, then propose the recovery again.`,
  }
}
