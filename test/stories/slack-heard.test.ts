// What is said at one door is heard where it matters: in the rooms, and by who had the incident before.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'
import { mentions, whileTimePasses } from './chat-witness.ts'

const [bob, ann] = ['U0BOB', 'U0ANN'] as const

let house: SlackBot
let room: string

/** An outage that Bob has, with its room. */
async function underWay(): Promise<void> {
  house = await startSlackBot()
  await house.bot.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)
  expect(await house.bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  room = await house.room()
}

beforeEach(underWay)
afterEach(() => house.stop())

test('who takes an incident over is told whose it was; the room and who had it are told who has it', async () => {
  const { bot } = house

  const answer = await bot.say('ann', 'ack INC-1')

  expect(answer.text).toContain('You have it now; Bob Brandt, who had it, is told.')
  const words = 'Ann Onken has it now (before: Bob Brandt)'
  await whileTimePasses([bot], () => expect(mentions(house, room, words)).toBe(1))
  await whileTimePasses([bot], () => {
    const [page, told, ...more] = house.direct(bob)
    expect(more).toEqual([])
    expect(page).toContain('Ann Onken has it (before: Bob Brandt)')
    expect(page).not.toContain('I have it')
    expect(told).toContain('Ann Onken has it')
  })
  expect(house.direct(ann)).toEqual([])
  const report = await bot.say('ann', 'report INC-1')
  expect(report.text).toContain('It was in the hands of Bob Brandt, then of Ann Onken.')
}, 60_000)

test('a note is read in the room whatever door it came by; one that stands there is not said again', async () => {
  const { bot, slack } = house

  await slack.command(bob, 'note the certificates are fine', { channel: room })
  await bot.say('ann', 'note INC-1 the provider is called')
  await slack.write(bob, room, ':memo: the disk is full')

  const notes = async (): Promise<readonly string[]> =>
    (await bot.app().store.timeline('INC-1')).filter(({ type }) => type === 'note').map(({ text }) => text)
  await vi.waitFor(async () => expect(await notes()).toHaveLength(3), patience)
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  expect(mentions(house, room, 'Bob Brandt noted: the certificates are fine')).toBe(1)
  expect(mentions(house, room, 'Ann Onken noted: the provider is called')).toBe(1)
  expect(mentions(house, room, 'the disk is full')).toBe(1)
}, 60_000)

test('a freeze, its end and an override are heard in the room of every open incident', async () => {
  const { bot } = house

  await bot.say('ann', 'freeze the provider is working on it')
  await bot.say('ann', 'unfreeze')
  await bot.say('ann', 'oncall override ann 2026-11-24T09:00 2026-11-25T09:00')

  await whileTimePasses([bot], () => {
    expect(mentions(house, room, 'Recoveries are frozen: the provider is working on it')).toBe(1)
    expect(mentions(house, room, 'Recoveries may start again')).toBe(1)
    expect(mentions(house, room, 'Ann Onken takes the rotation primary from 2026-11-24 09:00')).toBe(1)
  })
}, 60_000)

test('an outage that comes back by another object says so in the room, and is called by what is broken now', async () => {
  const { bot } = house
  await bot.notify(service('RECOVERY', 'OK', { SERVICEPROBLEMID: 0, LASTSERVICEPROBLEMID: 1 }))
  await vi.waitFor(async () => expect(await bot.incident()).toMatchObject({ state: 'watching' }), patience)

  await bot.notify(service('PROBLEM', 'CRITICAL', { HOSTNAME: 'lb2', SERVICEPROBLEMID: 7 }))

  const now = 'lb2 HAProxy is CRITICAL: HTTP CRITICAL'
  await whileTimePasses([bot], () =>
    expect(mentions(house, room, `Broken again while it was being watched: ${now}`)).toBe(1),
  )
  await whileTimePasses([bot], () => {
    expect(house.slack.channel(room).topic).toContain(now)
    const card = house.reads(room).find((text) => text.startsWith('# ')) ?? ''
    expect(card).toContain('1 problem now')
    expect(card).toContain('recovered: lb1 HAProxy')
    expect(house.direct(bob).at(-1)).toContain(`# 🔴 INC-1 lb: ${now}`)
  })
}, 60_000)
