// How an answer reaches its asker: in the acknowledgement, by the address that Slack gave, or as a message.
import { BugError, RetryableError, reasonOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import type { Reply } from '../../reply.ts'
import type { Sparing } from '../../sparing.ts'
import type { SlackApi } from '../api.ts'
import { messageOf } from '../render/message.ts'
import type { SlackMessage } from '../render/blocks.ts'
import { answerView } from '../render/views.ts'
import type { Identity } from './identity.ts'

/** Where somebody asked. */
export interface Asked {
  readonly user: string
  /** Absent in the home tab and in what is started from anywhere. */
  readonly channel?: string | undefined
  readonly thread?: string | undefined
  /** For 3 seconds; opens a modal where there is no conversation to answer in. */
  readonly trigger?: string | undefined
  /** The modal in which it was asked. */
  readonly modal?: string | undefined
  /** For 30 minutes and 5 answers (docs.slack.dev/interactivity/handling-user-interaction). */
  readonly responseUrl?: string | undefined
}

/** Answers that somebody waits for; real milliseconds. */
const responseTimeout = 3_000
/** A trigger lives for 3 s: an answer of Slack's that comes later helps nobody. Real milliseconds. */
const triggerLife = 2_500
/** Nothing in what the bot says becomes a mention, a link or a preview. */
const harmless = {
  parse: 'none',
  link_names: false,
  unfurl_links: false,
  unfurl_media: false,
  mrkdwn: false,
} as const

export interface ReplyDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly identity: Pick<Identity, 'isStranger'>
  /** Whether a stranger is told something now, by person, place and title. */
  readonly tellStranger: Sparing
  readonly log: Log
}

/** What stands in an acknowledgement, or is sent to a response address. */
export function response({
  card,
  to,
}: Reply): SlackMessage & { readonly response_type: 'ephemeral' | 'in_channel' } {
  return { response_type: to === 'asker' ? 'ephemeral' : 'in_channel', ...messageOf(card) }
}

/**
 * Sends an answer by the first way that works; what reaches nobody is logged. Strangers are told the same only once in a
 * while: Slack takes so much in a minute, and whoever presses enough could keep answers from others. Never rejects.
 */
export async function send(reply: Reply, asked: Asked, deps: ReplyDeps): Promise<void> {
  const { user, responseUrl, channel, trigger, modal } = asked
  if (deps.identity.isStranger(user) && !deps.tellStranger(`${user} ${channel} ${reply.card.title}`)) return
  const ways = [
    ...(responseUrl === undefined ? [] : [respond(responseUrl)]),
    ...(channel === undefined && (modal ?? trigger) !== undefined ? [inModal(asked)] : []),
    ...conversation(reply, asked),
  ]
  const reasons: string[] = []
  for (const way of ways) {
    try {
      return await way(reply, deps)
    } catch (thrown) {
      reasons.push(reasonOf(thrown))
    }
  }
  deps.log.warn('an answer in Slack reached nobody', { answer: reply.card.title, reasons })
}

/** What only the asker may see, and the channel does not take, goes into their direct messages. */
function conversation({ to }: Reply, asked: Asked): readonly Way[] {
  const { channel, user } = asked
  if (channel === undefined || to === 'room') return [say(asked)]
  return [whisper({ ...asked, channel }), say({ user })]
}

type Way = (reply: Reply, deps: Pick<ReplyDeps, 'api'>) => Promise<void>

function respond(url: string): Way {
  return async (reply) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ ...response(reply), replace_original: false }),
      signal: AbortSignal.timeout(responseTimeout),
      redirect: 'error',
    }).catch((thrown: unknown) => {
      // The cause may hold the address, which is a secret while it lives.
      throw new RetryableError(`the response address did not answer (${nameOf(thrown)})`)
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new RetryableError(`the response address answered ${answer.status}`)
  }
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : 'error'
}

function inModal(asked: Asked): Way {
  return ({ card }, deps) => showView(deps, asked, answerView(card))
}

/** Shows a view where somebody pressed: in the modal they have open, else in a new one, while Slack lets it be opened. */
export async function showView({ api }: Pick<ReplyDeps, 'api'>, asked: Asked, view: object): Promise<void> {
  const options = { lane: 'answer', timeout: triggerLife, signal: AbortSignal.timeout(triggerLife) } as const
  if (asked.modal !== undefined) await api.call('views.update', { view_id: asked.modal, view }, options)
  else if (asked.trigger !== undefined)
    await api.call('views.open', { trigger_id: asked.trigger, view }, options)
  else throw new BugError('there is nothing to open a modal with')
}

/** Only the asker sees it; it is gone when Slack is opened again. */
function whisper({ channel, user, thread }: Asked & { readonly channel: string }): Way {
  return async ({ card }, { api }) => {
    await api.call(
      'chat.postEphemeral',
      { channel, user, ...inThread(thread), ...messageOf(card), parse: 'none', link_names: false },
      { lane: 'answer' },
    )
  }
}

/** A message in the channel, or to the asker where there is none. */
function say({ channel, user, thread }: Asked): Way {
  return async ({ card }, { api }) => {
    await api.call(
      'chat.postMessage',
      { channel: channel ?? user, ...inThread(thread), ...messageOf(card), ...harmless },
      { lane: 'answer' },
    )
  }
}

function inThread(thread: string | undefined): { readonly thread_ts?: string } {
  return thread === undefined ? {} : { thread_ts: thread }
}
