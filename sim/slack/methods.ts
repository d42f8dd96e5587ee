// The part of Slack's Web API that is simulated: every method by name, and how one call is let in and answered.
import { authenticate, requireScope, type RateLimits, type SlackToken } from './access.ts'
import { optional, readArgs, type Args } from './args.ts'
import { chatMethods } from './chat.ts'
import { conversationMethods } from './conversations.ts'
import { failure, rateLimited, Refusal, success, TooMany, type SlackAnswer } from './envelope.ts'
import { fileMethods } from './files.ts'
import { historyMethods } from './history.ts'
import { markMethods } from './marks.ts'
import type { Call, Method } from './method.ts'
import { peopleMethods } from './people.ts'
import type { Triggers } from './triggers.ts'
import { viewMethods } from './views.ts'
import type { Workspace } from './workspace.ts'

const ownMethods: Readonly<Record<string, Method>> = {
  'api.test': { scopes: [], tier: 'free', token: 'none', run: apiTest },
  'auth.test': { scopes: [], tier: 'free', run: authTest },
  'apps.connections.open': { scopes: ['connections:write'], tier: 3, token: 'app', run: openConnection },
}

const methods: Readonly<Record<string, Method>> = {
  ...ownMethods,
  ...chatMethods,
  ...conversationMethods,
  ...historyMethods,
  ...peopleMethods,
  ...markMethods,
  ...viewMethods,
  ...fileMethods,
}

/** Every scope that some simulated method asks for. */
export const methodScopes: readonly string[] = [
  ...new Set(Object.values(methods).flatMap((method) => (method.token === undefined ? method.scopes : []))),
]

/** What calls work on. */
export interface Api {
  readonly slack: Workspace
  readonly tokens: readonly SlackToken[]
  readonly triggers: Triggers
  readonly limits: RateLimits
  readonly openSocket: () => string
}

/** One request to `/api/METHOD` as it came in. */
export interface ApiRequest {
  readonly method: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly body: string
}

/** The arguments without the token; empty when they cannot be read. */
export function loggedArgs(request: ApiRequest): Args {
  try {
    const { token: _, ...args } = readArgs(request.contentType, request.query, request.body)
    return args
  } catch (thrown) {
    if (thrown instanceof Refusal) return {}
    throw thrown
  }
}

/** Answers one call; what is refused is an answer too. */
export function answer(api: Api, request: ApiRequest): SlackAnswer {
  try {
    return answered(api, request)
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ...failure(thrown), headers: scopeHeaders(api, request) }
    if (thrown instanceof TooMany) return rateLimited(thrown.retryAfter)
    throw thrown
  }
}

function answered(api: Api, request: ApiRequest): SlackAnswer {
  const method = methods[request.method]
  if (!method) throw new Refusal('unknown_method', { req_method: request.method })
  const args = readArgs(request.contentType, request.query, request.body)
  const { slack, triggers, openSocket } = api
  if (method.token === 'none') {
    return success(method.run({ slack, args, token: noToken, triggers, openSocket }))
  }
  const token = authenticate(api.tokens, request.authorization, args['token'])
  if (token.kind !== (method.token ?? 'bot')) throw new Refusal('not_allowed_token_type')
  requireScope(token, method.scopes)
  countCall(api, method, request.method, args)
  const call: Call = { slack, args, token, triggers, openSocket }
  return { ...success(method.run(call)), headers: scopeHeaders(api, request) }
}

const noToken: SlackToken = { value: '', kind: 'bot', scopes: [] }

/** Messages are limited by channel, and all together by the workspace; everything else by method. */
function countCall(api: Api, method: Method, name: string, args: Args): void {
  if (method.tier !== 'post') return api.limits.count(method.tier, name)
  api.limits.count(method.tier, `${name} ${optional(args, 'channel') ?? ''}`)
}

/** Slack names the scopes of the token, and those that would do, with every answer. */
function scopeHeaders(api: Api, request: ApiRequest): Readonly<Record<string, string>> {
  const token = api.tokens.find(({ value }) => request.authorization === `Bearer ${value}`)
  const accepted = methods[request.method]?.scopes ?? []
  return {
    ...(token && { 'x-oauth-scopes': token.scopes.join(',') }),
    ...(accepted.length > 0 && { 'x-accepted-oauth-scopes': accepted.join(',') }),
  }
}

function apiTest({ args }: Call): object {
  const { error, ...rest } = args
  if (typeof error === 'string' && error !== '') throw new Refusal(error, { args })
  return { args: rest }
}

function authTest({ slack }: Call): object {
  return {
    url: `https://${slack.domain}.slack.com/`,
    team: slack.domain,
    user: slack.users.get(slack.botUser)?.name,
    team_id: slack.team,
    user_id: slack.botUser,
    bot_id: slack.bot,
    is_enterprise_install: false,
  }
}

function openConnection({ openSocket }: Call): object {
  return { url: openSocket() }
}
