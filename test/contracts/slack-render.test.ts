// Cards in Slack: each stage of an incident and of a run as golden files, accepted by Slack's own rules.
import { describe, expect, test } from 'vitest'
import { schemaErrors, ViewBlocks } from '../../sim/slack/blocks.ts'
import { sizeOf } from '../../src/chat/fit.ts'
import { limits } from '../../src/chat/slack/render/blocks.ts'
import type { ButtonElement, SlackMessage } from '../../src/chat/slack/render/blocks.ts'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import type { Card } from '../../src/message.ts'
import { start } from '../stories/command-desk.ts'
import { cards } from './stage-cards.ts'
import { shownBlocks, shownMessage } from './slack-render-shown.ts'

const more = 'https://dr.example.com/incidents/INC-12'
const zone = 'Europe/Berlin'

function buttonsOf(card: Card): readonly ButtonElement[] {
  return messageOf(card).blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
}

function shown(card: Card): string {
  return shownBlocks(messageOf(card).blocks, zone)
}

function refusals({ blocks }: SlackMessage): readonly string[] {
  const read = ViewBlocks.max(limits.blocks).safeParse(blocks)
  return read.success ? [] : schemaErrors(read.error, '/blocks')
}

function cardWith(card: Partial<Card>): Card {
  return { title: 'A card', tone: 'quiet', ...card }
}

describe('a card in Slack', () => {
  test.each(Object.entries(cards))('%s', async (name, card) => {
    const message = messageOf(card, { more })

    expect(refusals(message)).toEqual([])
    expect(sizeOf(message.blocks)).toBeLessThan(limits.whole)
    await expect(`${JSON.stringify(message, undefined, 2)}\n`).toMatchFileSnapshot(
      `../golden/slack/${name}.json`,
    )
    await expect(shownMessage(message, zone)).toMatchFileSnapshot(`../golden/slack/${name}.txt`)
  })

  test('says in words what its colour says', () => {
    const titles = (['bad', 'warn', 'good', 'quiet'] as const).map((tone) => shown(cardWith({ tone })))

    expect(titles).toEqual(['# 🔴 A card', '# 🟠 A card', '# 🟢 A card', '# ⚪ A card'])
  })

  test('begins with what is broken, who has it and the clocks, and has the answer within reach', () => {
    const text = shown(cards['incident-1-nobody-has-it'] ?? cardWith({}))
    const order = [
      'nobody has it yet',
      'lb1 HAProxy is CRITICAL',
      'Who has it',
      'Diagnosis clock',
      'I have it',
    ]
    const places = order.map((words) => text.indexOf(words))

    expect(Math.min(...places)).toBeGreaterThan(0)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(text.indexOf('[I have it]')).toBeLessThan(text.indexOf('1 problem now'))
  })

  test('shows what a proposal changes, its cost and whose word it takes above the button that approves it', () => {
    const text = shown(cards['run-1-proposed'] ?? cardWith({}))

    const told = [
      '203.0.113.10, TTL 300 s → ',
      'Cost: ',
      'Expected: ',
      'Objective (RTO): ',
      '/dr approve R-7',
    ]
    const places = [...told, '[Approve]', 'Steps'].map((word) => text.indexOf(word))
    expect(Math.min(...places)).toBeGreaterThan(0)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })

  test('says what runs out as the moment when it does, since a message stays as it is', () => {
    const countdown = { at: start, show: 'countdown' } as const
    const deadline = { at: start, show: 'deadline' } as const
    const card = cardWith({
      fields: [
        { label: 'Objective', value: [countdown] },
        { label: 'Diagnosis clock', value: [deadline] },
      ],
    })

    expect(shown(card)).toContain('**Objective: **until 03:00\n**Diagnosis clock: **until 03:00')
    expect(messageOf(card).text).toBe(
      '⚪ A card\nObjective: until <!date^1795399200^{time}|02:00 UTC> · Diagnosis clock: until <!date^1795399200^{time}|02:00 UTC>',
    )
  })

  test('shows tables as lists that can be read on a phone', () => {
    const two = { columns: ['Command', 'What it does'], rows: [[[{ code: 'ack' }], ['I have it']]] }
    const five = {
      columns: ['Run', 'Recovery', 'State', 'By'],
      rows: [
        [['R-1'], ['failover lb'], ['done'], ['Ann']],
        [['R-2'], ['failback lb'], [], ['Bob']],
      ],
    }

    expect(shown(cardWith({ sections: [{ table: two }] }))).toContain('`ack`\nI have it')
    expect(shown(cardWith({ sections: [{ table: five }] }))).toContain(
      '• **R-1**\n  Recovery: failover lb · State: done · By: Ann\n• **R-2**\n  Recovery: failback lb\n  By: Bob',
    )
  })

  test('keeps preformatted text as it is, but for its tail', () => {
    const lines = Array.from({ length: 400 }, (_, number) => `line   ${number}`)
    const text = shown(cardWith({ sections: [{ preformatted: lines.join('\n') }] }))

    expect(text).toContain('| line   0\n| line   1\n')
    expect(text).toMatch(/and \d+ more lines in the console$/)
    expect(Number(/and (\d+) more/.exec(text)?.[1]) + (text.match(/\| line/g) ?? []).length).toBe(400)
  })

  test('has its ways to places as buttons that lead there, and only to web addresses', () => {
    const links = [
      { label: 'Console', link: more },
      { label: 'Evil', link: 'javascript:alert(1)' },
      { label: 'File', link: 'file:///etc/passwd' },
    ]

    const [button, ...others] = buttonsOf(cardWith({ links }))

    expect(button).toMatchObject({ action_id: 'link:1', url: more, text: { text: 'Console' } })
    expect(others).toEqual([])
  })

  test('does not make a person’s text a link, a mention, markup or an emoji', () => {
    const evil = '<!channel> <@U1> *b* _i_ ~s~ `c` <http://evil.example|bank> :fire: & https://evil.example'
    const card = cardWith({
      title: evil,
      fields: [{ label: evil, value: [evil] }],
      sections: [{ lines: [[evil]] }, { heading: evil, table: { columns: [evil], rows: [[[evil]]] } }],
      footer: [evil],
    })

    const { text, blocks } = messageOf(card)

    expect(JSON.stringify(blocks)).not.toMatch(
      /"type":"(?:link|user|broadcast|usergroup|channel|emoji|mrkdwn)"/,
    )
    expect(text).not.toMatch(/[<>]/)
    expect(text).toContain('&lt;!channel&gt; &lt;@U1&gt;')
  })
})

describe('a card that is too long for Slack', () => {
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
    const message = messageOf(long(1_000), { more })
    const text = shownBlocks(message.blocks, zone)

    expect(refusals(message)).toEqual([])
    expect(text).toContain('0: a problem')
    expect(text).toMatch(
      /• and 9\d\d more: \[open the console\]\(https:\/\/dr.example.com\/incidents\/INC-12\)/,
    )
    for (const kept of ['lb1 is down', 'Ann Onken', 'tried a restart', '[I have it]', '[Resolve…]'])
      expect(text).toContain(kept)
  })

  test('keeps the newest lines of what is told in the order of time', () => {
    const days = [1, 2, 3].map((day) => ({
      heading: `Day ${day}`,
      newestLast: true as const,
      lines: Array.from({ length: 80 }, (_, number) => [`${day}-${number}: ${line}`]),
    }))
    const text = shown(cardWith({ sections: days }))

    expect(text).toContain('3-79: a problem')
    expect(text).not.toContain('3-0: a problem')
    expect(text).toMatch(/\*\*Day 3\*\*\n• \d+ earlier in the console\n• 3-/)
  })

  test('counts what it leaves out', () => {
    const text = shown(long(1_000))
    const items = text.match(/• \d+: /g) ?? []

    expect(items.length + Number(/and (\d+) more/.exec(text)?.[1])).toBe(1_000)
  })

  test('never loses its title or its buttons, and counts whole parts', () => {
    const sections = Array.from({ length: 500 }, (_, number) => ({
      heading: `Part ${number}`,
      lines: [[line]],
    }))
    const message = messageOf({ ...long(1), sections })
    const text = shownBlocks(message.blocks, zone)

    expect(refusals(message)).toEqual([])
    expect(text).toContain('# 🔴 INC-12')
    expect(text).toContain('[I have it]')
    const parts = text.match(/\*\*Part \d+\*\*/g) ?? []
    expect(parts.length).toBeGreaterThan(5)
    expect(text).toContain(`and ${500 - parts.length} more parts`)
  })

  test('never ends in half a character', () => {
    const title = `${'x'.repeat(139)}${'😀'.repeat(20)}`

    const [header] = messageOf(cardWith({ title })).blocks

    expect(JSON.stringify(header)).not.toMatch(/\\ud[89a-f]/i)
    expect(header?.type === 'header' && header.text.text.length).toBeLessThanOrEqual(150)
  })
})
