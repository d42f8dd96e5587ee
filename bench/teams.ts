// What Teams costs and what its trouble costs: pages beside a Teams that fails, and answers to what is written to the bot.
import type { TroubleTimes } from './chat-pages.ts'
import { pagesTable, table, time } from './chat-table.ts'
import type { Quantiles } from './statistics.ts'
import { measureTeamsAnswers } from './teams-commands.ts'
import type { AnswerTimes } from './teams-commands.ts'
import { measureTeamsTroubles } from './teams-pages.ts'

export interface TeamsTimes {
  readonly pages: readonly TroubleTimes[]
  readonly answers: readonly AnswerTimes[]
}

export async function measureTeams(): Promise<TeamsTimes> {
  return { pages: await measureTeamsTroubles(), answers: await measureTeamsAnswers() }
}

/** Both tables, as Markdown. */
export function teamsTables({ pages, answers }: TeamsTimes): string {
  const rows = answers.map(({ during, taken, answer, unanswered }) => [
    during,
    quantilesText(taken),
    answer ? quantilesText(answer) : '-',
    `${unanswered} of ${taken.count}`,
  ])
  const head = ['written to the bot', 'taken (p50, p95, p99, worst)', 'answer in the chat', 'unanswered']
  return `${pagesTable('Teams', pages)}\n\n${table([head, ...rows])}`
}

function quantilesText({ p50, p95, p99, max }: Quantiles): string {
  return [p50, p95, p99, max].map(time).join(', ')
}
