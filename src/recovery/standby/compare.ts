// What must change in the standby zone so that it holds what is wanted, and what is left to people.
import type { StandbySet } from '../../readers.ts'
import type { StandbyChange, StandbyContent } from '../standby-action.ts'
import { absolute, bySetName } from './translate.ts'
import type { WantedSet } from './translate.ts'

export interface Comparison {
  /** Removals first: an alias must be gone before addresses can take its name. */
  readonly changes: readonly StandbyChange[]
  /** Record sets that somebody else made and that are in the way: a sentence part each. They are not overwritten. */
  readonly byHand: readonly string[]
}

/** Pure. Only what carries the bot's mark is changed or removed. */
export function compare(zone: string, wanted: readonly WantedSet[], have: readonly StandbySet[]): Comparison {
  const byHand: string[] = []
  const puts = wanted.flatMap((want): StandbyChange[] => {
    const found = have.find((one) => isSame(one, want))
    const blocking = have.find((one) => !one.managed && one.name === want.name && excludes(one, want))
    if (found && isEqual(found, want)) return []
    const foreign = found && !found.managed ? found : blocking
    if (foreign) {
      byHand.push(
        `${absolute(zone, want.name)} ${foreign.type} is ${contentText(foreign)} and would have to be ${want.type} ${contentText(want)}; it was not made by the bot`,
      )
      return []
    }
    const { name, type, ttl, values } = want
    const after = { ttl, values }
    return [{ name, type, ...(found ? { before: contentOf(found) } : {}), after }]
  })
  const removals = have
    .filter((one) => one.managed && !wanted.some((want) => isSame(one, want)))
    .map((one): StandbyChange => ({ name: one.name, type: one.type, before: contentOf(one) }))
  return { changes: [...removals.toSorted(bySetName), ...puts.toSorted(bySetName)], byHand }
}

/** The same changes the other way round, the last one first. */
export function reversed(changes: readonly StandbyChange[]): readonly StandbyChange[] {
  return changes
    .map(({ name, type, before, after }): StandbyChange => ({
      name,
      type,
      ...(after ? { before: after } : {}),
      ...(before ? { after: before } : {}),
    }))
    .toReversed()
}

/** `203.0.113.10, TTL 300 s`; `none` when there is no such record set. */
export function contentText(content: StandbyContent | undefined): string {
  return content ? `${content.values.join(' and ')}, TTL ${content.ttl} s` : 'none'
}

export function isEqual(a: StandbyContent | undefined, b: StandbyContent | undefined): boolean {
  return contentText(a) === contentText(b)
}

function contentOf({ ttl, values }: StandbyContent): StandbyContent {
  return { ttl, values }
}

function isSame(a: Pick<WantedSet, 'name' | 'type'>, b: Pick<WantedSet, 'name' | 'type'>): boolean {
  return a.name === b.name && a.type === b.type
}

/** Of two record sets at one name an alias excludes every other type. */
function excludes(a: Pick<WantedSet, 'type'>, b: Pick<WantedSet, 'type'>): boolean {
  return a.type !== b.type && (a.type === 'CNAME' || b.type === 'CNAME')
}
