// What Teams sends, as far as the bot reads it, and which delivery it is.
import { hash } from 'node:crypto'
import { z } from 'zod'

const text = z.string()
const Account = z.object({ id: text, name: text.optional(), aadObjectId: text.optional() })

/** Any activity (Bot Framework's Activity schema; learn.microsoft.com, Teams, "Conversation basics"). */
export const Activity = z.object({
  type: text,
  id: text.optional(),
  channelId: text,
  serviceUrl: z.url(),
  from: Account,
  recipient: Account,
  conversation: z.object({ id: text, conversationType: text.optional(), tenantId: text.optional() }),
  channelData: z
    .object({
      tenant: z.object({ id: text }).optional(),
      channel: z.object({ id: text }).optional(),
      eventType: text.optional(),
    })
    .optional(),
  text: text.optional(),
  textFormat: text.optional(),
  entities: z.array(z.unknown()).optional(),
  /** What an Action.Submit sends, or an invoke asks for. */
  value: z.unknown().optional(),
  name: text.optional(),
  replyToId: text.optional(),
  action: text.optional(),
  membersAdded: z.array(Account).optional(),
  membersRemoved: z.array(Account).optional(),
})
export type Activity = z.infer<typeof Activity>

/** A mention among the entities of a message. */
export const Mention = z.object({
  type: z.literal('mention'),
  text: text.optional(),
  mentioned: z.object({ id: text, name: text.optional() }),
})
export type Mention = z.infer<typeof Mention>

/** The value of `adaptiveCard/action` (learn.microsoft.com, Teams, "Universal Actions for Adaptive Cards"). */
export const CardAction = z.object({
  action: z.object({ type: text.optional(), verb: text.optional(), data: z.unknown().optional() }),
  trigger: text.optional(),
})
export type CardAction = z.infer<typeof CardAction>

/** The data of the action by which a card asks to be shown again. */
export const Viewed = z.object({ view: text.min(1).max(100) })

/** The verb of the actions that carry a command. */
export const commandVerb = 'dr'

/** The tenant that an activity is from; undefined when it does not say. Where it says two, the other one counts. */
export function tenantOf(activity: Activity, ours: string): string | undefined {
  const said = [activity.conversation.tenantId, activity.channelData?.tenant?.id].filter(
    (each) => each !== undefined,
  )
  return said.find((each) => each.toLowerCase() !== ours.toLowerCase()) ?? said[0]
}

/** The name under which an activity is done once: equal for the same one delivered again. */
export function deliveryName(activity: Activity, body: string): string {
  const { id, conversation, type } = activity
  const what = id === undefined ? body : `${type} ${conversation.id} ${id}`
  return `teams:activity:${hash('sha256', what, 'hex').slice(0, 32)}`
}

/** Whether it was said in a chat with the bot alone. */
export function isPersonal({ conversation }: Activity): boolean {
  return conversation.conversationType === 'personal'
}
