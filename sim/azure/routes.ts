// Finds what a request of Resource Manager is about: rules of every resource are the same, what it does is its own.
import type { Access, Principal } from './access.ts'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { Operations } from './operations.ts'

/** What a route is given: `params` are the names in its path, `id` is the resource's whole id. */
export interface ArmContext {
  readonly group: string
  readonly params: Readonly<Record<string, string>>
  readonly id: string
  readonly query: URLSearchParams
  readonly body: unknown
  /** `If-Match` and `If-None-Match`, as they came. */
  readonly conditions: Conditions
  readonly operations: Operations
  /** Who asks. */
  readonly principal: Principal
  readonly now: number
}

/** The one that the request is about: Azure's names have no case. undefined: there is none. */
export function namedIn<Resource extends { readonly name: string; readonly group: string }>(
  all: readonly Resource[],
  { group, params }: Pick<ArmContext, 'group' | 'params'>,
): Resource | undefined {
  const [name, where] = [params['name'] ?? '', group].map((text) => text.toLowerCase())
  return all.find((one) => one.name.toLowerCase() === name && one.group.toLowerCase() === where)
}

/** Under which condition a change is to be made. */
export interface Conditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** One thing that a resource can be asked. A further resource of the simulator is a file with a list of these. */
export interface ArmRoute {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
  /** After `/subscriptions/S/resourceGroups/G/providers/`, with `{name}` for a name. */
  readonly path: string
  /** What is of the subscription has its path after `/subscriptions/S/providers/`. */
  readonly level?: 'subscription'
  readonly action: string
  readonly apiVersions: readonly string[]
  readonly answer: (context: ArmContext) => ArmAnswer
}

export interface ArmRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  /** `x-ms-version`, which stands for the api-version at the storage services. */
  readonly storageVersion?: string | undefined
  readonly body: string
}

/** The subscription that is simulated. */
export interface Subscription {
  readonly id: string
  readonly groups: readonly string[]
  readonly routes: readonly ArmRoute[]
  readonly access: Access
  readonly operations: Operations
  /** Its own address, which is the audience of its tokens. */
  readonly url: () => string
  readonly now: () => number
}

const inGroup = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/(.+)$/i
const inSubscription = /^\/subscriptions\/([^/]+)\/providers\/(.+)$/i
const operation = /^\/subscriptions\/([^/]+)\/providers\/([^/]+)\/locations\/[^/]+\/operations\/([^/]+)$/i

/** True for a look at an operation that goes on. */
export function isPoll(path: string): boolean {
  return operation.test(path)
}

/** Answers, or throws an ArmError: token, api-version, subscription, right, group, resource, in Azure's order. */
export function route(subscription: Subscription, request: ArmRequest): ArmAnswer {
  const { access } = subscription
  const principal = access.authenticate(request.authorization, subscription.url())
  const version = request.query.get('api-version')
  if (version === null)
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    )
  const polled = operation.exec(request.path)
  if (polled) {
    demandSubscription(subscription, polled[1])
    access.permit(principal, `${polled[2]}/locations/operations/read`, `/subscriptions/${subscription.id}`)
    return subscription.operations.look(polled[3] ?? '', request.query.has('monitor'))
  }
  const [, id, group, rest = ''] = placeOf(request.path)
  demandSubscription(subscription, id)
  const routes = subscription.routes.filter(({ level }) => (level === undefined) === (group !== undefined))
  const { found, params } = find(routes, request.method, rest)
  access.permit(
    principal,
    found.action,
    group === undefined ? `/subscriptions/${subscription.id}` : request.path,
  )
  if (!found.apiVersions.includes(version)) throw badVersion(rest, version, found.apiVersions)
  if (group !== undefined && !subscription.groups.some((one) => one.toLowerCase() === group.toLowerCase()))
    throw new ArmError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`)
  const { operations, now } = subscription
  const { path, query, ifMatch, ifNoneMatch } = request
  const conditions = { ifMatch, ifNoneMatch }
  const body = bodyOf(request)
  return found.answer({
    group: group ?? '',
    params,
    id: path,
    query,
    conditions,
    body,
    operations,
    principal,
    now: now(),
  })
}

/** The subscription, the group if it is in one, and what comes after `providers/`. */
function placeOf(path: string): readonly (string | undefined)[] {
  const grouped = inGroup.exec(path)
  if (grouped) return grouped
  const [whole, id, rest] = inSubscription.exec(path) ?? []
  return [whole, id, undefined, rest]
}

function demandSubscription({ id }: Subscription, asked: string | undefined): void {
  if (asked?.toLowerCase() === id.toLowerCase()) return
  throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${asked ?? ''}' could not be found.`)
}

function find(
  routes: readonly ArmRoute[],
  method: string,
  rest: string,
): { readonly found: ArmRoute; readonly params: Readonly<Record<string, string>> } {
  let known = false
  for (const one of routes) {
    const params = paramsOf(one.path, rest)
    if (!params) continue
    known = true
    if (one.method === method) return { found: one, params }
  }
  if (known) throw new ArmError(405, 'MethodNotAllowed', `The method ${method} is not allowed here.`)
  throw new ArmError(404, 'InvalidResourceType', `The resource type could not be found: ${rest}.`)
}

/** The names in a path, when it is of this form; Azure's paths are the same in upper and lower case. */
function paramsOf(form: string, path: string): Readonly<Record<string, string>> | undefined {
  const want = form.split('/')
  const have = path.split('/')
  if (want.length !== have.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of want.entries()) {
    const value = decodeURIComponent(have[index] ?? '')
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name !== undefined) params[name] = value
    else if (part.toLowerCase() !== value.toLowerCase()) return undefined
  }
  return params
}

function badVersion(rest: string, version: string, known: readonly string[]): ArmError {
  return new ArmError(
    400,
    'InvalidApiVersionParameter',
    `The api-version '${version}' is invalid for ${rest}. The supported versions are '${known.join(', ')}'.`,
  )
}

function bodyOf({ method, body, contentType }: ArmRequest): unknown {
  if (method === 'GET' || method === 'DELETE' || body === '') return undefined
  if (!/^application\/json\b/.test(contentType ?? ''))
    throw new ArmError(
      415,
      'UnsupportedMediaType',
      `The content media type '${contentType ?? ''}' is not supported.`,
    )
  try {
    return JSON.parse(body)
  } catch {
    throw new ArmError(
      400,
      'InvalidRequestContent',
      'The request content was invalid and could not be deserialized.',
    )
  }
}
