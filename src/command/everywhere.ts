// What concerns every outage that is going on: it belongs into the record and the room of each.
import { optional } from './read.ts'
import type { Speaker } from './command.ts'
import type { Desk } from './desk.ts'

/** Notes it in every open incident. Where it was typed the answer is read by all, and need not be said again. */
export async function noteEverywhere(desk: Desk, speaker: Speaker, text: string): Promise<void> {
  const { person, door } = speaker
  const open = await desk.store.incidents({ open: true, limit: 100 })
  await Promise.all(
    open.map(({ id }) => {
      const heard = optional('heardIn', speaker.incident === id ? door : undefined)
      return desk.incidents.input(id, { kind: 'note', by: { person, door }, text, general: true, ...heard })
    }),
  )
}
