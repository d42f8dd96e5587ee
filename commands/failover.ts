// `failover` and `failback`: propose a recovery, or the way back; nothing is changed before it is approved.
import { complete, demandSystem, optional, printOptions, takeOptions } from '../src/command/read.ts'
import { printWord } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const failover: CommandSpec<'failover'> = {
  verb: 'failover',
  usage: 'failover system [to NAME] [--yes] [--override RULE "reason"]',
  summary: 'Propose a recovery of the DR plan; --yes confirms a reversible one at once',
  examples: [
    'failover lb',
    'failover lb to backup',
    'failover lb --override target-healthy "probe is blocked"',
  ],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const [first, ...rest] = taken.rest
    const found = demandSystem(first)
    if ('problem' in found) return found
    const [to, ...more] = rest[0]?.raw.toLowerCase() === 'to' ? rest.slice(1) : rest
    if (to?.text === '' || (to === undefined && rest.length > 0)) return { problem: 'To which one?' }
    const { system } = found
    return complete({ verb: 'failover', system, ...optional('to', to?.text), options: taken.options }, more)
  },
  print: (command) =>
    ['failover', command.system]
      .concat(command.to === undefined ? [] : ['to', printWord(command.to)], printOptions(command.options))
      .join(' '),
}

export const failback: CommandSpec<'failback'> = {
  verb: 'failback',
  usage: 'failback system [--yes] [--override RULE "reason"]',
  summary: 'Propose the failback of a system: what its last recovery changed is put back',
  examples: ['failback lb'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const found = demandSystem(taken.rest[0])
    if ('problem' in found) return found
    return complete({ verb: 'failback', system: found.system, options: taken.options }, taken.rest.slice(1))
  },
  print: (command) => ['failback', command.system, ...printOptions(command.options)].join(' '),
}
