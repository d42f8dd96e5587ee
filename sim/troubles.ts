// What can break outside the bot, one trouble for each system of the plan, and how Nagios sees it.
import type { SystemId } from '../src/ids.ts'
import type { Outside } from './outside.ts'

/** A service that is checked, as Nagios names it. */
export interface Watched {
  readonly host: string
  readonly service: string
  readonly hostGroup?: string
  readonly good: () => boolean
  /** What its check prints while it is good, and while it is not. */
  readonly says: { readonly good: string; readonly bad: string }
}

export interface Trouble extends Watched {
  readonly system: SystemId
  /** Said when it begins. */
  readonly story: string
  readonly begin: () => void
  readonly end: () => void
}

/** In the order in which the plan names the systems. */
export function troublesOf({ world, azure, api, orders }: Outside): readonly Trouble[] {
  const queue = (messages: number): void => azure.queues.set('examplewest', 'orders', messages)
  let waiting = 12
  let nameServersAnswer = true
  return [
    {
      system: 'lb',
      story: 'The first load balancer breaks',
      host: 'lb1',
      service: 'HAProxy',
      hostGroup: 'load-balancers',
      good: () => world.lb.health() === 'ok',
      says: {
        good: 'HTTP OK - 200 on /health',
        bad: 'HTTP CRITICAL - 503 Service Unavailable on /health',
      },
      begin: () => world.lb.set('failing'),
      end: () => world.lb.set('ok'),
    },
    {
      system: 'dns',
      story: "Cloudflare's name servers do not answer any more",
      host: 'ns1',
      service: 'DNS example.com',
      good: () => nameServersAnswer,
      says: { good: 'DNS OK - api.example.com', bad: 'DNS CRITICAL - no answer from the name servers' },
      begin: () => {
        nameServersAnswer = false
        world.dns.fault({ kind: 'drop' })
      },
      end: () => {
        nameServersAnswer = true
        world.dns.fault(undefined)
      },
    },
    {
      system: 'cloudflare',
      story: "Cloudflare's edge answers 503 to everybody",
      host: 'edge',
      service: 'Cloudflare edge',
      good: () => world.edge.health() === 'ok',
      says: { good: 'HTTP OK - 200 through the edge', bad: 'HTTP CRITICAL - 503 through the edge' },
      begin: () => {
        behindTheProxy(world, true)
        world.edge.set('failing')
      },
      end: () => world.edge.set('ok'),
    },
    {
      system: 'api',
      story: 'The main API server fails its checks',
      host: 'api1',
      service: 'HTTP',
      hostGroup: 'api-servers',
      good: api.main.well,
      says: { good: 'HTTP OK - 200 on /health', bad: 'HTTP CRITICAL - 503 on /health' },
      begin: () => api.main.become('sick'),
      end: () => api.main.become('well'),
    },
    {
      system: 'db',
      story: 'Somebody has emptied a table of the database',
      host: 'sql-west',
      service: 'SQL orders',
      good: orders.filled,
      says: { good: 'OK - 18210 orders', bad: 'CRITICAL - the table orders is empty' },
      begin: orders.empty,
      end: orders.refill,
    },
    {
      system: 'storage',
      story: 'The queues of examplewest do not answer any more',
      host: 'examplewest',
      service: 'Azure Queue',
      good: () => azure.storage.accounts.serves('examplewest'),
      says: { good: 'OK - the queues answer', bad: 'CRITICAL - no answer from examplewest' },
      begin: () => azure.storage.accounts.down(['westeurope']),
      end: () => azure.storage.accounts.down([]),
    },
    {
      system: 'workers',
      story: 'Processing falls behind: 12,400 messages wait',
      host: 'examplewest',
      service: 'Queue depth orders',
      good: () => waiting < 1_000,
      says: { good: 'OK - 12 messages in orders', bad: 'CRITICAL - 12400 messages in orders' },
      begin: () => {
        waiting = 12_400
        queue(waiting)
      },
      end: () => {
        waiting = 12
        queue(waiting)
      },
    },
  ]
}

/** Where the shop is shielded by Cloudflare: an administrator has switched the proxy on for it, or off. */
export function behindTheProxy({ cloudflare, zone, record }: Outside['world'], proxied: boolean): void {
  cloudflare.edit(zone, (records) =>
    records.map((one) => (one.name === record ? { ...one, proxied, ttl: proxied ? 1 : 300 } : one)),
  )
}
