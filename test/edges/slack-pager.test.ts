// Pages by direct message in Slack: the pager's contract, the way into the room, and what is left when the page is over.
import { describe, expect, test, vi } from 'vitest'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createMovableClock } from '../../sim/clock.ts'
import { createSlackApi } from '../../src/chat/slack/api.ts'
import { createSlackPager } from '../../src/chat/slack/pager.ts'
import type { SlackPagerDeps } from '../../src/chat/slack/pager.ts'
import { createPeople } from '../../src/chat/slack/people.ts'
import { createSlackPosts } from '../../src/chat/slack/posts.ts'
import { createRecords } from '../../src/chat/record.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Incident, Page } from '../../src/incident/incident.ts'
import { createChatPager } from '../../src/pagers/chat.ts'
import { createStore } from '../../src/store/redis.ts'
import { pageMessage, pagerContract } from '../contracts/pager.ts'
import { incident, noon } from '../contracts/store-samples.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import { startSlackFor } from '../servers/slack.ts'
import { examplePlan } from './slack-house.ts'
import { failure, page, room, slackTransport } from './slack-transport.ts'

const plan = examplePlan()
const identity = {
  teamId: 'T0',
  team: 'Example',
  url: 'https://example.slack.com/',
  botId: 'B0',
  botUserId: 'U0',
}

/** The example plan with another Ann. */
function withAnn(ann: Partial<DrPlan['people'][string]>): DrPlan {
  const { slack: _, ...old } = plan.people['ann'] ?? { name: 'Ann Onken', roles: ['engineer'] }
  return { ...plan, people: { ...plan.people, ann: { ...old, ...ann } } }
}

pagerContract('Slack', async () => {
  const redis = await startTestRedis()
  const sim = await startSlackFor(undefined, { limits: false })
  const clock = createMovableClock()
  const api = createSlackApi({ token: sim.botToken, url: sim.apiUrl, clock, log: silent })
  const records = createRecords(createStore({ redis: (await redis.connect()).redis }), 'slack')
  const posts = createSlackPosts({ api, records, clock })
  const { pager } = createSlackPager({
    posts,
    records,
    people: createPeople({ api, records, plan: () => plan }),
    workspace: { known: () => identity },
    plan: () => plan,
    publicUrl: 'https://dr.example.com',
  })
  const faults = {
    accept: [],
    refuse: [{ kind: 'error', error: 'channel_not_found' }],
    'put-off': [{ kind: 'rate-limit', retryAfter: 1 }],
    hang: [{ kind: 'hang' }],
    'refuse-login': [{ kind: 'error', error: 'invalid_auth' }],
  } as const
  let keys = 0
  return {
    // Each test has messages of its own: what was posted under a key is not posted again, which is tested below.
    pager: {
      ...pager,
      send: (person, to, message, signal) => {
        const fresh = message.key === 'twice' ? message : { ...message, key: `${message.key} ${(keys += 1)}` }
        return pager.send(person, to, fresh, signal)
      },
    },
    to: 'U0ANN',
    secrets: [sim.botToken],
    arrived: () =>
      sim.calls
        .filter(({ method, outcome }) => method === 'chat.postMessage' && outcome === 'ok')
        .map(({ args }) => ({
          id: JSON.stringify(args['metadata']),
          to: [String(args['channel'])],
          text: textIn(args['blocks']),
        })),
    behave: (how) => {
      // What Slack has asked to wait for is over.
      clock.skip(2_000)
      sim.fault(...faults[how])
    },
    stop: async () => {
      api.close()
      await sim.stop()
      await redis.stop()
    },
  }
})

function textIn(value: unknown): string {
  if (typeof value === 'string') {
    if (!value.startsWith('[')) return value
    const parsed: unknown = JSON.parse(value)
    return textIn(parsed)
  }
  if (Array.isArray(value)) return value.map(textIn).join('\n')
  return typeof value === 'object' && value !== null ? Object.values(value).map(textIn).join('\n') : ''
}

const use = slackTransport()

function house(change: Partial<SlackPagerDeps> = {}) {
  const { process, records, sim } = use()
  const { api, posts } = process()
  const people = createPeople({ api, records, plan: change.plan ?? (() => plan) })
  const deps = { posts, records, people, plan: () => plan, publicUrl: 'https://dr.example.com' }
  return { ...createSlackPager({ workspace: { known: () => identity }, ...deps, ...change }), sim, api }
}

const ackCard = {
  title: 'INC-12 · lb',
  tone: 'bad',
  fields: [{ label: 'Down since', value: ['03:12'] }],
  buttons: [{ label: 'I have it', command: 'ack INC-12', style: 'primary' }],
} as const

async function send(
  to: ReturnType<typeof house>,
  change: Parameters<typeof pageMessage>[0] = {},
): Promise<void> {
  const message = pageMessage({ card: ackCard, ...change })
  await to.pager.send('ann', 'ann', message, AbortSignal.timeout(5_000))
}

describe('a page in Slack', () => {
  test('is a direct message with the button that answers it, a way to the room and one to the console', async () => {
    const at = house()
    await use().records.change('INC-12', (old) => ({ ...old, channel: { id: 'C0ROOM', name: 'inc-12-lb' } }))

    await send(at, {
      card: {
        ...ackCard,
        sections: [{ lines: [['HAProxy on lb1 is CRITICAL']] }, { lines: [['Why you: on call']] }],
      },
      lines: ['Why you: on call', 'Down since: 03:12'],
    })

    const [message] = at.sim.direct('U0ANN')
    const shown = JSON.stringify(message?.blocks)
    expect(at.sim.buttons(message ?? {})).toContain('I have it')
    expect(shown).toContain('https://example.slack.com/archives/C0ROOM')
    expect(shown).toContain('https://dr.example.com/incidents/INC-12')
    expect(shown.split('Why you: on call')).toHaveLength(2)
    expect(shown.split('HAProxy on lb1 is CRITICAL')).toHaveLength(2)
    expect(message?.text).toContain('INC-12 lb: HAProxy on lb1 is CRITICAL')
  })

  test('is sent once, also when the answer got lost', async () => {
    const at = house()
    at.sim.fault({ kind: 'lose-answer', methods: ['chat.postMessage'], times: 1 })
    expect(await failure(send(at))).toBeInstanceOf(RetryableError)

    await send(at)
    await send(at)

    expect(at.sim.direct('U0ANN')).toHaveLength(1)
  })

  test('goes out while the rooms hang, and while they are limited', async () => {
    const at = house()
    at.sim.fault({ kind: 'hang', methods: ['conversations.*'] })
    const hanging = new AbortController()
    const rooms = ['C1', 'C2', 'C3'].map((channel) =>
      failure(at.api.call('conversations.info', { channel }, { ...room, signal: hanging.signal })),
    )
    await vi.waitFor(() => expect(use().count('conversations.info')).toBe(3))

    await send(at)

    expect(at.sim.direct('U0ANN')).toHaveLength(1)
    hanging.abort()
    await Promise.all(rooms)
  })

  test('reaches by e-mail whoever has no Slack id in the plan', async () => {
    const known = withAnn({ email: 'ann@example.com' })
    const at = house({ plan: () => known })

    await send(at)

    expect(at.pager.reaches('ann')).toBe(true)
    expect(at.sim.direct('U0ANN')).toHaveLength(1)
  })

  test('to somebody whom Slack does not know says what to write into the plan', async () => {
    const known = withAnn({ email: 'nobody@example.com' })

    const error = await failure(send(house({ plan: () => known })))

    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toMatch(/ann cannot be paged in Slack.*set people\.ann\.slack/)
  })

  test.each([
    ['is a bot', { bot: true }],
    ['has not confirmed it', { confirmed: false }],
  ])('goes to no account that %s, though it has the address', async (why, change) => {
    const known = withAnn({ email: 'ann@example.com' })
    const at = house({ plan: () => known })
    Object.assign(at.sim.users.find(({ id }) => id === 'U0ANN') ?? {}, change)

    const error = await failure(send(at))

    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toContain(why)
    expect(at.sim.direct('U0ANN')).toEqual([])
  })

  test('reaches nobody without Slack id and e-mail', () => {
    const known = withAnn({})
    const { email: _, ...ann } = known.people['ann'] ?? { name: '', roles: [] }
    const at = house({ plan: () => ({ ...known, people: { ann } }) })

    expect(at.pager.reaches('ann')).toBe(false)
    expect(at.pager.reaches('stranger')).toBe(false)
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

  test('its buttons go, and the message says who has it', async () => {
    const at = house()
    await send(at)

    const stopped = { at: noon, because: 'acknowledged', by: 'bob' } as const
    await at.pages.refresh(paged({ ...running, stopped }, 'bob'), room)

    const [message] = at.sim.direct('U0ANN')
    const shown = JSON.stringify(message?.blocks)
    expect(at.sim.direct('U0ANN')).toHaveLength(1)
    expect(at.sim.buttons(message ?? {})).not.toContain('I have it')
    expect(shown).toContain('Bob Brandt has it')
  })

  test('while it runs it leads to the room once there is one, whose opening it did not wait for', async () => {
    const at = house()
    await send(at)
    const link = 'https://example.slack.com/archives/C0LATE'
    const opened: Incident = { ...paged(running), rooms: [{ chat: 'slack', state: 'open', link }] }

    await at.pages.refresh(paged(running), room)
    const before = use().count('chat.update')
    await at.pages.refresh(opened, room)
    await at.pages.refresh(opened, room)

    const [message] = at.sim.direct('U0ANN')
    expect(before).toBe(0)
    expect(use().count('chat.update')).toBe(1)
    expect(JSON.stringify(message?.blocks)).toContain(link)
    expect(at.sim.buttons(message ?? {})).toContain('I have it')
  })

  test('once is enough', async () => {
    const at = house()
    await send(at)
    const over = paged({ ...running, stopped: { at: noon, because: 'resolved' } })
    await at.pages.refresh(over, room)
    const calls = at.sim.calls.length

    await at.pages.refresh(over, room)

    expect(at.sim.calls).toHaveLength(calls)
  })

  test('whoever cannot be told does not keep it from the others', async () => {
    const at = house()
    await send(at)
    await at.pager.send(
      'bob',
      'bob',
      pageMessage({ card: ackCard, key: 'to bob' }),
      AbortSignal.timeout(5_000),
    )
    at.sim.fault({ kind: 'error', error: 'channel_not_found', methods: ['chat.update'], times: 1 })
    const stopped = { at: noon, because: 'resolved' } as const
    const over = incident('INC-12', {
      pages: [
        { ...running, stopped },
        { ...running, id: 'p2', person: 'bob', stopped },
      ],
    })

    const error = await failure(at.pages.refresh(over, room))
    await at.pages.refresh(over, room)

    expect(error).toMatchObject({ reason: 'channel_not_found' })
    expect(use().count('chat.update')).toBe(3)
    for (const user of ['U0ANN', 'U0BOB'])
      expect(at.sim.buttons(at.sim.direct(user)[0] ?? {})).not.toContain('I have it')
  })

  test('of one person, the others keep their buttons', async () => {
    const at = house()
    await send(at)
    await at.pager.send(
      'bob',
      'bob',
      pageMessage({ card: ackCard, key: 'to bob' }),
      AbortSignal.timeout(5_000),
    )
    const over: Page = { ...running, stopped: { at: noon, because: 'next-round' } }

    await at.pages.refresh(
      incident('INC-12', { pages: [over, { ...running, id: 'p2', person: 'bob' }] }),
      room,
    )

    expect(at.sim.buttons(at.sim.direct('U0ANN')[0] ?? {})).not.toContain('I have it')
    expect(at.sim.buttons(at.sim.direct('U0BOB')[0] ?? {})).toContain('I have it')
  })
})

describe('the pager made of chats', () => {
  const parts = (slack: () => Promise<void>, teams: () => Promise<void>, warnings: string[] = []) => {
    const seen: string[] = []
    const told = { warn: (message: string) => void warnings.push(message) }
    const pager = createChatPager(
      [
        { name: 'slack', reaches: (person) => person !== 'eve', send: slack },
        { name: 'teams', reaches: (person) => person === 'ann', send: teams },
        {
          name: 'console',
          reaches: () => true,
          send: async () => void seen.push('console'),
          lastResort: true,
        },
      ],
      told,
    )
    return {
      seen,
      send: (person: string) => pager.send(person, person, pageMessage(), AbortSignal.timeout(5_000)),
    }
  }
  const works = async (): Promise<void> => {}
  const hangs = (): Promise<void> => new Promise(() => {})
  const refuses = async (): Promise<void> => {
    throw new UserError('no', 'Slack refused')
  }
  const putsOff = (after?: number) => async (): Promise<void> => {
    throw new RetryableError('Teams puts it off', after === undefined ? {} : { after })
  }

  test('is done as soon as one chat has it, whatever hangs', async () => {
    const { send, seen } = parts(works, hangs)

    await send('ann')

    expect(seen).toEqual(['console'])
  })

  test.each([
    ['Slack', putsOff(2_000), works],
    ['Teams', works, putsOff(2_000)],
  ])('that is out in one chat tells later that %s may still take it', async (_name, slack, teams) => {
    const out = await parts(slack, teams).send('ann')

    expect(await failure(out?.others ?? Promise.resolve())).toMatchObject({ after: 2_000 })
  })

  test('is not tried again for a chat that refuses it for good', async () => {
    const out = await parts(refuses, works).send('ann')

    await expect(out?.others).resolves.toBeUndefined()
  })

  test('does not count the console while another chat reaches the person', async () => {
    const { send } = parts(refuses, refuses)

    expect(await failure(send('ann'))).toBeInstanceOf(UserError)
  })

  test('counts the console where no other chat reaches the person', async () => {
    await expect(parts(refuses, refuses).send('eve')).resolves.toBeDefined()
  })

  test('names what each of the chats said, and says when to try again', async () => {
    const warnings: string[] = []

    const error = await failure(parts(refuses, putsOff(7_000), warnings).send('ann'))

    expect(error).toBeInstanceOf(RetryableError)
    expect(error).toMatchObject({ after: 7_000, message: 'slack: Slack refused · teams: Teams puts it off' })
    expect(warnings).toHaveLength(2)
  })

  test('leaves when to try again open where one of the chats does', async () => {
    expect(await failure(parts(putsOff(), putsOff(7_000)).send('ann'))).toMatchObject({ after: undefined })
  })

  test('gives the error of the only chat as it is', async () => {
    expect(await failure(parts(refuses, works).send('bob'))).toMatchObject({
      message: 'Slack refused',
      code: 'no',
    })
  })

  test('without any chat for a person says what to write into the plan', async () => {
    const pager = createChatPager([], silent)

    const error = await failure(
      pager.send('ann', 'ann', pageMessage(), page.signal ?? AbortSignal.timeout(5_000)),
    )

    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toContain('people.ann.slack')
    expect(error.message).toContain('people.ann.teams')
  })
})
