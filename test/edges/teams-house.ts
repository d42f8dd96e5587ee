// A bot's way out to a simulated Teams: what the tests of the edge to Teams stand on.
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import type { SimTeams, SimTeamsOptions } from '../../sim/teams.ts'
import { createTeamsApi } from '../../src/chat/teams/api.ts'
import type { TeamsApi } from '../../src/chat/teams/api.ts'
import { createReferences } from '../../src/chat/teams/references.ts'
import type { ReferenceBook } from '../../src/chat/teams/references.ts'
import { createRegistration } from '../../src/chat/teams/registration.ts'
import type { TeamsSettings } from '../../src/chat/teams/registration.ts'
import type { Log, Store } from '../../src/ports.ts'
import { home, startTeamsFor } from '../servers/teams.ts'

export interface TeamsHouse {
  readonly teams: SimTeams
  readonly api: TeamsApi
  /** The way out of another process, which has called nobody yet. */
  readonly another: () => TeamsApi
  readonly references: ReferenceBook
  readonly clock: MovableClock
  /** What was logged, as `level message {fields}`. */
  readonly lines: string[]
  /** The calls since the last time this was asked, as `name`, or `name outcome` when it was not ok. */
  readonly calls: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** The settings of a bot in that tenant. */
export function settingsOf(teams: SimTeams): TeamsSettings {
  return {
    appId: teams.appId,
    tenantId: teams.tenantId,
    password: teams.secret,
    type: 'SingleTenant',
    teamId: teams.teamId,
    channelId: home,
    serviceUrl: teams.serviceUrl.replace(/\/$/, ''),
    loginUrl: teams.origin,
    graphUrl: teams.origin,
    noAuth: false,
  }
}

export async function openTeamsHouse(
  options: Omit<SimTeamsOptions, 'people'> & { readonly settings?: Partial<TeamsSettings> } = {},
): Promise<TeamsHouse> {
  const { settings: changed, ...tenant } = options
  const teams = await startTeamsFor(undefined, { limits: false, ...tenant })
  const lines: string[] = []
  const log = keeping(lines)
  const clock = createMovableClock()
  const settings = { ...settingsOf(teams), ...changed }
  const registration = createRegistration(settings)
  const references = createReferences(settingsStore())
  const apis: TeamsApi[] = []
  const another = (): TeamsApi => {
    const { appId, tenantId, channelId: channel } = settings
    const made = createTeamsApi({ ...registration, appId, tenantId, channel, references, clock, log })
    apis.push(made)
    return made
  }
  let seen = 0
  return {
    teams,
    api: another(),
    another,
    references,
    clock,
    lines,
    calls: () => {
      const fresh = teams.calls.slice(seen)
      seen = teams.calls.length
      return fresh.map(({ name, outcome }) => (outcome === 'ok' ? name : `${name} ${outcome}`))
    },
    stop: async () => {
      for (const each of apis) each.close()
      await teams.stop()
    },
  }
}

/** A log that keeps its lines. */
export function keeping(lines: string[]): Log {
  const keep =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
    }
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** The store's settings, in memory. */
function settingsStore(): Pick<Store, 'setting' | 'putSetting'> {
  const kept = new Map<string, string>()
  return {
    setting: async (name) => kept.get(name),
    putSetting: async (name, from, to) => {
      if (kept.get(name) !== from) return 'conflict'
      kept.set(name, to)
      return 'committed'
    },
  }
}
