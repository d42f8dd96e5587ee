// The door through which everything from Slack comes in: a Bolt app on Socket Mode or HTTP that needs no Slack to start.
import { App } from '@slack/bolt'
import type { Receiver } from '@slack/bolt'
import { reasonOf } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Check } from '../../ports.ts'
import { createSparing } from '../sparing.ts'
import { isBare, onBare, onCommand, onSaid } from './inbound/commands.ts'
import type { Ack } from './inbound/commands.ts'
import { gated } from './inbound/gate.ts'
import type { Processor } from './inbound/gate.ts'
import { publishHome } from './inbound/home.ts'
import { createHttp } from './inbound/http.ts'
import type { ReceiveHttp } from './inbound/http.ts'
import { createIdentity } from './inbound/identity.ts'
import { isNote, onNote, onReaction } from './inbound/notes.ts'
import {
  HomeOpened,
  Press,
  Reaction,
  Said,
  Shortcut,
  SlashCommand,
  spokenToBot,
  Submission,
} from './inbound/payload.ts'
import { onPress, onSubmission } from './inbound/presses.ts'
import { sdkLog } from './inbound/sdk-log.ts'
import { onShortcut } from './inbound/shortcuts.ts'
import { createSockets } from './inbound/sockets.ts'
import type { Inbound } from './inbound/speak.ts'

export interface SlackDoorDeps extends Omit<Inbound, 'identity' | 'tellStranger'> {
  readonly botToken: string
  /** With it Socket Mode is used, which needs no way in from outside. */
  readonly appToken?: string | undefined
  /** Without an app token: requests signed with it are taken over HTTP. */
  readonly signingSecret?: string | undefined
  /** Slack's API; ends with a slash. */
  readonly apiUrl: string
}

export interface SlackDoor {
  /** Opens the door and returns at once; Socket Mode connects in the background, again and again. */
  readonly start: () => void
  /** Takes nothing more, and lets what is under way end for a moment. */
  readonly stop: () => Promise<void>
  /** Whether something can come in, with what to do when it cannot. */
  readonly health: () => Check
  /** Over HTTP: takes the requests to /slack/events. Absent with Socket Mode. */
  readonly receive?: ReceiveHttp
}

/** How long what is under way may take once the door is closed; real milliseconds. */
const patience = 2 * second

/** Makes the door; it does nothing before `start`. */
export function createSlackDoor(deps: SlackDoorDeps): SlackDoor {
  const identity = createIdentity({ ...deps, team: () => deps.workspace.known()?.teamId })
  const inbound: Inbound = { ...deps, identity, tellStranger: createSparing(deps.clock) }
  const underWay = new Set<Promise<void>>()
  const app = createApp(deps, inbound)
  const processor = tracked(gated(inbound, app), underWay)
  const sockets =
    deps.appToken === undefined ? undefined : createSockets({ ...deps, appToken: deps.appToken })
  return {
    start: () => sockets?.start(processor),
    stop: async () => {
      await sockets?.stop()
      await ended(underWay)
    },
    health: () => sockets?.health() ?? { ok: true },
    ...(sockets === undefined &&
      deps.signingSecret !== undefined && {
        receive: createHttp({ ...deps, signingSecret: deps.signingSecret }, processor),
      }),
  }
}

/** What comes in and how it is served. The receivers have the gate before it; the app itself receives nothing. */
function createApp({ botToken, apiUrl, workspace, log }: SlackDoorDeps, inbound: Inbound): App {
  const logger = sdkLog(log)
  const app = new App({
    receiver: noReceiver,
    logger,
    convoStore: false,
    // Asking Slack who the bot is at the start would end it where Slack is down: it is remembered.
    authorize: async ({ teamId }) => {
      const known = workspace.known()
      if (known === undefined || teamId !== known.teamId) throw new Error('another workspace')
      return { botToken, botId: known.botId, botUserId: known.botUserId, teamId: known.teamId }
    },
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 } },
  })
  app.error(async (error) =>
    log.error('something from Slack failed inside the bot', { reason: reasonOf(error), stack: error.stack }),
  )
  app.command(/^\//, ({ body, ack }) => onCommand(inbound, SlashCommand.parse(body), acking(ack)))
  app.action(/.*/, ({ body, ack }) => onPress(inbound, Press.parse(body), acking(ack)))
  app.view(/.*/, ({ body, ack }) => onSubmission(inbound, Submission.parse(body), acking(ack)))
  app.shortcut(/.*/, ({ body, ack }) => onShortcut(inbound, Shortcut.parse(body), acking(ack)))
  app.event('app_mention', ({ event }) => onMessage(inbound, event))
  app.event('message', ({ event }) => onMessage(inbound, event))
  app.event('reaction_added', ({ event }) => onReaction(inbound, Reaction.parse(event)))
  app.event('app_home_opened', async ({ event }) => {
    const { user, tab } = HomeOpened.parse(event)
    if (tab === 'home') await publishHome(inbound, user)
  })
  return app
}

async function onMessage(inbound: Inbound, event: unknown): Promise<void> {
  const said = Said.parse(event)
  if (spokenToBot(said)) return onSaid(inbound, said)
  if (isNote(inbound.plan(), said)) return onNote(inbound, said)
  if (isBare(said)) return onBare(inbound, said)
}

/** The gate hands over what the receivers bring. */
const noReceiver: Receiver = {
  init: () => {},
  start: async () => {},
  stop: async () => {},
}

/** Bolt's acknowledgement takes what its kind of payload wants; each handler knows its own. */
function acking(ack: unknown): Ack {
  return ack as Ack
}

function tracked(processor: Processor, underWay: Set<Promise<void>>): Processor {
  return {
    processEvent: (event) => {
      const work = processor.processEvent(event)
      const settled = work.then(
        () => undefined,
        () => undefined,
      )
      underWay.add(settled)
      void settled.then(() => underWay.delete(settled))
      return work
    },
  }
}

async function ended(underWay: ReadonlySet<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const impatient = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience)
  })
  await Promise.race([Promise.all(underWay), impatient])
  clearTimeout(timer)
}
