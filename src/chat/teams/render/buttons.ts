// Buttons as Teams has them: a typed command in the data, behind a form where something must be asked; and the way back.
import { z } from 'zod'
import type { Button, Card, Line } from '../../../message.ts'
import { clean, cut, webAddress } from '../../text.ts'
import { limits } from './elements.ts'
import type { Action, ActionSet, Element, Execute, InputText, OpenUrl, ShowCard } from './elements.ts'
import { harmlessText, richBlock, runsOf } from './rich.ts'
import { sizeOf } from '../../fit.ts'

/** Lines of what a question is about; a person reads no more than these before typing a name. */
const mostSummary = 15

/** What a pressed button says: its command, and what was put in. */
export interface Pressed {
  readonly command: string
  /** The target's name. */
  readonly typed?: string
  /** Free text. */
  readonly input?: string
}

/** Letters that a phone shows beside each other, and those that a button's edges take the room of. */
const rowWidth = 38
const buttonEdges = 5

/** A button with the bytes that it takes. */
interface Drawn {
  readonly action: Action
  readonly size: number
}

/** How questions are written: the zone for moments; in the chat with the bot alone commands are typed without its name. */
export interface Asking {
  readonly zone: string
  readonly personal?: boolean | undefined
}

/** The rows of a card's buttons and links within `room` bytes, and how many found none. */
export function buttonRows(
  card: Card,
  room: number,
  asking: Asking,
): { readonly rows: readonly ActionSet[]; readonly left: number } {
  const { buttons = [], links = [] } = card
  const wanted = [
    ...buttons.slice(0, limits.actions).map((button, index) => buttonAction(button, index + 1, asking)),
    ...links.slice(0, limits.actions).map(({ label, link }) => linkAction(label, link)),
  ]
  const drawn = wanted
    .filter((each) => each !== undefined)
    .slice(0, limits.actions)
    .map(sized)
  const fitting: Action[] = []
  let free = room
  for (const { action, size } of drawn) {
    free -= size
    if (free < 0) break
    fitting.push(action)
  }
  const rows = rowsOf(fitting).map((actions): ActionSet => ({ type: 'ActionSet', spacing: 'Small', actions }))
  return { rows, left: buttons.length + links.length - fitting.length }
}

/** Actions in rows that a phone shows without cutting their titles: cut, two recoveries could look alike. */
function rowsOf(actions: readonly Action[]): readonly (readonly Action[])[] {
  const rows: Action[][] = []
  let free = 0
  for (const action of actions) {
    const width = (action.title ?? '').length + buttonEdges
    if (width > free || (rows.at(-1)?.length ?? 0) >= limits.row) {
      rows.push([])
      free = rowWidth
    }
    rows.at(-1)?.push(action)
    free -= width
  }
  return rows
}

const PressedData = z.looseObject({ command: z.string().min(1), asks: z.string().optional() })
const Filled = z.object({ typed: z.string().trim().optional(), input: z.string().trim().optional() })

/** What the data of a pressed button says, inputs and all; undefined for what no button of ours sends. */
export function readPressed(data: unknown): Pressed | undefined {
  const read = PressedData.safeParse(data)
  if (!read.success) return undefined
  const { command, asks = '', ...inputs } = read.data
  const filled = Filled.safeParse({ typed: inputs[`typed${asks}`], input: inputs[`input${asks}`] })
  if (!filled.success) return undefined
  const { typed, input } = filled.data
  return { command, ...(typed && { typed }), ...(input && { input }) }
}

/**
 * A button for a command; undefined where the command or the name to be typed is too long for one: cut short, each
 * would be another. What must be known or confirmed first is asked in a form that opens under the button.
 */
function buttonAction(button: Button, number: number, asking: Asking): Action | undefined {
  const command = clean(button.command).trim()
  if (command === '' || command.length > limits.command) return undefined
  if (button.typed !== undefined && button.typed.length > limits.input) return undefined
  const label = cut(harmlessText(button.label).trim() || command, limits.label)
  const asks = button.typed !== undefined || button.input !== undefined
  const data = { command, ...(asks && { asks: `${number}` }) }
  const style = styles[button.style]
  const execute: Execute = {
    type: 'Action.Execute',
    verb: 'dr',
    title: label,
    data,
    ...style,
    fallback: { type: 'Action.Submit', title: label, data, ...style },
  }
  if (!asks && button.confirm === undefined) return execute
  const body = [...questionLines(button, command, asking), ...inputs(button, number)]
  return formAction(`${label}…`, button.style, body, execute)
}

const styles = {
  primary: { style: 'positive' },
  danger: { style: 'destructive' },
  plain: {},
} as const

function formAction(
  title: string,
  style: Button['style'],
  body: readonly Element[],
  execute: Execute,
): ShowCard {
  return {
    type: 'Action.ShowCard',
    title,
    ...styles[style],
    card: { type: 'AdaptiveCard', body, actions: [execute] },
  }
}

/** What the question is about, whether to go on, and what will run. */
function questionLines(button: Button, command: string, { zone, personal }: Asking): readonly Element[] {
  const { summary = [], confirm, typed, input } = button
  const more = typed === undefined && input === undefined ? '' : ' …'
  const whole = `${cut(command, limits.label)}${more}`
  const lines: readonly Line[] = [
    ...summary.slice(0, mostSummary),
    ...(confirm === undefined ? [] : [[confirm]]),
    ['This runs ', personal === true ? { code: whole } : { command: whole }],
    ...(typed === undefined ? [] : [['To go on, type ', { code: clean(typed).trim() }] satisfies Line]),
  ]
  return lines.map((line) => richBlock(runsOf(line, limits.title * 2, { zone }), 'Small'))
}

/** Ids carry the button's number: on one card no two may be alike. */
function inputs({ typed, input, needed }: Button, number: number): readonly InputText[] {
  const name: readonly InputText[] =
    typed === undefined
      ? []
      : [
          {
            type: 'Input.Text',
            id: `typed${number}`,
            label: 'The name, exactly as above',
            maxLength: limits.input,
            isRequired: true,
            errorMessage: 'Type the name exactly as it stands above.',
            regex: exactly(clean(typed).trim()),
          },
        ]
  if (input === undefined) return name
  const words: InputText = {
    type: 'Input.Text',
    id: `input${number}`,
    label: cut(harmlessText(input).trim(), limits.inputLabel) || 'In a few words',
    maxLength: limits.input,
    isMultiline: true,
    ...(needed && { isRequired: true, errorMessage: 'This is needed.' }),
  }
  return [...name, words]
}

/** A pattern for one text, blanks around it allowed: phones add them. */
function exactly(text: string): string {
  return `^\\s*${text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}\\s*$`
}

function linkAction(label: string, link: string): OpenUrl | undefined {
  const url = webAddress(link, limits.url)
  if (url === undefined) return undefined
  const title = cut(harmlessText(label).trim(), limits.label) || 'Open'
  return { type: 'Action.OpenUrl', title, url }
}

function sized(action: Action): Drawn {
  return { action, size: sizeOf(action) + 1 }
}
