// Who may type what: the whole table, so that a change of it is a decision and not an accident.
import { describe, expect, test } from 'vitest'
import { commands, specOf, verbs } from '../../commands/index.ts'
import { permit, permitted } from '../../src/command/permit.ts'
import type { Role } from '../../src/drplan/schema.ts'

const looking = [
  'help',
  'status',
  'timeline',
  'report',
  'oncall',
  'dns show',
  'workers show',
  'runs',
  'debts',
] as const
/** One's own sessions and tokens are everybody's to take back. */
const everybody = [...looking, 'logout'] as const
const leading = ['debts done', 'ack', 'note', 'extend', 'escalate', 'resolve', 'open'] as const
const table: Readonly<Record<Role, readonly string[]>> = {
  viewer: everybody,
  engineer: [
    ...everybody,
    ...leading,
    'oncall override',
    'oncall cancel',
    'failover',
    'failback',
    'dns bypass',
    'dns sync',
    'dns protect',
    'db restore',
    'db geo-restore',
    'workers scale',
    'approve',
    'deny',
    'cancel',
    'retry',
    'freeze',
    'unfreeze',
  ],
  manager: [
    ...everybody,
    ...leading,
    'oncall override',
    'oncall cancel',
    'approve',
    'deny',
    'cancel',
    'freeze',
    'unfreeze',
  ],
  approver: [...everybody, 'approve', 'deny'],
  admin: [...everybody, 'oncall override', 'oncall cancel', 'freeze', 'unfreeze'],
}

describe('permission', () => {
  test.each(Object.entries(table))('of the role %s', (role, may) => {
    expect(permitted([role as Role]).toSorted()).toEqual(may.toSorted())
  })

  test('of several roles is that of each', () => {
    expect(permitted(['viewer', 'approver', 'admin'])).toContain('approve')
    expect(permitted(['viewer', 'approver', 'admin'])).toContain('freeze')
  })

  test('is denied to whom the plan does not know, and to who has no role, except for looking and logging out', () => {
    expect(permitted(undefined)).toEqual([])
    expect(permitted([]).toSorted()).toEqual(everybody.toSorted())
  })

  test('that is refused says which role it takes and where to get it', () => {
    expect(permit(specOf('failover'), ['manager', 'approver'])).toEqual({
      ok: false,
      refusal: expect.stringMatching(
        /failover is for the role engineer; you have manager, approver\. .*oncall.*administrator/,
      ),
    })
  })
})

describe('every command', () => {
  test.each(verbs)('%s has a usage, a summary, examples, and its verb', (verb) => {
    const spec = commands[verb]

    expect(spec.verb).toBe(verb)
    expect(spec.usage.startsWith(verb)).toBe(true)
    expect(spec.summary).toMatch(/^[A-Z].{5,}[^.]$/)
    expect(spec.examples.length).toBeGreaterThan(0)
    expect(spec.changes).toBe(!looking.some((one) => one === verb))
  })
})
