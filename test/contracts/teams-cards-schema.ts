// The rules of Adaptive Cards 1.5 for what the bot writes, after learn.microsoft.com/adaptive-cards/schema-explorer: nothing else is taken.
import { z } from 'zod'
import { limits } from '../../src/chat/teams/render/elements.ts'

const colour = z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention'])
const spacing = z.enum(['None', 'Small', 'Default', 'Medium', 'Large', 'ExtraLarge', 'Padding'])
const containerStyle = z.enum(['default', 'emphasis', 'good', 'attention', 'warning', 'accent'])
const actionStyle = z.enum(['default', 'positive', 'destructive'])
const address = z.url({ protocol: /^https?$/ })
const written = z.string().min(1)
const data = z.record(z.string(), z.string())

const OpenUrl = z.strictObject({
  type: z.literal('Action.OpenUrl'),
  title: written.exactOptional(),
  url: address,
})
const Submit = z.strictObject({
  type: z.literal('Action.Submit'),
  title: written,
  data,
  style: actionStyle.exactOptional(),
})
const Execute = z.strictObject({
  type: z.literal('Action.Execute'),
  verb: z.literal('dr'),
  title: written,
  data,
  style: actionStyle.exactOptional(),
  fallback: Submit,
})
const Refresh = z.strictObject({
  action: Execute.omit({ title: true, style: true, fallback: true }),
  userIds: z.array(written).min(1).max(60),
})

const TextRun = z.strictObject({
  type: z.literal('TextRun'),
  text: written,
  color: colour.exactOptional(),
  fontType: z.enum(['Default', 'Monospace']).exactOptional(),
  isSubtle: z.boolean().exactOptional(),
  selectAction: OpenUrl.exactOptional(),
  size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).exactOptional(),
  underline: z.boolean().exactOptional(),
  weight: z.enum(['Default', 'Lighter', 'Bolder']).exactOptional(),
})
const RichTextBlock = z.strictObject({
  type: z.literal('RichTextBlock'),
  inlines: z.array(TextRun).min(1),
  spacing: spacing.exactOptional(),
})
const TextBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: written,
  wrap: z.boolean(),
  color: colour.exactOptional(),
  weight: z.enum(['Default', 'Lighter', 'Bolder']).exactOptional(),
})
const InputText = z.strictObject({
  type: z.literal('Input.Text'),
  id: written,
  label: written,
  maxLength: z.int().positive(),
  isRequired: z.boolean().exactOptional(),
  errorMessage: written.exactOptional(),
  regex: z
    .string()
    .refine((pattern) => new RegExp(pattern, 'u') instanceof RegExp)
    .exactOptional(),
  isMultiline: z.boolean().exactOptional(),
})

const Column = z.strictObject({
  type: z.literal('Column'),
  width: z.number().positive(),
  get items() {
    return z.array(Element)
  },
  style: containerStyle.exactOptional(),
  minHeight: z
    .string()
    .regex(/^\d+px$/)
    .exactOptional(),
  verticalContentAlignment: z.enum(['Top', 'Center', 'Bottom']).exactOptional(),
})
const ColumnSet = z.strictObject({
  type: z.literal('ColumnSet'),
  columns: z.array(Column).min(1),
  spacing: spacing.exactOptional(),
})
const Container = z.strictObject({
  type: z.literal('Container'),
  get items() {
    return z.array(Element).min(1)
  },
  style: containerStyle.exactOptional(),
  bleed: z.boolean().exactOptional(),
  spacing: spacing.exactOptional(),
})
const ShowCard = z.strictObject({
  type: z.literal('Action.ShowCard'),
  title: written,
  style: actionStyle.exactOptional(),
  get card() {
    return z.strictObject({
      type: z.literal('AdaptiveCard'),
      body: z.array(Element),
      actions: z.array(Execute).length(1),
    })
  },
})
const ActionSet = z.strictObject({
  type: z.literal('ActionSet'),
  get actions() {
    return z
      .array(z.discriminatedUnion('type', [Execute, ShowCard, OpenUrl]))
      .min(1)
      .max(limits.row)
  },
  spacing: spacing.exactOptional(),
})
const Element: z.ZodType = z.lazy(() =>
  z.discriminatedUnion('type', [RichTextBlock, TextBlock, InputText, ColumnSet, Container, ActionSet]),
)

const Card = z.strictObject({
  type: z.literal('AdaptiveCard'),
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  version: z.literal('1.5'),
  fallbackText: written,
  body: z.array(Element),
  refresh: Refresh.exactOptional(),
  // Teams' own extension (learn.microsoft.com, "Format cards in Teams", full width).
  msteams: z.strictObject({ width: z.literal('Full') }),
})

/** What is wrong with a card: each with its place; two inputs of the same id too. */
export function cardErrors(card: unknown): readonly string[] {
  const read = Card.safeParse(card)
  const found = read.success
    ? []
    : read.error.issues.map((each) => `/${each.path.join('/')}: ${each.message}`)
  const ids = objectsIn(card).flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
  return [...found, ...ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `two of id ${id}`)]
}

/** Each object anywhere in a value. */
export function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(objectsIn)
  return Array.isArray(value) ? inner : [value as Readonly<Record<string, unknown>>, ...inner]
}
