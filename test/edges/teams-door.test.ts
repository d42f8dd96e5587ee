// What people say and press in Teams reaches the dispatcher as they meant it, and is answered where they are.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { adaptiveCard } from '../../src/chat/teams/render/message.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startTestRedis } from '../servers/redis.ts'
import { home, teamsId, teamsStranger } from '../servers/teams.ts'
import { openTeamsDoorHouse, toldTo } from './teams-door-house.ts'
import type { TeamsDoorHouse } from './teams-door-house.ts'

const redis = oneRedis()
let house: TeamsDoorHouse
beforeEach(async () => {
  house = await openTeamsDoorHouse(redis())
})
afterEach(() => house.stop())

/** What the bot wrote into a conversation, oldest first. */
function answers(conversation: string): readonly string[] {
  return house.teams
    .messages(conversation)
    .filter(({ from }) => from === 'bot')
    .map(({ id }) => house.teams.shown(id))
}

/** A card with one button. */
function card(data: object, more: object = {}): object {
  const action = {
    type: 'Action.Execute',
    title: 'Do it',
    verb: 'dr',
    data,
    fallback: { type: 'Action.Submit' },
  }
  return { type: 'AdaptiveCard', version: '1.5', body: [], actions: [action], ...more }
}

describe('a mention in a channel', () => {
  test('is a command, answered in its own thread', async () => {
    await house.teams.say('Ann Onken', '@dr  STATUS\nlb', { in: home })

    expect(house.said).toEqual(['ann: STATUS\nlb'])
    const [asked, answered] = house.teams.messages(home)
    expect(answered).toMatchObject({ from: 'bot', conversation: asked?.conversation })
    expect(answers(home)[0]).toMatch(/lb|Load balancer/i)
  })

  test('in the thread of an incident is about that incident', async () => {
    const { id, room } = await house.outage()

    await house.teams.say('Ann Onken', '@dr ack', { in: room })

    expect(house.said).toEqual([`ann: ack (${id})`])
    expect((await house.texts(id)).join('\n')).toContain('ann: Ann Onken has it')
    expect(answers(room).at(-1)).toBe('🟠 You have it. Diagnosis clock: 30m left.')
  })

  test.each([
    ['@dr note 5 < 6 &amp; "x" is \u00a0 odd', 'note 5 &lt; 6 &amp;amp; "x" is   odd'],
    [
      '@dr oncall override @ann 2026-12-24T09:00 2026-12-26T09:00',
      'oncall override ann 2026-12-24T09:00 2026-12-26T09:00',
    ],
    ['@dr : status', 'status'],
    ['@dr', 'status'],
    ['@dr @dr status', '@dr status'],
  ])('%j is read as %j', async (written, read) => {
    await house.teams.say('Ann Onken', 'hello', {})

    await house.teams.say('Ann Onken', written, { in: home })

    expect(house.said.at(-1)).toBe(`ann: ${read}`)
  })

  test('that does not come first does nothing, and says how it would', async () => {
    await house.teams.say('Ann Onken', 'shall we ask @dr failover lb', { in: home })

    expect(house.said).toEqual([])
    expect(answers(home)[0]).toContain('begin with its name')
  })

  test('of somebody whom the plan does not know is refused with what to add', async () => {
    await house.teams.say(teamsStranger.id, '@dr open lb', { in: home })

    expect(house.said).toEqual([])
    expect(answers(home)[0]).toContain(`teams: ${teamsStranger.id}`)
  })

  test('of somebody unknown is refused once in ten minutes, so that nobody can fill a room', async () => {
    const { room } = await house.outage()
    const refusals = () => answers(room).filter((text) => text.includes('does not know you'))
    const warnings = () => house.lines.filter((line) => line.includes('somebody unknown spoke'))
    const flood = async () => {
      for (let count = 0; count < 20; count += 1)
        await house.teams.say(teamsStranger.id, `@dr status ${count}`, { in: room })
      await house.teams.say(teamsStranger.id, 'and @dr', { in: room })
      await house.teams.say(teamsStranger.id, 'or @dr', { in: room })
    }

    await flood()
    expect(refusals()).toHaveLength(1)
    expect(answers(room).filter((text) => text.includes('begin with its name'))).toHaveLength(1)
    expect(warnings()).toHaveLength(1)
    await house.teams.say('Ann Onken', '@dr ack', { in: room })
    expect(answers(room).at(-1)).toContain('You have it')

    house.clock.skip(11 * 60_000)
    await flood()
    expect(refusals()).toHaveLength(2)
    expect(warnings()).toHaveLength(2)
    expect(warnings()[1]).toContain('"refused":20')
  })

  test('in the name of somebody else counts by object id, not by name', async () => {
    const { teams } = house
    await teams.say(teamsStranger.id, '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity
    const from = { ...(activity?.['from'] as object), name: 'Ann Onken' }

    await teams.deliver({ ...activity, id: 'x', from })
    await teams.deliver({ ...activity, id: 'y', from: { id: teams.mri('Ann Onken'), name: 'Ann Onken' } })

    expect(house.said).toEqual([])
  })

  test('that was edited is not carried out again', async () => {
    const { teams } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const [asked] = teams.messages(home)

    await teams.edit('Ann Onken', asked?.id ?? '', '@dr open lb')

    expect(house.said).toEqual(['ann: status'])
    expect(answers(home).at(-1)).toContain('An edited message is not carried out')
  })

  test('that takes its time is told so, and the answer takes the place of that', async () => {
    house.slow(3_300)

    await house.teams.say('Ann Onken', '@dr status', { in: home })

    expect(answers(home)).toHaveLength(1)
    expect(answers(home)[0]).not.toContain('Working on it')
    expect(house.teams.messages(home).at(-1)?.updates).toBe(1)
  })
})

describe('what is not for the bot', () => {
  test('is left alone, also where the bot hears everything in the channel', async () => {
    const { teams } = house
    await teams.say('Ann Onken', '@dr status', { in: home })
    const activity = teams.deliveries.at(-1)?.activity

    const heard = await teams.deliver({ ...activity, id: 'x', text: 'failover lb', entities: [] })

    expect(heard.status).toBe(200)
    expect(house.said).toHaveLength(1)
    expect(answers(home)).toHaveLength(1)
  })
})

describe('the chat with the bot', () => {
  test.each(['status', 'dr status', '@dr status', '/dr status'])('takes %j', async (text) => {
    await house.teams.say('Ann Onken', text)

    expect(house.said).toHaveLength(1)
    expect(answers(house.teams.chat('Ann Onken'))[0]).not.toContain('Not understood')
  })

  test('names commands as they are typed there', async () => {
    await house.teams.say('Ann Onken', 'hello')
    await house.teams.say('Ann Onken', '@dr hello', { in: home })

    expect(answers(house.teams.chat('Ann Onken'))[0]).toMatch(/(Did you mean|Type, for example): help/)
    expect(answers(home)[0]).toContain(': @dr help')
  })
})

describe('a pressed button', () => {
  test('is a typed command; who pressed is told what was done', async () => {
    const { id, room } = await house.outage()
    const message = await house.post(card({ command: `ack ${id}` }), room)

    const answer = await house.teams.press('Ann Onken', message, 'Do it')

    expect(house.said).toEqual([`ann: ack ${id} (${id})`])
    expect(answer.body).toMatchObject({ statusCode: 200, type: 'application/vnd.microsoft.activity.message' })
    expect(toldTo(answer)).toMatch(/ann|acknowledged|have it/i)
    expect(answers(room)).toHaveLength(2)
  })

  test('brings what was typed into its inputs, as words and never as options', async () => {
    const { room } = await house.outage()
    const body = [
      { type: 'Input.Text', id: 'typed' },
      { type: 'Input.Text', id: 'input' },
    ]
    const message = await house.post(card({ command: 'approve R-1' }, { body }), room)

    await house.teams.press('Ann Onken', message, 'Do it', {
      inputs: { typed: 'lb one --yes', input: 'why not' },
    })

    expect(house.said[0]).toMatch(/^ann: approve R-1 "lb one --yes" why not/)
  })

  test.each([{ old: false }, { old: true }])(
    'as the bot draws it asks for the name in a form (%j)',
    async (how) => {
      const button = {
        label: 'Approve',
        command: 'approve R-1',
        style: 'danger',
        typed: 'lb one',
        input: 'Why',
      } as const
      const message = await house.post(adaptiveCard({ title: 'R-1', tone: 'warn', buttons: [button] }))

      await house.teams.press('Ann Onken', message, 'Approve', {
        ...how,
        inputs: { typed1: 'lb one', input1: 'it is slow' },
      })

      expect(house.said).toEqual(['ann: approve R-1 "lb one" it is slow'])
    },
  )

  test('that is refused says why and what to do, to who pressed alone', async () => {
    const message = await house.post(card({ command: 'ack INC-99' }))

    const answer = await house.teams.press('Ann Onken', message, 'Do it')

    expect(toldTo(answer)).toContain('INC-99')
    expect(toldTo(answer)).toContain('Not done')
    expect(answers(home)).toHaveLength(1)
  })

  test('that takes its time is told so within what Teams waits, and the answer follows', async () => {
    house.slow(4_300)
    const message = await house.post(card({ command: 'status' }))

    const answer = await house.teams.press('Ann Onken', message, 'Do it')

    expect(toldTo(answer)).toContain('Working on it')
    await vi.waitFor(() => expect(answers(home)).toHaveLength(2), 5_000)
  })

  test('whose answer is long gets it as a message', async () => {
    const message = await house.post(card({ command: 'help' }))

    await house.teams.press('Ann Onken', message, 'Do it')

    await vi.waitFor(() => expect(answers(home).at(-1)).toContain('failover'))
  })

  test('of a client that knows no Action.Execute is answered as a message', async () => {
    const { id, room } = await house.outage()
    const message = await house.post(card({ command: `ack ${id}` }), room)

    await house.teams.press('Ann Onken', message, 'Do it', { old: true })

    expect(house.said).toEqual([`ann: ack ${id} (${id})`])
    expect(answers(room).at(-1)).toBe('🟠 You have it. Diagnosis clock: 30m left.')
  })

  test('by somebody whom the plan does not know does nothing', async () => {
    const message = await house.post(card({ command: 'freeze' }))

    const answer = await house.teams.press(teamsStranger.id, message, 'Do it')

    expect(house.said).toEqual([])
    expect(toldTo(answer)).toContain('The DR plan does not know you')
  })

  test.each([{}, { command: '' }, { command: 5 }, 'freeze', null])(
    'that carries %j does nothing',
    async (data) => {
      const message = await house.post(card({ command: 'freeze' }))
      await house.teams.press('Ann Onken', message, 'Do it')
      house.said.length = 0
      const activity = house.teams.deliveries.at(-1)?.activity
      const value = { action: { type: 'Action.Execute', verb: 'dr', data }, trigger: 'manual' }

      const answer = await house.teams.deliver({ ...activity, id: 'x', value })

      expect(answer).toMatchObject({ status: 200, body: { statusCode: 400 } })
      expect(house.said).toEqual([])
    },
  )
})

describe('a card that refreshes itself', () => {
  const refreshing = (data: object, users: readonly string[]): object => ({
    ...card({ command: 'freeze' }),
    refresh: { action: { type: 'Action.Execute', verb: 'dr', data }, userIds: users },
  })

  test('shows each person what they may see', async () => {
    const { teams } = house
    const message = await house.post(refreshing({ view: 'INC-1' }, [teams.mri('Ann Onken')]))

    const seen = await teams.look('Ann Onken', message)

    expect(seen?.body).toMatchObject({ type: 'application/vnd.microsoft.card.adaptive' })
    expect(teams.shown(message, 'Ann Onken')).toBe('INC-1 as ann sees it')
    expect(await teams.look('Mia Manger', message)).toBeUndefined()
  })

  test('never does anything, whatever its action carries', async () => {
    const { teams } = house
    const message = await house.post(
      refreshing({ command: 'freeze', view: 'INC-1' }, [teams.mri('Ann Onken')]),
    )

    await teams.look('Ann Onken', message)

    expect(house.said).toEqual([])
  })

  test('stays as it is for somebody whom the plan does not know', async () => {
    const { teams } = house
    const message = await house.post(refreshing({ view: 'INC-1' }, [teams.mri(teamsStranger.id)]))

    const seen = await teams.look(teamsStranger.id, message)

    expect(seen).toMatchObject({ status: 200, body: { statusCode: 400 } })
  })
})

describe('what Teams tells of itself', () => {
  test('is kept: the service URL, how a person is named, and their chat', async () => {
    const { teams, references } = house

    await teams.say('Ann Onken', 'status')

    expect(await references.read()).toMatchObject({
      serviceUrl: teams.serviceUrl.replace(/\/$/, ''),
      people: { [teamsId('ann')]: { mri: teams.mri('Ann Onken'), chat: teams.chat('Ann Onken') } },
    })
  })

  test('an app that is added and removed, for a person and in the team', async () => {
    const { teams, references } = house

    await teams.install({ person: 'Ann Onken' })
    await teams.install({ team: true })
    const added = await references.read()
    await teams.uninstall({ person: 'Ann Onken' })
    await teams.uninstall({ team: true })
    const removed = await references.read()

    expect(added).toMatchObject({
      inTeam: true,
      people: { [teamsId('ann')]: { chat: teams.chat('Ann Onken') } },
    })
    expect(removed.inTeam).toBe(false)
    expect(removed.people[teamsId('ann')]).toEqual({ mri: teams.mri('Ann Onken') })
  })
})

describe('while something is away', () => {
  test('Redis: nothing is done, and whoever waits is told', async () => {
    const own = await startTestRedis()
    const alone = await openTeamsDoorHouse(own)
    try {
      const message = await alone.post(card({ command: 'freeze' }))
      await own.stop()

      const said = await alone.teams.say('Ann Onken', '@dr open lb', { in: home })
      const pressed = await alone.teams.press('Ann Onken', message, 'Do it')

      expect(said.status).toBe(200)
      const last = alone.teams.messages(home).at(-1)?.id ?? ''
      expect(alone.teams.shown(last)).toContain('Redis does not answer')
      expect(toldTo(pressed)).toContain('Redis does not answer')
      expect(alone.said).toEqual([])
    } finally {
      await alone.stop()
    }
  })

  test('Teams does not take the answer: what was asked for is done, and the log says that nobody heard', async () => {
    const { teams, lines } = house
    teams.fault({ kind: 'status', calls: ['connector.*'] })

    const heard = await teams.say('Ann Onken', '@dr freeze', { in: home })

    expect(heard.status).toBe(200)
    expect(house.said).toEqual(['ann: freeze'])
    expect(lines.join('\n')).toContain('an answer in Teams reached nobody')
  })
})

describe('many who ask at once', () => {
  test('in the thread of an incident are all answered, each once, whatever Teams takes in a second', async () => {
    const limited = await openTeamsDoorHouse(redis(), { limits: true })
    try {
      const { id, room } = await limited.outage()
      const people = ['Ann Onken', 'Bob Brandt', 'Mia Manger']
      const asked = Array.from({ length: 20 }, async (_, n) =>
        limited.teams.say(people[n % people.length] ?? '', `@dr note seen ${n}`, { in: room }),
      )
      await Promise.all(asked)

      const told = (): readonly string[] =>
        limited.teams
          .messages(room)
          .filter(({ from }) => from === 'bot')
          .map((each) => limited.teams.shown(each.id))
          .filter((text) => text.includes(`Noted in the timeline of ${id}`))
      await vi.waitFor(() => expect(told()).toHaveLength(20), 20_000)
      expect(limited.lines.join('\n')).not.toContain('reached nobody')
    } finally {
      await limited.stop()
    }
  }, 30_000)

  test('are answered when Teams takes messages again that it has limited', async () => {
    const { teams, lines } = house
    teams.fault({ kind: 'rate-limit', retryAfter: 1, calls: ['connector.*'], times: 1 })

    await teams.say('Ann Onken', '@dr status lb', { in: home })

    await vi.waitFor(() => expect(answers(home)).toHaveLength(1), 10_000)
    expect(lines.join('\n')).not.toContain('reached nobody')
  })
})
