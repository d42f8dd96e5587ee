// The program as a service manager sees it: start, signals, stop, and what it says when it cannot start.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const program = join(import.meta.dirname, '../../src/main.ts')
let dir: string
let started: Started[] = []

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dr-program-'))
  await copyFile(join(import.meta.dirname, '../../dr-plan.example.yml'), join(dir, 'dr-plan.yml'))
})
afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  started = []
  await vi.waitUntil(() => left().length === 0, 10_000)
  await rm(dir, { recursive: true, force: true })
})

const secrets = {
  NAGIOS_TOKEN: 'a-token-for-tests-only',
  CONSOLE_SECRET: 'a-secret-for-tests-only-of-some-length',
}

/** Starts the program in a directory of its own, with nothing in its environment but what is given. */
function start(env: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, [program], {
    cwd: dir,
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: join(dir, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const one = { child, output: () => text }
  started.push(one)
  return one
}

async function ready(one: Started): Promise<void> {
  await vi.waitFor(() => expect(one.output()).toContain('"ready"'), 10_000)
}

/** Processes that have this test's directory in their command line. */
function left(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir)
    } catch {
      return false
    }
  })
}

describe('the program', () => {
  it('stops on SIGTERM within seconds, with its Redis, and says so with status 0', async () => {
    const bot = start(secrets)
    await ready(bot)
    const ended = once(bot.child, 'exit')
    bot.child.kill('SIGTERM')

    expect(await ended).toEqual([0, null])
    await vi.waitFor(() => expect(left()).toEqual([]), 5_000)
  })

  it('reads the plan again on SIGHUP, and goes on with the old one when the new one is broken', async () => {
    const bot = start(secrets)
    await ready(bot)
    bot.child.kill('SIGHUP')
    await vi.waitFor(() => expect(bot.output()).toContain('the plan was read again'), 5_000)
    await writeFile(join(dir, 'dr-plan.yml'), 'people: [\n')
    bot.child.kill('SIGHUP')

    await vi.waitFor(
      () => expect(bot.output()).toContain('the new plan is refused, the old one goes on'),
      5_000,
    )
    expect(bot.child.exitCode).toBeNull()
  })

  it('that is reloaded while it starts goes on, and reads the plan again once it is there', async () => {
    const bot = start(secrets)
    await vi.waitUntil(() => left().length > 0, { timeout: 10_000, interval: 5 })
    bot.child.kill('SIGHUP')

    await ready(bot)
    await vi.waitFor(() => expect(bot.output()).toContain('the plan was read again'), 5_000)
  })

  it('that is stopped while it starts leaves nothing behind, with status 0', async () => {
    const bot = start(secrets)
    await vi.waitUntil(() => left().length > 0, { timeout: 10_000, interval: 5 })
    const ended = once(bot.child, 'exit')
    bot.child.kill('SIGTERM')

    expect(await ended).toEqual([0, null])
    await vi.waitFor(() => expect(left()).toEqual([]), 10_000)
  })

  it('takes its Redis with it when it is killed', async () => {
    const bot = start(secrets)
    await ready(bot)
    bot.child.kill('SIGKILL')

    await vi.waitFor(() => expect(left()).toEqual([]), 10_000)
  })

  it('says which settings are missing and what to write, and starts nothing', async () => {
    const bot = start({})
    const [code] = (await once(bot.child, 'exit')) as [number]

    expect(code).toBe(1)
    expect(bot.output()).toContain('NAGIOS_TOKEN')
    expect(bot.output()).toContain('CONSOLE_SECRET')
    expect(bot.output()).not.toContain('    at ')
    expect(left()).toEqual([])
  })

  it('says where a broken plan is broken, and how to check it', async () => {
    await writeFile(join(dir, 'dr-plan.yml'), 'organisation: Example\nsystms: {}\n')
    const bot = start(secrets)
    const [code] = (await once(bot.child, 'exit')) as [number]

    expect(code).toBe(1)
    expect(bot.output()).toContain('dr-plan.yml:2:1')
    expect(bot.output()).toContain('systems')
    expect(bot.output()).toContain('npx dr plan check')
  })

  it('says how to make a plan when there is none', async () => {
    await rm(join(dir, 'dr-plan.yml'))
    const bot = start(secrets)
    const [code] = (await once(bot.child, 'exit')) as [number]

    expect(code).toBe(1)
    expect(bot.output()).toContain('cp dr-plan.example.yml dr-plan.yml')
  })
})
