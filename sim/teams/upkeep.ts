// What the owners of the team do by themselves, of which Teams tells the bot nothing: channels, messages, members.
import type { TeamsChannel, Tenant } from './state.ts'
import { messageOf, person, rootOf } from './state.ts'

/** Channels are given by id. A name that there is not is a mistake of the test. */
export interface Upkeep {
  /** Makes a channel; answers its id. */
  readonly makeChannel: (name: string, description?: string) => string
  readonly archive: (channel: string) => void
  readonly unarchive: (channel: string) => void
  readonly deleteChannel: (channel: string) => void
  /** Deletes what anybody has written. */
  readonly deleteMessage: (id: string) => void
  /** Somebody sends a message on into a channel or thread: it stands there in their name, card and all. */
  readonly forward: (user: string, message: string, to: string) => void
  /** Takes somebody out of the team, or into it. */
  readonly setMember: (user: string, inTeam: boolean) => void
}

export function createUpkeep(tenant: Tenant): Upkeep {
  const at = (id: string): TeamsChannel => {
    const channel = tenant.channels.get(id)
    if (!channel) throw new Error(`there is no channel ${id}`)
    return channel
  }
  return {
    makeChannel: (name, description = '') => {
      const id = `19:byhand${tenant.channels.size}@thread.tacv2`
      tenant.channels.set(id, { id, name, description, archived: false, deleted: false })
      return id
    },
    archive: (id) => {
      at(id).archived = true
    },
    unarchive: (id) => {
      at(id).archived = false
    },
    deleteChannel: (id) => {
      at(id).deleted = true
    },
    deleteMessage: (id) => {
      messageOf(tenant, id).deleted = true
    },
    forward: (user, message, to) => {
      const { id: from } = person(tenant, user)
      const id = tenant.nextId()
      const conversation = rootOf(to) === undefined ? `${to};messageid=${id}` : to
      tenant.messages.push({ ...messageOf(tenant, message), id, conversation, from, updates: 0 })
    },
    setMember: (user, inTeam) => {
      person(tenant, user).inTeam = inTeam
    },
  }
}
