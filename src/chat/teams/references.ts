// What Teams has told the bot of itself and of people: its service URL, and each person's id and chat; kept in the store.
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import type { Store } from '../../ports.ts'

const Person = z.object({
  /** How the connector names them: `29:...`. */
  mri: z.string().exactOptional(),
  /** The personal chat with the bot; absent while the app is not known to be installed for them. */
  chat: z.string().exactOptional(),
})
const References = z.object({
  /** The connector's address as Teams last gave it; ends without a slash. */
  serviceUrl: z.string().exactOptional(),
  /** Whether the app is in the team, as far as Teams has said. */
  inTeam: z.boolean().exactOptional(),
  /** By object id, in lower case. */
  people: z.record(z.string(), Person),
})
export type References = z.infer<typeof References>

export interface ReferenceBook {
  readonly read: () => Promise<References>
  /** Applies `change` to what is kept now, again if another process was quicker. */
  readonly change: (change: (old: References) => References) => Promise<void>
}

const settingName = 'teams:references'
const nothing: References = { people: {} }
const tries = 30
/** Everybody who ever spoke; who spoke first is forgotten first, and asked for again when needed. */
const mostPeople = 2_000

export function createReferences(store: Pick<Store, 'setting' | 'putSetting'>): ReferenceBook {
  return {
    read: async () => referencesOf(await store.setting(settingName)),
    change: async (change) => {
      for (let left = tries; left > 0; left -= 1) {
        const from = await store.setting(settingName)
        const old = referencesOf(from)
        const next = change(old)
        if (next === old) return
        const text = JSON.stringify(trimmed(next))
        if (text === from || (await store.putSetting(settingName, from, text)) === 'committed') return
      }
      throw new RetryableError('what is remembered of Teams changed again and again')
    },
  }
}

/** With what was learned of a person; the same object when nothing is new. */
export function withPerson(old: References, id: string, person: Partial<z.infer<typeof Person>>): References {
  const key = id.toLowerCase()
  const known = old.people[key]
  const next = { ...known, ...person }
  const same = known !== undefined && known.mri === next.mri && known.chat === next.chat
  return same ? old : { ...old, people: { ...old.people, [key]: next } }
}

/** Without the chat of a person who has removed the app. */
export function withoutChat(old: References, id: string): References {
  const key = id.toLowerCase()
  const { chat, ...known } = old.people[key] ?? {}
  return chat === undefined ? old : { ...old, people: { ...old.people, [key]: known } }
}

/** What cannot be read is learned again. */
function referencesOf(text: string | undefined): References {
  return text === undefined ? nothing : (References.safeParse(JSON.parse(text)).data ?? nothing)
}

function trimmed(references: References): References {
  const people = Object.entries(references.people)
  return people.length <= mostPeople
    ? references
    : { ...references, people: Object.fromEntries(people.slice(-mostPeople)) }
}
