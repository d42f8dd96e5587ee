// What single pages say, as text: charts in numbers, and gaps and overrides of the rotations.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { history, openHouse } from './web-house.ts'
import { run as sampleRun, writingRun } from '../contracts/store-samples.ts'
import type { House } from './web-house.ts'

const redis = oneRedis()
let house: House

const absent = (plan: DrPlan): DrPlan => ({
  ...plan,
  oncall: {
    ...plan.oncall,
    time_off: ['mia', 'max'].map((person) => ({ person, from: '2026-12-01', to: '2026-12-02' })),
    overrides: [{ person: 'cem', from: '2026-11-23T00:00', to: '2026-11-23T12:00' }],
  },
})

beforeAll(async () => {
  house = await openHouse(redis(), { change: absent })
  await history(house)
})
afterAll(() => house.close())

async function pageOf(path: string): Promise<string> {
  const cookie = `dr-session=${house.signer.session('ann', house.now())}`
  const answer = await house.web.inject({ url: path, headers: { cookie } })
  return answer.body.replaceAll(/\s+/g, ' ')
}

describe('the on-call page', () => {
  test('marks time with nobody, and says how much of it is ahead', async () => {
    const page = await pageOf('/oncall')

    expect(page.match(/<rect class="gap"/g)).toHaveLength(1)
    expect(page).toContain('1 gap ahead')
    expect(page).toContain('no shift covers this time')
  })

  test('hatches an override and names it', async () => {
    const page = await pageOf('/oncall')

    expect(page.match(/<rect class="hatched"/g)).toHaveLength(1)
    expect(page).toContain('<strong><bdi>Cem Celik</bdi></strong>')
    expect(page).toMatch(/chip tone-warn">Override/)
  })
})

describe('the systems page', () => {
  test('shows whether the recoveries could be carried out, what is missing, and nothing before the first look', async () => {
    expect(await pageOf('/systems')).toContain('not looked yet')
    const looked = (recovery: string, ok: boolean) => ({
      system: 'lb',
      recovery,
      checks: [{ what: 'target-healthy', ok, text: '<b>203.0.113.20</b> answered 503. Fix the target.' }],
    })
    const recoveries = [looked('backup', false), looked('api', true), looked('not in the plan', false)]
    const checkup = JSON.stringify({ at: house.now(), recoveries })
    await house.store.putSetting('recovery-checkup', undefined, checkup)

    const page = await pageOf('/systems')

    expect(page).toMatch(/chip tone-warn">In part/)
    expect(page).toContain(
      '<code>backup</code> &lt;b&gt;203.0.113.20&lt;/b&gt; answered 503. Fix the target.',
    )
    expect(page.match(/answered 503/g)).toHaveLength(1)
  })

  test('shows each system with its objective, what was measured last, and how it is now', async () => {
    const page = await pageOf('/systems')

    expect(page.match(/<th scope="row">/g)).toHaveLength(7)
    // Closed by hand while Nagios still reports it: nobody knows how long it took.
    expect(page).not.toContain('within RTO')
    expect(page).toMatch(/"Last measured">\s*<span class="quiet">never/)
    expect(page).toMatch(/<a href="\/incidents\/INC-2">INC-2<\/a>.{0,80}Diagnosing/)
  })
})

describe('a system without an open incident', () => {
  test('is not shown as fine while another outage explains it or Nagios still reports problems', async () => {
    const at = house.now()
    const alert = { alert: 'A-w', key: 'worker;HTTP', system: 'workers', state: 'CRITICAL' } as const
    const broke = {
      ...alert,
      output: '',
      at,
      since: at,
      change: 'broke',
      text: 'worker is CRITICAL',
    } as const
    await house.incidents.input('INC-2', { kind: 'alerts', attached: [broke] })

    for (const path of ['/', '/systems']) {
      const page = await pageOf(path)
      expect(page).toMatch(/tone-warn">down, explained by INC-2</)
      expect(page).toMatch(/tone-warn">INC-1 is resolved, but Nagios still reports 1 problem</)
    }
    const mended = { ...broke, alert: 'A-m', change: 'mended' } as const
    await house.incidents.input('INC-2', { kind: 'alerts', attached: [mended] })
    expect(await pageOf('/systems')).not.toContain('explained by')
  })
})

describe('what was left behind', () => {
  test('is on the first page while a failover stands', async () => {
    const sample = sampleRun('R-8')
    const debts = [{ id: 'points-at', text: 'api points at backup', remedy: 'When lb works: failback lb' }]
    const proposal = { ...sample.proposal, debts }
    const at = house.now()
    const run = { ...sample, proposal, state: 'done', startedAt: at, endedAt: at } as const
    await house.store.commit(writingRun(run))
    expect(await pageOf('/')).toMatch(
      /Still to do: .{0,20}api points at backup.{0,40}<a href="\/runs\/R-8">R-8<\/a>/,
    )

    await house.store.commit(writingRun({ ...run, undoneBy: 'R-9' }, 1))
    expect(await pageOf('/')).not.toContain('Still to do')
  })
})

describe('while recoveries are frozen', () => {
  test('every page says by whom, since when, why, and how to end it', async () => {
    const frozen = JSON.stringify({ by: 'mia', reason: 'network works', since: house.now() })
    const claim = { name: 'frozen', from: '', to: frozen }
    await house.store.commit({ write: undefined, claims: [claim] })
    for (const path of ['/', '/incidents/INC-2']) {
      expect(await pageOf(path)).toMatch(
        /No recovery starts:.{0,40}Mia .{0,200}network works.{0,60}<code>unfreeze<\/code>/,
      )
    }

    await house.store.commit({ write: undefined, claims: [{ name: 'frozen', from: frozen, to: '' }] })
    expect(await pageOf('/')).not.toContain('No recovery starts:')
  })
})

describe('a long record', () => {
  test('is shown by its newest hundred events, and says how many came before', async () => {
    const by = { person: 'ann', door: 'web' } as const
    const { seq } = await house.store.head('INC-2')
    for (let note = 1; note <= 110; note += 1)
      await house.incidents.input('INC-2', { kind: 'note', by, text: `seen for the time no. ${note}.` })

    const page = await pageOf('/incidents/INC-2')

    expect(page).toContain('seen for the time no. 11.')
    expect(page).not.toContain('seen for the time no. 10.')
    expect(page).toContain(`${seq + 10} earlier events are in the`)
  })
})

describe('the heading of a page', () => {
  test('is not said again by the card under it', async () => {
    await house.store.commit(writingRun(sampleRun('R-30')))

    const run = await pageOf('/runs/R-30')
    const incident = await pageOf('/incidents/INC-1')

    expect(run).toContain('<span class="id">R-30</span> failover lb to backup')
    expect(run).not.toContain('R-30 · failover lb to backup')
    expect(incident).toContain('<span class="id">INC-1</span>')
    expect(incident).not.toContain('INC-1 · ')
  })
})

describe('the report', () => {
  test('can be kept as a file of its own', async () => {
    const cookie = `dr-session=${house.signer.session('ann', house.now())}`
    const file = await house.web.inject({ url: '/incidents/INC-1/report.html', headers: { cookie } })
    const text = await house.web.inject({ url: '/incidents/INC-1/report.md', headers: { cookie } })

    expect(file.headers['content-disposition']).toBe('attachment; filename="INC-1-report.html"')
    expect(file.body).toContain('<h1>INC-1: ns1 DNS is CRITICAL')
    expect(text.body).toContain('# INC-1')
  })
})

describe('pages that are not there', () => {
  test('are words for a program', async () => {
    for (const request of [{ url: '/api/nothing' }, { method: 'POST', url: '/nagois' }] as const) {
      const answer = await house.web.inject(request)
      expect(answer.statusCode).toBe(404)
      expect(answer.json()).toMatchObject({ error: 'not-found' })
    }
  })

  test.each([
    '/incidents/INC-99',
    '/incidents/INC-99/report',
    '/runs/R-99',
    '/incidents/x',
    '/incidents/INC-99/report.md',
    '/incidents/__proto__',
    '/incidents/INC-1%20',
    '/runs/a.b',
    '/nothing',
  ])('%s says so', async (path) => {
    const cookie = `dr-session=${house.signer.session('ann', house.now())}`

    const answer = await house.web.inject({ url: path, headers: { cookie } })

    expect(answer.statusCode).toBe(404)
    expect(answer.body).toContain('Not found')
    expect(answer.body).not.toContain('Open now')
  })
})
