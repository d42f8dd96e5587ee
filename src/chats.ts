// Joins what reaches people: the console always, Slack and e-mail when they are set up.
import { createConsoleChat } from './chat/console/chat.ts'
import { createConsolePager } from './chat/console/pager.ts'
import { createSlack } from './chat/slack/slack.ts'
import type { Slack, SlackDeps } from './chat/slack/slack.ts'
import type { Config } from './config.ts'
import type { PersonId } from './ids.ts'
import { isLoopback } from './loopback.ts'
import { createChatPager } from './pagers/chat.ts'
import { createEmailPager } from './pagers/email.ts'
import type { Changes, Chat, Check, Pager } from './ports.ts'

export interface Chats {
  readonly all: readonly Chat[]
  /** One for each channel that is set up. */
  readonly pagers: readonly Pager[]
  /** What makes a page in a chat likely to be overlooked. */
  readonly advice: (person: PersonId) => 'dnd' | 'away' | undefined
  readonly slack: Slack | undefined
  /** Called when a chat answers again after it was away. */
  readonly onReturn: (listener: () => void) => void
  readonly checks: () => Readonly<Record<string, Check>>
  readonly close: () => Promise<void>
}

export async function createChats(
  config: Config,
  deps: SlackDeps & { readonly changes: Changes },
): Promise<Chats> {
  const { changes, log, publicUrl } = deps
  const slack = await slackOf(config, deps)
  const console = {
    name: 'console',
    reaches: () => true,
    send: createConsolePager({ changes }).send,
    lastResort: true,
  }
  if (slack !== undefined) warnOfSlack(config, log)
  const parts = slack ? [{ name: 'slack', reaches: slack.pager.reaches, send: slack.pager.send }] : []
  return {
    all: [createConsoleChat({ publicUrl, changes }), ...(slack ? [slack.chat] : [])],
    pagers: [createChatPager([...parts, console], log), ...emailPager(config)],
    advice: (person) => slack?.advice(person),
    slack,
    onReturn: (listener) => slack?.onReturn(listener),
    checks: () => slack?.checks() ?? {},
    close: async () => slack?.close(),
  }
}

/** What is better known before the first outage. */
function warnOfSlack({ SMTP_URL: smtp, PUBLIC_URL: publicUrl }: Config, log: SlackDeps['log']): void {
  if (smtp === undefined)
    log.warn('Slack is the only way to page people: while Slack is away nobody is reached; set SMTP_URL, too')
  if (isLoopback(new URL(publicUrl).hostname))
    log.warn('the links in Slack lead to this machine, and from a phone nowhere; set PUBLIC_URL', {
      publicUrl,
    })
}

async function slackOf(config: Config, deps: SlackDeps): Promise<Slack | undefined> {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = config
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: apiUrl } = config
  return botToken === undefined ? undefined : createSlack({ botToken, appToken, signingSecret, apiUrl }, deps)
}

function emailPager(config: Config): readonly Pager[] {
  return config.SMTP_URL === undefined
    ? []
    : [createEmailPager({ smtpUrl: config.SMTP_URL, publicUrl: config.PUBLIC_URL })]
}
