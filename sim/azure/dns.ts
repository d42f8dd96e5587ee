// Azure DNS of the simulated subscription: zones and record sets with etags, served over real DNS as soon as they change.
import type { ServedZone } from '../dns/answer.ts'
import { ArmError, resourceNotFound, type ArmAnswer } from './envelope.ts'
import { readSet, refuseBesideAlias, servedOf, setTypes } from './record-sets.ts'
import type { RecordSetState, SetProperties, SetType } from './record-sets.ts'
import type { ArmContext, ArmRoute } from './routes.ts'

/** A zone as it is at its start: empty, but for what every zone has. */
export interface DnsZoneInput {
  readonly group: string
  /** The zone of the DNS server that serves it; its name servers are Azure's. */
  readonly served: ServedZone
}

export interface DnsZones {
  readonly routes: readonly ArmRoute[]
  readonly sets: (zone: string) => readonly RecordSetState[]
  /** Changes a record set behind the bot's back, as a person in the portal does; undefined removes it. */
  readonly edit: (zone: string, name: string, type: SetType, properties: SetProperties | undefined) => void
}

interface DnsZone {
  readonly group: string
  readonly served: ServedZone
  sets: readonly RecordSetState[]
  turn: number
}

interface State {
  readonly all: readonly DnsZone[]
  readonly subscription: string
  readonly url: () => string
}

const type = 'Microsoft.Network/dnsZones'
const path = `${type}/{zone}`
const apiVersions = ['2018-05-01', '2023-07-01-preview']
const pageSize = 100
const mostRecords = 20

/** The zones, and what can be asked of them. */
export function createDnsZones(
  inputs: readonly DnsZoneInput[],
  { subscription, url }: { readonly subscription: string; readonly url: () => string },
): DnsZones {
  const all = inputs.map((input): DnsZone => ({ ...input, sets: [], turn: 0 }))
  const state: State = { all, subscription, url }
  const named = (name: string): DnsZone => {
    const zone = all.find(({ served }) => served.name === name)
    if (!zone) throw new Error(`the simulator has no zone ${name} at Azure`)
    return zone
  }
  return {
    sets: (zone) => named(zone).sets,
    edit: (zone, name, setType, properties) => {
      const found = named(zone)
      put(found, name, setType, properties)
    },
    routes: [
      {
        method: 'GET',
        path,
        action: `${type}/read`,
        apiVersions,
        answer: (context) => ({ status: 200, body: zoneBody(state, demand(state, context)) }),
      },
      {
        method: 'GET',
        path: `${path}/all`,
        action: `${type}/all/read`,
        apiVersions,
        answer: (context) => list(state, context),
      },
      ...setTypes.flatMap((one) => routesOf(state, one)),
      refusedForSoa('PUT'),
      refusedForSoa('DELETE'),
    ],
  }
}

function routesOf(state: State, setType: SetType): readonly ArmRoute[] {
  const own = { path: `${path}/${setType}/{name}`, apiVersions }
  const action = `${type}/${setType}`
  return [
    {
      ...own,
      method: 'GET',
      action: `${action}/read`,
      answer: (context) => {
        const zone = demand(state, context)
        const found = find(zone, nameOf(context), setType)
        if (!found) throw new ArmError(404, 'NotFound', notThere(context, setType))
        return { status: 200, body: setBody(state, zone, found) }
      },
    },
    {
      ...own,
      method: 'PUT',
      action: `${action}/write`,
      answer: (context) => write(state, setType, context),
    },
    {
      ...own,
      method: 'DELETE',
      action: `${action}/delete`,
      answer: (context) => remove(state, setType, context),
    },
  ]
}

function refusedForSoa(method: 'PUT' | 'DELETE'): ArmRoute {
  return {
    method,
    path: `${path}/SOA/{name}`,
    action: `${type}/SOA/write`,
    apiVersions,
    answer: () => {
      throw new ArmError(400, 'BadRequest', 'Record sets of type SOA cannot be created or deleted.')
    },
  }
}

function demand({ all }: State, { group, params }: ArmContext): DnsZone {
  const name = (params['zone'] ?? '').toLowerCase()
  const found = all.find((one) => one.served.name === name && one.group.toLowerCase() === group.toLowerCase())
  if (found) return found
  throw resourceNotFound('Microsoft.Network/dnszones', params['zone'] ?? '', group)
}

function nameOf({ params }: ArmContext): string {
  return (params['name'] ?? '').toLowerCase()
}

function notThere(context: ArmContext, setType: SetType): string {
  return `The resource record '${nameOf(context)}' of type '${setType}' does not exist in resource group '${context.group}' of subscription.`
}

function find({ sets }: DnsZone, name: string, setType: SetType): RecordSetState | undefined {
  return sets.find((one) => one.name === name && one.type === setType)
}

function write(state: State, setType: SetType, context: ArmContext): ArmAnswer {
  const zone = demand(state, context)
  const name = nameOf(context)
  const before = find(zone, name, setType)
  refuseOnCondition(before, context)
  if (setType === 'NS' && name === '@')
    throw new ArmError(400, 'BadRequest', "The NS record set at '@' must hold Azure's own name servers.")
  const properties = readSet(name, setType, context.body)
  refuseBesideAlias({ name, type: setType }, zone.sets)
  const after = put(zone, name, setType, properties)
  if (!after) throw new Error('a record set that was put is there')
  return { status: before ? 200 : 201, body: setBody(state, zone, after) }
}

function remove(state: State, setType: SetType, context: ArmContext): ArmAnswer {
  const zone = demand(state, context)
  const name = nameOf(context)
  const before = find(zone, name, setType)
  if (!before) return { status: 204, body: undefined }
  refuseOnCondition(before, context)
  put(zone, name, setType, undefined)
  return { status: 200, body: undefined }
}

function refuseOnCondition(before: RecordSetState | undefined, { conditions }: ArmContext): void {
  const { ifMatch, ifNoneMatch } = conditions
  if (ifNoneMatch === '*' && before)
    throw new ArmError(
      412,
      'PreconditionFailed',
      "The record set already exists and cannot be created again with the If-None-Match header '*'.",
    )
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== before?.etag)
    throw new ArmError(
      412,
      'PreconditionFailed',
      `The condition '${ifMatch}' in the If-Match header was not satisfied. The current was '${before?.etag ?? 'none'}'.`,
    )
}

/** The new table, on the name servers at once. */
function put(
  zone: DnsZone,
  name: string,
  setType: SetType,
  properties: SetProperties | undefined,
): RecordSetState | undefined {
  zone.turn += 1
  const etag = `00000000-0000-0000-0000-${String(zone.turn).padStart(12, '0')}`
  const after = properties && { name, type: setType, etag, properties }
  const others = zone.sets.filter((one) => one.name !== name || one.type !== setType)
  zone.sets = after ? [...others, after] : others
  zone.served.records = zone.sets.flatMap((one) => servedOf(zone.served.name, one))
  zone.served.serial += 1
  return after
}

/** With SOA and NS of the zone itself first, in pages of at most 100, as Azure has it. */
function list(state: State, context: ArmContext): ArmAnswer {
  const zone = demand(state, context)
  const all = [...ownSets(state, zone), ...zone.sets.map((one) => setBody(state, zone, one))]
  const top = Math.min(pageSize, Number(context.query.get('$top') ?? pageSize))
  const from = Number(context.query.get('$skiptoken') ?? 0)
  const next = from + top
  const query = `api-version=${context.query.get('api-version') ?? ''}&$top=${top}&$skiptoken=${next}`
  const link = next < all.length ? { nextLink: `${state.url()}${context.id}?${query}` } : {}
  return { status: 200, body: { value: all.slice(from, next), ...link } }
}

function ownSets(state: State, zone: DnsZone): readonly object[] {
  const { nameServers } = zone.served
  const soa = {
    host: `${nameServers[0] ?? ''}.`,
    email: 'azuredns-hostmaster.microsoft.com',
    serialNumber: 1,
  }
  return [
    bodyOf(
      state,
      zone,
      { name: '@', type: 'NS', etag: 'own' },
      {
        TTL: 172_800,
        NSRecords: nameServers.map((server) => ({ nsdname: `${server}.` })),
      },
    ),
    bodyOf(state, zone, { name: '@', type: 'SOA', etag: 'own' }, { TTL: 3_600, SOARecord: soa }),
  ]
}

function setBody(state: State, zone: DnsZone, set: RecordSetState): object {
  return bodyOf(state, zone, set, set.properties)
}

function bodyOf(
  state: State,
  zone: DnsZone,
  { name, type: setType, etag }: { readonly name: string; readonly type: string; readonly etag: string },
  properties: object,
): object {
  const fqdn = name === '@' ? `${zone.served.name}.` : `${name}.${zone.served.name}.`
  return {
    id: `${idOf(state, zone)}/${setType}/${name}`,
    name,
    type: `Microsoft.Network/dnszones/${setType}`,
    etag,
    properties: { ...properties, fqdn, provisioningState: 'Succeeded', targetResource: {} },
  }
}

function zoneBody(state: State, zone: DnsZone): object {
  return {
    id: idOf(state, zone),
    name: zone.served.name,
    type: 'Microsoft.Network/dnszones',
    location: 'global',
    etag: `zone-${zone.turn}`,
    properties: {
      maxNumberOfRecordSets: 10_000,
      maxNumberOfRecordsPerRecordSet: mostRecords,
      numberOfRecordSets: zone.sets.length + 2,
      nameServers: zone.served.nameServers.map((server) => `${server}.`),
      zoneType: 'Public',
    },
  }
}

function idOf({ subscription }: State, zone: DnsZone): string {
  return `/subscriptions/${subscription}/resourceGroups/${zone.group}/providers/Microsoft.Network/dnszones/${zone.served.name}`
}
