// What the app says back outside the Web API: acknowledgements that carry a message, and response URLs.
import { contentOf, erase, rewrite } from './chat.ts'
import { parsed, type Args } from './args.ts'
import { Refusal, type SlackAnswer } from './envelope.ts'
import type { ResponseTarget, Triggers } from './triggers.ts'
import { addMessage, type SlackMessage, type Workspace } from './workspace.ts'

/** Answers a POST to a response URL: `ok`, or the word for why not. */
export function respond(slack: Workspace, triggers: Triggers, key: string, body: string): SlackAnswer {
  const args = parsed(body)
  if (typeof args !== 'object' || args === null) return { status: 400, body: 'invalid_payload' }
  try {
    say(slack, triggers.respond(key), args as Args)
    return { status: 200, body: 'ok' }
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    const gone = thrown.word === 'expired_url' || thrown.word === 'used_url'
    return { status: gone ? 404 : 400, body: { ok: false, error: thrown.word, ...thrown.more } }
  }
}

/** Carries out what an acknowledgement or a response URL says. */
export function say(slack: Workspace, target: ResponseTarget, args: Args): void {
  if (args['delete_original'] === true) return remove(slack, target)
  const content = contentOf(slack, args, 40_000)
  if (args['replace_original'] === true) return replace(slack, target, content)
  const channel = slack.channels.get(target.channel)
  if (!channel) throw new Refusal('channel_not_found')
  if (channel.archived) throw new Refusal('is_archived')
  const thread = typeof args['thread_ts'] === 'string' ? { thread: args['thread_ts'] } : {}
  if (args['response_type'] === 'in_channel') {
    addMessage(slack, channel, { user: slack.botUser, bot: slack.bot, ...content, ...thread })
  } else {
    slack.ephemerals.push({
      channel: channel.id,
      user: target.user,
      ts: slack.nextTs(),
      ...content,
      ...thread,
    })
  }
}

function replace(
  slack: Workspace,
  target: ResponseTarget,
  content: { readonly text: string; readonly blocks?: readonly unknown[] },
): void {
  if (target.ephemeral) {
    const shown = slack.ephemerals.find((ephemeral) => ephemeral.ts === target.ts)
    if (!shown) return
    shown.text = content.text
    if (content.blocks === undefined) delete shown.blocks
    else shown.blocks = content.blocks
    return
  }
  const { channel, message } = original(slack, target)
  rewrite(slack, channel, message, content)
}

function remove(slack: Workspace, target: ResponseTarget): void {
  if (target.ephemeral) {
    const place = slack.ephemerals.findIndex((ephemeral) => ephemeral.ts === target.ts)
    if (place >= 0) slack.ephemerals.splice(place, 1)
    return
  }
  const { channel, message } = original(slack, target)
  erase(slack, channel, message)
}

function original(slack: Workspace, target: ResponseTarget) {
  const channel = slack.channels.get(target.channel)
  const message: SlackMessage | undefined = channel?.messages.find((message) => message.ts === target.ts)
  if (!channel || !message) throw new Refusal('message_not_found')
  return { channel, message }
}
