// The life of a room in Teams, cut off at each of its calls and taken up by another process: everything is there, and once.
import { expect, test, vi } from 'vitest'
import type { TeamsFault } from '../../sim/teams.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Chat } from '../../src/ports.ts'
import { runCard } from '../../src/recovery/card.ts'
import { noon, run } from '../contracts/store-samples.ts'
import { inTime, outage, over, viewOf } from './slack-house.ts'
import { outages } from './teams-room-house.ts'
import type { RoomHouse } from './teams-room-house.ts'
import { teamsStage } from './teams-room-stage.ts'

const { fresh } = teamsStage()
const inside = { ...run('R-7'), incident: 'INC-12' } as const

/** What happens in a room from its beginning to its end, each part until it is done. */
async function live(house: RoomHouse): Promise<void> {
  const signal = inTime()
  const show = (shown: Incident) => async (chat: Chat) => {
    house.incidents.set(shown.id, shown)
    const { again, left } = await chat.showRoom(shown, viewOf(shown, house.plan()), signal)
    if (again) throw new Error(left.join('; '))
  }
  const steps: readonly ((chat: Chat) => Promise<unknown>)[] = [
    (chat) => chat.openRoom(outage(), signal),
    show(outage()),
    (chat) => chat.say(outage(), 'Dan is on it', 'INC-12-v3-1', signal),
    (chat) => chat.showRun(inside, runCard(inside, noon, house.plan()), signal),
    show(over(outage())),
    (chat) => chat.closeRoom(over(outage()), signal),
  ]
  for (const step of steps) await vi.waitFor(() => taken(house, step), { timeout: 20_000, interval: 1 })
}

/** A step by a process of its own; when it fails, the next one comes once this one would be thought dead. */
async function taken(house: RoomHouse, step: (chat: Chat) => Promise<unknown>): Promise<void> {
  try {
    await step(house.process().chat)
  } catch (thrown) {
    house.clock.skip(35_000)
    throw thrown
  }
}

/** Everything that stands in the team, where it stands in what order, without what differs from run to run. */
function seen({ teams, texts }: RoomHouse): object {
  return teams.channels().map(({ id, name, archived }) => {
    const rooms = new Set(teams.messages(id).map(({ conversation }) => conversation))
    return { name, archived, threads: rooms.size, texts: texts(id).toSorted() }
  })
}

/** Does a life with the fault; how many calls it took. */
async function lifeWith(
  rooms: 'threads' | 'channels',
  fault?: TeamsFault,
): Promise<{ calls: number; seen: object }> {
  const house = await fresh()
  try {
    house.set({ rooms, announce: outages })
    if (fault) house.teams.fault(fault)
    await live(house)
    return { calls: house.calls().length, seen: seen(house) }
  } finally {
    await house.stop()
  }
}

test.each(['threads', 'channels'] as const)(
  'whichever call is done and never answered, nothing is left out and nothing is there twice (%s)',
  { timeout: 60_000 },
  async (rooms) => {
    const calls = ['connector.*', 'graph.*']
    const clean = await lifeWith(rooms)
    expect(clean.calls).toBeGreaterThan(10)

    for (let nth = 1; nth <= clean.calls; nth += 1) {
      const cut = await lifeWith(rooms, { kind: 'lose-answer', calls, every: nth, times: 1 })
      expect({ nth, seen: cut.seen }).toEqual({ nth, seen: clean.seen })
    }
  },
)
