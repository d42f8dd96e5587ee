// What the demo's window offers to another one: its settings as a file, with which every `npx dr` is about the demo.
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDemo } from '../../demo/start.ts'
import type { Demo } from '../../demo/start.ts'

const run = promisify(execFile)
let demo: Demo

beforeAll(async () => {
  demo = await startDemo({ mail: () => {}, slack: () => {} })
}, 30_000)
afterAll(() => demo.stop())

/** As typed in another window, in a shell that knows nothing of the demo but the file. */
async function typed(command: string): Promise<string> {
  const { stdout } = await run(
    'sh',
    ['-c', `. '${demo.environment}' && '${process.execPath}' src/cli.ts ${command}`],
    {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' },
    },
  )
  return stdout
}

test('the file is of its owner only', async () => {
  expect((await stat(demo.environment)).mode & 0o077).toBe(0)
})

test('status is that of the demo, asked by who is on call', async () => {
  expect(await typed('status')).toContain('Nothing is broken')
  const { name } = demo.app.plan.plan().people[demo.engineer] ?? {}
  expect(await typed('oncall primary')).toContain(name)
})

test('plan check --live looks at the simulated world, and every recovery is ready', async () => {
  expect(await typed('plan check --live')).toContain('All 11 recoveries could be carried out now.')
}, 30_000)

test('slack check looks at the simulated workspace, and a link to the console works', async () => {
  expect(await typed('slack check')).toContain('Nothing is missing')
  const link = (await typed('login mia')).trim()
  expect(await (await fetch(link)).text()).toContain('Mia Manger')
}, 30_000)
