// One person being paged: the steps of the ladder, when each is due, and what brings it forward.
import { nameOf } from '../drplan/person-name.ts'
import type { Duration, Instant, PersonId } from '../ids.ts'
import { second } from '../ids.ts'
import { printDuration } from '../drplan/duration.ts'
import { channelsFor } from '../oncall/channels.ts'
import type { Call, Page, PageStep } from './incident.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment } from './change.ts'

/** Stopped pages that are kept in the state; older ones are in the timeline. */
const pagesKept = 40
/** A channel that has said neither sent nor failed for so long does not hold up the next one any more. */
const lateAfter: Duration = 5 * second
/** What a chat tells of a person, for people to read. */
const advices = { dnd: 'do not disturb in chat', away: 'away in chat' } as const

/** A person to be paged, and why this one. */
export interface Chosen {
  readonly person: PersonId
  readonly why: string
}

/** Begins to page a person for a call: what is due at once is ordered. */
export function page(change: Change, of: Call, chosen: Chosen, moment: Moment): Change {
  const { person } = chosen
  const { steps, note } = advised(ladder(person, moment), person, moment)
  const begun: Page = {
    id: `p${change.next.nextPage}`,
    person,
    target: of.target,
    level: of.level,
    why: note === undefined ? chosen.why : `${chosen.why}; ${note}`,
    startedAt: moment.now,
    steps,
  }
  const pages = trimmed([...change.next.pages, begun])
  return order(patch(change, { pages, nextPage: change.next.nextPage + 1 }), moment)
}

/** The plan's ladder, as far as the person has an address and the channel is set up; the console is always there. */
function ladder(person: PersonId, { now, policy }: Moment): readonly PageStep[] {
  const steps = channelsFor(policy.plan, person)
    .filter((step) => policy.channels?.includes(step.channel) ?? true)
    .map((step) => ({ channel: step.channel, at: now + step.after }))
  return steps.length > 0 ? steps : [{ channel: 'chat', at: now }]
}

/** Who may not see the chat is paged there all the same, and by the next louder channel with it instead of later. */
function advised(
  steps: readonly PageStep[],
  person: PersonId,
  { policy }: Moment,
): { readonly steps: readonly PageStep[]; readonly note?: string } {
  const chat = steps.findIndex((step) => step.channel === 'chat')
  const at = steps[chat]?.at
  const advice = at === undefined ? undefined : policy.advice?.(person)
  if (at === undefined || advice === undefined) return { steps }
  const louder = steps.findIndex((step, index) => index > chat && step.at > at)
  const step = steps[louder]
  if (!step) return { steps }
  return {
    steps: steps.map((each, index) => (index === louder ? { ...step, at } : each)),
    note: `${advices[advice]}: also by ${step.channel} at once`,
  }
}

function trimmed(pages: readonly Page[]): readonly Page[] {
  const surplus = pages.length - pagesKept
  if (surplus <= 0) return pages
  const old = new Set(pages.filter((each) => each.stopped).slice(0, surplus))
  return pages.filter((each) => !old.has(each))
}

/** Orders every step of every running page that is due. */
export function order(change: Change, moment: Moment): Change {
  let so = change
  for (const each of change.next.pages) {
    if (each.stopped) continue
    each.steps.forEach((_step, index) => {
      if ((dueAt(each, index) ?? Infinity) <= moment.now) so = orderStep(so, each.id, index, moment)
    })
  }
  return so
}

/** When a step is to be ordered; undefined once it was. The one before it, while it does not answer, brings it forward. */
function dueAt({ steps }: Page, index: number): Instant | undefined {
  const [before, step] = [steps[index - 1], steps[index]]
  if (!step || step.outcome !== undefined) return undefined
  return before?.outcome === 'ordered' ? Math.min(step.at, before.at + lateAfter) : step.at
}

/** When the steps of a page are due. */
export function stepsWakeAt(page: Page): readonly Instant[] {
  if (page.stopped) return []
  return page.steps.map((_step, index) => dueAt(page, index)).filter((at) => at !== undefined)
}

function orderStep(change: Change, id: string, index: number, moment: Moment): Change {
  const page = change.next.pages.find((each) => each.id === id)
  const step = page?.steps[index]
  if (!page || !step) return change
  const ordered = patch(change, {
    pages: withStep(change.next.pages, id, index, { ...step, at: moment.now, outcome: 'ordered' }),
  })
  const before = page.steps[index - 1]
  const early = step.at > moment.now && before !== undefined
  const late = early ? ` (${before.channel} has not answered for ${printDuration(lateAfter)})` : ''
  const text = `Paging ${nameOf(moment.policy.plan, page.person)} by ${step.channel}${late}: ${page.why}`
  const data = { page: id, person: page.person, channel: step.channel, target: page.target, why: page.why }
  const { id: incident } = change.next
  return effect(happened(ordered, 'page.ordered', { at: moment.now, by: bot, text, data }), {
    kind: 'page',
    incident,
    page: id,
    step: index,
    person: page.person,
    channel: step.channel,
  })
}

/** The pages with one step of one of them replaced. */
export function withStep(pages: readonly Page[], id: string, index: number, step: PageStep): readonly Page[] {
  return pages.map((page) =>
    page.id === id ? { ...page, steps: page.steps.map((old, at) => (at === index ? step : old)) } : page,
  )
}
