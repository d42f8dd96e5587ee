// A bot's hand in a simulated team, with a real store behind it: what the tests of rooms in Teams stand on.
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import type { SimTeams, SimTeamsOptions, TeamsMessage } from '../../sim/teams.ts'
import { createRecords } from '../../src/chat/record.ts'
import type { Records } from '../../src/chat/record.ts'
import { createTeamsApi } from '../../src/chat/teams/api.ts'
import { createTeamsChat } from '../../src/chat/teams/chat.ts'
import { createTeamsPosts } from '../../src/chat/teams/posts.ts'
import type { TeamsPosts } from '../../src/chat/teams/posts.ts'
import { createReferences } from '../../src/chat/teams/references.ts'
import { createRegistration } from '../../src/chat/teams/registration.ts'
import { createViewers } from '../../src/chat/teams/viewers.ts'
import { createWitness } from '../../src/chat/teams/witness.ts'
import type { SharedLife } from '../../src/chat/posts.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { UserError } from '../../src/errors.ts'
import type { IncidentId } from '../../src/ids.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Chat, Store } from '../../src/ports.ts'
import { noon } from '../contracts/store-samples.ts'
import { home, startTeamsFor } from '../servers/teams.ts'
import { examplePlan } from './slack-house.ts'
import { keeping, settingsOf } from './teams-house.ts'

/** The channel in which outages are announced. */
export const outages = '19:outages@thread.tacv2'

export interface RoomHouse {
  readonly teams: SimTeams
  readonly clock: MovableClock
  readonly records: Records
  readonly plan: () => DrPlan
  readonly setPlan: (change: (plan: DrPlan) => DrPlan) => void
  /** The plan's key `teams`. */
  readonly set: (teams: Partial<DrPlan['teams']>) => void
  /** The chat and the messages as a process has them; others each time, as after a crash. */
  readonly process: (life?: SharedLife) => { readonly chat: Chat; readonly posts: TeamsPosts }
  /** Incidents that the chat can look up. */
  readonly incidents: Map<IncidentId, Incident>
  /** The incidents whose personal messages were refreshed. */
  readonly refreshed: IncidentId[]
  /** From now on the personal messages are refused. */
  readonly refuse: (reason: string) => void
  /** What was logged, as `level message {fields}`. */
  readonly lines: string[]
  /** The calls since the last time this was asked, as `name`, or `name outcome` when it was not ok; without tokens. */
  readonly calls: () => readonly string[]
  /** What the bot has written in a channel or a thread, oldest first, as people read it. */
  readonly texts: (conversation: string) => readonly string[]
  readonly written: () => readonly TeamsMessage[]
  readonly stop: () => Promise<void>
}

/** `store` may be shared by several. */
export async function startRoomHouse(
  store: Pick<Store, 'setting' | 'putSetting'>,
  options: Omit<SimTeamsOptions, 'people'> = {},
): Promise<RoomHouse> {
  let plan = examplePlan()
  const channels = [home, outages].map((id) => ({ id, name: id.slice(3).split('@')[0] ?? '' }))
  const teams = await startTeamsFor(undefined, { limits: false, channels, ...options })
  const clock = createMovableClock({ start: noon })
  const records = createRecords(store, 'teams')
  const references = createReferences(store)
  const settings = settingsOf(teams)
  const registration = createRegistration(settings)
  const incidents = new Map<IncidentId, Incident>()
  const refreshed: IncidentId[] = []
  const lines: string[] = []
  const log = keeping(lines)
  const closing: (() => void)[] = []
  const service = async (): Promise<string> => (await references.read()).serviceUrl ?? registration.serviceUrl
  let seen = 0
  let refusal: string | undefined

  function process(life?: SharedLife): { readonly chat: Chat; readonly posts: TeamsPosts } {
    const known = () => plan
    const common = { ...settings, ...registration, records, references, clock, log, plan: known, service }
    const api = createTeamsApi({ ...common, channel: settings.channelId })
    closing.push(api.close)
    const witness = createWitness({ ...common, api })
    const posts = createTeamsPosts({ ...common, api, witness, ...(life && { process: life }) })
    const chat = createTeamsChat({
      ...common,
      api,
      posts,
      witness,
      viewers: createViewers({ ...common, api }),
      appUrl: registration.cloud.app,
      publicUrl: 'https://dr.example.com',
      incident: async (id) => incidents.get(id),
      refreshPages: async ({ id }) => {
        if (refusal !== undefined) throw new UserError('teams-refused', refusal)
        refreshed.push(id)
      },
    })
    return { chat, posts }
  }

  return {
    teams,
    clock,
    records,
    plan: () => plan,
    setPlan: (change) => {
      plan = change(plan)
    },
    set: (changed) => {
      plan = { ...plan, teams: { ...plan.teams, ...changed } }
    },
    process,
    incidents,
    refreshed,
    refuse: (reason) => {
      refusal = reason
    },
    lines,
    calls: () => {
      const fresh = teams.calls.slice(seen)
      seen = teams.calls.length
      return fresh
        .filter(({ name }) => name !== 'identity.token')
        .map(({ name, outcome }) => (outcome === 'ok' ? name : `${name} ${outcome}`))
    },
    texts: (conversation) =>
      teams
        .messages(conversation)
        .filter(({ from }) => from === 'bot')
        .map(({ id }) => teams.shown(id)),
    written: () =>
      [...new Set(teams.channels().flatMap(({ id }) => teams.messages(id)))].filter(
        (each) => each.from === 'bot',
      ),
    stop: async () => {
      for (const close of closing) close()
      await teams.stop()
    },
  }
}

/** Every piece of what the bot wrote in Teams that would call somebody, lead somewhere unmeant, or is parsed. */
export function aliveIn(messages: readonly Pick<TeamsMessage, 'text' | 'attachments'>[]): readonly string[] {
  return messages.flatMap(({ text, attachments }) => [
    ...(text === '' ? [] : [`text: ${text.slice(0, 100)}`]),
    ...attachments.flatMap(({ content }) => elementsIn(content)),
  ])
}

/** Only a TextBlock is parsed: what stands in it is the bot's own words and its moments. */
function elementsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type, url, text, msteams } = value as Readonly<Record<string, unknown>>
  const leads = typeof url === 'string' && url.includes('evil')
  const parsed =
    type === 'TextBlock' && /[*_`[\]<>@]|https?:/.test(String(text).replaceAll(/\{\{.*?\}\}/g, ''))
  const calls = typeof msteams === 'object' && msteams !== null && 'entities' in msteams
  const functions = type !== 'TextBlock' && typeof text === 'string' && /\{\{(?:DATE|TIME)\(/i.test(text)
  const own = leads || parsed || calls || functions ? [JSON.stringify(value).slice(0, 200)] : []
  return [...own, ...Object.values(value).flatMap(elementsIn)]
}
