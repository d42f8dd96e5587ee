// Who is in do-not-disturb or away in Slack, as advice for pages.
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Presence } from '../../src/chat/presence.ts'
import { createSlackPresence } from '../../src/chat/slack/presence.ts'
import { slackTransport } from './slack-transport.ts'

const use = slackTransport()
const ann = { person: 'ann', user: 'U0ANN' }
const bob = { person: 'bob', user: 'U0BOB' }
let presence: Presence | undefined

async function watching(
  people: readonly { readonly person: string; readonly user: string }[],
): Promise<Presence> {
  const { api, clock, log } = use()
  presence = createSlackPresence({ api, clock, log, people: () => people })
  await presence.look()
  return presence
}
afterEach(() => presence?.close())

describe('the advice', () => {
  test('says who is in do-not-disturb, who is away, and nothing of who is there', async () => {
    const { sim, clock } = use()
    sim.setDnd('U0ANN', clock.now() + 3_600_000)
    sim.setPresence('U0BOB', 'away')
    sim.setPresence('U0CEM', 'active')

    const { advice } = await watching([ann, bob, { person: 'cem', user: 'U0CEM' }])

    expect(advice('ann')).toBe('dnd')
    expect(advice('bob')).toBe('away')
    expect(advice('cem')).toBeUndefined()
    expect(advice('stranger')).toBeUndefined()
  })

  test('ends with the do-not-disturb, though Slack was not asked again', async () => {
    const { sim, clock } = use()
    sim.setDnd('U0ANN', clock.now() + 20_000)
    sim.setPresence('U0ANN', 'active')
    const { advice } = await watching([ann])

    clock.skip(30_000)

    expect(advice('ann')).toBeUndefined()
  })

  test('asks again each minute', async () => {
    const { sim, clock } = use()
    sim.setPresence('U0ANN', 'active')
    const { advice } = await watching([ann])
    sim.setPresence('U0ANN', 'away')

    await vi.waitFor(() => {
      clock.skip(60_000)
      expect(advice('ann')).toBe('away')
    })
  })

  test('asks for fifty people at once about do-not-disturb', async () => {
    const { sim } = use()
    const many = Array.from({ length: 120 }, (_, n) => ({ person: `p${n}`, user: `U0P${n}` }))
    sim.fault({ kind: 'error', error: 'user_not_found', methods: ['users.getPresence'] })

    await watching(many)

    const asked = (): readonly number[] =>
      sim.calls
        .filter(({ method }) => method === 'dnd.teamInfo')
        .map(({ args }) => String(args['users']).split(',').length)
    await vi.waitFor(() => expect(new Set(asked())).toEqual(new Set([50, 20])))
  })

  test('is silent when Slack does not answer: one line in the log, and one when it does again', async () => {
    const { sim, logged } = use()
    await sim.down()

    const { advice, look } = await watching([ann])
    await look()
    await sim.up()
    await look()

    expect(advice('stranger')).toBeUndefined()
    expect(logged.filter((line) => line.includes('who is away'))).toEqual([
      'warn Slack does not tell who is away; pages go out as the plan says',
      'info Slack tells again who is away',
    ])
  })

  test('that is old is none', async () => {
    const { sim, clock } = use()
    sim.setPresence('U0ANN', 'away')
    const { advice, close } = await watching([ann])
    close()

    clock.skip(6 * 60_000)

    expect(advice('ann')).toBeUndefined()
  })
})
