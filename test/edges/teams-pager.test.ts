// Pages in the chat with the bot in Teams: the pager's contract, whom it reaches, and what is left when the page is over.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { graphPermissions } from '../../sim/teams/graph.ts'
import { createRecords } from '../../src/chat/record.ts'
import { TeamsRefusal } from '../../src/chat/teams/api.ts'
import { createInstalling } from '../../src/chat/teams/installing.ts'
import { createTeamsPager } from '../../src/chat/teams/pager.ts'
import type { TeamsPager } from '../../src/chat/teams/pager.ts'
import type { Pages } from '../../src/chat/pages.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { UserError } from '../../src/errors.ts'
import type { Incident, Page } from '../../src/incident/incident.ts'
import type { Store } from '../../src/ports.ts'
import { createStore } from '../../src/store/redis.ts'
import { pageMessage, pagerContract } from '../contracts/pager.ts'
import { incident, noon } from '../contracts/store-samples.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startTestRedis } from '../servers/redis.ts'
import { teamsId } from '../servers/teams.ts'
import { examplePlan } from './slack-house.ts'
import { openTeamsHouse } from './teams-house.ts'
import type { TeamsHouse } from './teams-house.ts'

const plan = examplePlan()
const room = { lane: 'room' } as const
const [ann, bob] = [teamsId('ann'), teamsId('bob')]

const redis = oneRedis()
let store: Store
let house: TeamsHouse | undefined

beforeAll(async () => {
  store = createStore({ redis: (await redis().connect()).redis })
})
afterEach(async () => {
  await house?.stop()
  house = undefined
  await redis().flush()
})

function pagerIn(
  at: TeamsHouse,
  kept: Store,
  known: DrPlan = plan,
): { readonly pager: TeamsPager; readonly pages: Pick<Pages, 'refresh'> } {
  const { api, clock, teams } = at
  const installing = createInstalling({
    api,
    appId: teams.appId,
    teamId: teams.teamId,
    graphUrl: teams.origin,
  })
  return createTeamsPager({
    api,
    installing,
    service: async () => teams.serviceUrl,
    records: createRecords(kept, 'teams'),
    clock,
    plan: () => known,
    publicUrl: 'https://dr.example.com',
  })
}

pagerContract('Teams', async () => {
  const own = await startTestRedis()
  const at = await openTeamsHouse()
  const kept = createStore({ redis: (await own.connect()).redis })
  const faults = {
    accept: [],
    refuse: [{ kind: 'error', status: 403, code: 'MessageWritesBlocked' }],
    'put-off': [{ kind: 'rate-limit', retryAfter: 1 }],
    hang: [{ kind: 'hang' }],
    'refuse-login': [{ kind: 'error', status: 401, code: 'Unauthorized' }],
  } as const
  let keys = 0
  return {
    // Each test has messages of its own: what was posted under a key is not posted again, which is tested below. And
    // each has a way out of its own: Teams would take no more than eight messages in two seconds from one.
    pager: {
      channel: 'chat',
      send: (person, to, message, signal) => {
        const { pager } = pagerIn({ ...at, api: at.another() }, kept)
        const fresh = message.key === 'twice' ? message : { ...message, key: `${message.key} ${(keys += 1)}` }
        return pager.send(person, to, fresh, signal)
      },
    },
    to: ann,
    secrets: [at.teams.secret],
    arrived: () =>
      at.teams.direct(ann).map(({ id }) => ({
        id,
        to: [ann],
        text: `${at.teams.shown(id)} ${JSON.stringify(at.teams.card(id))}`,
      })),
    behave: (how) => {
      // What Teams has asked to wait for is over.
      at.clock.skip(60_000)
      at.teams.fault(...faults[how])
    },
    stop: async () => {
      await at.stop()
      await own.stop()
    },
  }
})

const ackCard = {
  title: 'INC-12 · lb',
  tone: 'bad',
  fields: [{ label: 'Down since', value: ['03:12'] }],
  buttons: [{ label: 'I have it', command: 'ack INC-12', style: 'primary' }],
} as const

interface Open extends ReturnType<typeof pagerIn> {
  readonly at: TeamsHouse
  readonly send: (person?: string, key?: string) => Promise<unknown>
}

async function open(options: Parameters<typeof openTeamsHouse>[0] = {}, known: DrPlan = plan): Promise<Open> {
  const at = (house = await openTeamsHouse(options))
  const both = pagerIn(at, store, known)
  return {
    ...both,
    at,
    send: (person = 'ann', key = 'INC-12-v1-3') =>
      both.pager.send(person, person, pageMessage({ card: ackCard, key }), AbortSignal.timeout(5_000)),
  }
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('a page in Teams', () => {
  test('is a message in the chat with the bot that rings, with the button that answers it', async () => {
    const { at, send } = await open()

    await send()

    const [message] = at.teams.direct(ann)
    expect(message).toMatchObject({ alert: true })
    expect(message?.summary).toContain('INC-12 lb: HAProxy on lb1 is CRITICAL')
    expect(at.teams.buttons(message?.id ?? '')).toContain('I have it')
    expect(JSON.stringify(at.teams.card(message?.id ?? ''))).toContain(
      'https://dr.example.com/incidents/INC-12',
    )
    expect(at.teams.direct(bob)).toEqual([])
  })

  test('is sent once, by whichever process', async () => {
    const { at, send } = await open()
    await send()

    await send()
    await pagerIn(at, store).pager.send(
      'ann',
      'ann',
      pageMessage({ card: ackCard }),
      AbortSignal.timeout(5_000),
    )

    expect(at.teams.direct(ann)).toHaveLength(1)
  })

  test('is sent again when nobody knows whether it arrived: better twice than never', async () => {
    const { at, send } = await open()
    at.teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
    expect(await failure(send())).toMatchObject({ name: 'RetryableError' })

    await send()
    await send()

    expect(at.teams.direct(ann)).toHaveLength(2)
  })

  test('is not sent twice where Teams is sure not to have it', async () => {
    const { at, send } = await open()
    at.teams.fault({ kind: 'rate-limit', calls: ['connector.send'], retryAfter: 1, times: 1 })
    await failure(send())
    at.clock.skip(60_000)

    await send()

    expect(at.teams.direct(ann)).toHaveLength(1)
  })

  test('reaches whoever has not added the app, which is added for them', async () => {
    const { at, send } = await open()
    await at.teams.uninstall({ person: ann })

    await send()

    expect(at.teams.direct(ann)).toHaveLength(1)
  })

  test('to whoever has not added the app, where the bot may not, names both steps', async () => {
    const permissions = graphPermissions.filter((each) => !each.startsWith('TeamsAppInstallation.ReadWrite'))
    const { at, send } = await open({ permissions })
    await at.teams.uninstall({ person: ann })

    const error = await failure(send())

    expect(error).toBeInstanceOf(TeamsRefusal)
    expect(String(error)).toMatch(/The page to ann is not out.*they add it in Teams under Apps/)
    expect(String(error)).toContain('TeamsAppInstallation.ReadWriteSelfForUser.All')
  })

  test('to somebody whom Teams does not know says what to write into the plan', async () => {
    const stranger = '00000000-0000-4000-8000-00000000dead'
    const person = { name: 'Ann Onken', roles: ['engineer' as const], teams: stranger }
    const { send } = await open({}, { ...plan, people: { ...plan.people, ann: person } })

    expect(String(await failure(send()))).toContain('Check people.ann.teams in the DR plan')
  })

  test('reaches nobody without an object id', async () => {
    const person = { name: 'Ann Onken', roles: ['engineer' as const] }
    const { pager, send } = await open({}, { ...plan, people: { ...plan.people, ann: person } })

    expect(pager.reaches('ann')).toBe(false)
    expect(pager.reaches('stranger')).toBe(false)
    expect(pager.reaches('bob')).toBe(true)
    const error = await failure(send())
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toContain('people.ann.teams')
  })
})

describe('when the page is over', () => {
  const running: Page = {
    id: 'p1',
    person: 'ann',
    target: 'rotation:primary',
    level: 0,
    why: 'on call',
    startedAt: noon,
    steps: [],
  }
  const call = { target: 'rotation:primary', level: 0, since: noon, round: 1, nextAt: noon } as const

  function paged(page: Page, answeredBy?: string): Incident {
    return incident('INC-12', { pages: [page], calls: [{ ...call, ...(answeredBy && { answeredBy }) }] })
  }
  const stopped = { at: noon, because: 'acknowledged', by: 'bob' } as const

  test('its buttons go in place, and the message says who has it', async () => {
    const { at, send, pages } = await open()
    await send()

    await pages.refresh(paged({ ...running, stopped }, 'bob'), room)
    await pages.refresh(paged({ ...running, stopped }, 'bob'), room)

    const messages = at.teams.direct(ann)
    expect(messages).toMatchObject([{ updates: 1 }])
    const id = messages[0]?.id ?? ''
    expect(at.teams.buttons(id)).toEqual([])
    expect(at.teams.shown(id)).toContain('Bob Brandt has it')
  })

  test('while it runs it leads to the room once there is one', async () => {
    const { at, send, pages } = await open()
    await send()
    const link = 'https://teams.microsoft.com/l/message/19%3Aincidents/1'

    await pages.refresh(paged(running), room)
    await pages.refresh({ ...paged(running), rooms: [{ chat: 'teams', state: 'open', link }] }, room)

    const [message] = at.teams.direct(ann)
    expect(message?.updates).toBe(1)
    expect(JSON.stringify(at.teams.card(message?.id ?? ''))).toContain(link)
    expect(at.teams.buttons(message?.id ?? '')).toContain('I have it')
  })

  test('whoever has removed the app does not keep it from the others', async () => {
    const { at, send, pages } = await open()
    await send()
    await send('bob', 'to bob')
    await at.teams.uninstall({ person: ann })
    const over = incident('INC-12', {
      pages: [
        { ...running, stopped },
        { ...running, id: 'p2', person: 'bob', stopped },
      ],
    })

    expect(await failure(pages.refresh(over, room))).toBeInstanceOf(TeamsRefusal)

    expect(at.teams.buttons(at.teams.direct(bob)[0]?.id ?? '')).toEqual([])
  })

  test('news stands as it was told, also to somebody who had no page', async () => {
    const { at, pager, pages } = await open()
    const card = { title: 'INC-12 lb: Bob Brandt has it now (before: Ann Onken)', tone: 'quiet' } as const
    const news = pageMessage({ card, subject: card.title, key: 'INC-12-v5-2', news: true })
    await pager.send('ann', 'ann', news, AbortSignal.timeout(5_000))

    await pages.refresh(incident('INC-12', { pages: [], engineer: 'bob' }), room)

    const messages = at.teams.direct(ann)
    expect(messages).toMatchObject([{ updates: 0 }])
    expect(at.teams.shown(messages[0]?.id ?? '')).toContain('Bob Brandt has it now')
  })
})
