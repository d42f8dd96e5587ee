// The recovery engine beside a simulated scale set of four workers, both on one clock that stands until it is moved.
import type { AzureSim } from '../../sim/azure.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { noon } from '../contracts/store-samples.ts'
import { accessTo, startTestAzure } from './azure.ts'
import { startEngine } from './engine.ts'
import type { EngineBench } from './engine.ts'
import type { TestRedis } from './redis.ts'

export interface WorkersBench extends EngineBench {
  readonly azure: AzureSim
}

/** Starts both; an autoscale setting keeps the pool between 2 and 6. `bootTime`: until a new machine runs, in ms. */
export async function startWorkers(redis: TestRedis, bootTime = 1_000): Promise<WorkersBench> {
  let now = (): number => noon
  const azure = await startTestAzure({ now: () => now(), bootTime })
  azure.autoscale.set([
    { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true, minimum: 2, maximum: 6 },
  ])
  const bench = await startEngine(redis, {}, createAzure(accessTo(azure)))
  now = bench.now
  return {
    ...bench,
    azure,
    stop: async () => {
      await bench.stop()
      await azure.stop()
    },
  }
}
