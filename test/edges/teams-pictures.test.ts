// Cards of Teams as Microsoft's renderer draws them in a browser: all of it is seen, on a phone too, and nothing comes alive.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chartActivity } from '../../src/chat/teams/render/chart.ts'
import { adaptiveCard } from '../../src/chat/teams/render/message.ts'
import type { Card } from '../../src/message.ts'
import { inPersonalChat } from '../../src/chat/teams/render/personal.ts'
import { cards, pages } from '../contracts/stage-cards.ts'
import { noon, resolved } from '../contracts/store-samples.ts'
import { startDrawer } from '../contracts/teams-cards-drawn.ts'
import type { Drawer } from '../contracts/teams-cards-drawn.ts'

const zone = 'Europe/Berlin'
let drawer: Drawer

beforeAll(async () => {
  drawer = await startDrawer()
}, 60_000)
afterAll(() => drawer.close())

describe('a card of Teams, drawn', () => {
  test.each(Object.entries(cards))('%s', async (_name, card) => {
    const drawn = await drawer.draw(adaptiveCard(card, { zone }), { width: 360 })

    expect(drawn.complaints).toEqual([])
    expect(drawn.overflow).toBe(0)
    expect(drawn.cut).toEqual([])
    expect(drawn.text).toContain(card.title)
    for (const { label } of card.buttons ?? [])
      expect(drawn.buttons.map((title) => title.replace('…', ''))).toContain(label)
    expect(drawn.text).not.toMatch(/\{\{|undefined|\[object/)
  })

  test.each(Object.entries(pages))('%s', async (_name, page) => {
    const card = inPersonalChat(page)
    const drawn = await drawer.draw(adaptiveCard(card, { zone, personal: true }), { width: 360 })

    expect(drawn).toMatchObject({ complaints: [], overflow: 0, cut: [] })
    expect(drawn.text).toContain(card.title)
    for (const { label } of card.buttons ?? [])
      expect(drawn.buttons.map((title) => title.replace('…', ''))).toContain(label)
    expect(drawn.text).not.toMatch(/\{\{|undefined|\[object/)
  })

  test('shows its clocks as a clock on the wall of the reader does', async () => {
    const card = cards['incident-2-somebody-has-it']
    const drawn = await drawer.draw(adaptiveCard(card as Card, { zone: 'UTC' }))

    expect(drawn.text).toMatch(/Objective \(RTO 10m\)\s+until 0?3:09/)
  })

  test('opens the form of a button under it', async () => {
    const card = adaptiveCard(cards['run-2-disruptive'] as Card, { zone })
    const drawn = await drawer.draw(card, { width: 360, open: 'Approve…' })

    expect(drawn.overflow).toBe(0)
    expect(drawn.text).toMatch(/To go on, type backup\s+The name, exactly as above/)
  })

  test('shows what is not meant well as it was written', async () => {
    const evil =
      '**b** _i_ [bank](http://evil.example) <at>Ann</at> <b>x</b> # h {{DATE(2017-02-14T06:00:00Z, SHORT)}}'
    const button = { label: evil, command: 'ack', style: 'plain', input: evil, confirm: evil } as const
    const card: Card = {
      title: evil,
      tone: 'bad',
      fields: [{ label: evil, value: [evil, { at: noon, show: 'deadline' }] }],
      sections: [{ heading: evil, lines: [[evil], [{ strong: evil }]] }, { preformatted: evil }],
      buttons: [button],
      footer: [evil],
    }
    const drawn = await drawer.draw(adaptiveCard(card), { open: `${evil.slice(0, 59)}……` })
    const words = '**b** _i_ [bank](http://evil.example) <at>Ann</at> <b>x</b> # h { {DATE('

    expect(drawn.text.split(words).length).toBeGreaterThan(6)
    expect(drawn.links).toEqual([])
    expect(drawn.parsed).toEqual([])
    expect(drawn.text).not.toContain('2017,')
  })

  test('shows the phases of an outage', async () => {
    const marks = {
      outage: noon,
      detected: noon + 12_000,
      acknowledged: noon + 60_000,
      verified: noon + 200_000,
    }
    const { attachments } = chartActivity({ ...resolved('INC-12'), marks }, noon)
    const drawn = await drawer.draw(attachments?.[0]?.content, { width: 360 })

    expect(drawn).toMatchObject({ complaints: [], overflow: 0 })
    expect(drawn.text).toMatch(/acknowledge\s+48s/)
  })
})
