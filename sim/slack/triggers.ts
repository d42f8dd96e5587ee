// What an interaction hands to the app for a while: trigger ids (3 seconds) and response URLs (5 uses, 30 minutes).
import { randomBytes } from 'node:crypto'
import { Refusal } from './envelope.ts'

/** For whom a response URL speaks: a person in a channel, about the message that was acted on, if any. */
export interface ResponseTarget {
  readonly user: string
  readonly channel: string
  /** The message whose button was pressed. */
  readonly ts?: string
  readonly ephemeral: boolean
}

export interface Triggers {
  /** A trigger id for what a person just did; `view` is the modal it was done in. */
  readonly trigger: (user: string, view?: string) => string
  /** Uses a trigger id up. */
  readonly exchange: (id: string) => { readonly user: string; readonly view?: string }
  /** The key of a new response URL. */
  readonly response: (target: ResponseTarget) => string
  /** Uses a response URL once. */
  readonly respond: (key: string) => ResponseTarget
}

const triggerLife = 3_000
const responseLife = 30 * 60_000
const responseUses = 5

/** Starts with nothing handed out; `now` in ms. */
export function createTriggers(now: () => number): Triggers {
  const triggers = new Map<string, { user: string; view?: string; at: number; used: boolean }>()
  const responses = new Map<string, { target: ResponseTarget; at: number; uses: number }>()
  return {
    trigger: (user, view) => {
      const id = `${randomBytes(6).readUIntBE(0, 6)}.${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(16).toString('hex')}`
      triggers.set(id, { user, ...(view !== undefined && { view }), at: now(), used: false })
      return id
    },
    exchange: (id) => {
      const found = triggers.get(id)
      if (!found) throw new Refusal('invalid_trigger_id')
      if (now() - found.at > triggerLife) throw new Refusal('expired_trigger_id')
      if (found.used) throw new Refusal('exchanged_trigger_id')
      found.used = true
      return found
    },
    response: (target) => {
      const key = randomBytes(12).toString('hex')
      responses.set(key, { target, at: now(), uses: 0 })
      return key
    },
    respond: (key) => {
      const found = responses.get(key)
      if (!found || now() - found.at > responseLife) throw new Refusal('expired_url')
      if (found.uses >= responseUses) throw new Refusal('used_url')
      found.uses += 1
      return found.target
    },
  }
}
