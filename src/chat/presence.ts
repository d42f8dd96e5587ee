// Who is likely to overlook a page in a chat, asked each minute: advice for the ladder of pages, never a gate.
import { repeat } from '../deadlines/deadlines.ts'
import type { DrPlan, Person } from '../drplan/schema.ts'
import { reasonOf } from '../errors.ts'
import { minute } from '../ids.ts'
import type { Instant, PersonId } from '../ids.ts'
import { candidates } from '../oncall/candidates.ts'
import type { Clock, Log } from '../ports.ts'

export interface Presence {
  /** What makes a page in this chat likely to be overlooked; undefined when nothing is known. */
  readonly advice: (person: PersonId) => 'dnd' | 'away' | undefined
  /** Asks the chat now; never rejects. */
  readonly look: () => Promise<void>
  readonly close: () => void
}

/** Somebody as the chat knows them. */
export interface Looked {
  readonly person: PersonId
  readonly user: string
}

/** What the chat says of somebody. */
export interface Seen {
  /** The next or current do-not-disturb; its ends may be infinite. */
  readonly quiet: { readonly from: Instant; readonly until: Instant } | undefined
  readonly away: boolean
}

export interface PresenceDeps {
  /** The chat's name, such as Slack. */
  readonly service: string
  /** Whom to ask about: those who may be paged soon. */
  readonly people: () => readonly Looked[]
  /** What the chat says of these users; of whom it says nothing, nothing is known. */
  readonly ask: (users: readonly string[]) => Promise<ReadonlyMap<string, Seen>>
  /** Whether the bot is meant to do without: that is worth no warning. */
  readonly optional?: (thrown: unknown) => boolean
  readonly clock: Clock
  readonly log: Log
}

const every = minute
/** What is older than this says nothing any more. */
const stale = 5 * minute

/** Looks at once and then each minute, best effort. */
export function createPresence(deps: PresenceDeps): Presence {
  const { service, clock, log } = deps
  let known: ReadonlyMap<PersonId, Seen & { readonly at: Instant }> = new Map()
  let healthy = true

  function missing(thrown: unknown): void {
    const text = `${service} does not tell who is away; pages go out as the plan says`
    const level = deps.optional?.(thrown) ? 'info' : 'warn'
    if (healthy) log[level](text, { reason: reasonOf(thrown) })
    healthy = false
  }

  async function look(): Promise<void> {
    const people = deps.people()
    if (people.length === 0) return
    try {
      const seen = await deps.ask([...new Set(people.map(({ user }) => user))])
      const at = clock.now()
      known = new Map(
        people.flatMap(({ person, user }) => {
          const each = seen.get(user)
          return each === undefined ? [] : [[person, { ...each, at }]]
        }),
      )
      if (!healthy) log.info(`${service} tells again who is away`)
      healthy = true
    } catch (thrown) {
      missing(thrown)
    }
  }

  const stop = repeat({ name: 'presence', every, run: look }, deps)
  return {
    advice: (person) => {
      const now = clock.now()
      const about = known.get(person)
      if (!about || now - about.at > stale) return undefined
      if (about.quiet && about.quiet.from <= now && now < about.quiet.until) return 'dnd'
      return about.away ? 'away' : undefined
    },
    look,
    close: stop,
  }
}

/** Who may be paged next, with their ids in the chat that `id` reads. */
export function onDuty(
  plan: DrPlan,
  now: Instant,
  id: (person: Person) => string | undefined,
): readonly Looked[] {
  const targets = plan.escalation.flatMap((level) => level.to)
  const called = targets.flatMap((target) => candidates(plan, target, now).map((each) => each.person))
  return [...new Set(called)].flatMap((person) => {
    const known = plan.people[person]
    const user = known && id(known)
    return user === undefined ? [] : [{ person, user }]
  })
}
