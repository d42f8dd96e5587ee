// Who is in do-not-disturb or away in their chats is paged there all the same, and by the next channel at once; the page says why.
import { afterEach, expect, test, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { service } from '../servers/bot.ts'
import { startBothBot } from '../servers/both-bot.ts'
import type { BothBot } from '../servers/both-bot.ts'
import { patience } from '../servers/slack-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { emailLater, mailed, whileTimePasses } from './chat-witness.ts'

/** On call that Monday. */
const bob = { slack: 'U0BOB', teams: teamsId('bob') }
const minute = 60_000
/** A Monday on which the example plan has everybody at work, ten in the morning in Berlin. */
const start = Date.UTC(2026, 10, 23, 9)

let house: BothBot

afterEach(() => house.stop())

/** How Bob is known to the plan: by an id in each chat, or in one alone. */
const plans = {
  both: (plan: string) => plan,
  Slack: (plan: string) => plan.replace(/(slack: U0BOB\n) +teams: \S+\n/, '$1'),
  Teams: (plan: string) => plan.replace(/( +)slack: U0BOB\n/, ''),
} as const

type SlackSays = 'active' | 'away' | 'dnd'

/** The bot knows what both chats say of Bob when this resolves. */
async function startWith(known: keyof typeof plans, inSlack: SlackSays, inTeams: string): Promise<void> {
  const clock = createMovableClock({ start })
  house = await startBothBot((plan) => emailLater(plans[known](plan)), {
    clock,
    before: async (slack, teams) => {
      if (inSlack === 'dnd') slack.setDnd(bob.slack, start + 24 * 60 * minute)
      else slack.setPresence(bob.slack, inSlack)
      teams.setPresence(bob.teams, inTeams)
    },
  })
  await isKnown()
}

function timesAsked(): readonly [number, number] {
  const { inSlack, inTeams } = house
  return [
    inSlack.slack.calls.filter(({ method }) => method === 'dnd.teamInfo').length,
    inTeams.teams.calls.filter(({ name }) => name === 'graph.presence').length,
  ]
}

/** When a chat is asked for the second time, what it said the first time is known. */
async function isKnown(): Promise<void> {
  await whileTimePasses([house.bot], () => expect(Math.min(...timesAsked())).toBeGreaterThan(1), minute)
}

/** The load balancer is down; answers what Bob's first page says, once it is in the chats he is known in. */
async function paged(known: keyof typeof plans): Promise<string> {
  const { bot, inSlack, inTeams } = house
  bot.world.lb.set('failing')
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  const pages = (): readonly (readonly string[])[] => [
    ...(known === 'Teams' ? [] : [inSlack.direct(bob.slack)]),
    ...(known === 'Slack' ? [] : [inTeams.direct(bob.teams)]),
  ]
  await vi.waitFor(() => {
    for (const each of pages()) expect(each.join()).toContain('Why you')
  }, patience)
  return pages().flat().join('\n')
}

test.each([
  ['Slack', 'dnd', 'Available', 'do not disturb in chat'],
  ['Slack', 'away', 'Available', 'away in chat'],
  ['Teams', 'active', 'DoNotDisturb', 'do not disturb in chat'],
  ['Teams', 'active', 'Away', 'away in chat'],
  ['both', 'dnd', 'Away', 'do not disturb in chat'],
  ['both', 'away', 'Offline', 'away in chat'],
] as const)(
  'who is in %s (%s in Slack, %s in Teams) has the e-mail with the page in chat, which says why',
  async (known, inSlack, inTeams, why) => {
    await startWith(known, inSlack, inTeams)

    const page = await paged(known)

    await vi.waitFor(() => expect(mailed(house.bot)).toEqual(['bob@example.com']), patience)
    const note = `on call (primary, weekly) until 2026-11-30 09:00 Europe/Berlin; ${why}: also by email at once`
    expect(page).toContain(note)
    expect((await house.bot.say('ann', 'timeline INC-1')).text).toContain(
      `Paging Bob Brandt by email: ${note}`,
    )
  },
  60_000,
)

test.each([
  ['both', 'dnd', 'Available'],
  ['both', 'active', 'DoNotDisturb'],
  ['both', 'active', 'Available'],
  ['Slack', 'active', 'DoNotDisturb'],
  ['Teams', 'away', 'Available'],
] as const)(
  'who is in %s (%s in Slack, %s in Teams) may well see the page there: the e-mail has its time',
  async (known, inSlack, inTeams) => {
    await startWith(known, inSlack, inTeams)

    const page = await paged(known)

    expect(page).not.toContain('at once')
    await vi.waitFor(async () => {
      const [first] = (await house.bot.incident()).pages
      expect(first?.steps).toEqual([
        expect.objectContaining({ channel: 'chat', outcome: 'sent' }),
        { channel: 'email', at: (first?.startedAt ?? NaN) + 2 * minute },
      ])
    }, patience)
    expect(mailed(house.bot)).toEqual([])
  },
  60_000,
)
