// Who is in do-not-disturb or away in Teams, as advice for pages.
import { afterEach, expect, test, vi } from 'vitest'
import type { Presence } from '../../src/chat/presence.ts'
import { createTeamsPresence } from '../../src/chat/teams/presence.ts'
import { graphPermissions } from '../../sim/teams/graph.ts'
import { teamsId } from '../servers/teams.ts'
import { openTeamsHouse } from './teams-house.ts'
import type { TeamsHouse } from './teams-house.ts'

let house: TeamsHouse
let presence: Presence | undefined

afterEach(async () => {
  presence?.close()
  await house.stop()
})

async function watching(
  people: readonly string[],
  options: Parameters<typeof openTeamsHouse>[0] = {},
): Promise<Presence> {
  house = await openTeamsHouse(options)
  return look(people.map((person) => ({ person, user: teamsId(person) })))
}

async function look(people: readonly { readonly person: string; readonly user: string }[]) {
  const { api, clock } = house
  const log = {
    debug: () => {},
    info: (text: string) => house.lines.push(`info ${text}`),
    warn: (text: string) => house.lines.push(`warn ${text}`),
    error: (text: string) => house.lines.push(`error ${text}`),
  }
  presence = createTeamsPresence({ api, clock, log, people: () => people })
  await presence.look()
  return presence
}

/** Lines of the log that are about presence. */
function told(): readonly string[] {
  return house.lines.filter((line) => line.includes('who is away'))
}

const withoutRight = graphPermissions.filter((each) => each !== 'Presence.Read.All')

test.each([
  ['DoNotDisturb', 'dnd'],
  ['Away', 'away'],
  ['BeRightBack', 'away'],
  ['Offline', 'away'],
  ['Available', undefined],
  ['AvailableIdle', undefined],
  ['Busy', undefined],
  ['PresenceUnknown', undefined],
] as const)('whoever is %s in Teams is taken for %s', async (availability, wanted) => {
  const { look: again, advice } = await watching(['ann', 'bob'])
  house.teams.setPresence(teamsId('ann'), availability)
  await again()

  expect(advice('ann')).toBe(wanted)
  expect(advice('bob')).toBeUndefined()
  expect(advice('stranger')).toBeUndefined()
})

test('Teams is asked again each minute', async () => {
  const { advice } = await watching(['ann', 'bob', 'mia'])
  house.teams.setPresence(teamsId('mia'), 'Away')

  await vi.waitFor(() => {
    house.clock.skip(60_000)
    expect(advice('mia')).toBe('away')
  })
})

test('Graph is asked about no more than 650 people in one call', async () => {
  house = await openTeamsHouse()
  const many = Array.from({ length: 700 }, (_, n) => ({
    person: `p${n}`,
    user: `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`,
  }))

  await look([...many, { person: 'ann', user: teamsId('ann') }])

  expect(new Set(house.calls().filter((call) => call.startsWith('graph.')))).toEqual(
    new Set(['graph.presence']),
  )
  expect(told()).toEqual([])
})

test('without the right nothing is known and nothing breaks; it is no warning, and said once', async () => {
  const { look: again, advice } = await watching(['ann'], { permissions: withoutRight })
  await again()

  expect(advice('ann')).toBeUndefined()
  expect(told()).toEqual(['info Teams does not tell who is away; pages go out as the plan says'])
})

test('Teams that does not answer is one warning, and one line when it does again', async () => {
  const { look: again, advice } = await watching(['ann'])
  await house.teams.down()
  await again()
  await again()
  await house.teams.up()
  await again()

  expect(advice('ann')).toBeUndefined()
  expect(told()).toEqual([
    'warn Teams does not tell who is away; pages go out as the plan says',
    'info Teams tells again who is away',
  ])
})

test('what is five minutes old says nothing any more', async () => {
  const { look: again, advice, close } = await watching(['ann'])
  house.teams.setPresence(teamsId('ann'), 'Away')
  await again()
  close()
  expect(advice('ann')).toBe('away')

  house.clock.skip(6 * 60_000)

  expect(advice('ann')).toBeUndefined()
})
