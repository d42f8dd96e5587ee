// `dns show`, `dns sync`, `dns bypass`, `dns protect`: the plan's records and their copy; around Cloudflare's proxy and back.
import { complete, optional, optionOf, printOptions, takeOptions } from '../src/command/read.ts'
import { printWord } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const dnsShow: CommandSpec<'dns show'> = {
  verb: 'dns show',
  usage: 'dns show',
  summary: "The plan's records as Cloudflare has them now, and which recovery changes them",
  examples: ['dns show'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => complete({ verb: 'dns show' }, words),
  print: () => 'dns show',
}

export const dnsSync: CommandSpec<'dns sync'> = {
  verb: 'dns sync',
  usage: 'dns sync [--yes]',
  summary: 'Bring the standby zone at Azure DNS in sync with Cloudflare now',
  examples: ['dns sync', 'dns sync --yes'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const accept = optionOf(words[0]) === 'yes'
    return complete({ verb: 'dns sync', accept }, accept ? words.slice(1) : words)
  },
  print: ({ accept }) => `dns sync${accept ? ' --yes' : ''}`,
}

export const dnsBypass: CommandSpec<'dns bypass'> = {
  verb: 'dns bypass',
  usage: 'dns bypass [to NAME] [--yes] [--override RULE "reason"]',
  summary: "Propose to point records directly at the load balancer, past Cloudflare's proxy",
  examples: ['dns bypass', 'dns bypass --override origin-certificate "the app pins it"'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    const [first] = taken.rest
    const [to, ...more] = first?.raw.toLowerCase() === 'to' ? taken.rest.slice(1) : taken.rest
    if (to?.text === '' || (to === undefined && first !== undefined)) return { problem: 'To which one?' }
    return complete({ verb: 'dns bypass', ...optional('to', to?.text), options: taken.options }, more)
  },
  print: (command) =>
    ['dns bypass']
      .concat(command.to === undefined ? [] : ['to', printWord(command.to)], printOptions(command.options))
      .join(' '),
}

export const dnsProtect: CommandSpec<'dns protect'> = {
  verb: 'dns protect',
  usage: 'dns protect [--yes] [--override RULE "reason"]',
  summary: "Propose to put the records back behind Cloudflare's proxy, exactly as they were",
  examples: ['dns protect'],
  rights: ['engineer'],
  changes: true,
  parse: (words) => {
    const taken = takeOptions(words)
    if ('problem' in taken) return taken
    return complete({ verb: 'dns protect', options: taken.options }, taken.rest)
  },
  print: (command) => ['dns protect', ...printOptions(command.options)].join(' '),
}
