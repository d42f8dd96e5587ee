// Cards in Teams: each stage of an incident and of a run as golden files, accepted by the rules of Adaptive Cards and of Teams.
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkActivity } from '../../sim/teams/cards.ts'
import { sizeOf } from '../../src/chat/fit.ts'
import { readPressed } from '../../src/chat/teams/render/buttons.ts'
import { chartActivity } from '../../src/chat/teams/render/chart.ts'
import { limits } from '../../src/chat/teams/render/elements.ts'
import type { AdaptiveCard } from '../../src/chat/teams/render/elements.ts'
import { activityOf, adaptiveCard } from '../../src/chat/teams/render/message.ts'
import { viewFor } from '../../src/command/offered.ts'
import type { Role } from '../../src/drplan/schema.ts'
import type { Button, Card } from '../../src/message.ts'
import { start } from '../stories/command-desk.ts'
import { inPersonalChat } from '../../src/chat/teams/render/personal.ts'
import { cards, pages } from './stage-cards.ts'
import { noon, resolved } from './store-samples.ts'
import { officialErrors } from './teams-cards-official.ts'
import { cardErrors, objectsIn } from './teams-cards-schema.ts'
import { shownCard } from './teams-cards-shown.ts'

const more = 'https://dr.example.com/incidents/INC-12'
const zone = 'Europe/Berlin'
const minute = 60_000

function cardWith(card: Partial<Card>): Card {
  return { title: 'A card', tone: 'quiet', ...card }
}

function shown(card: Card): string {
  return shownCard(adaptiveCard(card, { zone }), zone)
}

/** The data that pressing the button of that title sends, with what is put in beside it. */
function pressed(card: AdaptiveCard, title: string, inputs: Readonly<Record<string, string>> = {}): unknown {
  const action = objectsIn(card.body).find(
    (each) => each['type'] === 'Action.Execute' && each['title'] === title,
  )
  return { ...(action?.['data'] as object), ...inputs }
}

describe('a card in Teams', () => {
  test.each(Object.entries(cards))('%s', async (name, card) => {
    const activity = activityOf(card, { more, zone })
    const content = adaptiveCard(card, { more, zone })

    expect(cardErrors(content)).toEqual([])
    expect(officialErrors(content)).toEqual([])
    expect(checkActivity(activity as never)).toMatchObject([{ content }])
    expect(sizeOf(content)).toBeLessThan(limits.whole)
    await expect(`${JSON.stringify(activity, undefined, 2)}\n`).toMatchFileSnapshot(
      `../golden/teams/${name}.json`,
    )
    await expect(
      `${activity.summary ?? ''}\n${'-'.repeat(40)}\n${shownCard(content, zone)}\n`,
    ).toMatchFileSnapshot(`../golden/teams/${name}.txt`)
  })

  test('is measured by rules that find an unknown key, a wrong word and two inputs of one id', () => {
    const good = adaptiveCard(cardWith({}))
    const input = { type: 'Input.Text', id: 'a', label: 'A', maxLength: 3 }
    const block = { type: 'TextBlock', text: 'a', wrap: true }

    expect(cardErrors(good)).toEqual([])
    expect(cardErrors({ ...good, colour: 'red' })).toHaveLength(1)
    expect(cardErrors({ ...good, body: [{ ...block, color: 'Pink' }] })).toHaveLength(1)
    expect(cardErrors({ ...good, body: [input, input] })).toEqual(['two of id a'])
  })

  test("is measured by Microsoft's own schema, which finds the same three levels down", () => {
    const good = adaptiveCard(
      cardWith({ buttons: [{ label: 'A', command: 'ack', style: 'plain', input: 'Why?' }] }),
    )
    const asking = objectsIn(good).find(({ type }) => type === 'Input.Text')
    const broken = (change: object): object =>
      JSON.parse(JSON.stringify(good), (_key, value: unknown) =>
        (value as { readonly type?: unknown } | null)?.type === 'Input.Text'
          ? { ...asking, ...change }
          : value,
      ) as object

    expect(officialErrors(good)).toEqual([])
    expect(officialErrors(broken({ id: undefined }))).not.toEqual([])
    expect(officialErrors(broken({ maxLength: 'long' }))).not.toEqual([])
    expect(officialErrors(broken({ colour: 'red' }))).not.toEqual([])
    expect(officialErrors({ ...good, type: 'Card' })).not.toEqual([])
  })

  test('says in words what its colour says', () => {
    const titles = (['bad', 'warn', 'good', 'quiet'] as const).map((tone) => shown(cardWith({ tone })))

    expect(titles).toEqual(['# **🔴 A card**', '# **🟠 A card**', '# **🟢 A card**', '# **⚪ A card**'])
  })

  test('begins with what is broken, who has it and the clocks, and has the answer within reach', () => {
    const text = shown(cards['incident-1-nobody-has-it'] ?? cardWith({}))
    const order = [
      'nobody has it yet',
      'lb1 HAProxy is CRITICAL',
      'Who has it',
      'Diagnosis',
      '[I have it]',
      '1 problem',
    ]
    const places = order.map((words) => text.indexOf(words))

    expect(Math.min(...places)).toBeGreaterThan(0)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })

  test('shows clocks in the zone of the reader, and moments among other words in the zone of the plan', () => {
    const at = { at: start, show: 'deadline' } as const
    const card = cardWith({
      fields: [{ label: 'Clock', value: [at], tone: 'bad' }],
      sections: [{ heading: 'Notes', lines: [['*waits* ', at]] }],
    })
    const content = JSON.stringify(adaptiveCard(card, { zone }))

    expect(content).toContain('"text":"🔴 until {{TIME(2026-11-23T02:00:00Z)}}"')
    expect(content).toContain('"text":"*waits* until 03:00 CET"')
    expect(activityOf(card).summary).toBe('⚪ A card · Clock: until 02:00 UTC')
  })

  test('shows tables as lists that can be read on a phone, and commands as they are typed', () => {
    const table = {
      columns: ['Run', 'Recovery', 'By'],
      rows: [[[{ command: 'runs' }], ['failover lb'], ['Ann']]],
    }

    expect(shown(cardWith({ sections: [{ table }] }))).toContain(
      '`@dr runs`\nRecovery: failover lb · By: Ann',
    )
  })

  test('keeps the spaces of preformatted text', () => {
    const text = shown(cardWith({ sections: [{ preformatted: 'a  b\n\n  c d' }] }))

    expect(text).toContain('`a\u00a0\u00a0b`\n`\u00a0`\n`\u00a0\u00a0c d`')
  })

  test('does not cut the title of a button on a phone: a row has few of them', () => {
    const { body } = adaptiveCard(cards['incident-1-nobody-has-it'] ?? cardWith({}))
    const rows = body.flatMap((each) => (each.type === 'ActionSet' ? [each.actions] : []))

    expect(rows.map((row) => row.map(({ title }) => title))).toEqual([
      ['I have it', 'Fail over to backup'],
      ['Fail over to api', 'Escalate…'],
      ['Resolve…', 'Room in Slack'],
    ])
  })

  test('has links to web addresses only', () => {
    const links = [
      { label: 'Console', link: more },
      { label: 'Evil', link: 'javascript:alert(1)' },
      { label: 'File', link: 'file:///etc/passwd' },
    ]
    const urls = objectsIn(adaptiveCard(cardWith({ links }))).flatMap(({ url }) => url ?? [])

    expect(urls).toEqual([more])
  })

  test('asks for the views of at most 60 people, and changes nothing by that', () => {
    const users = Array.from({ length: 70 }, (_, index) => `29:${index}`)
    const { refresh } = adaptiveCard(cardWith({}), { refresh: { about: 'INC-12', users } })

    expect(refresh?.userIds).toHaveLength(60)
    expect(refresh?.action.data).toEqual({ view: 'INC-12' })
    expect(readPressed(refresh?.action.data)).toBeUndefined()
    expect(adaptiveCard(cardWith({}), { refresh: { about: 'INC-12', users: [] } })).not.toHaveProperty(
      'refresh',
    )
  })
})

describe('a page in Teams', () => {
  test.each(Object.entries(pages))('%s', async (name, page) => {
    const card = inPersonalChat(page)
    const content = adaptiveCard(card, { zone, personal: true })

    expect(cardErrors(content)).toEqual([])
    expect(officialErrors(content)).toEqual([])
    await expect(
      `${JSON.stringify(activityOf(card, { zone, personal: true }), undefined, 2)}\n`,
    ).toMatchFileSnapshot(`../golden/teams/${name}.json`)
    await expect(`${shownCard(content, zone)}\n`).toMatchFileSnapshot(`../golden/teams/${name}.txt`)
  })
})

describe('the view of one person', () => {
  const card = cards['incident-2-somebody-has-it'] ?? cardWith({})
  const labels = (roles: readonly Role[]): readonly string[] =>
    (viewFor(card, roles).buttons ?? []).map(({ label }) => label)

  test('has the buttons that this person may press, and all that can be read', () => {
    expect(labels(['engineer'])).toEqual(card.buttons?.map(({ label }) => label))
    expect(labels([])).toEqual([])
    expect(labels(['manager'])).toContain('Escalate')
    expect(viewFor(card, [])).toMatchObject({ title: card.title, fields: card.fields, links: card.links })
  })

  test('keeps a button whose command it cannot read: who presses it is told what is wrong', () => {
    const odd = cardWith({ buttons: [{ label: 'Odd', command: 'frobnicate', style: 'plain' }] })

    expect(viewFor(odd, []).buttons).toEqual(odd.buttons)
  })
})

describe('a button in Teams', () => {
  const asking: Button = { label: 'Resolve', command: 'resolve INC-1', style: 'plain', input: 'What was it?' }
  const naming: Button = { label: 'Approve', command: 'approve R-7', style: 'danger', typed: 'a.b (main)' }

  test('is its command', () => {
    const card = adaptiveCard(cards['incident-1-nobody-has-it'] ?? cardWith({}))

    expect(readPressed(pressed(card, 'I have it'))).toEqual({ command: 'ack INC-12' })
    expect(readPressed(pressed(card, 'Escalate'))).toEqual({ command: 'escalate INC-12' })
  })

  test('asks with the command as it is typed there: without the name of the bot where both are alone', () => {
    const card = cardWith({ buttons: [asking] })

    expect(JSON.stringify(adaptiveCard(card))).toContain('"@dr resolve INC-1 …"')
    expect(JSON.stringify(adaptiveCard(card, { personal: true }))).toContain('"resolve INC-1 …"')
  })

  test('opens what it must ask, two of them on one card without mixing their answers', () => {
    const card = adaptiveCard(cardWith({ buttons: [asking, { ...asking, label: 'Other' }, naming] }))

    expect(cardErrors(card)).toEqual([])
    const inputs = { input1: ' a bad disk ', input2: 'no', typed3: 'a.b (main)' }
    expect(readPressed(pressed(card, 'Resolve', inputs))).toEqual({
      command: 'resolve INC-1',
      input: 'a bad disk',
    })
    expect(readPressed(pressed(card, 'Approve', inputs))).toEqual({
      command: 'approve R-7',
      typed: 'a.b (main)',
    })
    expect(readPressed(pressed(card, 'Resolve', { input1: '  ' }))).toEqual({ command: 'resolve INC-1' })
  })

  test('has the same to send on clients that know no Action.Execute', () => {
    const card = adaptiveCard(cardWith({ buttons: [asking, naming] }))
    const executes = objectsIn(card).filter(({ type }) => type === 'Action.Execute')

    expect(executes).toHaveLength(2)
    for (const { data, title, fallback } of executes)
      expect(fallback).toMatchObject({ type: 'Action.Submit', data, title })
  })

  test('takes the name letter for letter, and nothing else', () => {
    const regex = objectsIn(adaptiveCard(cardWith({ buttons: [naming] }))).flatMap(
      (each) => each['regex'] ?? [],
    )
    const pattern = new RegExp(z.string().parse(regex[0]))

    expect(pattern.test(' a.b (main) ')).toBe(true)
    expect(pattern.test('axb (main)')).toBe(false)
    expect(pattern.test('a.b (main) too')).toBe(false)
  })

  test('of somebody else says nothing', () => {
    for (const data of [undefined, null, 'ack', {}, { command: 3 }, { command: '' }, { view: 'INC-1' }])
      expect(readPressed(data)).toBeUndefined()
  })
})

describe('a card that is too long for Teams', () => {
  const line = 'a problem that is described in rather many words, as problems are '.repeat(4)

  function long(count: number): Card {
    return {
      ...(cards['incident-1-nobody-has-it'] ?? cardWith({})),
      sections: [
        { lines: [['lb1 is down']] },
        { heading: 'Calling', lines: [['Ann Onken']] },
        { heading: 'Problems', lines: Array.from({ length: count }, (_, number) => [`${number}: ${line}`]) },
        { heading: 'Last notes', lines: [['tried a restart']] },
      ],
    }
  }

  test('loses the tail of its longest list, says how much, and where all of it is', () => {
    const card = adaptiveCard(long(1_000), { more, zone })
    const text = shownCard(card, zone)
    const items = text.match(/• \d+: /g) ?? []

    expect(cardErrors(card)).toEqual([])
    expect(sizeOf(card)).toBeLessThanOrEqual(limits.whole)
    expect(text).toContain(`and ${1_000 - items.length} more: [open the console](${more})`)
    for (const kept of ['lb1 is down', 'Ann Onken', 'tried a restart', '[I have it]', '[Resolve…]'])
      expect(text).toContain(kept)
  })

  test('keeps the newest lines of what is told in the order of time', () => {
    const lines = Array.from({ length: 80 }, (_, number) => [`${number}: ${line}`])
    const text = shown(cardWith({ sections: [{ heading: 'Day', newestLast: true, lines }] }))

    expect(text).toContain('79: a problem')
    expect(text).toMatch(/\*\*Day\*\*\n\d+ earlier in the console\n• /)
  })
})

describe('the phases of an outage in Teams', () => {
  const outage = { outage: noon, detected: noon + 12_000, paged: noon + 12_400 }
  const marks = { ...outage, acknowledged: noon + minute, verified: noon + 4 * minute }
  const incident = { ...resolved('INC-12'), marks }

  test('are bars with their words, against the objective', async () => {
    const activity = chartActivity(incident, noon + 5 * minute)
    const card = activity.attachments?.[0]?.content as AdaptiveCard

    expect(cardErrors(card)).toEqual([])
    expect(officialErrors(card)).toEqual([])
    expect(activity.summary).toContain('Objective met')
    await expect(`${shownCard(card, zone)}\n`).toMatchFileSnapshot('../golden/teams/phases.txt')
  })

  test('fill the row whatever their lengths', () => {
    for (const end of [1, 1_000, minute, 600 * minute]) {
      const now = { ...incident, marks: { ...marks, verified: noon + 3 * minute + end } }
      const sets = objectsIn(chartActivity(now, noon)).filter(({ columns }) => Array.isArray(columns))
      const bars = sets.flatMap(({ columns }) => {
        const widths = (columns as readonly { readonly width: number }[]).map(({ width }) => width)
        const whole = widths.reduce((sum, width) => sum + width, 0)
        return whole === 14 ? [] : [whole]
      })

      expect(new Set(bars)).toEqual(new Set([100]))
    }
  })
})
