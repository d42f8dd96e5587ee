// Long-running operations: begun with Azure-AsyncOperation, Location and Retry-After, looked at until they have ended.
import { randomUUID } from 'node:crypto'
import { ArmError, type ArmAnswer } from './envelope.ts'

/** How an operation ends. */
export interface Outcome {
  readonly endsAt: number
  readonly status: 'Succeeded' | 'Failed' | 'Canceled'
  readonly error?: { readonly code: string; readonly message: string }
}

export interface Begun {
  /** Such as `Microsoft.Compute`. */
  readonly namespace: string
  readonly location: string
  readonly apiVersion: string
  /** How it will end as things stand: asked at each look. `undefined`: never. */
  readonly outcome: () => Outcome | undefined
  /** What the operation's Location answers once it has succeeded. */
  readonly result: () => unknown
}

export interface Operations {
  /** The headers of the answer that begins one. */
  readonly begin: (begun: Begun) => Readonly<Record<string, string>>
  /** `monitor`: through its Location, else through its Azure-AsyncOperation. */
  readonly look: (id: string, monitor: boolean) => ArmAnswer
}

export interface OperationsOptions {
  readonly subscription: string
  readonly url: () => string
  readonly now: () => number
  /** Seconds that clients shall wait between two looks. */
  readonly retryAfter: number
}

export function createOperations({ subscription, url, now, retryAfter }: OperationsOptions): Operations {
  const all = new Map<string, { readonly begun: Begun; readonly startedAt: number }>()
  const wait = { 'retry-after': String(retryAfter) }
  return {
    begin: (begun) => {
      const id = randomUUID()
      all.set(id, { begun, startedAt: now() })
      const path = `${url()}/subscriptions/${subscription}/providers/${begun.namespace}/locations/${begun.location}/operations/${id}`
      const query = `api-version=${begun.apiVersion}`
      return {
        ...wait,
        'azure-asyncoperation': `${path}?${query}`,
        location: `${path}?monitor=true&${query}`,
      }
    },
    look: (id, monitor) => {
      const found = all.get(id)
      if (!found) throw new ArmError(404, 'NotFound', `The operation '${id}' was not found.`)
      const { begun, startedAt } = found
      const outcome = begun.outcome()
      const ended = outcome !== undefined && outcome.endsAt <= now()
      if (monitor) return byLocation(begun, ended ? outcome : undefined, wait)
      const startTime = new Date(startedAt).toISOString()
      if (!ended) return { status: 200, body: { name: id, startTime, status: 'InProgress' }, headers: wait }
      const { status, error, endsAt } = outcome
      const endTime = new Date(endsAt).toISOString()
      return { status: 200, body: { name: id, startTime, endTime, status, ...(error ? { error } : {}) } }
    },
  }
}

function byLocation(
  { result }: Begun,
  outcome: Outcome | undefined,
  wait: Readonly<Record<string, string>>,
): ArmAnswer {
  if (!outcome) return { status: 202, body: undefined, headers: wait }
  if (outcome.status === 'Succeeded') return { status: 200, body: result() }
  const { code, message } = outcome.error ?? { code: 'Canceled', message: 'The operation was canceled.' }
  throw new ArmError(409, code, message)
}
