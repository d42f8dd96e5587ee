// npm run screenshots: the pictures of the console in docs/images, taken from the demo in a headless Chromium.
import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { minute } from '../src/ids.ts'
import { onCall } from '../src/oncall/shift.ts'
import { startBrowser } from '../test/servers/browser.ts'
import type { TestBrowser } from '../test/servers/browser.ts'
import { startDemo } from './start.ts'
import type { Demo } from './start.ts'

const { values } = parseArgs({ options: { into: { type: 'string', default: 'docs/images' } } })
const desk = { width: 1280, height: 800 }
const phone = { width: 375, height: 812 }

/** One picture: whose console, which page, on what. */
interface Picture {
  readonly name: string
  readonly person: string
  readonly path: string
  readonly viewport: typeof desk
  readonly colorScheme: 'light' | 'dark'
}

async function take(demo: Demo, browser: TestBrowser, picture: Picture): Promise<void> {
  const { name, person, path, viewport, colorScheme } = picture
  const deviceScaleFactor = viewport === phone ? 2 : 1
  const one = await browser.open({ viewport, colorScheme, deviceScaleFactor, timezoneId: 'Europe/Berlin' })
  await one.page.goto(`${demo.app.url}/login?token=${demo.signer.loginLink(person, demo.clock.now())}`)
  await one.page.getByRole('button', { name: /Sign in as/ }).click()
  await settled(one.page)
  await one.page.goto(`${demo.app.url}${path}`)
  await settled(one.page)
  await one.page.screenshot({ path: `${values.into}/${name}.png`, animations: 'disabled' })
  await one.close()
  process.stdout.write(`${values.into}/${name}.png\n`)
}

async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.evaluate('document.fonts.ready')
}

async function say(demo: Demo, person: string, text: string): Promise<void> {
  const token = demo.signer.token(person, demo.clock.now())
  const response = await fetch(`${demo.app.url}/api/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })
  const body = await response.text()
  if (!body.includes('"status":"done"')) throw new Error(`"${text}" was answered: ${body}`)
}

/** Looks again and again until something is so. */
async function until(look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`this did not come about: ${look.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function story(demo: Demo, browser: TestBrowser): Promise<void> {
  const { app, clock, world } = demo
  const ann = onCall(app.plan.plan(), 'primary', clock.now())?.person ?? 'ann'
  const shot = (name: string, path: string, viewport: typeof desk, colorScheme: 'light' | 'dark') =>
    take(demo, browser, { name, person: ann, path, viewport, colorScheme })

  world.lb.set('failing')
  await until(async () => (await app.store.incident('INC-1'))?.state.marks.paged !== undefined)
  await shot('paged-phone', '/', phone, 'dark')

  clock.skip(40_000)
  await say(demo, ann, 'ack INC-1')
  clock.skip(2 * minute)
  await say(demo, ann, 'note INC-1 "HAProxy does not start: its new configuration is broken"')
  clock.skip(30_000)
  await say(demo, ann, 'failover lb')
  await app.settle()
  await shot('incident', '/incidents/INC-1', desk, 'light')
  await shot('incident-phone', '/incidents/INC-1', phone, 'light')
  await shot('run', '/runs/R-1', desk, 'dark')
  await shot('run-phone', '/runs/R-1', phone, 'dark')

  clock.skip(20_000)
  await say(demo, ann, 'approve R-1')
  await until(async () => (await app.store.run('R-1'))?.state.state === 'done')
  clock.skip(10 * minute)
  world.lb.set('ok')
  await demo.monitor.check()
  clock.skip(3 * minute)
  await until(async () => (await app.store.incident('INC-1'))?.state.state === 'resolved')
  await shot('report', '/incidents/INC-1/report', desk, 'light')
  await shot('oncall', '/oncall', desk, 'light')
  await shot('systems', '/systems', desk, 'dark')
}

await mkdir(values.into, { recursive: true })
const demo = await startDemo({ mail: () => {}, slack: () => {} })
const browser = await startBrowser()
try {
  await story(demo, browser)
} finally {
  await browser.close()
  await demo.stop()
}
process.exit()
