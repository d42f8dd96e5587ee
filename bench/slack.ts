// What Slack costs and what its trouble costs: pages beside a Slack that fails, and answers to /dr.
import type { TroubleTimes } from './chat-pages.ts'
import { pagesTable, table, time } from './chat-table.ts'
import { measureAnswers } from './slack-commands.ts'
import type { AnswerTimes } from './slack-commands.ts'
import { measureSlackTroubles } from './slack-pages.ts'

export interface SlackTimes {
  readonly pages: readonly TroubleTimes[]
  readonly answers: readonly AnswerTimes[]
}

export async function measureSlack(): Promise<SlackTimes> {
  return { pages: await measureSlackTroubles(), answers: await measureAnswers() }
}

/** Both tables, as Markdown. */
export function slackTables({ pages, answers }: SlackTimes): string {
  return `${pagesTable('Slack', pages)}\n\n${table([
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
