// The parts that Block Kit's blocks are made of: texts, buttons, menus, inputs, images, with Slack's limits.
import { z } from 'zod'
import { RichText } from './rich.ts'

/** A plain text of 1 to `most` characters. */
export function plain(most: number) {
  return z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most),
    emoji: z.boolean().optional(),
  })
}

function mrkdwn(most: number) {
  return z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(most),
    verbatim: z.boolean().optional(),
  })
}

/** Either kind of text. */
export function Text(most: number) {
  return z.discriminatedUnion('type', [plain(most), mrkdwn(most)])
}

const confirm = z.strictObject({
  title: plain(100).optional(),
  text: Text(300),
  confirm: plain(30).optional(),
  deny: plain(30).optional(),
  style: z.enum(['primary', 'danger']).optional(),
})

const action = { action_id: z.string().min(1).max(255).optional(), confirm: confirm.optional() }
const focus = { focus_on_load: z.boolean().optional(), placeholder: plain(150).optional() }
const dispatch = { dispatch_action_config: z.looseObject({}).optional() }

const Option = z.strictObject({
  text: Text(75),
  value: z.string().min(1).max(150),
  description: plain(75).optional(),
  url: z.string().max(3_000).optional(),
})

const options = z.array(Option).min(1).max(100)
const groups = z
  .array(z.strictObject({ label: plain(75), options }))
  .min(1)
  .max(100)
const few = z.array(Option).min(1).max(10)

const Button = z.strictObject({
  type: z.literal('button'),
  ...action,
  text: plain(75),
  value: z.string().max(2_000).optional(),
  url: z.string().max(3_000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
})

const StaticSelect = z.strictObject({
  type: z.literal('static_select'),
  ...action,
  ...focus,
  options: options.optional(),
  option_groups: groups.optional(),
  initial_option: Option.optional(),
})

const UsersSelect = z.strictObject({
  type: z.literal('users_select'),
  ...action,
  ...focus,
  initial_user: z.string().optional(),
})

const ChannelsSelect = z.strictObject({
  type: z.literal('channels_select'),
  ...action,
  ...focus,
  initial_channel: z.string().optional(),
  response_url_enabled: z.boolean().optional(),
})

const Radio = z.strictObject({
  type: z.literal('radio_buttons'),
  ...action,
  focus_on_load: z.boolean().optional(),
  options: few,
  initial_option: Option.optional(),
})

const Checkboxes = z.strictObject({
  type: z.literal('checkboxes'),
  ...action,
  focus_on_load: z.boolean().optional(),
  options: few,
  initial_options: few.optional(),
})

const DateTime = z.strictObject({
  type: z.literal('datetimepicker'),
  ...action,
  focus_on_load: z.boolean().optional(),
  initial_date_time: z.number().int().optional(),
})

const Overflow = z.strictObject({
  type: z.literal('overflow'),
  ...action,
  options: z.array(Option).min(1).max(5),
})

/** What an actions block or the side of a section may hold, but images. */
export const Elements = z.discriminatedUnion('type', [
  Button,
  StaticSelect,
  UsersSelect,
  ChannelsSelect,
  Radio,
  Checkboxes,
  DateTime,
  Overflow,
])

const typed = { action_id: action.action_id, ...focus, ...dispatch }

const PlainInput = z.strictObject({
  type: z.literal('plain_text_input'),
  ...typed,
  initial_value: z.string().max(3_000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.number().int().min(0).max(3_000).optional(),
  max_length: z.number().int().min(1).max(3_000).optional(),
})

const NumberInput = z.strictObject({
  type: z.literal('number_input'),
  ...typed,
  is_decimal_allowed: z.boolean(),
  initial_value: z.string().optional(),
  min_value: z.string().optional(),
  max_value: z.string().optional(),
})

const RichInput = z.strictObject({
  type: z.literal('rich_text_input'),
  ...typed,
  initial_value: RichText.optional(),
})

/** What an input block may hold. */
export const inputs = z.discriminatedUnion('type', [
  PlainInput,
  NumberInput,
  RichInput,
  StaticSelect,
  UsersSelect,
  ChannelsSelect,
  Radio,
  Checkboxes,
  DateTime,
])

/** An image comes from an address or from an uploaded file. */
export const imageParts = {
  alt_text: z.string().min(1).max(2_000),
  image_url: z
    .url({ protocol: /^https?$/ })
    .max(3_000)
    .optional(),
  slack_file: z
    .union([z.strictObject({ id: z.string().min(1) }), z.strictObject({ url: z.string().min(1) })])
    .optional(),
}

type Sources = { readonly image_url?: string | undefined; readonly slack_file?: unknown }

/** The rule that an image has one source, not two and not none. */
export const oneSource = [
  (image: Sources) => (image.image_url === undefined) !== (image.slack_file === undefined),
  { message: 'must have exactly one of image_url and slack_file' },
] as const

/** The rule that Slack can fetch the image: it cannot see into the network that the bot runs in. */
export const noLocalImage = [
  (image: Sources) =>
    image.image_url === undefined || !/^https?:\/\/(127\.|localhost|\[::1\])/.test(image.image_url),
  { message: 'downloading image failed' },
] as const

export const Image = z
  .strictObject({ type: z.literal('image'), ...imageParts })
  .refine(...oneSource)
  .refine(...noLocalImage)
