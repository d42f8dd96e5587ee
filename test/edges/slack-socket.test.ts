// Socket Mode: the bot needs no Slack to start, finds its way back by itself, and loses or doubles nothing on the way.
import { afterEach, expect, test, vi } from 'vitest'
import { oneRedis } from '../servers/one-redis.ts'
import { connected, openDoorHouse, room, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const redis = oneRedis()
/** Far more than a stop takes on a busy machine, and half of what a call to Slack may take; in milliseconds. */
const moments = 10_000
let house: DoorHouse
afterEach(() => house.stop())

test('holds two connections, so that one is there while Slack recycles the other', async () => {
  house = await openDoorHouse(redis())

  expect(house.slack.sockets()).toBe(2)
  expect(house.door.health()).toEqual({ ok: true })
})

test.each(['warning', 'refresh_requested', 'abrupt'] as const)(
  'is back by itself after all connections were dropped: %s',
  async (how) => {
    house = await openDoorHouse(redis())
    const before = house.slack.calls.filter(({ method }) => method === 'apps.connections.open').length

    house.slack.dropSockets(how)
    await vi.waitFor(
      () =>
        expect(
          house.slack.calls.filter(({ method }) => method === 'apps.connections.open').length,
        ).toBeGreaterThanOrEqual(before + 2),
      { timeout: 5_000, interval: 5 },
    )
    await connected(house)

    expect((await house.slack.command('U0ANN', 'status')).ok).toBe(true)
  },
)

test('starts while Slack is away, says so, and connects when it comes back', async () => {
  house = await openDoorHouse(redis())
  await house.slack.down()
  await vi.waitFor(() => expect(house.door.health().ok).toBe(false), 3_000)

  expect(house.door.health().text).toContain('Slack cannot reach the bot')
  await vi.waitFor(() => expect(house.lines.join('\n')).toContain('warn Slack cannot be connected to'), 3_000)
  await house.slack.up()
  await connected(house)

  expect((await house.slack.command('U0ANN', 'status')).ok).toBe(true)
})

test('is asked to wait a day before it connects: that is said, and not waited for', async () => {
  house = await openDoorHouse(redis())
  house.slack.fault({ kind: 'rate-limit', retryAfter: 86_400, methods: ['apps.connections.open'] })

  house.slack.dropSockets()

  await vi.waitFor(
    () => expect(house.door.health().text).toContain('asks to be left alone far longer than it ever does'),
    3_000,
  )
})

test('says loudly what to do when Slack refuses the token, and goes on trying slowly', async () => {
  house = await openDoorHouse(redis())
  house.slack.refuseTokens('invalid_auth')
  house.slack.dropSockets()

  await vi.waitFor(() => expect(house.door.health().text).toContain('SLACK_APP_TOKEN is not valid'), 3_000)
  const opened = house.slack.calls.filter(({ method }) => method === 'apps.connections.open').length
  const errors = house.lines.filter((line) => line.startsWith('error Slack refuses the connection'))

  expect(errors).toHaveLength(1)
  expect(opened).toBeLessThan(8)
})

test('leaves a connection that is silent, and opens another', async () => {
  house = await openDoorHouse(redis())
  house.slack.fault({ kind: 'freeze-sockets' })
  await vi.waitFor(() => expect(house.door.health().ok).toBe(false), { timeout: 12_000, interval: 50 })

  house.slack.fault()
  await connected(house)

  expect((await house.slack.command('U0ANN', 'status')).ok).toBe(true)
}, 30_000)

test('loses nothing and does nothing twice while the sockets are dropped again and again', async () => {
  house = await openDoorHouse(redis())
  await house.outage()
  house.slack.fault({ kind: 'drop-sockets', ms: 400 })

  const outcomes = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      await new Promise((resolve) => void setTimeout(resolve, n * 50))
      const outcome = await house.slack.command('U0ANN', `note number ${n}.`, { channel: room })
      return { n, outcome }
    }),
  )

  const answered = outcomes.filter(({ outcome }) => outcome.ok)
  for (const { n, outcome } of answered) {
    expect(house.said.filter((text) => text === `ann: note number ${n}.`)).toHaveLength(1)
    expect(shown(outcome.body)).toContain('Noted in')
  }
  expect(new Set(house.said).size).toBe(house.said.length)
  const reached = outcomes.filter(
    ({ outcome }) => outcome.by === 'socket' && outcome.error !== 'dispatch_failed',
  )
  expect(answered.length).toBe(reached.length)
  expect(answered.length).toBeGreaterThan(20)
}, 30_000)

test('does events that come while the sockets are dropped exactly once', async () => {
  house = await openDoorHouse(redis(), {
    slack: { retryAfter: [200, 400, 800, 1_600, 1_600], ackWithin: 1_000 },
  })
  await house.outage()
  house.slack.fault({ kind: 'drop-sockets', ms: 300 })

  for (let n = 0; n < 20; n += 1) {
    void house.slack.directMessage('U0ANN', `note INC-1 event ${n}.`)
    await new Promise((resolve) => void setTimeout(resolve, 60))
  }
  house.slack.fault()

  await vi.waitFor(() => expect(new Set(house.said).size).toBe(20), 8_000)
  expect(house.said).toHaveLength(20)
}, 20_000)

test('answers one command after the other in its acknowledgement while Slack hangs', async () => {
  house = await openDoorHouse(redis())
  house.slack.fault({ kind: 'hang' })

  const answers: string[] = []
  for (let n = 0; n < 50; n += 1) answers.push(shown((await house.slack.command('U0ANN', 'status')).body))

  expect(answers.filter((answer) => !answer.includes('All quiet'))).toEqual([])
})

test('is stopped within moments, with connections or without', async () => {
  house = await openDoorHouse(redis())
  const started = performance.now()

  await house.door.stop()

  expect(performance.now() - started).toBeLessThan(moments)
  await vi.waitFor(() => expect(house.slack.sockets()).toBe(0))
})

test('is stopped within moments while Slack hangs', async () => {
  house = await openDoorHouse(redis())
  house.slack.fault({ kind: 'hang' })
  house.slack.dropSockets()
  await vi.waitFor(() => expect(house.door.health().ok).toBe(false))
  const started = performance.now()

  await house.door.stop()

  expect(performance.now() - started).toBeLessThan(moments)
})

test('connects also when each call to Slack takes ten seconds', async () => {
  house = await openDoorHouse(redis())
  house.slack.fault({ kind: 'slow', ms: 10_000, methods: ['apps.connections.open'] })
  house.slack.dropSockets()
  await vi.waitFor(() => expect(house.door.health().ok).toBe(false))

  await vi.waitFor(() => expect(house.door.health().ok).toBe(true), 13_000)

  expect((await house.slack.command('U0ANN', 'status')).ok).toBe(true)
}, 30_000)

test('is stopped within moments while Slack refuses it', async () => {
  house = await openDoorHouse(redis())
  await house.slack.down()
  const started = performance.now()

  await house.door.stop()

  expect(performance.now() - started).toBeLessThan(moments)
})

test('does what came in although its acknowledgement went down with the connection, and only once', async () => {
  house = await openDoorHouse(redis(), { slack: { retryAfter: [100, 400], ackWithin: 1_500 } })
  await house.outage()

  redis().freeze()
  const event = house.slack.directMessage('U0ANN', 'note INC-1 by message')
  const command = house.slack.command('U0ANN', 'note by command', { channel: room })
  await vi.waitFor(() => expect(house.slack.sockets()).toBe(2))
  await new Promise((resolve) => void setTimeout(resolve, 100))
  house.slack.dropSockets()
  redis().thaw()
  await Promise.all([event, command])

  await vi.waitFor(
    () => expect(house.said.toSorted()).toEqual(['ann: note INC-1 by message', 'ann: note by command']),
    5_000,
  )
  await vi.waitFor(() => expect(shown(house.slack.ephemerals('U0ANN').at(-1))).toContain('Noted in'), 3_000)
  await connected(house)
  expect(house.said).toHaveLength(2)
}, 20_000)
