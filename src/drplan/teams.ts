// What a DR plan says about Microsoft Teams: where an incident's room is, and where outages are announced.
import { z } from 'zod'
import { matching } from './values.ts'

/** An Entra object id. */
export const objectId = matching(
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'an Entra object id such as "00000000-0000-0000-0000-000000000001"',
)

/** Everything about Teams that belongs to no person. */
export const TeamsOptions = z.strictObject(
  {
    /** Each incident has a channel of its own, or a thread in the bot's channel. */
    rooms: z.enum(['threads', 'channels'], { error: 'one of: threads, channels' }).prefault('threads'),
    /** The channel of the same team in which each new incident is announced; absent: none. */
    announce: matching(
      /^19:[\w.-]{1,200}@thread\.(?:tacv2|skype)$/,
      'a Teams channel id such as "19:abc@thread.tacv2" (in the channel\'s link, with %3A as : and %40 as @)',
    ).exactOptional(),
  },
  { error: 'such as {rooms: channels, announce: "19:abc@thread.tacv2"}, or leave "teams" out' },
)
