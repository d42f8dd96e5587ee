// dns show, dns bypass, dns protect: the plan's records, and the recovery of the system cloudflare under its own words.
import { UserError } from '../../errors.ts'
import { systemIds } from '../../ids.ts'
import { listing, refused } from '../answer.ts'
import { looking, type Looking } from '../looking.ts'
import { propose } from './recovery.ts'
import { standbySections } from './standby.ts'
import type { DrPlan, Recovery } from '../../drplan/schema.ts'
import type { Line, Section } from '../../message.ts'
import type { DnsRecord } from '../../recovery/action.ts'
import type { Answer } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'

type Verbs = 'dns show' | 'dns bypass' | 'dns protect'

export const dnsHandlers: Handlers<Verbs> = {
  'dns show': (desk) => show(desk),
  'dns bypass': async (desk, { to, options }, speaker) => {
    const found = bypasses(desk.plan())
    if (to === undefined && found.length > 1) return which(found)
    const name = to ?? found[0]
    if (name === undefined) {
      throw new UserError(
        'no-recovery',
        'The DR plan has no way past Cloudflare. Add a recovery with the block "cloudflare_bypass" under "systems.cloudflare.recoveries" in the DR plan.',
      )
    }
    return propose(desk, { verb: 'failover', system: 'cloudflare', to: name, options }, speaker)
  },
  'dns protect': (desk, { options }, speaker) =>
    propose(desk, { verb: 'failback', system: 'cloudflare', options }, speaker),
}

function bypasses(plan: DrPlan): readonly string[] {
  const all = plan.systems.cloudflare?.recoveries ?? []
  return all.flatMap((each) => (each.cloudflare_bypass === undefined ? [] : [each.name]))
}

function which(names: readonly string[]): Answer {
  return refused('which-one', 'The DR plan has several ways past Cloudflare. Which one?', {
    commands: names.map((name) => `dns bypass to ${name}`),
  })
}

/** A name of the plan, and the commands that change its records. */
interface Touched {
  readonly zone: string
  readonly name: string
  readonly by: readonly string[]
}

interface SeenZone {
  readonly zone: string
  readonly records: readonly DnsRecord[]
  readonly problem?: string
}

/** What Cloudflare does not answer is said so, beside what the plan knows by itself. */
async function show(desk: Desk): Promise<Answer> {
  const touched = touchedBy(desk.plan())
  const standbys = await standbySections(desk)
  if (touched.length === 0) {
    const none: Section = { lines: [['No recovery of the DR plan changes DNS records at Cloudflare.']] }
    return listing('DNS records', [none, ...standbys], { zones: [] })
  }
  const looks = looking()
  const names = [...new Set(touched.map(({ zone }) => zone))]
  const zones = await Promise.all(
    names.map((zone) =>
      look(
        desk,
        zone,
        touched.filter((one) => one.zone === zone),
        looks,
      ),
    ),
  )
  const sections = zones.flatMap((seen) =>
    sectionsOf(
      seen,
      touched.filter(({ zone }) => zone === seen.zone),
    ),
  )
  return listing('DNS records', [...sections, ...standbys], { zones, touched })
}

async function look(
  desk: Desk,
  zone: string,
  touched: readonly Touched[],
  looks: Looking,
): Promise<SeenZone> {
  const names = touched.map(({ name }) => name)
  const part = await looks.at('Cloudflare', async (signal) => {
    const { id } = await desk.readers.dns.zone(zone, signal)
    return desk.readers.dns.records(id, names, signal)
  })
  if ('seen' in part) return { zone, records: part.seen }
  return { zone, records: [], problem: part.problem }
}

function sectionsOf({ zone, records, problem }: SeenZone, touched: readonly Touched[]): readonly Section[] {
  const columns = ['Record', 'Points at', 'Proxy', 'TTL', 'Changed by']
  const rows = touched.flatMap(({ name, by }): readonly (readonly Line[])[] => {
    const here = records.filter((record) => record.name === name)
    const commands: Line = [by.join(', ')]
    if (here.length === 0) {
      return [[[name], [problem === undefined ? 'no address record' : 'not known now'], [''], [''], commands]]
    }
    return here.map((record) => [
      [`${record.name} ${record.type}`],
      [record.content],
      [record.proxied ? 'proxied' : 'DNS-only'],
      [record.ttl === 1 ? 'automatic' : `${record.ttl} s`],
      commands,
    ])
  })
  return [
    { heading: zone, ...(problem === undefined ? {} : { lines: [[problem]] }), table: { columns, rows } },
  ]
}

/** Each name that a recovery of the plan changes at Cloudflare, once, in the plan's order. */
function touchedBy(plan: DrPlan): readonly Touched[] {
  const all = systemIds.flatMap((system) =>
    (plan.systems[system]?.recoveries ?? []).flatMap((recovery) =>
      namesOf(recovery).map((one) => ({ ...one, command: `failover ${system} to ${recovery.name}` })),
    ),
  )
  const groups = Map.groupBy(all, ({ zone, name }) => `${zone} ${name}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ zone: first.zone, name: first.name, by: group.map(({ command }) => command) }] : []
  })
}

function namesOf(recovery: Recovery): readonly { readonly zone: string; readonly name: string }[] {
  const block = recovery.cloudflare ?? recovery.cloudflare_bypass
  if (block === undefined) return []
  return block.records.map((name) => ({ zone: plain(block.zone), name: plain(name) }))
}

/** As Cloudflare has it. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
