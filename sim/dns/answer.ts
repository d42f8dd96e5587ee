// What an authoritative name server answers to one question, from zones held in memory.
import type { Answer, CaaData, DsData, MxData, Question, SrvData } from 'dns-packet'

/**
 * One record as it is served; `ttl` in seconds. Names are lower case, without a final dot. NS records below the zone's
 * own name delegate: what is there and below it is referred to those name servers.
 */
export type ServedRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'; readonly data: string }
  | { readonly type: 'TXT'; readonly data: string[] }
  | { readonly type: 'MX'; readonly data: MxData }
  | { readonly type: 'SRV'; readonly data: SrvData }
  | { readonly type: 'CAA'; readonly data: CaaData }
  | { readonly type: 'DS'; readonly data: DsData }
)

/** A zone as name servers serve it. Whoever holds it may replace `records` at any time and raises `serial` when doing so. */
export interface ServedZone {
  readonly name: string
  /** Host names; a port behind a name (`localhost:5300`) is left out of the NS records. */
  readonly nameServers: readonly string[]
  serial: number
  records: readonly ServedRecord[]
}

/** DNS response codes (RFC 1035 section 4.1.1). */
export const rcode = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, refused: 5 } as const

/** The variable parts of a response: code, AA flag, answer and authority sections. */
export interface Reply {
  readonly rcode: number
  readonly authoritative: boolean
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
}

/** An in-memory zone with its first records. */
export function servedZone(name: string, nameServers: readonly string[]): ServedZone {
  return { name: name.toLowerCase(), nameServers, serial: 1, records: [] }
}

/**
 * Answers like a real authoritative server: REFUSED for names outside its zones, NXDOMAIN and NODATA with
 * the SOA in the authority section, CNAMEs followed inside its own zones, names compared without case.
 */
export function answer(zones: readonly ServedZone[], question: Question): Reply {
  const name = question.name.toLowerCase()
  const zone = zoneOf(zones, name)
  if (!zone) return { rcode: rcode.refused, authoritative: false, answers: [], authorities: [] }
  const referral = referralOf(zone, name, question.type)
  if (referral.length > 0)
    return { rcode: rcode.noError, authoritative: false, answers: [], authorities: referral }
  const answers = collect(zones, question.name, question.type)
  if (answers.length > 0) return { rcode: rcode.noError, authoritative: true, answers, authorities: [] }
  return {
    rcode: exists(zone, name) ? rcode.noError : rcode.nameError,
    authoritative: true,
    answers: [],
    authorities: [soa(zone)],
  }
}

function zoneOf(zones: readonly ServedZone[], name: string): ServedZone | undefined {
  return zones
    .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
    .sort((a, b) => b.name.length - a.name.length)[0]
}

/** The name servers of what was delegated away; the DS of a delegation is the parent's own. */
function referralOf(zone: ServedZone, name: string, type: string): readonly Answer[] {
  const cuts = zone.records.filter(
    (record) =>
      record.type === 'NS' &&
      record.name !== zone.name &&
      (name.endsWith(`.${record.name}`) || (name === record.name && type !== 'DS')),
  )
  return cuts.map((record) => asAnswer(record, record.name))
}

/** `type` and `data` belong together as they came. */
function asAnswer({ type, ttl, data }: ServedRecord, name: string): Answer {
  return { name, type, ttl, class: 'IN', data } as Answer
}

function exists(zone: ServedZone, name: string): boolean {
  if (name === zone.name) return true
  return zone.records.some((record) => record.name === name || record.name.endsWith(`.${name}`))
}

function collect(zones: readonly ServedZone[], asked: string, type: string): readonly Answer[] {
  const answers: Answer[] = []
  let owner = asked
  for (let hops = 0; hops < 8; hops += 1) {
    const here = recordsAt(zones, owner)
    const wanted = here.filter((record) => record.type === type || type === 'ANY')
    if (wanted.length > 0) return [...answers, ...wanted]
    const alias = here.find((record) => record.type === 'CNAME')
    if (alias?.type !== 'CNAME') return answers
    answers.push(alias)
    owner = alias.data
  }
  return answers
}

function recordsAt(zones: readonly ServedZone[], owner: string): readonly Answer[] {
  const name = owner.toLowerCase()
  const zone = zoneOf(zones, name)
  if (!zone) return []
  const own = zone.records.filter((record) => record.name === name).map((record) => asAnswer(record, owner))
  return name === zone.name ? [...own, ...nameServersOf(zone), soa(zone)] : own
}

function nameServersOf(zone: ServedZone): readonly Answer[] {
  return zone.nameServers.map((server) => ({
    name: zone.name,
    type: 'NS',
    ttl: 86_400,
    class: 'IN',
    data: hostOf(server),
  }))
}

function soa(zone: ServedZone): Answer {
  const data = {
    mname: hostOf(zone.nameServers[0] ?? 'localhost'),
    rname: `dns.${zone.name}`,
    serial: zone.serial,
    refresh: 10_000,
    retry: 2_400,
    expire: 604_800,
    minimum: 60,
  }
  return { name: zone.name, type: 'SOA', ttl: 60, class: 'IN', data }
}

function hostOf(server: string): string {
  return server.replace(/:\d+$/, '')
}
