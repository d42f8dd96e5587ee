// The main job told in Teams: from the alert to resolved, with a failover that a second person approves, and the way back.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { patience, startTeamsBot } from '../servers/teams-bot.ts'
import type { TeamsBot } from '../servers/teams-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { comes, titled } from './chat-witness.ts'
import { expectNothingTwice } from './teams-witness.ts'

const minute = 60_000
/** On call that Monday; the manager who is called next; who may approve; one of the dev team. */
const [bob, mia, max, dan] = ['bob', 'mia', 'max', 'dan'].map(teamsId) as [string, string, string, string]

let house: TeamsBot

afterEach(() => house.stop())

/** Everything that can be pressed in the room. */
function titlesOf(room: string): readonly string[] {
  return house.teams.messages(room).flatMap(({ id }) => house.teams.labels(id))
}

/** What the one who pressed was shown. */
function told({ body }: Awaited<ReturnType<TeamsBot['press']>>): string {
  return String((body as { readonly value?: unknown } | undefined)?.value)
}

function pressDirect(user: string, label: string): ReturnType<TeamsBot['press']> {
  return house.press(user, house.teams.chat(user), label)
}

async function breaks(): Promise<string> {
  const { bot, teams } = house
  bot.world.lb.set('failing')
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await comes(() => house.direct(bob), 'Why you: on call (primary, weekly)')
  const [page] = teams.direct(bob)
  expect(page).toMatchObject({ alert: true })
  expect(teams.buttons(page?.id ?? '')).toContain('I have it')
  const room = await house.room()
  await comes(() => house.reads(room), 'INC-1 · lb · nobody has it yet', 'HTTP CRITICAL')
  return room
}

async function isTaken(room: string): Promise<void> {
  expect(told(await pressDirect(bob, 'I have it'))).toContain('You have it')
  await comes(() => house.direct(bob), 'INC-1 · lb · Bob Brandt has it')
  const pages = house.teams.direct(bob)
  expect(pages).toHaveLength(1)
  expect(house.teams.buttons(pages[0]?.id ?? '')).toEqual([])
  await comes(() => house.reads(room), 'INC-1 · lb · diagnosing', 'Bob Brandt has it')
}

async function clockRunsOut(room: string): Promise<void> {
  const { bot } = house
  await bot.pass(25 * minute)
  await comes(() => house.reads(room), 'left to diagnose INC-1')
  await bot.pass(5 * minute + 1_000)
  const asked = await comes(() => house.direct(mia), 'Who has it\nBob Brandt', 'Down since')
  expect(asked).toContain('Why you')
  await comes(() => house.reads(room), 'Escalated to rotation managers and group dev')
  await comes(() => house.direct(dan), 'Why you: in group dev')
  expect(told(await pressDirect(mia, 'I am on it'))).toContain('you are in it too')
  await comes(() => house.direct(mia), 'Mia Manger is on it')
}

/** Bob types it in the room; its card comes once, and what he is answered points at it. */
async function isProposed(room: string): Promise<void> {
  expect(await house.teams.say(bob, '@dr failover lb', { in: room })).toMatchObject({ ok: true })
  await comes(() => house.reads(room), 'R-1 · failover lb to backup · waits for approval', 'stands here')
  expect(titled(house, room, 'R-1 · ')).toContain('127.0.0.12')
}

async function isDone(room: string): Promise<void> {
  const { bot } = house
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done' }), patience)
  await bot.pass(3_000)
  await comes(() => house.reads(room), 'R-1 · failover lb to backup · done', 'works again, watching')
  expect(titled(house, room, 'R-1 · ')).toContain('✓')
}

async function isResolved(room: string): Promise<void> {
  const { bot } = house
  bot.world.lb.set('ok')
  await bot.notify(service('RECOVERY', 'OK'))
  await bot.pass(2 * minute + 1_000)
  await comes(() => house.reads(room), 'INC-1 · lb · resolved')
  await vi.waitFor(() => expect(titlesOf(room)).toContain('Report'), patience)
  await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), patience)
}

/** The button under the run leads back; what it proposes is approved by whoever must. */
async function goesBack(room: string, approve: () => ReturnType<TeamsBot['press']>): Promise<void> {
  const { bot } = house
  expect(told(await house.press(bob, room, 'Propose the way back'))).toContain('R-2')
  await comes(() => house.reads(room), 'R-2 · failback lb · waits for approval')
  expect(await approve()).toMatchObject({ ok: true })
  await vi.waitFor(async () => expect(await bot.run('R-2')).toMatchObject({ state: 'done' }), patience)
  const record = bot.world.cloudflare.records(bot.world.zone).find((one) => one.name === bot.world.record)
  expect(record).toMatchObject({ content: bot.world.lb.host, ttl: 300 })
  await bot.pass(3_000)
  await comes(() => house.reads(room), 'R-2 · failback lb · done', 'done, undone by R-2')
}

/** Each thing is said once, and nothing went wrong on the way. */
async function isQuiet(room: string): Promise<void> {
  const { bot, teams } = house
  // A leap of the clock over a deadline is a late deadline; nothing else is wrong.
  const errors = bot.log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  expect(errors.filter((message) => !message.startsWith('a deadline was missed'))).toEqual([])
  expect(teams.calls.filter((call) => call.outcome !== 'ok')).toEqual([])
  const texts = house.reads(room)
  expect(new Set(texts).size).toBe(texts.length)
  await bot.pass(24 * 60 * minute)
  await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), patience)
}

function withRisk(risk: string): (plan: string) => string {
  return (plan) => plan.replace(/(- name: backup\n\s+risk: )reversible/, `$1${risk}`)
}

test('an outage is paged, taken, escalated, ended by a failover whose target another person types, and undone, all in Teams', async () => {
  house = await startTeamsBot(withRisk('disruptive'))
  const room = await breaks()
  await isTaken(room)
  await clockRunsOut(room)
  await isProposed(room)

  const wrong = await house.press(mia, room, 'Approve…', { typed1: 'api' })
  expect(told(wrong)).toContain('Not done')
  expect(await house.bot.run('R-1')).toMatchObject({ state: 'proposed', approvals: [] })
  expect(await house.press(mia, room, 'Approve…', { typed1: 'backup' })).toMatchObject({ ok: true })

  await isDone(room)
  expect(await house.bot.run('R-1')).toMatchObject({ approvals: [{ by: 'mia', door: 'teams' }] })
  await isResolved(room)
  await goesBack(room, () => house.press(mia, room, 'Approve…', { typed1: 'lb' }))
  await isQuiet(room)
  expectNothingTwice(house.teams)
}, 90_000)

test('a failover that can lose data wants a second person, who finds the button in Teams', async () => {
  house = await startTeamsBot(withRisk('loses-data'))
  const room = await breaks()
  await isTaken(room)
  await isProposed(room)

  expect(told(await house.press(bob, room, 'Approve…'))).toContain('somebody else than you')
  expect(await house.bot.run('R-1')).toMatchObject({ state: 'proposed', approvals: [] })

  expect(await house.press(max, room, 'Approve…')).toMatchObject({ ok: true })
  await isDone(room)
  expect(await house.bot.run('R-1')).toMatchObject({ approvals: [{ by: 'max', door: 'teams' }] })
  await isResolved(room)
}, 90_000)

test('what Teams asks for by itself shows a card as somebody may see it, and does nothing', async () => {
  house = await startTeamsBot((plan) => plan.replace(/(name: Dan.*?roles: )\[[^\]]*\]/s, '$1[viewer]'))
  const { bot, teams } = house
  const room = await breaks()
  const [card] = teams.messages(room)
  const id = card?.id ?? ''
  await vi.waitFor(() => {
    const { userIds } = (teams.card(id)?.['refresh'] ?? {}) as { readonly userIds?: readonly string[] }
    expect(userIds).toEqual(expect.arrayContaining([teams.mri(bob), teams.mri(dan)]))
  }, patience)
  await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), patience)
  const before = await bot.app().store.timeline('INC-1')

  for (const user of [bob, dan]) expect(await teams.look(user, id)).toMatchObject({ status: 200 })

  expect(teams.labels(id, bob)).toEqual(teams.labels(id))
  expect(teams.shown(id, dan)).toContain('INC-1 · lb · nobody has it yet')
  expect(teams.buttons(id, dan).length).toBeLessThan(teams.buttons(id).length)
  expect(await bot.app().store.timeline('INC-1')).toEqual(before)
  expect(await bot.incident()).toMatchObject({ state: 'paging' })
}, 60_000)

test('with a channel for each incident commands in any of its threads are about it, and it is archived in the end', async () => {
  house = await startTeamsBot((plan) => plan.replace(/(^teams:\n(?:.*\n)*?\s+rooms: )threads/m, '$1channels'))
  const { teams } = house
  const room = await breaks()
  const own = (): ReturnType<typeof teams.channels>[number] | undefined =>
    teams.channels().find(({ id }) => id === room)
  expect(own()?.name).toBe('inc-1-lb-20261123')

  expect(await teams.say(bob, '@dr ack', { in: room })).toMatchObject({ ok: true })
  await comes(() => house.reads(room), 'You have it', 'INC-1 · lb · diagnosing')
  await isProposed(room)
  expect(await house.press(bob, room, 'Approve')).toMatchObject({ ok: true })
  await isDone(room)
  await isResolved(room)
  await isQuiet(room)

  await vi.waitFor(() => expect(own()).toMatchObject({ archived: true }), patience)
}, 90_000)
