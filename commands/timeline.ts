// `timeline`: what happened, event by event.
import { complete, idText, optional, optionOf, shown, takeIncident, takeRun } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

/** A hash as `--verify` shows it, or as many of its first digits as nobody hits by chance. */
const hashPattern = /^[0-9a-f]{12,64}$/
const how =
  '--head needs a hash of this record, as an earlier --verify, a report or the log has shown it, 12 digits at least.'

export const timeline: CommandSpec<'timeline'> = {
  verb: 'timeline',
  usage: 'timeline [INC-n | R-n] [--verify] [--head HASH]',
  summary: 'What happened; --verify and --head check the record',
  examples: ['timeline', 'timeline INC-3', 'timeline INC-3 --verify'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const noted = words.findIndex((word) => optionOf(word) === 'head')
    const hash = noted < 0 ? undefined : words[noted + 1]
    const head = idText(hash).toLowerCase()
    if (noted >= 0 && !hashPattern.test(head))
      return { problem: `${hash ? `${shown(hash)} is no hash. ` : ''}${how}` }
    const about = noted < 0 ? words : words.toSpliced(noted, 2)
    const verify = noted >= 0 || about.some((word) => optionOf(word) === 'verify')
    const { incident, rest } = takeIncident(about.filter((word) => optionOf(word) !== 'verify'))
    const { run, rest: more } = incident === undefined ? takeRun(rest) : { rest }
    return complete(
      {
        verb: 'timeline',
        ...optional('incident', incident),
        ...optional('run', run),
        verify,
        ...(noted < 0 ? {} : { head }),
      },
      more,
    )
  },
  print: (command) =>
    [
      'timeline',
      command.incident,
      command.run,
      command.verify ? '--verify' : undefined,
      command.head && `--head ${command.head}`,
    ]
      .filter((part) => part !== undefined)
      .join(' '),
}
