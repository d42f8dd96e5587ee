// The console as a pager: whoever is being paged and has a page open sees a banner with the button that stops it.
import type { Changes, Pager } from '../../ports.ts'

/** Who is paged is in the incident, so that a page that is opened later shows the banner too. */
export function createConsolePager(deps: { readonly changes: Changes }): Pager {
  return {
    channel: 'chat',
    send: async (_person, _to, message) => deps.changes.tell(message.incident),
  }
}
