// Chats from which nothing comes in, for answers.
import type { Line } from '../message.ts'
import type { Store } from '../ports.ts'
import { readShutDoors } from '../incident/chat-doors.ts'
import { chatName } from '../incident/elsewhere.ts'
import { moment } from './answer.ts'

/** A line for each chat in which nobody can press or type anything now, with what to do about it. */
export async function doorLines(store: Pick<Store, 'setting'>): Promise<readonly Line[]> {
  return (await readShutDoors(store)).map(({ chat, since, why }) => [
    `Buttons and commands in ${chatName(chat)} do not arrive, since `,
    moment(since),
    `: ${why}`,
  ])
}
