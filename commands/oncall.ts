// `oncall`: who is on call, who is next, and why; `oncall override`: somebody takes a turn; `oncall cancel`: takes it back.
import { complete, optional } from '../src/command/read.ts'
import { printWord, quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const oncall: CommandSpec<'oncall'> = {
  verb: 'oncall',
  usage: 'oncall [rotation]',
  summary: 'Who is on call, who is next, and why',
  examples: ['oncall', 'oncall primary'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const rotation = words[0]?.text
    if (rotation === '') return { problem: 'Which rotation?' }
    return complete({ verb: 'oncall', ...optional('rotation', rotation) }, words.slice(1))
  },
  print: (command) => {
    if (command.rotation === undefined) return 'oncall'
    const spelt = /^(?:override|cancel)$/i.test(command.rotation)
      ? quote(command.rotation)
      : printWord(command.rotation)
    return `oncall ${spelt}`
  },
}

export const oncallOverride: CommandSpec<'oncall override'> = {
  verb: 'oncall override',
  usage: 'oncall override person from to [rotation]',
  summary: "Somebody takes a turn; times are local in the plan's zone",
  examples: ['oncall override ann 2026-12-24T09:00 2026-12-26T09:00'],
  rights: ['engineer', 'manager', 'admin'],
  changes: true,
  parse: (words) => {
    const [person, from, to, rotation] = words.slice(0, 4).map((word) => word.text)
    if (!person || !from || !to || rotation === '')
      return { problem: 'An override needs a person, from when, and until when.' }
    return complete(
      { verb: 'oncall override', person, from, to, ...optional('rotation', rotation) },
      words.slice(4),
    )
  },
  print: (command) =>
    [command.person, command.from, command.to, command.rotation]
      .filter((part) => part !== undefined)
      .reduce((text, part) => `${text} ${printWord(part)}`, 'oncall override'),
}

export const oncallCancel: CommandSpec<'oncall cancel'> = {
  verb: 'oncall cancel',
  usage: 'oncall cancel person [from] [rotation]',
  summary: 'Takes an override back; who has the turn by the plan is on call again',
  examples: ['oncall cancel ann', 'oncall cancel ann 2026-12-24T09:00'],
  rights: ['engineer', 'manager', 'admin'],
  changes: true,
  parse: (words) => {
    const [person, from, rotation] = words.slice(0, 3).map((word) => word.text)
    if (!person || from === '' || rotation === '') return { problem: 'Whose override is to be taken back?' }
    return complete(
      { verb: 'oncall cancel', person, ...optional('from', from), ...optional('rotation', rotation) },
      words.slice(3),
    )
  },
  print: (command) =>
    [command.person, command.from, command.rotation]
      .filter((part) => part !== undefined)
      .reduce((text, part) => `${text} ${printWord(part)}`, 'oncall cancel'),
}
