// Looks at intervals whether the chats answer, and lets every open incident know what is new.
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import type { ChatState, Clock, Store } from '../ports.ts'
import { chatNews } from './chat-away.ts'
import type { Incidents } from './input.ts'

export interface ChatWatchDeps {
  readonly store: Pick<Store, 'incidents'>
  readonly incidents: Pick<Incidents, 'input'>
  /** The chats, as this process knows them. */
  readonly states: () => readonly ChatState[]
  readonly clock: Pick<Clock, 'now'>
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

async function look({ store, incidents, states, clock }: ChatWatchDeps): Promise<void> {
  const chats = states()
  if (chats.length === 0) return
  for (const incident of await store.incidents({ open: true, limit: most }))
    for (const state of chats) {
      const news = chatNews(incident, state, clock.now())
      if (news) await incidents.input(incident.id, news)
    }
}
