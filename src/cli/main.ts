// The command line: reads its arguments, asks the bot or does it here, prints, and ends with a status.
import { z } from 'zod'
import { printWord } from '../command/words.ts'
import { readCliConfig } from '../config.ts'
import { UserError, never } from '../errors.ts'
import { readArgs } from './args.ts'
import { askBot } from './client.ts'
import { cameAbout, decided, ended, isRunning } from './follow.ts'
import { cardText } from './render.ts'
import { botAccess, writeSettings } from './settings.ts'
import { second } from '../ids.ts'
import { documentLines, harmlessLines, jsonText } from './text.ts'
import type { Environment } from '../config.ts'
import type { Clock } from '../ports.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Button } from '../message.ts'
import type { BotAnswer, NoAnswer } from './client.ts'
import type { Invocation } from './args.ts'
import type { Watch } from './follow.ts'
import type { Issuer, Printed } from './local.ts'
import type { SystemsOf } from './live.ts'
import type { ChatCheck, CheckedChat } from './chats.ts'
import type { BotAccess } from './settings.ts'
import type { Terminal } from './render.ts'

/** 0 done, 1 refused or failed, 2 not understood, 3 bot unreachable. */
export type ExitCode = 0 | 1 | 2 | 3

/** A bot that is up answers within milliseconds, unless it looks at slow systems: then that is said. */
const slow: Duration = 2.5 * second

/** What the command line has of the machine. */
export interface Machine {
  readonly env: () => Environment
  readonly home: string
  readonly now: () => Instant
  /** As of ports.Clock. */
  readonly after: Clock['after']
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly terminal: Omit<Terminal, 'now' | 'zone'>
  /** The version of the program. */
  readonly version: () => string
  /** Asks whoever sits there; undefined when nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  /** All of the standard input. */
  readonly input: () => Promise<string>
  /** Loaded only where it is needed, since the console's signer is the bot's. */
  readonly signer: () => Promise<(secret: string) => Issuer>
  /** The bot's ways to the systems, loaded only where they are needed. */
  readonly systems: () => Promise<SystemsOf>
  /** The bot's way to a chat, loaded only where it is needed. */
  readonly chat: (chat: CheckedChat) => Promise<ChatCheck>
}

/** Does what the arguments say. */
export async function runCli(args: readonly string[], machine: Machine): Promise<ExitCode> {
  try {
    return await run(readArgs(args), machine)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    machine.err(`${harmlessLines(error.message).join('\n')}\n`)
    return ['usage', 'config'].includes(error.code) ? 2 : 1
  }
}

/** What only some verbs need is loaded only for them: a command should be sent before the finger leaves the key. */
async function run(invocation: Invocation, machine: Machine): Promise<ExitCode> {
  switch (invocation.kind) {
    case 'usage':
      machine.out((await import('./usage.ts')).usageText())
      return 0
    case 'version':
      machine.out(`dr ${machine.version()}\n`)
      return 0
    case 'setup':
      return setUp(invocation.url, machine)
    case 'command':
      return command(invocation, machine)
    case 'token':
    case 'login':
    case 'plan check':
    case 'plan test':
    case 'chat check':
      return print(machine, await local(invocation, machine), invocation)
    default:
      return never(invocation)
  }
}

async function local(
  invocation: Exclude<Invocation, { readonly kind: 'usage' | 'version' | 'setup' | 'command' }>,
  machine: Machine,
): Promise<Printed> {
  const { issue, planCheck, planTest } = await import('./local.ts')
  switch (invocation.kind) {
    case 'token':
    case 'login':
      return issue(machine.env(), invocation, await machine.signer(), machine.now())
    case 'plan check': {
      if (invocation.live) {
        const { liveCheck } = await import('./live.ts')
        return liveCheck(machine.env(), invocation.file, await machine.systems(), machine)
      }
      return planCheck(machine.env(), invocation.file, machine.now())
    }
    case 'plan test':
      return planTest(machine.env(), invocation.alert, machine.now())
    case 'chat check': {
      const { chatCheck } = await import('./chats.ts')
      return chatCheck(machine.env(), invocation, await machine.chat(invocation.chat), machine.out)
    }
    default:
      return never(invocation)
  }
}

function print(machine: Machine, printed: Printed, { json }: { readonly json: boolean }): ExitCode {
  const text = json ? jsonText(printed.json) : harmlessLines(printed.text).join('\n')
  machine.out(`${text}\n`)
  return printed.exitCode
}

/** The token is never an argument: those are seen by everybody on the machine, and kept in the shell's history. */
async function setUp(address: string, machine: Machine): Promise<ExitCode> {
  const url = addressOf(address)
  const typed = machine.ask
    ? await machine.ask('Token (from "npx dr token PERSON" on the bot\'s host): ')
    : await machine.input()
  const token = typed.trim()
  if (!/^\S{10,}$/.test(token))
    throw new UserError('usage', "That is no token. On the bot's host, type: npx dr token PERSON")
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !/^(?:localhost|127\.|\[::1\])/.test(hostname))
    machine.err(`Whoever is between here and ${hostname} can read the token: better use https.\n`)
  const answer = await askBot({ url, token }, 'status')
  if ('failure' in answer) return failure(machine, answer)
  machine.out(
    `Kept in ${writeSettings(machine.home, { url, token })}. Try: ${machine.terminal.name ?? 'dr'} status\n`,
  )
  return 0
}

function addressOf(typed: string): string {
  try {
    return readCliConfig({ DR_URL: typed }).DR_URL ?? ''
  } catch (error) {
    const text = `“${typed}” is no address. Type it with its http:// or https://, such as: dr setup https://dr.example.com`
    throw new UserError('usage', text, { cause: error })
  }
}

interface Asked {
  readonly text: string
  readonly json: boolean
  readonly wait: boolean
}

async function command(asked: Asked, machine: Machine): Promise<ExitCode> {
  const { text, json, wait } = asked
  const access = botAccess(readCliConfig(machine.env()), machine.home)
  const answer = await patiently(machine, access, text)
  if ('failure' in answer) return failure(machine, answer, json)
  if (!followed(answer, asked)) show(machine, answer, json)
  const button = json || answer.status !== 'done' ? undefined : approvable(text, answer)
  if (button === undefined || machine.ask === undefined)
    return wait ? follow(access, answer, asked, machine) : exitCode(answer)
  const next = await approval(machine.ask, button)
  if (next !== undefined) return approve(access, { ...asked, text: next }, machine)
  machine.out(notApproved(button))
  return exitCode(answer)
}

/** Asks the bot, and says so on standard error when it takes a while. */
async function patiently(machine: Machine, access: BotAccess, text: string): ReturnType<typeof askBot> {
  const stop = machine.after(slow, () =>
    machine.err(
      'Looking at the world; something is slow. Waiting for the answer, for some minutes at most ...\n',
    ),
  )
  try {
    const answer = await askBot(access, text)
    return 'failure' in answer ? answer : await decided(answer, watching(access, machine))
  } finally {
    stop()
  }
}

function watching(access: BotAccess, { now, after, err: tell }: Machine): Watch {
  return { access, now, after, tell }
}

async function approve(access: BotAccess, asked: Asked, machine: Machine): Promise<ExitCode> {
  const answer = await patiently(machine, access, asked.text)
  if ('failure' in answer) return failure(machine, answer)
  if (!followed(answer, asked)) show(machine, answer, false)
  return asked.wait ? follow(access, answer, asked, machine) : exitCode(answer)
}

/** Of a run that goes on only the end is shown; what --json prints is one document anyway. */
function followed(answer: BotAnswer, { json, wait }: Asked): boolean {
  return wait && (json || isRunning(answer))
}

/** Stays until the run has ended, and ends with 0 only when it came about. */
async function follow(
  access: BotAccess,
  answer: BotAnswer,
  asked: Asked,
  machine: Machine,
): Promise<ExitCode> {
  const { json } = asked
  const last = await ended(answer, watching(access, machine))
  if ('failure' in last) return failure(machine, last, json)
  if (last !== answer || followed(answer, asked)) show(machine, last, json)
  return cameAbout(last) ? exitCode(last) : 1
}

function failure(machine: Machine, { failure: status, message }: NoAnswer, json = false): ExitCode {
  if (json) machine.out(`${jsonText({ status, data: { message } })}\n`)
  else machine.err(`${harmlessLines(message).join('\n')}\n`)
  return status === 'unreachable' ? 3 : 1
}

const Document = z.object({ markdown: z.string() })

/** A report is a document of its own, to be sent into a file; everything else is a card. */
function show(machine: Machine, answer: BotAnswer, json: boolean): void {
  const document = Document.safeParse(answer.data)
  if (json) machine.out(`${jsonText({ status: answer.status, data: answer.data })}\n`)
  else if (document.success) machine.out(`${documentLines(document.data.markdown).join('\n')}\n`)
  else {
    const { now = machine.now(), zone = 'UTC' } = answer
    const text = cardText(answer.card, { ...machine.terminal, now, zone })
    if (answer.status === 'done') machine.out(text)
    else machine.err(text)
  }
}

function exitCode(answer: BotAnswer): ExitCode {
  return ({ done: 0, refused: 1, usage: 2 } as const)[answer.status]
}

const Proposed = z.object({
  run: z.object({
    id: z.string(),
    state: z.literal('proposed'),
    proposal: z.object({ risk: z.enum(['reversible', 'disruptive']) }),
  }),
})

/** The button with which whoever has just proposed something may approve it himself. */
function approvable(text: string, answer: BotAnswer): Button | undefined {
  const proposed = Proposed.safeParse(answer.data)
  // Who only looks at a run is not asked.
  if (!proposed.success || /^(?:dr\s+)?runs\b/i.test(text)) return undefined
  const { id } = proposed.data.run
  return answer.card.buttons?.find((one) => one.command === `approve ${id}`)
}

/** Whoever has said neither yes nor no must not believe that it was the one or the other. */
function notApproved({ command: approving, typed }: Button): string {
  const name = typed === undefined ? '' : ` ${printWord(typed)}`
  const [line = ''] = harmlessLines(`Not approved; it waits. To approve it: dr ${approving}${name}`)
  return `${line}\n`
}

/** Asks for the approval at once. The answer is the command to send. */
function approval(ask: (question: string) => Promise<string>, button: Button): Promise<string | undefined> {
  return button.typed === undefined ? askYes(ask, button) : askName(ask, button, button.typed)
}

async function askYes(
  ask: (question: string) => Promise<string>,
  button: Button,
): Promise<string | undefined> {
  const id = button.command.replace(/^approve /, '')
  const said = await ask(`${harmlessLines(button.confirm ?? `${button.label} ${id}?`).join(' ')} [y/N] `)
  return /^y(?:es)?$/i.test(said.trim()) ? button.command : undefined
}

async function askName(
  ask: (question: string) => Promise<string>,
  button: Button,
  typed: string,
): Promise<string | undefined> {
  const said = await ask(`To approve, type ${harmlessLines(typed).join(' ')} (or nothing, to leave it): `)
  return said.trim() === '' ? undefined : `${button.command} ${said.trim()}`
}
