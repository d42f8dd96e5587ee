// Watches how far the copies of the plan's storage accounts are behind: more than the objective (RPO) is an alert of its own.
import { hash } from 'node:crypto'
import { storageAccounts } from '../drplan/accounts.ts'
import { printDuration } from '../drplan/duration.ts'
import { UserError, reasonOf } from '../errors.ts'
import { minute, second } from '../ids.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Policy } from '../incident/change.ts'
import type { Alert } from '../intake/alert.ts'
import type { ObjectRecord } from '../commit.ts'
import type { Clock, Log, Store } from '../ports.ts'
import type { AccountPlace, AccountSeen, Readers } from '../readers.ts'

export interface ReplicationDeps {
  readonly systems: { readonly readers: Pick<Readers, 'storage'> }
  readonly inbox: { readonly accept: (alert: Alert) => Promise<void> }
  readonly store: Pick<Store, 'objects'>
  readonly policy: () => Pick<Policy, 'plan'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

const every: Duration = minute
/** For one look at one account, in real milliseconds. */
const patience: Duration = 9 * second
/** While it stays bad it is told again this often, as Nagios does; an incident that was closed too early comes back. */
const againAfter: Duration = 60 * minute
/** It counts as good again at this part of the objective, or a copy just at it would open and close all the time. */
const goodAt = 0.75
const service = 'Geo-replication lag'

/** How far a copy may be behind, and is: what an alert is made of. */
interface Lag {
  readonly place: AccountPlace
  readonly seen: AccountSeen
  readonly lastSync: Instant
  readonly rpo: Duration
  readonly now: Instant
}

/**
 * The periodic task: each bot looks for itself, and what two of them find at once is one alert. An account that
 * cannot be looked at is said so in the log, once; it is neither behind nor in step then.
 */
export function createReplicationWatch(deps: ReplicationDeps): {
  readonly every: Duration
  readonly run: () => Promise<void>
} {
  const said = new Map<string, string>()

  /** Says a change of what is known of an account, and nothing while it stays so. */
  function say(account: string, what: string | undefined, level: 'info' | 'warn' = 'warn'): void {
    if (said.get(account) === what) return
    if (what === undefined) said.delete(account)
    else said.set(account, what)
    if (what === undefined)
      deps.log.info('the replication of a storage account can be looked at again', { account })
    else deps.log[level]('the replication of a storage account is not known', { account, reason: what })
  }

  async function lookAt(place: AccountPlace, rpo: Duration): Promise<void> {
    const { account } = place
    let seen: AccountSeen
    try {
      seen = await deps.systems.readers.storage.account(place, AbortSignal.timeout(patience))
    } catch (thrown) {
      const off = thrown instanceof UserError && thrown.code === 'azure-subscription'
      say(account, reasonOf(thrown), off ? 'info' : 'warn')
      return
    }
    const unknown = whyUnknown(seen)
    say(account, unknown)
    const lastSync = seen.replication?.lastSync
    if (unknown !== undefined || lastSync === undefined) return
    const [record] = await deps.store.objects([keyOf(place)])
    const alert = alertFor({ place, seen, lastSync, rpo, now: deps.clock.now() }, record)
    if (alert) await deps.inbox.accept(alert)
  }

  return {
    every,
    run: async () => {
      const { plan } = deps.policy()
      const rpo = plan.systems.storage?.rpo
      if (rpo === undefined) return
      await Promise.all(
        storageAccounts(plan).map(async ({ account, resourceGroup }) => {
          if (resourceGroup !== undefined) await lookAt({ account, resourceGroup }, rpo)
        }),
      )
    },
  }
}

/** Why nothing can be said of the lag; undefined when it is known. */
function whyUnknown({ sku, replication }: AccountSeen): string | undefined {
  if (replication === undefined) return `it is ${sku}, without a copy in another region`
  if (replication.lastSync !== undefined) return undefined
  return `Azure says no last sync: its replication is ${replication.status}`
}

function keyOf({ account }: AccountPlace): string {
  return `${account};${service}`
}

/** The alert that the world asks for beside what is known already; undefined when there is no news. */
function alertFor(lag: Lag, record: ObjectRecord | undefined): Alert | undefined {
  const { now, lastSync, rpo } = lag
  const behind = Math.max(0, now - lastSync)
  const bad = record?.bad ?? false
  if (behind > rpo) {
    if (bad && now - (record?.at ?? 0) < againAfter) return undefined
    return alertOf(lag, 'PROBLEM', record)
  }
  return bad && behind <= rpo * goodAt ? alertOf(lag, 'RECOVERY', record) : undefined
}

/** Whoever looks at the same record finds the same id: the second of two bots adds nothing. */
function alertOf(lag: Lag, type: 'PROBLEM' | 'RECOVERY', record: ObjectRecord | undefined): Alert {
  const { place, now, lastSync, rpo } = lag
  const key = keyOf(place)
  return {
    id: `A-${hash('sha256', JSON.stringify([key, type, record?.at ?? 0])).slice(0, 16)}`,
    receivedAt: now,
    type,
    host: place.account,
    service,
    key,
    system: 'storage',
    state: type === 'PROBLEM' ? 'CRITICAL' : 'OK',
    hard: true,
    at: now,
    changedAt: type === 'PROBLEM' ? Math.min(now, lastSync + rpo) : now,
    hostGroups: [],
    serviceGroups: [],
    output: outputOf(lag, type),
  }
}

function outputOf({ seen, lastSync, rpo, now }: Lag, type: 'PROBLEM' | 'RECOVERY'): string {
  const behind = `the copy in ${seen.secondary ?? 'the other region'} is ${printDuration(Math.max(0, now - lastSync))} behind`
  const objective = `the objective (RPO) is ${printDuration(rpo)}`
  if (type === 'RECOVERY') return `${behind}; ${objective}`
  return `${behind}; ${objective}: an outage of ${seen.primary} now would lose that much`
}
