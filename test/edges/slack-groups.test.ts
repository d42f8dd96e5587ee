// The on-call user group in Slack holds who is on call now.
import { describe, expect, test } from 'vitest'
import { createGroups } from '../../src/chat/slack/groups.ts'
import type { Groups } from '../../src/chat/slack/groups.ts'
import { createPeople } from '../../src/chat/slack/people.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { onCall, withOverrides } from '../../src/oncall/shift.ts'
import { examplePlan } from './slack-house.ts'
import { slackTransport } from './slack-transport.ts'

const use = slackTransport()
const example = examplePlan()

/** The example plan with a user group for its first rotation. */
const plan: DrPlan = {
  ...example,
  oncall: {
    ...example.oncall,
    rotations: example.oncall.rotations.map((rotation, at) =>
      at === 0 ? { ...rotation, slack: 'S0ONCALL' } : rotation,
    ),
  },
}
const rotation = plan.oncall.rotations[0]?.name ?? ''

function keeper(current: () => DrPlan = () => plan): Groups {
  const { records, store, clock, log, process } = use()
  const { api } = process()
  return createGroups({
    api,
    store,
    clock,
    log,
    plan: current,
    people: createPeople({ api, records, plan: current }),
  })
}

function onCallNow(of: DrPlan = plan): string {
  const person = onCall(of, rotation, use().clock.now())?.person ?? ''
  return of.people[person]?.slack ?? ''
}

describe('the on-call user group', () => {
  test('gets who is on call', async () => {
    await keeper().keep()

    expect(use().sim.group('S0ONCALL')).toEqual([onCallNow()])
  })

  test('is not touched while nothing changes', async () => {
    const { count } = use()
    const groups = keeper()
    await groups.keep()

    await groups.keep()
    await keeper().keep()

    expect(count('usergroups.users.update')).toBe(1)
    expect(count('usergroups.users.list')).toBe(2)
  })

  test('follows an override', async () => {
    const { clock, sim } = use()
    const day = (at: number) => Temporal.Instant.fromEpochMilliseconds(at).toString().slice(0, 10)
    const [from, to] = [day(clock.now() - 86_400_000), day(clock.now() + 2 * 86_400_000)]
    const other = withOverrides(plan, [{ person: 'mia', from, to, rotation }])
    let current = plan
    const groups = keeper(() => current)
    await groups.keep()

    current = other
    await groups.keep()

    expect(sim.group('S0ONCALL')).toEqual(['U0MIA'])
  })

  test('that somebody changed in Slack is put right within ten minutes', async () => {
    const { sim, api, clock } = use()
    const groups = keeper()
    await groups.keep()
    await api.call('usergroups.users.update', { usergroup: 'S0ONCALL', users: 'U0EVE' }, { lane: 'room' })
    await groups.keep()
    expect(sim.group('S0ONCALL')).toEqual(['U0EVE'])

    clock.skip(10 * 60_000)
    await groups.keep()

    expect(sim.group('S0ONCALL')).toEqual([onCallNow()])
  })

  test('is changed by one of two replicas', async () => {
    const { sim, count } = use()
    sim.fault({ kind: 'slow', ms: 300, methods: ['usergroups.users.update'] })

    await Promise.all([keeper().keep(), keeper().keep()])

    expect(count('usergroups.users.update')).toBe(1)
    expect(sim.group('S0ONCALL')).toEqual([onCallNow()])
  })

  test('stays as it is when nobody is on call, with one warning', async () => {
    const { sim, logged } = use()
    await keeper().keep()
    const before = sim.group('S0ONCALL')
    const nobody: DrPlan = {
      ...plan,
      oncall: {
        ...plan.oncall,
        time_off: Object.keys(plan.people).map((person) => ({
          person,
          from: '2020-01-01',
          to: '2099-01-01',
        })),
      },
    }
    const groups = keeper(() => nobody)

    await groups.keep()
    await groups.keep()

    expect(sim.group('S0ONCALL')).toEqual(before)
    expect(logged.filter((line) => line.includes('nobody to put into'))).toHaveLength(1)
  })

  test('that cannot be changed is told once, and changed when it can be', async () => {
    const { sim, logged } = use()
    sim.fault({ kind: 'error', error: 'permission_denied', methods: ['usergroups.users.list'], times: 2 })
    const groups = keeper()

    await groups.keep()
    await groups.keep()
    await groups.keep()

    expect(logged.filter((line) => line.startsWith('warn the on-call user group'))).toHaveLength(1)
    expect(sim.group('S0ONCALL')).toEqual([onCallNow()])
  })
})
