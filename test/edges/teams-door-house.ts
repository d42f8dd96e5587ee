// A bot's door in a simulated Teams, with the real engine, dispatcher, store and web server behind it.
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import type { Delivered, SimTeams, SimTeamsOptions } from '../../sim/teams.ts'
import { createChanges } from '../../src/changes.ts'
import { createTeamsApi } from '../../src/chat/teams/api.ts'
import { createTeamsDoor } from '../../src/chat/teams/door.ts'
import { createReferences } from '../../src/chat/teams/references.ts'
import type { ReferenceBook } from '../../src/chat/teams/references.ts'
import { createRegistration } from '../../src/chat/teams/registration.ts'
import type { TeamsSettings } from '../../src/chat/teams/registration.ts'
import { activityOf } from '../../src/chat/teams/render/message.ts'
import type { Dispatch } from '../../src/command/command.ts'
import { createDispatch } from '../../src/command/dispatch.ts'
import type { IncidentId } from '../../src/ids.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import type { Check, Store } from '../../src/ports.ts'
import { runCard } from '../../src/recovery/card.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { createWeb } from '../../src/web/server.ts'
import { createSigner } from '../../src/web/session.ts'
import { startEngine } from '../servers/engine.ts'
import { noReaders } from '../servers/readers.ts'
import type { TestRedis } from '../servers/redis.ts'
import { home, startTeamsFor } from '../servers/teams.ts'
import { keeping, settingsOf } from './teams-house.ts'

export interface TeamsDoorHouse {
  readonly teams: SimTeams
  readonly store: Store
  readonly references: ReferenceBook
  /** The clock of the door and of the way out. */
  readonly clock: MovableClock
  /** What the door says of itself. */
  readonly health: () => Check
  /** The address of /api/messages. */
  readonly url: string
  /** Commands that reached the dispatcher, as `person: text`, with the incident of the room. */
  readonly said: string[]
  /** What was logged, as `level message {fields}`. */
  readonly lines: string[]
  /** Commands wait so long before they are carried out, in real milliseconds. */
  readonly slow: (ms: number) => void
  /** Opens an incident of the load balancer whose room is a thread of the channel; answers both. */
  readonly outage: () => Promise<{ readonly id: IncidentId; readonly room: string }>
  /** Posts an Adaptive Card as the bot into a conversation; answers its id. */
  readonly post: (card: object, conversation?: string) => Promise<string>
  /** Texts of the incident's timeline, as `person: text`. */
  readonly texts: (incident: IncidentId) => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

const publicUrl = 'https://dr.example.com'

export async function openTeamsDoorHouse(
  redis: TestRedis,
  options: Omit<SimTeamsOptions, 'people'> & { readonly settings?: Partial<TeamsSettings> } = {},
): Promise<TeamsDoorHouse> {
  const { settings: changed, ...tenant } = options
  const engine = await startEngine(redis)
  const { store } = engine
  const teams = await startTeamsFor(undefined, { limits: false, ...tenant })
  const settings = { ...settingsOf(teams), ...changed }
  const registration = createRegistration(settings)
  const lines: string[] = []
  const log = keeping(lines)
  const clock = createMovableClock()
  const stageClock = { ...clock, now: engine.now }
  const references = createReferences(store)
  const api = createTeamsApi({ ...settings, ...registration, channel: home, references, clock, log })
  const incidents = createIncidents({
    store,
    bells: { set: async () => {}, onRing: () => {} },
    clock: stageClock,
    log,
    policy: () => ({ plan: engine.plan(), chats: ['teams'] }),
    changes: createChanges(),
    kick: () => {},
  })
  const answer = createDispatch({
    store,
    incidents,
    clock: stageClock,
    log,
    publicUrl,
    runs: engine.runs(),
    plan: engine.plan,
    runCard: (run) => runCard(run, engine.now(), engine.plan()),
    addOverride: async () => {},
    removeOverride: async () => false,
    revoke: async () => {},
    readers: noReaders,
    syncStandby: async () => {},
  })
  const said: string[] = []
  let wait = 0
  const dispatch: Dispatch = async (text, speaker) => {
    said.push(`${speaker.person}: ${text}${speaker.incident === undefined ? '' : ` (${speaker.incident})`}`)
    if (wait > 0) await new Promise((resolve) => void setTimeout(resolve, wait))
    return answer(text, speaker)
  }
  const rooms = new Map<string, IncidentId>()
  const door = createTeamsDoor({
    ...settings,
    ...registration,
    api,
    references,
    store,
    dispatch,
    plan: engine.plan,
    incidentOf: async (conversation) => rooms.get(conversation),
    render: (card) => activityOf(card, { zone: 'Europe/Berlin' }),
    view: async (about, person) => ({
      type: 'AdaptiveCard',
      version: '1.5',
      body: [{ type: 'TextBlock', text: `${about} as ${person} sees it` }],
    }),
    clock,
    log,
    publicUrl,
  })
  const web = createWeb({
    nagiosToken: 'nagios-token-for-tests',
    accept: async () => {},
    heartbeat: () => {},
    clock,
    log,
    store,
    dispatch,
    publicUrl,
    metrics: createMetrics(),
    runCard: (run) => runCard(run, engine.now(), engine.plan()),
    changes: createChanges(),
    plan: engine.plan,
    signer: createSigner('a secret of the tests, long enough'),
    ready: async () => ({ ready: true, checks: {} }),
    teams: door.receive,
  })
  const url = `${await web.listen('127.0.0.1', 0)}/api/messages`
  teams.setBotUrl(url)
  const room = { lane: 'room' } as const
  return {
    teams,
    store,
    references,
    clock,
    url,
    health: door.health,
    said,
    lines,
    slow: (ms) => {
      wait = ms
    },
    outage: async () => {
      const opened = await incidents.open({
        system: 'lb',
        title: 'lb1 HAProxy is CRITICAL',
        by: { person: 'nagios', door: 'nagios' },
        attached: [],
      })
      const { conversation } = await api.openThread(home, { type: 'message', text: opened.id }, room)
      rooms.set(conversation.id, opened.id)
      return { id: opened.id, room: conversation.id }
    },
    post: async (card, conversation = home) => {
      const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }]
      const to = { id: conversation, serviceUrl: teams.serviceUrl }
      return (await api.send(to, { type: 'message', attachments }, room)).id
    },
    texts: async (incident) =>
      (await store.timeline(incident)).map((event) => `${event.by.person}: ${event.text}`),
    stop: async () => {
      await door.stop()
      api.close()
      await web.close()
      await teams.stop()
      await engine.stop()
    },
  }
}

/** What was shown to the one who pressed. */
export function toldTo({ body }: Delivered): string {
  return String((body as { readonly value?: unknown } | undefined)?.value)
}
