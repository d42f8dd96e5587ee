// Modals: what a button asks first, opening an incident, a note from a message, an answer; and reading them back.
import { z } from 'zod'
import { BugError } from '../../../errors.ts'
import { toIncidentId } from '../../../ids.ts'
import type { IncidentId, SystemId } from '../../../ids.ts'
import type { Card, Line } from '../../../message.ts'
import { limits } from './blocks.ts'
import type { Input, ModalView, Option, RichText } from './blocks.ts'
import type { PressedButton } from './buttons.ts'
import { cardBlocks } from './message.ts'
import type { MessageOptions } from './message.ts'
import { richLine } from './rich.ts'
import { clean, cleanLines, cut } from '../../text.ts'
import { plainText } from './text.ts'

/** Callback ids of the modals, by what they ask. */
const callbacks = { ask: 'dr:ask', open: 'dr:open', note: 'dr:note', answer: 'dr:answer' } as const

/** Characters of a reason or a summary, and of a note: with its verb each stays within the longest command. */
const longestAnswer = 1_000
const longestNote = 1_900
/** Lines of what a question is about; a person reads no more than these before typing a name. */
const mostSummary = 15

/** What a button asks before its command is carried out: the name to be typed, a reason; above it what it is about. */
export function askView(
  button: PressedButton,
  privateMetadata: string,
  summary: readonly Line[] = [],
): ModalView {
  const { command, confirm, typed, input, needed } = button
  const label = button.label ?? command
  const more = typed === undefined && input === undefined ? '' : ' …'
  const runs: Line = ['This runs ', { command: `${command}${more}` }]
  const name: Line = ['To go on, type ', { code: typed ?? '' }]
  const about = summary.slice(0, mostSummary)
  const lines = [
    ...about,
    ...(confirm === undefined ? [] : [[confirm]]),
    runs,
    ...(typed === undefined ? [] : [name]),
  ]
  const questions = [
    ...(typed === undefined ? [] : [textInput('typed', 'The name, exactly as above', { optional: false })]),
    ...(input === undefined ? [] : [textInput('input', input, { optional: needed !== true })]),
  ]
  return {
    ...modal(callbacks.ask, label, privateMetadata),
    submit: plainText(label, limits.viewTitle, 'Go on'),
    close: plainText('Not now', limits.viewTitle),
    blocks: [...lines.map(paragraph), ...questions],
  }
}

/** What Slack is answered when the typed name is not the one asked for: the modal stays open and says so. */
export function wrongName(typed: string): {
  readonly response_action: 'errors'
  readonly errors: Readonly<Record<string, string>>
} {
  return { response_action: 'errors', errors: { typed: cut(`Type exactly: ${clean(typed)}`, limits.text) } }
}

/** Opening an incident by hand: which system, and in a few words what is broken. */
export function openIncidentView(
  systems: readonly SystemId[],
  summary = '',
  privateMetadata = '',
): ModalView {
  const question = select('system', 'Which system?', systems.map(same))
  const what = textInput('summary', 'What is broken?', { optional: true, text: clean(summary).trim() })
  return {
    ...modal(callbacks.open, 'Open an incident', privateMetadata),
    submit: plainText('Open and page', limits.viewTitle),
    blocks: [paragraph(['The engineer on call is paged at once.']), question, what],
  }
}

/** Keeping a message in the timeline of an incident, the first of which is chosen already. */
export function noteView(
  incidents: readonly { readonly id: IncidentId; readonly title: string }[],
  text: string,
  privateMetadata = '',
): ModalView {
  const base = modal(callbacks.note, 'Add to timeline', privateMetadata)
  if (incidents.length === 0)
    return { ...base, blocks: [paragraph(['No incident is open. To open one, type ', { command: 'open' }])] }
  const choices = incidents.map(({ id, title }) => ({ value: id, text: `${id} · ${title}` }))
  const note = textInput('text', 'Note', {
    optional: false,
    text: cleanLines(text.slice(0, 2 * longestNote))
      .join('\n')
      .trim(),
    long: true,
  })
  return {
    ...base,
    submit: plainText('Add', limits.viewTitle),
    blocks: [select('incident', 'To which incident?', choices, choices[0]), note],
  }
}

/** The answer to a command, where there is no conversation to say it in. */
export function answerView(card: Card, options: MessageOptions = {}): ModalView {
  return { ...modal(callbacks.answer, 'Answer', ''), blocks: cardBlocks(card, options) }
}

/** What a submitted modal says. Texts are trimmed; what was left empty is absent. `metadata`: as given to the view. */
export type Submission =
  | { readonly kind: 'ask'; readonly metadata: string; readonly typed?: string; readonly input?: string }
  | { readonly kind: 'open'; readonly metadata: string; readonly system: string; readonly summary?: string }
  | { readonly kind: 'note'; readonly metadata: string; readonly incident: IncidentId; readonly text: string }

const Answer = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
})
const SubmittedView = z.object({
  callback_id: z.string(),
  private_metadata: z.string().default(''),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), Answer)) }),
})

/** Reads the `view` of a `view_submission`; undefined when it is none of ours or lacks what it must say. */
export function readSubmission(view: unknown): Submission | undefined {
  const read = SubmittedView.safeParse(view)
  if (!read.success) return undefined
  const { callback_id, private_metadata: metadata, state } = read.data
  const said = (name: string): string | undefined => {
    const answer = state.values[name]?.[name]
    return (answer?.selected_option?.value ?? answer?.value ?? '').trim() || undefined
  }
  switch (callback_id) {
    case callbacks.ask:
      return { kind: 'ask', metadata, ...given('typed', said('typed')), ...given('input', said('input')) }
    case callbacks.open: {
      const system = said('system')
      return system === undefined
        ? undefined
        : { kind: 'open', metadata, system, ...given('summary', said('summary')) }
    }
    case callbacks.note: {
      const incident = toIncidentId(said('incident') ?? '')
      const text = said('text')
      return incident && text ? { kind: 'note', metadata, incident, text } : undefined
    }
    default:
      return undefined
  }
}

function given<N extends string>(name: N, value: string | undefined): { readonly [K in N]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: string }
}

function modal(callback: string, title: string, privateMetadata: string): Omit<ModalView, 'blocks'> {
  if (privateMetadata.length > limits.metadata)
    throw new BugError(`a modal remembers at most ${limits.metadata} characters`)
  return {
    type: 'modal',
    callback_id: callback,
    title: plainText(title, limits.viewTitle),
    close: plainText('Close', limits.viewTitle),
    private_metadata: privateMetadata,
  }
}

function paragraph(line: Line): RichText {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: richLine(line, longestAnswer) }],
  }
}

function textInput(
  name: string,
  label: string,
  wanted: { readonly optional: boolean; readonly text?: string; readonly long?: true },
): Input {
  const most = wanted.long ? longestNote : longestAnswer
  return {
    type: 'input',
    block_id: name,
    label: plainText(label, limits.inputLabel),
    optional: wanted.optional,
    element: {
      type: 'plain_text_input',
      action_id: name,
      multiline: wanted.long ?? false,
      max_length: most,
      ...(wanted.text && { initial_value: cut(wanted.text, most) }),
    },
  }
}

interface Choice {
  readonly value: string
  readonly text: string
}

function same(system: SystemId): Choice {
  return { value: system, text: system }
}

function select(name: string, label: string, choices: readonly Choice[], chosen?: Choice): Input {
  const options = choices.slice(0, limits.options).map(optionOf)
  return {
    type: 'input',
    block_id: name,
    label: plainText(label, limits.inputLabel),
    optional: false,
    element: {
      type: 'static_select',
      action_id: name,
      options,
      ...(chosen && { initial_option: optionOf(chosen) }),
    },
  }
}

function optionOf({ value, text }: Choice): Option {
  return { text: plainText(text, limits.option), value }
}
