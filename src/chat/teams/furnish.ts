// Parts of a room in Teams, and how Teams' refusals bear on them.
import { RetryableError } from '../../errors.ts'
import { doPartOf } from '../parts.ts'
import type { Left, Manners, Part, PartDeps, Site } from '../parts.ts'
import { TeamsSilence } from './api.ts'
import { isLost } from './rooms.ts'

const manners: Manners = {
  service: 'Teams',
  isLost,
  unsure: (thrown) => !(thrown instanceof RetryableError) || thrown instanceof TeamsSilence,
}

/** Does a part of a room in Teams unless it is done, or was refused as it is wanted now. Throws when the room is lost. */
export function doPart(deps: PartDeps, site: Site, part: Part): Promise<readonly Left[]> {
  return doPartOf(manners, deps, site, part)
}
