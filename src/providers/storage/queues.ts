// Reads how full storage queues are, and how old their oldest message is, through the data plane.
import type { QueueClient } from '@azure/storage-queue'
import { RetryableError } from '../../errors.ts'
import type { QueueSeen } from '../../readers.ts'
import { noRetries, type Azure } from '../azure/azure.ts'
import { noRedirects, originOf, queuePolicy } from '../azure/answers.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { together } from '../../together.ts'

/** Looks at all of them at once; their order stays. Throws UserError or RetryableError. */
export async function readQueues(
  azure: Azure,
  account: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly QueueSeen[]> {
  const credential = await azure.credential()
  const { QueueServiceClient, newPipeline } = await import('@azure/storage-queue')
  const url = azure.queueUrl(account)
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: noRetries + 1 }, ...noRedirects })
  pipeline.factories.push(queuePolicy(originOf(url, 'AZURE_QUEUE_ENDPOINT')))
  const service = new QueueServiceClient(url, pipeline)
  return together(
    names.map((name) => readQueue(azure, service.getQueueClient(name), { account, name }, signal)),
  )
}

async function readQueue(
  azure: Azure,
  queue: QueueClient,
  { account, name }: { readonly account: string; readonly name: string },
  signal: AbortSignal,
): Promise<QueueSeen> {
  const purpose: AzurePurpose = {
    doing: `look at the queue ${name} of ${account}`,
    role: `Storage Queue Data Reader on the storage account ${account}`,
    names: '"account" and "queues" of the recovery',
    changes: false,
    within: azure.queueTimeout,
  }
  const right = 'Microsoft.Storage/storageAccounts/queueServices/queues'
  const [properties, peeked] = await together([
    azure.call({ ...purpose, right: `${right}/read` }, signal, (abortSignal) =>
      queue.getProperties({ abortSignal }),
    ),
    azure.call({ ...purpose, right: `${right}/messages/read` }, signal, (abortSignal) =>
      queue.peekMessages({ abortSignal, numberOfMessages: 1 }),
    ),
  ])
  const [first] = peeked.peekedMessageItems
  const messages = properties.approximateMessagesCount
  // The SDK makes an empty queue of whatever it was answered with; a count is what every real one has.
  if (messages === undefined)
    throw new RetryableError(`Azure could not ${purpose.doing}: its answer says no number of messages.`)
  return { name, messages, ...(first ? { oldest: first.insertedOn.getTime() } : {}) }
}
