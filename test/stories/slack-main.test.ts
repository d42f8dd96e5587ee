// The main job told in Slack: from the alert to resolved, with a failover and the way back, by Socket Mode and over HTTP.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { Mode, SlackBot } from '../servers/slack-bot.ts'
import { comes, titled } from './chat-witness.ts'
import { expectNothingTwice } from './slack-witness.ts'

const minute = 60_000
/** On call that Monday; the manager who is called next; the second person who may approve. */
const [bob, mia, max] = ['U0BOB', 'U0MIA', 'U0MAX'] as const

let house: SlackBot

afterEach(() => house.stop())

/** Presses what somebody was sent directly. */
async function pressDirect(user: string, label: string): Promise<void> {
  const { slack } = house
  const message = slack.direct(user).findLast((each) => slack.buttons(each).includes(label))
  const pressed = await slack.press(user, {
    channel: slack.directChannel(user) ?? '',
    ts: message?.ts ?? '',
    label,
  })
  expect(pressed).toMatchObject({ ok: true })
}

/** Only this person sees it. */
function whispered(user: string): string {
  return JSON.stringify(house.slack.ephemerals(user))
}

async function breaks(): Promise<string> {
  const { bot, slack } = house
  bot.world.lb.set('failing')
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await comes(() => house.direct(bob), 'Why you: on call (primary, weekly)', '[I have it]')
  const room = await house.room()
  expect(slack.channel(room).name).toBe('inc-1-lb-20261123')
  await comes(() => house.reads(room), 'INC-1 · lb · nobody has it yet')
  await vi.waitFor(() => {
    const { members, pins, topic } = slack.channel(room)
    expect([...members]).toContain(bob)
    expect(pins).toHaveLength(1)
    expect(topic).toBe('INC-1 · lb · nobody has it yet · lb1 HAProxy is CRITICAL: HTTP CRITICAL')
    expect(slack.bookmarks(room).map(({ title }) => title)).toEqual(['Console', 'Runbook of lb', 'Report'])
  }, patience)
  return room
}

async function isTaken(room: string): Promise<void> {
  await pressDirect(bob, 'I have it')
  await comes(() => house.direct(bob), 'INC-1 · lb · Bob Brandt has it')
  const [page = ''] = house.direct(bob)
  expect(page).not.toContain('[I have it]')
  await comes(() => house.reads(room), 'INC-1 · lb · diagnosing', 'Bob Brandt has it')
  await vi.waitFor(() => expect(house.slack.channel(room).topic).toContain('Bob Brandt has it'), patience)
}

async function clockRunsOut(room: string): Promise<void> {
  const { bot, slack } = house
  await bot.pass(25 * minute)
  await comes(() => house.reads(room), 'left to diagnose INC-1')
  await bot.pass(5 * minute + 1_000)
  const asked = await comes(() => house.direct(mia), '[I am on it]', 'Who has it: **Bob Brandt')
  expect(asked).toContain('Down since')
  expect(asked).toContain(slack.channel(room).id)
  await comes(() => house.reads(room), 'Escalated to rotation managers and group dev')
  await vi.waitFor(() => {
    expect([...slack.channel(room).members]).toEqual(expect.arrayContaining([mia, 'U0DAN', 'U0EVE']))
  }, patience)
  await pressDirect(mia, 'I am on it')
  await comes(() => house.direct(mia), 'Mia Manger')
}

async function isProposed(room: string): Promise<void> {
  const answer = await house.slack.command(bob, 'failover lb', { channel: room })
  expect(answer).toMatchObject({ ok: true, body: { response_type: 'ephemeral' } })
  await comes(() => house.reads(room), 'R-1 · failover lb to backup · waits for approval', '[Approve]')
  expect(titled(house, room, 'R-1')).toContain('127.0.0.12')
}

async function isDone(room: string): Promise<void> {
  const { bot } = house
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done' }), patience)
  await bot.pass(3_000)
  await comes(() => house.reads(room), 'R-1 · failover lb to backup · done', 'works again, watching')
}

async function isResolved(room: string): Promise<void> {
  const { bot, slack } = house
  bot.world.lb.set('ok')
  await bot.notify(service('RECOVERY', 'OK'))
  await bot.pass(2 * minute + 1_000)
  await comes(() => house.reads(room), 'INC-1 · lb · resolved', '[Report]')
  await vi.waitFor(() => {
    expect(slack.files()).toEqual([expect.objectContaining({ channel: room })])
    expect(slack.channel(room).topic).toContain('resolved')
  }, patience)
}

/** The button under the run leads back; what it proposes is approved by whoever must. */
async function goesBack(room: string, approver: string): Promise<void> {
  const { bot } = house
  expect(await house.press(bob, room, 'Propose the way back')).toMatchObject({ ok: true })
  await comes(() => house.reads(room), 'R-2 · failback lb · waits for approval')
  expect(await house.press(approver, room, 'Approve')).toMatchObject({ ok: true })
  await vi.waitFor(async () => expect(await bot.run('R-2')).toMatchObject({ state: 'done' }), patience)
  const record = bot.world.cloudflare.records(bot.world.zone).find((one) => one.name === bot.world.record)
  expect(record).toMatchObject({ content: bot.world.lb.host, ttl: 300 })
  await bot.pass(3_000)
  await comes(() => house.reads(room), 'R-2 · failback lb · done', 'done, undone by R-2')
}

/** The day after, the room is put away. */
async function isPutAway(room: string): Promise<void> {
  const { bot, slack } = house
  // A leap of the clock over a deadline is a late deadline; nothing else is wrong.
  const errors = bot.log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  expect(errors.filter((message) => !message.startsWith('a deadline was missed'))).toEqual([])
  await bot.pass(24 * 60 * minute)
  await vi.waitFor(() => expect(slack.channel(room).archived).toBe(true), patience)
}

test.each<Mode>(['socket', 'http'])(
  'an outage is paged, taken, escalated, ended by a failover, and undone, all in Slack (%s)',
  async (mode) => {
    house = await startSlackBot(undefined, { mode })
    const room = await breaks()
    await isTaken(room)
    await clockRunsOut(room)

    await isProposed(room)
    expect(await house.press(bob, room, 'Approve')).toMatchObject({ ok: true })

    await isDone(room)
    await isResolved(room)
    await goesBack(room, bob)
    await isPutAway(room)
    const { slack } = house
    expect(slack.calls.filter((call) => call.outcome !== 'ok')).toEqual([])
    expectNothingTwice(slack)
  },
  90_000,
)

test.each<Mode>(['socket', 'http'])(
  'a failover that can lose data wants a second person, who finds the button in Slack (%s)',
  async (mode) => {
    const risky = (plan: string) => plan.replace(/(- name: backup\n\s+risk: )reversible/, '$1loses-data')
    house = await startSlackBot(risky, { mode })
    const room = await breaks()
    await isTaken(room)
    await isProposed(room)

    expect(await house.press(bob, room, 'Approve')).toMatchObject({ ok: true })
    await vi.waitFor(() => expect(whispered(bob)).toContain('somebody else than you'), patience)
    expect(await house.bot.run('R-1')).toMatchObject({ state: 'proposed', approvals: [] })

    expect(await house.press(max, room, 'Approve')).toMatchObject({ ok: true })
    await isDone(room)
    expect(await house.bot.run('R-1')).toMatchObject({ approvals: [{ by: 'max', door: 'slack' }] })
    await isResolved(room)
    await goesBack(room, mia)
    await isPutAway(room)
    expectNothingTwice(house.slack)
  },
  90_000,
)
