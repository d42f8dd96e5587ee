// Looks at intervals whether the chats answer and commands come in from them, and lets people know what is new.
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import type { ChatState, Store } from '../ports.ts'
import { chatNews } from './chat-away.ts'
import { lookAtDoors } from './chat-doors.ts'
import type { ChatDoorsDeps } from './chat-doors.ts'

export interface ChatWatchDeps extends ChatDoorsDeps {
  readonly store: ChatDoorsDeps['store'] & Pick<Store, 'incidents'>
  /** The chats, as this process knows them. */
  readonly states: () => readonly ChatState[]
}

/** More incidents than there are systems cannot be open. */
const most = 100

/** `run` looks once, `every` so many real milliseconds. What several processes see is told once: the incident decides. */
export function createChatWatch(deps: ChatWatchDeps): {
  readonly every: Duration
  readonly run: () => Promise<void>
} {
  return { every: 5 * second, run: () => look(deps) }
}

async function look(deps: ChatWatchDeps): Promise<void> {
  const { store, incidents, clock } = deps
  const chats = deps.states()
  const open = await store.incidents({ open: true, limit: most })
  for (const incident of open)
    for (const state of chats) {
      const news = chatNews(incident, state, clock.now())
      if (news) await incidents.input(incident.id, news)
    }
  await lookAtDoors(deps, chats, open)
}
