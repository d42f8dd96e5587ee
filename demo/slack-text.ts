// What a person reads of a message or an answer in Slack, as plain lines: for the demo's window.

/** `blocks` as Slack gets them, times in `zone`; what has no words is left out. Buttons stand in brackets on one line. */
export function readable(blocks: readonly unknown[], zone: string): readonly string[] {
  return blocks.flatMap((block) => linesOf(block, zone)).filter((line) => line.trim() !== '')
}

/** Text as Slack shows it to somebody in `zone`, nothing escaped. */
export function plainWords(text: string, zone: string): string {
  return text
    .replaceAll(/<!date\^(\d+)\^([^|>]*)\|[^>]*>/g, (_token, seconds: string, format: string) =>
      moment(Number(seconds), format, zone),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function linesOf(block: unknown, zone: string): readonly string[] {
  const { type, elements = [], text } = asNode(block)
  if (type === 'actions') return [elements.map((each) => `[${wordsOf(asNode(each).text, zone)}]`).join(' ')]
  if (type === 'context')
    return [elements.map((each) => wordsOf(each, zone)).join(' ')].map((line) => plainWords(line, zone))
  if (type === 'rich_text_list')
    return elements.flatMap((each) => `• ${wordsOf(each, zone)}`.split('\n').map(indented))
  if (type === 'rich_text') return elements.flatMap((each) => linesOf(each, zone))
  return plainWords(wordsOf(text ?? block, zone), zone).split('\n')
}

function indented(line: string, index: number): string {
  return index === 0 ? line : `    ${line}`
}

/** All words below a node, in their order. */
function wordsOf(part: unknown, zone: string): string {
  if (typeof part === 'string') return part
  const { text, timestamp, format, elements = [] } = asNode(part)
  if (typeof text === 'string') return text
  if (typeof timestamp === 'number') return moment(timestamp, String(format), zone)
  return elements.map((each) => wordsOf(each, zone)).join('')
}

function moment(seconds: number, format: string, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(seconds * 1_000).toZonedDateTimeISO(zone)
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' })
  return format.replace('{date_short_pretty}', local.toPlainDate().toString()).replace('{time}', time)
}

interface Node {
  readonly type?: unknown
  readonly text?: unknown
  readonly timestamp?: unknown
  readonly format?: unknown
  readonly elements?: readonly unknown[]
}

function asNode(value: unknown): Node {
  return typeof value === 'object' && value !== null ? value : {}
}
