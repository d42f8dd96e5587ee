// The console over plain http on a host of the network, in a real browser: there it says less of where a form comes from.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../servers/browser.ts'
import type { TestBrowser } from '../servers/browser.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { history, openHouse } from '../edges/web-house.ts'
import type { House } from '../edges/web-house.ts'

const host = 'dr.example.com'

const redis = oneRedis()
let browser: TestBrowser
let house: House

beforeAll(async () => {
  browser = await startBrowser(host)
  house = await openHouse(redis())
  await history(house)
})
afterAll(async () => {
  await browser.close()
  await house.close()
})

test('a person signs in with a link, gives a command and signs out', async () => {
  const { page, close } = await browser.open()
  const url = house.url.replace('127.0.0.1', host)
  const sent: Record<string, string>[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') void request.allHeaders().then((headers) => sent.push(headers))
  })

  await page.goto(`${url}/login?token=${house.signer.loginLink('ann', house.now())}`)
  expect(await page.evaluate(() => isSecureContext)).toBe(false)
  await page.getByRole('button', { name: /Sign in as/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Open now' }).waitFor()
  await page.goto(`${url}/incidents/INC-2`)
  const box = page.getByRole('combobox')
  await box.fill('note seen over plain http')
  await box.press('Enter')
  await page.getByText('seen over plain http').first().waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('npx dr login').waitFor()

  expect(house.said).toContain('ann: note seen over plain http')
  // What this is about: nothing but Origin tells the bot that the form is its own.
  expect(sent.map((headers) => [headers['origin'], headers['sec-fetch-site']])).toEqual(
    sent.map(() => [url, undefined]),
  )
  expect(sent.length).toBeGreaterThanOrEqual(3)
  await close()
})

test('a link that leads outside tells nobody of the page that it was on', async () => {
  const { page, close } = await browser.open()
  const url = house.url.replace('127.0.0.1', host)
  await page.goto(`${url}/login?token=${house.signer.loginLink('ann', house.now())}`)

  const left = page.waitForRequest((request) => request.url().startsWith(house.url))
  await page.evaluate((to) => {
    const link = document.createElement('a')
    link.href = to
    document.body.append(link)
    link.click()
  }, `${house.url}/healthz`)

  expect(await (await left).allHeaders()).not.toHaveProperty('referer')
  await close()
})
