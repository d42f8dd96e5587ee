// What doing something in Slack needs and leads to: who and where, what is pressed, what an acknowledgement brings about.
import type { Delivered } from './delivery.ts'
import { Refusal } from './envelope.ts'
import { messageAction, type Doing } from './payloads.ts'
import { say } from './respond.ts'
import type { ResponseTarget } from './triggers.ts'
import { actionOf, type Aim } from './usable.ts'
import { pushView, replaceView, viewErrors } from './views.ts'
import { named, type SlackChannel, type SlackUser, type SlackView, type Workspace } from './workspace.ts'

type Body = Readonly<Record<string, unknown>>

/** A person by id. */
export function person(slack: Workspace, id: string): SlackUser {
  const user = slack.users.get(id)
  if (!user) throw new Error(`nobody in Slack has the id ${id}`)
  return user
}

/** A channel by id. */
export function place(slack: Workspace, id: string): SlackChannel {
  const channel = slack.channels.get(id)
  if (!channel) throw new Error(`no channel has the id ${id}`)
  return channel
}

/** The id of #general. */
export function general(slack: Workspace): string {
  return [...slack.channels.values()].find((channel) => channel.general)?.id ?? ''
}

/** A modal that this person has open. */
export function modal(slack: Workspace, user: SlackUser, id: string): SlackView {
  const view = slack.views.get(id)
  if (view?.type !== 'modal' || view.user !== user.id) throw new Error(`${user.name} has no modal ${id} open`)
  return view
}

/** What the app is sent when a button or menu of a message is used. */
export function pressed(
  slack: Workspace,
  user: SlackUser,
  target: Aim & { readonly channel: string; readonly ts: string },
  doing: (user: SlackUser, more: { readonly respond: ResponseTarget }) => Doing,
): Body {
  const channel = place(slack, target.channel)
  const { ts } = target
  const message = channel.messages.find((message) => message.ts === ts)
  const ephemeral = slack.ephemerals.find((shown) => shown.ts === ts && shown.user === user.id)
  const shown = message ?? ephemeral
  if (!shown) throw new Error(`${user.name} sees no message ${ts} in ${target.channel}`)
  const action = actionOf(named(shown.blocks ?? []), target)
  const respond = { user: user.id, channel: channel.id, ts, ephemeral: message === undefined }
  return messageAction(slack, doing(user, { respond }), { channel, ts, message, action })
}

/** An acknowledgement of a command may be its answer; one that Slack cannot show is shown as an error. */
export function heard(slack: Workspace, target: ResponseTarget, outcome: Delivered): Delivered {
  if (!outcome.ok || outcome.body === undefined) return outcome
  const args = typeof outcome.body === 'string' ? { text: outcome.body } : (outcome.body as Body)
  return orRefused(outcome, () => say(slack, target, args))
}

/** What a modal does after it was submitted. */
export function submitted(slack: Workspace, view: SlackView, outcome: Delivered): Delivered {
  const answer = (outcome.body ?? {}) as { readonly response_action?: string; readonly view?: Body }
  switch (answer.response_action) {
    case 'errors':
      return outcome
    case 'clear':
      for (const other of slack.views.values()) if (other.root === view.root) slack.views.delete(other.id)
      return outcome
    case 'update':
      return orRefused(outcome, () => replaceView(slack, view, checked(slack, answer.view)))
    case 'push':
      return orRefused(outcome, () => pushView(slack, view.user, checked(slack, answer.view), view))
    case undefined:
      slack.views.delete(view.id)
      return outcome
    default:
      return { ...outcome, ok: false, error: 'invalid_response_action' }
  }
}

function checked(slack: Workspace, view: Body | undefined): Body {
  const errors = viewErrors(slack, view, 'modal')
  if (view === undefined || errors.length > 0) throw new Refusal('invalid_arguments', { errors })
  return view
}

function orRefused(outcome: Delivered, run: () => void): Delivered {
  try {
    run()
    return outcome
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return { ...outcome, ok: false, error: thrown.word }
  }
}
