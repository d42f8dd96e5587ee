// People at the console in a browser: each signs in as a person does, and what their browsers complain of fails the test.
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Page } from 'playwright-core'
import { history, openHouse } from '../edges/web-house.ts'
import type { House } from '../edges/web-house.ts'
import { startBrowser } from '../servers/browser.ts'
import type { TestBrowser, TestPage } from '../servers/browser.ts'
import { oneRedis } from '../servers/one-redis.ts'

/** The pages that there are with the history of the house. */
export const everyPage = [
  '/',
  '/incidents/INC-2',
  '/incidents/INC-2/report',
  '/oncall',
  '/systems',
  '/runs',
  '/runs/R-1',
  '/help',
]

export interface Visits {
  readonly house: () => House
  /** Opens the house again on the same store, after it was closed. */
  readonly reopen: (options: Parameters<typeof openHouse>[1]) => Promise<void>
  /** Signs a person in, as a person does: link, button. */
  readonly enter: (person: string, options?: Parameters<TestBrowser['open']>[0]) => Promise<Page>
  /** Closes a page whose browser reports what the test did to it; nothing else may be among the complaints. */
  readonly leave: (page: Page, expected: RegExp) => Promise<void>
}

/** A house with its history for each test of the file, and browsers that come to it. */
export function visitConsole(): Visits {
  const redis = oneRedis()
  let browser: TestBrowser
  let house: House
  let opened: TestPage[]

  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    await redis().flush()
    house = await openHouse(redis())
    await history(house)
    opened = []
  })
  afterEach(async () => {
    const complaints = opened.flatMap((one) => one.complaints)
    await Promise.all(opened.map((one) => one.close()))
    await house.close()
    if (complaints.length > 0) throw new Error(`the browser complained: ${complaints.join('; ')}`)
  })

  return {
    house: () => house,
    reopen: async (options) => {
      house = await openHouse(redis(), options)
    },
    enter: async (person, options = {}) => {
      const one = await browser.open(options)
      opened.push(one)
      await one.page.goto(`${house.url}/login?token=${house.signer.loginLink(person, house.now())}`)
      await one.page.getByRole('button', { name: /Sign in as/ }).click()
      await one.page.getByRole('heading', { level: 1, name: 'Open now' }).waitFor()
      return one.page
    },
    leave: async (page, expected) => {
      const mine = opened.find((one) => one.page === page)
      expect(mine?.complaints.filter((text) => !expected.test(text))).toEqual([])
      opened = opened.filter((one) => one !== mine)
      await mine?.close()
    },
  }
}
