// `db restore` and `db geo-restore`: the database as it was at a moment, or from the backups in the other region.
import { complete, optional, printOptions, takeOptions } from '../src/command/read.ts'
import { printWord, quote } from '../src/command/words.ts'
import type { CommandSpec, Word } from '../src/command/command.ts'

export const dbRestore: CommandSpec<'db restore'> = {
  verb: 'db restore',
  usage: 'db restore TIME [database] [--override RULE "reason"]',
  summary: 'Propose to restore a database to a point in time: "10m ago", or a time with its zone',
  examples: [
    'db restore 10m ago',
    'db restore 2026-11-23T09:14+01:00',
    'db restore 2026-11-23T08:14Z orders',
  ],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const { time, rest } = timeOf(taken.rest)
    if (time === undefined || time.trim() === '')
      return { problem: 'To which moment? The last one at which the data was right.' }
    const [database, ...more] = rest
    if (database?.text === '') return { problem: 'Which database?' }
    const { options } = taken
    return complete({ verb: 'db restore', time, ...optional('database', database?.text), options }, more)
  },
  print: ({ time, database, options }) =>
    ['db restore', agoPattern.test(time) ? time : printWord(time)]
      .concat(database === undefined ? [] : [secondWord(database)], printOptions(options))
      .join(' '),
}

const agoPattern = /^\d\S* ago$/

/** What would be read as a part of the time when it stood there bare. */
function secondWord(database: string): string {
  return /^ago$|^\d/i.test(database) ? quote(database) : printWord(database)
}

/** `10m ago`, `10 minutes ago`, and `2026-11-23 09:14Z`, are several words and one moment. */
function timeOf(words: readonly Word[]): {
  readonly time: string | undefined
  readonly rest: readonly Word[]
} {
  const spelt = speltOut(words)
  if (spelt !== undefined) return { time: spelt, rest: words.slice(3) }
  const [first, second, ...rest] = words
  if (first === undefined || first.quoted || second === undefined || second.quoted)
    return { time: first?.text, rest: words.slice(1) }
  if (/^\d/.test(first.text) && second.text.toLowerCase() === 'ago')
    return { time: `${first.text} ago`, rest }
  if (/^\d{4}-\d\d-\d\d$/.test(first.text) && /^\d\d?:\d\d/.test(second.text))
    return { time: `${first.text}T${second.text}`, rest }
  return { time: first.text, rest: words.slice(1) }
}

/** `10m ago`, of `10 minutes ago`. */
function speltOut(words: readonly Word[]): string | undefined {
  const three = words.slice(0, 3)
  if (three.some((word) => word.quoted)) return undefined
  const text = three.map((word) => word.text.toLowerCase()).join(' ')
  const [, count, ...units] =
    /^(\d{1,5}) (?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:(?:ou)?rs?)?|(d)(?:ays?)?) ago$/.exec(
      text,
    ) ?? []
  const unit = units.find((one) => one !== undefined)
  return unit === undefined ? undefined : `${count}${unit} ago`
}

export const dbGeoRestore: CommandSpec<'db geo-restore'> = {
  verb: 'db geo-restore',
  usage: 'db geo-restore [database] [--override RULE "reason"]',
  summary:
    'Another name of failover db to the geo-restore of the DR plan: the database made again in the other region, from the backups copied there',
  examples: ['db geo-restore', 'db geo-restore orders'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const [database, ...more] = taken.rest
    if (database?.text === '') return { problem: 'Which database?' }
    const { options } = taken
    return complete({ verb: 'db geo-restore', ...optional('database', database?.text), options }, more)
  },
  print: ({ database, options }) =>
    ['db geo-restore']
      .concat(database === undefined ? [] : [printWord(database)], printOptions(options))
      .join(' '),
}
