// The app is added for somebody who is to be paged and has not added it, where the bot may do so.
import { afterEach, expect, test } from 'vitest'
import { graphPermissions } from '../../sim/teams/graph.ts'
import { RetryableError } from '../../src/errors.ts'
import { TeamsRefusal } from '../../src/chat/teams/api.ts'
import { createInstalling } from '../../src/chat/teams/installing.ts'
import { teamsId } from '../servers/teams.ts'
import { openTeamsHouse } from './teams-house.ts'
import type { TeamsHouse } from './teams-house.ts'

const bob = teamsId('bob')
const page = { lane: 'page' } as const
let house: TeamsHouse

afterEach(() => house.stop())

async function open(options: Parameters<typeof openTeamsHouse>[0] = {}): Promise<() => Promise<unknown>> {
  house = await openTeamsHouse(options)
  const { teams, api } = house
  await teams.uninstall({ person: bob })
  const installing = createInstalling({
    api,
    appId: teams.appId,
    teamId: teams.teamId,
    graphUrl: teams.origin,
  })
  return () =>
    installing.withApp(bob, page, async () => {
      const chat = await api.openChat(bob, page)
      return api.send(chat, { type: 'message', text: 'the page' }, page)
    })
}

test('whoever has not added the app gets it, and then the message', async () => {
  const send = await open()

  await send()

  expect(house.teams.direct(bob).map(({ text }) => text)).toEqual(['the page'])
})

test('who has the app is not given it again', async () => {
  const send = await open()
  await house.teams.install({ person: bob })
  house.calls()

  await send()

  expect(house.calls().filter((call) => call.startsWith('graph.'))).toEqual([])
})

test('who has removed the app while the bot did not hear of it gets it again', async () => {
  const send = await open()
  await send()
  await house.teams.uninstall({ person: bob })

  await send()

  expect(house.teams.direct(bob)).toHaveLength(2)
})

test('without the right it is said what the person can do, and what an administrator can', async () => {
  const permissions = graphPermissions.filter((each) => !each.startsWith('TeamsAppInstallation.ReadWrite'))
  const send = await open({ permissions })

  const failure = await send().catch((thrown: unknown) => thrown)

  expect(failure).toBeInstanceOf(TeamsRefusal)
  expect(String(failure)).toContain('they add it in Teams under Apps')
  expect(String(failure)).toContain('lacks the right TeamsAppInstallation.ReadWriteSelfForUser.All')
  expect(house.teams.direct(bob)).toEqual([])
})

test('what Graph does not answer is tried again later', async () => {
  const send = await open()
  house.teams.fault({ kind: 'status', status: 503, calls: ['graph.app-install'] })

  await expect(send()).rejects.toBeInstanceOf(RetryableError)
  house.teams.fault()
  await send()

  expect(house.teams.direct(bob)).toHaveLength(1)
})

test('what was added a moment ago and is not known yet is tried again soon', async () => {
  const send = await open()
  house.teams.fault({
    kind: 'error',
    status: 403,
    code: 'ForbiddenOperationException',
    calls: ['connector.create'],
  })

  const failure = await send().catch((thrown: unknown) => thrown)

  expect(failure).toMatchObject({ after: 2_000 })
  expect(String(failure)).toContain('Teams does not know it yet')
})
