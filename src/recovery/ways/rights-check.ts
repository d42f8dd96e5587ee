// Whether the bot has at Azure all rights that a recovery needs, those to change too: as Azure lists them, and by looking.
import type { Recovery } from '../../drplan/schema.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import type { Context } from '../draft.ts'
import { azureRights, lacking, listRight } from '../rights.ts'
import type { Need } from '../rights.ts'
import type { SqlPlace } from '../sql-action.ts'
import { failedCheck } from './draft-check.ts'
import { azureWayOf, placesOf } from './rights-places.ts'
import type { RightsPlace } from './rights-places.ts'
import type { Checked } from './way.ts'
import { together } from '../../together.ts'

/** Errors of everything that is asked of Azure: they are said once. */
const ofAll = ['azure-subscription', 'azure-credential']

/** The rights first, then what else is looked at. */
export async function checkAtAzure(
  context: Context,
  recovery: Recovery,
  rest: () => Promise<readonly Checked[]>,
  partner?: SqlPlace,
): Promise<readonly Checked[]> {
  return [...(await checkRights(context, recovery, partner)), ...(await rest())]
}

async function checkRights(
  context: Context,
  recovery: Recovery,
  partner: SqlPlace | undefined,
): Promise<readonly Checked[]> {
  const way = azureWayOf(recovery)
  if (way === undefined) return []
  const needs: readonly Need[] = azureRights[way]
  const places = placesOf(recovery, partner)
  const byPlace = Map.groupBy(needs, ({ on }) => on)
  const listed = [...byPlace].flatMap(([on, here]) => {
    const place = places[on]
    return place === undefined ? [] : [checkPlace(context, place, here)]
  })
  const seen = await together([...listed, ...queuesOf(recovery).map((one) => checkQueues(context, one))])
  return seen.flat()
}

async function checkPlace(
  { calls }: Context,
  place: RightsPlace,
  needs: readonly Need[],
): Promise<readonly Checked[]> {
  const { resourceGroup, resource } = place.scope
  const name = [resourceGroup, ...(resource === undefined ? [] : namesIn(resource))].join('/')
  const what = `rights on ${name}`
  try {
    const grants = await calls.readers.rights.granted(place.scope, calls.limit())
    const lacks = needs.flatMap((need) => lackText(name, need, lacking(need, grants)))
    if (lacks.length > 0) return [{ what, ok: false, text: [...lacks, ...hintOf(place)].join(' ') }]
    const count = needs.flatMap(({ actions, dataActions = [] }) => [...actions, ...dataActions]).length
    return [
      {
        what,
        ok: true,
        text: `has ${count === 1 ? 'the one that is' : `all ${count} that are`} needed there`,
      },
    ]
  } catch (thrown) {
    if (thrown instanceof UserError && ofAll.includes(thrown.code)) throw thrown
    return [{ what, ok: false, text: ['not seen.', unseenText(thrown), ...hintOf(place)].join(' ') }]
  }
}

/** Without types: `vault/secret` of `Microsoft.KeyVault/vaults/vault/secrets/secret`. */
function namesIn(resource: string): readonly string[] {
  return resource.split('/').filter((_part, index) => index > 0 && index % 2 === 0)
}

function hintOf({ hint }: RightsPlace): readonly string[] {
  return hint === undefined ? [] : [hint]
}

function lackText(
  name: string,
  { role, given = 'there' }: Need,
  { missing, unsure }: ReturnType<typeof lacking>,
): readonly string[] {
  return [
    ...(missing.length === 0
      ? []
      : [
          `${rightsText(missing)} missing on ${name}. Give the bot's identity the role ${role} ${given}; it takes some minutes to come into force.`,
        ]),
    ...(unsure.length === 0
      ? []
      : [
          `${rightsText(unsure)} given on ${name} under a condition, which the bot cannot judge. Give the role ${role} ${given} without one.`,
        ]),
  ]
}

function rightsText(rights: readonly string[]): string {
  const [last = '', ...rest] = rights.toReversed()
  if (rest.length === 0) return `The right ${last} is`
  return `The rights ${rest.toReversed().join(', ')} and ${last} are`
}

function unseenText(thrown: unknown): string {
  if (thrown instanceof RetryableError) return `${reasonOf(thrown)} Look again in a few minutes.`
  if (!(thrown instanceof UserError)) return failedCheck(thrown).text
  // Azure itself names it as a rule; without it nothing else can be said of rights.
  const named = thrown.code !== 'azure-rights' || thrown.message.includes(listRight)
  return named ? thrown.message : `${thrown.message} The list needs the right ${listRight}.`
}

interface Queues {
  readonly account: string
  readonly names: readonly string[]
}

/** Of every account of the recovery; where its block names no queues none is looked at. */
function queuesOf({ azure_storage: storage, scale_set: pool }: Recovery): readonly Queues[] {
  const names = storage?.queues ?? pool?.queues ?? []
  if (names.length === 0) return []
  const accounts = [storage?.account, storage?.to_account, pool?.account]
  return accounts.flatMap((account) => (account === undefined ? [] : [{ account, names }]))
}

/**
 * Both rights to a queue are used by looking at it, wherever its account is. An account that does not answer is what
 * the recovery may be for: whether it is in the way is found by the proposal.
 */
async function checkQueues({ calls }: Context, { account, names }: Queues): Promise<readonly Checked[]> {
  const what = `queues of ${account}`
  try {
    await calls.readers.storage.queues(account, names, calls.limit())
    return [{ what, ok: true, text: 'may be looked at' }]
  } catch (thrown) {
    if (!(thrown instanceof UserError)) return []
    return thrown.code === 'azure-rights' ? [{ what, ok: false, text: thrown.message }] : []
  }
}
