// What people write in Teams, as the bot's commands have it: mentions become words, spaces are spaces.
import type { DrPlan } from '../../../drplan/schema.ts'
import type { PersonId } from '../../../ids.ts'
import { Mention } from './payload.ts'
import type { Activity } from './payload.ts'

/** Longer texts are refused by the parser anyway. */
const longest = 10_000

/** What was said to the bot: the words after its name, or why there are none. */
export type Words = { readonly text: string } | 'not-to-the-bot' | 'name-not-first'

/**
 * The text without the mention of the bot that it begins with. Entities (`&lt;`) are left alone but for spaces:
 * parsing a command takes them off, once. `person`: the word for somebody by the connector's id.
 */
export function wordsOf(
  activity: Activity,
  { personal, person }: { readonly personal: boolean; readonly person: (mri: string) => string | undefined },
): Words {
  const text = spaced((activity.text ?? '').slice(0, longest))
  const mentions = mentionsIn(activity)
  const bot = mentions.filter(({ mentioned }) => mentioned.id === activity.recipient.id)
  const first = bot.find((each) => each.text !== undefined && text.startsWith(spaced(each.text)))
  if (!personal && bot.length === 0) return 'not-to-the-bot'
  if (!personal && first === undefined) return 'name-not-first'
  const rest = first?.text === undefined ? text : text.slice(spaced(first.text).length)
  const others = mentions.filter((each) => each !== first)
  const words = others.reduce((left, { text: mark, mentioned }) => {
    const word = person(mentioned.id) ?? `@${mentioned.name ?? 'somebody'}`
    return mark === undefined ? left : left.replace(spaced(mark), () => word)
  }, rest)
  return { text: words.replace(/^[\s:,]+/, '').trim() }
}

function mentionsIn({ entities = [] }: Activity): readonly Mention[] {
  return entities.flatMap((each) => Mention.safeParse(each).data ?? [])
}

/** Teams puts a space that is none behind a mention, and marks around lines that were pasted. */
function spaced(text: string): string {
  return text
    .replaceAll(/&nbsp;|&#160;|&#xa0;|\u00a0|\u200b|\ufeff/gi, ' ')
    .replaceAll(/<br\s*\/?>|<\/?p>/gi, '\n')
    .trimStart()
}

/** The plan's person with this Entra object id. */
export function byObjectId(plan: Pick<DrPlan, 'people'>, id: string): PersonId | undefined {
  const wanted = id.toLowerCase()
  return Object.entries(plan.people).find(([, person]) => person.teams?.toLowerCase() === wanted)?.[0]
}
