// Queues of the simulated storage accounts, as their data plane shows them: how many messages, and the oldest one.
import type { Access, Principal } from './access.ts'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmRequest } from './routes.ts'

export interface QueueInput {
  readonly account: string
  readonly name: string
  readonly messages: number
  /** When they were put in. */
  readonly oldest?: number
}

/** Where a queue is. */
export type QueuePlace = Pick<QueueInput, 'account' | 'name'>

/** The queues, and what applications do with them; times in milliseconds. */
export interface Queues {
  /** Makes a queue, or empties one, and puts in so many messages. */
  readonly set: (account: string, name: string, messages: number, oldest?: number) => void
  /** Puts a message in, for 7 days or as long as it `lives`. */
  readonly put: (place: QueuePlace, lives?: number) => void
  /** Takes the first message out of sight for so long; its id, to be told to `remove`. */
  readonly take: (place: QueuePlace, hidden: number) => string | undefined
  readonly remove: (place: QueuePlace, id: string) => void
  /** Answers a request below `/queues/ACCOUNT`, or throws an ArmError. */
  readonly answer: (request: ArmRequest) => ArmAnswer
}

interface Message {
  readonly id: string
  readonly insertedAt: number
  readonly expiresAt: number
  /** Until then somebody has taken it; it comes after those that were in sight before. */
  readonly visibleAt: number
  readonly taken: number
}

const audience = 'https://storage.azure.com'
const rights = 'Microsoft.Storage/storageAccounts/queueServices/queues'
const lifetime = 7 * 86_400_000

export function createQueues(
  first: readonly QueueInput[],
  tenant: string,
  access: Access,
  now: () => number,
): Queues {
  const all = new Map<string, readonly Message[]>()
  let last = 0

  function messageOf(insertedAt: number, lives: number): Message {
    last += 1
    const id = `00000000-0000-0000-0000-${String(last).padStart(12, '0')}`
    return { id, insertedAt, expiresAt: insertedAt + lives, visibleAt: insertedAt, taken: 0 }
  }
  function set(account: string, name: string, messages: number, oldest = now()): void {
    all.set(
      `${account}/${name}`,
      Array.from({ length: messages }, () => messageOf(oldest, lifetime)),
    )
  }
  /** Its messages that have not expired, those that somebody has taken among them. */
  function messagesOf({ account, name }: QueuePlace): readonly Message[] {
    const messages = all.get(`${account}/${name}`)
    if (messages) return messages.filter(({ expiresAt }) => expiresAt > now())
    if ([...all.keys()].some((key) => key.startsWith(`${account}/`)))
      throw new ArmError(404, 'QueueNotFound', 'The specified queue does not exist.')
    throw new ArmError(404, 'ResourceNotFound', 'The specified resource does not exist.')
  }
  function keep({ account, name }: QueuePlace, messages: readonly Message[]): void {
    all.set(`${account}/${name}`, messages)
  }

  for (const { account, name, messages, oldest } of first) set(account, name, messages, oldest)
  return {
    set,
    put: (place, lives = lifetime) => keep(place, [...messagesOf(place), messageOf(now(), lives)]),
    take: (place, hidden) => {
      const messages = messagesOf(place)
      const found = firstInSight(messages, now())
      if (!found) return undefined
      const taken = { ...found, visibleAt: now() + hidden, taken: found.taken + 1 }
      keep(
        place,
        messages.map((message) => (message === found ? taken : message)),
      )
      return found.id
    },
    remove: (place, id) =>
      keep(
        place,
        messagesOf(place).filter((message) => message.id !== id),
      ),
    answer: (request) => {
      const principal = authenticate(access, tenant, request.authorization)
      demandVersion(request)
      const { account, name, peek } = askedFor(request)
      // That a queue is there and how full it is goes by an action, what is in it by an action on data.
      permit(
        peek
          ? access.mayDoData(principal, `${rights}/messages/read`)
          : access.mayDo(principal, `${rights}/read`),
      )
      const messages = messagesOf({ account, name })
      return peek ? peeked(firstInSight(messages, now())) : depth(messages.length)
    },
  }
}

/** The storage services answer a token that they do not take with where to get one. */
function authenticate(access: Access, tenant: string, authorization: string | undefined): Principal {
  try {
    return access.authenticate(authorization, audience)
  } catch (thrown) {
    if (!(thrown instanceof ArmError)) throw thrown
    const challenge = `Bearer authorization_uri=https://login.microsoftonline.com/${tenant}/oauth2/authorize resource_id=${audience}`
    throw new ArmError(
      401,
      'InvalidAuthenticationInfo',
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
      { 'www-authenticate': challenge },
    )
  }
}

/** Tokens are taken since the version of November 2017, and a request without any version is of an older one. */
function demandVersion({ storageVersion: version }: ArmRequest): void {
  if (version !== undefined && /^\d{4}-\d\d-\d\d$/.test(version) && version >= '2017-11-09') return
  throw new ArmError(
    400,
    'InvalidHeaderValue',
    'The value for one of the HTTP headers is not in the correct format.',
  )
}

/** What the bot asks of queues: how deep one is, or its first message without taking it. */
function askedFor({ method, path, query }: ArmRequest): QueuePlace & { readonly peek: boolean } {
  const [, account = '', name = '', part, ...more] = path.split('/').slice(1)
  const peek = part === 'messages' && query.get('peekonly') === 'true'
  const known = (peek || (part === undefined && query.get('comp') === 'metadata')) && more.length === 0
  if (method === 'GET' && known) return { account, name, peek }
  throw new ArmError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.')
}

function permit(may: boolean): void {
  if (may) return
  throw new ArmError(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  )
}

/** The one that has been in sight for longest: a message that came back is behind those that were never taken. */
function firstInSight(messages: readonly Message[], now: number): Message | undefined {
  return messages
    .filter(({ visibleAt }) => visibleAt <= now)
    .reduce<Message | undefined>(
      (first, message) => (first && first.visibleAt <= message.visibleAt ? first : message),
      undefined,
    )
}

/** Approximate, as Azure says: it counts what somebody has taken and not deleted too. */
function depth(messages: number): ArmAnswer {
  const headers = { 'x-ms-approximate-messages-count': String(messages), 'x-ms-version': '2026-04-06' }
  return { status: 200, body: '', headers }
}

function peeked(first: Message | undefined): ArmAnswer {
  const body = `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>${first ? shown(first) : ''}</QueueMessagesList>`
  return { status: 200, body, headers: { 'content-type': 'application/xml' } }
}

function shown({ id, insertedAt, expiresAt, taken }: Message): string {
  const [inserted, expires] = [insertedAt, expiresAt].map((at) => new Date(at).toUTCString())
  return `<QueueMessage><MessageId>${id}</MessageId><InsertionTime>${inserted}</InsertionTime><ExpirationTime>${expires}</ExpirationTime><DequeueCount>${taken}</DequeueCount><MessageText>eyJvcmRlciI6MX0=</MessageText></QueueMessage>`
}
