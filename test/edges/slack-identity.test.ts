// Who somebody in Slack is: the plan's Slack id first, then an e-mail address that Slack vouches for; else told what to do.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import { createIdentity } from '../../src/chat/slack/inbound/identity.ts'
import { SlackRefusal } from '../../src/chat/slack/api.ts'
import { readFileSync } from 'node:fs'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { RetryableError } from '../../src/errors.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'
import { openDoorHouse, room, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const people = [
  { id: 'U0BYMAIL', name: 'annother', email: 'ANN@example.com' },
  { id: 'U0MAYBE', name: 'maybe', email: 'ann@example.com', confirmed: false },
  { id: 'U0GONE', name: 'gone', email: 'ann@example.com' },
]
const redis = oneRedis()
let house: DoorHouse
beforeEach(async () => {
  house = await openDoorHouse(redis(), { people })
})
afterEach(() => house.stop())

/** The plan without Ann's Slack id. */
function withoutSlackId(plan: DrPlan): DrPlan {
  const { ann, ...others } = plan.people
  if (!ann) throw new Error('the example plan has no ann')
  const { slack: _slack, ...bare } = ann
  return { ...plan, people: { ...others, ann: bare } }
}

test('knows somebody by e-mail, whatever its case, when the plan has no Slack id of theirs', async () => {
  house.setPlan(withoutSlackId)

  await house.slack.command('U0BYMAIL', 'status')

  expect(house.said).toEqual(['ann: status'])
})

test('asks Slack once in ten minutes who somebody is', async () => {
  house.setPlan(withoutSlackId)

  for (let n = 0; n < 3; n += 1) await house.slack.command('U0BYMAIL', 'status')

  expect(house.slack.calls.filter(({ method }) => method === 'users.info')).toHaveLength(1)
  expect(house.said).toHaveLength(3)
})

test('says once a minute in the log that somebody unknown speaks, not as often as they do', async () => {
  for (let n = 0; n < 5; n += 1) await house.slack.command('U0GONE', 'status')

  expect(house.lines.filter((line) => line.includes('somebody unknown spoke'))).toHaveLength(1)
})

test('tells somebody unknown the same once in ten minutes, so that nobody can keep answers from others', async () => {
  await house.outage()
  const at = await house.post({
    title: 'A card',
    tone: 'quiet',
    buttons: [{ label: 'I have it', command: 'ack', style: 'plain' }],
  })
  const refusals = () =>
    [...house.slack.direct('U0STRANGER'), ...house.slack.ephemerals('U0STRANGER')].filter((message) =>
      shown(message).includes('does not know you'),
    )
  const flood = async () => {
    for (let count = 0; count < 5; count += 1) {
      await house.slack.press('U0STRANGER', { ...at, label: 'I have it' })
      await house.slack.mention('U0STRANGER', room, `status ${count}`)
      await house.slack.write('U0STRANGER', room, ':memo: buy this')
      await house.slack.react('U0STRANGER', room, at.ts, 'memo')
    }
  }

  await flood()
  await vi.waitFor(() => expect(refusals()).toHaveLength(1), 3_000)
  await house.slack.press('U0ANN', { ...at, label: 'I have it' })
  await vi.waitFor(() => expect(shown(house.slack.ephemerals('U0ANN'))).toContain('You have it'), 3_000)
  house.engine.away(11 * 60_000)
  await flood()
  await house.door.stop()

  expect(refusals()).toHaveLength(2)
  expect(house.said).toEqual(['ann: ack'])
})

test('tells whom Slack does not vouch for just now each time: it may be somebody of the plan', async () => {
  house.slack.fault({ kind: 'hang', methods: ['users.info'] })

  await house.slack.directMessage('U0BYMAIL', 'status')
  await house.slack.directMessage('U0BYMAIL', 'status')

  const unsure = () =>
    house.slack
      .direct('U0BYMAIL')
      .filter((message) => shown(message).includes('Slack does not say who you are'))
  await vi.waitFor(() => expect(unsure()).toHaveLength(2), 5_000)
})

test('does not go by the e-mail of somebody whom the plan knows by another Slack id', async () => {
  const answer = await house.slack.command('U0BYMAIL', 'status')

  expect(shown(answer.body)).toContain('slack: U0BYMAIL')
  expect(house.said).toEqual([])
})

test('does not go by an e-mail that two people of the plan have', async () => {
  house.setPlan((plan) => {
    const bare = withoutSlackId(plan)
    const { ann, bob } = bare.people
    return ann && bob
      ? { ...bare, people: { ...bare.people, bob: { ...bob, email: 'ann@example.com' } } }
      : bare
  })

  await house.slack.command('U0BYMAIL', 'status')

  expect(house.said).toEqual([])
})

test('does not go by an e-mail that nobody confirmed, nor by that of a deactivated account', async () => {
  house.setPlan(withoutSlackId)
  house.slack.deactivate('U0GONE')

  await house.slack.command('U0MAYBE', 'status')
  const gone = await house.slack.command('U0GONE', 'status')

  expect(shown(gone.body)).toContain('deactivated')
  expect(house.said).toEqual([])
})

test('refuses people of other workspaces, and does not tell them how to be let in', async () => {
  const answer = await house.slack.command('U0GUEST', 'status')

  expect(shown(answer.body)).toContain('another workspace')
  expect(shown(answer.body)).not.toContain('slack: U0GUEST')
  expect(house.said).toEqual([])
})

test('answers in the acknowledgement when Slack does not say who somebody is', async () => {
  house.slack.fault({ kind: 'hang', methods: ['users.info'] })

  const answer = await house.slack.command('U0STRANGER', 'status')

  expect(answer.ok).toBe(true)
  expect(shown(answer.body)).toContain('Slack does not say who you are')
  expect(house.said).toEqual([])
})

test('forgets at once that somebody was unknown when the plan names them', async () => {
  await house.slack.command('U0STRANGER', 'status')
  house.setPlan((plan) => {
    const { ann } = plan.people
    return ann
      ? { ...plan, people: { ...plan.people, zoe: { ...ann, name: 'Zoe', slack: 'U0STRANGER' } } }
      : plan
  })

  await vi.waitFor(async () => expect((await house.slack.command('U0STRANGER', 'status')).ok).toBe(true))

  expect(house.said).toEqual(['zoe: status'])
})

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
const user = { id: 'U9', team_id: 'T1', profile: { email: 'ann@example.com' } }

function identityAnswering(answer: object | Error): (slack: string) => Promise<object> {
  if ('errors' in loaded) throw new Error('the example plan is broken')
  const plan = withoutSlackId(loaded.plan)
  const identity = createIdentity({
    api: {
      call: async () => {
        if (answer instanceof Error) throw answer
        return { ok: true, user: { ...user, ...answer } }
      },
    },
    plan: () => plan,
    team: () => 'T1',
    clock: { now: () => 0, real: (duration) => duration, after: () => () => {} },
    log: silent,
  })
  return identity.personOf
}

test.each([
  ['a guest', { is_restricted: true }],
  ['a guest of one channel', { is_ultra_restricted: true }],
  ['a bot', { is_bot: true }],
  ['an app', { is_app_user: true }],
  ['a stranger of a shared channel', { is_stranger: true }],
  ['somebody of another workspace', { team_id: 'T2' }],
  ['somebody without an address', { profile: {} }],
  ['somebody whom Slack does not show', new SlackRefusal('user_not_visible', 'not visible')],
  ['anybody while Slack is away', new RetryableError('no answer')],
  ['anybody when Slack answers nonsense', { id: 7 }],
])('does not take %s for a person of the plan', async (_, answer) => {
  expect(await identityAnswering(answer)('U9')).toHaveProperty('refusal')
})

test('knows somebody by the id that the whole enterprise has', async () => {
  expect(await identityAnswering({ profile: {}, enterprise_user: { id: 'U0BOB' } })('U9')).toEqual({
    person: 'bob',
  })
  expect(await identityAnswering({})('U9')).toEqual({ person: 'ann' })
})
