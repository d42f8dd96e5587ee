// The door through which everything from Teams comes in: who sent it, from which tenant, then a turn of the bot.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { reasonOf } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import { isLoopback } from '../../loopback.ts'
import type { Check } from '../../ports.ts'
import { createLanes, within } from '../lanes.ts'
import { createSparing, createWarning } from '../sparing.ts'
import type { Cloud } from './cloud.ts'
import { createAdapter } from './inbound/adapter.ts'
import { createGate } from './inbound/gate.ts'
import { createKeys } from './inbound/keys.ts'
import type { IssuerKeys } from './inbound/keys.ts'
import { Activity, tenantOf } from './inbound/payload.ts'
import type { InvokeAnswer } from './inbound/presses.ts'
import type { Inbound } from './inbound/speak.ts'
import { checkToken } from './inbound/token.ts'

/** Takes a request of Teams' whose body was read, and answers it. Never rejects. */
export type ReceiveTeams = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>

export interface TeamsDoorDeps extends Omit<Inbound, 'turns' | 'strangers'> {
  readonly cloud: Cloud
  /** Tokens are not asked for; activities are taken from a Teams on this machine only. */
  readonly noAuth: boolean
}

export interface TeamsDoor {
  /** Takes the requests to /api/messages. */
  readonly receive: ReceiveTeams
  /** Whether what comes in can be told to be from Teams, with what to do when it cannot. */
  readonly health: () => Check
  /** Lets what is under way end for a moment. */
  readonly stop: () => Promise<void>
}

/** Azure Bot Service waits 10 to 15 s for the end of a turn; what takes longer goes on behind it. Real milliseconds. */
const turnPatience: Duration = 8 * second
/** How long what is under way may take once the door is closed; real milliseconds. */
const lastPatience: Duration = 2 * second

/** Makes the door. */
export function createTeamsDoor(deps: TeamsDoorDeps): TeamsDoor {
  const keys = createKeys({ metadata: deps.cloud.metadata, log: deps.log })
  const runTurn = createAdapter(deps.log)
  const strangers = {
    tellNow: createSparing(deps.clock),
    warn: createWarning(deps, 'somebody unknown spoke in Teams'),
  }
  const serve = createGate({ ...deps, turns: createLanes(), strangers })
  const warn = createWarning(deps, 'a request in the name of Teams was refused')
  const underWay = new Set<Promise<unknown>>()
  let unsure = false

  async function turn(activity: Activity, body: string): Promise<InvokeAnswer | undefined> {
    const work = serve(activity, body)
    underWay.add(work)
    void work.finally(() => underWay.delete(work)).catch(() => {})
    return within(work, turnPatience)
  }

  async function receive(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const text = body.toString()
    const read = objectIn(text)
    if (read === undefined) return end(response, 400)
    const entry = await admit(request.headers.authorization, read, { ...deps, keys })
    if (entry.status !== 200) warn({ why: entry.why })
    if (entry.status === 200 || entry.keysAway) unsure = entry.keysAway === true
    if (entry.activity === undefined) return end(response, entry.status)
    const { activity } = entry
    await runTurn(read, response, () => turn(activity, text))
  }

  return {
    receive: async (request, response, body) => {
      try {
        await receive(request, response, body)
      } catch (thrown) {
        deps.log.error('a request of Teams failed', { reason: reasonOf(thrown) })
        end(response, 500)
      }
    },
    health: () => (unsure ? { ok: false, text: keysAway(deps.cloud) } : { ok: true }),
    stop: async () => {
      await within(Promise.allSettled(underWay), lastPatience)
    },
  }
}

function keysAway({ metadata }: Cloud): string {
  const { host } = new URL(metadata)
  return `what comes in from Teams is refused, since the keys with which it is signed cannot be fetched; this machine must reach ${host}`
}

/** What becomes of a request; without an activity it ends with the status. */
interface Entry {
  readonly status: 200 | 400 | 401 | 503
  readonly why: string
  /** The keys cannot be fetched: nobody is let in before they can be. */
  readonly keysAway?: true
  readonly activity?: Activity
}

async function admit(
  authorization: string | undefined,
  read: Readonly<Record<string, unknown>>,
  deps: TeamsDoorDeps & { readonly keys: IssuerKeys },
): Promise<Entry> {
  const claimed = { channelId: String(read['channelId']), serviceUrl: String(read['serviceUrl']) }
  if (deps.noAuth) {
    if (!isHere(claimed.serviceUrl)) return { status: 401, why: 'it is not from a Teams on this machine' }
  } else {
    const verdict = await checkToken(authorization, claimed, deps)
    if (verdict.kind === 'refused') return { status: 401, why: verdict.why }
    if (verdict.kind === 'unsure') return { status: 503, why: verdict.why, keysAway: true }
    if (verdict.kind === 'later') return { status: 503, why: verdict.why }
  }
  const activity = Activity.safeParse(read)
  if (!activity.success) return { status: 400, why: 'it is no activity of Teams' }
  // Bot Service passes on other channels, such as its web chat: nobody there is known.
  if (activity.data.channelId !== 'msteams') return { status: 401, why: 'it is from another channel' }
  const tenant = tenantOf(activity.data, deps.tenantId)
  if (tenant?.toLowerCase() !== deps.tenantId.toLowerCase())
    return { status: 401, why: `it is from another tenant (${tenant ?? 'none'})` }
  return { status: 200, why: '', activity: activity.data }
}

function isHere(address: string): boolean {
  return URL.canParse(address) && isLoopback(new URL(address).hostname)
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined
  } catch {
    return undefined
  }
}

function end(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, status === 503 ? { 'retry-after': '5' } : {}).end()
}
