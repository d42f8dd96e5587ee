// `debts`: what recoveries have left to be done; `debts done`: one of them is done.
import { complete, demandRun, freeText } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const debts: CommandSpec<'debts'> = {
  verb: 'debts',
  usage: 'debts',
  summary: 'What recoveries have left to be done, in full',
  examples: ['debts'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => complete({ verb: 'debts' }, words),
  print: () => 'debts',
}

export const debtsDone: CommandSpec<'debts done'> = {
  verb: 'debts done',
  usage: 'debts done R-n N "what was done"',
  summary: 'Say that one of them is done, or is left as it is, and why',
  examples: ['debts done R-7 2 "tags set again"'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const found = demandRun(words)
    if ('problem' in found) return found
    const [number, ...rest] = found.rest
    const debt = /^[1-9]\d?$/.test(number?.text ?? '') ? Number(number?.text) : undefined
    const what = freeText(rest)
    if (debt === undefined || what === undefined)
      return {
        problem: 'Which one, and what was done? Write its number, as debts shows it, and a few words.',
      }
    return { command: { verb: 'debts done', run: found.run, debt, what } }
  },
  print: ({ run, debt, what }) => `debts done ${run} ${debt} ${quote(what)}`,
}
