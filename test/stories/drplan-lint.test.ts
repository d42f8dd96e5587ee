// The plan is read critically: what it promises beyond the providers, and what would hurt at three in the morning.
import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import { readOverride } from '../../src/drplan/override.ts'
import { checkReport, printProblem } from '../../src/drplan/report.ts'
import { examplePlan, loadedWith, planWith } from '../fixtures/plans/plan.ts'
import type { Sections } from '../fixtures/plans/plan.ts'

const now = Date.UTC(2026, 10, 23)

function warningsOf(sections: Sections): readonly string[] {
  const report = checkReport('test.yml', loadedWith(sections), now)
  return report.text.split('\n').slice(0, -2)
}

function recovery(name: string, block: Sections): Sections {
  return { name, ...block }
}

const azure = { resource_group: 'dr-rg', server: 'sql-west', database: 'orders' }
const restore = recovery('restore', { azure_sql: { ...azure, method: 'point-in-time' } })
const region = recovery('region', {
  azure_sql: { ...azure, method: 'failover-group', to_server: 'sql-north', failover_group: 'fg' },
})
const geo = recovery('geo', { azure_sql: { ...azure, method: 'geo-restore', to_server: 'sql-north' } })

function database(rto: string, rpo: string, recoveries: readonly Sections[]): Sections {
  return { systems: { db: { rto, rpo, alerts: [{ service: 'SQL' }], recoveries } } }
}

describe('the example plan', () => {
  test('is valid, and its only warnings are what this version, and providers, cannot do', () => {
    const report = checkReport('dr-plan.example.yml', examplePlan(), now)
    const warnings = report.text.split('\n').slice(0, -2)

    expect(report.exitCode).toBe(0)
    expect(report.text).toContain('is a valid DR plan: 7 systems, 7 people, 2 rotations, 5 warnings.')
    expect(warnings[0]).toContain('sms and voice: this version pages by chat and email only')
    expect(warnings.slice(1).map((warning) => /"(\w+)" cannot promise/.exec(warning)?.[1])).toEqual([
      'standby',
      'restore',
      'geo',
      'account',
    ])
  })

  test('describes all seven systems, each with objective, alerts, recovery and runbook', () => {
    const { plan } = examplePlan()

    const systems = Object.entries(plan.systems)

    expect(systems.map(([id]) => id)).toEqual(['dns', 'cloudflare', 'lb', 'api', 'db', 'storage', 'workers'])
    for (const [, system] of systems) {
      expect(system.alerts.length * system.recoveries.length).toBeGreaterThan(0)
      expect(system.runbook).toMatch(/^https:/)
    }
  })
})

describe('the user group of a rotation', () => {
  const rotation = { name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'bob'] }
  const ann = { name: 'Ann Onken', roles: ['engineer'], phone: '+49 30 90182 001' }
  const people = { ...planWith().people, ann }

  test('is told when somebody of the rotation cannot be found at Slack', () => {
    const oncall = { rotations: [{ ...rotation, slack: 'S0ONCALL' }] }

    const [warning] = warningsOf({ people, oncall }).filter((line) => line.includes('user group'))

    expect(warning).toContain('ann cannot be found at Slack')
  })

  test('is no matter when each has a Slack id or an e-mail address', () => {
    const found = { ...people, ann: { ...ann, slack: 'U0ANN' } }
    const oncall = { rotations: [{ ...rotation, slack: 'S0ONCALL' }] }

    expect(warningsOf({ people: found, oncall }).join()).not.toContain('user group')
  })
})

describe('a rotation', () => {
  test('that is called first warns of somebody who may order no recovery, in its overrides too', () => {
    const primary = { name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'mia'] }
    const managers = { ...primary, name: 'managers', people: ['mia'] }
    const overrides = [
      { person: 'mia', from: '2026-12-24', to: '2026-12-25' },
      { person: 'mia', rotation: 'managers', from: '2026-12-24', to: '2026-12-25' },
    ]

    const found = warningsOf({ oncall: { rotations: [primary, managers], overrides } })

    expect(found.filter((line) => line.includes('recovery (failover'))).toEqual([
      expect.stringContaining(
        'oncall.rotations[0].people[1]: "mia" is called by "primary", but with manager, approver only may order no recovery',
      ),
      expect.stringContaining(
        'oncall.overrides[0].person: "mia" will be called, but with manager, approver only',
      ),
    ])
  })

  test('warns of somebody who is called and may not acknowledge', () => {
    const vic = { name: 'Vic Viewer', roles: ['viewer'], email: 'vic@example.com', phone: '+49 30 90182 009' }
    const rotation = { name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'vic'] }

    const found = warningsOf({ people: { ...planWith().people, vic }, oncall: { rotations: [rotation] } })

    expect(found.filter((line) => line.includes('acknowledge'))).toEqual([
      expect.stringMatching(
        /^test\.yml:\d+:\d+: warning: oncall\.rotations\[0\]\.people\[1\]: "vic" is called by "primary", but with viewer only may not acknowledge\. Add engineer to people\.vic\.roles/,
      ),
    ])
  })
})

describe('the records of a recovery', () => {
  const records = (block: Sections, probe: Sections = {}): Sections => ({
    systems: {
      lb: {
        rto: '10m',
        alerts: [{ host: 'lb*' }],
        recoveries: [recovery('backup', { cloudflare: block, ...probe })],
      },
    },
  })
  const to = '203.0.113.20'
  const good = { zone: 'example.com', records: ['api.example.com', 'example.com'], to }
  const probe = (resolve: string): Sections => ({ probe: { url: 'https://api.example.com/health', resolve } })

  test('are names of its zone', () => {
    const other = { ...good, records: ['api.example.com', 'api.example.org'] }

    expect(warningsOf(records(other)).filter((line) => line.includes('zone'))).toEqual([
      expect.stringMatching(
        /^test\.yml:\d+:\d+: warning: systems\.lb\.recoveries\[0\]\.cloudflare\.records\[1\]: "api\.example\.org" is not in the zone "example\.com".*Write a name of that zone, such as "api\.example\.com"/,
      ),
    ])
    expect(warningsOf(records(good)).join()).not.toContain('is not in the zone')
  })

  test('lead where the probe asks', () => {
    const elsewhere = warningsOf(records(good, probe('203.0.113.99')))

    expect(elsewhere.filter((line) => line.includes('probe asks'))).toEqual([
      expect.stringMatching(
        /^test\.yml:\d+:\d+: warning: systems\.lb\.recoveries\[0\]\.probe\.resolve: the probe asks 203\.0\.113\.99, but the records will point at 203\.0\.113\.20.*Write "resolve: 203\.0\.113\.20"/,
      ),
    ])
    expect(warningsOf(records(good, probe(to))).join()).not.toContain('probe asks')
    // Whether a name is at that address the plan cannot tell.
    const named = { ...good, to: 'backup.example.net' }
    expect(warningsOf(records(named, probe('203.0.113.99'))).join()).not.toContain('probe asks')
  })
})

describe('the check query of a database', () => {
  const asked = (check: Sections): readonly string[] => {
    const { azure_sql: sql, ...rest } = restore
    const block = recovery('restore', { ...rest, azure_sql: { ...(sql as Sections), check } })
    return warningsOf(database('10h', '10m', [block])).filter((line) => line.includes('COUNT'))
  }
  const query = 'SELECT COUNT(*) FROM orders'

  test('that counts must say what number is wanted: the row is there in any case', () => {
    expect(asked({ query })).toEqual([
      expect.stringMatching(
        /^test\.yml:\d+:\d+: warning: systems\.db\.recoveries\[0\]\.azure_sql\.check: .*Add .* expect: ">= 1"\.$/,
      ),
    ])
    expect(asked({ query, expect: '>= 1' })).toEqual([])
    expect(asked({ query: `${query} GROUP BY state` })).toEqual([])
  })

  test('that counts never answers with a text', () => {
    expect(asked({ query, expect: 'at least one' })).toEqual([
      expect.stringContaining('never the text "at least one". Write a comparison, such as ">= 1"'),
    ])
  })
})

describe('what is not said about chats', () => {
  test('is the memo emoji for notes, no announcement, and rooms that stay for a day', () => {
    const { slack, after_recovery: after } = planWith()

    expect(slack).toEqual({ note_emoji: 'memo' })
    expect(after.close_rooms_after).toBe(24 * 60 * 60_000)
  })
})

describe('an objective', () => {
  test('that a restore cannot meet is told with the document, the figure and what meets it', () => {
    const [warning] = warningsOf(database('10m', '10m', [restore])).filter((line) => line.includes('restore'))

    expect(warning).toContain('"restore" cannot promise the RTO of 10m')
    expect(warning).toContain('"Recover using automated database backups"')
    expect(warning).toContain('less than 12 hours')
    expect(warning).toContain('add a recovery with "method: failover-group"')
  })

  test('that another recovery of the plan meets points to that one', () => {
    const warnings = warningsOf(database('10m', '10m', [restore, region])).join('\n')

    expect(warnings).toContain('The recovery "region" of this plan meets it')
    expect(warnings).not.toContain('"region" cannot promise')
  })

  test('for lost data counts as well', () => {
    expect(warningsOf(database('13h', '30m', [geo])).join()).toContain('"geo" cannot promise the RPO of 30m')
    expect(warningsOf(database('13h', '2h', [geo])).join()).not.toContain('cannot promise')
  })

  test('of storage is met by switching the applications, not by moving the account', () => {
    const account = { resource_group: 'dr-rg', account: 'west' }
    const storage = (recoveries: readonly Sections[]): readonly string[] =>
      warningsOf({ systems: { storage: { rto: '20m', rpo: '20m', alerts: [{ host: 's' }], recoveries } } })
    const move = recovery('move', { azure_storage: { ...account, method: 'account-failover' } })
    const standby = {
      to_account: 'north',
      app_configuration: 'https://example.azconfig.io',
      key: 'storage:account',
      value: 'north',
    }
    const change = recovery('change', { azure_storage: { ...account, ...standby, method: 'switch-setting' } })

    expect(storage([move]).join()).toContain('typically takes about an hour')
    expect(storage([move]).join()).toContain('add a recovery with "method: switch-setting"')
    expect(storage([move, change]).join()).toContain('The recovery "change" of this plan meets it')
  })
})

describe('a plan is warned of', () => {
  const rotation = { name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'bob'] }

  test('people who are called and have one channel only', () => {
    const people = {
      ann: { name: 'Ann', roles: ['engineer'] },
      bob: { name: 'Bob', roles: ['engineer'], email: 'bob@example.com' },
      cem: { name: 'Cem', roles: ['engineer'], email: 'cem@example.com' },
      mia: { name: 'Mia', roles: ['manager'] },
      vic: { name: 'Vic', roles: ['viewer'] },
    }

    const warned = warningsOf({ people }).filter((line) => line.includes('one channel only'))

    expect(warned.map((line) => /people\.(\w+):/.exec(line)?.[1])).toEqual(['ann', 'mia'])
  })

  test('a ladder of one channel', () => {
    const paging = { ladder: [{ chat: '0s' }, { chat: '1m' }], next_engineer_after: '3m' }

    expect(warningsOf({ paging }).filter((line) => line.includes('single channel'))).toHaveLength(1)
  })

  test('time within 56 days in which everybody of a rotation is off, and not later', () => {
    const off = (from: string, to: string): readonly Sections[] =>
      ['ann', 'bob'].map((person) => ({ person, from, to }))
    const gaps = (time_off: readonly Sections[]): readonly string[] =>
      warningsOf({ oncall: { rotations: [rotation], time_off } }).filter((line) =>
        line.includes('nobody is on call'),
      )

    expect(gaps(off('2026-12-24', '2026-12-26'))).toEqual([
      expect.stringContaining('from 2026-12-24 00:00 to 2026-12-27 00:00 Europe/Berlin'),
    ])
    expect(gaps(off('2027-02-24', '2027-02-26'))).toEqual([])
    expect(gaps(off('2026-12-24', '2026-12-26').slice(1))).toEqual([])
  })

  test('an override for somebody who is off', () => {
    const oncall = {
      rotations: [rotation],
      overrides: [{ person: 'bob', from: '2026-12-24', to: '2026-12-25' }],
      time_off: [{ person: 'bob', from: '2026-12-20', to: '2026-12-31' }],
    }

    expect(warningsOf({ oncall }).join()).toContain('"bob" is off when this override begins')
  })

  test('an escalation without manager or dev team', () => {
    const escalation = [{ to: ['rotation:primary'] }, { to: ['person:bob'] }]
    const whole = [{ to: ['rotation:primary'] }, { to: ['person:mia', 'group:dev'] }]

    expect(
      warningsOf({ escalation }).filter((line) => line.includes('escalation never reaches')),
    ).toHaveLength(2)
    expect(warningsOf({ escalation: whole }).join()).not.toContain('escalation never reaches')
  })

  test('somebody whom escalation calls and who may not say that he has it', () => {
    const people = { ...planWith().people, vic: { name: 'Vic', roles: ['viewer'], email: 'vic@example.com' } }
    const groups = { dev: { people: ['bob', 'vic'] } }
    const said = (escalation: readonly Sections[]): readonly string[] =>
      warningsOf({ people, groups, escalation }).filter((line) => line.includes('may not acknowledge'))

    expect(
      said([{ to: ['rotation:primary'] }, { to: ['person:mia', 'group:dev'] }, { to: ['group:dev'] }]),
    ).toEqual([
      expect.stringContaining(
        'groups.dev.people[1]: "vic" is called by escalation, but with viewer only may not acknowledge. Add engineer or manager',
      ),
    ])
    expect(said([{ to: ['rotation:primary'] }, { to: ['person:vic'] }]).join()).toContain(
      'escalation[1].to[0]: "vic"',
    )
    expect(said([{ to: ['rotation:primary'] }, { to: ['person:mia'] }])).toEqual([])
  })

  test('public records that would lead to an address of a private network', () => {
    const lb = (to: string): string =>
      warningsOf({
        systems: {
          lb: {
            rto: '10m',
            alerts: [{ host: 'lb*' }],
            recoveries: [
              recovery('backup', { cloudflare: { zone: 'example.com', records: ['api.example.com'], to } }),
            ],
          },
        },
      }).join()

    for (const to of ['10.0.0.5', '172.16.4.1', '172.31.4.1', '192.168.1.7', 'fd00::7'])
      expect(lb(to)).toContain(`systems.lb.recoveries[0].cloudflare.to: "${to}" is a private address`)
    for (const to of ['203.0.113.20', '172.32.0.1', '100.20.0.1', '2001:db8::7', 'lb2.example.com'])
      expect(lb(to)).not.toContain('private address')
  })

  test('a recovery that loses data when there are not two approvers', () => {
    const people = { ...planWith().people, mia: { name: 'Mia', roles: ['manager'] } }
    const sections = database('10m', '10m', [{ ...region, risk: 'loses-data' }])

    expect(warningsOf({ ...sections, people }).join()).toContain('only one person has the role approver')
    expect(warningsOf(sections).join()).not.toContain('approver')
  })

  test('a recovery that always needs an approver, whatever its risk is called', () => {
    const people = { ...planWith().people, bob: { name: 'Bob', roles: ['engineer'] } }
    const nobody = { ...people, mia: { name: 'Mia', roles: ['manager'] } }
    const said = (found: Sections, systems: Sections): string =>
      warningsOf({ ...systems, people: found }).join()
    const account = recovery('account', {
      risk: 'disruptive',
      azure_storage: { method: 'account-failover', resource_group: 'dr-rg', account: 'examplewest' },
    })

    expect(said(nobody, database('10m', '10m', [{ ...restore, risk: 'reversible' }]))).toContain(
      'people: nobody has the role approver, but "restore" of "db" can lose data and needs a second person, whatever its "risk" says',
    )
    for (const one of [geo, region])
      expect(said(people, database('1d', '1d', [one]))).toContain('only one person')
    expect(said(nobody, { systems: { storage: { rto: '2h', rpo: '2h', recoveries: [account] } } })).toContain(
      '"account" of "storage" can lose data',
    )
    expect(said(nobody, { systems: { lb: { rto: '10m' } } })).not.toContain('approver')
  })

  test('systems that no alert can reach, that have no recovery, or are not there', () => {
    const warnings = warningsOf({ systems: { lb: { rto: '10m' } } }).join('\n')

    expect(warnings).toContain('no alert can reach the system "lb"')
    expect(warnings).toContain('the system "lb" has no recovery')
    expect(warnings).toContain('the system "workers" is not in the plan')
  })

  test.each([
    ['the same pattern', { host: 'db*' }, { host: 'db*' }, true],
    ['a name inside an earlier pattern', { host: 'db*' }, { host: 'db1' }, true],
    ['a pattern inside an earlier one', { host: '*b*' }, { host: 'db?' }, true],
    ['a narrower one with a second key', { host: 'db*' }, { host: 'db1', service: 'SQL' }, true],
    ['another host', { host: 'db*' }, { host: 'sql1' }, false],
    ['more states', { host: 'db*' }, { host: 'db1', states: ['WARNING'] }, false],
    ['a wider one', { host: 'db1' }, { host: 'db*' }, false],
    ['one key less', { host: 'db*', service: 'SQL' }, { host: 'db*' }, false],
    ['question marks against a star', { host: 'db??' }, { host: 'db*' }, false],
    ['at least one character against a star', { host: 'db?*' }, { host: 'db*' }, false],
  ])('a matcher that never gets an alert: %s', (_, earlier, later, shadowed) => {
    const systems = { lb: { rto: '10m', alerts: [earlier] }, db: { rto: '10m', rpo: '10m', alerts: [later] } }

    const warned = warningsOf({ systems }).filter((line) =>
      line.includes('systems.db.alerts[0]: no alert reaches'),
    )

    expect(warned).toHaveLength(shadowed ? 1 : 0)
  })
})

describe('an override by command', () => {
  const plan = planWith()
  const span = { from: '2026-12-24T09:00', to: '2026-12-26T09:00', rotation: undefined, by: 'mia' }

  test('is read like one of the file', () => {
    expect(readOverride(plan, { person: 'ann', ...span })).toEqual({
      person: 'ann',
      from: '2026-12-24T09:00',
      to: '2026-12-26T09:00',
      by: 'mia',
    })
  })

  test.each([
    [{ person: 'anm' }, 'no person "anm" in "people". Did you mean "ann"? Known: ann, bob, cem, mia.'],
    [{ person: 'ann', rotation: 'primry' }, 'no rotation "primry". Write "primary".'],
    [{ person: 'ann', to: '2026-12-24T09:00' }, 'is not after "from"'],
    [{ person: 'ann', from: 'tomorrow' }, 'from: found "tomorrow". Write a date such as 2026-12-24'],
  ])('is refused with what to write: %j', (typed, message) => {
    expect(() => readOverride(plan, { ...span, ...typed })).toThrow(message)
  })
})

test('a line of a report says file, line, column, path, finding and remedy', () => {
  const result = loadPlan('organisation: 7', 'dr-plan.yml')
  const [first] = 'errors' in result ? result.errors : []

  expect(first && printProblem(first)).toBe(
    'dr-plan.yml:1:1: timezone: "timezone" is missing. Write "timezone" here: an IANA time zone such as "Europe/Berlin".',
  )
})
