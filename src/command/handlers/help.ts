// help: what this person may type, the commands of one word, or one command in full.
import { specOf } from '../../../commands/index.ts'
import { terminalCommandsOf } from '../../../commands/terminal.ts'
import { isSystemId } from '../../ids.ts'
import { listing, usage } from '../answer.ts'
import { nearestVerb } from '../parse.ts'
import { permit, permitted } from '../permit.ts'
import type { Line, Section } from '../../message.ts'
import type { Answer, Verb } from '../command.ts'
import type { Handlers } from '../desk.ts'

/** What is said of any system, as `status db`. */
const aboutSystem: readonly Verb[] = ['status', 'failover', 'failback', 'open']

export const helpHandlers: Handlers<'help'> = {
  help: async (desk, command, speaker) => {
    const roles = desk.plan().people[speaker.person]?.roles
    const mine = permitted(roles)
    if (command.about === undefined) return all(mine)
    const typed = command.about
      .trim()
      .toLowerCase()
      .replaceAll(/\s+/g, ' ')
      .replace(/^\/?dr /, '')
    const verb = mine.find((one) => one === typed)
    const found = rowsOf(typed, mine)
    if (verb !== undefined) return one(verb, found)
    if (found.length > 0) return family(typed, found)
    const nearest = nearestVerb(typed)
    const named = typed.length > 40 ? `${typed.slice(0, 40)}…` : typed
    const problem = `There is no command “${named}”.`
    if (nearest === undefined) return usage(problem, 'help')
    const allowed = permit(specOf(nearest), roles)
    if (nearest === typed && !allowed.ok) return usage(allowed.refusal, 'help')
    return usage(problem, `help ${nearest}`, { meant: true })
  },
}

interface Row {
  readonly usage: string
  readonly summary: string
  /** Typed at a terminal only. */
  readonly terminal?: true
}

function all(mine: readonly Verb[]): Answer {
  const rows = mine.map(rowOf)
  const hint = "In an incident's room, INC-n may be left out. More about one command: "
  return listing(
    'What you may type',
    [
      table(rows),
      {
        lines: [
          [
            hint,
            { command: `help ${mine.includes('failover') ? 'failover' : 'status'}` },
            '; all about one system: ',
            { command: 'help db' },
          ],
        ],
      },
    ],
    { commands: mine.map((verb) => ({ verb, ...rowOf(verb) })) },
  )
}

function one(verb: Verb, more: readonly Row[]): Answer {
  const { usage: form, summary, examples, rights } = specOf(verb)
  const lines: Line[] = [
    [summary],
    ['In full: ', { command: form }],
    ...examples.map((example): Line => ['Example: ', { command: example }]),
    [rights.includes('anyone') ? 'For everybody in the DR plan.' : `For the role ${rights.join(' or ')}.`],
  ]
  const also = more.length === 0 ? [] : [{ heading: 'There is also', ...table(more) }]
  return listing(verb, [{ lines }, ...also], { verb, usage: form, summary, examples, rights })
}

/** `help db`: every command that begins with that word or is about that system, here and at a terminal. */
function family(word: string, rows: readonly Row[]): Answer {
  return listing(`Commands of ${word}`, sectionsOf(rows), { word, commands: rows })
}

function sectionsOf(rows: readonly Row[]): readonly Section[] {
  const here = rows.filter(({ terminal }) => terminal !== true)
  const there = rows.filter(({ terminal }) => terminal === true)
  return [
    ...(here.length === 0 ? [] : [table(here)]),
    ...(there.length === 0 ? [] : [{ heading: "At a terminal, in the bot's directory", ...table(there) }]),
  ]
}

function rowsOf(word: string, mine: readonly Verb[]): readonly Row[] {
  const systems = isSystemId(word) ? mine.filter((verb) => aboutSystem.includes(verb)) : []
  return [
    ...mine.filter((verb) => verb.startsWith(`${word} `)).map(rowOf),
    ...systems.map((verb) => ({ ...rowOf(verb), usage: systemUsage(verb, word) })),
    ...terminalCommandsOf(word).map((each) => ({
      usage: `npx dr ${each.usage}`,
      summary: each.summary,
      terminal: true as const,
    })),
  ]
}

function systemUsage(verb: Verb, system: string): string {
  return `${verb} ${system}${verb === 'failover' ? ' [to NAME]' : ''}`
}

function rowOf(verb: Verb): Row {
  const { usage: form, summary } = specOf(verb)
  return { usage: form, summary }
}

function table(rows: readonly Row[]): Section {
  const columns = ['Command', 'What it does']
  return {
    table: {
      columns,
      rows: rows.map(({ usage: form, summary, terminal }): readonly Line[] => [
        [terminal === true ? { code: form } : { command: form }],
        [summary],
      ]),
    },
  }
}
