// What single pages say, as text: charts in numbers, and gaps and overrides of the rotations.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { history, openHouse } from './web-house.ts'
import type { House } from './web-house.ts'

let redis: TestRedis
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
  redis = await startTestRedis()
  house = await openHouse(redis, { change: absent })
  await history(house)
})
afterAll(async () => {
  await house.close()
  await redis.stop()
})

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
  test('shows each system with its objective, what was measured last, and how it is now', async () => {
    const page = await pageOf('/systems')

    expect(page.match(/<th scope="row">/g)).toHaveLength(7)
    expect(page).toMatch(/6 min 5 s.{0,80}within RTO/)
    expect(page).toMatch(/<a href="\/incidents\/INC-2">INC-2<\/a>.{0,80}Diagnosing/)
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
  test.each([
    '/incidents/INC-99',
    '/incidents/INC-99/report',
    '/runs/R-99',
    '/incidents/x',
    '/incidents/INC-99/report.md',
  ])('%s says so', async (path) => {
    const cookie = `dr-session=${house.signer.session('ann', house.now())}`

    const answer = await house.web.inject({ url: path, headers: { cookie } })

    expect(answer.statusCode).toBe(404)
    expect(answer.body).toContain('Not found')
  })
})
