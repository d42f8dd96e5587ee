// One outage in Slack and in Teams at once: one person in each, one record, and the second approval from the other chat.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { startBothBot } from '../servers/both-bot.ts'
import type { BothBot } from '../servers/both-bot.ts'
import { patience } from '../servers/slack-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { whileTimePasses } from './chat-witness.ts'
import * as slackWitness from './slack-witness.ts'
import * as teamsWitness from './teams-witness.ts'

const minute = 60_000
/** On call that Monday, in Slack alone; and who may approve, in Teams alone. */
const [bob, max] = ['U0BOB', teamsId('max')] as const

let house: BothBot

afterEach(() => house.stop())

interface Rooms {
  readonly slack: string
  readonly teams: string
}

/** Bob is in Slack alone and Max in Teams alone; the failover can lose data. */
function oneInEach(plan: string): string {
  return plan
    .replace(/(slack: U0BOB\n) +teams: \S+\n/, '$1')
    .replace(/ +slack: U0MAX\n/, '')
    .replace(/ +email: max@example.com\n/, '')
    .replace(/(- name: backup\n\s+risk: )reversible/, '$1loses-data')
}

function slackReads({ slack }: Rooms): readonly string[] {
  return house.inSlack.reads(slack)
}

function teamsReads({ teams }: Rooms): readonly string[] {
  return house.inTeams.reads(teams)
}

/** What both rooms come to show. */
async function bothShow(rooms: Rooms, ...texts: readonly string[]): Promise<void> {
  await vi.waitFor(() => {
    for (const read of [slackReads, teamsReads])
      for (const text of texts) expect(read(rooms).join('\n\n')).toContain(text)
  }, patience)
}

function count(all: readonly string[], text: string): number {
  return all.filter((each) => each.includes(text)).length
}

async function breaks(): Promise<Rooms> {
  const { bot, inSlack, inTeams } = house
  bot.world.lb.set('failing')
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(() => expect(inSlack.direct(bob).join()).toContain('Why you: on call'), patience)
  const rooms = { slack: await inSlack.room(), teams: await inTeams.room() }
  await bothShow(rooms, 'INC-1 · lb · nobody has it yet', 'HTTP CRITICAL')
  return rooms
}

/** People in each find the way to the other, and the console to both. */
async function leadToEachOther(rooms: Rooms): Promise<void> {
  const { bot, inSlack, inTeams } = house
  await vi.waitFor(() => {
    expect(inSlack.slack.bookmarks(rooms.slack).map(({ title }) => title)).toContain('Room in Teams')
    expect(count(slackReads(rooms), 'Also in Teams')).toBe(1)
    expect(count(teamsReads(rooms), 'Also in Slack')).toBe(1)
    expect(slackReads(rooms).join()).toContain('Room in Teams')
    expect(inTeams.teams.messages(rooms.teams).flatMap(({ id }) => inTeams.teams.labels(id))).toContain(
      'Room in Slack',
    )
    // Who is in one chat alone is not missed in the other.
    for (const read of [slackReads, teamsReads]) expect(read(rooms).join()).not.toContain('not yet')
  }, patience)
  expect(count(slackReads(rooms), 'Also in Slack') + count(teamsReads(rooms), 'Also in Teams')).toBe(0)
  const links = (await bot.incident()).rooms.map(({ link }) => link)
  const status = await bot.say('ann', 'status INC-1')
  for (const link of links.slice(1)) expect(status.text).toContain(link)
}

async function isTakenInSlack(rooms: Rooms): Promise<void> {
  const { slack } = house.inSlack
  const page = slack.direct(bob).findLast((each) => slack.buttons(each).includes('I have it'))
  const channel = slack.directChannel(bob) ?? ''
  expect(await slack.press(bob, { channel, ts: page?.ts ?? '', label: 'I have it' })).toMatchObject({
    ok: true,
  })
  await bothShow(rooms, 'INC-1 · lb · diagnosing', 'Bob Brandt has it (in Slack)')
}

async function isNotedInTeams(rooms: Rooms): Promise<void> {
  const { teams } = house.inTeams
  expect(await teams.say(max, '@dr note the certificates are fine', { in: rooms.teams })).toMatchObject({
    ok: true,
  })
  await vi.waitFor(
    () => expect(slackReads(rooms)).toContain('Max Moser noted in Teams: the certificates are fine'),
    patience,
  )
}

async function isProposedInSlack(rooms: Rooms): Promise<void> {
  const { bot, inSlack } = house
  expect(await inSlack.slack.command(bob, 'failover lb', { channel: rooms.slack })).toMatchObject({
    ok: true,
  })
  await bothShow(rooms, 'R-1 · failover lb to backup · waits for approval')
  expect(await inSlack.press(bob, rooms.slack, 'Approve')).toMatchObject({ ok: true })
  await vi.waitFor(
    () => expect(JSON.stringify(inSlack.slack.ephemerals(bob))).toContain('somebody else than you'),
    patience,
  )
  expect(await bot.run('R-1')).toMatchObject({ state: 'proposed', approvals: [] })
}

async function isApprovedInTeams(rooms: Rooms): Promise<void> {
  const { bot, inTeams } = house
  expect(await inTeams.press(max, rooms.teams, 'Approve…')).toMatchObject({ ok: true })
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done' }), patience)
  await bot.pass(3_000)
  await bothShow(rooms, 'R-1 · failover lb to backup · done', 'works again, watching', 'Max Moser')
  expect(await bot.run('R-1')).toMatchObject({
    askedBy: 'bob',
    door: 'slack',
    approvals: [{ by: 'max', door: 'teams' }],
  })
}

async function isResolved(rooms: Rooms): Promise<void> {
  const { bot } = house
  bot.world.lb.set('ok')
  await bot.notify(service('RECOVERY', 'OK'))
  await bot.pass(2 * minute + 1_000)
  await bothShow(rooms, 'INC-1 · lb · resolved')
}

/** Who did what by which door, as the one record has it. */
async function doors(): Promise<readonly string[]> {
  const events = await house.bot.app().store.timeline('INC-1')
  return events.map(({ by, type }) => `${type} ${by.person} ${by.door}`)
}

/** What was said once in each room is there once, and nothing went wrong. */
async function isToldOnce(rooms: Rooms): Promise<void> {
  const { bot, inSlack, inTeams } = house
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  slackWitness.expectNothingTwice(inSlack.slack)
  teamsWitness.expectNothingTwice(inTeams.teams)
  expect(count(teamsReads(rooms), 'noted in Teams')).toBe(0)
  const errors = bot.log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  expect(errors.filter((message) => !message.startsWith('a deadline was missed'))).toEqual([])
}

test('an outage lives in both chats: taken in Slack, noted in Teams, ordered in Slack, approved in Teams, and each sees all of it', async () => {
  house = await startBothBot(oneInEach)
  const rooms = await breaks()
  await leadToEachOther(rooms)
  await isTakenInSlack(rooms)
  await isNotedInTeams(rooms)
  await isProposedInSlack(rooms)
  await isApprovedInTeams(rooms)
  await isResolved(rooms)
  await isToldOnce(rooms)
  expect(await doors()).toEqual(
    expect.arrayContaining([
      'acknowledged bob slack',
      'note max teams',
      'run.proposed bob slack',
      'run.approved max teams',
    ]),
  )
}, 90_000)

test('who is in both chats is paged in both, and the answer in one takes the button from the other', async () => {
  house = await startBothBot()
  const { bot, inSlack, inTeams } = house
  const inTeamsToo = teamsId('bob')
  bot.world.lb.set('failing')
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(() => {
    expect(inSlack.direct(bob).join()).toContain('I have it')
    expect(inTeams.teams.direct(inTeamsToo).flatMap(({ id }) => inTeams.teams.buttons(id))).toContain(
      'I have it',
    )
  }, patience)

  await inTeams.press(inTeamsToo, inTeams.teams.chat(inTeamsToo), 'I have it')

  await vi.waitFor(() => {
    const pages = inSlack.direct(bob)
    expect(pages).toHaveLength(1)
    expect(pages[0]).toContain('Bob Brandt has it')
    expect(pages[0]).not.toContain('[I have it]')
  }, patience)
  expect((await bot.incident()).pages.flatMap(({ steps }) => steps.map(({ outcome }) => outcome))).toContain(
    'sent',
  )
}, 60_000)
