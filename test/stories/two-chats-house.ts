// Bots that share one store and reach two chats, each with rooms, words and pages that are kept as people see them.
import { setTimeout as sleep } from 'node:timers/promises'
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import { createOutage } from '../../src/chat/outage.ts'
import { createChanges } from '../../src/changes.ts'
import type { Effect } from '../../src/effect.ts'
import { RetryableError } from '../../src/errors.ts'
import type { PersonId } from '../../src/ids.ts'
import type { Policy } from '../../src/incident/change.ts'
import { createChatWatch } from '../../src/incident/chat-watch.ts'
import { incidentEffects } from '../../src/incident/effects.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import type { IncidentInput } from '../../src/incident/input.ts'
import { createOutbox } from '../../src/incident/outbox.ts'
import type { Outbox } from '../../src/incident/outbox.ts'
import { createChatPager } from '../../src/pagers/chat.ts'
import type { Chat, ChatState, PageMessage, RoomView, Store } from '../../src/ports.ts'
import { createStore } from '../../src/store/redis.ts'
import { planWith } from '../fixtures/plans/plan.ts'
import type { Sections } from '../fixtures/plans/plan.ts'
import { silent } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

/** What a chat's service does with a call. */
type Mood = 'answers' | 'silent' | 'hangs'

/** A chat as its service keeps it: what arrived, once for each key. */
export interface Service {
  readonly name: string
  /** What was said in the room, in its order. */
  readonly said: string[]
  /** What was announced to all, in its order. */
  readonly announced: string[]
  /** The room as it was drawn last. */
  readonly view: () => RoomView | undefined
  /** Pages that arrived, in their order. */
  readonly pages: { readonly person: PersonId; readonly message: PageMessage }[]
  readonly mood: (mood: Mood) => void
}

/** One process. */
export interface Process {
  readonly store: Store
  readonly outbox: Outbox
  readonly states: () => readonly ChatState[]
  readonly input: (input: IncidentInput) => Promise<Incident>
  readonly look: () => Promise<void>
  /** Why nothing comes in from Slack to this process; undefined: it does. */
  readonly shut: (why: string | undefined) => void
  /** Opens the incident, and waits for nothing that follows. */
  readonly open: () => Promise<void>
}

export interface House {
  readonly clock: MovableClock
  readonly store: Store
  readonly slack: Service
  readonly teams: Service
  readonly one: Process
  readonly two: Process
  readonly incident: () => Promise<Incident>
  readonly texts: () => Promise<readonly string[]>
  /** Lets time go by, a second at a time, with all that the bots do meanwhile. */
  readonly pass: (seconds: number) => Promise<void>
  /** The load balancer is down. */
  readonly broken: () => Promise<void>
}

/** How long a process waits for a service, in real milliseconds. */
const timeLimit = 200
const publicUrl = 'https://dr.example.com'
/** A Monday, 03:00:00 in Berlin. */
const start = Date.UTC(2026, 10, 23, 2)
const names = ['slack', 'teams'] as const

/** Ann is in both chats, Bob and Mia in Slack, Cem in Teams. */
const people = {
  ann: person('Ann Onken', ['engineer'], { slack: 'U0ANN', teams: oid(1) }),
  bob: person('Bob Brandt', ['engineer', 'approver'], { slack: 'U0BOB' }),
  cem: person('Cem Celik', ['engineer'], { teams: oid(3) }),
  mia: person('Mia Manger', ['manager', 'approver'], { slack: 'U0MIA' }),
}

function person(name: string, roles: readonly string[], ids: Sections): Sections {
  return { name, roles, email: `${name.slice(0, 3).toLowerCase()}@example.com`, ...ids }
}

function oid(n: number): string {
  return `00000000-0000-0000-0000-00000000000${n}`
}

/** Two processes on one store; `sections` replace those of the plan. */
export async function startHouse(redis: TestRedis, sections: Sections = {}): Promise<House> {
  const clock = createMovableClock({ start })
  const plan = planWith({
    people,
    oncall: {
      rotations: [
        { name: 'primary', type: 'weekly', start: '2026-11-23T00:00', people: ['ann', 'bob', 'cem'] },
      ],
    },
    paging: { ladder: [{ chat: '0s' }, { email: '5m' }], next_engineer_after: '20m' },
    ...sections,
  })
  const policy: Policy = {
    plan,
    chats: ['console', ...names],
    channels: ['chat', 'email'],
    reaches: (chat, who) => plan.people[who]?.[chat as (typeof names)[number]] !== undefined,
  }
  const [slack, teams] = [createService('slack'), createService('teams')]
  const services = [slack, teams]
  const parts = { redis, clock, policy, services }
  const [one, two] = [await startProcess('one', parts), await startProcess('two', parts)]
  let passed = 0
  async function settle(): Promise<void> {
    for (const { outbox } of [one, two]) {
      await outbox.sweep()
      await outbox.idle()
    }
  }
  return {
    clock,
    store: one.store,
    slack: slack.seen,
    teams: teams.seen,
    one,
    two,
    incident: async () => {
      const found = await one.store.incident('INC-1')
      if (!found) throw new Error('no incident yet')
      return found.state
    },
    texts: async () => (await one.store.timeline('INC-1')).map(({ text }) => text),
    pass: async (seconds) => {
      for (let n = 0; n < seconds; n += 1) {
        clock.skip(1_000)
        await settle()
        passed += 1
        if (passed % 5 === 0) await Promise.all([one.look(), two.look()])
      }
    },
    broken: async () => {
      await one.open()
      await settle()
    },
  }
}

/** The service of a chat, and the bot's chat on it. */
interface Recorder {
  readonly seen: Service
  /** Each process has its own view of whether it answers. */
  readonly chatOf: (call: Call) => Chat
  readonly page: (call: Call, who: PersonId, message: PageMessage) => Promise<void>
  readonly reach: () => Promise<void>
}

type Call = <T>(work: () => T) => Promise<T>

function createService(name: string): Recorder {
  let mood: Mood = 'answers'
  let view: RoomView | undefined
  const keys = new Set<string>()
  const said: string[] = []
  const announced: string[] = []
  const pages: { readonly person: PersonId; readonly message: PageMessage }[] = []
  function once(key: string, work: () => void): void {
    if (!keys.has(key)) work()
    keys.add(key)
  }
  return {
    seen: {
      name,
      said,
      announced,
      pages,
      view: () => view,
      mood: (is) => {
        mood = is
      },
    },
    reach: async () => {
      if (mood === 'hangs') await sleep(timeLimit)
      if (mood !== 'answers') throw new RetryableError(`${name} does not answer`)
    },
    chatOf: (call) => ({
      name,
      openRoom: () => call(() => ({ link: `https://${name}.example.com/room` })),
      showRoom: (_incident, shown) =>
        call(() => {
          view = shown
          return { left: [], again: false }
        }),
      showRun: () => call(() => {}),
      say: (_incident, text, key) => call(() => once(key, () => said.push(text))),
      announce: (text, key) => call(() => once(key, () => announced.push(text))),
      closeRoom: () => call(() => {}),
    }),
    page: (call, who, message) =>
      call(() => once(`${who} ${message.key}`, () => pages.push({ person: who, message }))),
  }
}

interface ProcessParts {
  readonly redis: TestRedis
  readonly clock: MovableClock
  readonly policy: Policy
  readonly services: readonly Recorder[]
}

async function startProcess(
  name: string,
  { redis, clock, policy, services }: ProcessParts,
): Promise<Process> {
  const store = createStore({ redis: (await redis.connect()).redis, process: name })
  const wired = services.map((service) => wire(service, clock, () => outbox.hurry()))
  const incidents = createIncidents({
    store,
    bells: { set: async () => {}, onRing: () => {} },
    changes: createChanges(),
    clock,
    log: silent,
    policy: () => policy,
    kick: (effects) => outbox.start(effects),
  })
  const performers = {
    ...incidentEffects({
      store,
      incidents,
      plan: () => policy.plan,
      clock,
      chats: [consoleChat(), ...wired.map(({ chat }) => chat)],
      pagers: [
        createChatPager(
          wired.map(({ chat, page }) => ({
            name: chat.name,
            reaches: (who) => policy.reaches?.(chat.name, who) ?? false,
            send: (who, _to, message) => page(who, message),
          })),
          silent,
        ),
        { channel: 'email', send: async () => {} },
      ],
      nagios: undefined,
      publicUrl,
      runCard: () => ({ title: 'R-1', tone: 'quiet' }),
      measured: { page: () => {}, alertToPage: () => {} },
    }),
    advance: { perform: async () => {} },
    release: { perform: async () => {} },
  }
  let again = async (_effect: Effect): Promise<void> => {}
  const outbox: Outbox = createOutbox(
    {
      store,
      clock,
      log: silent,
      timeout: 300,
      queue: {
        put: async (effect, at) => {
          clock.after(Math.max(0, at - clock.now()), () => void again(effect).catch(() => {}))
        },
        onEffect: (listener) => {
          again = listener
        },
      },
    },
    () => performers,
  )
  let shut: string | undefined
  const states = () =>
    wired.map(({ state }) => ({
      ...state(),
      ...(state().chat === 'slack' && shut !== undefined && { shut }),
    }))
  const watch = createChatWatch({
    store,
    incidents,
    states,
    clock,
    policy: () => policy,
    kick: (effects) => outbox.start(effects),
    publicUrl,
  })
  return {
    store,
    outbox,
    states,
    look: watch.run,
    shut: (why) => {
      shut = why
    },
    input: (input) => incidents.input('INC-1', input),
    open: async () =>
      void (await incidents.open({
        system: 'lb',
        title: 'HAProxy on lb1 is CRITICAL',
        by: { person: 'nagios', door: 'nagios' },
        attached: [],
      })),
  }
}

/** How one process gets on with a chat: it knows whether that is down as the real ones do. */
function wire(service: Recorder, clock: MovableClock, returned: () => void) {
  const outage = createOutage({
    service: service.seen.name,
    clock,
    log: silent,
    probe: () => call(() => {}),
    ask: () => call(() => {}),
    returned,
  })
  async function call<T>(work: () => T): Promise<T> {
    try {
      await service.reach()
    } catch (thrown) {
      outage.silent('no answer')
      throw thrown
    }
    const done = work()
    outage.answered()
    return done
  }
  return {
    chat: service.chatOf(call),
    page: async (who: PersonId, message: PageMessage) => {
      const down = outage.down()
      if (down) throw down
      await service.page(call, who, message)
    },
    state: (): ChatState => ({ chat: service.seen.name, ...outage.state() }),
  }
}

function consoleChat(): Chat {
  return {
    name: 'console',
    openRoom: async () => ({ link: 'https://dr.example.com/incidents/INC-1' }),
    showRoom: async () => ({ left: [], again: false }),
    showRun: async () => {},
    say: async () => {},
    announce: async () => {},
    closeRoom: async () => {},
  }
}
