// The workspace at its start, and what tests and drills read of it.
import { labels } from './usable.ts'
import { homeOf, viewBlocks } from './views.ts'
import {
  addChannel,
  counter,
  directOf,
  named,
  timestamps,
  type Bookmark,
  type Ephemeral,
  type SlackChannel,
  type SlackFile,
  type SlackMessage,
  type SlackUser,
  type SlackView,
  type Workspace,
} from './workspace.ts'

/** Somebody in Slack. `team`: of another workspace. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly realName?: string
  readonly email?: string
  /** Default true. */
  readonly confirmed?: boolean
  readonly team?: string
}

/** What a workspace is made of. */
export interface Start {
  readonly people?: readonly Person[]
  /** User groups, such as the dev team's. */
  readonly groups?: readonly {
    readonly id: string
    readonly handle: string
    readonly users?: readonly string[]
  }[]
  /** Public channels beside #general, with the ids of who is in them; the bot is in none. */
  readonly channels?: readonly {
    readonly id: string
    readonly name: string
    readonly members?: readonly string[]
  }[]
  readonly team?: string
  readonly homeTab?: boolean
  /** Time of messages, expiry and limits, in ms. Signatures carry the machine's time. */
  readonly now?: () => number
}

/** A new workspace with its people, #general with all of them, and the bot. */
export function createState(start: Start): Workspace {
  const now = start.now ?? Date.now
  const team = start.team ?? 'T0SIM'
  const slack: Workspace = {
    team,
    domain: 'example-ltd',
    app: 'A0SIM',
    bot: 'B0DRBOT',
    botUser: 'U0DRBOT',
    users: new Map(),
    channels: new Map(),
    ephemerals: [],
    views: new Map(),
    groups: new Map(),
    files: new Map(),
    homeTab: start.homeTab ?? true,
    editWindow: Infinity,
    origin: '',
    now,
    nextId: counter(),
    nextTs: timestamps(now),
    emit: () => {},
  }
  addUser(slack, { id: slack.botUser, name: 'dr-bot', realName: 'DR Bot' }, true)
  for (const person of start.people ?? []) addUser(slack, person, false)
  const members = [...slack.users.values()]
    .filter((user) => !user.bot && user.team === team)
    .map(({ id }) => id)
  addChannel(slack, { id: 'C0GENERAL', kind: 'public', name: 'general', members, general: true })
  for (const { id, name, members = [] } of start.channels ?? []) {
    addChannel(slack, { id, kind: 'public', name, members })
  }
  for (const { id, handle, users = [] } of start.groups ?? []) {
    slack.groups.set(id, { id, handle, name: handle, users })
  }
  return slack
}

function addUser(slack: Workspace, person: Person, bot: boolean): void {
  slack.users.set(person.id, {
    id: person.id,
    name: person.name,
    realName: person.realName ?? person.name,
    team: person.team ?? slack.team,
    ...(person.email !== undefined && { email: person.email }),
    confirmed: person.confirmed ?? true,
    bot,
    deleted: false,
    presence: 'active',
    dndUntil: 0,
  })
}

/** What there is in the workspace now. Messages, views and channels are the live ones: they change as Slack's do. */
export interface Readings {
  readonly users: readonly SlackUser[]
  readonly channels: () => readonly SlackChannel[]
  /** By id or name; throws when there is none. */
  readonly channel: (idOrName: string) => SlackChannel
  /** What was said in a channel, oldest first, without Slack's own lines. */
  readonly messages: (channel: string) => readonly SlackMessage[]
  readonly message: (channel: string, ts: string) => SlackMessage
  /** What the bot and a person wrote to each other directly; empty when nothing was. */
  readonly direct: (user: string) => readonly SlackMessage[]
  /** The id of that conversation. */
  readonly directChannel: (user: string) => string | undefined
  /** What only this person saw and still sees, oldest first. */
  readonly ephemerals: (user: string) => readonly Ephemeral[]
  /** What stands on the buttons of a message or view, in their order. */
  readonly buttons: (shown: { readonly blocks?: readonly unknown[] } | SlackView) => readonly string[]
  readonly home: (user: string) => SlackView | undefined
  /** The modals a person has open, the topmost last. */
  readonly modals: (user: string) => readonly SlackView[]
  readonly group: (id: string) => readonly string[]
  readonly files: () => readonly SlackFile[]
  readonly bookmarks: (channel: string) => readonly Bookmark[]
  readonly setPresence: (user: string, presence: 'active' | 'away') => void
  /** Do not disturb until then, in ms; 0: not. */
  readonly setDnd: (user: string, until: number) => void
  readonly deactivate: (user: string) => void
}

export function readings(slack: Workspace): Readings {
  const channel = (idOrName: string): SlackChannel => {
    const found =
      slack.channels.get(idOrName) ?? [...slack.channels.values()].find((one) => one.name === idOrName)
    if (!found) throw new Error(`there is no channel ${idOrName}`)
    return found
  }
  const user = (id: string): SlackUser => {
    const found = slack.users.get(id)
    if (!found) throw new Error(`there is no user ${id}`)
    return found
  }
  return {
    users: [...slack.users.values()],
    channels: () => [...slack.channels.values()],
    channel,
    messages: (id) => channel(id).messages.filter((message) => message.subtype === undefined),
    message: (id, ts) => {
      const found = channel(id).messages.find((message) => message.ts === ts)
      if (!found) throw new Error(`there is no message ${ts} in ${id}`)
      return found
    },
    direct: (id) => directOf(slack, user(id).id)?.messages ?? [],
    directChannel: (id) => directOf(slack, user(id).id)?.id,
    ephemerals: (id) => slack.ephemerals.filter((ephemeral) => ephemeral.user === id),
    buttons: (shown) => labels('view' in shown ? viewBlocks(shown) : named(shown.blocks ?? [])),
    home: (id) => homeOf(slack, id),
    modals: (id) => [...slack.views.values()].filter((view) => view.type === 'modal' && view.user === id),
    group: (id) => slack.groups.get(id)?.users ?? [],
    files: () => [...slack.files.values()].filter((file) => file.complete),
    bookmarks: (id) => channel(id).bookmarks,
    setPresence: (id, presence) => {
      user(id).presence = presence
    },
    setDnd: (id, until) => {
      user(id).dndUntil = until
    },
    deactivate: (id) => {
      user(id).deleted = true
    },
  }
}
