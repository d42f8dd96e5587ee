// One outage in two chats: who sits in one knows of the other, and of what is done there; one that is away is told of once.
import { beforeEach, expect, test, vi } from 'vitest'
import { incidentCard } from '../../src/incident/card.ts'
import { planWith } from '../fixtures/plans/plan.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startHouse } from './two-chats-house.ts'
import type { House } from './two-chats-house.ts'

const soon = { timeout: 10_000, interval: 20 }

const redis = oneRedis()
let house: House

beforeEach(async () => {
  await redis().flush()
  house = await startHouse(redis())
})

/** Both rooms are open, and Ann, who is in both chats, was paged. */
async function broken(): Promise<void> {
  await house.broken()
  await house.pass(1)
  expect((await house.incident()).rooms.map(({ state }) => state)).toEqual(['open', 'open', 'open'])
}

/** Lets time pass until it holds. */
function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(async () => {
    try {
      await check()
    } catch (thrown) {
      await house.pass(1)
      throw thrown
    }
  }, soon)
}

function count(said: readonly string[], text: string): number {
  return said.filter((each) => each.includes(text)).length
}

test('each room leads to the other, the console to both, and people are told once where the others are', async () => {
  await broken()
  await house.pass(5)

  const { slack, teams } = house
  const inSlack = { title: 'Room in Slack', link: 'https://slack.example.com/room' }
  const inTeams = { title: 'Room in Teams', link: 'https://teams.example.com/room' }
  expect(slack.view()?.card.links).toEqual([{ label: inTeams.title, link: inTeams.link }])
  expect(teams.view()?.card.links).toEqual([{ label: inSlack.title, link: inSlack.link }])
  expect(slack.view()?.links).toContainEqual(inTeams)
  expect(slack.view()?.links).not.toContainEqual(inSlack)
  expect(teams.view()?.links).toContainEqual(inSlack)
  const onConsole = incidentCard(await house.incident(), { plan: planWith(), now: house.clock.now() })
  expect(onConsole.links).toHaveLength(2)
  expect([count(slack.said, 'Also in Teams'), count(teams.said, 'Also in Slack')]).toEqual([1, 1])
  expect([count(slack.said, 'Also in Slack'), count(teams.said, 'Also in Teams')]).toEqual([0, 0])
})

test('what somebody does in one is told in both with who and where, and changes the card in both', async () => {
  await broken()

  await house.one.input({ kind: 'ack', by: { person: 'bob', door: 'slack' } })
  await house.two.input({
    kind: 'note',
    by: { person: 'cem', door: 'teams' },
    text: 'the disk is full',
    heardIn: 'teams',
  })
  await house.one.input({ kind: 'escalate', by: { person: 'bob', door: 'slack' }, reason: 'cannot mend it' })
  await house.one.input({ kind: 'ack', by: { person: 'mia', door: 'cli' } })
  await house.one.input({ kind: 'resolve', by: { person: 'cem', door: 'teams' }, what: 'a full disk' })

  const { slack, teams } = house
  const told = [
    'Bob Brandt has it (in Slack)',
    'Escalated to Mia Manger and group dev: cannot mend it (Bob Brandt in Slack)',
    'Mia Manger answered and joins (in a terminal)',
    expect.stringMatching(
      /^INC-1 is resolved: down for 1s, objective of 10m met\. What it was: a full disk\. \(Cem Celik in Teams\)\nTo see later that nobody has altered its record: timeline INC-1 --head [0-9a-f]{32}$/,
    ),
  ]
  await eventually(() => {
    for (const { said, view } of [slack, teams]) {
      expect(said).toEqual(expect.arrayContaining(told))
      expect(view()?.card.title).toContain('resolved')
    }
    expect(slack.said).toContain('Cem Celik noted in Teams: the disk is full')
  })
  expect(count(teams.said, 'the disk is full')).toBe(0)
})

test('a chat that answers no more is told of in the other once, with who may not see it and how people are paged', async () => {
  await broken()
  await house.one.input({ kind: 'ack', by: { person: 'bob', door: 'slack' } })
  await house.one.input({ kind: 'escalate', by: { person: 'bob', door: 'slack' } })
  const { slack, teams } = house
  await house.pass(5)
  slack.mood('silent')
  for (const process of [house.one, house.two])
    await process.input({ kind: 'note', by: { person: 'cem', door: 'teams' }, text: 'the disk is full' })

  await eventually(() => expect(count(teams.said, 'has not answered since 03:00')).toBe(1))
  await house.pass(40)

  expect(teams.said.filter((each) => each.includes('has not'))[0]).toBe(
    'Slack has not answered since 03:00 Europe/Berlin: Mia Manger and Bob Brandt may not see this. Pages go by Teams and e-mail meanwhile',
  )
  expect(count(teams.said, 'has not answered')).toBe(1)
  expect(count(await house.texts(), 'Slack has not answered')).toBe(1)
})

test('a chat that dies while nobody says a word is told of in the other within a minute', async () => {
  await broken()
  house.slack.mood('silent')

  await house.pass(60)

  expect(count(house.teams.said, 'Slack has not answered')).toBe(1)
})

test('a chat that is back is told of in the other once, and told once what it missed', async () => {
  await broken()
  const { slack, teams } = house
  slack.mood('silent')
  await house.one.input({ kind: 'ack', by: { person: 'cem', door: 'teams' } })
  await house.two.input({ kind: 'note', by: { person: 'cem', door: 'teams' }, text: 'the disk is full' })
  await eventually(() => expect(count(teams.said, 'Slack has not answered')).toBe(1))
  await house.pass(60)

  slack.mood('answers')
  await eventually(() => expect(count(teams.said, 'Slack answers again')).toBe(1))
  await eventually(() => expect(count(slack.said, 'While Slack was away')).toBe(1))
  await house.pass(30)

  expect(count(teams.said, 'Slack answers again')).toBe(1)
  expect(count(slack.said, 'While Slack was away')).toBe(1)
  expect(count(slack.said, 'the disk is full')).toBe(1)
  expect(count(slack.said, 'Slack has not answered')).toBe(0)
  expect(slack.view()?.card.title).toContain('diagnosing')
  expect(teams.said.at(-1)).toContain('its room is told what it missed')
})

test('while one chat is away the card says so in the other and on the console, and no more when it is back', async () => {
  await broken()
  const { slack, teams } = house
  const lines = () => JSON.stringify(slack.view()?.card.sections)
  teams.mood('silent')
  await house.one.input({ kind: 'ack', by: { person: 'bob', door: 'slack' } })
  for (const text of ['one', 'two'])
    await house.one.input({ kind: 'note', by: { person: 'bob', door: 'slack' }, text })

  await eventually(() => expect(lines()).toContain('Teams does not answer, since '))
  teams.mood('answers')

  await eventually(() => expect(lines()).not.toContain('Teams does not answer'))
})

test('with both chats away the record and the console say so, and whoever is in either reads it when it is back', async () => {
  await broken()
  const { slack, teams } = house
  for (const each of [slack, teams]) each.mood('silent')
  await house.one.input({ kind: 'ack', by: { person: 'bob', door: 'web' } })
  for (const text of ['one', 'two'])
    await house.one.input({ kind: 'note', by: { person: 'bob', door: 'web' }, text })

  await eventually(async () => {
    const texts = await house.texts()
    expect(count(texts, 'Pages go by e-mail meanwhile')).toBe(1)
    expect(count(texts, 'Teams has not answered')).toBe(1)
    expect(count(texts, 'Slack has not answered')).toBe(1)
  })
  for (const each of [slack, teams]) each.mood('answers')
  await eventually(() => {
    expect(count(slack.said, 'Teams has not answered')).toBe(1)
    expect(count(teams.said, 'Slack has not answered')).toBe(1)
  })
})

test('a process that cannot reach a chat which another one reaches says so once, and is put right once', async () => {
  await broken()
  const { teams, one, two, clock } = house
  const away = { kind: 'chat-away', chat: 'slack', since: clock.now(), refused: false } as const
  await house.pass(20)

  await one.input(away)
  await two.input(away)
  await two.input({ kind: 'chat-back', chat: 'slack', heard: clock.now() })
  await one.input(away)
  await house.pass(5)

  expect(count(teams.said, 'Slack has not answered')).toBe(1)
  expect(count(teams.said, 'Slack answers again after')).toBe(1)
})

test('an incident that opens while a chat is away says so in its room in the other', async () => {
  const { slack, teams } = house
  slack.mood('silent')
  await house.broken()

  await eventually(() => expect(count(teams.said, 'Slack has not answered')).toBe(1))
  await eventually(() =>
    expect(JSON.stringify(teams.view()?.card.sections)).toContain('Slack does not answer, since '),
  )
})

test.each([
  ['Slack', 'Teams'],
  ['Teams', 'Slack'],
] as const)(
  'while %s hangs %s pages at once whoever is in both, and the other follows when it is back',
  async (dead, alive) => {
    const of = { Slack: house.slack, Teams: house.teams }
    of[dead].mood('hangs')

    await house.one.open()
    await vi.waitFor(() => expect(of[alive].pages).toHaveLength(1), soon)
    await eventually(async () =>
      expect((await house.incident()).pages[0]?.steps[0]).toMatchObject({ outcome: 'sent' }),
    )
    expect(of[dead].pages).toEqual([])
    of[dead].mood('answers')
    await eventually(() => expect(of[dead].pages).toHaveLength(1))
    await house.pass(30)

    for (const { pages } of Object.values(of)) expect(pages.map(({ person }) => person)).toEqual(['ann'])
    expect(count(await house.texts(), 'is out')).toBe(1)
  },
)

test('who has answered in one chat is not paged in the other when that is back', async () => {
  const { slack, teams } = house
  slack.mood('silent')
  await house.broken()
  await eventually(() => expect(teams.pages).toHaveLength(1))

  await house.one.input({ kind: 'ack', by: { person: 'ann', door: 'teams' } })
  slack.mood('answers')
  await house.pass(60)

  expect(slack.pages).toEqual([])
  expect(slack.view()?.card.title).toContain('diagnosing')
})
