// The standby zone at Azure DNS: reads it, and makes, changes and removes single record sets, each only as it was seen.
import type { DnsManagementClient } from '@azure/arm-dns'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import type { Facts, Progress, Provider } from '../../ports.ts'
import type { StandbyDnsReader, StandbySet, StandbyZone } from '../../readers.ts'
import type { StandbyChange, StandbyDnsAction } from '../../recovery/standby-action.ts'
import { contentText, isEqual } from '../../recovery/standby/compare.ts'
import { absolute } from '../../recovery/standby/translate.ts'
import { contentIn } from '../../recovery/kinds/standby-dns.ts'
import type { Azure } from '../azure/azure.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { fromAzure, toAzure } from './record-sets.ts'
import { lazily } from '../lazily.ts'
import { plainName } from '../../recovery/record-content.ts'
import { together } from '../../together.ts'

type Place = Pick<StandbyDnsAction, 'resourceGroup' | 'zone'>
type Load = () => Promise<DnsManagementClient>

/** Requests at the same time: Azure takes 40 changes of a zone in a second or so. */
const atOnce = 5

/** Opens nothing yet; the SDK is loaded at the first call. All failures are UserError or RetryableError. */
export function createAzureDns(azure: Azure): Provider<'standby-dns'> & StandbyDnsReader {
  const load = clientOf(azure)
  const look = async (action: StandbyDnsAction, signal: AbortSignal): Promise<Facts> =>
    factsOf(action, await readZone(azure, await load(), action, signal))
  return {
    zone: async (place, signal) => readZone(azure, await load(), place, signal),
    observe: look,
    start: async (action, key, signal) => {
      await apply(azure, await load(), action, signal)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => progressOf(action, await look(action, signal)),
    settled,
  }
}

function clientOf(azure: Azure): Load {
  return lazily(async () => {
    const { credential, subscription, options } = await azure.arm()
    const { DnsManagementClient } = await import('@azure/arm-dns')
    return new DnsManagementClient(credential, subscription, options)
  })
}

function purposeOf({ resourceGroup, zone }: Place, doing: string, changes: boolean): AzurePurpose {
  return {
    doing,
    role: `DNS Zone Contributor on ${resourceGroup}/${zone}`,
    names: '"resource_group" and "zone" of the recovery',
    changes,
  }
}

async function readZone(
  azure: Azure,
  client: DnsManagementClient,
  place: Place,
  signal: AbortSignal,
): Promise<StandbyZone> {
  const { resourceGroup, zone } = place
  const purpose = purposeOf(place, `read the zone ${zone} at Azure DNS`, false)
  const [seen, sets] = await together([
    azure.call(purpose, signal, (abortSignal) => client.zones.get(resourceGroup, zone, { abortSignal })),
    azure.call(purpose, signal, (abortSignal) => listSets(client, place, abortSignal)),
  ])
  const nameServers = (seen.nameServers ?? []).map(plainName).toSorted()
  // The SDK makes an empty zone of whatever it was answered with; every real one has name servers and its SOA.
  if (nameServers.length === 0 || !sets.some(({ type }) => type?.endsWith('/SOA') === true))
    throw new RetryableError(
      `Azure could not ${purpose.doing}: it answered with something that is not of its API's form.`,
    )
  return { nameServers, sets: sets.flatMap((set) => fromAzure(set) ?? []) }
}

async function listSets(
  client: DnsManagementClient,
  { resourceGroup, zone }: Place,
  abortSignal: AbortSignal,
): Promise<Parameters<typeof fromAzure>[0][]> {
  return Array.fromAsync(client.recordSets.listAllByDnsZone(resourceGroup, zone, { abortSignal }))
}

function factsOf({ changes }: StandbyDnsAction, { sets }: StandbyZone): Facts {
  return {
    sets: changes.map(({ name, type }) => {
      const found = foundIn(sets, { name, type })
      return { name, type, content: found ? { ttl: found.ttl, values: found.values } : null }
    }),
  }
}

function foundIn(
  sets: readonly StandbySet[],
  { name, type }: Pick<StandbyChange, 'name' | 'type'>,
): StandbySet | undefined {
  return sets.find((one) => one.name === name && one.type === type)
}

/**
 * Looks first: what is after already is not sent again, and what is neither before nor after stops it. Each request
 * carries the etag that was seen, so that nobody's change in between is overwritten. Removals go first.
 */
async function apply(
  azure: Azure,
  client: DnsManagementClient,
  action: StandbyDnsAction,
  signal: AbortSignal,
): Promise<void> {
  const { sets } = await readZone(azure, client, action, signal)
  const due = action.changes.filter(({ after, ...of }) => !isEqual(foundIn(sets, of), after))
  const moved = due.find(({ before, ...of }) => !isEqual(foundIn(sets, of), before))
  if (moved) throw changedBySomebody(action, moved, foundIn(sets, moved))
  let sent = 0
  const send = async (change: StandbyChange): Promise<void> => {
    await sendOne(azure, client, { action, change, etag: foundIn(sets, change)?.etag }, signal)
    sent += 1
  }
  const removals = due.filter(({ after }) => after === undefined)
  const rest = due.filter(({ after }) => after !== undefined)
  try {
    await inTurns(removals, send)
    await inTurns(rest, send)
  } catch (thrown) {
    if (!(thrown instanceof UserError) || sent === 0) throw thrown
    throw new UserError(
      thrown.code,
      `${reasonOf(thrown)} That is true of this record set; ${sent} of ${due.length} were set.`,
    )
  }
}

function changedBySomebody(
  { zone }: Place,
  { name, type, before }: StandbyChange,
  found: StandbySet | undefined,
): UserError {
  return new UserError(
    'standby-changed',
    `${absolute(zone, name)} ${type} at the standby is ${contentText(found)}, and was ${contentText(before)}: somebody has changed it since it was shown. Nothing was changed. Propose the recovery again.`,
  )
}

/**
 * Some at a time. A record set that Azure refuses does not keep the others from being set; every other failure ends it,
 * after what is under way has come back. The first failure is thrown.
 */
async function inTurns(
  changes: readonly StandbyChange[],
  send: (change: StandbyChange) => Promise<void>,
): Promise<void> {
  const refused: unknown[] = []
  for (let from = 0; from < changes.length; from += atOnce) {
    const results = await Promise.allSettled(changes.slice(from, from + atOnce).map(send))
    const reasons: unknown[] = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    )
    refused.push(...reasons.filter(isRefused))
    const [other] = reasons.filter((reason) => !isRefused(reason))
    if (other !== undefined) throw other
  }
  if (refused.length > 0) throw refused[0]
}

function isRefused(thrown: unknown): boolean {
  return thrown instanceof UserError && thrown.code === 'azure-refused'
}

interface Sending {
  readonly action: StandbyDnsAction
  readonly change: StandbyChange
  readonly etag: string | undefined
}

async function sendOne(
  azure: Azure,
  client: DnsManagementClient,
  { action, change, etag }: Sending,
  signal: AbortSignal,
): Promise<void> {
  const { resourceGroup, zone } = action
  const { name, type, after } = change
  const record = `${absolute(zone, name)} ${type}`
  const condition = etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag }
  await azure.call(
    purposeOf(action, `${after ? 'set' : 'remove'} ${record} at Azure DNS`, true),
    signal,
    async (abortSignal) => {
      const options = { ...condition, abortSignal }
      const { recordSets } = client
      if (after)
        await recordSets.createOrUpdate(resourceGroup, zone, name, type, toAzure(type, after), options)
      else await recordSets.delete(resourceGroup, zone, name, type, options)
    },
  )
}

/**
 * done: each record set is as after. unclear: one is neither as before nor as after. Anything in between goes on with
 * what is still missing.
 */
function settled({ changes }: StandbyDnsAction, facts: Facts): 'done' | 'not-done' | 'unclear' {
  const rest = changes.filter(({ name, type, after }) => !isEqual(contentIn(facts, name, type), after))
  if (rest.length === 0) return 'done'
  const known = rest.every(({ name, type, before }) => isEqual(contentIn(facts, name, type), before))
  return known ? 'not-done' : 'unclear'
}

function progressOf(action: StandbyDnsAction, facts: Facts): Progress {
  if (settled(action, facts) === 'done') {
    const count = action.changes.length
    return { state: 'done', note: `Azure DNS has ${count === 1 ? 'it' : `all ${count} record sets`}` }
  }
  const wrong = action.changes
    .filter(({ name, type, after }) => !isEqual(contentIn(facts, name, type), after))
    .map(
      ({ name, type, after }) =>
        `${absolute(action.zone, name)} ${type} is ${contentText(contentIn(facts, name, type))} instead of ${contentText(after)}`,
    )
  return {
    state: 'failed',
    reason: `Read back from Azure DNS: ${wrong.join('; ')}.`,
    advice: `Look at who changed the zone ${action.zone} in Azure's activity log, then propose the recovery again.`,
  }
}
