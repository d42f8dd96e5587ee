// A card as data: what is said, once, for every door; each door renders it with its own means and limits.
import type { Instant } from './ids.ts'
import { isSameDay, momentText, timeText } from './moment.ts'

/**
 * A piece of text. Plain strings are data: a door escapes them, so that nothing in them becomes a mention,
 * markup, a link or a command. Times are instants, to the minute, shown in the reader's zone where the door can; a
 * door that knows what time it is
 * puts the day before a `time` that is not of today; for the others `day` says that it is not that of the card
 * (`withDays`). What runs out is said
 * with its words: `countdown` is `4m left`, `deadline` is `4m left, until 10:32`, and what is over, `ago`, is `4m ago`; a
 * door whose text stays as it is while time goes on says `until 10:32`, and `at 10:32`. A `command` can be typed: each
 * door shows it as it is typed there, such as `/dr ack`.
 */
export type Span =
  | string
  | { readonly at: Instant; readonly show: Show; readonly day?: true }
  | { readonly code: string }
  | { readonly command: string }
  | { readonly strong: string }
  | { readonly link: string; readonly text: string }

/** How an instant is shown. */
export type Show = 'time' | 'date-time' | 'countdown' | 'deadline' | 'ago'

/** One line of text. */
export type Line = readonly Span[]

/** Good: nothing to do. Warn: look at it. Bad: act. Quiet: for the record. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

/** A labelled value; `tone` colours the value. */
export interface Field {
  readonly label: string
  readonly value: Line
  readonly tone?: Tone
}

/** A part of a card: a heading (may be absent) over lines, or over a table. */
export interface Section {
  readonly heading?: string
  readonly lines?: readonly Line[]
  readonly table?: { readonly columns: readonly string[]; readonly rows: readonly (readonly Line[])[] }
  /** Text whose line breaks and spaces matter, such as a Markdown report. */
  readonly preformatted?: string
  /** Lines in the order of time: where there is no room for all, the first are left out. */
  readonly newestLast?: true
}

/**
 * A button is a typed command: pressing it does what typing `command` does, with the same rights and record.
 * `confirm` asks once more; `typed` asks for that text to be typed (the target's name of a disruptive run).
 * `input` asks for free text that is appended to the command (a reason).
 */
export interface Button {
  readonly label: string
  readonly command: string
  readonly style: 'primary' | 'danger' | 'plain'
  readonly confirm?: string
  readonly typed?: string
  readonly input?: string
  /** Without words the command would be refused: `input` may not be left empty. */
  readonly needed?: true
  /** What the person is asked about: shown wherever the button asks for `typed` or `input`. */
  readonly summary?: readonly Line[]
}

/** What a door shows: an incident's card, a proposal, an answer to a command. */
export interface Card {
  readonly title: string
  readonly tone: Tone
  readonly fields?: readonly Field[]
  readonly sections?: readonly Section[]
  readonly buttons?: readonly Button[]
  /** Ways to places, shown as buttons or links beside the buttons. */
  readonly links?: readonly { readonly label: string; readonly link: string }[]
  readonly footer?: Line
  /** The address of the console's page where all of it stands, for a door that has no room for everything. */
  readonly page?: string
}

/** Sections without a heading that may say what a card is about. */
const mostLead = 4

/** The lines at the beginning that have no heading say what the card is about: buttons stand under them, the rest below. */
export function parted(sections: readonly Section[]): {
  readonly lead: readonly Section[]
  readonly rest: readonly Section[]
} {
  const end = sections.findIndex(
    ({ heading, table, preformatted }) =>
      heading !== undefined || table !== undefined || preformatted !== undefined,
  )
  const count = Math.min(mostLead, end === -1 ? sections.length : end)
  return { lead: sections.slice(0, count), rest: sections.slice(count) }
}

/** A moment by its time of the day, with the date whenever it is not the day of `now` in that zone. */
export function timeOn(at: Instant, now: Instant, zone: string): Span {
  return { at, show: isSameDay(at, now, zone) ? 'time' : 'date-time' }
}

/** The card with the day at each clock that is not of the day of `now` in that zone: past midnight a time is no moment. */
export function withDays(card: Card, now: Instant, zone: string): Card {
  const spanOn = (span: Span): Span =>
    typeof span === 'string' || !('at' in span) || isSameDay(span.at, now, zone)
      ? span
      : { ...span, day: true }
  const lineOn = (line: Line): Line => line.map(spanOn)
  const { fields, sections } = card
  return {
    ...card,
    ...(fields && { fields: fields.map((field) => ({ ...field, value: lineOn(field.value) })) }),
    ...(sections && {
      sections: sections.map((section) => ({
        ...section,
        ...(section.lines && { lines: section.lines.map(lineOn) }),
      })),
    }),
  }
}

/**
 * A line as plain text, times in UTC and commands as in a terminal: for e-mail, reports and whatever has no door of
 * its own.
 */
export function plain(line: Line): string {
  return line
    .map((span) => {
      if (typeof span === 'string') return span
      if ('at' in span) return clockText(span)
      if ('code' in span) return span.code
      if ('command' in span) return `dr ${span.command}`
      if ('strong' in span) return span.strong
      return `${span.text} (${span.link})`
    })
    .join('')
}

function clockText({ at, show, day }: Extract<Span, { readonly at: Instant }>): string {
  if (show === 'date-time') return `${momentText(at, 'UTC')} UTC`
  const time = `${day ? momentText(at, 'UTC') : timeText(at, 'UTC')} UTC`
  return show === 'time' ? time : `${show === 'ago' ? 'at' : 'until'} ${time}`
}
