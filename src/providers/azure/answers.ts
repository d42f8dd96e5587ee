// The limit of what Azure may answer: the SDKs keep whole bodies in memory, and ask for no limit.
import type { TokenCredentialOptions } from '@azure/identity'
import type { RequestPolicyFactory } from '@azure/storage-queue'
import { RetryableError } from '../../errors.ts'
import { TooLong, mostBytes } from '../../bounded.ts'

/** A policy as the clients of all newer SDKs take it, and the credentials too. */
type PolicyConfig = NonNullable<TokenCredentialOptions['additionalPolicies']>[number]

/** What is used of a request, of whichever generation of the SDKs. */
interface Downloading {
  onDownloadProgress?: (progress: { loadedBytes: number }) => void
}

/** For each client: a body is not read further than the limit, and the request then fails with TooLong. */
export const answerLimit: PolicyConfig = {
  policy: {
    name: 'answerLimit',
    sendRequest: (request, next) => limited(request, () => next(request)),
  },
  position: 'perRetry',
}

/** A token goes to the service that it was given out for: no answer's link or redirect leads it to another. */
export function onlyTo(endpoint: string): PolicyConfig {
  const { origin } = new URL(endpoint)
  return {
    policy: {
      name: 'onlyTo',
      sendRequest: async (request, next) => {
        if (new URL(request.url).origin === origin) return next(request)
        throw new RetryableError(
          `An answer of ${origin} leads to another host, ${new URL(request.url).host}: nothing was sent there. Look whether somebody is between the bot and Azure, and whether AZURE_ARM_ENDPOINT is right.`,
        )
      },
    },
    position: 'perRetry',
  }
}

/** The same for queues, whose clients take policies of the older form only. */
export const queueAnswerLimit: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest: (request) => limited(request, () => next.sendRequest(request)),
  }),
}

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
