// What each person finds in the console: what waits for them, and only buttons that they may press.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { run as sampleRun, writingRun } from '../contracts/store-samples.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { history, openHouse } from './web-house.ts'
import type { House } from './web-house.ts'

const redis = oneRedis()
let house: House

const withViewer = (plan: DrPlan): DrPlan => ({
  ...plan,
  people: { ...plan.people, vic: { name: 'Vic Viewer', roles: [] } },
})

beforeAll(async () => {
  house = await openHouse(redis(), { change: withViewer })
  // R-1 is Ann's, and disruptive.
  await history(house)
  const sample = sampleRun('R-2')
  const open = {
    state: 'proposed',
    incident: 'INC-2',
    askedAt: house.now(),
    expiresAt: house.now() + 300_000,
  } as const
  const proposal = { ...sample.proposal, risk: 'loses-data' } as const
  await house.store.commit(writingRun({ ...sample, ...open, system: 'db', askedBy: 'ann', proposal }))
  const at = house.now()
  const running = { state: 'running', startedAt: at, current: 0, checkAt: at + 5_000 } as const
  await house.store.commit(writingRun({ ...sampleRun('R-3'), ...running, askedBy: 'bob' }))
  const { incident: _none, ...routine } = open
  await house.store.commit(writingRun({ ...sampleRun('R-4'), ...routine, system: 'workers', askedBy: 'ann' }))
})
afterAll(() => house.close())

async function pageOf(person: string, path: string): Promise<string> {
  const cookie = `dr-session=${house.signer.session(person, house.now())}`
  const answer = await house.web.inject({ url: path, headers: { cookie } })
  return answer.body.replaceAll(/\s+/g, ' ')
}

/** What can be pressed on a page, apart from the command line and the answer to a page. */
function pressed(whole: string): readonly string[] {
  const page = whole.replace(/<div class="paged".*?<datalist/, '')
  const all = [...page.matchAll(/name="text" value="([^"]+)"/g)].map(([, text]) => text ?? '')
  return [...new Set(all)]
}

function wordsOf(page: string): string {
  return page.replaceAll(/<[^>]+>/g, '').replaceAll(/\s+/g, ' ')
}

function partOf(page: string, label: string): string {
  return page.split(`aria-label="${label}"`)[1]?.split('</section> <div class="stack">')[0] ?? ''
}

describe('the Now page', () => {
  test('has what waits for an approver first, with the buttons, and what else is open, with whom it waits for', async () => {
    const page = await pageOf('mia', '/')

    const mine = partOf(page, 'Waits for you')
    expect(mine.indexOf('R-2')).toBeGreaterThan(-1)
    expect(pressed(mine)).toEqual(['approve R-2', 'deny R-2', 'approve R-1', 'deny R-1'])
    expect(page.indexOf('Waits for you')).toBeLessThan(page.indexOf('id="open-INC-2"'))
    const later = page.indexOf('aria-label="Waits for you, without an outage"')
    expect(later).toBeGreaterThan(page.indexOf('id="open-INC-3"'))
    expect(pressed(page.slice(later))).toEqual(['approve R-4', 'deny R-4'])
    expect(page).toMatch(/Recoveries that are open.*R-3<\/a> <span>failover lb to backup<\/span>.*Running/)
  })

  test('tells the asker of a recovery that only somebody else can approve for whom it waits', async () => {
    const page = await pageOf('ann', '/')

    expect(pressed(partOf(page, 'Waits for you'))).toEqual(['approve R-1', 'deny R-1'])
    expect(wordsOf(page)).toMatch(
      /R-2 .*waits for a second person with the role approver \(.*Mia Manger.*\): approve R-2/,
    )
  })

  test('shows somebody who may approve nothing what waits, and for whom', async () => {
    const page = await pageOf('vic', '/')

    expect(page).not.toContain('Waits for you')
    expect(wordsOf(page)).toMatch(/R-1 .*waits for Ann Onken, or another engineer or manager/)
    expect(pressed(page)).toEqual([])
  })
})

describe('buttons', () => {
  test('are only those that whoever looks may press, on every page', async () => {
    const failover = 'failover lb to backup'

    for (const path of ['/', '/incidents/INC-2']) {
      expect(pressed(await pageOf('ann', path))).toContain(failover)
      const forMia = pressed(await pageOf('mia', path))
      expect(forMia).not.toContain(failover)
      expect(forMia).toContain('escalate INC-2')
    }
    expect(pressed(await pageOf('ann', '/runs/R-2'))).toEqual(['deny R-2'])
    expect(pressed(await pageOf('mia', '/runs/R-2'))).toEqual(['approve R-2', 'deny R-2'])
    expect(pressed(await pageOf('vic', '/incidents/INC-2'))).toEqual([])
  })

  test('of an answer are those of whoever asked', async () => {
    const ask = async (person: string, text: string) => {
      const token = house.signer.token(person, house.now())
      const headers = { authorization: `Bearer ${token}` }
      const answer = await house.web.inject({
        method: 'POST',
        url: '/api/commands',
        headers,
        payload: { text },
      })
      const buttons: readonly { readonly command: string }[] = answer.json().card.buttons ?? []
      return buttons.map(({ command }) => command)
    }

    expect(await ask('ann', 'runs R-2')).toEqual(['deny R-2'])
    expect(await ask('mia', 'runs R-2')).toEqual(['approve R-2', 'deny R-2'])
    expect(await ask('mia', 'status INC-2')).not.toContain('failover lb to backup')
    expect(await ask('vic', 'status INC-2')).toEqual([])
  })
})

test('the answer to a command brings the page as it is after it', async () => {
  const at = house.now()
  const cookie = `dr-session=${house.signer.session('ann', at)}`
  const page = (await house.web.inject({ url: '/', headers: { cookie } })).body
  expect(page).toContain('You are being paged')
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''

  const answer = await house.web.inject({
    method: 'POST',
    url: '/commands',
    headers: {
      cookie,
      'hx-request': 'true',
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    payload: new URLSearchParams({ csrf, text: 'ack INC-3', back: '/' }).toString(),
  })

  const [said = '', live = ''] = answer.body.split('<div id="live" hx-swap-oob="innerMorph">')
  expect(said).toContain('You have it.')
  expect(live).toContain('id="open-INC-3"')
  expect(live).not.toContain('You are being paged')
})
