// What people do in Slack, each carried out in the workspace and told to the app; answers with what the app said.
import { general, heard, modal, person, place, pressed, submitted } from './acts.ts'
import { archiveChannel, joinChannel } from './conversations.ts'
import { erase, messageOf } from './chat.ts'
import type { Delivered, Delivery, Outgoing } from './delivery.ts'
import { react, reactionAdded } from './marks.ts'
import {
  commandBody,
  eventBody,
  said,
  shortcutBody,
  viewAction,
  viewClosed,
  viewSubmission,
  type Doing,
} from './payloads.ts'
import type { ResponseTarget, Triggers } from './triggers.ts'
import { typedText } from './typing.ts'
import { actionOf, stateOf, type Aim } from './usable.ts'
import { homeOf, viewBlocks, viewBody } from './views.ts'
import {
  openDirect,
  putMessage,
  type SlackChannel,
  type SlackEvent,
  type SlackMessage,
  type SlackUser,
  type Workspace,
} from './workspace.ts'

type Body = Readonly<Record<string, unknown>>

/** Where something is pressed: on a message (also one only this person sees), in a modal, or in the home tab. */
export type PressTarget = Aim &
  ({ readonly channel: string; readonly ts: string } | { readonly view: string } | { readonly home: true })

/** What people can do. Users and channels are given by id. */
export interface Drives {
  /** Types `/dr TEXT`; in #general unless another channel is said. */
  readonly command: (
    user: string,
    text: string,
    options?: { readonly channel?: string; readonly name?: string },
  ) => Promise<Delivered>
  readonly press: (user: string, target: PressTarget) => Promise<Delivered>
  /** Submits a modal. `values`: what is put in, by label, action id or block id of the input. */
  readonly submitView: (
    user: string,
    view: string,
    values?: Readonly<Record<string, string>>,
  ) => Promise<Delivered>
  readonly closeView: (user: string, view: string) => Promise<Delivered>
  /** Writes `@bot TEXT` in a channel. */
  readonly mention: (user: string, channel: string, text: string, thread?: string) => Promise<Delivered>
  /** Changes what was written behind `@bot`: Slack tells the app of the mention once more. */
  readonly editMention: (user: string, channel: string, ts: string, text: string) => Promise<Delivered>
  /** Writes in a channel, without naming the bot. */
  readonly write: (user: string, channel: string, text: string, thread?: string) => Promise<Delivered>
  readonly directMessage: (user: string, text: string) => Promise<Delivered>
  readonly react: (user: string, channel: string, ts: string, emoji: string) => Promise<Delivered>
  readonly openHome: (user: string) => Promise<Delivered>
  /** Uses a shortcut, on a message when one is given. */
  readonly shortcut: (
    user: string,
    callback: string,
    message?: { readonly channel: string; readonly ts: string },
  ) => Promise<Delivered>
  readonly archive: (user: string, channel: string) => void
  readonly unarchive: (user: string, channel: string) => void
  /** Puts somebody, or the bot, out of a channel. */
  readonly kick: (user: string, channel: string) => void
  readonly join: (user: string, channel: string) => void
  readonly deleteMessage: (channel: string, ts: string) => void
}

export interface DriveParts {
  readonly slack: Workspace
  readonly triggers: Triggers
  readonly delivery: Delivery
  /** Whether the app subscribed to such events, may see them and is there. */
  readonly subscribed: (event: SlackEvent) => boolean
  readonly shouldEscape: boolean
}

const notSubscribed: Delivered = { by: 'nobody', ok: false, error: 'not_subscribed', body: undefined, ms: 0 }

export function createDrives(parts: DriveParts): Drives {
  const { slack, triggers, delivery } = parts

  function interact(payload: Body, answerable = false): Promise<Delivered> {
    return delivery.send({ type: 'interactive', payload, answerable })
  }
  function tell(event: SlackEvent): Promise<Delivered> {
    if (!parts.subscribed(event)) return Promise.resolve(notSubscribed)
    const what: Outgoing = { type: 'events_api', payload: eventBody(slack, event), answerable: false }
    return delivery.send(what)
  }
  function doing(
    user: SlackUser,
    more: { readonly view?: string; readonly respond?: ResponseTarget } = {},
  ): Doing {
    const { view, respond } = more
    return {
      user,
      trigger: triggers.trigger(user.id, view),
      ...(respond && { responseUrl: `${slack.origin}/response/${triggers.response(respond)}` }),
    }
  }
  function post(user: SlackUser, channel: SlackChannel, text: string, thread?: string): SlackMessage {
    if (channel.archived) throw new Error(`#${channel.name} is archived: nobody can write there`)
    if (!channel.members.has(user.id)) joinChannel(slack, channel, user.id)
    return putMessage(slack, channel, { user: user.id, text, ...(thread !== undefined && { thread }) })
  }

  return {
    command: async (userId, text, options = {}) => {
      const user = person(slack, userId)
      const channel = place(slack, options.channel ?? general(slack))
      const target: ResponseTarget = { user: user.id, channel: channel.id, ephemeral: true }
      const what = { name: options.name ?? '/dr', text, channel, escape: parts.shouldEscape }
      const payload = commandBody(slack, doing(user, { respond: target }), what)
      const outcome = await delivery.send({ type: 'slash_commands', payload, answerable: true })
      return heard(slack, target, outcome)
    },
    press: async (userId, target) => {
      const user = person(slack, userId)
      if ('channel' in target) return interact(pressed(slack, user, target, doing))
      const view = 'home' in target ? homeOf(slack, user.id) : slack.views.get(target.view)
      if (view?.user !== user.id) throw new Error(`${user.name} has no such view open`)
      return interact(
        viewAction(slack, doing(user, { view: view.id }), view, actionOf(viewBlocks(view), target)),
      )
    },
    submitView: async (userId, id, values = {}) => {
      const user = person(slack, userId)
      const view = modal(slack, user, id)
      const state = stateOf(viewBlocks(view), values)
      const outcome = await interact(viewSubmission(slack, doing(user, { view: id }), view, state), true)
      return outcome.ok ? submitted(slack, view, outcome) : outcome
    },
    closeView: async (userId, id) => {
      const user = person(slack, userId)
      const view = modal(slack, user, id)
      slack.views.delete(id)
      if (view.view['notify_on_close'] !== true) return notSubscribed
      return interact(viewClosed(slack, doing(user, { view: id }), view))
    },
    mention: async (userId, channelId, text, thread) => {
      const channel = place(slack, channelId)
      const words = `<@${slack.botUser}> ${typedText(slack, text)}`
      const message = post(person(slack, userId), channel, words, thread)
      void tell(said(slack, channel, message, 'message'))
      return tell(said(slack, channel, message, 'app_mention'))
    },
    editMention: async (userId, channelId, ts, text) => {
      const channel = place(slack, channelId)
      const message = messageOf(channel, ts)
      if (message.user !== person(slack, userId).id) throw new Error('only its author can edit a message')
      message.text = `<@${slack.botUser}> ${typedText(slack, text)}`
      message.edited = slack.nextTs()
      return tell(said(slack, channel, message, 'app_mention'))
    },
    write: async (userId, channelId, text, thread) => {
      const channel = place(slack, channelId)
      const message = post(person(slack, userId), channel, typedText(slack, text), thread)
      return tell(said(slack, channel, message, 'message'))
    },
    directMessage: async (userId, text) => {
      const user = person(slack, userId)
      const channel = openDirect(slack, user.id)
      return tell(said(slack, channel, post(user, channel, typedText(slack, text)), 'message'))
    },
    react: async (userId, channelId, ts, emoji) => {
      const user = person(slack, userId)
      const channel = place(slack, channelId)
      const message = messageOf(channel, ts)
      if (!react(message, { user: user.id, name: emoji })) return notSubscribed
      return tell(reactionAdded(slack, channel, message, { user: user.id, name: emoji }))
    },
    openHome: async (userId) => {
      const user = person(slack, userId)
      const home = homeOf(slack, user.id)
      const view = home === undefined ? {} : { view: viewBody(slack, home) }
      const channel = openDirect(slack, user.id)
      const body = { user: user.id, channel: channel.id, tab: 'home', event_ts: slack.nextTs(), ...view }
      return tell({ type: 'app_home_opened', body: { type: 'app_home_opened', ...body } })
    },
    shortcut: async (userId, callback, on) => {
      const user = person(slack, userId)
      if (!on) return interact(shortcutBody(slack, doing(user), callback))
      const channel = place(slack, on.channel)
      const message = messageOf(channel, on.ts)
      const respond = { user: user.id, channel: channel.id, ephemeral: true }
      return interact(shortcutBody(slack, doing(user, { respond }), callback, { channel, message }))
    },
    archive: (userId, channelId) => archiveChannel(slack, place(slack, channelId), person(slack, userId).id),
    unarchive: (userId, channelId) => {
      const channel = place(slack, channelId)
      channel.archived = false
      channel.members.add(person(slack, userId).id)
      slack.emit({
        type: 'channel_unarchive',
        channel,
        body: { type: 'channel_unarchive', channel: channel.id, user: userId },
      })
    },
    kick: (userId, channelId) => {
      const channel = place(slack, channelId)
      channel.members.delete(userId)
      slack.emit({
        type: 'member_left_channel',
        channel,
        body: { type: 'member_left_channel', channel: channel.id, user: userId },
      })
    },
    join: (userId, channelId) => joinChannel(slack, place(slack, channelId), person(slack, userId).id),
    deleteMessage: (channelId, ts) => {
      const channel = place(slack, channelId)
      erase(slack, channel, messageOf(channel, ts))
    },
  }
}
