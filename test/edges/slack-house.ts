// A bot's hand in a simulated Slack, with a real store behind it: what the tests of rooms and of the chat stand on.
import { readFileSync } from 'node:fs'
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import { SlackRefusal, createSlackApi } from '../../src/chat/slack/api.ts'
import { createSlackChat } from '../../src/chat/slack/chat.ts'
import { createPeople } from '../../src/chat/slack/people.ts'
import { createSlackPosts } from '../../src/chat/slack/posts.ts'
import { createRecords } from '../../src/chat/record.ts'
import type { Records } from '../../src/chat/record.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { IncidentId } from '../../src/ids.ts'
import type { Incident, Page } from '../../src/incident/incident.ts'
import { roomView } from '../../src/incident/room.ts'
import type { Chat, Log, RoomView, Store } from '../../src/ports.ts'
import { startSlack } from '../../sim/slack.ts'
import type { LoggedCall, SimSlackOptions, SimSlack } from '../../sim/slack.ts'
import { incident, noon } from '../contracts/store-samples.ts'

const file = 'dr-plan.example.yml'

/** The example plan. */
export function examplePlan(): DrPlan {
  const loaded = loadPlan(readFileSync(file, 'utf8'), file)
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors))
  return loaded.plan
}

export interface SlackHouse {
  readonly slack: SimSlack
  readonly clock: MovableClock
  readonly records: Records
  readonly plan: () => DrPlan
  readonly setPlan: (change: (plan: DrPlan) => DrPlan) => void
  /** The chat as a process has it; another one each time, as after a crash. */
  readonly chat: () => Chat
  /** Incidents that the chat can look up. */
  readonly incidents: Map<IncidentId, Incident>
  /** The incidents whose direct messages were refreshed. */
  readonly refreshed: IncidentId[]
  /** From now on the direct messages are refused with Slack's word. */
  readonly refuse: (reason: string) => void
  /** What was logged at `warn`. */
  readonly warnings: string[]
  /** The calls since the last time this was asked, as `method`, or `method outcome` when it was not ok. */
  readonly calls: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** `store` may be shared by several. */
export async function startSlackHouse(
  store: Pick<Store, 'setting' | 'putSetting'>,
  options: SimSlackOptions = {},
): Promise<SlackHouse> {
  let plan = examplePlan()
  const slack = await startSlack({
    limits: false,
    people: Object.values(plan.people).map(({ name, slack: id = '', email = '' }) => ({
      id,
      name: id.toLowerCase(),
      realName: name,
      email,
    })),
    groups: [{ id: 'S0DEV', handle: 'dev', users: ['U0DAN', 'U0EVE'] }],
    channels: [{ id: 'C0OUTAGES', name: 'outages' }],
    ...options,
  })
  const clock = createMovableClock()
  const records = createRecords(store, 'slack')
  const incidents = new Map<IncidentId, Incident>()
  const refreshed: IncidentId[] = []
  const warnings: string[] = []
  const log: Log = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
  }
  const closing: (() => void)[] = []
  let seen = 0
  let refusal: string | undefined

  function chat(): Chat {
    const api = createSlackApi({ token: slack.botToken, url: slack.apiUrl, clock, log })
    closing.push(api.close)
    return createSlackChat({
      api,
      records,
      posts: createSlackPosts({ api, records, clock }),
      people: createPeople({ api, records, plan: () => plan }),
      workspace: async () => ({ url: 'https://example-ltd.slack.com/', botUserId: slack.botUserId }),
      plan: () => plan,
      clock,
      log,
      publicUrl: 'https://dr.example.com',
      incident: async (id) => incidents.get(id),
      refreshPages: async ({ id }) => {
        if (refusal !== undefined) throw new SlackRefusal(refusal, `Slack refused chat.update: ${refusal}`)
        refreshed.push(id)
      },
    })
  }
  return {
    slack,
    clock,
    records,
    plan: () => plan,
    setPlan: (change) => {
      plan = change(plan)
    },
    chat,
    incidents,
    refreshed,
    refuse: (reason) => {
      refusal = reason
    },
    warnings,
    calls: () => {
      const fresh = slack.calls.slice(seen)
      seen = slack.calls.length
      return fresh.map(told)
    },
    stop: async () => {
      for (const close of closing) close()
      await slack.stop()
    },
  }
}

function told({ method, outcome }: LoggedCall): string {
  return outcome === 'ok' ? method : `${method} ${outcome}`
}

/** Somebody being called. */
export function page(person: string, target: Page['target'] = 'rotation:primary'): Page {
  return {
    id: `p-${person}`,
    person,
    target,
    level: 0,
    why: 'on call',
    startedAt: noon,
    steps: [],
  }
}

/** An outage of the load balancer with ann being paged. */
export function outage(fields: Partial<Extract<Incident, { state: 'paging' }>> = {}): Incident {
  return incident('INC-12', { pages: [page('ann')], ...fields })
}

/** The same outage in somebody's hands. */
export function diagnosing(before: Incident): Incident {
  return { ...before, state: 'diagnosing' } as Incident
}

/** The same outage when it is over. */
export function over(before: Incident, fields: Partial<Incident> = {}): Incident {
  const { clock: _, ...common } = before as Extract<Incident, { state: 'paging' }>
  const at = noon + 400_000
  return {
    ...common,
    marks: { ...common.marks, verified: noon + 300_000, resolved: at },
    ...fields,
    state: 'resolved',
    at,
    by: 'nagios',
  }
}

/** What the room shows of it. */
export function viewOf(shown: Incident, plan: DrPlan): RoomView {
  return roomView(shown, { plan, now: noon, publicUrl: 'https://dr.example.com' })
}

/** A signal that leaves time enough. */
export function inTime(ms = 10_000): AbortSignal {
  return AbortSignal.timeout(ms)
}

/** Every piece of what the bot wrote in Slack that would call somebody, lead somewhere unmeant, or is parsed. */
export function aliveIn(slack: SimSlack): readonly string[] {
  return slack
    .channels()
    .flatMap(({ topic, purpose, messages }) => [
      ...[topic, purpose].flatMap((text) => parsed(text)),
      ...messages
        .filter(({ bot }) => bot !== undefined)
        .flatMap(({ text, blocks }) => [...parsed(text), ...elementsIn(blocks)]),
    ])
}

/** Slack's own markup in a text, but for moments. */
function parsed(text: string): readonly string[] {
  return (text.match(/<[^>]*>?/g) ?? []).filter((found) => !/^<!date\^\d+\^[^<>]*>$/.test(found))
}

function elementsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type, url, text } = value as Readonly<Record<string, unknown>>
  const calls = ['user', 'usergroup', 'channel', 'broadcast', 'emoji'].includes(String(type))
  const leads = typeof url === 'string' && url.includes('evil')
  const read = type === 'mrkdwn' && typeof text === 'string' && parsed(text).length > 0
  const own = calls || leads || read ? [JSON.stringify(value).slice(0, 200)] : []
  return [...own, ...Object.values(value).flatMap(elementsIn)]
}
