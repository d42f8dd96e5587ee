// One request to Slack over the SDK, or one file to where Slack wants it: without queue, retry or memory.
import { WebClient } from '@slack/web-api'
import { bounded } from '../../bounded.ts'
import type { Duration } from '../../ids.ts'
import { isLoopback } from '../../loopback.ts'
import type { Clock } from '../../ports.ts'
import { SlackRefusal, SlackSilence, mapSlackError } from './api-errors.ts'
import type { Method } from './methods.ts'

export type Args = Readonly<Record<string, unknown>>

/** How long a request may take in real milliseconds, and who may end it before. */
export interface Limits {
  readonly timeout: Duration
  readonly signal: AbortSignal
}

export interface Wire {
  /** Slack's answer, or an error of api-errors.ts. */
  readonly request: (method: Method, args: Args, limits: Limits) => Promise<Args>
  readonly send: (url: string, content: Uint8Array, limits: Limits) => Promise<void>
}

/** The SDK would write to standard output; whatever matters of what it says is in the error. */
const quiet = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  setName: () => {},
  getLevel: () => 'error' as never,
}

export function createWire(deps: {
  readonly token: string
  readonly url?: string
  readonly clock: Clock
}): Wire {
  const { clock, token, url: slackApiUrl } = deps

  async function request(method: Method, args: Args, { timeout, signal }: Limits): Promise<Args> {
    // A client of its own for each call: the SDK's queue, its pauses and its time limit belong to a client.
    const client = new WebClient(token, {
      ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout,
      allowAbsoluteUrls: false,
      logger: quiet,
      fetch: async (to, init) =>
        bounded(await fetch(to, { ...init, redirect: 'error', signal: anyOf(init?.signal, signal) })),
    })
    try {
      return { ...(await client.apiCall(method, args)) }
    } catch (thrown) {
      throw mapSlackError(thrown, { method, clock, about: targetOf(args) ?? subjectOf(args) })
    }
  }

  /** The address of an upload is a secret; it is Slack's own, since it came with the answer to an authenticated call. */
  async function send(url: string, content: Uint8Array, { timeout, signal }: Limits): Promise<void> {
    const method = 'the upload of a file'
    const { protocol, hostname } = new URL(url)
    if (protocol !== 'https:' && !isLoopback(hostname)) {
      const text = 'Slack named an address without https for an upload. Check SLACK_API_URL.'
      throw new SlackRefusal('bad_upload_url', text)
    }
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: Buffer.from(content),
        redirect: 'error',
        signal: anyOf(AbortSignal.timeout(timeout), signal),
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new SlackSilence(`Slack answered ${method} with HTTP ${answer.status}.`)
    } catch (thrown) {
      throw mapSlackError(thrown, { method, clock })
    }
  }
  return { request, send }
}

/** One signal of several that may be absent. */
export function anyOf(...signals: readonly (AbortSignal | null | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((each) => each !== null && each !== undefined))
}

/** What Slack counts calls by, beside the method. */
export function channelOf({ channel, channel_id: id }: Args): string | undefined {
  return firstText(channel, id)
}

/** What several calls change one after the other: a channel, a view, somebody's home, a group. */
export function targetOf(args: Args): string | undefined {
  const { view_id: view, user_id: user, usergroup } = args
  return channelOf(args) ?? firstText(view, user, usergroup)
}

/** Whom a call only asks about. */
function subjectOf({ user, email }: Args): string | undefined {
  return firstText(user, email)
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((each) => typeof each === 'string')
}
