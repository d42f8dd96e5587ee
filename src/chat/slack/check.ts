// `dr slack check`: whether tokens, scopes, people, user groups and channels are as the bot needs them.
import { z } from 'zod'
import { isLoopback } from '../../loopback.ts'
import { createSlackApi } from './api.ts'
import { createAsk } from './check/ask.ts'
import { checkAnnounce, tellUntried, tryRights } from './check/channels.ts'
import { checkGroups, checkPeople } from './check/people.ts'
import { scopesUsed } from './methods.ts'
import { grantScopes } from './refusals.ts'
import type { DrPlan } from '../../drplan/schema.ts'
import type { Instant } from '../../ids.ts'
import type { Clock, Log } from '../../ports.ts'
import type { SlackApi } from './api.ts'
import type { Ask, Asked, Finding } from './check/ask.ts'

/** What is checked, by the names of the settings. */
export interface WantedCheck {
  readonly config: {
    readonly SLACK_BOT_TOKEN?: string | undefined
    /** Undefined: Slack calls the bot over HTTP. */
    readonly SLACK_APP_TOKEN?: string | undefined
    readonly SLACK_API_URL?: string | undefined
    readonly PUBLIC_URL: string
  }
  /** Undefined when it cannot be read. */
  readonly plan: DrPlan | undefined
  /** Makes a channel, uses it and archives it. */
  readonly attempt: boolean
}

type Tell = (finding: Finding) => void

/** What matters is among the findings. */
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Looks at everything in turn and tells what it finds; without Slack or a valid bot token there is nothing more to see. */
export async function checkSlack(clock: Clock, want: WantedCheck, tell: Tell): Promise<void> {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_API_URL: url } = want.config
  if (botToken === undefined) return
  const apiWith = (token: string): SlackApi =>
    createSlackApi({ token, clock, log: quiet, ...(url === undefined ? {} : { url }) })
  const bot = apiWith(botToken)
  const app = appToken === undefined ? undefined : apiWith(appToken)
  try {
    const ask = createAsk(bot, clock)
    const workspace = await checkBotToken(ask, url, tell)
    if (workspace === undefined) return
    if (app === undefined) checkRequestUrl(want.config.PUBLIC_URL, tell)
    else {
      checkLinks(want.config.PUBLIC_URL, tell)
      await checkAppToken(createAsk(app, clock), { appToken: appToken ?? '', app: workspace.app }, tell)
    }
    const { plan, attempt } = want
    if (plan !== undefined) await checkPlan(ask, { plan, attempt, ...workspace, now: clock.now() }, tell)
  } finally {
    bot.close()
    app?.close()
  }
}

async function checkPlan(
  ask: Ask,
  want: {
    readonly plan: DrPlan
    readonly attempt: boolean
    readonly team: string
    readonly bot: string
    readonly now: Instant
  },
  tell: Tell,
): Promise<void> {
  await checkPeople(ask, want.plan, want.team, tell)
  const kept = await checkGroups(ask, want.plan, tell)
  const { announce } = want.plan.slack
  if (announce !== undefined) await checkAnnounce(ask, announce, want.bot, tell)
  if (want.attempt) await tryRights(ask, { now: want.now, kept }, tell)
  else tellUntried(kept, tell)
}

const Who = z.object({
  team: z.string(),
  team_id: z.string(),
  user: z.string(),
  bot_id: z.string().optional(),
  /** Not in every answer. */
  app_id: z.string().optional(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
})

const reinstall =
  'In the app\'s settings: "Install App", "Reinstall", then copy the "Bot User OAuth Token" again, and restart the bot'

async function checkBotToken(
  ask: Ask,
  url: string | undefined,
  tell: Tell,
): Promise<{ readonly team: string; readonly bot: string; readonly app: string | undefined } | undefined> {
  const about = 'bot token'
  const asked = await ask('auth.test', {}, Who)
  if ('unreachable' in asked) {
    tell({ mark: 'missing', about: 'Slack', text: silence(asked.unreachable, url) })
    return undefined
  }
  if ('reason' in asked) {
    tell({
      mark: 'missing',
      about,
      text: `Slack does not take SLACK_BOT_TOKEN (${asked.reason}). ${reinstall}`,
    })
    return undefined
  }
  const { team, team_id: id, user, bot_id: bot, response_metadata: metadata } = asked.answer
  if (bot === undefined) {
    const text = 'SLACK_BOT_TOKEN belongs to a person. Copy the "Bot User OAuth Token" (xoxb-) instead'
    tell({ mark: 'missing', about, text })
    return undefined
  }
  tell({ mark: 'ok', about, text: `the bot is @${user} in the workspace ${team} (${id})` })
  checkScopes(metadata?.scopes, tell)
  return { team: id, bot: user, app: asked.answer.app_id }
}

function silence(why: string, url: string | undefined): string {
  const look =
    url === undefined
      ? "Look at this machine's way out to https://slack.com and at https://status.slack.com"
      : `SLACK_API_URL is ${url}: look whether that is right, and whether it answers`
  return `cannot be reached: ${why} Nothing more can be checked. ${look}, then try again`
}

/** Slack names the granted scopes in the header x-oauth-scopes of each answer. */
function checkScopes(granted: readonly string[] | undefined, tell: Tell): void {
  const about = 'scopes'
  if (granted === undefined || granted.length === 0) {
    tell({ mark: 'open', about, text: 'Slack did not say which scopes are granted' })
    return
  }
  const needed = scopesUsed()
  const lacking = needed.filter((scope) => !granted.includes(scope))
  const surplus = granted.filter((scope) => !needed.includes(scope))
  if (lacking.length === 0) tell({ mark: 'ok', about, text: `all ${needed.length} are granted` })
  else tell({ mark: 'missing', about, text: `not granted: ${lacking.join(', ')}. ${grantScopes}` })
  if (surplus.length > 0)
    tell({ mark: 'open', about, text: `granted and never used: ${surplus.join(', ')}. ${grantScopes}` })
}

const Connection = z.object({ url: z.string() })

async function checkAppToken(
  ask: Ask,
  { appToken, app }: { readonly appToken: string; readonly app: string | undefined },
  tell: Tell,
): Promise<void> {
  const [, , ofToken] = appToken.split('-')
  if (app !== undefined && /^A[A-Z0-9]+$/.test(ofToken ?? '') && ofToken !== app) {
    const text = `SLACK_APP_TOKEN is of the app ${ofToken}, SLACK_BOT_TOKEN of the app ${app}. Take both from the same app`
    tell({ mark: 'missing', about: 'app token', text })
    return
  }
  const asked = await ask('apps.connections.open', {}, Connection)
  const ok = { mark: 'ok', text: 'Slack opens a socket for it; no way in from outside is needed' } as const
  tell({ about: 'app token', ...('answer' in asked ? ok : { mark: 'missing', text: noSocket(asked) }) })
}

function noSocket(asked: Exclude<Asked<never>, { readonly answer: never }>): string {
  if ('unreachable' in asked) return `cannot be tried: ${asked.unreachable}`
  if (['missing_scope', 'no_permission'].includes(asked.reason))
    return 'SLACK_APP_TOKEN lacks the scope connections:write. "Basic Information", "App-Level Tokens": make a new one with it, set it, and restart the bot'
  const tokens =
    '"Basic Information", "App-Level Tokens": copy the token, or make one with connections:write, set it, and restart the bot'
  return `Slack does not open a socket for SLACK_APP_TOKEN (${asked.reason}). ${tokens}; "Socket Mode" must be on`
}

/** Every card leads to the console. */
function checkLinks(publicUrl: string, tell: Tell): void {
  if (!isLoopback(new URL(publicUrl).hostname)) return
  const text = `the links in Slack lead to ${publicUrl}, which only this machine can open: on a phone they lead nowhere. Set PUBLIC_URL to where the console is seen by people`
  tell({ mark: 'open', about: 'links', text })
}

/** Whether Slack gets through cannot be seen from here, whether it has a chance can. */
function checkRequestUrl(publicUrl: string, tell: Tell): void {
  const about = 'request URL'
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'https:' && !isLoopback(hostname)) {
    const text = `Slack must be able to reach ${publicUrl}/slack/events, which cannot be seen from here. It must stand in the manifest in three places, and "Event Subscriptions" must say "Verified"`
    tell({ mark: 'open', about, text })
    return
  }
  const text = `Slack cannot call ${publicUrl}. Set PUBLIC_URL to an https address that is reachable from outside, or use Socket Mode: SLACK_APP_TOKEN`
  tell({ mark: 'missing', about, text })
}
