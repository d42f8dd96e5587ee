// What Prometheus may know of the program: counts and durations, never a name or a text.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Answer } from '../command/command.ts'
import type { Door } from '../timeline/event.ts'
import type { Duration, SystemId } from '../ids.ts'
import type { Channel, IncidentState } from '../incident/incident.ts'

/** Each call counts or times one thing. Durations are milliseconds; Prometheus gets seconds. */
export interface Metrics {
  /** `outcome`: accepted, refused (400, 401, 413), failed (503). */
  readonly alert: (outcome: 'accepted' | 'refused' | 'failed', took: Duration) => void
  /** What became of an accepted alert. */
  readonly triaged: (outcome: 'opened' | 'joined' | 'acknowledged' | 'ignored') => void
  readonly request: (route: string, status: number, took: Duration) => void
  readonly command: (door: Door, status: Answer['status'], took: Duration) => void
  /** How long after it was due a deadline was met. */
  readonly deadline: (late: Duration) => void
  /** From the decision to page to the channel's answer. */
  readonly page: (channel: Channel, outcome: 'sent' | 'failed', took: Duration) => void
  /** From an alert's arrival to its first page at the channel's door. */
  readonly alertToPage: (took: Duration) => void
  readonly effectsPending: (count: number) => void
  /** Replaces all counts: what is not in `open` is none. */
  readonly incidents: (open: readonly { readonly system: SystemId; readonly state: IncidentState }[]) => void
  readonly streams: (count: number) => void
  /** The exposition text and its content type. */
  readonly text: () => Promise<{ readonly type: string; readonly body: string }>
}

const fast = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** One registry per program, so that several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counts = createCounts(registry)
  const times = createTimes(registry)

  return {
    alert: (outcome, took) => {
      counts.alerts.inc({ outcome })
      times.accept.observe(took / 1_000)
    },
    triaged: (outcome) => counts.triaged.inc({ outcome }),
    request: (route, status, took) => times.http.observe({ route, status: String(status) }, took / 1_000),
    command: (door, status, took) => times.command.observe({ door, status }, took / 1_000),
    deadline: (late) => times.late.observe(Math.max(0, late) / 1_000),
    page: (channel, outcome, took) => times.page.observe({ channel, outcome }, took / 1_000),
    alertToPage: (took) => times.alertToPage.observe(took / 1_000),
    effectsPending: (count) => counts.effects.set(count),
    incidents: (open) => {
      counts.incidents.reset()
      for (const { system, state } of open) counts.incidents.inc({ system, state })
    },
    streams: (count) => counts.streams.set(count),
    text: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  }
}

function createCounts(registry: Registry) {
  const registers = [registry]
  return {
    alerts: new Counter({
      name: 'dr_alerts_total',
      help: 'Notifications by what became of them at the door',
      labelNames: ['outcome'] as const,
      registers,
    }),
    triaged: new Counter({
      name: 'dr_alerts_triaged_total',
      help: 'Accepted notifications by where they led',
      labelNames: ['outcome'] as const,
      registers,
    }),
    effects: new Gauge({
      name: 'dr_effects_pending',
      help: 'Effects recorded and not yet done',
      registers,
    }),
    incidents: new Gauge({
      name: 'dr_incidents_open',
      help: 'Open incidents',
      labelNames: ['system', 'state'] as const,
      registers,
    }),
    streams: new Gauge({ name: 'dr_console_streams', help: 'Console pages that watch live', registers }),
  }
}

function createTimes(registry: Registry) {
  const registers = [registry]
  return {
    accept: new Histogram({
      name: 'dr_alert_accept_seconds',
      help: 'From request to durable and answered',
      buckets: fast,
      registers,
    }),
    http: new Histogram({
      name: 'dr_http_seconds',
      help: 'Requests other than notifications',
      labelNames: ['route', 'status'] as const,
      buckets: fast,
      registers,
    }),
    command: new Histogram({
      name: 'dr_command_seconds',
      help: 'Commands, from text to answer',
      labelNames: ['door', 'status'] as const,
      buckets: fast,
      registers,
    }),
    late: new Histogram({
      name: 'dr_deadline_late_seconds',
      help: 'How late deadlines were met',
      buckets: fast,
      registers,
    }),
    page: new Histogram({
      name: 'dr_page_seconds',
      help: "From the order to page to the channel's answer",
      labelNames: ['channel', 'outcome'] as const,
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    alertToPage: new Histogram({
      name: 'dr_alert_to_page_seconds',
      help: "From an alert's arrival to its first page at the channel's door",
      buckets: fast,
      registers,
    }),
  }
}
