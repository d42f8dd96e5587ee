// What a chat costs and what its trouble costs, as Markdown.
import type { Arrivals, TroubleTimes } from './chat-pages.ts'
import { median } from './statistics.ts'

/** When what is there; `chat`: the chat's name. */
export function pagesTable(chat: string, pages: readonly TroubleTimes[]): string {
  return table([
    [`${chat} is`, 'direct message', 'e-mail', 'card in the room'],
    ...pages.map(({ trouble, first, later }) => [
      trouble,
      ...(['direct', 'mail', 'card'] as const).map((key) => both(key, first, later)),
    ]),
  ])
}

/** The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  return [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** The first outage's; then the median of the later ones', and in how many of them it came at all. */
function both(key: keyof Arrivals, first: Arrivals, later: readonly Arrivals[]): string {
  const came = later.flatMap((each) => each[key] ?? [])
  if (first[key] === undefined && came.length === 0) return '-'
  const some = came.length < later.length ? ` (${came.length} of ${later.length})` : ''
  return `${time(first[key])}; ${time(came.length === 0 ? undefined : median(came))}${some}`
}

export function time(value: number | undefined): string {
  if (value === undefined) return 'none'
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`
}
