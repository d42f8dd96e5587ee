// Block Kit as Slack checks it: which blocks there are, how long their parts may be, and the words of the refusal.
import { z } from 'zod'
import { Elements, Image, inputs, noLocalImage, oneSource, plain, Text, imageParts } from './elements.ts'
import { Refusal } from './envelope.ts'
import { RichText } from './rich.ts'
import type { Workspace } from './workspace.ts'

const blockId = z.string().min(1).max(255).optional()

const Section = z
  .strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: Text(3_000).optional(),
    fields: z.array(Text(2_000)).min(1).max(10).optional(),
    accessory: Elements.or(Image).optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, {
    message: 'missing required field: text',
  })

const table = {
  rows: z
    .array(z.array(z.looseObject({ type: z.string() })).max(20))
    .min(1)
    .max(100),
}

const shared = [
  Section,
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) }),
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
  z.strictObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z
      .array(z.union([Text(3_000), Image]))
      .min(1)
      .max(10),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z.array(Elements).min(1).max(25),
  }),
  z
    .strictObject({
      type: z.literal('image'),
      block_id: blockId,
      title: plain(2_000).optional(),
      ...imageParts,
    })
    .refine(...oneSource)
    .refine(...noLocalImage),
  z.strictObject({
    type: z.literal('input'),
    block_id: blockId,
    label: plain(2_000),
    hint: plain(2_000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
    element: inputs,
  }),
  RichText,
] as const

const message = [
  ...shared,
  z.strictObject({ type: z.literal('markdown'), block_id: blockId, text: z.string().min(1).max(12_000) }),
  z.strictObject({
    type: z.literal('alert'),
    block_id: blockId,
    text: Text(200),
    level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
  }),
  z.strictObject({
    type: z.literal('table'),
    block_id: blockId,
    ...table,
    column_settings: z.array(z.looseObject({})).max(20).optional(),
  }),
] as const

const MessageBlocks = z.array(z.discriminatedUnion('type', message)).max(50)

/** The blocks of a modal or a home tab; at most 100. */
export const ViewBlocks = z.array(z.discriminatedUnion('type', shared)).max(100)

/** Characters of a message's blocks as JSON. Slack documents no limit; this is where messages were seen to be refused. */
const longestJson = 13_200

/** The blocks of a message as they are, or the refusal that says what is wrong with them. */
export function checkBlocks(slack: Workspace, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal('invalid_blocks_format')
  const reasons = blockErrors(slack, MessageBlocks, value, '/blocks')
  if (reasons.length > 0) {
    throw new Refusal('invalid_blocks', {
      errors: reasons,
      response_metadata: { messages: reasons.map((reason) => `[ERROR] ${reason}`) },
    })
  }
  if (JSON.stringify(value).length > longestJson) throw new Refusal('msg_blocks_too_long')
  return value as readonly unknown[]
}

/** What is wrong with a value, each with the place as a JSON pointer. */
export function blockErrors(
  slack: Workspace,
  schema: z.ZodType,
  value: unknown,
  base: string,
): readonly string[] {
  const read = schema.safeParse(value)
  if (!read.success) return schemaErrors(read.error, base)
  return [...twins(value), ...missingFiles(slack, value)].map((reason) => `${reason} [json-pointer:${base}]`)
}

/** The reasons of a zod error in Slack's words. */
export function schemaErrors(error: z.ZodError, base: string): readonly string[] {
  return error.issues.map((issue) => {
    const { words, path } = wordsOf(issue)
    return `${words} [json-pointer:${[base, ...path.map(String)].join('/')}]`
  })
}

type Issue = z.ZodError['issues'][number]

function wordsOf(issue: Issue): { readonly words: string; readonly path: Issue['path'] } {
  const { path } = issue
  switch (issue.code) {
    case 'too_big':
      if (issue.origin === 'string')
        return { words: `must be less than ${Number(issue.maximum) + 1} characters`, path }
      return { words: `no more than ${issue.maximum} items allowed`, path }
    case 'too_small':
      if (issue.origin === 'string')
        return { words: `must be more than ${Number(issue.minimum) - 1} characters`, path }
      return { words: `no fewer than ${issue.minimum} items required`, path }
    case 'unrecognized_keys':
      return { words: `invalid additional property: ${issue.keys.join(', ')}`, path }
    case 'invalid_union':
      return unionWords(issue)
    case 'invalid_type':
      if (issue.message.includes('undefined'))
        return { words: `missing required field: ${String(path.at(-1))}`, path: path.slice(0, -1) }
      return { words: `must be ${issue.expected}`, path }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_value':
    case 'not_multiple_of':
      return { words: issue.message, path }
  }
}

/** A union fails because its type is unknown, or for the first reason of the alternative that came closest. */
function unionWords(issue: Extract<Issue, { readonly code: 'invalid_union' }>): ReturnType<typeof wordsOf> {
  const closest = issue.errors
    .filter((issues) => !issues.some((inner) => inner.path.length === 1 && inner.path[0] === 'type'))
    .toSorted((a, b) => a.length - b.length)[0]?.[0]
  if (closest === undefined) return { words: 'unsupported type', path: issue.path }
  const { words, path } = wordsOf(closest)
  return { words, path: [...issue.path, ...path] }
}

/** Block ids are unique in a message, action ids in a block. */
function twins(value: unknown): readonly string[] {
  const blocks = value as readonly Readonly<Record<string, unknown>>[]
  const blockTwin = twin(blocks.map((block) => block['block_id']))
  const actionTwins = blocks.flatMap((block) => {
    const elements = Array.isArray(block['elements']) ? block['elements'] : []
    const ids = elements.map((element: Readonly<Record<string, unknown>>) => element['action_id'])
    return twin(ids).map((id) => `\`action_id\` "${id}" already exists`)
  })
  return [...blockTwin.map((id) => `\`block_id\` "${id}" already exists`), ...actionTwins]
}

function twin(ids: readonly unknown[]): readonly string[] {
  const given = ids.filter((id) => typeof id === 'string')
  return given.filter((id, index) => given.indexOf(id) !== index)
}

function missingFiles(slack: Workspace, value: unknown): readonly string[] {
  const found: unknown[] = []
  JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'slack_file') found.push((inner as { readonly id?: unknown }).id)
    return inner
  })
  return found
    .filter((id) => typeof id !== 'string' || slack.files.get(id)?.complete !== true)
    .map(() => 'invalid slack file')
}
