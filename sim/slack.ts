// A small real server that speaks Slack's Web API, Socket Mode and signed HTTP, with people in it, and can be made to fail.
import { rateLimits, type SlackToken } from './slack/access.ts'
import { createDelivery, type Delivered, type Delivery, type LoggedDelivery } from './slack/delivery.ts'
import { createDrives, type Drives } from './slack/drives.ts'
import { allEvents, allEventScopes, subscribes } from './slack/events.ts'
import { faultSwitch, type SlackFault } from './slack/faults.ts'
import { methodScopes } from './slack/methods.ts'
import { eventBody } from './slack/payloads.ts'
import { serve, type LoggedCall } from './slack/server.ts'
import { createSockets, type Sockets } from './slack/sockets.ts'
import { createState, readings, type Readings, type Start } from './slack/state.ts'
import { createTriggers } from './slack/triggers.ts'
import type { SlackEvent, Workspace } from './slack/workspace.ts'

export type { Delivered, LoggedDelivery } from './slack/delivery.ts'
export type { SlackFault } from './slack/faults.ts'
export type { LoggedCall } from './slack/server.ts'

export interface SimSlackOptions extends Start {
  /** What the bot token may do; default: everything that is simulated. */
  readonly scopes?: readonly string[]
  /** Bot events the app subscribed to; default: all that are simulated. */
  readonly events?: readonly string[]
  readonly port?: number
  /** Calls per minute as Slack allows them; false: any number. Default true. */
  readonly limits?: boolean
  /** `should_escape` of the slash command. Default true. */
  readonly shouldEscape?: boolean
  /** Where to deliver by HTTP while no socket is connected; can be set later. */
  readonly requestUrl?: string
  /** Ms the app has for its acknowledgement. Default 3,000. */
  readonly ackWithin?: number
  /** Ms before each retry of an event. Default at once, a minute, five minutes. */
  readonly retryAfter?: readonly number[]
}

export interface SimSlack extends Drives, Readings {
  /** What the Web API's base is set to: ends with `/api/`. */
  readonly apiUrl: string
  readonly botToken: string
  readonly appToken: string
  readonly signingSecret: string
  readonly teamId: string
  readonly appId: string
  readonly botId: string
  readonly botUserId: string
  readonly calls: readonly LoggedCall[]
  readonly deliveries: readonly LoggedDelivery[]
  /** Switches these faults on, and all others off; none: everything works. */
  readonly fault: (...faults: readonly SlackFault[]) => void
  readonly setRequestUrl: (url: string | undefined) => void
  /** url_verification: what Slack sends when the address is entered. */
  readonly verifyUrl: (challenge: string) => Promise<Delivered>
  /** Delivers the last thing once more, byte for byte. */
  readonly replay: () => Promise<Delivered>
  readonly sockets: () => number
  readonly dropSockets: (how?: 'warning' | 'refresh_requested' | 'abrupt') => void
  /** Refuses both tokens from now on with that word; undefined: takes them again. */
  readonly refuseTokens: (word: 'token_revoked' | 'account_inactive' | 'invalid_auth' | undefined) => void
  /** Takes away or gives scopes, as reinstalling the app does. */
  readonly setScopes: (scopes: readonly string[]) => void
  /** Ms after which the workspace lets nobody edit a message. */
  readonly setEditWindow: (ms: number) => void
  /** Connections are refused from now on; what is in the workspace stays. */
  readonly down: () => Promise<void>
  readonly up: () => Promise<void>
  readonly stop: () => Promise<void>
}

const botToken = 'xoxb-sim-0000000000-bot'
const appToken = 'xapp-1-A0SIM-0000000000-app'
const signingSecret = '0123456789abcdef0123456789abcdef'

/** All scopes that are of use: those of the methods and events, and the two that are neither. */
export const allScopes: readonly string[] = [
  ...new Set(['commands', 'chat:write.public', ...methodScopes, ...allEventScopes]),
]

/** Starts the simulator on 127.0.0.1. */
export async function startSlack(options: SimSlackOptions = {}): Promise<SimSlack> {
  const slack = createState(options)
  const faults = faultSwitch()
  const triggers = createTriggers(slack.now)
  const bot: SlackToken = { value: botToken, kind: 'bot', scopes: options.scopes ?? allScopes }
  const app: SlackToken = { value: appToken, kind: 'app', scopes: ['connections:write'] }
  const sockets = createSockets(faults, slack.app, () => new URL(slack.origin).host)
  const delivery = createDelivery({
    sockets,
    faults,
    signingSecret,
    ackWithin: options.ackWithin ?? 3_000,
    retryAfter: options.retryAfter ?? [0, 60_000, 300_000],
  })
  delivery.setUrl(options.requestUrl)
  const subscribed = (event: SlackEvent): boolean =>
    subscribes(slack, bot, options.events ?? allEvents, event)
  slack.emit = (event) => emit({ slack, delivery, sockets, subscribed }, event)
  const limits = options.limits === false ? { count: () => {} } : rateLimits(slack.now)
  const calls: LoggedCall[] = []
  const api = { slack, tokens: [bot, app], triggers, limits, openSocket: sockets.open }
  const server = await serve({ api, faults, sockets, calls }, options.port)
  slack.origin = `http://127.0.0.1:${server.port()}`
  return {
    apiUrl: `${slack.origin}/api/`,
    botToken,
    appToken,
    signingSecret,
    teamId: slack.team,
    appId: slack.app,
    botId: slack.bot,
    botUserId: slack.botUser,
    calls,
    deliveries: delivery.log,
    ...createDrives({ slack, triggers, delivery, subscribed, shouldEscape: options.shouldEscape ?? true }),
    ...readings(slack),
    fault: (...next) => {
      faults.set(next)
      sockets.faulted()
    },
    setRequestUrl: delivery.setUrl,
    verifyUrl: delivery.verify,
    replay: delivery.replay,
    sockets: sockets.count,
    dropSockets: (how = 'abrupt') => sockets.drop(how),
    refuseTokens: (word) => {
      for (const token of api.tokens) {
        if (word === undefined) delete token.refused
        else token.refused = word
      }
    },
    setScopes: (scopes) => {
      bot.scopes = scopes
    },
    setEditWindow: (ms) => {
      slack.editWindow = ms
    },
    down: async () => {
      sockets.drop('abrupt')
      await server.close()
    },
    up: server.open,
    stop: async () => {
      delivery.stop()
      await sockets.stop()
      await server.close()
    },
  }
}

/** Tells the app of what happened by itself; nobody waits for its acknowledgement. */
function emit(
  to: {
    readonly slack: Workspace
    readonly delivery: Delivery
    readonly sockets: Sockets
    readonly subscribed: (event: SlackEvent) => boolean
  },
  event: SlackEvent,
): void {
  if (!to.subscribed(event)) return
  void to.delivery.send({ type: 'events_api', payload: eventBody(to.slack, event), answerable: false })
}
