// Record sets in two forms: as Azure DNS has them, and as texts that can be shown, compared and stored.
import type { RecordSet } from '@azure/arm-dns'
import type { StandbySet } from '../../readers.ts'
import type { StandbyContent, StandbyType } from '../../recovery/standby-action.ts'
import { plainContent, plainName } from '../../recovery/record-content.ts'

/** The mark by which the bot knows what it made: it changes and removes nothing else. */
const mark = { 'managed-by': 'dr-bot' } as const
const types: readonly string[] = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'TXT']
/** The longest string of a TXT record. */
const longestText = 255

/** A record set of Azure's list; undefined for Azure's own (SOA, and NS of the zone) and for types that are not copied. */
export function fromAzure(set: RecordSet): StandbySet | undefined {
  const { name = '', ttl = 0, etag = '', metadata } = set
  const type = (set.type ?? '').split('/').at(-1) ?? ''
  if (!types.includes(type) || (type === 'NS' && name === '@')) return undefined
  return {
    name: name.toLowerCase(),
    type: type as StandbyType,
    ttl,
    values: [...new Set(valuesOf(set))].toSorted(),
    etag,
    managed: metadata?.['managed-by'] === mark['managed-by'],
  }
}

function valuesOf(set: RecordSet): readonly string[] {
  const target = set.targetResource?.id
  if (target !== undefined) return [`an alias of ${target}`]
  return [
    ...(set.aRecords ?? []).map((one) => one.ipv4Address ?? ''),
    ...(set.aaaaRecords ?? []).map((one) => plainContent(one.ipv6Address ?? '')),
    ...(set.cnameRecord ? [plainName(set.cnameRecord.cname ?? '')] : []),
    ...(set.nsRecords ?? []).map((one) => plainName(one.nsdname ?? '')),
    ...(set.ptrRecords ?? []).map((one) => plainName(one.ptrdname ?? '')),
    ...(set.mxRecords ?? []).map((one) => `${one.preference ?? 0} ${plainName(one.exchange ?? '')}`),
    ...(set.srvRecords ?? []).map(
      (one) => `${one.priority ?? 0} ${one.weight ?? 0} ${one.port ?? 0} ${plainName(one.target ?? '')}`,
    ),
    ...(set.txtRecords ?? []).map((one) => (one.value ?? []).join('')),
    ...(set.caaRecords ?? []).map(
      (one) => `${one.flags ?? 0} ${one.tag ?? ''} ${JSON.stringify(one.value ?? '')}`,
    ),
  ]
}

/** What a request sends: the content with the bot's mark. */
export function toAzure(type: StandbyType, { ttl, values }: StandbyContent): RecordSet {
  return { ttl, metadata: { ...mark }, ...recordsOf(type, values) }
}

function recordsOf(type: StandbyType, values: readonly string[]): RecordSet {
  switch (type) {
    case 'A':
      return { aRecords: values.map((ipv4Address) => ({ ipv4Address })) }
    case 'AAAA':
      return { aaaaRecords: values.map((ipv6Address) => ({ ipv6Address })) }
    case 'CNAME':
      return { cnameRecord: { cname: values[0] ?? '' } }
    case 'NS':
      return { nsRecords: values.map((nsdname) => ({ nsdname })) }
    case 'PTR':
      return { ptrRecords: values.map((ptrdname) => ({ ptrdname })) }
    case 'MX':
      return {
        mxRecords: values.map((value) => {
          const [preference, exchange = ''] = value.split(' ')
          return { preference: Number(preference), exchange }
        }),
      }
    case 'SRV':
      return {
        srvRecords: values.map((value) => {
          const [priority, weight, port, target = ''] = value.split(' ')
          return { priority: Number(priority), weight: Number(weight), port: Number(port), target }
        }),
      }
    case 'TXT':
      return {
        txtRecords: values.map((value) => ({
          value: value.match(new RegExp(`.{1,${longestText}}`, 'gsu')) ?? [''],
        })),
      }
    case 'CAA':
      return { caaRecords: values.map(caaOf) }
  }
}

function caaOf(text: string): { flags: number; tag: string; value: string } {
  const [, flags, tag = '', value = '""'] = /^(\d+) (\S+) (.*)$/s.exec(text) ?? []
  return { flags: Number(flags), tag, value: String(JSON.parse(value)) }
}
