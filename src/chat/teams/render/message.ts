// A card as a message in Teams: what is broken, who has it and the clocks first; always within Teams' limits.
import { parted } from '../../../message.ts'
import type { Card, Line, Tone } from '../../../message.ts'
import { fit, sizeOf } from '../../fit.ts'
import { clean, cut } from '../../text.ts'
import type { TeamsActivity } from '../activity.ts'
import { buttonRows } from './buttons.ts'
import type { Asking } from './buttons.ts'
import { limits } from './elements.ts'
import type { AdaptiveCard, Container, ContainerStyle, Element, RichTextBlock } from './elements.ts'
import { containerOf, fieldsPart, noteBlock, partsOf } from './parts.ts'
import { plainLine, richBlock, runsOf, textRuns } from './rich.ts'

export interface MessageOptions {
  /** The page of the console that shows all of it; the card's own unless said. */
  readonly more?: string
  /** The time zone for moments among other words, such as `Europe/Berlin`; UTC unless said. */
  readonly zone?: string
  /** It is for the chat with the bot alone, where commands are typed without its name. */
  readonly personal?: boolean | undefined
  /** Whose own views of this `INC-n` or `R-n` Teams asks for, by MRI. Only the first 60 are asked for. */
  readonly refresh?: { readonly about: string; readonly users: readonly string[] }
}

/** The content type of an Adaptive Card among attachments and answers. */
export const cardType = 'application/vnd.microsoft.card.adaptive'

/** Characters of the small print. */
const longestFooter = 300

const looks: Readonly<Record<Tone, { readonly mark: string; readonly style: ContainerStyle }>> = {
  bad: { mark: '🔴', style: 'attention' },
  warn: { mark: '🟠', style: 'warning' },
  good: { mark: '🟢', style: 'good' },
  quiet: { mark: '⚪', style: 'emphasis' },
}

/** The card as a message: `summary` for notifications, the Adaptive Card for everybody else. */
export function activityOf(card: Card, options: MessageOptions = {}): TeamsActivity {
  const content = adaptiveCard(card, options)
  return {
    type: 'message',
    summary: summaryText(card, options.zone ?? 'UTC'),
    attachments: [{ contentType: cardType, content }],
  }
}

/** The card as an Adaptive Card: the title, what stands first, the fields, the buttons and the body. */
export function adaptiveCard(card: Card, options: MessageOptions = {}): AdaptiveCard {
  const { zone = 'UTC', more = card.page } = options
  const { lead, rest } = parted(card.sections ?? [])
  const top = [
    ...lead.flatMap((section) => partsOf(section, zone, 'lead')),
    ...fieldsPart(card.fields ?? [], zone),
  ]
  const left = Math.max(0, rest.length - limits.parts)
  const kept = rest.at(-1)?.newestLast ? rest.slice(left) : rest.slice(0, limits.parts)
  const body = kept.flatMap((section) => partsOf(section, zone))
  // What buttons do matters more than the text under them, but never all of the room is theirs.
  const buttons = buttonElements(card, { zone, personal: options.personal })
  const foot = footer(card.footer ?? [], zone)
  const empty = withBody([header(card), ...buttons, ...foot], options)
  const frame = {
    room: limits.whole - sizeOf(empty),
    blocks: limits.parts,
    draw: (part: ReturnType<typeof partsOf>[number]): Element => containerOf(part, more),
    note: (text: string): Element => noteBlock(text, more),
  }
  const { top: above, body: read } = fit(top, body, left, frame)
  const shown = top.length > 0 ? [...buttons, ...read] : [...read, ...buttons]
  return withBody([header(card), ...above, ...shown, ...foot], options)
}

function withBody(body: readonly Element[], { refresh }: MessageOptions): AdaptiveCard {
  const users = refresh?.users.slice(0, limits.refreshed) ?? []
  return {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: 'This needs a newer Teams. Everything on it is in the console too.',
    msteams: { width: 'Full' },
    ...(refresh &&
      users.length > 0 && {
        refresh: {
          action: { type: 'Action.Execute', verb: 'dr', data: { view: refresh.about } },
          userIds: users,
        },
      }),
    body,
  }
}

/** One line or two: the title, then what it is about and the fields. Never parsed by Teams. */
function summaryText(card: Card, zone: string): string {
  const { lead } = parted(card.sections ?? [])
  const lines: readonly Line[] = [
    ...lead.flatMap((section) => section.lines ?? []).slice(0, 2),
    ...(card.fields ?? []).slice(0, 4).map(({ label, value }): Line => [`${label}: `, ...value]),
  ]
  const title = cut(`${looks[card.tone].mark} ${clean(card.title)}`, limits.title)
  return cut([title, ...lines.map((line) => plainLine(line, zone))].join(' · '), limits.summary)
}

function header({ title, tone }: Card): Container {
  const { mark, style } = looks[tone]
  const runs = textRuns(cut(`${mark} ${title}`, limits.title), { weight: 'Bolder', size: 'Large' })
  return { type: 'Container', style, bleed: true, items: [richBlock(runs)] }
}

function buttonElements(card: Card, asking: Asking): readonly Element[] {
  const { rows, left } = buttonRows(card, limits.whole / 2, asking)
  if (left === 0) return rows
  const text = `${left} more ${left === 1 ? 'button is' : 'buttons are'} in the console`
  return [...rows, richBlock(textRuns(text, { isSubtle: true }))]
}

function footer(line: Line, zone: string): readonly RichTextBlock[] {
  const runs = runsOf(line, longestFooter, { zone, isSubtle: true, size: 'Small' })
  return runs.length === 0 ? [] : [richBlock(runs, 'Medium')]
}
