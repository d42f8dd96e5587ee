// Joins what reaches people: the console always, Slack, Teams and e-mail when they are set up.
import { createConsoleChat } from './chat/console/chat.ts'
import { createConsolePager } from './chat/console/pager.ts'
import type { ChatDeps, JoinedChat } from './chat/joined.ts'
import type { ReceiveHttp } from './chat/slack/inbound/http.ts'
import { createSlack } from './chat/slack/slack.ts'
import type { Slack } from './chat/slack/slack.ts'
import type { ReceiveTeams } from './chat/teams/door.ts'
import { teamsSettings } from './chat/teams/registration.ts'
import { createTeams } from './chat/teams/teams.ts'
import type { Teams } from './chat/teams/teams.ts'
import type { Dispatch } from './command/command.ts'
import type { Config } from './config.ts'
import type { Person } from './drplan/schema.ts'
import type { PersonId } from './ids.ts'
import { isLoopback } from './loopback.ts'
import { createChatPager } from './pagers/chat.ts'
import { createEmailPager } from './pagers/email.ts'
import type { Changes, Chat, ChatState, Check, Pager } from './ports.ts'

export interface Chats {
  readonly all: readonly Chat[]
  /** One for each channel that is set up. */
  readonly pagers: readonly Pager[]
  /** What makes a page in all chats of this person likely to be overlooked. */
  readonly advice: (person: PersonId) => 'dnd' | 'away' | undefined
  /** Whether people look for this person in the chat of that name. */
  readonly reaches: (chat: string, person: PersonId) => boolean
  /** Whether the chats are there, but for the console. */
  readonly states: () => readonly ChatState[]
  /** Opens the ways in for commands; answers what takes the requests of those that come over HTTP. */
  readonly open: (dispatch: Dispatch) => Receivers
  /** Called with the name of a chat that answers again after it was away. */
  readonly onReturn: (listener: (chat: string) => void) => void
  readonly checks: () => Readonly<Record<string, Check>>
  readonly close: () => Promise<void>
}

export interface Receivers {
  readonly slack: ReceiveHttp | undefined
  readonly teams: ReceiveTeams | undefined
}

export async function createChats(
  config: Config,
  deps: ChatDeps & { readonly changes: Changes },
): Promise<Chats> {
  const { changes, publicUrl, log } = deps
  const [slack, teams] = [await slackOf(config, deps), teamsOf(config, deps)]
  const joined: readonly JoinedChat[] = [slack, teams].filter((each) => each !== undefined)
  const console = {
    name: 'console',
    reaches: () => true,
    send: createConsolePager({ changes }).send,
    lastResort: true,
  }
  const parts = joined.map(({ chat, pager }) => ({ name: chat.name, ...pager }))
  if (joined.length > 0) warn(config, joined, log)
  /** One who has an id of one chat in the plan is there; an e-mail address, by which another may know them, says less. */
  function isIn({ chat, pager }: JoinedChat, person: PersonId): boolean {
    const own = parts.filter(({ name }) => idIn(deps.plan().people[person], name) !== undefined)
    return own.length > 0 ? own.some(({ name }) => name === chat.name) : pager.reaches(person)
  }
  return {
    all: [createConsoleChat({ publicUrl, changes }), ...joined.map(({ chat }) => chat)],
    pagers: [createChatPager([...parts, console], log), ...emailPager(config)],
    advice: (person) =>
      adviceOn(
        joined.filter((each) => isIn(each, person)),
        person,
      ),
    reaches: (chat, person) => joined.some((each) => each.chat.name === chat && isIn(each, person)),
    states: () => joined.map((each) => each.state()),
    open: (dispatch) => ({
      slack: slack?.open(dispatch).receive,
      teams: teams?.open(dispatch).receive,
    }),
    onReturn: (listener) => {
      for (const { chat, onReturn } of joined) onReturn(() => listener(chat.name))
    },
    checks: () => Object.assign({}, ...joined.map((each) => each.checks())) as Record<string, Check>,
    close: async () => {
      await Promise.all(joined.map((each) => each.close()))
    },
  }
}

/** The id that the plan has of a person for a chat. */
function idIn(person: Person | undefined, chat: string): string | undefined {
  const ids: Readonly<Record<string, string | undefined>> = { slack: person?.slack, teams: person?.teams }
  return ids[chat]
}

/** Who may well see the page in one chat needs no other way because of what another chat says. */
function adviceOn(joined: readonly JoinedChat[], person: PersonId): 'dnd' | 'away' | undefined {
  const all = joined.map(({ advice }) => advice(person))
  if (all.length === 0 || all.includes(undefined)) return undefined
  return all.includes('dnd') ? 'dnd' : 'away'
}

/** What is better known before the first outage. */
function warn(config: Config, joined: readonly JoinedChat[], log: ChatDeps['log']): void {
  const { SMTP_URL: smtp, PUBLIC_URL: publicUrl } = config
  const names = joined.map(({ service }) => service).join(' and ')
  const several = joined.length > 1
  if (smtp === undefined) {
    const only = several
      ? 'are the only ways to page people: while both are'
      : 'is the only way to page people: while it is'
    log.warn(`${names} ${only} away nobody is reached; set SMTP_URL, too`)
  }
  if (!isLoopback(new URL(publicUrl).hostname)) return
  log.warn(`the links in ${names} lead to this machine, and from a phone nowhere; set PUBLIC_URL`, {
    publicUrl,
  })
  if (config.MICROSOFT_APP_ID !== undefined && !config.TEAMS_NO_AUTH)
    log.warn(
      'Teams calls the bot at PUBLIC_URL: on this machine no command and no button comes in; set PUBLIC_URL',
    )
}

async function slackOf(config: Config, deps: ChatDeps): Promise<Slack | undefined> {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = config
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: apiUrl } = config
  return botToken === undefined ? undefined : createSlack({ botToken, appToken, signingSecret, apiUrl }, deps)
}

function teamsOf(config: Config, deps: ChatDeps): Teams | undefined {
  const settings = teamsSettings(config)
  return settings && createTeams(settings, deps)
}

function emailPager(config: Config): readonly Pager[] {
  return config.SMTP_URL === undefined
    ? []
    : [createEmailPager({ smtpUrl: config.SMTP_URL, publicUrl: config.PUBLIC_URL })]
}
