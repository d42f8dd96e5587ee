// `approve`, `deny`, `cancel`, `retry`: a verdict on a run.
import { complete, demandRun, freeText, optionOf, optional, printOptions } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const approve: CommandSpec<'approve'> = {
  verb: 'approve',
  usage: 'approve R-n [name]',
  summary: 'Let a proposed recovery run; a disruptive one wants the name of its target typed',
  examples: ['approve R-7', 'approve R-7 backup'],
  rights: ['engineer', 'manager', 'approver'],
  changes: true,
  parse: (words) => {
    const found = demandRun(words)
    if ('problem' in found) return found
    return {
      command: { verb: 'approve', run: found.run, ...optional('typed', freeText(found.rest)) },
    }
  },
  print: (command) =>
    `approve ${command.run}${command.typed === undefined ? '' : ` ${quote(command.typed)}`}`,
}

export const deny: CommandSpec<'deny'> = {
  verb: 'deny',
  usage: 'deny R-n [reason]',
  summary: 'Refuse a proposed recovery',
  examples: ['deny R-7', 'deny R-7 the main server is back'],
  rights: ['engineer', 'manager', 'approver'],
  changes: true,
  parse: (words) => {
    const found = demandRun(words)
    if ('problem' in found) return found
    return { command: { verb: 'deny', run: found.run, ...optional('reason', freeText(found.rest)) } }
  },
  print: (command) => `deny ${command.run}${command.reason === undefined ? '' : ` ${quote(command.reason)}`}`,
}

export const cancel: CommandSpec<'cancel'> = {
  verb: 'cancel',
  usage: 'cancel R-n',
  summary: 'Stop a recovery: no further step starts',
  examples: ['cancel R-7'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const found = demandRun(words)
    return 'problem' in found ? found : complete({ verb: 'cancel', run: found.run }, found.rest)
  },
  print: (command) => `cancel ${command.run}`,
}

export const retry: CommandSpec<'retry'> = {
  verb: 'retry',
  usage: 'retry R-n [--override check-query "reason"]',
  summary: 'Look at a stuck or failed recovery again and go on with it',
  examples: ['retry R-7', 'retry R-7 --override check-query "I looked: the data is right"'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const found = demandRun(words)
    if ('problem' in found) return found
    const { run, rest } = found
    if (optionOf(rest[0]) !== 'override') return complete({ verb: 'retry', run }, rest)
    // Whoever is asked for the reason by a button writes it without quotes.
    const reason = freeText(rest.slice(2))
    if (rest[1] === undefined || reason === undefined)
      return { problem: '--override needs the rule and a reason: --override check-query "reason".' }
    return { command: { verb: 'retry', run, override: { rule: rest[1].text, reason } } }
  },
  print: ({ run, override }) =>
    ['retry', run, ...printOptions({ yes: false, overrides: override ? [override] : [] })].join(' '),
}
