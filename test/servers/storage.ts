// The recovery engine with the simulated Azure's storage: two accounts, a setting, a vault, and three ways in the plan.
import { expectAgreement } from '../contracts/risk-and-cost.ts'
import type { AzureSim } from '../../sim/azure.ts'
import type { Recovery } from '../../src/drplan/schema.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { Ask } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { noon } from '../contracts/store-samples.ts'
import { accessTo, startTestAzure } from './azure.ts'
import { ann, approving, asking, mia, startEngine, type EngineBench } from './engine.ts'
import type { TestRedis } from './redis.ts'

/** Values that nobody may ever see. */
export const westValue = 'DefaultEndpointsProtocol=https;AccountName=examplewest;AccountKey=d2VzdA=='
export const northValue = 'DefaultEndpointsProtocol=https;AccountName=examplenorth;AccountKey=bm9ydGg='

export interface StorageBench {
  readonly engine: EngineBench
  readonly azure: AzureSim
  readonly propose: (fields?: Partial<Ask>) => Promise<Run>
  /** Approves as the risk demands it: mia when data is lost. */
  readonly approve: (run: Run) => Promise<Run>
  /** Requests that changed something: method, path without its host and ids, and body. */
  readonly changes: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** How long a failover of an account takes in this world. */
export const failoverTime = 60_000

export async function startStorage(redis: TestRedis): Promise<StorageBench> {
  let engine: EngineBench | undefined
  const azure = await startTestAzure({
    now: () => engine?.now() ?? noon,
    queues: [
      { account: 'examplewest', name: 'orders', messages: 1_240, oldest: noon - 14 * 60_000 },
      { account: 'examplewest', name: 'mails', messages: 0 },
      { account: 'examplenorth', name: 'orders', messages: 0 },
      { account: 'examplenorth', name: 'mails', messages: 2, oldest: noon - 60_000 },
    ],
    storage: {
      accounts: [{ group: 'dr-rg', name: 'examplewest', lag: 4 * 60_000 }],
      failoverTime,
      settings: [
        {
          store: 'example',
          key: 'storage:account',
          label: 'production',
          value: 'examplewest',
          contentType: 'text/plain',
          tags: { team: 'shop' },
        },
      ],
      secrets: [
        { vault: 'example', name: 'storage-connection', value: westValue, tags: { team: 'shop' } },
        { vault: 'example', name: 'storage-connection-north', value: northValue },
      ],
    },
  })
  const bench = await startEngine(redis, {}, createAzure(accessTo(azure)))
  engine = bench
  const recoveries = recoveriesOf(azure)
  bench.setPlan((plan) => {
    const { storage } = plan.systems
    if (!storage) throw new Error('the example plan has no storage')
    return { ...plan, systems: { ...plan.systems, storage: { ...storage, recoveries } } }
  })
  return {
    engine: bench,
    azure,
    propose: async (fields = {}) => {
      const { run } = await bench.runs().propose(asking({ system: 'storage', recovery: 'switch', ...fields }))
      expectAgreement(run.proposal)
      return run
    },
    approve: (run) => {
      const { risk, typed } = run.proposal
      return bench.runs().verdict(run.id, approving({ by: risk === 'loses-data' ? mia : ann, typed }))
    },
    changes: () => changesOf(azure),
    stop: async () => {
      await bench.stop()
      await azure.stop()
    },
  }
}

function recoveriesOf({ url }: AzureSim): readonly Recovery[] {
  const account = {
    resource_group: 'dr-rg',
    account: 'examplewest',
    queues: ['orders', 'mails'],
  }
  return [
    {
      name: 'switch',
      azure_storage: {
        method: 'switch-setting',
        ...account,
        to_account: 'examplenorth',
        app_configuration: `${url}/appconfig/example`,
        key: 'storage:account',
        label: 'production',
        value: 'examplenorth',
      },
    },
    { name: 'account', azure_storage: { method: 'account-failover', ...account } },
    {
      name: 'vault',
      azure_storage: {
        method: 'switch-setting',
        ...account,
        to_account: 'examplenorth',
        key_vault: `${url}/vaults/example`,
        secret: 'storage-connection',
        from_secret: 'storage-connection-north',
      },
    },
  ]
}

/** A vault answers the first request of each client with a challenge: that one changes nothing. */
function changesOf(azure: AzureSim): readonly string[] {
  return azure.requests
    .filter(({ method, reason, status }) => method !== 'GET' && reason !== 'token' && status !== 401)
    .map(({ method, path, body }) => `${method} ${decodeURIComponent(path)}${body === '' ? '' : ` ${body}`}`)
}
