// The names by which people and records refer to things.

/** The seven systems of the DR plan, in the order of their dependence: what is first breaks what is later. */
export const systemIds = ['dns', 'cloudflare', 'lb', 'api', 'db', 'storage', 'workers'] as const
export type SystemId = (typeof systemIds)[number]

/** An outage of one system, as people say it: `INC-12`. */
export type IncidentId = `INC-${number}`
/** One recovery being proposed, approved, carried out, undone: `R-7`. */
export type RunId = `R-${number}`
/** A key of `people` in the DR plan. */
export type PersonId = string
/** Milliseconds since the epoch. Every instant that is stored is one of these; wall-clock time exists only at the edges. */
export type Instant = number
/** Milliseconds. */
export type Duration = number

export const minute: Duration = 60_000
export const second: Duration = 1_000

const incidentPattern = /^inc-([1-9]\d{0,14})$/i
const runPattern = /^r-([1-9]\d{0,14})$/i

/** Reads `INC-12` as a person types it (any case); undefined when it is something else. */
export function toIncidentId(text: string): IncidentId | undefined {
  const match = incidentPattern.exec(text)
  return match ? `INC-${Number(match[1])}` : undefined
}

/** Reads `R-7` as a person types it (any case); undefined when it is something else. */
export function toRunId(text: string): RunId | undefined {
  const match = runPattern.exec(text)
  return match ? `R-${Number(match[1])}` : undefined
}

/** True for one of the seven systems' ids, lower case. */
export function isSystemId(text: string): text is SystemId {
  return (systemIds as readonly string[]).includes(text)
}
