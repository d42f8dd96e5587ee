// The measurements as a Markdown table: the bot, Alertmanager, their ratio, and what was aimed at.
import type { Accepted } from './accepted.ts'
import type { Lateness } from './deadlines.ts'
import type { Memory, Started } from './footprint.ts'
import type { PageTimes, Paged } from './paged.ts'
import type { RecoveryTimes } from './recovery.ts'
import type { WayTimes } from './recovery-ways.ts'
import type { SlackTimes } from './slack.ts'
import type { Quantiles } from './statistics.ts'
import type { TeamsTimes } from './teams.ts'
import type { Shape } from './traffic.ts'

/** What was measured; parts that were not asked for are absent. */
export interface Results {
  readonly accepted?: readonly Accepted[]
  readonly paged?: Paged
  readonly deadlines?: Lateness
  readonly start?: Started
  readonly memory?: Memory
  readonly recovery?: RecoveryTimes
  readonly ways?: readonly WayTimes[]
  readonly slack?: SlackTimes
  readonly teams?: TeamsTimes
}

interface Row {
  readonly what: string
  readonly bot: string
  readonly peer?: string
  readonly ratio?: number
  readonly aim?: string
}

const shapes: Readonly<Record<Shape, string>> = {
  'one-system': 'distinct alerts of one system',
  'own-object': 'each its own object',
  same: 'the same one again',
}

export function tableOf(results: Results): string {
  const rows = [
    ...(results.accepted ?? []).map(acceptedRow),
    ...(results.paged ? pagedRows(results.paged) : []),
    ...(results.deadlines ? [deadlinesRow(results.deadlines)] : []),
    ...(results.start ? startRows(results.start) : []),
    ...(results.memory ? memoryRows(results.memory) : []),
    ...(results.recovery ? recoveryRows(results.recovery) : []),
    ...(results.ways ?? []).flatMap(wayRows),
  ]
  const cells = rows.map(({ what, bot, peer = '', ratio, aim = '' }) => [
    what,
    bot,
    peer,
    ratio === undefined ? '' : ratio.toFixed(2),
    aim,
  ])
  const head = ['measured', 'bot', 'Alertmanager', 'bot / Alertmanager', 'aim']
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function acceptedRow({ shape, bot, peer }: Accepted): Row {
  return {
    what: `accepted, ${shapes[shape]}`,
    bot: `${Math.round(bot)}/s`,
    peer: `${Math.round(peer)}/s`,
    ratio: bot / peer,
    aim: shape === 'one-system' ? 'ratio 1' : '',
  }
}

function pagedRows(paged: Paged): readonly Row[] {
  return [
    pageRow('alert to page, alone', paged.alone, 'p50 10 ms'),
    pageRow('alert to page, in a storm of 1,000/s', paged.storm, ''),
    { what: 'answer to `status` in the storm', bot: both(paged.commands.status), aim: 'p99 100 ms' },
    { what: 'answer to `ack` in the storm', bot: both(paged.commands.ack), aim: 'p99 100 ms' },
  ]
}

/** The e-mail is there when all of it is; so is the webhook of the peer. */
function pageRow(
  what: string,
  { bot, peer }: { readonly bot: PageTimes; readonly peer: PageTimes },
  aim: string,
): Row {
  return {
    what: `${what} (at the door; all of it)`,
    bot: `${both(bot.reached)}; ${both(bot.taken)}`,
    peer: `${both(peer.reached)}; ${both(peer.taken)}`,
    ratio: bot.reached.p50 / peer.reached.p50,
    aim,
  }
}

function deadlinesRow({ late, spread }: Lateness): Row {
  return {
    what: `lateness of ${late.count} deadlines within ${spread} s`,
    bot: `${both(late)}, worst ${milliseconds(late.max)}`,
    aim: 'p99 250 ms',
  }
}

function startRows({ bot, botFirst, peer }: Started): readonly Row[] {
  return [
    {
      what: 'start to ready',
      bot: milliseconds(bot),
      peer: milliseconds(peer),
      ratio: bot / peer,
      aim: '1.5 s',
    },
    { what: 'start to ready, the first after the installation', bot: milliseconds(botFirst), aim: '1.5 s' },
  ]
}

function memoryRows({ rest, loaded }: Memory): readonly Row[] {
  const row = (what: string, memory: Memory['rest'], aim: string): Row => ({
    what,
    bot: `${megabytes(memory.bot)} + Redis ${megabytes(memory.redis)}`,
    peer: megabytes(memory.peer),
    ratio: (memory.bot + memory.redis) / memory.peer,
    aim,
  })
  return [row('memory at rest', rest, '150 MB'), row('memory with 10,000 open alerts', loaded, '')]
}

function recoveryRows({ proposed, seen, verified, overhead }: RecoveryTimes): readonly Row[] {
  const row = (what: string, times: Quantiles): Row => ({ what, bot: both(times) })
  return [
    row('`failover lb` to its proposal', proposed),
    row('its approval to the first changed answer of a name server', seen),
    row('its approval to verified', verified),
    row("of that beside the provider's own time", overhead),
  ]
}

function wayRows({ command, overhead, look }: WayTimes): readonly Row[] {
  const what = `\`${command}\` from its approval to verified, beside the provider's own time`
  return [
    { what, bot: both(overhead) },
    ...(look ? [{ what: 'of that until the next look at the provider', bot: both(look) }] : []),
  ]
}

function both({ p50, p99 }: Quantiles): string {
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`
}

function milliseconds(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`
}

function megabytes(value: number): string {
  return `${Math.round(value)} MB`
}
