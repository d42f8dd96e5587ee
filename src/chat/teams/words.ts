// Words as a message in Teams: data stays data, in what is shown and in what a notification says.
import type { Line } from '../../message.ts'
import { sizeOf } from '../fit.ts'
import { told } from '../../told.ts'
import { cut } from '../text.ts'
import type { TeamsActivity } from './activity.ts'
import { limits } from './render/elements.ts'
import type { AdaptiveCard, RichTextBlock } from './render/elements.ts'
import { cardType } from './render/message.ts'
import { harmlessText, plainLine, richBlock, runsOf } from './render/rich.ts'

/** A card of nothing but text: unlike a message's own text, no client reads Markdown or mentions in it. */
export function activityOfLines(lines: readonly Line[], zone: string): TeamsActivity {
  const body: RichTextBlock[] = []
  let left = limits.whole
  for (const line of lines) {
    const block = richBlock(runsOf(line, limits.text, { zone }), 'None')
    left -= sizeOf(block) + 1
    if (left < 0 || body.length === limits.parts) break
    body.push(block)
  }
  const content: AdaptiveCard = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: 'This needs a newer Teams. It stands in the console too.',
    msteams: { width: 'Full' },
    body: body.length > 0 ? body : [richBlock([], 'None', '…')],
  }
  const said = lines.map((line) => plainLine(line, zone)).join(' ')
  const summary = cut(said, limits.summary) || '…'
  return { type: 'message', summary, attachments: [{ contentType: cardType, content }] }
}

/** Plain words, each line of them a line of the message; what is longer than a message is left out from the end. */
export function activityOfWords(text: string, zone: string): TeamsActivity {
  const lines = text.split('\n').filter((line) => harmlessText(line).trim() !== '')
  return activityOfLines(lines.map(told), zone)
}
