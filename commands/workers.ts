// `workers show`, `workers scale`: pools of workers and their queues; another number of them, or as many as are needed.
import { complete, demandSize, optional, printOptions, takeOptions } from '../src/command/read.ts'
import { printWord } from '../src/command/words.ts'
import { sizeText } from '../src/recovery/news.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const workersShow: CommandSpec<'workers show'> = {
  verb: 'workers show',
  usage: 'workers show',
  summary: "The plan's pools of workers, what decides about their size, and how full their queues are",
  examples: ['workers show'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => complete({ verb: 'workers show' }, words),
  print: () => 'workers show',
}

export const workersScale: CommandSpec<'workers scale'> = {
  verb: 'workers scale',
  usage: 'workers scale [POOL] N|+N|-N|auto [--yes] [--override RULE "reason"]',
  summary: 'Propose another number of workers; auto: as many as the queues need',
  examples: ['workers scale auto', 'workers scale workers-vmss 8', 'workers scale +4'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const { options, rest } = taken
    const [pool] = rest.length > 1 ? rest : []
    if (pool?.text === '') return { problem: 'Which pool?' }
    const found = demandSize(rest[pool === undefined ? 0 : 1])
    if ('problem' in found) return found
    const { size } = found
    const command = { verb: 'workers scale' as const, ...optional('pool', pool?.text), size, options }
    return complete(command, rest.slice(2))
  },
  print: ({ pool, size, options }) =>
    ['workers scale']
      .concat(pool === undefined ? [] : [printWord(pool)], [sizeText(size)], printOptions(options))
      .join(' '),
}
