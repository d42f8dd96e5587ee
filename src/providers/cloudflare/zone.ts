// Reads a whole zone at Cloudflare, records of every type: for the copy that is kept at another provider.
import { z } from 'zod'
import type { ZoneRecord } from '../../readers.ts'
import type { CloudflareCalls } from './calls.ts'
import { plainName } from '../../recovery/record-content.ts'

const Records = z.array(
  z.object({
    name: z.string(),
    type: z.string(),
    content: z.string().default(''),
    ttl: z.number(),
    proxied: z.boolean().default(false),
    priority: z.number().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
)

/** As many as one page takes, so that most zones are one request. */
const pageSize = 5_000

/** Sorted, so that the same zone is the same list. Throws UserError or RetryableError. */
export async function readWhole(
  calls: Pick<CloudflareCalls, 'call'>,
  zone: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<readonly ZoneRecord[]> {
  const found: ZoneRecord[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await calls.call(
      {
        doing: `read the zone ${zone.name}`,
        zone: zone.name,
        right: 'DNS:Edit',
        changes: false,
        result: Records,
      },
      signal,
      (client, options) =>
        client.dns.records.list({ zone_id: zone.id, page, per_page: pageSize }, options).asResponse(),
    )
    found.push(...answer.result.map(asZoneRecord))
    pages = answer.pages
  }
  return found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

function asZoneRecord({ priority, data, ...record }: z.infer<typeof Records>[number]): ZoneRecord {
  return {
    ...record,
    name: plainName(record.name),
    ...(priority === undefined ? {} : { priority }),
    ...(data === undefined ? {} : { data }),
  }
}

function keyOf({ name, type, content, priority = 0 }: ZoneRecord): string {
  return [name, type, String(priority), content].join(' ')
}
