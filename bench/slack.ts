// What Slack costs and what its trouble costs: pages beside a Slack that fails, and answers to /dr.
import { measureAnswers } from './slack-commands.ts'
import type { AnswerTimes } from './slack-commands.ts'
import { measureTroubles } from './slack-pages.ts'
import type { Arrivals, TroubleTimes } from './slack-pages.ts'
import { median } from './statistics.ts'

export interface SlackTimes {
  readonly pages: readonly TroubleTimes[]
  readonly answers: readonly AnswerTimes[]
}

export async function measureSlack(): Promise<SlackTimes> {
  return { pages: await measureTroubles(), answers: await measureAnswers() }
}

/** Both tables, as Markdown. */
export function slackTables({ pages, answers }: SlackTimes): string {
  return `${table([
    ['Slack is', 'direct message', 'e-mail', 'card in the room'],
    ...pages.map(({ trouble, first, later }) => [
      trouble,
      ...(['direct', 'mail', 'card'] as const).map((key) => both(key, first, later)),
    ]),
  ])}\n\n${table([
    ['answer to `/dr`', 'by', 'p50', 'p95', 'p99', 'worst', 'not within 3 s'],
    ...answers.map(({ mode, during, answer, unanswered }) => [
      during,
      mode === 'socket' ? 'Socket Mode' : 'HTTP',
      time(answer.p50),
      time(answer.p95),
      time(answer.p99),
      time(answer.max),
      `${unanswered} of ${answer.count + unanswered}`,
    ]),
  ])}`
}

function table(rows: readonly (readonly string[])[]): string {
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

function time(value: number | undefined): string {
  if (value === undefined) return 'none'
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`
}
