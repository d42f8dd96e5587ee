// The shipped plugin check_dr_bot: Nagios learns of the bot's troubles, and the bot gets its heartbeat.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startReceiver } from '../servers/nagios-receiver.ts'
import type { Receiver, Reply } from '../servers/nagios-receiver.ts'

const plugin = resolve(import.meta.dirname, '../../nagios/check_dr_bot')

let directory: string
let bot: Receiver

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dr-check-'))
  bot = await startReceiver()
  answers({})
  await mkdir(join(directory, 'spool/queue'), { recursive: true })
  await mkdir(join(directory, 'spool/rejected'))
  await writeFile(join(directory, 'token'), 'tok-check\n')
  const lines = [`DR_URL=${bot.url}`, `DR_TOKEN_FILE=${directory}/token`, `DR_SPOOL=${directory}/spool`]
  await writeFile(join(directory, 'conf'), `${lines.join('\n')}\n`)
})

afterEach(async () => {
  await bot.stop().catch(() => {})
  await rm(directory, { recursive: true, force: true })
})

function answers(replies: Readonly<Record<string, Reply>>): void {
  bot.answer(({ path }) => replies[path] ?? { status: 200, text: '{"ready":true}' })
}

/** As Nagios reads it: the exit code and the first line. */
async function check(conf = join(directory, 'conf')): Promise<{ code: number; line: string }> {
  const child = spawn(plugin, [], {
    env: { ...process.env, DR_NOTIFY_CONF: conf },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [[code], output] = await Promise.all([once(child, 'close'), text(child.stdout)])
  return { code: code as number, line: output.split('\n')[0] ?? '' }
}

async function spooled(secondsAgo: number): Promise<void> {
  const stamp = `${Math.floor(Date.now() / 1_000) - secondsAgo}000000000`
  await writeFile(join(directory, `spool/queue/${stamp}-1.1`), 'HOSTNAME=lb1')
}

test('a ready bot is OK, and has the heartbeat', async () => {
  const { code, line } = await check()

  expect({ code, line }).toEqual({
    code: 0,
    line: `DR BOT OK - ready; 0 waiting, the oldest for 0 s; 0 set aside in ${directory}/spool/rejected`,
  })
  expect(bot.arrivals.map(({ path }) => path)).toEqual(['/webhooks/nagios/heartbeat', '/readyz'])
  expect(bot.arrivals[0]?.authorization).toBe('Bearer tok-check')
})

test('a bot that is not ready is CRITICAL, with what it says, on one line and without performance data', async () => {
  answers({ '/readyz': { status: 503, text: '{"store": "down | Redis\nis away"}' } })

  const { code, line } = await check()

  expect(code).toBe(2)
  expect(line).toMatch(
    /^DR BOT CRITICAL - not ready \(503\): \{"store": "down \/ Redis is away"\}; 0 waiting/,
  )
})

test('a bot that is ready and not well is a WARNING, with all that it names', async () => {
  const trouble = ['slack: Slack does not answer', 'effects: 1200 effects wait [all]']
  const text = JSON.stringify({ ready: true, trouble, checks: { slack: { ok: false } } })
  answers({ '/readyz': { status: 200, text } })

  expect(await check()).toEqual({
    code: 1,
    line: `DR BOT WARNING - ready, but not all is well: "slack: Slack does not answer","effects: 1200 effects wait [all]"; 0 waiting, the oldest for 0 s; 0 set aside in ${directory}/spool/rejected`,
  })
})

test('a bot that is well is OK whatever its answer holds', async () => {
  const text = JSON.stringify({ ready: true, trouble: [], checks: { nagios: { ok: true, text: 'trouble' } } })
  answers({ '/readyz': { status: 200, text } })

  expect(await check()).toMatchObject({ code: 0 })
})

test('a bot that is away is CRITICAL', async () => {
  await bot.stop()

  const { code, line } = await check()

  expect(code).toBe(2)
  expect(line).toContain(`DR BOT CRITICAL - no answer from ${bot.url}`)
  expect(line).not.toContain('000')
})

test('notifications that wait too long are CRITICAL although the bot is ready', async () => {
  await spooled(400)

  const { code, line } = await check()

  expect(code).toBe(2)
  expect(line).toMatch(/^DR BOT CRITICAL - 1 waiting, the oldest for 40\d s, overdue/)
})

test('notifications that have only just come in are no trouble', async () => {
  await spooled(5)

  expect(await check()).toMatchObject({ code: 0 })
})

test('a refused heartbeat is a WARNING: the bot will think that Nagios is dead', async () => {
  answers({ '/webhooks/nagios/heartbeat': { status: 401, text: 'wrong token' } })

  const { code, line } = await check()

  expect(code).toBe(1)
  expect(line).toContain('DR BOT WARNING - ready, but the heartbeat was refused: 401 wrong token')
})

test('notifications that were set aside are a WARNING', async () => {
  await writeFile(join(directory, 'spool/rejected/1795406945000000000-1.1.reason'), '400 TIMET\n')

  const { code, line } = await check()

  expect(code).toBe(1)
  expect(line).toContain('DR BOT WARNING - ready; 0 waiting, the oldest for 0 s; 1 set aside')
})

test('without settings it is UNKNOWN', async () => {
  expect(await check('/nonexistent')).toEqual({ code: 3, line: 'DR BOT UNKNOWN - cannot read /nonexistent' })
})
