// Who may come in the name of Teams: tokens of a local issuer with real signatures, each with one thing wrong, and replays.
import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { TokenFlaw } from '../../sim/teams.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { home, teamsGuest, teamsId } from '../servers/teams.ts'
import { openTeamsDoorHouse } from './teams-door-house.ts'
import type { TeamsDoorHouse } from './teams-door-house.ts'

const redis = oneRedis()
let house: TeamsDoorHouse
beforeEach(async () => {
  house = await openTeamsDoorHouse(redis())
})
afterEach(() => house.stop())

const flaws: readonly (readonly [TokenFlaw['kind'], string])[] = [
  ['no-token', 'it brings no token'],
  ['not-bearer', 'it brings no token'],
  ['garbage', 'its token says no key'],
  ['expired', 'its token has expired'],
  ['early', 'its token is not valid yet'],
  ['audience', 'its token is for another bot'],
  ['issuer', 'its token is of another issuer'],
  ['key', 'the signature of its token is wrong'],
  ['unknown-key', 'signed with a key that is not known'],
  ['unsigned', 'its token cannot be read'],
  ['symmetric', 'its token'],
  ['endorsement', 'its key does not vouch for Teams'],
  ['service-url', 'its token is for another service URL'],
  ['emulator', 'its token is of another issuer'],
]

describe('a token', () => {
  test('as Teams signs it lets in', async () => {
    const { teams, said } = house

    const answer = await teams.say('Ann Onken', '@dr status', { in: home })

    expect(answer).toMatchObject({ status: 200 })
    expect(said).toEqual(['ann: status'])
  })

  test.each(flaws)('with this wrong is answered 401, and nothing is done: %s', async (flaw, why) => {
    const { teams, said, lines } = house

    const answer = await teams.say('Ann Onken', '@dr open lb', { in: home, flaw })

    expect(answer).toMatchObject({ status: 401, body: undefined })
    expect(said).toEqual([])
    expect(lines.join('\n')).toContain(why)
    expect(teams.messages(home)).toHaveLength(1)
  })

  test.each(flaws)('on a pressed button as well: %s', async (flaw) => {
    const { teams, said, post } = house
    const action = { type: 'Action.Execute', title: 'Freeze', verb: 'dr', data: { command: 'freeze' } }
    const id = await post({ type: 'AdaptiveCard', version: '1.5', body: [], actions: [action] })

    const answer = await teams.press('Ann Onken', id, 'Freeze', { flaw })

    expect(answer).toMatchObject({ status: 401, body: undefined })
    expect(said).toEqual([])
  })

  test('for Teams with another service URL in the activity is answered 401: answers would go there', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity

    const answer = await teams.deliver({ ...activity, id: 'x', serviceUrl: 'https://evil.example.com/' })

    expect(answer.status).toBe(401)
    expect(said).toHaveLength(1)
  })

  test('is read with a key that was published later', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    teams.rotateKeys()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 31_000)

    const answer = await teams.say('Ann Onken', '@dr runs', { in: home })
    vi.restoreAllMocks()

    expect(answer.status).toBe(200)
    expect(said).toEqual(['ann: status', 'ann: runs'])
  })

  test('of a key that cannot be looked for yet is answered 503, so that it is sent again', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    teams.rotateKeys()

    const early = await teams.say('Ann Onken', '@dr runs', { in: home })

    expect(early.status).toBe(503)
    expect(said).toEqual(['ann: status'])
    expect(house.health()).toEqual({ ok: true })
  })

  test('of an unknown key does not make the bot ask for keys again and again', async () => {
    const { teams } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    for (let count = 0; count < 5; count += 1)
      await teams.say('Ann Onken', '@dr status', { in: home, flaw: 'unknown-key' })

    expect(teams.calls.filter(({ name }) => name === 'identity.keys').length).toBeLessThanOrEqual(2)
  })

  test('cannot be checked while the issuer is away: 503, so that it is sent again', async () => {
    const { teams, said } = house
    teams.fault({ kind: 'status', status: 500, calls: ['identity.metadata', 'identity.keys'] })

    const answer = await teams.say('Ann Onken', '@dr status', { in: home })

    expect(answer.status).toBe(503)
    expect(said).toEqual([])
    expect(house.health()).toMatchObject({ ok: false, text: expect.stringContaining('must reach') as string })
    teams.fault()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5_000)
    await teams.say('Ann Onken', '@dr status', { in: home })
    vi.restoreAllMocks()
    expect(house.health()).toEqual({ ok: true })
  })

  test('is checked with the keys that are known while the issuer is away', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    teams.fault({ kind: 'reset', calls: ['identity.metadata', 'identity.keys'] })

    expect((await teams.say('Ann Onken', '@dr runs', { in: home })).status).toBe(200)
    expect(said).toHaveLength(2)
  })

  test('never stands in the log', async () => {
    const { teams, lines } = house
    for (const [flaw] of flaws) {
      house.clock.skip(61_000)
      await teams.say('Ann Onken', '@dr status', { in: home, flaw })
    }

    expect(lines.length).toBeGreaterThan(flaws.length - 1)
    expect(lines.join('\n')).not.toMatch(/eyJ/)
  })

  test('that is wrong is said once a minute, not as often as anybody knocks', async () => {
    const { teams, lines } = house
    for (let count = 0; count < 5; count += 1)
      await teams.say('Ann Onken', '@dr status', { in: home, flaw: 'no-token' })

    expect(lines.filter((line) => line.includes('was refused'))).toHaveLength(1)
  })
})

describe('another tenant', () => {
  test('is answered 401 and nothing is done', async () => {
    const { teams, said, lines } = house
    teams.fault({ kind: 'other-tenant' })

    const answer = await teams.say('Ann Onken', '@dr open lb', { in: home })

    expect(answer.status).toBe(401)
    expect(said).toEqual([])
    expect(lines.join('\n')).toContain('it is from another tenant')
  })

  test('a guest of the team from there is not let in', async () => {
    const { teams, said } = house

    expect((await teams.say(teamsGuest.id, '@dr status', { in: home })).status).toBe(401)
    expect(said).toEqual([])
  })

  test('an activity that names no tenant is not let in', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity

    const answer = await teams.deliver({ ...activity, id: 'x', conversation: { id: home }, channelData: {} })

    expect(answer.status).toBe(401)
    expect(said).toHaveLength(1)
  })
})

describe('replay', () => {
  test('of a message does nothing again', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })

    expect((await teams.replay()).status).toBe(200)
    expect((await teams.replay()).status).toBe(200)
    expect(said).toEqual(['ann: status'])
  })

  test('of a press does nothing again, and is given the first answer', async () => {
    const { teams, said, post, outage } = house
    const { room } = await outage()
    const action = { type: 'Action.Execute', title: 'Ack', verb: 'dr', data: { command: 'ack' } }
    const id = await post({ type: 'AdaptiveCard', version: '1.5', body: [], actions: [action] }, room)

    const first = await teams.press('Ann Onken', id, 'Ack')
    const again = await teams.replay()

    expect(first.status).toBe(200)
    expect(again.body).toEqual(first.body)
    expect(said).toHaveLength(1)
  })

  test('at the same moment does it once', async () => {
    const { teams, said } = house
    teams.fault({ kind: 'twice' })

    await teams.say('Ann Onken', '@dr status', { in: home })

    expect(said).toEqual(['ann: status'])
  })
})

describe('what cannot be read', () => {
  test.each(['', '[]', 'null', '"text"', '{', '{"type":', '\u0000'])('%j is answered 400', async (body) => {
    expect((await house.teams.post(body)).status).toBe(400)
  })

  test.each([
    ['{}', 401],
    ['{"type":"message","channelId":"msteams"}', 401],
  ])('%s: whoever sends it is not believed', async (body, status) => {
    expect((await house.teams.post(body)).status).toBe(status)
  })

  test('an activity without the parts of one is answered 400', async () => {
    const { teams } = house

    const answer = await teams.deliver({ channelId: 'msteams', serviceUrl: teams.serviceUrl, type: 5 })

    expect(answer.status).toBe(400)
  })

  test('another channel is answered 401: no key vouches for it', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity

    expect((await teams.deliver({ ...activity, id: 'x', channelId: 'emulator' })).status).toBe(401)
    expect((await teams.deliver({ ...activity, id: 'y', channelId: 'AseChannel' })).status).toBe(401)
    expect((await teams.deliver({ ...activity, id: 'z', channelId: 'webchat' })).status).toBe(401)
    expect(said).toHaveLength(1)
  })

  test('what is too large is answered 413, and GET 405', async () => {
    const large = await fetch(house.url, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })

    expect(large.status).toBe(413)
    const got = await fetch(house.url)
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('an activity of a kind nobody knows is taken and ignored', async () => {
    const { teams, said } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity

    for (const type of ['typing', 'messageReaction', 'endOfConversation', 'delay', 'invokeResponse'])
      expect((await teams.deliver({ ...activity, id: type, type })).status).toBe(200)
    expect((await teams.deliver({ ...activity, id: 'i', type: 'invoke', name: 'task/fetch' })).status).toBe(
      501,
    )
    expect(said).toHaveLength(1)
  })
})

describe('without the check (TEAMS_NO_AUTH)', () => {
  test('only a Teams on this machine is believed', async () => {
    const open = await openTeamsDoorHouse(redis(), { settings: { noAuth: true } })
    try {
      const here = await open.teams.say('Ann Onken', '@dr status', { in: home, flaw: 'no-token' })
      const activity = open.teams.deliveries.at(-1)?.activity
      const away = await open.teams.deliver(
        { ...activity, id: 'x', serviceUrl: 'https://smba.trafficmanager.net/emea/' },
        'no-token',
      )

      expect([here.status, away.status]).toEqual([200, 401])
      expect(open.said).toEqual(['ann: status'])
    } finally {
      await open.stop()
    }
  })
})

test('a token that somebody signed with the published key as a shared secret is refused', async () => {
  const { teams, url } = house
  const keys = (await (await fetch(`${teams.origin}/botframework/v1/.well-known/keys`)).json()) as {
    readonly keys: readonly { readonly kid: string; readonly n: string }[]
  }
  const [first] = keys.keys
  const token = await new SignJWT({ serviceurl: teams.serviceUrl })
    .setProtectedHeader({ alg: 'HS256', kid: first?.kid ?? '' })
    .setIssuer('https://api.botframework.com')
    .setAudience(teams.appId)
    .setExpirationTime('1h')
    .sign(Buffer.from(first?.n ?? '', 'base64url'))

  const body = JSON.stringify({
    type: 'message',
    channelId: 'msteams',
    serviceUrl: teams.serviceUrl,
    from: { id: teams.mri('Ann Onken'), aadObjectId: teamsId('ann') },
  })
  const answer = await fetch(url, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } })

  expect(answer.status).toBe(401)
})
