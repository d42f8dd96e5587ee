// One incident in a simulated team: what a test of its room does and asks, with a fresh team for each test.
import { afterEach, beforeAll, beforeEach, vi } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import type { Chat, RoomShown, Store } from '../../src/ports.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import { noon } from '../contracts/store-samples.ts'
import type { ChatWorld } from '../contracts/chat.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { home } from '../servers/teams.ts'
import { inTime, outage, viewOf } from './slack-house.ts'
import { aliveIn, outages, startRoomHouse } from './teams-room-house.ts'
import type { RoomHouse } from './teams-room-house.ts'

export interface TeamsStage {
  readonly house: RoomHouse
  readonly chat: Chat
  /** Another process in place of this one. */
  readonly restart: () => void
  readonly open: (incident?: Incident) => Promise<{ readonly link: string }>
  readonly show: (incident?: Incident) => Promise<RoomShown>
  /** Those below are done again as effects are, where the bot goes slow so as not to be limited. */
  readonly complete: (incident?: Incident) => Promise<RoomShown>
  readonly showRun: (run: Run) => Promise<void>
  readonly say: (text: string, incident?: Incident) => Promise<void>
  readonly close: (incident: Incident) => Promise<void>
  /** The threads of the bot's channel, by their conversations. */
  readonly threads: () => readonly string[]
  /** The id of the channel of that name. */
  readonly channel: (name: string) => string
  /** The names of the channels of incidents. */
  readonly channels: () => readonly string[]
}

/** The channel's name of the incident `outage()`. */
export const roomOfOutage = 'inc-12-lb-20260313'

/** Starts Redis for a file of tests. */
export function teamsStage(): {
  /** A team of its own, for the caller to stop. */
  readonly fresh: () => Promise<RoomHouse>
  /** One whose rooms are such, for the contract of a chat. */
  readonly chatWith: (rooms: 'channels' | 'threads') => Promise<ChatWorld>
  /** Has a stage for each test of the file or group in which it is called; what it answers gives that of the test. */
  readonly each: () => () => TeamsStage
} {
  const redis = oneRedis()
  let store: Store

  beforeAll(async () => {
    store = createStore({ redis: (await redis().connect()).redis })
  })
  const fresh = async (): Promise<RoomHouse> => {
    await redis().flush()
    return startRoomHouse(store)
  }
  return {
    fresh,
    chatWith: async (rooms) => {
      const world = await fresh()
      world.set({ rooms, announce: outages })
      return {
        chat: world.process().chat,
        plan: world.plan,
        know: (incident) => world.incidents.set(incident.id, incident),
        amount: () => world.teams.channels().length + world.written().length,
        alive: () => aliveIn(world.written()),
        stop: world.stop,
      }
    },
    each: () => {
      let current: TeamsStage | undefined
      beforeEach(async () => {
        current = stageOf(await fresh())
      })
      afterEach(() => current?.house.stop())
      return () => {
        if (!current) throw new Error('only inside a test')
        return current
      }
    },
  }
}

function stageOf(house: RoomHouse): TeamsStage {
  let chat = house.process().chat
  const show = async (incident: Incident = outage()): Promise<RoomShown> => {
    house.incidents.set(incident.id, incident)
    return chat.showRoom(incident, viewOf(incident, house.plan()), inTime())
  }
  return {
    house,
    get chat() {
      return chat
    },
    restart: () => {
      chat = house.process().chat
    },
    open: (incident = outage()) => chat.openRoom(incident, inTime()),
    show,
    complete: (incident) =>
      patiently(async () => {
        const shown = await show(incident)
        if (shown.again) throw new Error(shown.left.join('; '))
        return shown
      }),
    showRun: (run) => patiently(() => chat.showRun(run, runCard(run, noon, house.plan()), inTime())),
    say: (text, incident = outage()) => patiently(() => chat.say(incident, text, `INC-12-${text}`, inTime())),
    close: (incident) => patiently(() => chat.closeRoom(incident, inTime())),
    threads: () => [...new Set(house.teams.messages(home).map(({ conversation }) => conversation))],
    channel: (name) => {
      const found = house.teams.channels().find((each) => each.name === name)
      if (!found) throw new Error(`there is no channel ${name}`)
      return found.id
    },
    channels: () =>
      house.teams
        .channels()
        .map(({ name }) => name)
        .filter((name) => name.startsWith('inc-')),
  }
}

function patiently<T>(work: () => Promise<T>): Promise<T> {
  return vi.waitFor(work, { timeout: 8_000, interval: 200 })
}
