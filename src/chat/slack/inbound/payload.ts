// What Slack sends, as far as the bot reads it, and which delivery it is.
import { hash } from 'node:crypto'
import { z } from 'zod'

const text = z.string()

/** `/dr ...` as Slack posts it (docs.slack.dev/interactivity/implementing-slash-commands). */
export const SlashCommand = z.object({
  command: text,
  text: text.default(''),
  user_id: text,
  channel_id: text,
  team_id: text,
  api_app_id: text.optional(),
  trigger_id: text.optional(),
  response_url: text.optional(),
})
export type SlashCommand = z.infer<typeof SlashCommand>

const Who = z.object({ id: text, team_id: text.optional() })
/** A message as it stands in a shortcut, or in the history of a channel. */
const Message = z.object({
  ts: text,
  text: text.default(''),
  user: text.optional(),
  bot_id: text.optional(),
  subtype: text.optional(),
  thread_ts: text.optional(),
})
export type Message = z.infer<typeof Message>

const common = {
  user: Who,
  team: z.object({ id: text }).nullish(),
  api_app_id: text.optional(),
  trigger_id: text.optional(),
  response_url: text.optional(),
  channel: z.object({ id: text }).optional(),
}

/** A pressed button. */
export const Press = z.object({
  ...common,
  type: z.literal('block_actions'),
  container: z.object({ thread_ts: text.optional() }).optional(),
  view: z.object({ id: text, type: text }).optional(),
  actions: z.array(z.object({ action_id: text, value: text.optional(), action_ts: text.optional() })).min(1),
})
export type Press = z.infer<typeof Press>

/** A shortcut, on a message or from anywhere. */
export const Shortcut = z.object({
  ...common,
  type: z.enum(['shortcut', 'message_action']),
  callback_id: text,
  message: Message.optional(),
})
export type Shortcut = z.infer<typeof Shortcut>

/** A modal that was sent off; render/views.ts reads what it says. */
export const Submission = z.object({
  ...common,
  type: z.literal('view_submission'),
  view: z.looseObject({ id: text }),
})
export type Submission = z.infer<typeof Submission>

/** An event; what the bot reads of it is read by its own shape below. */
const Envelope = z.object({
  type: z.literal('event_callback'),
  event_id: text,
  team_id: text.optional(),
  api_app_id: text.optional(),
  event: z.looseObject({ type: text }),
})

/** `app_mention` and `message`. */
export const Said = z.object({
  type: z.enum(['app_mention', 'message']),
  user: text.optional(),
  bot_id: text.optional(),
  subtype: text.optional(),
  text: text.default(''),
  channel: text,
  channel_type: text.optional(),
  ts: text,
  thread_ts: text.optional(),
  /** Who changed it, when: Slack sends a mention again as a new event each time that its message is changed. */
  edited: z.looseObject({}).optional(),
})
export type Said = z.infer<typeof Said>

export const Reaction = z.object({
  user: text,
  reaction: text,
  item: z.object({ type: text, channel: text.optional(), ts: text.optional() }),
})
export type Reaction = z.infer<typeof Reaction>

export const HomeOpened = z.object({ user: text, tab: text.default('home') })

/** `conversations.history` of one message. */
export const History = z.object({ messages: z.array(Message) })

/** One delivery: what it is, whose it is, and the name under which it is done once. */
export type Delivery = {
  readonly team: string | undefined
  readonly app: string | undefined
  /** Equal for the same thing delivered again; a hash, as triggers are secrets while they live. */
  readonly name: string
} & (
  | { readonly kind: 'command'; readonly command: SlashCommand }
  | { readonly kind: 'press'; readonly press: Press }
  | { readonly kind: 'shortcut'; readonly shortcut: Shortcut }
  | { readonly kind: 'submission'; readonly submission: Submission }
  /** `said`: somebody spoke to the bot, and waits for an answer. */
  | { readonly kind: 'event'; readonly event: string; readonly said: Said | undefined }
)

/** Reads a body; undefined for what the bot has no use for. */
export function readDelivery(body: unknown): Delivery | undefined {
  const command = SlashCommand.safeParse(body)
  if (command.success) {
    const { team_id: team, api_app_id: app, trigger_id: trigger } = command.data
    return { kind: 'command', team, app, name: named('command', trigger, body), command: command.data }
  }
  const envelope = Envelope.safeParse(body)
  if (envelope.success) {
    const { team_id: team, api_app_id: app, event_id: id, event } = envelope.data
    return { kind: 'event', team, app, name: named('event', id, body), event: event.type, said: heard(event) }
  }
  return readInteraction(body)
}

function readInteraction(body: unknown): Delivery | undefined {
  const press = Press.safeParse(body)
  if (press.success) return { kind: 'press', ...whose(press.data, body), press: press.data }
  const shortcut = Shortcut.safeParse(body)
  if (shortcut.success) return { kind: 'shortcut', ...whose(shortcut.data, body), shortcut: shortcut.data }
  const submission = Submission.safeParse(body)
  return submission.success
    ? { kind: 'submission', ...whose(submission.data, body), submission: submission.data }
    : undefined
}

function whose(data: Press | Shortcut | Submission, body: unknown): Pick<Delivery, 'team' | 'app' | 'name'> {
  const { team, user, api_app_id: app, trigger_id: trigger, type } = data
  return { team: team?.id ?? user.team_id, app, name: named(type, trigger, body) }
}

function heard(event: unknown): Said | undefined {
  const said = Said.safeParse(event)
  return said.success && spokenToBot(said.data) ? said.data : undefined
}

/** A mention, or a new message of a person in a direct message; not an edit, not another bot. */
export function spokenToBot(said: Said): boolean {
  if (said.bot_id !== undefined || said.user === undefined) return false
  if (said.type === 'app_mention') return true
  return said.channel_type === 'im' && fresh(said)
}

/** A message as a person wrote it: no edit, no deletion, nobody joining. */
export function fresh(said: Said): boolean {
  return said.subtype === undefined || ['file_share', 'thread_broadcast'].includes(said.subtype)
}

/** What has no id of its own is named by all that it says. */
function named(kind: string, id: string | undefined, body: unknown): string {
  return `slack:${kind}:${hash('sha256', id ?? JSON.stringify(body), 'hex').slice(0, 32)}`
}
