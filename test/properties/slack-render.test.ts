// Whatever is on a card, Slack takes the message, and nothing of it becomes more than text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { schemaErrors, ViewBlocks } from '../../sim/slack/blocks.ts'
import { sizeOf } from '../../src/chat/fit.ts'
import { limits } from '../../src/chat/slack/render/blocks.ts'
import { commandAction, readButton } from '../../src/chat/slack/render/buttons.ts'
import { homeView } from '../../src/chat/slack/render/home.ts'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import { answerView, askView } from '../../src/chat/slack/render/views.ts'
import { clean } from '../../src/chat/text.ts'
import type { Card } from '../../src/message.ts'
import { addressesOf, anyButton, anyCard, anyLine, objects, strings } from './any-card.ts'

const mention = ['user', 'usergroup', 'channel', 'team', 'broadcast', 'emoji', 'color']
const dateToken = /<!date\^\d+\^[{} _a-z]+\|[-0-9: ]+UTC>/g

/** Whether an element makes more of a text than text, with what the card itself links to. */
function isMore(element: Readonly<Record<string, unknown>>, addresses: ReadonlySet<string>): boolean {
  const { type, text: words, url } = element
  if (type === 'mrkdwn') return String(words).replaceAll(dateToken, '') !== ''
  if (typeof url === 'string' && !(addresses.has(url) && /^https?:/.test(url))) return true
  return mention.includes(String(type))
}

function refusals(blocks: readonly unknown[], most: number): readonly string[] {
  const read = ViewBlocks.max(most).safeParse(blocks)
  return read.success ? [] : schemaErrors(read.error, '/blocks')
}

describe('any card in Slack', () => {
  test('is taken, with its title and within the room there is', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { text: words, blocks } = messageOf(card)

        expect(refusals(blocks, limits.blocks)).toEqual([])
        expect(sizeOf(blocks)).toBeLessThanOrEqual(limits.whole)
        expect(blocks[0]?.type).toBe('header')
        expect(words.length).toBeGreaterThan(0)
        expect(words.length).toBeLessThanOrEqual(limits.text)
        expect(Math.max(...strings(blocks).map((each) => each.length))).toBeLessThanOrEqual(limits.text)
      }),
    )
  })

  test('holds no mention, no link of its own, no parsed text and no unseen character', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { text: words, blocks } = messageOf(card)

        const addresses = addressesOf(card)
        expect(objects(blocks).filter((each) => isMore(each, addresses))).toEqual([])
        const all = [...strings(blocks), words].join('').replaceAll('\n', '')
        expect(all).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
        expect(all.isWellFormed()).toBe(true)
        expect(words.replaceAll(dateToken, '')).not.toMatch(/[<>]/)
      }),
    )
  })

  test('is taken as a modal, and on a home tab beside others', () => {
    fc.assert(
      fc.property(fc.array(anyCard, { maxLength: 8 }), anyLine, (cards, shift) => {
        const home = homeView({ open: cards, approvals: cards.slice(0, 3), shift: [shift], notes: [shift] })
        const [first] = cards

        expect(refusals(home.blocks, limits.viewBlocks)).toEqual([])
        expect(sizeOf(home.blocks)).toBeLessThanOrEqual(limits.whole)
        if (first) expect(refusals(answerView(first).blocks, limits.viewBlocks)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})

describe('any button in Slack', () => {
  test('comes back as what it was, or is left out: never as another command', () => {
    fc.assert(
      fc.property(anyButton, (wanted) => {
        const card: Card = { title: 't', tone: 'quiet', buttons: [wanted] }
        const [element] = messageOf(card).blocks.flatMap((block) =>
          block.type === 'actions' ? block.elements : [],
        )
        if (element?.value === undefined) return

        const read = readButton(element.value)

        expect(element.action_id).toMatch(commandAction)
        expect(read.command).toBe(clean(wanted.command).trim())
        expect(read.typed).toBe(wanted.typed === undefined ? undefined : clean(wanted.typed))
        expect(read.input === undefined).toBe(wanted.input === undefined)
        expect(refusals(askView(read, '').blocks, limits.viewBlocks)).toEqual([])
      }),
    )
  })
})
