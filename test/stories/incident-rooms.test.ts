// An incident's room in a chat that comes and goes: nothing that was said is lost, nothing is said twice, and at the end it is put away.
import { beforeEach, describe, expect, test } from 'vitest'
import { createChanges } from '../../src/changes.ts'
import { RetryableError } from '../../src/errors.ts'
import type { Policy } from '../../src/incident/change.ts'
import { incidentEffects } from '../../src/incident/effects.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import type { Effect } from '../../src/effect.ts'
import type { Chat, Clock } from '../../src/ports.ts'
import { createStore } from '../../src/store/redis.ts'
import { planWith } from '../fixtures/plans/plan.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'

const minute = 60_000
const hour = 60 * minute
/** A Monday, 03:12:00 in Berlin. */
const start = Date.UTC(2026, 10, 23, 2, 12)
const ann = { person: 'ann', door: 'cli' } as const
const nagios = { person: 'nagios', door: 'nagios' } as const
const policy: Policy = { plan: planWith(), chats: ['console', 'slack'], channels: ['email'] }

interface Bench {
  /** Moves the clock, which stands still otherwise. */
  readonly skip: (duration: number) => void
  readonly store: ReturnType<typeof createStore>
  /** Everything that arrived in the room, in its order. */
  readonly heard: string[]
  /** The chat neither opens rooms nor takes words while it is away. */
  readonly away: (is: boolean) => void
  readonly input: (input: IncidentInput) => Promise<Incident>
  readonly incident: () => Promise<Incident>
  /** Tries each effect once, as the outbox does; what fails waits for the next time. */
  readonly settle: () => Promise<void>
  readonly open: () => Promise<void>
}

const redis = oneRedis()
let bench: Bench

beforeEach(async () => {
  await redis().flush()
  bench = await startBench()
})

async function startBench(): Promise<Bench> {
  let time = start
  const clock: Clock = { now: () => time, real: (duration) => duration, after: () => () => {} }
  const store = createStore({ redis: (await redis().connect()).redis, process: 'one' })
  const heard: string[] = []
  const keys = new Set<string>()
  const waiting = new Map<string, { readonly effect: Effect; readonly tried: number }>()
  let gone = false
  function reach(): void {
    if (gone) throw new RetryableError('no answer')
  }
  const slack: Chat = {
    name: 'slack',
    openRoom: async () => {
      reach()
      return { link: 'https://slack.example.com/C1' }
    },
    showRoom: async () => {
      reach()
      return { left: [], again: false }
    },
    showRun: async () => reach(),
    say: async (_incident, text, key) => {
      reach()
      if (!keys.has(key)) heard.push(text)
      keys.add(key)
    },
    announce: async () => reach(),
    closeRoom: async () => {
      reach()
      heard.push('(put away)')
    },
  }
  const incidents = createIncidents({
    store,
    bells: { set: async () => {}, onRing: () => {} },
    changes: createChanges(),
    clock,
    log: silent,
    policy: () => policy,
    kick: (effects) => {
      for (const effect of effects) waiting.set(effect.key, { effect, tried: 0 })
    },
  })
  const performers = incidentEffects({
    store,
    incidents,
    plan: () => policy.plan,
    clock,
    chats: [slack],
    pagers: [{ channel: 'email', send: async () => {} }],
    nagios: undefined,
    publicUrl: 'https://dr.example.com',
    runCard: () => ({ title: 'R-1', tone: 'quiet' }),
    measured: { page: () => {}, alertToPage: () => {} },
  })
  async function attempt({ effect, tried }: { effect: Effect; tried: number }): Promise<void> {
    const { body, key } = effect
    if (body.kind === 'advance' || body.kind === 'release') return
    const spec = performers[body.kind] as {
      perform: (body: Effect['body'], key: string, signal: AbortSignal) => Promise<void>
      tries?: number
      giveUp?: (body: Effect['body'], reason: string) => Promise<void>
    }
    try {
      await spec.perform(body, key, AbortSignal.timeout(1_000))
    } catch (thrown) {
      if (spec.giveUp && tried + 1 >= (spec.tries ?? Infinity)) await spec.giveUp(body, String(thrown))
      else failed.set(key, { effect, tried: tried + 1 })
    }
  }
  const failed = new Map<string, { readonly effect: Effect; readonly tried: number }>()
  async function settle(): Promise<void> {
    for (let [key] = waiting.keys(); key !== undefined; [key] = waiting.keys()) {
      const next = waiting.get(key)
      waiting.delete(key)
      if (next) await attempt(next)
    }
    for (const [key, each] of failed) if (!waiting.has(key)) waiting.set(key, each)
    failed.clear()
  }
  return {
    skip: (duration) => {
      time += duration
    },
    store,
    heard,
    away: (is) => {
      gone = is
    },
    input: (input) => incidents.input('INC-1', input),
    incident: async () => {
      const found = await store.incident('INC-1')
      if (!found) throw new Error('there is no INC-1')
      return found.state
    },
    settle,
    open: async () => {
      await incidents.open({ system: 'lb', title: 'lb1 is down', by: nagios, attached: [alert('broke')] })
    },
  }
}

function alert(change: Attached['change']): Attached {
  const text = `lb1 is ${change}`
  return {
    alert: text,
    key: 'lb1',
    system: 'lb',
    state: 'DOWN',
    output: '',
    at: start,
    since: start,
    change,
    text,
  }
}

async function settleTimes(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await bench.settle()
}

async function slackRoom() {
  return (await bench.incident()).rooms.find((each) => each.chat === 'slack')
}

async function after(duration: number, input: IncidentInput): Promise<void> {
  bench.skip(duration)
  await bench.input(input)
}

describe('a chat that goes away in the middle', () => {
  test('is told in one message, once, what was said meanwhile; what comes later is said as ever', async () => {
    await bench.open()
    await bench.settle()
    bench.away(true)
    await after(minute, { kind: 'ack', by: ann })
    await settleTimes(5)
    const missed = (await slackRoom())?.missed
    await after(minute, { kind: 'escalate', by: ann, reason: 'cannot fix it' })
    await settleTimes(3)
    bench.away(false)
    await settleTimes(3)
    await after(minute, { kind: 'resolve', by: ann, what: 'the switch' })
    await bench.settle()

    expect(missed).toEqual({ since: start + minute, until: start + minute })
    expect(bench.heard).toHaveLength(2)
    expect(bench.heard[0]).toMatch(/^While Slack was away \(times in Europe\/Berlin\):\n/)
    expect(bench.heard[0]).toMatch(/^03:13:00 Ann Onken has it$/m)
    // How the bot went about it is in the record.
    expect(bench.heard[0]).not.toMatch(/Paging|failed|Stopped paging|takes no words|Room open/)
    expect(bench.heard[0]?.split('\n').at(-1)).toBe('All of it: timeline INC-1')
    expect(bench.heard[0]).toContain('03:14:00 Escalated to')
    expect(bench.heard[1]).toContain('closed by hand by Ann Onken after 3m: the switch.')
    expect(await slackRoom()).not.toHaveProperty('missed')
  })

  test('does not hear later words before those it has missed', async () => {
    await bench.open()
    await bench.settle()
    bench.away(true)
    await after(minute, { kind: 'ack', by: ann })
    await settleTimes(5)
    await after(minute, { kind: 'escalate', by: ann })
    bench.away(false)
    await settleTimes(2)

    expect(bench.heard.map((text) => text.split('\n')[0])).toEqual([
      'While Slack was away (times in Europe/Berlin):',
    ])
  })

  test('is told the newest forty lines, and where the others are', async () => {
    await bench.open()
    await bench.settle()
    bench.away(true)
    await after(minute, { kind: 'ack', by: ann })
    await settleTimes(5)
    for (let number = 1; number <= 60; number += 1)
      await bench.input({ kind: 'note', by: ann, text: `finding ${number}` })
    bench.away(false)
    await settleTimes(2)

    const [heading, more, ...lines] = bench.heard[0]?.split('\n') ?? []
    expect(heading).toContain('While Slack was away')
    expect(more).toMatch(/^\d\d earlier lines: timeline INC-1$/)
    expect(lines).toHaveLength(40)
    expect(lines.at(-1)).toContain('finding 60')
  })
})

describe('a room that opens late', () => {
  test('is told what happened before, once', async () => {
    bench.away(true)
    await bench.open()
    await bench.settle()
    await after(2 * minute, { kind: 'ack', by: ann })
    await bench.settle()
    bench.away(false)
    await settleTimes(3)

    expect(bench.heard).toHaveLength(1)
    expect(bench.heard[0]).toMatch(/^Before this room was open \(times in Europe\/Berlin\):\n/)
    expect(bench.heard[0]).toContain('INC-1 opened')
    expect(bench.heard[0]).toContain('Ann Onken has it')
  })

  test('is told even when nobody has said anything yet', async () => {
    bench.away(true)
    await bench.open()
    await bench.settle()
    bench.away(false)
    bench.skip(minute + 1)
    await settleTimes(2)

    expect(bench.heard.map((text) => text.split('\n')[0])).toEqual([
      'Before this room was open (times in Europe/Berlin):',
    ])
  })

  test('is told nothing when it opened in time and missed nothing', async () => {
    await bench.open()
    bench.skip(minute - 1)
    await settleTimes(3)

    expect(bench.heard).toEqual([])
  })
})

describe('the room of what is over', () => {
  async function resolved(): Promise<void> {
    await bench.open()
    await bench.settle()
    await after(minute, { kind: 'resolve', by: ann, what: 'the switch' })
    await bench.settle()
  }

  test('is put away after the time of the plan, and the timeline says so', async () => {
    await resolved()
    await after(24 * hour - 1, { kind: 'tick' })
    await bench.settle()
    const early = [...bench.heard]
    await after(1, { kind: 'tick' })
    await bench.settle()

    expect(early).not.toContain('(put away)')
    expect(bench.heard.at(-1)).toBe('(put away)')
    expect(await slackRoom()).toMatchObject({ state: 'closed' })
    expect((await bench.store.timeline('INC-1')).at(-1)).toMatchObject({
      type: 'room.closed',
      text: 'Over for long enough: the room in Slack is put away',
    })
    expect(await bench.store.due(start + 1_000 * hour, 10)).toEqual([])
  })

  test('stays when it breaks again before', async () => {
    await resolved()
    await after(10 * minute, { kind: 'alerts', attached: [alert('broke')] })
    await after(25 * hour, { kind: 'tick' })
    await settleTimes(2)

    expect(bench.heard).not.toContain('(put away)')
    expect(await slackRoom()).toMatchObject({ state: 'open' })
  })

  test('is taken back when it breaks again later, even while it is being put away', async () => {
    await resolved()
    bench.away(true)
    await after(24 * hour, { kind: 'tick' })
    await bench.settle()
    await bench.input({ kind: 'alerts', attached: [alert('broke')] })
    bench.away(false)
    await settleTimes(3)

    expect(bench.heard).not.toContain('(put away)')
    expect(await slackRoom()).toMatchObject({ state: 'open' })
    expect(bench.heard.at(-1)).toContain('Broken again after it was resolved')
  })
})
