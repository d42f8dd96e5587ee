// A chat that takes what the bot says while nothing comes in from it: people are told once, and once when it is over.
import { z } from 'zod'
import type { Effect } from '../effect.ts'
import type { Duration, IncidentId, Instant } from '../ids.ts'
import { second } from '../ids.ts'
import type { ChatState, Clock, Store } from '../ports.ts'
import { bot } from './change.ts'
import type { Policy } from './change.ts'
import { sinceText } from './chat-away.ts'
import { chatName } from './elsewhere.ts'
import type { Incident } from './incident.ts'
import type { Incidents } from './input.ts'

export interface ChatDoorsDeps {
  readonly store: Pick<Store, 'setting' | 'putSetting' | 'commit'>
  readonly incidents: Pick<Incidents, 'input'>
  readonly policy: () => Pick<Policy, 'plan' | 'chats'>
  readonly clock: Pick<Clock, 'now'>
  /** Starts the effects of a fresh commit in this process, without waiting for them. */
  readonly kick: (effects: readonly Effect[]) => void
  /** Where the console is; without a slash at its end. */
  readonly publicUrl: string
}

/** A door through which nothing comes in, as all processes know it together: one open door is enough for a chat. */
const ShutDoor = z.object({
  since: z.number(),
  why: z.string(),
  /** Whether people know. */
  told: z.boolean(),
  /** The incidents whose rooms know. */
  toldIn: z.array(z.templateLiteral(['INC-', z.number()])),
})
type ShutDoor = z.infer<typeof ShutDoor>

const ShutDoors = z.record(z.string(), ShutDoor)
type ShutDoors = z.infer<typeof ShutDoors>

/** The store's setting that holds them, by chat. */
const setting = 'shut-chat-doors'
/**
 * Sockets are tried again within 36 s, also when the chat was away; other processes look meanwhile whether theirs are
 * open.
 */
const patience: Duration = 45 * second

/** Chats from which nothing comes in, as people were told. */
export async function readShutDoors(
  store: Pick<Store, 'setting'>,
): Promise<readonly { readonly chat: string; readonly since: Instant; readonly why: string }[]> {
  const doors = parsed(await store.setting(setting))
  return Object.entries(doors).flatMap(([chat, { since, why, told }]) => (told ? [{ chat, since, why }] : []))
}

function parsed(text: string | undefined): ShutDoors {
  return text === undefined ? {} : ShutDoors.parse(JSON.parse(text))
}

/** What is new of one door: what people are told, and the incidents whose rooms are. */
interface News {
  readonly words: string
  /** The name of the announcement; absent: all were told before. */
  readonly key?: string
  readonly rooms: readonly IncidentId[]
}

/** Looks whether something comes in from each chat, and tells people what they do not know yet. */
export async function lookAtDoors(
  deps: ChatDoorsDeps,
  states: readonly ChatState[],
  incidents: readonly Incident[],
): Promise<void> {
  const text = await deps.store.setting(setting)
  const before = parsed(text)
  const open = incidents.map(({ id }) => id)
  const now = deps.clock.now()
  // A chat that is not set up any more is left out.
  const after: ShutDoors = Object.fromEntries(
    states.flatMap((state) => {
      const door = doorNow(before[state.chat], state, { open, now })
      return door ? [[state.chat, door]] : []
    }),
  )
  const next = JSON.stringify(after)
  if (next === (text ?? '{}')) return
  const news = states.map(({ chat }) =>
    newsOf(deps, chat, { before: before[chat], after: after[chat], open }),
  )
  // First what all are told, under names that are the same in each process; in the rooms only the first one says it.
  await announce(deps, news)
  if ((await deps.store.putSetting(setting, text, next)) === 'conflict') return
  for (const { rooms, words } of news)
    for (const id of rooms)
      await deps.incidents.input(id, { kind: 'note', by: bot, text: words, general: true })
}

/** What is known of a door by now; undefined for one that is open. */
function doorNow(
  before: ShutDoor | undefined,
  { away, shut: why }: ChatState,
  { open, now }: { readonly open: readonly IncidentId[]; readonly now: Instant },
): ShutDoor | undefined {
  // That the chat is away altogether is told as such; its door has its own time to open once the chat is back.
  if (away) return before?.told ? before : undefined
  if (why === undefined) return undefined
  if (!before) return { since: now, why, told: false, toldIn: [] }
  if (!before.told && now - before.since < patience) return before
  return { ...before, why: before.told ? before.why : why, told: true, toldIn: open.toSorted() }
}

function newsOf(
  deps: ChatDoorsDeps,
  chat: string,
  {
    before,
    after,
    open,
  }: {
    readonly before: ShutDoor | undefined
    readonly after: ShutDoor | undefined
    readonly open: readonly IncidentId[]
  },
): News {
  const [knew, know] = [before?.toldIn ?? [], after?.toldIn ?? []]
  const isNew = (before?.told ?? false) !== (after?.told ?? false)
  return {
    words: after ? shutText(chat, after, deps) : openText(chat),
    ...(isNew && { key: `chat-door-${chat}-${after ? 'shut' : 'open'}-${before?.since}` }),
    rooms: open.filter((id) => knew.includes(id) !== know.includes(id)),
  }
}

async function announce({ store, policy, clock, kick }: ChatDoorsDeps, news: readonly News[]): Promise<void> {
  const effects = news.flatMap(({ key, words: text }) =>
    (key === undefined ? [] : policy().chats).map((chat): Effect => ({
      key: `${key}-${chat}`,
      body: { kind: 'announce', chat, text, at: clock.now() },
    })),
  )
  if (effects.length === 0) return
  await store.commit({ write: undefined, effects })
  kick(effects)
}

function shutText(chat: string, { since, why }: ShutDoor, { policy, publicUrl }: ChatDoorsDeps): string {
  const { plan, chats } = policy()
  const others = chats.filter((each) => each !== chat && each !== 'console').map(chatName)
  const ways = [...others, `the console (${publicUrl})`].join(', ')
  return `⚠️ Buttons and commands in ${chatName(chat)} do not arrive since ${sinceText(since, plan.timezone)}: nothing that is pressed or typed there is done. Use ${ways} or a terminal. Why: ${why}`
}

function openText(chat: string): string {
  return `✅ Buttons and commands in ${chatName(chat)} arrive again. What was pressed or typed there meanwhile was not done: look at what is shown now, then do it again.`
}
