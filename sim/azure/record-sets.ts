// One record set as Azure DNS keeps it: what it accepts, what it refuses and with which code, and what is served of it.
import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import type { ServedRecord } from '../dns/answer.ts'
import { ArmError } from './envelope.ts'

/** The types of record sets that can be made; SOA is there by itself. */
export const setTypes = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'TXT'] as const
export type SetType = (typeof setTypes)[number]

const uint16 = z.int().min(0).max(65_535)
const host = z.string().regex(/^[\w*-]+(\.[\w-]+)*\.?$/)
const atLeastOne = <T extends z.ZodType>(item: T): z.ZodArray<T> => z.array(item).min(1).max(20)

/** The body of a PUT. Unknown properties are refused, so that a wrong one does not pass for a right one. */
const Body = z.strictObject({
  etag: z.string().optional(),
  properties: z.strictObject({
    TTL: z.int().min(1).max(2_147_483_647),
    metadata: z.record(z.string(), z.string()).optional(),
    ARecords: atLeastOne(z.strictObject({ ipv4Address: z.string().refine(isIPv4) })).optional(),
    AAAARecords: atLeastOne(z.strictObject({ ipv6Address: z.string().refine(isIPv6) })).optional(),
    CNAMERecord: z.strictObject({ cname: host }).optional(),
    MXRecords: atLeastOne(z.strictObject({ preference: uint16, exchange: host })).optional(),
    NSRecords: atLeastOne(z.strictObject({ nsdname: host })).optional(),
    PTRRecords: atLeastOne(z.strictObject({ ptrdname: host })).optional(),
    SRVRecords: atLeastOne(
      z.strictObject({ priority: uint16, weight: uint16, port: uint16, target: host }),
    ).optional(),
    TXTRecords: atLeastOne(z.strictObject({ value: z.array(z.string().min(1).max(255)).min(1) })).optional(),
    caaRecords: atLeastOne(
      z.strictObject({ flags: z.int().min(0).max(255), tag: z.string(), value: z.string() }),
    ).optional(),
  }),
})
export type SetProperties = Readonly<z.infer<typeof Body>['properties']>

export interface RecordSetState {
  /** Relative to the zone; `@` for the zone's own name. */
  readonly name: string
  readonly type: SetType
  readonly etag: string
  readonly properties: SetProperties
}

const keys = {
  A: 'ARecords',
  AAAA: 'AAAARecords',
  CAA: 'caaRecords',
  CNAME: 'CNAMERecord',
  MX: 'MXRecords',
  NS: 'NSRecords',
  PTR: 'PTRRecords',
  SRV: 'SRVRecords',
  TXT: 'TXTRecords',
} as const satisfies Readonly<Record<SetType, keyof SetProperties>>

/** Reads a PUT's body for a set of this type, or refuses it. */
export function readSet(name: string, type: SetType, body: unknown): SetProperties {
  const parsed = Body.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw badRequest(`The value of '${issue?.path.join('.') ?? ''}' is invalid: ${issue?.message ?? ''}`)
  }
  const { properties } = parsed.data
  const given = Object.values(keys).filter((key) => properties[key] !== undefined)
  if (given.length !== 1 || given[0] !== keys[type])
    throw badRequest(`The record set '${name}' of type '${type}' must hold exactly ${keys[type]}.`)
  if (type === 'CNAME' && name === '@')
    throw badRequest("A CNAME record set cannot be created at the zone apex '@'.")
  return properties
}

/** A CNAME lives alone. */
export function refuseBesideAlias(
  { name, type }: Pick<RecordSetState, 'name' | 'type'>,
  others: readonly RecordSetState[],
): void {
  const here = others.filter((other) => other.name === name && other.type !== type)
  if (here.length === 0 || (type !== 'CNAME' && !here.some((other) => other.type === 'CNAME'))) return
  throw badRequest(
    `The record set '${name}' of type '${type}' cannot be created: a CNAME record must be the only one of its name.`,
  )
}

function badRequest(message: string): ArmError {
  return new ArmError(400, 'BadRequest', message)
}

/** The set's records as name servers answer them. */
export function servedOf(zone: string, { name, type, properties }: RecordSetState): readonly ServedRecord[] {
  const owner = name === '@' ? zone : `${name}.${zone}`
  const base = { name: owner.toLowerCase(), ttl: properties.TTL }
  const plain = (data: string): string => data.toLowerCase().replace(/\.$/, '')
  switch (type) {
    case 'A':
      return (properties.ARecords ?? []).map((one) => ({ ...base, type, data: one.ipv4Address }))
    case 'AAAA':
      return (properties.AAAARecords ?? []).map((one) => ({ ...base, type, data: one.ipv6Address }))
    case 'CNAME':
      return [{ ...base, type, data: plain(properties.CNAMERecord?.cname ?? '') }]
    case 'NS':
      return (properties.NSRecords ?? []).map((one) => ({ ...base, type, data: plain(one.nsdname) }))
    case 'PTR':
      return (properties.PTRRecords ?? []).map((one) => ({ ...base, type, data: plain(one.ptrdname) }))
    case 'MX':
      return (properties.MXRecords ?? []).map((data) => ({ ...base, type, data }))
    case 'SRV':
      return (properties.SRVRecords ?? []).map((data) => ({ ...base, type, data }))
    case 'TXT':
      return (properties.TXTRecords ?? []).map((one) => ({ ...base, type, data: one.value }))
    case 'CAA':
      return (properties.caaRecords ?? []).map(({ flags, tag, value }) => ({
        ...base,
        type,
        data: { flags, tag: tag as 'issue', value, issuerCritical: flags >= 128 },
      }))
  }
}
