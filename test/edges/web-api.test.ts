// The API and the sign-in over real HTTP: who gets in, who does not, and what a foreign page cannot do.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { revokeAll, noRevocations } from '../../src/web/session.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { history, openHouse } from './web-house.ts'
import type { House } from './web-house.ts'

const redis = oneRedis()
let house: House

beforeAll(async () => {
  house = await openHouse(redis())
  await history(house)
})
afterAll(() => house.close())

const own = { 'sec-fetch-site': 'same-origin' }

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(house.url + path, { headers, redirect: 'manual' })
}

function post(
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(house.url + path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  })
}

function command(body: unknown, headers: Record<string, string>): Promise<Response> {
  return fetch(`${house.url}/api/commands`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

function bearer(person = 'ann'): Record<string, string> {
  return { authorization: `Bearer ${house.signer.token(person, house.now())}` }
}

async function signIn(person = 'ann'): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const token = house.signer.loginLink(person, house.now())
  const answer = await post('/login', { token }, own)
  expect(answer.status).toBe(303)
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const page = await (await get('/help', { cookie })).text()
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' }
}

describe('the API', () => {
  test('carries out a command of the terminal as its person', async () => {
    const answer = await command({ text: 'status' }, bearer())

    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'done', card: { title: expect.any(String) } })
    expect(house.said).toContain('ann: status')
  })

  test('says in the body that a command was refused or not understood', async () => {
    expect(await (await command({ text: 'approve R-1 x' }, bearer('mia'))).json()).not.toHaveProperty('error')
    expect(await (await command({ text: 'failovr lb' }, bearer())).json()).toMatchObject({ status: 'usage' })
    expect(await (await command({ text: 'ack INC-99' }, bearer())).json()).toMatchObject({
      status: 'refused',
    })
  })

  test('waits for slow systems as long as it is asked to', async () => {
    await command({ text: 'status' }, bearer())
    await command({ text: 'status', wait: 60 }, bearer())

    expect(house.waits.slice(-2)).toEqual([undefined, 60_000])
    expect((await command({ text: 'status', wait: 1_000 }, bearer())).status).toBe(400)
  })

  test('takes the incident of the room', async () => {
    const answer = await command({ text: 'note seen in the API', incident: 'INC-2' }, bearer())

    expect(await answer.json()).toMatchObject({ status: 'done', incident: 'INC-2' })
    expect((await command({ text: 'ack', incident: 'nonsense' }, bearer())).status).toBe(400)
  })

  test.each([
    ['not JSON', '{'],
    ['no text', '{}'],
    ['a list', '[]'],
    ['a number', '{"text": 7}'],
  ])('refuses a body that is %s and says what to send', async (_title, body) => {
    const answer = await fetch(`${house.url}/api/commands`, {
      method: 'POST',
      body,
      headers: { ...bearer(), 'content-type': 'application/json' },
    })

    expect(answer.status).toBe(400)
    expect(await answer.json()).toHaveProperty('message')
  })

  test('gives incidents as data', async () => {
    expect(await (await get('/api/incidents', bearer())).json()).toMatchObject({
      incidents: [{ id: 'INC-3' }, { id: 'INC-2' }],
    })
    const one: unknown = await (await get('/api/incidents/inc-2', bearer())).json()
    expect(one).toMatchObject({
      incident: { id: 'INC-2', state: 'diagnosing' },
      timeline: expect.arrayContaining([expect.objectContaining({ seq: 1, type: 'incident.opened' })]),
    })
    expect((await get('/api/incidents/INC-77', bearer())).status).toBe(404)
  })

  test.each([
    ['no token', {}],
    ['a forged token', { authorization: 'Bearer drt_abc.def' }],
    ['a token with its signature changed', { authorization: 'changed' }],
    ['a login link as a token', { authorization: 'link' }],
    ['a session as a token', { authorization: 'session' }],
    ['a token of 91 days ago', { authorization: 'old' }],
  ])('lets nobody in with %s', async (_title, headers: Record<string, string>) => {
    const { signer } = house
    const tokens: Record<string, string> = {
      changed: `${signer.token('ann', house.now()).slice(0, -2)}zz`,
      link: signer.loginLink('ann', house.now()),
      session: signer.session('ann', house.now()),
      old: signer.token('ann', house.now() - 91 * 86_400_000),
    }
    const named = tokens[headers['authorization'] ?? '']
    const sent = named === undefined ? headers : { authorization: `Bearer ${named}` }

    const answer = await command({ text: 'status' }, sent)

    expect(answer.status).toBe(401)
    expect(await answer.json()).toHaveProperty('message', expect.stringContaining('npx dr token'))
  })

  test('tells a person who is not in the DR plan what to do', async () => {
    const answer = await command({ text: 'status' }, bearer('zoe'))

    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('dr-plan.yml')
  })

  test('has no door for chats that are not set up', async () => {
    expect((await post('/slack/events', {}, {})).status).toBe(404)
    expect((await post('/api/messages', {}, {})).status).toBe(404)
  })
})

describe('health', () => {
  test('tells whether it is alive, ready, and how it does, without a sign-in', async () => {
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/readyz')).status).toBe(200)
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toContain('dr_command_seconds_count')
    expect(metrics).toContain('dr_http_seconds')
  })

  test('counts again at most once a second, however many ask', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await get('/metrics')).text()))
    const cpu = texts.map((text) => /^process_cpu_seconds_total (.+)$/m.exec(text)?.[1])

    // A second may end among them.
    expect(new Set(cpu).size).toBeLessThanOrEqual(2)
    await vi.waitFor(async () => expect(await (await get('/metrics')).text()).not.toBe(texts[0]), 5_000)
  })

  test('says which part is not ready', async () => {
    const other = await openHouse(redis())
    other.breakStore()

    const answer = await fetch(`${other.url}/readyz`)

    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(await answer.json()).toEqual({
      ready: false,
      trouble: ['store: not ok'],
      checks: { store: { ok: false } },
    })
    await other.close()
  })
})

describe('readiness', () => {
  test('is looked at once for all who ask within a second', async () => {
    const other = await openHouse(redis())

    await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${other.url}/readyz`)).text()))

    // A second may end among them.
    expect(other.looks()).toBeLessThanOrEqual(2)
    await vi.waitFor(async () => {
      await fetch(`${other.url}/readyz`)
      expect(other.looks()).toBe(3)
    }, 10_000)
    await other.close()
  })

  test('names people to those who are signed in, and to nobody else', async () => {
    const checks = { 'teams-pages': { ok: false, text: 'no page reaches bob', personal: true } }
    const other = await openHouse(redis(), { checks })
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${other.url}/readyz`, { headers })).text()

    expect(await ask({})).toMatch(/"teams-pages":\{"ok":false,"text":"[^"]*console/)
    expect(await ask({})).not.toContain('bob')
    expect(await ask({ authorization: 'Bearer drt_forged.forged' })).not.toContain('bob')
    const token = other.signer.token('ann', other.now())
    expect(await ask({ authorization: `Bearer ${token}` })).toContain('no page reaches bob')
    await other.close()
  })
})

describe('a method', () => {
  test('HEAD is answered like GET, without a body', async () => {
    const { cookie } = await signIn()
    for (const [path, headers] of [
      ['/healthz', {}],
      ['/readyz', {}],
      ['/', { cookie }],
    ] as const) {
      const answer = await fetch(house.url + path, { method: 'HEAD', headers })
      expect([path, answer.status, await answer.text()]).toEqual([path, 200, ''])
    }
    expect((await fetch(house.url, { method: 'HEAD' })).status).toBe(401)
    expect((await fetch(`${house.url}/events?page=/`, { method: 'HEAD', headers: { cookie } })).status).toBe(
      405,
    )
  })

  test.each([
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/incidents/INC-2', 'GET, HEAD'],
    ['PUT', '/incidents/INC-2/report.md?x=1', 'GET, HEAD'],
    ['GET', '/webhooks/nagios', 'POST'],
    ['GET', '/api/commands', 'POST'],
    ['DELETE', '/login', 'GET, HEAD, POST'],
  ])('that an address does not take (%s %s) is told with those that it does', async (method, path, allow) => {
    const answer = await fetch(house.url + path, { method })

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    expect(await answer.json()).toEqual({ error: 'method', message: `This address takes ${allow}.` })
  })

  test('that an address does not take is a page for a browser, which leads home', async () => {
    const { cookie } = await signIn()

    const answer = await get('/commands', { cookie })

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await answer.text()).toContain('What is open now')
    expect((await get('/no-such-page', { cookie })).headers.has('allow')).toBe(false)
  })
})

describe('signing in', () => {
  test('opening a link does not use it up; the button does, once', async () => {
    const token = house.signer.loginLink('ann', house.now())
    for (const _scanner of [1, 2, 3]) {
      const page = await get(`/login?token=${token}`)
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('Sign in as Ann Onken')
    }

    const first = await post('/login', { token }, own)
    const second = await post('/login', { token }, own)

    expect(first.status).toBe(303)
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Lax|SameSite=Lax.*HttpOnly/i)
    expect(first.headers.get('set-cookie')).not.toContain('Secure')
    expect(second.status).toBe(403)
    expect(await second.text()).toContain('used already')
  })

  test('two presses at the same moment let one in', async () => {
    const token = house.signer.loginLink('ann', house.now())

    const answers = await Promise.all([1, 2, 3, 4].map(() => post('/login', { token }, own)))

    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 403, 403, 403])
  })

  test('a link older than ten minutes is refused, with how to get a new one', async () => {
    const token = house.signer.loginLink('ann', house.now() - 600_000)

    const answer = await get(`/login?token=${token}`)

    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('npx dr login')
  })

  test('a person who left the DR plan is told so', async () => {
    const answer = await get(`/login?token=${house.signer.loginLink('zoe', house.now())}`)

    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('dr-plan.yml')
  })

  test('a foreign page cannot sign a browser in', async () => {
    const token = house.signer.loginLink('ann', house.now())

    expect((await post('/login', { token }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post('/login', { token }, { origin: 'https://evil.example.com' })).status).toBe(403)
    expect((await post('/login', { token }, { origin: 'null' })).status).toBe(403)
    expect((await post('/login', { token }, {})).status).toBe(403)
    expect((await post('/login', { token }, { origin: house.url })).status).toBe(303)
  })

  test('over https the cookie stays with this host and with https', async () => {
    const secure = await openHouse(redis(), { publicUrl: 'https://dr.example.com' })
    const token = secure.signer.loginLink('ann', secure.now())

    const answer = await fetch(`${secure.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: own,
      redirect: 'manual',
    })

    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-dr-session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax/,
    )
    await secure.close()
  })

  test('guessing is slowed down by address, and a good link works all the same', async () => {
    const guess = () => post('/login', { token: 'drl_guess.guess' }, own)
    const statuses: number[] = []
    for (let count = 0; count < 15; count += 1) statuses.push((await guess()).status)

    expect(statuses.at(-1)).toBe(429)
    await signIn('bob')
    house.pass(300_001)
    expect((await guess()).status).toBe(403)
  })
})

describe('a session', () => {
  test('without one every page is a way to sign in, and shows nothing', async () => {
    for (const path of ['/', '/incidents/INC-2', '/oncall', '/systems', '/runs', '/help', '/events?page=/']) {
      const answer = await get(path)
      const text = await answer.text()
      expect([path, answer.status]).toEqual([path, 401])
      expect(text).toContain('npx dr login')
      expect(text).not.toContain('HAProxy')
    }
  })

  test('a page that does not exist is told of what happens like any other, and does not say that the bot is away', async () => {
    const { cookie } = await signIn()

    const page = await get('/no-such-page', { cookie })
    const stream = await get('/events?page=/no-such-page', { cookie })
    await stream.body?.cancel()

    expect([page.status, stream.status]).toEqual([404, 200])
  })

  test('a form needs its own page: token, and no foreign origin', async () => {
    const { cookie, csrf } = await signIn()
    const before = house.said.length
    const fields = { text: 'note forged', incident: 'INC-2' }

    expect((await post('/commands', fields, { cookie, ...own })).status).toBe(403)
    expect((await post('/commands', { ...fields, csrf: 'x' }, { cookie, ...own })).status).toBe(403)
    expect((await post('/commands', { ...fields, csrf }, { cookie })).status).toBe(403)
    expect(
      (await post('/commands', { ...fields, csrf }, { cookie, 'sec-fetch-site': 'same-site' })).status,
    ).toBe(403)
    expect(
      (await post('/commands', { ...fields, csrf }, { cookie, origin: 'http://evil.example.com' })).status,
    ).toBe(403)
    // A page in a sandbox, or of a file, has no origin.
    expect((await post('/commands', { ...fields, csrf }, { cookie, origin: 'null' })).status).toBe(403)
    expect((await command({ text: 'note forged', incident: 'INC-2' }, { cookie, ...own })).status).toBe(403)
    expect(house.said).toHaveLength(before)

    expect((await post('/commands', { ...fields, csrf }, { cookie, ...own })).status).toBe(200)
    expect((await command({ text: 'status', csrf }, { cookie, ...own })).status).toBe(200)
  })

  test('another person’s form token does not count', async () => {
    const ann = await signIn('ann')
    const bob = await signIn('bob')

    const answer = await post('/commands', { text: 'status', csrf: bob.csrf }, { cookie: ann.cookie, ...own })

    expect(answer.status).toBe(403)
  })

  test('goes on behind a proxy that asks for a password of its own', async () => {
    const { cookie, csrf } = await signIn()
    const proxy = { authorization: `Basic ${Buffer.from('proxy:password').toString('base64')}` }
    const fields = { text: 'status', csrf }

    expect((await get('/', { cookie, ...proxy })).status).toBe(200)
    expect((await post('/commands', fields, { cookie, ...proxy, ...own })).status).toBe(200)
    expect((await post('/commands', fields, { cookie, ...proxy })).status).toBe(403)
    expect((await get('/api/incidents', proxy)).status).toBe(401)
    expect((await get('/', { cookie, authorization: 'Bearer' })).status).toBe(401)
    expect((await get('/', { cookie, authorization: 'Bearer nonsense' })).status).toBe(401)
  })

  test('ends with signing out, for copies of the cookie too', async () => {
    const { cookie, csrf } = await signIn()
    expect((await get('/', { cookie })).status).toBe(200)

    await post('/logout', { csrf }, { cookie, ...own })

    expect((await get('/', { cookie })).status).toBe(401)
  })

  test('ends after eight days, and when all of a person’s credentials are taken back', async () => {
    const early = await signIn()
    house.pass(8 * 24 * 3_600_000 - 1)
    expect((await get('/', { cookie: early.cookie })).status).toBe(200)
    house.pass(1)
    expect((await get('/', { cookie: early.cookie })).status).toBe(401)

    const late = await signIn()
    const text = await house.store.setting('revocations')
    house.pass(1)
    await house.store.putSetting(
      'revocations',
      text,
      JSON.stringify(revokeAll(noRevocations, 'ann', house.now())),
    )
    expect((await get('/', { cookie: late.cookie })).status).toBe(401)
  })

  test('pages forbid whatever they do not use', async () => {
    const { cookie } = await signIn()

    const { headers } = await get('/', { cookie })

    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('same-origin')
  })

  test('a way back never leads to another site', async () => {
    const { cookie, csrf } = await signIn()

    const answer = await post(
      '/commands',
      { text: 'status', csrf, back: '//evil.example.com' },
      { cookie, ...own },
    )

    expect(await answer.text()).not.toContain('evil.example.com')
  })

  test('static files may be kept and are not sent twice', async () => {
    const { cookie } = await signIn()
    const page = await (await get('/', { cookie })).text()
    const address = /\/assets\/console\.css\?v=\w+/.exec(page)?.[0] ?? ''

    const first = await get(address)
    const second = await get(address, { 'if-none-match': first.headers.get('etag') ?? '' })

    expect(first.headers.get('cache-control')).toContain('immutable')
    expect(second.status).toBe(304)
    expect((await get('/assets/..%2fserver.ts')).status).toBe(404)
  })
})
