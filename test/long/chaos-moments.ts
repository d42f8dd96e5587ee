// At which moments of a story something is killed: drawn from a seed, so that a round can be played again.

/** What can be seen from outside while a story is played; each is counted from its beginning. */
export const kinds = [
  /** Redis has written a decision or an alert. Needs a Redis that can be listened to. */
  'write',
  /** The mail server has a page whole, and has not said so yet. */
  'mail',
  /** Cloudflare is asked: the request is lost with its sender. */
  'request',
  /** Cloudflare has done it, and the answer is lost. */
  'answer',
  /** Cloudflare is asked to change something. */
  'change-request',
  'change-answer',
  /** An alert was answered 202. */
  'accepted',
  /** A command was answered. */
  'said',
] as const
type Kind = (typeof kinds)[number]

export type Moment =
  | { readonly kind: 'time'; readonly after: number }
  | { readonly kind: Kind; readonly nth: number; readonly delay: number }

/** How often each happens in a story at least: later ones might never come. */
const most: { readonly [K in Kind]: number } = {
  write: 25,
  mail: 2,
  request: 5,
  answer: 5,
  'change-request': 1,
  'change-answer': 1,
  accepted: 6,
  said: 3,
}
/** How long a story takes about, in real milliseconds. */
const length = 5_000

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One moment or two; a third of them by the clock, the others at, or shortly after, what is most delicate. */
export function drawMoments(random: () => number, possible: readonly Kind[]): readonly Moment[] {
  const count = random() < 0.7 ? 1 : 2
  return Array.from({ length: count }, (): Moment => {
    const kind = possible[Math.floor(random() * possible.length)]
    if (kind === undefined || random() < 1 / 3) return { kind: 'time', after: Math.floor(random() * length) }
    const nth = 1 + Math.floor(random() * most[kind])
    return { kind, nth, delay: random() < 0.6 ? 0 : Math.floor(random() * 40) }
  })
}

export interface Strikes {
  /** Counts it; `now` when something is to be killed before anything else happens. */
  readonly saw: (kind: Kind) => 'now' | undefined
  readonly stop: () => void
}

/** Calls `strike` at each of the moments, once. Time begins now. */
export function armMoments(moments: readonly Moment[], strike: () => void): Strikes {
  const counts = new Map<Kind, number>()
  const timers = new Set<NodeJS.Timeout>()
  const later = (delay: number): void => {
    timers.add(setTimeout(strike, delay))
  }
  for (const moment of moments) if (moment.kind === 'time') later(moment.after)
  return {
    saw: (kind) => {
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      const hit = moments.filter((each) => each.kind !== 'time' && each.kind === kind && each.nth === count)
      for (const each of hit) if ('delay' in each && each.delay > 0) later(each.delay)
      if (!hit.some((each) => 'delay' in each && each.delay === 0)) return undefined
      strike()
      return 'now'
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
