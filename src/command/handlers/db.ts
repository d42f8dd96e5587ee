// db restore, db geo-restore: recoveries of the system db under their own words, with the moment that is wanted.
import { UserError } from '../../errors.ts'
import { refused } from '../answer.ts'
import { readMoment } from '../moment.ts'
import { propose } from './recovery.ts'
import type { DrPlan, Recovery } from '../../drplan/schema.ts'
import type { Answer } from '../command.ts'
import type { Handlers } from '../desk.ts'

type Verbs = 'db restore' | 'db geo-restore'
type Method = NonNullable<Recovery['azure_sql']>['method']

export const dbHandlers: Handlers<Verbs> = {
  'db restore': async (desk, { time, database, options }, speaker) => {
    const plan = desk.plan()
    const at = readMoment(time, desk.clock.now(), plan.timezone)
    const found = recoveryFor(plan, 'point-in-time', database)
    if (typeof found !== 'string') return which(found, `db restore ${time}`)
    const order = { kind: 'restore-point', at, ...(database === undefined ? {} : { database }) } as const
    return propose(desk, { verb: 'failover', system: 'db', to: found, options }, speaker, order)
  },
  'db geo-restore': async (desk, { database, options }, speaker) => {
    const found = recoveryFor(desk.plan(), 'geo-restore', database)
    if (typeof found !== 'string') return which(found, 'db geo-restore')
    return propose(desk, { verb: 'failover', system: 'db', to: found, options }, speaker)
  },
}

/** The recovery of this method, for this database when one is named; the databases when there are several. */
function recoveryFor(plan: DrPlan, method: Method, database: string | undefined): string | readonly string[] {
  const all = (plan.systems.db?.recoveries ?? []).flatMap(({ name, azure_sql: block }) =>
    block?.method === method ? [{ name, database: block.database }] : [],
  )
  if (all.length === 0)
    throw new UserError(
      'no-recovery',
      `The DR plan has no recovery of db with "method: ${method}". Add one under "systems.db.recoveries" in the DR plan.`,
    )
  const same = all.filter((one) => database === undefined || sameName(one.database, database))
  if (same.length === 0)
    throw new UserError(
      'unknown-database',
      `The DR plan has no recovery with "method: ${method}" for the database ${database}. It has: ${all.map((one) => one.database).join(', ')}.`,
    )
  const [first, second] = same
  return first && !second ? first.name : same.map((one) => one.database)
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function which(databases: readonly string[], command: string): Answer {
  return refused('which-one', 'The DR plan has recoveries of several databases. Which one?', {
    commands: databases.map((database) => `${command} ${database}`),
  })
}
