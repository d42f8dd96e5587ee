// What stands on the command line of `dr`: its own verbs and options, or a command for the bot.
import { parseArgs } from 'node:util'
import { UserError, reasonOf } from '../errors.ts'
import { quote } from '../command/words.ts'
import type { CheckedChat } from './chats.ts'

export type Invocation =
  | { readonly kind: 'usage' | 'version' }
  /** `wait`: until the run that it is about has ended. */
  | { readonly kind: 'command'; readonly text: string; readonly json: boolean; readonly wait: boolean }
  | { readonly kind: 'setup'; readonly url: string }
  | { readonly kind: 'token' | 'login'; readonly person: string; readonly json: boolean }
  | {
      readonly kind: 'chat check'
      readonly chat: CheckedChat
      readonly attempt: boolean
      readonly json: boolean
    }
  | { readonly kind: 'plan check'; readonly live: boolean; readonly file?: string; readonly json: boolean }
  | { readonly kind: 'plan test'; readonly alert: AlertArgs; readonly json: boolean }

/** The alert of `dr plan test`. `at` is local in the plan's zone; absent: now. */
export interface AlertArgs {
  readonly file?: string
  readonly host: string
  readonly service?: string
  readonly hostGroups: readonly string[]
  readonly serviceGroups: readonly string[]
  readonly state?: string
  readonly at?: string
}

/** Reads the arguments. @throws UserError (`usage`) with an example. */
export function readArgs(args: readonly string[]): Invocation {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const json = own.includes('--json')
  const words = [...own.filter((word) => word !== '--json'), ...(end < 0 ? [] : args.slice(end + 1))]
  const [first, second, ...rest] = words
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'usage' }
  if (first === '--version' || first === '-V') return { kind: 'version' }
  switch (first) {
    case 'setup':
      return { kind: 'setup', url: only(second, rest, 'setup https://dr.example.com') }
    case 'token':
    case 'login':
      return { kind: first, person: only(second, rest, `${first} ann`), json }
    case 'plan':
      return planArgs(second, rest, json)
    case 'slack':
    case 'teams':
      return chatArgs(first, second, { attempt: rest.includes('--try'), rest, json })
    default: {
      const options = words.length - (end < 0 ? 0 : args.length - end - 1)
      const rest = words.filter((word, at) => at >= options || word !== '--wait')
      return { kind: 'command', text: commandText(rest), json, wait: rest.length < words.length }
    }
  }
}

/**
 * The arguments as one text that reads back as the same words: the shell has taken the quotes off. A single argument is
 * a whole command, quoted as such.
 */
export function commandText(args: readonly string[]): string {
  const [only, ...more] = args
  if (only !== undefined && more.length === 0) return only
  return args.map((arg) => (needsQuotes(arg) ? quote(arg) : arg)).join(' ')
}

function needsQuotes(arg: string): boolean {
  return arg === '' || /[\s\u200b\u2060]|^["'“”„«‘]|&[a-z#0-9]+;/i.test(arg)
}

function only(word: string | undefined, rest: readonly string[], example: string): string {
  if (word !== undefined && rest.length === 0) return word
  throw new UserError('usage', `Type, for example: dr ${example}`)
}

const planUsage =
  'Type: dr plan check [--live] [FILE], or: dr plan test --host lb1 --service HAProxy --state CRITICAL --at 2026-12-24T03:00'

function planArgs(verb: string | undefined, rest: readonly string[], json: boolean): Invocation {
  const [file, ...more] = rest.filter((word) => word !== '--live')
  if (verb === 'check' && more.length === 0 && !file?.startsWith('-'))
    return {
      kind: 'plan check',
      live: rest.includes('--live'),
      ...(file === undefined ? {} : { file }),
      json,
    }
  if (verb === 'test') return { kind: 'plan test', alert: alertArgs(rest), json }
  throw new UserError('usage', planUsage)
}

function chatArgs(
  chat: CheckedChat,
  verb: string | undefined,
  given: { readonly attempt: boolean; readonly rest: readonly string[]; readonly json: boolean },
): Invocation {
  const { attempt, rest, json } = given
  if (verb === 'check' && rest.length === (attempt ? 1 : 0))
    return { kind: 'chat check', chat, attempt, json }
  throw new UserError('usage', `Type: dr ${chat} check, or: dr ${chat} check --try`)
}

const alertOptions = {
  plan: { type: 'string' },
  host: { type: 'string' },
  service: { type: 'string' },
  hostgroup: { type: 'string', multiple: true },
  servicegroup: { type: 'string', multiple: true },
  state: { type: 'string' },
  at: { type: 'string' },
} as const

function alertArgs(args: readonly string[]): AlertArgs {
  const { plan, host, service, hostgroup, servicegroup, state, at } = parsedAlert(args)
  if (host === undefined) throw new UserError('usage', `--host is missing. ${planUsage}`)
  return {
    host,
    hostGroups: hostgroup ?? [],
    serviceGroups: servicegroup ?? [],
    ...(plan === undefined ? {} : { file: plan }),
    ...(service === undefined ? {} : { service }),
    ...(state === undefined ? {} : { state }),
    ...(at === undefined ? {} : { at }),
  }
}

function parsedAlert(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: alertOptions }).values
  } catch (error) {
    throw new UserError('usage', `${reasonOf(error)}. ${planUsage}`, { cause: error })
  }
}
