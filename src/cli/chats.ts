// `dr slack check` and `dr teams check`: what the bot would find in a chat, line by line, without a running bot.
import { readConfig } from '../config.ts'
import { UserError } from '../errors.ts'
import { loadedPlan } from './local.ts'
import { harmless } from './text.ts'
import type { Config, Environment } from '../config.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Printed } from './local.ts'

/** One thing that was looked at. `missing` must be mended; `open` is good to know, or cannot be known from here. */
export interface Finding {
  readonly mark: 'ok' | 'missing' | 'open'
  /** What was looked at, such as `scopes` or `people.ann`. */
  readonly about: string
  /** What was found and, unless it is well, what to do. */
  readonly text: string
}

/** Looks at the chat and tells what it finds as it finds it. `attempt`: makes a channel to see whether it may. */
export type ChatCheck = (
  want: { readonly config: Config; readonly plan: DrPlan | undefined; readonly attempt: boolean },
  tell: (finding: Finding) => void,
) => Promise<void>

/** The chats that can be checked, each with the setting that switches it on and its guide. */
const chats = {
  slack: { setting: 'SLACK_BOT_TOKEN', guide: 'docs/slack.md' },
  teams: { setting: 'MICROSOFT_APP_ID', guide: 'docs/teams.md' },
} as const

/** A chat whose setting up can be checked. */
export type CheckedChat = keyof typeof chats

const marks = { ok: '✓', missing: '✗', open: '!' } as const

/** Runs the check and prints each finding at once; the answer holds the sum, and everything as data. */
export async function chatCheck(
  env: Environment,
  want: { readonly chat: CheckedChat; readonly attempt: boolean; readonly json: boolean },
  check: ChatCheck,
  out: (text: string) => void,
): Promise<Printed> {
  const findings: Finding[] = []
  const tell = (finding: Finding): void => {
    findings.push(finding)
    if (!want.json) out(`${marks[finding.mark]} ${harmless(`${finding.about}: ${finding.text}`)}\n`)
  }
  const config = attempted(tell, 'settings', () => configFor(want.chat, env))
  if (config !== undefined) {
    const plan = attempted(tell, 'plan', () => loadedPlan(config.DR_PLAN, planAdvice).plan)
    await check({ config, plan, attempt: want.attempt }, tell)
  }
  const missing = findings.filter(({ mark }) => mark === 'missing').length
  const open = findings.filter(({ mark }) => mark === 'open').length
  const sum = missing === 0 ? 'Nothing is missing' : `${missing} missing`
  return {
    text: `\n${sum}${open === 0 ? '' : `, ${open} to know of`}.`,
    json: { ok: missing === 0, findings },
    exitCode: missing === 0 ? 0 : 1,
  }
}

function configFor(chat: CheckedChat, env: Environment): Config {
  const config = readConfig(env)
  const { setting, guide } = chats[chat]
  if (config[setting] !== undefined) return config
  throw new UserError(`${chat}-off`, `${setting} is not set. ${guide} says how to get it, from nothing`)
}

/** A message that lists problems, one under the other, is as many findings. */
function problemsOf(message: string): readonly string[] {
  const [, ...items] = message.split(/\n- /)
  if (items.length === 0) return [message]
  return items.map((item) => {
    // Below it stands what to write, and it says where to.
    const [line = '', ...below] = item.split(/\n\s*/)
    return below.length === 0 ? `${line} (in .env)` : [line, ...below].join(' ')
  })
}

const planAdvice = 'Write the path of the plan into DR_PLAN (dr-plan.example.yml is one to begin with)'

/** What the plan or the settings lack is a finding like any other; the check goes on with what there is. */
function attempted<T>(tell: (finding: Finding) => void, about: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    for (const text of problemsOf(error.message)) tell({ mark: 'missing', about, text })
    return undefined
  }
}
