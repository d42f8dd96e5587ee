// help: what this person may type, or one command in full.
import { specOf } from '../../../commands/index.ts'
import { listing, usage } from '../answer.ts'
import { nearestVerb } from '../parse.ts'
import { permit, permitted } from '../permit.ts'
import type { Line } from '../../message.ts'
import type { Answer, Verb } from '../command.ts'
import type { Handlers } from '../desk.ts'

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
    if (verb !== undefined) return one(verb)
    const nearest = nearestVerb(typed)
    if (nearest === undefined) return usage('There is no such command.', 'help')
    const allowed = permit(specOf(nearest), roles)
    if (nearest === typed && !allowed.ok) return usage(allowed.refusal, 'help')
    return usage(`There is no such command; did you mean ${nearest}?`, `help ${nearest}`)
  },
}

function all(mine: readonly Verb[]): Answer {
  const rows = mine.map((verb): readonly Line[] => [
    [{ command: specOf(verb).usage }],
    [specOf(verb).summary],
  ])
  const hint = "In an incident's room, INC-n may be left out. More about one command: "
  return listing(
    'What you may type',
    [
      { table: { columns: ['Command', 'What it does'], rows } },
      { lines: [[hint, { command: `help ${mine.includes('failover') ? 'failover' : 'status'}` }]] },
    ],
    { commands: mine.map((verb) => ({ verb, usage: specOf(verb).usage, summary: specOf(verb).summary })) },
  )
}

function one(verb: Verb): Answer {
  const { usage: form, summary, examples, rights } = specOf(verb)
  const lines: Line[] = [
    [summary],
    ['In full: ', { command: form }],
    ...examples.map((example): Line => ['Example: ', { command: example }]),
    [rights.includes('anyone') ? 'For everybody in the DR plan.' : `For the role ${rights.join(' or ')}.`],
  ]
  return listing(verb, [{ lines }], { verb, usage: form, summary, examples, rights })
}
