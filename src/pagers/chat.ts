// Pages a person in every chat that reaches them, at the same time; the page is out as soon as it is in one of them.
import { RetryableError, UserError, isPassing, reasonOf } from '../errors.ts'
import type { PersonId } from '../ids.ts'
import type { Log, Pager } from '../ports.ts'

/** One chat as a way to page. */
export interface ChatPart {
  readonly name: string
  /** Whether it has an address of this person. */
  readonly reaches: (person: PersonId) => boolean
  readonly send: Pager['send']
  /** Reaches only who is looking anyway: what it does counts only where no other chat reaches the person. */
  readonly lastResort?: boolean
}

/** The pager of the channel `chat`. When no part that counts took the page, the error names what each of them said. */
export function createChatPager(parts: readonly ChatPart[], log: Pick<Log, 'warn'>): Pager {
  return {
    channel: 'chat',
    send: async (person, to, message, signal) => {
      const reaching = parts.filter((part) => part.reaches(person))
      if (reaching.length === 0) throw nowhere(person)
      const firsts = reaching.filter((part) => !part.lastResort)
      const counting = firsts.length > 0 ? firsts : reaching
      const attempt = async (part: ChatPart): Promise<void> => {
        try {
          await part.send(person, to, message, signal)
        } catch (thrown) {
          // The only one that counts says so itself, by the page that fails.
          if (counting.some((each) => each !== part))
            log.warn('a chat did not take a page', { chat: part.name, person, reason: reasonOf(thrown) })
          throw new PartError(part.name, thrown)
        }
      }
      // Nobody waits for what does not count; that it failed is in the log.
      for (const part of reaching) if (!counting.includes(part)) attempt(part).catch(() => {})
      const tries = counting.map(attempt)
      await Promise.any(tries).catch((thrown: unknown) => {
        throw joined(thrown)
      })
      const others = rest(tries)
      // Whoever does not care for them does not wait for them either.
      others.catch(() => {})
      return { others }
    },
  }
}

/** Who is in two chats is paged in both, though one is slow or away for now: what time can mend is worth another try. */
async function rest(tries: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(tries)
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  const later = failures.filter((failure) => isPartError(failure) && isPassing(failure.cause))
  if (later.length > 0) throw joined(new AggregateError(later))
}

/** What one chat threw. */
class PartError extends Error {
  override readonly name = 'PartError'
  readonly part: string

  constructor(part: string, thrown: unknown) {
    super(reasonOf(thrown), { cause: thrown })
    this.part = part
  }
}

function nowhere(person: PersonId): UserError {
  const text = `No chat reaches ${person}. Set people.${person}.slack or people.${person}.teams in the DR plan.`
  return new UserError('no-chat', text)
}

/** The errors of all parts as one; trying again is worth it when it is for one of them. */
function joined(thrown: unknown): Error {
  const failures = thrown instanceof AggregateError ? thrown.errors.filter(isPartError) : []
  const [only, ...more] = failures
  if (only && more.length === 0 && only.cause instanceof Error) return only.cause
  const text = failures.map(({ part, message }) => `${part}: ${message}`).join(' · ')
  const passing = failures.flatMap(({ cause }) => (cause instanceof RetryableError ? [cause] : []))
  if (passing.length === 0) {
    const later = failures.some(({ cause }) => cause instanceof UserError && cause.passing)
    return new UserError('no-chat', text, { passing: later })
  }
  const waits = passing.flatMap(({ after }) => after ?? [])
  return new RetryableError(text, waits.length < passing.length ? {} : { after: Math.min(...waits) })
}

function isPartError(thrown: unknown): thrown is PartError {
  return thrown instanceof PartError
}
