// Whatever is on a card, Teams takes the message, and nothing of it becomes more than text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sizeOf } from '../../src/chat/fit.ts'
import { readPressed } from '../../src/chat/teams/render/buttons.ts'
import { chartActivity } from '../../src/chat/teams/render/chart.ts'
import { limits } from '../../src/chat/teams/render/elements.ts'
import { activityOf, adaptiveCard } from '../../src/chat/teams/render/message.ts'
import { clean } from '../../src/chat/text.ts'
import { officialErrors } from '../contracts/teams-cards-official.ts'
import { cardErrors } from '../contracts/teams-cards-schema.ts'
import { noon, resolved } from '../contracts/store-samples.ts'
import { addressesOf, anyButton, anyCard, objects, strings } from './any-card.ts'

/** Bytes of one message that Teams takes (learn.microsoft.com, "Format your bot messages"). */
const mostBytes = 28 * 1_024

type Found = Readonly<Record<string, unknown>>

const dateFunction = /\{\{(?:DATE\([-0-9T:Z+]+, SHORT|TIME\([-0-9T:Z+]+)\)\}\}/g
/** Letters, digits, spaces and marks that mean nothing in Markdown; the dots of a text that was cut. */
const wordsOnly = /^(?:🔴 )?[\p{L}\p{N} ,()–—…]*$/u

/** Whether an element makes more of a text than text: Markdown, a mention, a function, an address of its own. */
function isMore(element: Found, addresses: ReadonlySet<string>): boolean {
  const { type, text = '', url, entities, errorMessage } = element
  const words = JSON.stringify(text).slice(1, -1)
  if (type === 'TextBlock') return !wordsOnly.test(words.replaceAll(dateFunction, ''))
  if (type === 'TextRun' && /\{\{\s*(?:DATE|TIME)\s*\(/i.test(words)) return true
  if (url !== undefined) return typeof url !== 'string' || !addresses.has(url) || !/^https?:/.test(url)
  if (errorMessage !== undefined) return !/^"[\w ,]+\."$/.test(JSON.stringify(errorMessage))
  return entities !== undefined || type === 'FactSet' || type === 'Media' || type === 'Image'
}

describe('any card in Teams', () => {
  test('is taken, with its title and within the room there is', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const activity = activityOf(card)
        const content = adaptiveCard(card)

        expect(cardErrors(content)).toEqual([])
        expect(officialErrors(content)).toEqual([])
        expect(sizeOf(content)).toBeLessThanOrEqual(limits.whole)
        expect(sizeOf(activity)).toBeLessThan(mostBytes)
        expect(content.body[0]).toMatchObject({ type: 'Container', bleed: true })
        expect(activity.summary?.length).toBeLessThanOrEqual(limits.summary)
      }),
    )
  })

  test('holds no mention, no link of its own, no Markdown, no function and no unseen character', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const activity = activityOf(card)

        const addresses = addressesOf(card)
        expect(objects(activity).filter((each) => isMore(each, addresses))).toEqual([])
        const all = strings(activity).join('')
        expect(all).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
        expect(all.isWellFormed()).toBe(true)
        expect(activity).not.toHaveProperty('text')
      }),
    )
  })
})

describe('any button in Teams', () => {
  test('comes back as what it was, or is left out: never as another command', () => {
    fc.assert(
      fc.property(anyButton, fc.string(), (wanted, answer) => {
        const content = adaptiveCard({ title: 't', tone: 'quiet', buttons: [wanted] })
        const executes = objects(content).filter(({ type }) => type === 'Action.Execute')
        const asked = objects(content).flatMap(({ type, id }) => (type === 'Input.Text' ? [String(id)] : []))
        const inputs = Object.fromEntries(asked.map((id) => [id, answer]))
        const sent = executes.map(({ data }) => readPressed({ ...(data as object), ...inputs }))

        const given = answer.trim()
        for (const each of sent)
          expect(each).toEqual({
            command: clean(wanted.command).trim(),
            ...(wanted.typed !== undefined && given !== '' && { typed: given }),
            ...(wanted.input !== undefined && given !== '' && { input: given }),
          })
      }),
    )
  })
})

describe('the phases of any outage in Teams', () => {
  test('are taken', () => {
    const gap = fc.integer({ min: 0, max: 100_000_000 })
    fc.assert(
      fc.property(fc.array(gap, { minLength: 5, maxLength: 5 }), fc.string(), (gaps, title) => {
        const at = gaps.map((_, index) => gaps.slice(0, index + 1).reduce((sum, each) => sum + each, noon))
        const [detected = noon, paged = noon, acknowledged = noon, diagnosed = noon, now = noon] = at
        const marks = { outage: noon, detected, paged, acknowledged, diagnosed }
        const { attachments } = chartActivity({ ...resolved('INC-12'), title, marks }, now)

        expect(attachments?.flatMap(({ content }) => cardErrors(content))).toEqual([])
      }),
    )
  })
})
