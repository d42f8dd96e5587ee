// A card in the chat with the bot alone: commands are typed there without the bot's name.
import type { Card, Line, Section } from '../../../message.ts'

/** The card with its commands as they are typed in a personal chat. */
export function inPersonalChat(card: Card): Card {
  const { fields, sections, footer } = card
  return {
    ...card,
    ...(fields && { fields: fields.map((field) => ({ ...field, value: bare(field.value) })) }),
    ...(sections && { sections: sections.map(bareSection) }),
    ...(footer && { footer: bare(footer) }),
  }
}

function bareSection(section: Section): Section {
  const { lines, table } = section
  return {
    ...section,
    ...(lines && { lines: lines.map(bare) }),
    ...(table && { table: { ...table, rows: table.rows.map((row) => row.map(bare)) } }),
  }
}

function bare(line: Line): Line {
  return line.map((span) => (typeof span !== 'string' && 'command' in span ? { code: span.command } : span))
}
