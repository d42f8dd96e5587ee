// A room for an incident by its name: made, or recognised as the one that was made before a crash.
import { UserError } from '../errors.ts'
import type { Incident } from '../incident/incident.ts'
import type { Log } from '../ports.ts'
import type { Room } from './record.ts'

type Named = Pick<Incident, 'id' | 'system' | 'openedAt'>

/** A room, and the number that its name has. */
export interface Claimed {
  readonly room: Room
  readonly number: number
}

export interface ClaimWays {
  /** The plan's time zone: the day in a room's name is that of its people. */
  readonly zone: string
  /** The number with which names begin. */
  readonly first: number
  /** Undefined when the name is taken. */
  readonly create: (name: string) => Promise<Room | undefined>
  /** The room of that name, when it was made for this incident and never recorded. */
  readonly own: (name: string) => Promise<Room | undefined>
  /** Told when the name with this number belongs to others. */
  readonly taken: (number: number) => Promise<void>
  readonly log: Log
}

/** How many names are tried; somebody who takes them all does so on purpose. */
const mostNames = 20

/** Makes a room under the first name that can be had, or recognises its own under that name. */
export async function claimRoom(ways: ClaimWays, incident: Named): Promise<Claimed> {
  const { first, zone } = ways
  for (let number = first; number < first + mostNames; number += 1) {
    const name = roomName(incident, zone, number)
    const room = (await ways.create(name)) ?? (await ways.own(name))
    if (room) return { room, number }
    ways.log.info('a channel of that name is there already and is not ours', { name })
    await ways.taken(number)
  }
  throw new UserError(
    'room-names-taken',
    `${mostNames} channels are named like ${roomName(incident, zone, first)}, and they are not the bot's. Rename them`,
  )
}

/** `inc-12-lb-20261123`, with `-2`, `-3`, ... where that one cannot be had. */
function roomName(incident: Named, zone: string, number: number): string {
  const opened = Temporal.Instant.fromEpochMilliseconds(incident.openedAt).toZonedDateTimeISO(zone)
  const day = opened.toPlainDate().toString().replaceAll('-', '')
  const name = `${incident.id.toLowerCase()}-${incident.system}-${day}`
  return number === 1 ? name : `${name}-${number}`
}

/** What the room is for; so exact that the room of another bot, or of other days, is never taken for this one. */
export function purposeOf(incident: Named): string {
  const opened = Temporal.Instant.fromEpochMilliseconds(incident.openedAt).toString()
  return `${incident.id}, outage of ${incident.system}, opened ${opened} by the DR bot`
}
