// From records in Cloudflare's database to what its name servers answer.
import type { ServedRecord, ServedZone } from '../dns/answer.ts'
import type { ApiRecord } from './records.ts'

/**
 * What proxied names resolve to unless told otherwise: fake addresses of "the edge", from the documentation range
 * TEST-NET-2.
 */
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
  const { name, type, content } = record
  const ttl = record.ttl === 1 ? automaticTtl : record.ttl
  if (record.proxied) {
    return edge.map((data) => ({ name, type: 'A' as const, ttl: automaticTtl, data }))
  }
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'NS':
      return [{ name, type, ttl, data: content }]
    case 'TXT':
      return [{ name, type, ttl, data: [content.replaceAll(/^"|"$/g, '')] }]
    case 'MX':
      return [{ name, type, ttl, data: { preference: record.priority ?? 0, exchange: content } }]
    case 'SRV':
    case 'CAA':
    case 'HTTPS':
      return []
  }
}
