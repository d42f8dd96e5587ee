// The Slack simulator's Web API is as strict as the real one, so that what works against it works against Slack.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allScopes, startSlack, type SimSlack } from '../../sim/slack.ts'

type Body = Readonly<Record<string, unknown>>

const people = [
  { id: 'U0ANN', name: 'ann', email: 'ann@example.com' },
  { id: 'U0BOB', name: 'bob', email: 'bob@example.com' },
  { id: 'U0GUEST', name: 'gus', team: 'T0OTHER' },
]
let now: number
let sim: SimSlack
let room: string

beforeEach(async () => {
  now = Date.parse('2026-11-23T03:12:00Z')
  sim = await startSlack({ people, limits: false, now: () => now })
  room = String(((await call('conversations.create', { name: 'inc-1-lb' }))['channel'] as Body)['id'])
})
afterEach(() => sim.stop())

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

async function post(more: Body = {}): Promise<string> {
  return String((await call('chat.postMessage', { channel: room, text: 'INC-1', ...more }))['ts'])
}

describe('tokens and scopes', () => {
  test('refuses a call without a token, with an unknown one, with one of the other kind, and revoked ones', async () => {
    const without = await word('auth.test', {}, null)
    const unknown = await word('auth.test', {}, 'xoxb-nobody')
    const appToken = await word('auth.test', {}, sim.appToken)
    const botToken = await word('apps.connections.open', {}, sim.botToken)
    sim.refuseTokens('token_revoked')
    const revoked = await word('auth.test')

    expect([without, unknown, appToken, botToken, revoked]).toEqual([
      'not_authed',
      'invalid_auth',
      'not_allowed_token_type',
      'not_allowed_token_type',
      'token_revoked',
    ])
    expect(await word('api.test', {}, null)).toBe('ok')
    expect(await word('chat.stream')).toBe('unknown_method')
  })

  test('names the scope that is missing and those there are, and lists them with every answer', async () => {
    sim.setScopes(['chat:write'])

    const refused = await ask('conversations.setTopic', { channel: room, topic: 'x' })

    expect(await refused.json()).toMatchObject({ error: 'missing_scope', provided: 'chat:write' })
    expect(refused.headers.get('x-oauth-scopes')).toBe('chat:write')
    expect((await ask('auth.test')).headers.get('x-oauth-scopes')).toBe('chat:write')
    sim.setScopes(['groups:write'])
    expect(await call('conversations.setTopic', { channel: room, topic: 'x' })).toMatchObject({
      needed: 'channels:manage,channels:write.topic',
    })
  })
})

describe('channels', () => {
  test('writes where it is not a member only with chat:write.public', async () => {
    expect(await word('chat.postMessage', { channel: 'C0GENERAL', text: 'hello' })).toBe('ok')

    sim.setScopes(allScopes.filter((scope) => scope !== 'chat:write.public'))

    expect(await word('chat.postMessage', { channel: 'C0GENERAL', text: 'hello' })).toBe('not_in_channel')
    expect(await word('conversations.history', { channel: 'C0GENERAL' })).toBe('not_in_channel')
  })

  test('keeps everybody out when one cannot be invited, unless forced', async () => {
    const users = 'U0ANN,U0GUEST,U0DRBOT'
    const refused = await call('conversations.invite', { channel: room, users })
    expect(refused).toMatchObject({
      error: 'user_not_found',
      errors: [
        { user: 'U0GUEST', error: 'user_not_found' },
        { user: 'U0DRBOT', error: 'cant_invite_self' },
      ],
    })
    expect([...sim.channel(room).members]).toEqual(['U0DRBOT'])

    expect(await word('conversations.invite', { channel: room, users, force: true })).toBe('ok')

    expect([...sim.channel(room).members]).toEqual(['U0DRBOT', 'U0ANN'])
  })

  test('puts the bot out of an archived channel, which keeps its name and which the bot cannot open again', async () => {
    await call('conversations.archive', { channel: room })

    expect(await word('conversations.create', { name: 'inc-1-lb' })).toBe('name_taken')
    expect(await word('conversations.unarchive', { channel: room })).toBe('not_in_channel')
    expect(await word('conversations.history', { channel: room })).toBe('not_in_channel')
    expect((await call('users.conversations'))['channels']).toEqual([])
    expect((await call('conversations.list', { exclude_archived: true }))['channels']).toMatchObject([
      { id: 'C0GENERAL' },
    ])
  })

  test('does not know a private channel that it is not in', async () => {
    const made = await call('conversations.create', { name: 'secret', is_private: true })
    const { id } = made['channel'] as { readonly id: string }
    expect(await word('conversations.info', { channel: id })).toBe('ok')

    sim.kick(sim.botUserId, id)

    expect(await word('conversations.info', { channel: id })).toBe('channel_not_found')
    expect(await word('chat.postMessage', { channel: id, text: 'x' })).toBe('channel_not_found')
    expect((await call('conversations.list', { types: 'private_channel' }))['channels']).toEqual([])
  })

  test('gives lists in pages', async () => {
    for (const number of [2, 3, 4]) await call('conversations.create', { name: `inc-${number}` })

    const first = await call('conversations.list', { limit: 3 })
    const cursor = (first['response_metadata'] as Body)['next_cursor']
    const second = await call('conversations.list', { limit: 3, cursor })

    expect(first['channels']).toHaveLength(3)
    expect(second['channels']).toHaveLength(2)
    expect(second['response_metadata']).toEqual({ next_cursor: '' })
    expect(await word('conversations.list', { cursor: 'elsewhere' })).toBe('invalid_cursor')
  })
})

describe('messages', () => {
  test('opens the direct message when it is written to a person, and answers with its channel', async () => {
    const answer = await call('chat.postMessage', { channel: 'U0ANN', text: 'wake up' })

    expect(answer['channel']).toBe(sim.directChannel('U0ANN'))
    expect(answer['channel']).toMatch(/^D/)
    expect(sim.direct('U0ANN')).toMatchObject([{ text: 'wake up', user: 'U0DRBOT' }])
    expect(await word('chat.postMessage', { channel: 'U0GUEST', text: 'x' })).toBe('channel_not_found')
    sim.deactivate('U0ANN')
    expect(await word('chat.postMessage', { channel: 'U0ANN', text: 'x' })).toBe('channel_not_found')
  })

  test('gives the metadata of messages to who asks, within the times asked for', async () => {
    const metadata = { event_type: 'dr_bot', event_payload: { key: 'INC-1-card' } }
    const before = await post()
    now += 1_000
    const ts = await post({ metadata })
    const args = { channel: room, oldest: before }

    const plain = await call('conversations.history', args)
    const full = await call('conversations.history', { ...args, include_all_metadata: true })
    const inclusive = await call('conversations.history', { ...args, inclusive: true })

    expect(plain['messages']).toMatchObject([{ ts }])
    expect(plain['messages']).not.toMatchObject([{ metadata }])
    expect(full['messages']).toMatchObject([{ ts, metadata }])
    expect(inclusive['messages']).toMatchObject([{ ts }, { ts: before }])
    expect(await word('chat.postMessage', { channel: room, text: 'x', metadata: { event_type: 'x' } })).toBe(
      'invalid_metadata_schema',
    )
  })

  test('updates only what the bot wrote, within the time for edits', async () => {
    await call('conversations.invite', { channel: room, users: 'U0ANN' })
    await sim.write('U0ANN', room, 'mine')
    const hers = sim.messages(room).at(-1)?.ts
    const ts = await post()
    expect(await word('chat.update', { channel: room, ts: hers, text: 'x' })).toBe('cant_update_message')

    expect(await word('chat.update', { channel: room, ts, text: 'acknowledged' })).toBe('ok')
    expect(sim.message(room, ts)).toMatchObject({ text: 'acknowledged', edited: '1795403520.000000' })

    sim.setEditWindow(60_000)
    now += 61_000
    expect(await word('chat.update', { channel: room, ts, text: 'x' })).toBe('edit_window_closed')
    expect(await word('chat.update', { channel: room, ts, text: 'x'.repeat(4_001) })).toBe(
      'edit_window_closed',
    )
    sim.setEditWindow(Infinity)
    expect(await word('chat.update', { channel: room, ts, text: 'x'.repeat(4_001) })).toBe('msg_too_long')
  })

  test('does not put other blocks in the place of rich text alone', async () => {
    const words = { type: 'rich_text_section', elements: [{ type: 'text', text: 'down' }] }
    const ts = await post({ blocks: [{ type: 'rich_text', elements: [words] }] })

    expect(await word('chat.update', { channel: room, ts, blocks: [{ type: 'divider' }] })).toBe(
      'block_mismatch',
    )
  })

  test('shows an ephemeral message to one member only, and keeps it out of the history', async () => {
    expect(await word('chat.postEphemeral', { channel: room, user: 'U0ANN', text: 'x' })).toBe(
      'user_not_in_channel',
    )
    await call('conversations.invite', { channel: room, users: 'U0ANN' })

    await call('chat.postEphemeral', { channel: room, user: 'U0ANN', text: 'only you' })

    expect(sim.ephemerals('U0ANN')).toMatchObject([{ text: 'only you', channel: room }])
    expect(sim.ephemerals('U0BOB')).toEqual([])
    expect(sim.messages(room)).toEqual([])
  })

  test('takes an uploaded file into an image block once it is complete', async () => {
    const asked = await call('files.getUploadURLExternal', { filename: 'phases.png', length: 3 })
    const id = asked['file_id']
    const blocks = [{ type: 'image', alt_text: 'phases', slack_file: { id } }]
    const upload = (body: string) => fetch(String(asked['upload_url']), { method: 'POST', body })
    expect((await upload('PN')).status).toBe(400)
    expect((await upload('PNG')).status).toBe(200)
    expect(await word('chat.postMessage', { channel: room, text: 'x', blocks })).toBe('invalid_blocks')

    await call('files.completeUploadExternal', { files: [{ id, title: 'Phases' }] })

    expect(await word('chat.postMessage', { channel: room, text: 'x', blocks })).toBe('ok')
    expect(sim.files()).toMatchObject([{ name: 'phases.png', title: 'Phases', content: Buffer.from('PNG') }])
  })
})
