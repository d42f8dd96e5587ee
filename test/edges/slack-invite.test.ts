// Who comes into an incident's room in Slack: once, many at a time, and what is said of those who cannot.
import { describe, expect, test } from 'vitest'
import type { RoomView } from '../../src/ports.ts'
import { inTime, outage } from './slack-house.ts'
import { slackStage } from './slack-stage.ts'

const on = slackStage()

describe('into a room come people', () => {
  function crowd(count: number): readonly string[] {
    return Array.from({ length: count }, (_, index) => `p${index}`)
  }

  async function crowded(count: number, known: (index: number) => boolean): Promise<RoomView['people']> {
    const people = crowd(count)
    await on.inSlack({
      people: people
        .map((person, index) => ({ id: `U${person.toUpperCase()}`, name: person, index }))
        .filter(({ index }) => known(index)),
    })
    on.house.setPlan((plan) => ({
      ...plan,
      people: Object.fromEntries(
        people.map((person) => [
          person,
          { name: person, roles: ['engineer'], slack: `U${person.toUpperCase()}` },
        ]),
      ),
    }))
    return people
  }

  test('sixty at once in one call', async () => {
    const people = await crowded(60, () => true)

    const { left } = await on.show(outage(), { view: { people } })

    expect(left).toEqual([])
    expect(on.room().members.size).toBe(61)
    expect(on.house.calls().filter((call) => call.startsWith('conversations.invite'))).toHaveLength(1)
  })

  test('more than a hundred in as many calls as Slack demands', async () => {
    const people = await crowded(130, () => true)

    await on.show(outage(), { view: { people } })

    expect(on.room().members.size).toBe(131)
    expect(on.house.calls().filter((call) => call.startsWith('conversations.invite'))).toHaveLength(2)
  })

  test('all but those whom Slack does not know, each named with what to do', async () => {
    const people = await crowded(60, (index) => index !== 7 && index !== 40)

    const shown = await on.show(outage(), { view: { people } })

    expect(on.room().members.size).toBe(59)
    expect(shown.again).toBe(false)
    expect(shown.left).toEqual([
      expect.stringMatching(/^p7: user_not_found.*DR plan/),
      expect.stringMatching(/^p40: user_not_found.*DR plan/),
    ])
    on.house.calls()
    expect(await on.show(outage(), { view: { people } })).toEqual(shown)
    expect(on.house.calls()).toEqual([])
  })

  test('also where Slack refuses all of them because of one', async () => {
    const people = await crowded(9, (index) => index !== 3)
    const original = on.house.slack.calls.length
    on.house.slack.fault({
      kind: 'error',
      error: 'user_is_restricted',
      methods: ['conversations.invite'],
      times: 1,
    })

    const { left } = await on.show(outage(), { view: { people } })

    expect(left).toEqual([expect.stringMatching(/^p3: user_not_found/)])
    expect(on.room().members.size).toBe(9)
    expect(on.house.slack.calls.length - original).toBeLessThan(16)
  })

  test('who are there already', async () => {
    await on.chat.openRoom(outage(), inTime())
    on.house.slack.join('U0ANN', on.room().id)

    expect(await on.show()).toMatchObject({ left: [], again: false })
  })

  test('once: who has left is not brought back', async () => {
    await on.show()
    on.house.slack.kick('U0ANN', on.room().id)

    await on.show(outage({ engineer: 'ann' }))

    expect([...on.room().members]).toEqual(['U0DRBOT'])
  })

  test('by e-mail where the plan has no Slack id', async () => {
    on.house.setPlan((plan) => {
      const { slack: _, ...ann } = plan.people['ann'] ?? { name: 'Ann', roles: ['engineer'] }
      return { ...plan, people: { ...plan.people, ann } }
    })

    expect((await on.show()).left).toEqual([])
    expect([...on.room().members]).toContain('U0ANN')
  })

  test('but whoever Slack does not know is named, and asked for again when the plan has changed', async () => {
    on.house.setPlan((plan) => ({
      ...plan,
      people: {
        ...plan.people,
        ann: { name: 'Ann Onken', roles: ['engineer'], email: 'nobody@example.com' },
      },
    }))

    const shown = await on.show()
    expect(shown).toMatchObject({
      again: false,
      left: [expect.stringMatching(/nobody@example.com; set people.ann.slack in the DR plan/)],
    })
    on.house.calls()
    expect(await on.show()).toEqual(shown)
    expect(on.house.calls()).toEqual([])

    on.house.setPlan((plan) => ({
      ...plan,
      people: { ...plan.people, ann: { name: 'Ann Onken', roles: ['engineer'], slack: 'U0ANN' } },
    }))
    expect((await on.show()).left).toEqual([])
    expect([...on.room().members]).toContain('U0ANN')
  })

  test('a group of the plan, and who else is in its user group', async () => {
    await on.inSlack({
      people: ['U0ANN', 'U0DAN', 'U0EVE', 'U0FAY'].map((id) => ({ id, name: id.toLowerCase() })),
      groups: [{ id: 'S0DEV', handle: 'dev', users: ['U0EVE', 'U0FAY'] }],
    })

    await on.show(outage(), { view: { people: [], groups: ['dev'] } })

    expect([...on.room().members]).toEqual(['U0DRBOT', 'U0DAN', 'U0EVE', 'U0FAY'])
  })

  test('a group whose user group Slack does not have: its people from the plan', async () => {
    on.house.setPlan((plan) => ({ ...plan, groups: { dev: { people: ['dan'], slack: 'S0GONE' } } }))

    const { left, again } = await on.show(outage(), { view: { people: [], groups: ['dev'] } })

    expect(again).toBe(false)
    expect(left).toEqual([expect.stringMatching(/^group dev: .*user group/)])
    expect([...on.room().members]).toEqual(['U0DRBOT', 'U0DAN'])
  })
})
