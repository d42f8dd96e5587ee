// What the app is sent: the bodies of slash commands, interactions and events, in Slack's form.
import { escaped } from './typing.ts'
import {
  channelType,
  messageBody,
  type SlackChannel,
  type SlackEvent,
  type SlackMessage,
  type SlackUser,
  type SlackView,
  type Workspace,
} from './workspace.ts'
import { viewBody } from './views.ts'

type Body = Readonly<Record<string, unknown>>

/** Where and with what a person did something. */
export interface Doing {
  readonly user: SlackUser
  readonly trigger: string
  readonly responseUrl?: string
}

export function commandBody(
  slack: Workspace,
  { user, trigger, responseUrl }: Doing,
  command: {
    readonly name: string
    readonly text: string
    readonly channel: SlackChannel
    readonly escape: boolean
  },
): Body {
  const { channel } = command
  return {
    token: 'verification',
    team_id: slack.team,
    team_domain: slack.domain,
    channel_id: channel.id,
    channel_name:
      channel.kind === 'im' ? 'directmessage' : channel.kind === 'private' ? 'privategroup' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command: command.name,
    text: command.escape ? escaped(slack, command.text) : command.text,
    api_app_id: slack.app,
    is_enterprise_install: 'false',
    response_url: responseUrl ?? '',
    trigger_id: trigger,
  }
}

/** What every interaction says of who and where. */
function interaction(slack: Workspace, { user, trigger, responseUrl }: Doing, type: string): Body {
  return {
    type,
    token: 'verification',
    team: { id: slack.team, domain: slack.domain },
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team },
    api_app_id: slack.app,
    enterprise: null,
    is_enterprise_install: false,
    trigger_id: trigger,
    ...(responseUrl !== undefined && { response_url: responseUrl }),
  }
}

function channelPart(channel: SlackChannel): { readonly id: string; readonly name: string } {
  return { id: channel.id, name: channel.kind === 'im' ? 'directmessage' : channel.name }
}

/** A button or menu of a message was used; `message` is undefined for one that only one person sees. */
export function messageAction(
  slack: Workspace,
  doing: Doing,
  at: {
    readonly channel: SlackChannel
    readonly ts: string
    readonly message: SlackMessage | undefined
    readonly action: Body
  },
): Body {
  const { channel, ts, message, action } = at
  const ephemeral = message === undefined
  return {
    ...interaction(slack, doing, 'block_actions'),
    container: { type: 'message', message_ts: ts, channel_id: channel.id, is_ephemeral: ephemeral },
    channel: channelPart(channel),
    ...(message && { message: messageBody(slack, message) }),
    state: { values: {} },
    actions: [{ ...action, action_ts: slack.nextTs() }],
  }
}

/** A button or menu of a modal or the home tab was used. */
export function viewAction(slack: Workspace, doing: Doing, view: SlackView, action: Body): Body {
  return {
    ...interaction(slack, doing, 'block_actions'),
    container: { type: 'view', view_id: view.id },
    view: viewBody(slack, view),
    actions: [{ ...action, action_ts: slack.nextTs() }],
  }
}

export function viewSubmission(slack: Workspace, doing: Doing, view: SlackView, values: object): Body {
  return {
    ...interaction(slack, doing, 'view_submission'),
    view: viewBody(slack, view, values),
    response_urls: [],
  }
}

export function viewClosed(slack: Workspace, doing: Doing, view: SlackView): Body {
  return { ...interaction(slack, doing, 'view_closed'), view: viewBody(slack, view), is_cleared: false }
}

/** A shortcut: a global one, or one used on a message. */
export function shortcutBody(
  slack: Workspace,
  doing: Doing,
  callback: string,
  on?: { readonly channel: SlackChannel; readonly message: SlackMessage },
): Body {
  const common = { callback_id: callback, action_ts: slack.nextTs() }
  if (!on) return { ...interaction(slack, doing, 'shortcut'), ...common }
  return {
    ...interaction(slack, doing, 'message_action'),
    ...common,
    channel: channelPart(on.channel),
    message_ts: on.message.ts,
    message: messageBody(slack, on.message),
  }
}

/** The outer body of an event. */
export function eventBody(slack: Workspace, event: SlackEvent): Body {
  return {
    token: 'verification',
    team_id: slack.team,
    context_team_id: slack.team,
    context_enterprise_id: null,
    api_app_id: slack.app,
    event: event.body,
    type: 'event_callback',
    event_id: slack.nextId('Ev'),
    event_time: Math.floor(slack.now() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: slack.team,
        user_id: slack.botUser,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${slack.app}-${event.type}`,
  }
}

/** What a person wrote, as the event that the app gets. */
export function said(
  slack: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  type: 'message' | 'app_mention',
): SlackEvent {
  const common = { channel: channel.id, event_ts: message.ts, client_msg_id: clientId(message.ts) }
  const kind = type === 'message' ? { channel_type: channelType(channel) } : {}
  return { type, channel, body: { ...messageBody(slack, message), ...common, ...kind, type } }
}

function clientId(ts: string): string {
  const digits = ts.replace('.', '').padStart(16, '0')
  return `00000000-0000-4000-${digits.slice(0, 4)}-${digits.slice(4)}`
}
