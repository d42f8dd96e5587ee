// Queues of the simulated storage accounts, as their data plane shows them: how many messages, and the oldest one.
import type { Access } from './access.ts'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmRequest } from './routes.ts'

export interface QueueInput {
  readonly account: string
  readonly name: string
  readonly messages: number
  /** When the oldest message was put in. */
  readonly oldest?: number
}

export interface Queues {
  readonly set: (account: string, name: string, messages: number, oldest?: number) => void
  /** Answers a request below `/queues/ACCOUNT`, or throws an ArmError. */
  readonly answer: (request: ArmRequest) => ArmAnswer
}

const audience = 'https://storage.azure.com'
const rights = 'Microsoft.Storage/storageAccounts/queueServices/queues'

export function createQueues(first: readonly QueueInput[], access: Access, now: () => number): Queues {
  const all = new Map(first.map((queue) => [`${queue.account}/${queue.name}`, queue]))
  return {
    set: (account, name, messages, oldest = now()) => {
      all.set(`${account}/${name}`, { account, name, messages, oldest })
    },
    answer: (request) => {
      const [, account, name, part, ...more] = request.path.split('/').slice(1)
      const principal = access.authenticate(request.authorization, audience)
      const peek = part === 'messages' && request.query.get('peekonly') === 'true'
      const known =
        (peek || (part === undefined && request.query.get('comp') === 'metadata')) && more.length === 0
      if (request.method !== 'GET' || !known)
        throw new ArmError(
          400,
          'InvalidUri',
          'The requested URI does not represent any resource on the server.',
        )
      if (!access.mayDo(principal, peek ? `${rights}/messages/read` : `${rights}/read`))
        throw new ArmError(
          403,
          'AuthorizationPermissionMismatch',
          'This request is not authorized to perform this operation using this permission.',
        )
      const queue = all.get(`${account}/${name}`)
      if (!queue) throw new ArmError(404, 'QueueNotFound', 'The specified queue does not exist.')
      return peek ? peeked(queue, now()) : depth(queue)
    },
  }
}

function depth({ messages }: QueueInput): ArmAnswer {
  const headers = { 'x-ms-approximate-messages-count': String(messages), 'x-ms-version': '2026-04-06' }
  return { status: 200, body: '', headers }
}

function peeked({ messages, oldest }: QueueInput, now: number): ArmAnswer {
  const at = oldest ?? now
  const message = `<QueueMessage><MessageId>00000000-0000-0000-0000-000000000001</MessageId><InsertionTime>${new Date(at).toUTCString()}</InsertionTime><ExpirationTime>${new Date(at + 7 * 86_400_000).toUTCString()}</ExpirationTime><DequeueCount>0</DequeueCount><MessageText>eyJvcmRlciI6MX0=</MessageText></QueueMessage>`
  const body = `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>${messages > 0 ? message : ''}</QueueMessagesList>`
  return { status: 200, body, headers: { 'content-type': 'application/xml' } }
}
