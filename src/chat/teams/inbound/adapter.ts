// Bot Framework's adapter around one turn: it reads the activity, runs the turn, and writes the answer of an invoke.
import type { ServerResponse } from 'node:http'
import type { CloudAdapter, Response as BotResponse } from 'botbuilder'
import { BugError, reasonOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import type { InvokeAnswer } from './presses.ts'

/** Runs a turn for an activity whose sender was checked, and answers the request. */
export type RunTurn = (
  activity: object,
  response: ServerResponse,
  turn: () => Promise<InvokeAnswer | undefined>,
) => Promise<void>

/**
 * The adapter neither checks tokens nor sends anything: token.ts has checked what reaches it (the SDK's own check
 * answers 500 to a wrong signature, waits for the issuer without end, and takes tokens of the emulator), and api.ts is
 * the one way out (the SDK's client tries again by itself, and so posts twice).
 */
export function createAdapter(log: Log): RunTurn {
  const loading = load(log)
  // Whoever comes finds out.
  loading.catch(() => {})
  return async (activity, response, turn) => {
    const adapter = await loading
    const request = { method: 'POST', headers: {}, body: { ...activity } }
    await adapter.process(request, answering(response), async (context) => {
      const answer = await turn()
      if (answer !== undefined)
        await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body: answer } })
    })
  }
}

/** The SDK is large: nobody waits for it who has no Teams, and no start does. */
async function load(log: Log): Promise<CloudAdapter> {
  const { CloudAdapter, ConfigurationBotFrameworkAuthentication } = await import('botbuilder')
  const adapter = new CloudAdapter(
    new ConfigurationBotFrameworkAuthentication(
      {},
      {
        isValidAppId: async () => false,
        isAuthenticationDisabled: async () => true,
        createCredentials: async () => ({ signRequest: unused }),
      },
    ),
  )
  adapter.onTurnError = async (_context, error) => {
    log.error('something from Teams failed inside the bot', { reason: reasonOf(error), stack: error.stack })
  }
  return adapter
}

async function unused(): Promise<never> {
  throw new BugError("Bot Framework's own client is not used")
}

/** A response of node's as the adapter knows one. */
function answering(response: ServerResponse): BotResponse {
  return {
    socket: response.socket,
    status: (code: number) => {
      response.statusCode = code
    },
    header: (name: string, value: unknown) => {
      response.setHeader(name, String(value))
    },
    send: (body: unknown) => {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.write(JSON.stringify(body))
    },
    end: () => {
      response.end()
    },
  }
}
