// From records in Cloudflare's database to what its name servers answer.
import type { ServedRecord, ServedZone } from '../dns/answer.ts'
import type { ApiRecord } from './records.ts'

/** What proxied names resolve to unless told otherwise: fake addresses of "the edge", from the documentation range TEST-NET-2. */
const edgeAddresses: readonly string[] = ['198.51.100.1', '198.51.100.2']
/** Seconds that an automatic TTL means at Cloudflare. */
const automaticTtl = 300

/** Puts the records on the name servers. */
export function publish(
  zone: ServedZone,
  records: readonly ApiRecord[],
  edge: readonly string[] | undefined,
): void {
  zone.records = records.flatMap((record) => served(edge ?? edgeAddresses, record))
  zone.serial += 1
}

function served(edge: readonly string[], record: ApiRecord): readonly ServedRecord[] {
  const { name, type, content, ttl } = record
  if (type === 'TXT') return []
  if (record.proxied) {
    return edge.map((data) => ({ name, type: 'A' as const, ttl: automaticTtl, data }))
  }
  return [{ name, type, ttl: ttl === 1 ? automaticTtl : ttl, data: content }]
}
