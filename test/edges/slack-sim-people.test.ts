// The Slack simulator knows who is there, counts calls, and takes views as Slack does.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startSlack, type SimSlack, type SimSlackOptions } from '../../sim/slack.ts'
import { guest, stranger, startSlackFor } from '../servers/slack.ts'

type Body = Readonly<Record<string, unknown>>

const people = [
  { id: 'U0ANN', name: 'ann', email: 'ann@example.com' },
  { id: 'U0BOB', name: 'bob', email: 'bob@example.com' },
  { id: 'U0GUEST', name: 'gus', team: 'T0OTHER', email: 'gus@example.net' },
]
const groups = [{ id: 'S0DEV', handle: 'dev', users: ['U0BOB'] }]
let now: number
let sim: SimSlack
let room: string

beforeEach(() => open())
afterEach(() => sim.stop())

async function open(more: SimSlackOptions = {}): Promise<void> {
  now = Date.parse('2026-11-23T03:12:00Z')
  sim = await startSlack({ people, groups, limits: false, now: () => now, ...more })
  room = String(((await call('conversations.create', { name: 'inc-1-lb' }))['channel'] as Body)['id'])
}

async function reopen(more: SimSlackOptions): Promise<void> {
  await sim.stop()
  await open(more)
}

async function ask(method: string, args: Body = {}, token: string | null = sim.botToken): Promise<Response> {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const headers = { ...authorization, 'content-type': 'application/json' }
  return fetch(sim.apiUrl + method, { method: 'POST', headers, body: JSON.stringify(args) })
}

async function call(method: string, args: Body = {}, token: string | null = sim.botToken): Promise<Body> {
  return (await (await ask(method, args, token)).json()) as Body
}

/** `ok`, or the error word. */
async function word(method: string, args: Body = {}, token: string | null = sim.botToken): Promise<unknown> {
  const answer = await call(method, args, token)
  return answer['ok'] === true ? 'ok' : answer['error']
}

async function trigger(): Promise<string> {
  await sim.shortcut('U0ANN', 'open_incident')
  return String(sim.deliveries.at(-1)?.payload['trigger_id'])
}

test('the workspace of the tests has the people of the example plan, a stranger, and a guest from elsewhere', async () => {
  await sim.stop()
  sim = await startSlackFor()
  const known = ['U0ANN', 'U0BOB', 'U0CEM', 'U0MIA', 'U0MAX', 'U0DAN', 'U0EVE']

  const general = sim.channel('general').members

  expect([...general]).toEqual([...known, stranger.id])
  expect(sim.users.find(({ id }) => id === guest.id)?.team).not.toBe(sim.teamId)
  expect(sim.group('S0DEV')).toEqual(['U0DAN', 'U0EVE'])
})

describe('people', () => {
  test('tells an address only with the scope for it, and never that of another workspace', async () => {
    expect((await call('users.info', { user: 'U0ANN' }))['user']).toMatchObject({
      profile: { email: 'ann@example.com' },
      is_email_confirmed: true,
    })
    const guest = (await call('users.info', { user: 'U0GUEST' }))['user']
    expect(guest).toMatchObject({ team_id: 'T0OTHER', is_stranger: true })
    expect(JSON.stringify(guest)).not.toContain('gus@example.net')

    sim.setScopes(['users:read'])

    const ann = (await call('users.info', { user: 'U0ANN' }))['user'] as Body
    expect(ann['profile']).not.toHaveProperty('email')
  })

  test('tells who is away and who must not be disturbed', async () => {
    sim.setPresence('U0BOB', 'away')
    sim.setDnd('U0ANN', now + 60_000)

    expect(await call('users.getPresence', { user: 'U0BOB' })).toMatchObject({ presence: 'away' })
    expect(await call('dnd.teamInfo', { users: 'U0ANN,U0BOB' })).toMatchObject({
      users: { U0ANN: { dnd_enabled: true }, U0BOB: { dnd_enabled: false, next_dnd_end_ts: 1 } },
    })
    now += 60_000
    expect(await call('dnd.info', { user: 'U0ANN' })).toMatchObject({ dnd_enabled: false })
    expect(await word('dnd.teamInfo', {})).toBe('no_users_provided')
  })

  test('changes who is in a user group, to known members only', async () => {
    expect(await word('usergroups.users.update', { usergroup: 'S0DEV', users: 'U0NOBODY' })).toBe(
      'invalid_users',
    )
    expect(await word('usergroups.users.update', { usergroup: 'S0DEV', users: '' })).toBe('no_users_provided')
    expect(await word('usergroups.users.list', { usergroup: 'S0NONE' })).toBe('no_such_subteam')

    await call('usergroups.users.update', { usergroup: 'S0DEV', users: 'U0ANN' })

    expect(sim.group('S0DEV')).toEqual(['U0ANN'])
    expect(await call('usergroups.list', { include_users: true })).toMatchObject({
      usergroups: [{ id: 'S0DEV', users: ['U0ANN'] }],
    })
  })
})

describe('limits', () => {
  test('answers 429 with the seconds to wait when a method is called too often, and only for that method', async () => {
    await reopen({ limits: true })
    for (let count = 0; count < 20; count += 1) {
      expect(await word('conversations.setTopic', { channel: room, topic: `${count}` })).toBe('ok')
    }

    const limited = await ask('conversations.setTopic', { channel: room, topic: 'x' })

    expect(limited.status).toBe(429)
    expect(limited.headers.get('retry-after')).toBe('3')
    expect(await limited.json()).toMatchObject({ error: 'ratelimited' })
    expect(await word('conversations.info', { channel: room })).toBe('ok')
    now += 3_000
    expect(await word('conversations.setTopic', { channel: room, topic: 'x' })).toBe('ok')
  })

  test('takes about one message a second and channel, with a little burst', async () => {
    await reopen({ limits: true })
    const words: unknown[] = []
    for (let count = 0; count < 6; count += 1)
      words.push(await word('chat.postMessage', { channel: room, text: 'x' }))

    expect(words).toEqual(['ok', 'ok', 'ok', 'ok', 'ratelimited', 'ratelimited'])
    expect(await word('chat.postMessage', { channel: 'U0ANN', text: 'x' })).toBe('ok')
    now += 1_000
    expect(await word('chat.postMessage', { channel: room, text: 'x' })).toBe('ok')
  })
})

describe('views', () => {
  const title = { type: 'plain_text', text: 'Reason' }
  const input = { type: 'input', label: title, element: { type: 'plain_text_input' } }

  test('takes a trigger id once, within three seconds', async () => {
    const view = { type: 'modal', title, blocks: [{ type: 'divider' }] }
    const [used, late] = [await trigger(), await trigger()]
    expect(await word('views.open', { trigger_id: used, view })).toBe('ok')

    expect(await word('views.open', { trigger_id: used, view })).toBe('exchanged_trigger_id')
    expect(await word('views.open', { trigger_id: 'made.up.id', view })).toBe('invalid_trigger_id')
    now += 3_001
    expect(await word('views.open', { trigger_id: late, view })).toBe('expired_trigger_id')
  })

  test.each([
    [
      'a modal that asks without a way to submit',
      { title, blocks: [input] },
      /missing required field: submit/,
    ],
    [
      'a long title',
      { title: { ...title, text: 'x'.repeat(25) }, blocks: [] },
      /less than 25 .*\/view\/title\/text/,
    ],
    [
      'much to remember',
      { title, blocks: [], private_metadata: 'x'.repeat(3_001) },
      /\/view\/private_metadata/,
    ],
    [
      '101 blocks',
      { title, blocks: Array.from({ length: 101 }, () => ({ type: 'divider' })) },
      /no more than 100/,
    ],
    ['a block for messages', { title, blocks: [{ type: 'alert', text: title }] }, /unsupported type/],
    ['no title', { blocks: [] }, /missing required field: title/],
  ])('refuses %s, and says where', async (_, view, reason) => {
    const answer = await call('views.open', { trigger_id: await trigger(), view: { type: 'modal', ...view } })

    expect(answer).toMatchObject({ error: 'invalid_arguments' })
    expect(JSON.stringify(answer['response_metadata'])).toMatch(reason)
  })

  test('publishes the home tab of one person where the app has one', async () => {
    const view = { type: 'home', blocks: [{ type: 'header', text: title }] }
    await call('views.publish', { user_id: 'U0ANN', view })

    expect(sim.home('U0ANN')?.view).toEqual(view)
    expect(sim.home('U0BOB')).toBeUndefined()
    await reopen({ homeTab: false })
    expect(await word('views.publish', { user_id: 'U0ANN', view })).toBe('not_enabled')
  })
})
