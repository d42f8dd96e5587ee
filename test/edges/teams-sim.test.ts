// The simulated Teams itself: strict where Teams is, so that what works here works there.
import { decodeJwt } from 'jose'
import { afterEach, expect, test } from 'vitest'
import type { SimTeams } from '../../sim/teams.ts'
import { home, startTeamsFor, teamsId, tokenFor } from '../servers/teams.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function tenant(options: Parameters<typeof startTeamsFor>[1] = {}): Promise<SimTeams> {
  const teams = await startTeamsFor(undefined, options)
  stops.push(teams.stop)
  return teams
}

async function call(url: string, how: { method?: string; body?: object; token?: string } = {}) {
  const response = await fetch(url, {
    method: how.method ?? (how.body === undefined ? 'GET' : 'POST'),
    headers: {
      'content-type': 'application/json',
      ...(how.token !== undefined && { authorization: `Bearer ${how.token}` }),
    },
    ...(how.body !== undefined && { body: JSON.stringify(how.body) }),
  })
  const text = await response.text()
  const body = (text.startsWith('{') ? JSON.parse(text) : text) as Readonly<Record<string, unknown>>
  return { status: response.status, body }
}

const connector = 'https://api.botframework.com'
const graph = 'https://graph.microsoft.com'
const hello = { type: 'message', text: 'hello' }

test('a token is for the connector or for Graph, and only for whom it was asked', async () => {
  const teams = await tenant()
  const forConnector = await tokenFor(teams, connector)
  const forGraph = await tokenFor(teams, graph)
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`
  const list = `${teams.origin}/v1.0/teams/${teams.teamId}/channels`

  expect(decodeJwt(forGraph)['roles']).toEqual([
    'ChannelSettings.ReadWrite.All',
    'Presence.Read.All',
    'TeamMember.ReadWrite.All',
    'TeamsAppInstallation.ReadWriteSelfForUser.All',
    'User.Read.All',
  ])
  expect((await call(send, { body: hello })).status).toBe(401)
  expect((await call(send, { body: hello, token: forGraph })).status).toBe(401)
  expect((await call(send, { body: hello, token: forConnector })).status).toBe(201)
  expect((await call(list, { token: forConnector })).status).toBe(401)
  expect((await call(list, { token: forGraph })).status).toBe(200)

  teams.revokeTokens()
  expect((await call(list, { token: forGraph })).status).toBe(401)
  teams.setSecret('another one')
  await expect(tokenFor(teams, graph)).rejects.toThrow('access_token')
})

test('the app is added for a person by its number in the catalogue, once, and only with the right', async () => {
  const teams = await tenant()
  const ann = teamsId('ann')
  await teams.uninstall({ person: ann })
  const token = await tokenFor(teams, graph)
  const url = `${teams.origin}/v1.0/users/${ann}/teamwork/installedApps`
  const add = (app: string) =>
    call(url, { token, body: { 'teamsApp@odata.bind': `${teams.origin}/v1.0/appCatalogs/teamsApps/${app}` } })
  const apps = await call(`${teams.origin}/v1.0/teams/${teams.teamId}/installedApps?$expand=teamsApp`, {
    token,
  })
  const number = (apps.body['value'] as readonly { readonly teamsApp: { readonly id: string } }[])[0]
    ?.teamsApp.id

  expect((await call(url, { token, body: {} })).status).toBe(400)
  expect((await add(teams.appId)).status).toBe(404)
  expect((await add(number ?? '')).status).toBe(201)
  expect((await add(number ?? '')).status).toBe(409)
  teams.setPermissions(['TeamsAppInstallation.Read.Group'])
  expect((await add(number ?? '')).status).toBe(403)
})

test("a message in a channel begins a thread; its own messages the bot may change, nobody else's", async () => {
  const teams = await tenant()
  const token = await tokenFor(teams, connector)
  const body = { isGroup: true, channelData: { channel: { id: home } }, activity: hello }

  const made = await call(`${teams.serviceUrl}v3/conversations`, { body, token })
  const thread = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(String(made.body['id']))}/activities`
  const reply = await call(thread, { body: { type: 'message', text: 'a reply' }, token })
  await teams.say('Ann Onken', 'mine', { in: String(made.body['id']) })
  const changed = { body: { type: 'message', text: 'changed' }, token, method: 'PUT' }
  const own = await call(`${thread}/${String(reply.body['id'])}`, changed)
  const theirs = await call(`${thread}/${teams.messages(home).at(-1)?.id}`, changed)
  const nothing = await call(`${thread}/1`, changed)

  expect(made.body['id']).toBe(`${home};messageid=${String(made.body['activityId'])}`)
  expect(teams.messages(home).map(({ text }) => text)).toEqual(['hello', 'changed', 'mine'])
  expect([own.status, theirs.status, nothing.status]).toEqual([200, 403, 404])
})

test('without the app nobody can be written to', async () => {
  const teams = await tenant()
  const token = await tokenFor(teams, connector)
  const body = { members: [{ id: teamsId('ann') }], tenantId: teams.tenantId, bot: { id: teams.botMri } }
  const open = (): ReturnType<typeof call> => call(`${teams.serviceUrl}v3/conversations`, { body, token })

  expect((await open()).body).toEqual({ id: teams.chat('Ann Onken') })
  await teams.uninstall({ person: 'Ann Onken' })
  await teams.uninstall({ team: true })

  expect((await open()).body).toMatchObject({ error: { code: 'ForbiddenOperationException' } })
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`
  expect((await call(send, { body: hello, token })).body).toMatchObject({
    error: { code: 'BotNotInConversationRoster' },
  })
})

test('the eighth message of a second into one thread is refused', async () => {
  let now = 1_000_000
  const teams = await tenant({ now: () => now })
  const token = await tokenFor(teams, connector)
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`

  const answers: number[] = []
  for (let count = 0; count < 8; count += 1) answers.push((await call(send, { body: hello, token })).status)
  now += 2_001

  expect(answers).toEqual([201, 201, 201, 201, 201, 201, 201, 429])
  expect((await call(send, { body: hello, token })).status).toBe(201)
})

test('a message that is too large, empty, or with a card that no client shows, is refused', async () => {
  const teams = await tenant()
  const token = await tokenFor(teams, connector)
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`
  const withCard = (content: object) => ({
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  })
  const status = async (body: object): Promise<number> => (await call(send, { body, token })).status

  expect(await status({ type: 'message' })).toBe(400)
  expect(await status({ type: 'message', text: 'x'.repeat(30_000) })).toBe(413)
  expect(await status(withCard({ type: 'AdaptiveCard', version: '1.6', body: [] }))).toBe(400)
  expect(await status(withCard({ type: 'AdaptiveCard', version: '1.5', body: [] }))).toBe(201)
})

test("Graph asks for each permission by name, and takes the team's consent away with the app", async () => {
  const teams = await tenant({ permissions: ['Channel.Create.Group'] })
  const token = await tokenFor(teams, graph)
  const channels = `${teams.origin}/v1.0/teams/${teams.teamId}/channels`

  const made = await call(channels, { body: { displayName: 'INC-1 lb' }, token })
  const twice = await call(channels, { body: { displayName: 'inc-1 LB' }, token })
  const wrong = await call(channels, { body: { displayName: 'a/b' }, token })
  const unread = await call(channels, { token })
  await teams.uninstall({ team: true })
  const gone = await call(channels, { body: { displayName: 'INC-2 lb' }, token })

  expect([made.status, twice.status, wrong.status, unread.status, gone.status]).toEqual([
    201, 400, 400, 403, 403,
  ])
  expect(JSON.stringify(unread.body)).toContain('ChannelSettings.Read.Group')
})

test('Graph lists threads and replies, newest first, and presence of up to 650 people', async () => {
  const teams = await tenant()
  const [token, bot] = [await tokenFor(teams, graph), await tokenFor(teams, connector)]
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`
  const first = String((await call(send, { body: hello, token: bot })).body['id'])
  await call(send.replace('/activities', encodeURIComponent(`;messageid=${first}`) + '/activities'), {
    body: { type: 'message', text: 'a reply' },
    token: bot,
  })
  teams.setPresence('Ann Onken', 'DoNotDisturb')

  const at = `${teams.origin}/v1.0/teams/${teams.teamId}/channels/${encodeURIComponent(home)}/messages`
  const threads = await call(at, { token })
  const replies = await call(`${at}/${first}/replies`, { token })
  const presence = await call(`${teams.origin}/v1.0/communications/getPresencesByUserId`, {
    body: { ids: [teamsId('ann')] },
    token,
  })

  expect(threads.body['value']).toMatchObject([{ id: first, from: { application: { id: teams.appId } } }])
  expect(replies.body['value']).toMatchObject([{ replyToId: first, body: { content: 'a reply' } }])
  expect(presence.body['value']).toEqual([
    { id: teamsId('ann'), availability: 'DoNotDisturb', activity: 'DoNotDisturb' },
  ])
})

test('a fault concerns the calls that it names, as often as it says', async () => {
  const teams = await tenant()
  const token = await tokenFor(teams, connector)
  const send = `${teams.serviceUrl}v3/conversations/${encodeURIComponent(home)}/activities`
  teams.fault(
    { kind: 'lose-answer', calls: ['connector.send'], times: 1 },
    { kind: 'rate-limit', calls: ['connector.*'], retryAfter: 7, times: 1 },
    { kind: 'status', status: 502, calls: ['graph.*'] },
  )

  await expect(call(send, { body: hello, token })).rejects.toThrow('fetch failed')
  expect((await call(send, { body: hello, token })).status).toBe(429)
  expect((await call(send, { body: hello, token })).status).toBe(201)
  expect(teams.messages(home)).toHaveLength(2)
  expect(teams.calls.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'identity.token ok',
    'connector.send lose-answer',
    'connector.send TooManyRequests',
    'connector.send ok',
  ])
})
