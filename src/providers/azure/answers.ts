// The limits of a request to Azure: until when a change may be sent, how long the answer may be, and where it may lead.
import type { TokenCredentialOptions } from '@azure/identity'
import type { RequestPolicyFactory } from '@azure/storage-queue'
import { TooLong, mostBytes } from '../../bounded.ts'
import { throwIfOver } from '../../limit.ts'

/** A policy as the clients of all newer SDKs take it, and the credentials too. */
type PolicyConfig = NonNullable<TokenCredentialOptions['additionalPolicies']>[number]

/** What is used of a request, of whichever generation of the SDKs. */
interface Downloading {
  onDownloadProgress?: (progress: { loadedBytes: number }) => void
}

/** What is used of an answer, of the SDKs' and of fetch. */
interface Leading {
  readonly status: number
  readonly headers: { readonly get: (name: string) => string | undefined | null }
}

/** An answer leads to another host; its message follows "Azure could not ...: ". */
export class LedAway extends Error {
  override readonly name = 'LedAway'

  constructor(origin: string, host: string, setting: string) {
    super(
      `an answer of ${origin} leads to another host, ${host}: nothing was sent there. Look whether somebody is between the bot and Azure, and whether ${setting} is right.`,
    )
  }
}

/** Whether requests stay where their token belongs. Both functions throw LedAway. */
export interface Origin {
  readonly holds: (address: string | URL) => void
  /** Also what an SDK would not follow is said: a person must know what is amiss. */
  readonly keeps: (answer: Leading) => void
}

/** The only origin that a token, or a secret, may go to. `setting`: where it is set, in the words of an error. */
export function originOf(endpoint: string, setting: string): Origin {
  const { origin } = new URL(endpoint)
  const holds: Origin['holds'] = (address) => {
    const to = new URL(address, endpoint)
    if (to.origin !== origin) throw new LedAway(origin, to.host, setting)
  }
  return {
    holds,
    keeps: ({ status, headers }) => {
      const to = status >= 300 && status < 400 ? headers.get('location') : undefined
      if (to) holds(to)
    },
  }
}

/** For each client: a body is not read further than the limit, and the request then fails with TooLong. */
export const answerLimit: PolicyConfig = {
  policy: {
    name: 'answerLimit',
    sendRequest: (request, next) => limited(request, () => next(request)),
  },
  position: 'perRetry',
}

/** For each client: no change is sent once its time is over. It is asked after the token, which may take long to come. */
export const inTime: PolicyConfig = {
  policy: {
    name: 'inTime',
    sendRequest: (request, next) => {
      if (request.method !== 'GET') throwIfOver(request.abortSignal)
      return next(request)
    },
  },
  position: 'perRetry',
}

/** For each client: no answer's link, redirect or operation leads a token to another host than its own. */
export function onlyTo({ holds, keeps }: Origin): PolicyConfig {
  return {
    policy: {
      name: 'onlyTo',
      sendRequest: async (request, next) => {
        holds(request.url)
        const answer = await next(request)
        keeps(answer)
        return answer
      },
    },
    position: 'perRetry',
  }
}

/** Both for queues, whose clients take policies of the older form only: those do not see what a redirect brings. */
export function queuePolicy({ holds, keeps }: Origin): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest: async (request) => {
        holds(request.url)
        const answer = await limited(request, () => next.sendRequest(request))
        keeps(answer)
        return answer
      },
    }),
  }
}

/** For clients that see no redirected request: then none is followed, not even to the same host. */
export const noRedirects = { redirectOptions: { maxRetries: 0 } } as const

/** Counts what was unpacked; the SDK would tell of what ends the download as of a body that cannot be read. */
async function limited<T>(request: Downloading, send: () => Promise<T>): Promise<T> {
  const tooLong = new TooLong()
  let isTooLong = false
  request.onDownloadProgress = ({ loadedBytes }) => {
    if (loadedBytes <= mostBytes) return
    isTooLong = true
    throw tooLong
  }
  try {
    return await send()
  } catch (thrown) {
    throw isTooLong ? tooLong : thrown
  }
}
