// What every chat must do, whatever people see of it: called from the test of each one with a real world behind it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import { roomView } from '../../src/incident/room.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Chat, RoomShown } from '../../src/ports.ts'
import { incident, noon, resolved, run } from './store-samples.ts'

/** A chat with a world behind it. */
export interface ChatWorld {
  readonly chat: Chat
  readonly plan: () => DrPlan
  /** What the chat looks incidents up in. */
  readonly know: (incident: Incident) => void
  /** How much there is to be seen: messages, channels, people in them. The console draws everything again: always 0. */
  readonly amount: () => number
  /** Everything in what was written that would call somebody, or lead somewhere, without being meant to. */
  readonly alive: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** The contract. `start` is called for each test. */
export function chatContract(name: string, start: () => Promise<ChatWorld>): void {
  describe(`the ${name} keeps the contract of a chat`, () => {
    let world: ChatWorld
    const signal = (): AbortSignal => AbortSignal.timeout(10_000)
    const open = async (of: Incident): Promise<string> => {
      world.know(of)
      return (await world.chat.openRoom(of, signal())).link
    }
    const show = (of: Incident): Promise<RoomShown> => {
      world.know(of)
      const view = { plan: world.plan(), now: noon, publicUrl: 'https://dr.example.com' }
      return world.chat.showRoom(of, roomView(of, view), signal())
    }
    const showRun = (of: Run): Promise<void> =>
      world.chat.showRun(of, runCard(of, noon, world.plan()), signal())

    beforeEach(async () => {
      world = await start()
    })
    afterEach(() => world.stop())

    test('it has a name of one word, by which the plan and the record call it', () => {
      expect(world.chat.name).toMatch(/^[a-z]+$/)
    })

    test('opening a room twice gives the same address, one that a browser opens', async () => {
      const first = await open(incident('INC-12'))
      const before = world.amount()

      expect(await open(incident('INC-12'))).toBe(first)
      expect(URL.parse(first)?.protocol).toMatch(/^https?:$/)
      expect(world.amount()).toBe(before)
    })

    test('rooms of two incidents have two addresses', async () => {
      expect(await open(incident('INC-12'))).not.toBe(await open(incident('INC-13', { system: 'db' })))
    })

    test('a room where everything works is complete, and stays where it is', async () => {
      const link = await open(incident('INC-12'))

      const shown = await show(incident('INC-12', { engineer: 'ann' }))

      expect(shown).toMatchObject({ left: [], again: false })
      expect(shown.link ?? link).toBe(link)
    })

    test('the same view twice changes nothing', async () => {
      await open(incident('INC-12'))
      const first = await show(incident('INC-12'))
      const before = world.amount()

      expect(await show(incident('INC-12'))).toEqual(first)
      expect(world.amount()).toBe(before)
    })

    test('words are said once, however often their effect is done', async () => {
      await open(incident('INC-12'))
      await world.chat.say(incident('INC-12'), 'Dan is on it', 'INC-12-v3-1', signal())
      const before = world.amount()

      await world.chat.say(incident('INC-12'), 'Dan is on it', 'INC-12-v3-1', signal())

      expect(world.amount()).toBe(before)
    })

    test('what concerns no incident is announced once, and never calls anybody', async () => {
      const words = 'lb: no recovery could be carried out now. <!channel> @here status lb'
      await world.chat.announce(words, 'readiness-lb-1', signal())
      const before = world.amount()

      await world.chat.announce(words, 'readiness-lb-1', signal())

      expect(world.amount()).toBe(before)
      expect(world.alive()).toEqual([])
    })

    test('a run has one card, in its room or without one', async () => {
      await open(incident('INC-12'))
      const inside = { ...run('R-7'), incident: 'INC-12' } as const
      await showRun(inside)
      await showRun(run('R-8'))
      const before = world.amount()

      await showRun({ ...inside, state: 'expired', endedAt: noon })
      await showRun(inside)
      await showRun(run('R-8'))

      expect(world.amount()).toBe(before)
    })

    test('a run of an incident that has no room here harms nobody', async () => {
      world.know(incident('INC-14'))

      await expect(showRun({ ...run('R-9'), incident: 'INC-14' })).resolves.toBeUndefined()
    })

    test('a room can be put away twice, and words that come too late harm nobody', async () => {
      await open(incident('INC-12'))
      await show(resolved('INC-12'))

      await world.chat.closeRoom(resolved('INC-12'), signal())
      await world.chat.closeRoom(resolved('INC-12'), signal())
      await world.chat.say(resolved('INC-12'), 'too late', 'INC-12-v9-1', signal())

      expect(await show(resolved('INC-12'))).toMatchObject({ left: [], again: false })
    })

    test.each([
      ['mentions', '@everyone <!channel> <!here> <@U0ANN> <#C0GENERAL> <!subteam^S0DEV> @ann'],
      ['markup', '*bold* _it_ ~no~ `code` <b>x</b> [text](https://evil.example.com)'],
      ['a link', '<https://evil.example.com|https://dr.example.com> https://evil.example.com'],
      ['control characters', 'a\u0000b\u001b[2J\u2028c\u202ed\ud800'],
      ['40 KB', '<!channel> '.repeat(4_000)],
      ['nothing', ''],
      ['spaces', ' \n\t '],
    ])('hostile text that is %s stays text: title, output, names, words, cause', async (_what, text) => {
      const first = [{ key: text, state: 'DOWN', output: text, at: noon }]
      const problems = { open: 1, alerts: 1, explains: {}, first }
      const hostile = incident('INC-12', { title: text, engineer: text, problems })
      await open(hostile)
      await show(hostile)
      await world.chat.say(hostile, text, `INC-12-${text.slice(0, 40)}`, signal())
      const proposal = { ...run('R-7').proposal, summary: text }
      await showRun({ ...run('R-7'), incident: 'INC-12', recovery: text, proposal })
      await showRun({ ...run('R-8'), recovery: text, proposal })
      await show({ ...resolved('INC-12'), title: text, problems, what: text } as Incident)

      expect(world.alive()).toEqual([])
    })
  })
}
