// The gate before everything that comes in: only our workspace and app, each delivery once, never in silence when that cannot be known.
import type { App } from '@slack/bolt'
import { RetryableError, reasonOf } from '../../../errors.ts'
import { minute, second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import { within } from '../../lanes.ts'
import { answerView } from '../render/views.ts'
import type { Workspace } from '../workspace.ts'
import { isBare, sayUndone } from './commands.ts'
import { askedBy } from './modals.ts'
import { isNote } from './notes.ts'
import { readDelivery, Said } from './payload.ts'
import type { Delivery } from './payload.ts'
import { response, send } from './reply.ts'
import { storeDown } from './speak.ts'
import type { Inbound } from './speak.ts'

/** What a receiver hands over. */
type Event = Parameters<App['processEvent']>[0]

/** Slack delivers an event again for some minutes; a trigger lives for seconds. Real milliseconds. */
const rememberedFor: Duration = 60 * minute
/** The store is asked for so long; Slack waits 3 s for all. */
const storePatience: Duration = second

/** How long an answer is kept for a second delivery, and how long that waits for it. Real milliseconds. */
const answerKept: Duration = 10 * second
const answerPatience: Duration = 2 * second

/** Thrown for an event that must be delivered again: it is not acknowledged. */
export class Undone extends RetryableError {}

/** What Bolt's receivers need of an app. */
export type Processor = Pick<App, 'processEvent'>

/** Puts the gate before an app. Its `processEvent` rejects with Undone for what Slack must deliver again. */
export function gated(inbound: Inbound, app: Processor): Processor {
  const answers = createAnswers()
  return {
    processEvent: async (event) => {
      const delivery = readDelivery(event.body)
      if (delivery === undefined || !wanted(inbound, delivery, event.body)) return event.ack()
      const why = await foreign(inbound, delivery)
      if (why !== undefined) return refuse(inbound, delivery, event, why)
      const first = await firstTime(inbound, delivery)
      if (first === undefined) return storeAway(inbound, delivery, event)
      // The first answer may have gone down with its connection: it is given again, and nothing is done again.
      if (!first) return event.ack(await answers.given(delivery.name))
      const ack =
        delivery.kind === 'event' ? patiently(inbound, event) : answers.keeping(delivery.name, event.ack)
      return app.processEvent({ ...event, ack })
    },
  }
}

interface Answers {
  /** The acknowledgement that also remembers what it said. */
  readonly keeping: (name: string, ack: Event['ack']) => Event['ack']
  /** What was, or within the time for it will be, acknowledged here under this name. */
  readonly given: (name: string) => Promise<unknown>
}

/** Acknowledgements of this process, for as long as Slack might ask for the same again at once. */
function createAnswers(): Answers {
  const kept = new Map<string, Promise<unknown>>()
  return {
    keeping: (name, ack) => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      kept.set(name, promise)
      setTimeout(() => kept.delete(name), answerKept).unref()
      return (body) => {
        resolve(body)
        return ack(body)
      }
    },
    given: async (name) => within(kept.get(name) ?? Promise.resolve(undefined), answerPatience),
  }
}

/** Most messages in the channels concern nobody here, and cost the store nothing. */
function wanted(inbound: Inbound, delivery: Delivery, body: Event['body']): boolean {
  if (delivery.kind !== 'event' || delivery.event !== 'message' || delivery.said !== undefined) return true
  const said = Said.safeParse(body['event'])
  return said.success && (isNote(inbound.plan(), said.data) || isBare(said.data))
}

/** Why it is not served: it comes from another workspace or app, or nobody knows yet which is ours. */
async function foreign(inbound: Inbound, { team, app }: Delivery): Promise<string | undefined> {
  const ours = await ourWorkspace(inbound)
  if (ours === undefined)
    return 'Slack has not yet told this bot which workspace it belongs to. Nothing was done; try again in a minute.'
  const here = team === ours.teamId && (app === undefined || ours.appId === undefined || app === ours.appId)
  return here ? undefined : 'This bot serves another workspace. Nothing was done.'
}

async function ourWorkspace({ workspace, log }: Inbound): Promise<ReturnType<Workspace['known']>> {
  const known = workspace.known()
  if (known !== undefined) return known
  try {
    return await within(workspace.identity(), storePatience)
  } catch (thrown) {
    log.warn('Slack does not say which workspace is ours', { reason: reasonOf(thrown) })
    return undefined
  }
}

async function refuse(inbound: Inbound, delivery: Delivery, event: Event, text: string): Promise<void> {
  const { kind, team, app } = delivery
  inbound.log.warn('something from Slack was refused', { kind, team, app, why: text })
  await (kind === 'command' ? event.ack({ response_type: 'ephemeral', text }) : event.ack())
}

/** Undefined when the store did not say. */
async function firstTime({ store, log }: Inbound, { name }: Delivery): Promise<boolean | undefined> {
  try {
    return await within(store.once(name, rememberedFor), storePatience)
  } catch (thrown) {
    log.warn('the store did not say whether something from Slack is new', { reason: reasonOf(thrown) })
    return undefined
  }
}

/** Nothing is done, and whoever waits is told; what nobody waits for is delivered again. */
async function storeAway(inbound: Inbound, delivery: Delivery, event: Event): Promise<void> {
  const card = storeDown(inbound)
  switch (delivery.kind) {
    case 'command':
      return event.ack(response({ card, to: 'asker' }))
    case 'submission':
      return event.ack({ response_action: 'update', view: answerView(card) })
    case 'press':
    case 'shortcut': {
      await event.ack()
      const from = delivery.kind === 'press' ? delivery.press : delivery.shortcut
      return send({ card, to: 'asker' }, askedBy(from), inbound)
    }
    case 'event':
      if (delivery.said === undefined) throw new Undone('the store is away')
      // Done minutes later, a command would surprise: it is said, and may be said again.
      await event.ack()
      return sayUndone(inbound, delivery.said)
  }
}

/** An event is done even when its acknowledgement gets lost: delivered again, it would count as done already. */
function patiently(inbound: Inbound, { ack }: Event): Event['ack'] {
  return async (body) => {
    try {
      await ack(body)
    } catch (thrown) {
      inbound.log.debug('an event is done without an acknowledgement', { reason: reasonOf(thrown) })
    }
  }
}
