// What a plan says about DNS records that cannot hold: names that are in another zone, probes that ask another server.
import { isIP } from 'node:net'
import { systemIds } from '../ids.ts'
import { isInZone } from './recoveries.ts'
import type { DrPlan, Recovery } from './schema.ts'
import type { Complaint } from './source.ts'

/** Warnings about each recovery that changes records at Cloudflare. */
export function checkRecords(plan: DrPlan): readonly Complaint[] {
  return systemIds.flatMap((id) =>
    (plan.systems[id]?.recoveries ?? []).flatMap((recovery, index) => {
      const path = ['systems', id, 'recoveries', index]
      return [...outside(recovery, path), ...elsewhere(recovery, path), ...unreachable(recovery, path)]
    }),
  )
}

type Path = Complaint['path']

function outside(recovery: Recovery, path: Path): readonly Complaint[] {
  return (['cloudflare', 'cloudflare_bypass'] as const).flatMap((block) => {
    const { zone, records } = recovery[block] ?? { zone: '', records: [] }
    return records.flatMap((record, index) =>
      isInZone(zone, record)
        ? []
        : [
            {
              path: [...path, block, 'records', index],
              found: `"${record}" is not in the zone "${zone}": Cloudflare has no such record there`,
              write: `Write a name of that zone, such as "${record.split('.')[0]}.${zone}", or the zone that has it`,
            },
          ],
    )
  })
}

/** A probe that asks another server says nothing about the one that takes over. */
function elsewhere(recovery: Recovery, path: Path): readonly Complaint[] {
  const to = recovery.cloudflare?.to ?? recovery.cloudflare_bypass?.to
  const asked = recovery.probe?.resolve
  if (to === undefined || asked === undefined || !differ(to, asked)) return []
  return [
    {
      path: [...path, 'probe', 'resolve'],
      found: `the probe asks ${asked}, but the records will point at ${to}: whether that works nobody would have asked`,
      write: `Write "resolve: ${to}", or leave "resolve" out: then the probe asks where the records will point`,
    },
  ]
}

/** Clients on the internet cannot reach what only the company's own network can. */
function unreachable(recovery: Recovery, path: Path): readonly Complaint[] {
  return (['cloudflare', 'cloudflare_bypass', 'standby_dns'] as const).flatMap((block) => {
    const to = recovery[block]?.to
    if (to === undefined || !isPrivate(to)) return []
    return [
      {
        path: [...path, block, 'to'],
        found: `"${to}" is a private address (RFC 1918, RFC 4193): nobody outside your own network can reach it, and the records are public`,
        write: 'Write the public address, or the name, under which clients reach it',
      },
    ]
  })
}

function isPrivate(address: string): boolean {
  if (isIP(address) === 6) return /^f[cd][0-9a-f]{2}:/i.test(address)
  return isIP(address) === 4 && /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address)
}

/** A name and an address cannot be compared: the one may be the other's. */
function differ(one: string, other: string): boolean {
  return isIP(one) > 0 === isIP(other) > 0 && one.toLowerCase() !== other.toLowerCase()
}
