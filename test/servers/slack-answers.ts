// A server that answers calls of Slack's Web API with what a test says, also with what a simulator would never say.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text as readAll } from 'node:stream/consumers'
import { scopesUsed } from '../../src/chat/slack/methods.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Args = Readonly<Record<string, string>>
/** A body; `retryAfter` makes it a 429 with so many seconds, `hangUp` cuts the connection. */
export type Answer = Readonly<Record<string, unknown>>

interface Called {
  readonly method: string
  readonly args: Args
  readonly token: string
}

export interface SlackAnswers {
  readonly url: string
  /** What the header x-oauth-scopes names; at first what the bot needs. */
  scopes: readonly string[]
  readonly stop: () => Promise<void>
}

/** Starts the server; `answer` may hold `ok: false` and an `error`. */
export async function startAnswers(answer: (called: Called) => Answer): Promise<SlackAnswers> {
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const answers: SlackAnswers = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    scopes: scopesUsed(),
    stop: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return answers

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.url?.replace('/api/', '') ?? ''
    const args = Object.fromEntries(new URLSearchParams(await readAll(request)))
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const body = answer({ method, args, token })
    if (body['hangUp'] === true) return void response.destroy()
    const wait = body['retryAfter']
    response.writeHead(typeof wait === 'number' ? 429 : 200, {
      'content-type': 'application/json',
      'x-oauth-scopes': answers.scopes.join(','),
      ...(typeof wait === 'number' ? { 'retry-after': String(wait) } : {}),
    })
    response.end(JSON.stringify({ ok: true, ...body }))
  }
}
