// The safety rules of a switch to other name servers: pure verdicts.
import { printDuration } from '../../../drplan/duration.ts'
import type { Duration, Instant } from '../../../ids.ts'
import { second } from '../../../ids.ts'
import type { DelegationSeen } from '../../kinds/delegation.ts'
import type { Verdict } from '../../safety.ts'
import type { Left } from '../../standby/translate.ts'

/** An older copy is rather another zone than the one that people know. */
const oldest: Duration = 24 * 3_600 * second

/** Where the records that the standby gets were read. `takenAt` absent: nowhere, the standby is taken as it is. */
export interface Source {
  readonly live: boolean
  readonly takenAt?: Instant
  /** Why it is not the live zone. */
  readonly why?: string
}

/** The standby answers with everything that people would miss. */
export function copyComplete(byHand: readonly string[], left: readonly Left[]): Verdict {
  const rule = 'copy-complete'
  const missing = [...byHand, ...left.filter(({ vital }) => vital).map(({ text }) => text)]
  if (missing.length === 0)
    return { rule, ok: true, text: 'All addresses and mail servers of the zone will be at the standby' }
  return { rule, ok: false, text: missing.join('; ') }
}

/** The standby holds the zone as it is, or as it lately was. */
export function copyRecent({ live, takenAt, why }: Source, now: Instant): Verdict {
  const rule = 'copy-recent'
  if (live) return { rule, ok: true, text: 'The records come from Cloudflare itself, just now' }
  if (takenAt === undefined)
    return {
      rule,
      ok: false,
      unknown: true,
      text: `Nobody knows how old the standby's records are: ${why ?? 'no snapshot'}`,
    }
  const age = now - takenAt
  return {
    rule,
    ok: age <= oldest,
    text: `The last snapshot of Cloudflare's zone is ${printDuration(age)} old: ${why ?? ''}`,
  }
}

/** Without the parent nobody sees whether the switch has happened. */
export function parentAnswers({ asked, answered, silent }: DelegationSeen): Verdict {
  const rule = 'parent-answers'
  if (answered > 0)
    return { rule, ok: true, text: `${answered} of ${asked} name servers of the parent zone answer` }
  return { rule, ok: false, text: `No name server of the parent zone answers: ${silent.join('; ')}` }
}

/** A DS record at the parent demands signatures that the other provider's name servers do not give. */
export function noDsAtParent(zone: string, { keyTags, dsTtl }: DelegationSeen, registrar: string): Verdict {
  const rule = 'no-ds-at-parent'
  if (keyTags.length === 0) return { rule, ok: true, text: 'No DS record stands at the parent (no DNSSEC)' }
  const tags = keyTags.join(', ')
  return {
    rule,
    ok: false,
    text: `${zone} is signed (DS ${tags} at the parent), and resolvers that check signatures would refuse the other name servers' answers. First remove the DS at ${registrar}, or replace it by the other provider's; what resolvers hold of it lasts up to ${printDuration(dsTtl * second)} after that`,
  }
}

/** A domain registered at Cloudflare keeps Cloudflare's name servers. */
export function registrarCanSwitch(registrar: string): Verdict {
  const rule = 'registrar-can-switch'
  const host = URL.parse(registrar)?.hostname ?? registrar
  if (!/(?:^|\.)cloudflare\.com$/.test(host))
    return { rule, ok: true, text: `The name servers can be changed at ${host}` }
  return {
    rule,
    ok: false,
    text: 'A domain registered at Cloudflare cannot leave its name servers: it would first have to be transferred to another registrar, which takes days',
  }
}

/** What the standby answers and Cloudflare does not have would be lost to clients with the way back. */
export function standbyChangesCarried(differences: readonly string[]): Verdict {
  const rule = 'standby-changes-carried'
  if (differences.length === 0)
    return { rule, ok: true, text: 'Cloudflare has all that the standby answers now' }
  return {
    rule,
    ok: false,
    text: `The standby answers otherwise than Cloudflare will; change Cloudflare by hand where the standby is right: ${differences.join('; ')}`,
  }
}
