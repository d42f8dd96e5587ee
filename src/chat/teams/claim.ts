// A channel in Teams for an incident: made through Graph under its name, or recognised as the one made before a crash.
import { z } from 'zod'
import type { Incident } from '../../incident/incident.ts'
import type { Log } from '../../ports.ts'
import { claimRoom, purposeOf } from '../claim.ts'
import type { Claimed } from '../claim.ts'
import type { CallOptions } from '../lanes.ts'
import type { Room } from '../record.ts'
import { nameTaken, shaped } from './api-errors.ts'
import { TeamsRefusal } from './api.ts'
import type { TeamsApi } from './api.ts'

export interface ClaimDeps {
  readonly api: Pick<TeamsApi, 'graph'>
  readonly teamId: string
  /** The plan's time zone: the day in a channel's name is that of its people. */
  readonly zone: () => string
  readonly log: Log
  /** Told when the name with this number belongs to others. */
  readonly taken: (incident: Incident, number: number) => Promise<void>
}

const Channel = z.object({ id: z.string(), displayName: z.string() })
const Listed = z.object({
  value: z.array(Channel.extend({ description: z.string().nullish(), isArchived: z.boolean().nullish() })),
})

/** Makes a channel under the first name that can be had, from `first` on, or recognises its own under that name. */
export function claimChannel(
  deps: ClaimDeps,
  incident: Incident,
  first: number,
  options: CallOptions,
): Promise<Claimed> {
  const ways = {
    zone: deps.zone(),
    first,
    create: (name: string) => create(deps, { name, incident }, options),
    own: (name: string) => own(deps, { name, incident }, options),
    taken: (number: number) => deps.taken(incident, number),
    log: deps.log,
  }
  return claimRoom(ways, incident)
}

interface Wanted {
  readonly name: string
  readonly incident: Incident
}

/** Its description comes with it, so that a crash leaves no channel that nobody knows. */
async function create(
  { api, teamId }: ClaimDeps,
  { name, incident }: Wanted,
  options: CallOptions,
): Promise<Room | undefined> {
  const body = { displayName: name, description: purposeOf(incident), membershipType: 'standard' }
  try {
    const answer = await api.graph('POST', `teams/${teamId}/channels`, body, options)
    const { id, displayName } = shaped(Channel, answer, 'a new channel')
    return { id, name: displayName }
  } catch (thrown) {
    if (thrown instanceof TeamsRefusal && (thrown.reason === nameTaken || thrown.status === 409))
      return undefined
    throw thrown
  }
}

/** A channel that was made for this incident and never recorded. */
async function own(
  { api, teamId }: ClaimDeps,
  { name, incident }: Wanted,
  options: CallOptions,
): Promise<Room | undefined> {
  const query = new URLSearchParams({ $filter: `displayName eq '${name}'` })
  const path = `teams/${teamId}/channels?${query}`
  const { value } = shaped(Listed, await api.graph('GET', path, undefined, options), 'the channels')
  const found = value.find(
    (each) =>
      each.displayName === name && each.description === purposeOf(incident) && each.isArchived !== true,
  )
  return found && { id: found.id, name }
}
