// The chats with those who may be paged are open before they are, and who cannot be reached is known by name.
import { afterEach, expect, test, vi } from 'vitest'
import { graphPermissions } from '../../sim/teams/graph.ts'
import { createInstalling } from '../../src/chat/teams/installing.ts'
import { createReach } from '../../src/chat/teams/reach.ts'
import type { Reach } from '../../src/chat/teams/reach.ts'
import { teamsId } from '../servers/teams.ts'
import { keeping, openTeamsHouse } from './teams-house.ts'
import type { TeamsHouse } from './teams-house.ts'

const [ann, bob] = [teamsId('ann'), teamsId('bob')]
const mayNotInstall = graphPermissions.filter((each) => !each.startsWith('TeamsAppInstallation.ReadWrite'))
let house: TeamsHouse
let reach: Reach | undefined

afterEach(async () => {
  reach?.close()
  await house.stop()
})

async function open(options: Parameters<typeof openTeamsHouse>[0] = {}): Promise<Reach> {
  house = await openTeamsHouse(options)
  const { teams, api, clock, lines } = house
  await teams.uninstall({ person: bob })
  const installing = createInstalling({
    api,
    appId: teams.appId,
    teamId: teams.teamId,
    graphUrl: teams.origin,
  })
  const people = () => [
    { person: 'ann', user: ann },
    { person: 'bob', user: bob },
  ]
  reach = createReach({ api, installing, people, clock, log: keeping(lines) })
  await reach.look()
  return reach
}

test('the app is added for whoever may be paged, and the chat is open: a page is one call', async () => {
  const { health } = await open()

  expect(health()).toEqual({ ok: true })
  await house.api.openChat(ann, { lane: 'page' })
  house.calls()
  await house.api.openChat(bob, { lane: 'page' })
  expect(house.calls()).toEqual([])
})

test('whoever cannot be reached is named with the step to take, warned of once, and looked at again', async () => {
  const { health, look } = await open({ permissions: mayNotInstall })
  await look()

  expect(health()).toMatchObject({ ok: false })
  expect(health().text).toMatch(/^no page reaches bob: .*they add it in Teams under Apps/)
  expect(house.lines.filter((line) => line.startsWith('warn no page in Teams reaches'))).toHaveLength(1)
  await house.teams.install({ person: bob })
  await vi.waitFor(() => {
    house.clock.skip(10 * 60_000)
    expect(health()).toEqual({ ok: true })
  })
})

test('a Teams that does not answer, or refuses the bot itself, says nothing of people', async () => {
  const { health, look } = await open()
  await house.teams.uninstall({ person: bob })
  house.teams.fault({ kind: 'error', status: 401, code: 'Unauthorized', calls: ['connector.create'] })
  await house.references.change((old) => ({ ...old, people: {} }))
  await look()
  expect(health()).toEqual({ ok: true })

  await house.teams.down()
  await look()
  expect(health()).toEqual({ ok: true })
})
