// `status`: what is broken, who has it, which clocks run.
import { complete, demandSystem, takeIncident, takeRun } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const status: CommandSpec<'status'> = {
  verb: 'status',
  usage: 'status [INC-n | system]',
  summary: 'What is broken, who has it, which clocks run',
  examples: ['status', 'status lb', 'status INC-3'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    if (incident !== undefined) return complete({ verb: 'status', incident }, rest)
    if (rest.length === 0) return { command: { verb: 'status' } }
    const { run } = takeRun(rest)
    if (run !== undefined) return { problem: `${run} is a recovery's run. To see it, type: runs ${run}` }
    const found = demandSystem(rest[0])
    if ('problem' in found) return found
    return complete({ verb: 'status', system: found.system }, rest.slice(1))
  },
  print: (command) =>
    ['status', command.incident, command.system].filter((part) => part !== undefined).join(' '),
}
