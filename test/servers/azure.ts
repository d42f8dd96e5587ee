// The simulated Azure for tests: its certificate is trusted by this process, and the product's own access to it.
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startAzureSim, type AzureOptions, type AzureSim } from '../../sim/azure.ts'
import { createAzure, type Azure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { unhurried } from './unhurried.ts'

/** Starts it with a scale set of four workers and two queues, unless the test says otherwise. */
export async function startTestAzure(options: AzureOptions = {}): Promise<AzureSim> {
  const sim = await startAzureSim({
    scaleSets: [{ group: 'dr-rg', name: 'workers-vmss', instances: 4 }],
    queues: [
      { account: 'examplewest', name: 'orders', messages: 0 },
      { account: 'examplewest', name: 'mails', messages: 0 },
    ],
    ...options,
  })
  setDefaultCACertificates([...getCACertificates('default'), ...sim.certificates])
  return sim
}

/** How the bot is told of it, with a client secret that the simulated Entra ID knows. */
export function accessTo(sim: AzureSim, change: Partial<AzureAccess> = {}): AzureAccess {
  return {
    subscription: sim.subscription,
    credential: 'client-secret',
    tenant: sim.tenant,
    client: sim.clientId,
    secret: sim.secret,
    endpoint: sim.url,
    authority: sim.url,
    queueEndpoint: sim.queueEndpoint,
    sqlEndpoint: sim.tds.endpoint,
    sqlUser: sim.tds.login.user,
    sqlPassword: sim.tds.login.password,
    timeout: unhurried,
    queueTimeout: 5_000,
    ...change,
  }
}

/** For tests in which nothing is at Azure: no subscription. */
export const noAzure: Azure = createAzure({
  subscription: undefined,
  credential: 'none',
  tenant: undefined,
  client: undefined,
  secret: undefined,
  endpoint: undefined,
  authority: undefined,
  queueEndpoint: undefined,
})
