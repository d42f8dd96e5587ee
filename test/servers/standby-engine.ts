// The engine beside a standby zone: a plan whose system dns has one, and a registry that leads home.
import { createAzure } from '../../src/providers/azure/azure.ts'
import { accessTo } from './azure.ts'
import { startEngine } from './engine.ts'
import type { EngineBench } from './engine.ts'
import type { TestRedis } from './redis.ts'
import { homeOf, startStandby } from './standby.ts'
import type { StandbyWorld } from './standby.ts'

export interface StandbyBench {
  readonly bench: EngineBench
  readonly standby: StandbyWorld
}

/** Starts both, for example.com. */
export async function startStandbyEngine(redis: TestRedis): Promise<StandbyBench> {
  const standby = await startStandby('example.com', ['localhost:1'])
  const bench = await startEngine(redis, {}, createAzure(accessTo(standby.azure)))
  standby.registry.delegate(homeOf(bench.world))
  const block = {
    zone: 'example.com',
    resource_group: 'dr-rg',
    registrar: 'https://registrar.example.com/domains/example.com',
    sync_every: 600_000,
    parents: standby.registry.servers,
  }
  bench.setPlan((plan) => ({
    ...plan,
    systems: {
      ...plan.systems,
      dns: {
        ...(plan.systems.dns ?? { rto: 600_000, alerts: [], depends_on: [] }),
        recoveries: [{ name: 'standby', standby_dns: block }],
      },
    },
  }))
  return { bench, standby }
}
