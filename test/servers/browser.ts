// A headless Chromium for tests: an empty profile, no traffic of its own, and every complaint of a page kept.
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface TestPage {
  readonly page: Page
  /** What the page complained of: script errors, refused resources, violations of its policy. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

export interface TestBrowser {
  /** A new window with a profile of its own, at 1280 x 800 unless the options say otherwise. */
  readonly open: (options?: BrowserContextOptions) => Promise<TestPage>
  readonly close: () => Promise<void>
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts the system's Chromium; CHROMIUM names another one. It finds `host` on this machine, and takes it for one of
 * the network: over plain http such a page is not trusted as one of the loopback address is.
 */
export async function startBrowser(host?: string): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: host === undefined ? quiet : [...quiet, `--host-resolver-rules=MAP ${host} 127.0.0.1`],
  })
  return {
    open: (options) => open(browser, options),
    close: () => browser.close(),
  }
}

async function open(browser: Browser, options?: BrowserContextOptions): Promise<TestPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return { page, complaints, close: () => context.close() }
}
