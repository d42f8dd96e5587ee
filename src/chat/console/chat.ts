// The console as a chat: an incident's room is its page, which draws its card and record from the store by itself.
import type { Changes, Chat } from '../../ports.ts'

/** Nothing is sent and nothing is kept: what is told is only that open pages should look again. */
export function createConsoleChat(deps: { readonly publicUrl: string; readonly changes: Changes }): Chat {
  return {
    name: 'console',
    openRoom: async (incident) => ({ link: new URL(`/incidents/${incident.id}`, deps.publicUrl).href }),
    showRoom: async (incident) => {
      deps.changes.tell(incident.id)
      return { left: [], again: false }
    },
    showRun: async (run) => deps.changes.tell(run.id),
    // Its pages show what is true by themselves.
    announce: async () => {},
    closeRoom: async () => {},
    say: async (incident) => deps.changes.tell(incident.id),
  }
}
