// From the records of a Cloudflare zone to the record sets that Azure DNS would have to hold, and what cannot be copied.
import { plainContent } from '../record-content.ts'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { ZoneRecord } from '../../readers.ts'
import type { StandbyContent, StandbyType } from '../standby-action.ts'

/** A record set as the standby zone shall hold it. */
export interface WantedSet extends StandbyContent {
  readonly name: string
  readonly type: StandbyType
}

/** Names of the DR plan that shall lead elsewhere while the standby answers. */
export interface Instead {
  readonly names: readonly string[]
  readonly to: string
}

/** Something that cannot be copied: why, as a sentence part. `vital`: addresses or mail, which people would miss. */
export interface Left {
  readonly text: string
  readonly vital: boolean
}

export interface Translated {
  readonly sets: readonly WantedSet[]
  /** What the standby cannot hold. */
  readonly left: readonly Left[]
  /** Names that are behind Cloudflare's proxy: the standby leads to their origins, without a shield. */
  readonly exposed: readonly string[]
}

/** What Cloudflare's automatic TTL means, and the TTL of every proxied record. */
const automaticTtl = 300
/** TTL of the names that lead elsewhere: the next change is seen soon. */
const shortTtl = 60
/** Azure's limit for one record set. */
const mostRecords = 20

const plainTypes = ['A', 'AAAA', 'CNAME', 'NS', 'PTR'] as const
const addressTypes: readonly string[] = ['A', 'AAAA', 'CNAME']
const Srv = z.object({ priority: z.number(), weight: z.number(), port: z.number(), target: z.string() })
const Caa = z.object({ flags: z.number(), tag: z.string(), value: z.string() })

/** Pure. Records keep their TTL; of several at one name and type the lowest counts. */
export function translate(
  zone: string,
  all: readonly ZoneRecord[],
  instead: Instead | undefined,
): Translated {
  const replaced = new Set(instead?.names.map(plain))
  const kept = all.filter(
    ({ name, type }) =>
      !(replaced.has(plain(name)) && addressTypes.includes(type)) && !isOwnNs(zone, name, type),
  )
  const left: Left[] = []
  const copied = kept.flatMap((record) => {
    const flat = flattened(zone, record, all)
    if (flat) return flat
    const value = valueOf(record)
    if (typeof value !== 'string') {
      left.push(leftOut(record.type, `${record.name} ${record.type}: ${value.why}`))
      return []
    }
    return [{ name: relative(zone, record.name), type: record.type, value, ttl: ttlOf(record) }]
  })
  const sets = [...grouped(copied), ...ledElsewhere(zone, instead)]
  const alone = withoutNeighboursOfAliases(zone, sets, left)
  return {
    sets: withinLimits(zone, alone, left).toSorted(bySetName),
    left,
    exposed: [...new Set(kept.filter(({ proxied }) => proxied).map(({ name }) => plain(name)))].toSorted(),
  }
}

function leftOut(type: string, text: string): Left {
  return { text, vital: addressTypes.includes(type) || type === 'MX' }
}

/** In one form for comparing: lower case, without a final dot. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** `api` for api.example.com, `@` for the zone's own name. */
function relative(zone: string, name: string): string {
  const full = plain(name)
  return full === zone ? '@' : full.slice(0, -zone.length - 1)
}

/** The other way round. */
export function absolute(zone: string, name: string): string {
  return name === '@' ? zone : `${name}.${zone}`
}

export function bySetName(a: Pick<WantedSet, 'name' | 'type'>, b: Pick<WantedSet, 'name' | 'type'>): number {
  const [one, two] = [`${a.name} ${a.type}`, `${b.name} ${b.type}`]
  if (one === two) return 0
  return one < two ? -1 : 1
}

/** Each provider has name servers of its own at the zone's own name. */
function isOwnNs(zone: string, name: string, type: string): boolean {
  return (type === 'NS' || type === 'SOA') && plain(name) === zone
}

interface Copied {
  readonly name: string
  readonly type: string
  readonly value: string
  readonly ttl: number
}

/**
 * An alias at the zone's own name, which Cloudflare flattens and Azure does not know: the addresses that it leads to
 * inside the zone. Undefined for everything else.
 */
function flattened(
  zone: string,
  record: ZoneRecord,
  all: readonly ZoneRecord[],
): readonly Copied[] | undefined {
  if (record.type !== 'CNAME' || plain(record.name) !== zone) return undefined
  let name = plain(record.content)
  for (let hops = 0; hops < 8; hops += 1) {
    const here = all.filter((one) => plain(one.name) === name)
    const addresses = here.filter(({ type }) => type === 'A' || type === 'AAAA')
    if (addresses.length > 0)
      return addresses.map((one) => ({
        name: '@',
        type: one.type,
        value: plainContent(one.content),
        ttl: ttlOf(one),
      }))
    const alias = here.find(({ type }) => type === 'CNAME')
    if (!alias) return undefined
    name = plain(alias.content)
  }
  return undefined
}

/** The record as text, or why the standby cannot hold it. */
function valueOf(record: ZoneRecord): string | { readonly why: string } {
  const { type, content, priority, data } = record
  const isPlain = plainTypes.some((one) => one === type)
  if (isPlain) return plainContent(content)
  switch (type) {
    case 'TXT':
      return textOf(content)
    case 'MX':
      return `${priority ?? 0} ${plain(content)}`
    case 'SRV': {
      const parts = Srv.safeParse(data)
      if (!parts.success) return { why: 'Cloudflare gave its parts in a form that is not known' }
      const { priority: first, weight, port, target } = parts.data
      return `${first} ${weight} ${port} ${plain(target)}`
    }
    case 'CAA': {
      const parts = Caa.safeParse(data)
      if (!parts.success) return { why: 'Cloudflare gave its parts in a form that is not known' }
      return `${parts.data.flags} ${parts.data.tag} ${JSON.stringify(parts.data.value)}`
    }
    default:
      return { why: `records of type ${type} cannot be copied to Azure DNS` }
  }
}

/** Cloudflare keeps texts in quotes, long ones as several; older ones stand without. */
function textOf(content: string): string {
  if (!content.startsWith('"')) return content
  const parts = [...content.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((match) => match[1] ?? '')
  return parts.join('').replaceAll(/\\(["\\])/g, '$1')
}

function ttlOf({ ttl, proxied }: ZoneRecord): number {
  return proxied || ttl === 1 ? automaticTtl : ttl
}

function grouped(records: readonly Copied[]): readonly WantedSet[] {
  const groups = Map.groupBy(records, ({ name, type }) => `${type} ${name}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const values = [...new Set(group.map(({ value }) => value))].toSorted()
    const ttl = Math.min(...group.map((one) => one.ttl))
    return [{ name: first.name, type: first.type as StandbyType, ttl, values }]
  })
}

function ledElsewhere(zone: string, instead: Instead | undefined): readonly WantedSet[] {
  if (!instead) return []
  const family = isIP(instead.to)
  const type = family === 0 ? 'CNAME' : family === 4 ? 'A' : 'AAAA'
  const names = [...new Set(instead.names.map(plain))]
  return names.map((name) => ({
    name: relative(zone, name),
    type,
    ttl: shortTtl,
    values: [plainContent(instead.to)],
  }))
}

/** Azure has nothing beside an alias, and no alias at the zone's own name. */
function withoutNeighboursOfAliases(
  zone: string,
  sets: readonly WantedSet[],
  left: Left[],
): readonly WantedSet[] {
  const aliases = new Set(sets.filter(({ type }) => type === 'CNAME').map(({ name }) => name))
  return sets.filter(({ name, type, values }) => {
    if (type === 'CNAME' && name === '@') {
      left.push(
        leftOut(type, `${zone} CNAME ${values.join()}: Azure DNS has no alias at the zone's own name`),
      )
      return false
    }
    if (type === 'CNAME' || !aliases.has(name) || name === '@') return true
    left.push(
      leftOut(type, `${absolute(zone, name)} ${type}: Azure DNS has nothing beside the CNAME of that name`),
    )
    return false
  })
}

function withinLimits(zone: string, sets: readonly WantedSet[], left: Left[]): readonly WantedSet[] {
  return sets.filter(({ name, type, values }) => {
    if (values.length <= mostRecords) return true
    const text = `${absolute(zone, name)} ${type}: ${values.length} records, and Azure DNS takes ${mostRecords} at one name`
    left.push(leftOut(type, text))
    return false
  })
}
