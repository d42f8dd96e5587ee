// What people do in Teams, each carried out in the tenant and told to the bot; answers with what the bot said.
import { randomUUID } from 'node:crypto'
import { objectOf, textOf, type Json } from './answer.ts'
import {
  buttonsOf,
  cardOf,
  cardText,
  cardType,
  checkCard,
  findAction,
  labelsOf,
  type Pressable,
} from './cards.ts'
import type { Delivered, Delivery } from './delivery.ts'
import type { TokenFlaw } from './identity.ts'
import { channelOf, chatOf, messageOf, person, rootOf } from './state.ts'
import type { TeamsMessage, TeamsUser, Tenant } from './state.ts'

/** Where something is said: a conversation's id, or a channel's for a new thread; absent: the chat with the bot. */
export interface Where {
  readonly in?: string
  /** What is wrong with the token that is sent with it. */
  readonly flaw?: TokenFlaw['kind']
}

export interface PressOptions {
  /** What is put in, by the id of the input; a choice by its value. */
  readonly inputs?: Readonly<Record<string, string>>
  /** An old client, which knows no Action.Execute and takes its fallback. */
  readonly old?: boolean
  readonly flaw?: TokenFlaw['kind']
}

/** What people can do. Users are given by object id or name, messages by id. */
export interface Drives {
  /** Writes TEXT. `@dr` becomes a mention of the bot, as Teams writes it; in a channel the bot hears nothing without. */
  readonly say: (user: string, text: string, where?: Where) => Promise<Delivered>
  /** Presses the button of that label on a card, as this person sees it. */
  readonly press: (user: string, message: string, label: string, options?: PressOptions) => Promise<Delivered>
  /** Looks at a message: when its card asks to be refreshed for this person, Teams does so by itself. */
  readonly look: (user: string, message: string) => Promise<Delivered | undefined>
  /** Adds the app to the team, or for a person. */
  readonly install: (to: { readonly team: true } | { readonly person: string }) => Promise<Delivered>
  readonly uninstall: (from: { readonly team: true } | { readonly person: string }) => Promise<Delivered>
  /** Changes what was said: Teams tells the bot of it. */
  readonly edit: (user: string, message: string, text: string) => Promise<Delivered>
  /** Any activity, as it is, with what is wrong with its token. */
  readonly deliver: (activity: Json, flaw?: TokenFlaw['kind']) => Promise<Delivered>
  readonly setPresence: (user: string, availability: string, activity?: string) => void
}

export interface Readings {
  /** Everything that stands in a conversation, or in all threads of a channel, oldest first. */
  readonly messages: (conversation: string) => readonly TeamsMessage[]
  /** The conversation of somebody's chat with the bot. */
  readonly chat: (user: string) => string
  readonly mri: (user: string) => string
  /** What the bot has written to somebody directly, oldest first. */
  readonly direct: (user: string) => readonly TeamsMessage[]
  /** A message as text: its own, then its card's; as this person sees it when one is named. */
  readonly shown: (message: string, user?: string) => string
  readonly card: (message: string, user?: string) => Json | undefined
  /** The labels of the buttons that send something, those behind others included. */
  readonly buttons: (message: string, user?: string) => readonly string[]
  /** The labels of everything that can be pressed. */
  readonly labels: (message: string, user?: string) => readonly string[]
  readonly channels: () => readonly {
    readonly id: string
    readonly name: string
    readonly archived: boolean
  }[]
  readonly members: () => readonly string[]
}

const notTold: Delivered = { ok: false, status: 0, error: 'nobody', body: undefined, ms: 0 }

export function createDrives(
  tenant: Tenant,
  delivery: Delivery,
  serviceUrl: () => string,
): Drives & Readings {
  const common = (user: TeamsUser, conversation: string): Json => ({
    channelId: 'msteams',
    serviceUrl: serviceUrl(),
    timestamp: new Date(tenant.now()).toISOString(),
    localTimezone: 'Europe/Berlin',
    locale: 'en-GB',
    from: { id: user.mri, name: user.name, aadObjectId: user.id },
    recipient: { id: tenant.botMri, name: tenant.botName },
    ...placeOf(tenant, user, conversation),
  })

  function speak(user: TeamsUser, text: string, conversation: string): TeamsMessage {
    const id = tenant.nextId()
    const begins = channelOf(tenant, conversation) !== undefined && rootOf(conversation) === undefined
    const message: TeamsMessage = {
      id,
      conversation: begins ? `${conversation};messageid=${id}` : conversation,
      from: user.id,
      text,
      attachments: [],
      alert: false,
      at: tenant.now(),
      updates: 0,
      deleted: false,
    }
    tenant.messages.push(message)
    return message
  }

  function said(user: TeamsUser, message: TeamsMessage): Json {
    return {
      ...common(user, message.conversation),
      type: 'message',
      id: message.id,
      textFormat: 'plain',
      ...written(tenant, message.text),
    }
  }

  async function invoke(user: TeamsUser, message: TeamsMessage, how: Invoking): Promise<Delivered> {
    const outcome = await delivery.send(
      {
        ...common(user, message.conversation),
        type: 'invoke',
        name: 'adaptiveCard/action',
        id: `f:${randomUUID()}`,
        replyToId: message.id,
        value: { action: how.action, trigger: how.trigger },
      },
      how.flaw,
    )
    const answer = objectOf(outcome.body)
    if (outcome.ok && answer['type'] === cardType) {
      checkCard(objectOf(answer['value']))
      tenant.views.set(`${message.id} ${user.id}`, answer['value'])
    }
    return outcome
  }

  const readings = createReadings(tenant)
  tenant.tellInstalled = (user) => void tell(user, chatOf(tenant, user), true)
  return {
    ...readings,
    say: async (named, text, where = {}) => {
      const user = person(tenant, named)
      const message = speak(user, text, where.in ?? chatOf(tenant, user))
      const inChannel = channelOf(tenant, message.conversation) !== undefined
      const told = inChannel ? tenant.installedInTeam && /@dr\b/.test(text) : user.installed
      return told ? delivery.send(said(user, message), where.flaw) : notTold
    },
    edit: async (named, id, text) => {
      const user = person(tenant, named)
      const message = messageOf(tenant, id)
      if (message.from !== user.id) throw new Error('only its author can edit a message')
      message.text = text
      const channelData = {
        ...objectOf(common(user, message.conversation)['channelData']),
        eventType: 'editMessage',
      }
      return delivery.send({ ...said(user, message), type: 'messageUpdate', channelData })
    },
    press: async (named, id, label, options = {}) => {
      const user = person(tenant, named)
      const message = messageOf(tenant, id)
      const card = readings.card(id, named)
      const found = card && findAction(card, label)
      if (!found) throw new Error(`no button ${label} on ${readings.shown(id, named)}`)
      const pressed = filled(found, options.inputs ?? {})
      if (!options.old && pressed.action['type'] === 'Action.Execute')
        return invoke(user, message, { action: pressed.action, trigger: 'manual', flaw: options.flaw })
      const activity = {
        ...common(user, message.conversation),
        type: 'message',
        id: tenant.nextId(),
        text: '',
      }
      return delivery.send({ ...activity, replyToId: id, value: submitted(pressed.action) }, options.flaw)
    },
    look: async (named, id) => {
      const user = person(tenant, named)
      const message = messageOf(tenant, id)
      const refresh = objectOf(cardOf(message)?.['refresh'])
      const users = Array.isArray(refresh['userIds']) ? refresh['userIds'] : []
      if (!users.includes(user.mri)) return undefined
      return invoke(user, message, { action: objectOf(refresh['action']), trigger: 'automatic' })
    },
    install: (to) => changeInstallation(to, true),
    uninstall: (from) => changeInstallation(from, false),
    deliver: delivery.send,
    setPresence: (named, availability, activity = availability) => {
      person(tenant, named).presence = { availability, activity }
    },
  }

  async function changeInstallation(
    where: { readonly team: true } | { readonly person: string },
    there: boolean,
  ): Promise<Delivered> {
    const personal = 'person' in where
    const user = personal ? person(tenant, where.person) : firstMember(tenant)
    if (personal) user.installed = there
    else tenant.installedInTeam = there
    return tell(user, personal ? chatOf(tenant, user) : tenant.teamThread, there)
  }

  /** Teams tells of it twice, in two ways; a bot may hear either first. */
  async function tell(user: TeamsUser, conversation: string, there: boolean): Promise<Delivered> {
    const about = { ...common(user, conversation), id: `f:${randomUUID()}` }
    const bot = [{ id: tenant.botMri }]
    await delivery.send({
      ...about,
      type: 'conversationUpdate',
      id: `f:${randomUUID()}`,
      ...(there ? { membersAdded: bot } : { membersRemoved: bot }),
    })
    return delivery.send({ ...about, type: 'installationUpdate', action: there ? 'add' : 'remove' })
  }
}

interface Invoking {
  readonly action: Json
  readonly trigger: 'manual' | 'automatic'
  readonly flaw?: TokenFlaw['kind'] | undefined
}

/** An Action.Execute as it is sent: what was put in is merged into its data. */
function filled({ action, inputs }: Pressable, given: Readonly<Record<string, string>>): Pressable {
  for (const name of Object.keys(given)) if (!(name in inputs)) throw new Error(`there is no input ${name}`)
  const data = { ...objectOf(action['data']), ...inputs, ...given }
  return {
    inputs,
    action: {
      type: action['type'],
      title: action['title'],
      verb: action['verb'],
      data,
      fallback: action['fallback'],
    },
  }
}

function submitted(action: Json): Json {
  const fallback = objectOf(action['fallback'])
  if (action['type'] === 'Action.Execute' && fallback['type'] !== 'Action.Submit')
    throw new Error('an old client shows no such button: it has no Action.Submit to fall back to')
  return { ...objectOf(fallback['data']), ...objectOf(action['data']) }
}

/** The conversation as activities name it, and the channelData of Teams. */
function placeOf(tenant: Tenant, user: TeamsUser, conversation: string): Json {
  const channel = channelOf(tenant, conversation)
  const tenantId = user.tenant
  if (!channel) {
    const own = { conversationType: 'personal', tenantId, id: conversation }
    return { conversation: own, channelData: { tenant: { id: tenantId } } }
  }
  return {
    conversation: { isGroup: true, conversationType: 'channel', tenantId, id: conversation },
    channelData: {
      tenant: { id: tenantId },
      team: { id: tenant.teamThread, aadGroupId: tenant.teamId },
      channel: { id: channel.id },
      teamsChannelId: channel.id,
      teamsTeamId: tenant.teamThread,
    },
  }
}

/** The text as Teams sends it: a mention as markup with its entity, and a space behind it that is none. */
function written(tenant: Tenant, text: string): Json {
  const entities: Json[] = []
  const marked = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(dr|\w+)\b( ?)/g, (whole, name: string, space: string) => {
      const user = [...tenant.users.values()].find((each) => each.name.split(' ')[0]?.toLowerCase() === name)
      const mentioned =
        name === 'dr'
          ? { id: tenant.botMri, name: tenant.botName }
          : user && { id: user.mri, name: user.name }
      if (!mentioned) return whole
      const mark = `<at>${mentioned.name}</at>`
      entities.push({ type: 'mention', mentioned, text: mark })
      return mark + (space === '' ? '' : '&nbsp;')
    })
  return { text: marked, entities: [...entities, { type: 'clientInfo', locale: 'en-GB', platform: 'Web' }] }
}

function firstMember(tenant: Tenant): TeamsUser {
  const [first] = tenant.users.values()
  if (!first) throw new Error('there is nobody in the team')
  return first
}

function createReadings(tenant: Tenant): Readings {
  const at = (conversation: string): readonly TeamsMessage[] =>
    tenant.messages.filter(
      (each) =>
        !each.deleted &&
        (each.conversation === conversation || each.conversation.startsWith(`${conversation};`)),
    )
  const card = (id: string, user?: string): Json | undefined => {
    const own = user === undefined ? undefined : tenant.views.get(`${id} ${person(tenant, user).id}`)
    return own === undefined ? cardOf(messageOf(tenant, id)) : objectOf(own)
  }
  return {
    messages: at,
    chat: (user) => chatOf(tenant, person(tenant, user)),
    mri: (user) => person(tenant, user).mri,
    direct: (user) => at(chatOf(tenant, person(tenant, user))).filter((each) => each.from === 'bot'),
    card,
    shown: (id, user) =>
      [textOf(messageOf(tenant, id).text), cardText(card(id, user))].filter(Boolean).join('\n'),
    buttons: (id, user) => buttonsOf(card(id, user) ?? {}),
    labels: (id, user) => labelsOf(card(id, user) ?? {}),
    channels: () =>
      [...tenant.channels.values()]
        .filter((each) => !each.deleted)
        .map(({ id, name, archived }) => ({ id, name, archived })),
    members: () => [...tenant.users.values()].filter((each) => each.inTeam).map((each) => each.id),
  }
}
