// Rich text as Slack checks it: sections, lists, quotes and preformatted text, and what may stand in them.
import { z } from 'zod'

const style = z
  .strictObject({
    bold: z.boolean(),
    italic: z.boolean(),
    strike: z.boolean(),
    code: z.boolean(),
    underline: z.boolean(),
    highlight: z.boolean(),
    client_highlight: z.boolean(),
    unlink: z.boolean(),
  })
  .partial()
  .optional()

const id = z.string().min(1).max(255)

/** Time stamps are seconds; Slack would take milliseconds for a year far off and show that. */
const seconds = 9_999_999_999

const Words = z.strictObject({ type: z.literal('text'), text: z.string().min(1), style })
const Link = z.strictObject({
  type: z.literal('link'),
  url: z.url({ protocol: /^(https?|mailto|tel|slack)$/ }).max(3_000),
  text: z.string().optional(),
  unsafe: z.boolean().optional(),
  style,
})

const Inline = z.discriminatedUnion('type', [
  Words,
  Link,
  z.strictObject({ type: z.literal('user'), user_id: id, style }),
  z.strictObject({ type: z.literal('usergroup'), usergroup_id: id, style }),
  z.strictObject({ type: z.literal('channel'), channel_id: id, style }),
  z.strictObject({ type: z.literal('team'), team_id: id, style }),
  z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']), style }),
  z.strictObject({ type: z.literal('color'), value: z.string().min(1), style }),
  z.strictObject({
    type: z.literal('emoji'),
    name: id,
    unicode: z.string().optional(),
    url: z.string().optional(),
    skin_tone: z.number().int().optional(),
    style,
  }),
  z.strictObject({
    type: z.literal('date'),
    timestamp: z.number().int().positive().max(seconds),
    format: z.string().min(1),
    url: z.string().optional(),
    fallback: z.string().optional(),
    style,
  }),
])

const border = z.number().int().min(0).max(1).optional()
const RichSection = z.strictObject({ type: z.literal('rich_text_section'), elements: z.array(Inline) })

/** A rich_text block. */
export const RichText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: z.string().min(1).max(255).optional(),
  elements: z
    .array(
      z.discriminatedUnion('type', [
        RichSection,
        z.strictObject({
          type: z.literal('rich_text_list'),
          style: z.enum(['bullet', 'ordered']),
          indent: z.number().int().min(0).max(8).optional(),
          offset: z.number().int().min(0).optional(),
          border,
          elements: z.array(RichSection).min(1),
        }),
        z.strictObject({ type: z.literal('rich_text_quote'), border, elements: z.array(Inline) }),
        z.strictObject({
          type: z.literal('rich_text_preformatted'),
          border,
          language: z.string().optional(),
          elements: z.array(z.discriminatedUnion('type', [Words, Link])),
        }),
      ]),
    )
    .min(1),
})
