// One outage played in a simulated Slack: sets up and clears away for each test, and says short what tests do again and again.
import { afterEach, beforeAll, beforeEach } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import type { Chat, RoomShown, RoomView, Store } from '../../src/ports.ts'
import type { SimSlackOptions } from '../../sim/slack.ts'
import { noon } from '../contracts/store-samples.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { inTime, outage, startSlackHouse, viewOf } from './slack-house.ts'
import type { SlackHouse } from './slack-house.ts'

/** The channel of the outage that is played. */
export const roomOfOutage = 'inc-12-lb-20260313'

type Channel = ReturnType<SlackHouse['slack']['channel']>

export interface SlackStage {
  readonly house: SlackHouse
  readonly chat: Chat
  /** Another Slack in place of the one there is. */
  readonly inSlack: (options: SimSlackOptions) => Promise<void>
  /** The bot is started again. */
  readonly restart: () => void
  /** The bot's store is lost. */
  readonly forget: () => Promise<void>
  /** The plan names a channel in which outages are announced. */
  readonly announcing: () => void
  readonly know: (incident: Incident) => Incident
  readonly show: (
    incident?: Incident,
    how?: { readonly signal?: AbortSignal; readonly view?: Partial<RoomView> },
  ) => Promise<RoomShown>
  readonly showRun: (run: Run) => Promise<void>
  /** The outage's channel, or another one by name. */
  readonly room: (name?: string) => Channel
  /** The channels that were made for the outage. */
  readonly rooms: () => readonly Channel[]
  readonly texts: (channel: string) => readonly string[]
}

/** Sets the stage for every test of the file or group that calls this. */
export function slackStage(): SlackStage {
  const redis = oneRedis()
  let store: Store
  let house: SlackHouse
  let chat: Chat

  async function inSlack(options: SimSlackOptions = {}): Promise<void> {
    house = await startSlackHouse(store, options)
    chat = house.chat()
  }
  function know(incident: Incident): Incident {
    house.incidents.set(incident.id, incident)
    return incident
  }

  beforeAll(async () => {
    store = createStore({ redis: (await redis().connect()).redis })
  })
  beforeEach(async () => {
    await redis().flush()
    await inSlack()
  })
  afterEach(() => house.stop())

  return {
    get house() {
      return house
    },
    get chat() {
      return chat
    },
    inSlack: async (options) => {
      await house.stop()
      await inSlack(options)
    },
    restart: () => {
      chat = house.chat()
    },
    forget: () => redis().flush(),
    announcing: () => house.setPlan((plan) => ({ ...plan, slack: { ...plan.slack, announce: 'C0OUTAGES' } })),
    know,
    show: (incident = outage(), { signal = inTime(), view = {} } = {}) =>
      chat.showRoom(know(incident), { ...viewOf(incident, house.plan()), ...view }, signal),
    showRun: (run) => chat.showRun(run, runCard(run, noon, house.plan()), inTime()),
    room: (name = roomOfOutage) => house.slack.channel(name),
    rooms: () => house.slack.channels().filter((each) => each.name.startsWith('inc-12')),
    texts: (channel) => house.slack.messages(channel).map(({ text }) => text),
  }
}
