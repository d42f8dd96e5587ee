// A real Nagios Core with the shipped objects and script: what breaks there arrives here, whatever its plugins write.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseNotification } from '../../src/intake/parse.ts'
import { createNagiosCommands } from '../../src/providers/nagios-commands.ts'
import { startNagiosWeb } from '../servers/nagios-cgi.ts'
import { startReceiver } from '../servers/nagios-receiver.ts'
import { startNagios } from '../servers/nagios.ts'
import type { Alert } from '../../src/intake/alert.ts'
import type { NagiosWeb } from '../servers/nagios-cgi.ts'
import type { Arrival, Receiver } from '../servers/nagios-receiver.ts'
import type { Named, RunningNagios } from '../servers/nagios.ts'

const patience = { timeout: 30_000, interval: 5 }
// Every notification starts a handful of processes; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 })
const canary = join(tmpdir(), `dr-canary-${process.pid}`)
const hostile = `it's "down" $(touch ${canary}) \`touch ${canary}\` <b> & \\n | time=1`
const account = { user: 'dr-bot', password: 'pass-8d2f' }

let bot: Receiver
let nagios: RunningNagios
let web: NagiosWeb

beforeAll(async () => {
  bot = await startReceiver()
  nagios = await startNagios({
    url: bot.url,
    token: 'tok-nagios',
    // The harshest case: an administrator who lets plugins write any character.
    settings: { illegal_macro_output_chars: '' },
    objects: [
      { host: 'lb1', hostGroups: ['load-balancers', 'prod'] },
      { host: 'lb1', service: 'HAProxy', serviceGroups: ['frontend'] },
      { host: 'lb1', service: 'Bytes' },
      { host: 'lb1', service: 'Soft', maxAttempts: 3 },
      { host: 'api1', service: 'Flappy', flapDetection: true },
      { host: 'api1', service: 'Ack' },
      { host: 'api1', service: 'Late' },
      { host: 'db1' },
    ],
  })
  web = await startNagiosWeb(nagios, account)
})

afterEach(() => bot.answer(() => ({ status: 202 })))

afterAll(async () => {
  await web.stop()
  await nagios.stop()
  await bot.stop()
})

function alertOf(arrival: Arrival): Alert {
  const parsed = parseNotification(arrival.fields, Date.now())
  if ('error' in parsed) throw new Error(`${parsed.error.field} ${parsed.error.message}`)
  return parsed.alert
}

function alertsOf({ host, service }: Named): readonly Alert[] {
  return bot.arrivals.map(alertOf).filter((alert) => alert.host === host && alert.service === service)
}

async function nextAlert(object: Named, type: string): Promise<Alert> {
  return vi.waitFor(() => {
    const alert = alertsOf(object).findLast((one) => one.type === type)
    if (alert === undefined) throw new Error(`no ${type} of ${object.host};${object.service ?? ''} yet`)
    return alert
  }, patience)
}

/** What the systemd timer or cron does every minute. */
async function flush(): Promise<void> {
  const script = join(import.meta.dirname, '../../nagios/dr-notify')
  const env = { ...process.env, DR_NOTIFY_CONF: nagios.notifyConf }
  await once(spawn(script, ['flush'], { env, stdio: 'ignore' }), 'close')
}

const canaryLives = (): Promise<boolean> =>
  access(canary).then(
    () => true,
    () => false,
  )

describe('a service', () => {
  const haproxy = { host: 'lb1', service: 'HAProxy' }

  test('fails and recovers: both arrive, with the outage they belong to', async () => {
    const before = Date.now()

    await nagios.fail(haproxy, 'backend down')
    const problem = await nextAlert(haproxy, 'PROBLEM')
    await nagios.recover(haproxy, 'all backends up')
    const recovery = await nextAlert(haproxy, 'RECOVERY')

    expect(bot.arrivals[0]?.authorization).toBe('Bearer tok-nagios')
    expect(problem).toMatchObject({
      key: 'lb1;HAProxy',
      state: 'CRITICAL',
      hard: true,
      output: 'backend down',
      serviceGroups: ['frontend'],
    })
    expect(problem.hostGroups.toSorted()).toEqual(['load-balancers', 'prod'])
    expect(problem.problemId).toBeDefined()
    expect(problem.lastGoodAt).toBeLessThanOrEqual(problem.at)
    expect(problem.at).toBeGreaterThan(before - 2_000)
    expect(recovery).toMatchObject({ state: 'OK', output: 'all backends up' })
    expect([recovery.problemId, recovery.lastProblemId]).toContain(problem.problemId)
  })

  test('prints what would be dangerous in a shell: it arrives as printed and runs nothing', async () => {
    const object = { host: 'lb1', service: 'Bytes' }

    await nagios.fail(object, Buffer.from(`${hostile.replace('|', '¦')} \xff\n`, 'latin1'))
    const problem = await nextAlert(object, 'PROBLEM')

    expect(problem.output).toBe(`${hostile.replace('|', '\ufffd')} \ufffd`)
    expect(await canaryLives()).toBe(false)
  })

  test('is SOFT for a while: nothing arrives before Nagios is sure', async () => {
    const object = { host: 'lb1', service: 'Soft' }

    await nagios.fail(object)
    const problem = await nextAlert(object, 'PROBLEM')

    expect(problem.hard).toBe(true)
    expect(await nagios.log()).toMatch(/SERVICE ALERT: lb1;Soft;CRITICAL;SOFT;2;/)
    expect(alertsOf(object)).toHaveLength(1)
  })

  test('flaps: Nagios says so once and stops reporting each change', async () => {
    const object = { host: 'api1', service: 'Flappy' }

    for (let round = 1; round <= 12; round++) {
      await (round % 2 === 1 ? nagios.fail(object, `down ${round}`) : nagios.recover(object, `up ${round}`))
      await vi.waitFor(
        async () => expect(await nagios.log()).toMatch(new RegExp(`Flappy;.*(down|up) ${round}\n`)),
        patience,
      )
    }
    const flapping = await nextAlert(object, 'FLAPPINGSTART')

    expect(alertsOf(object).filter(({ type }) => type === 'FLAPPINGSTART')).toHaveLength(1)
    expect(flapping.key).toBe('api1;Flappy')
    expect(alertsOf(object).length).toBeLessThan(12)
  })
})

describe('a host', () => {
  const db = { host: 'db1' }

  test('fails and recovers; its recovery names the outage as the last one', async () => {
    await nagios.fail(db, 'no answer')
    const problem = await nextAlert(db, 'PROBLEM')
    await nagios.recover(db)
    const recovery = await nextAlert(db, 'RECOVERY')

    expect(problem).toMatchObject({ key: 'db1', state: 'DOWN', output: 'no answer' })
    expect(recovery).toMatchObject({ state: 'UP', lastProblemId: problem.problemId })
    expect(recovery).not.toHaveProperty('problemId')
  })

  test('is in downtime: who planned it, and why, arrives whatever they wrote', async () => {
    await nagios.downtime(db, 600, "o'brien", `planned $(touch ${canary}) "really"`)
    const downtime = await nextAlert(db, 'DOWNTIMESTART')

    expect(downtime).toMatchObject({ author: "o'brien", comment: `planned $(touch ${canary}) "really"` })
    expect(await canaryLives()).toBe(false)
  })
})

describe('acknowledging', () => {
  const object = { host: 'api1', service: 'Ack' }
  const signal = AbortSignal.timeout(30_000)

  test('by somebody at Nagios arrives with name and words', async () => {
    await nagios.fail({ host: 'lb1', service: 'HAProxy' })
    await vi.waitFor(() => expect(alertsOf({ host: 'lb1', service: 'HAProxy' })).toHaveLength(3), patience)

    await nagios.acknowledge({ host: 'lb1', service: 'HAProxy' }, 'ann', `mine; $(touch ${canary})'"`)
    const alert = await nextAlert({ host: 'lb1', service: 'HAProxy' }, 'ACKNOWLEDGEMENT')

    expect(alert).toMatchObject({ author: 'ann', state: 'CRITICAL' })
    expect(alert.comment).toContain('mine')
    expect(await canaryLives()).toBe(false)
  })

  test('by the bot reaches Nagios as one sticky, silent acknowledgement, whatever the words', async () => {
    await nagios.fail(object)
    await nextAlert(object, 'PROBLEM')
    const commands = createNagiosCommands({ url: web.url, ...account })

    await commands.acknowledge(object, 'Ann; Onken', 'I have it\n[1] DISABLE_NOTIFICATIONS;', signal)
    await vi.waitFor(
      async () => expect(await nagios.log()).toContain('ACKNOWLEDGE_SVC_PROBLEM;api1;Ack;'),
      patience,
    )

    const log = await nagios.log()
    expect(log).toContain(';api1;Ack;2;0;0;DR bot;Ann Onken: I have it [1] DISABLE_NOTIFICATIONS\n')
    expect(log).not.toContain('EXTERNAL COMMAND: DISABLE_NOTIFICATIONS')
    expect(alertsOf(object).map(({ type }) => type)).toEqual(['PROBLEM'])
  })

  test('a host works the same way', async () => {
    const commands = createNagiosCommands({ url: web.url, ...account })

    await commands.acknowledge({ host: 'db1' }, 'Ann', 'mine', signal)

    await vi.waitFor(
      async () => expect(await nagios.log()).toContain('ACKNOWLEDGE_HOST_PROBLEM;db1;2;0;0;DR bot;Ann: mine'),
      patience,
    )
  })

  test('what Nagios does not let us do is an error with the next step', async () => {
    const commands = createNagiosCommands({ url: web.url, ...account })

    await expect(commands.acknowledge({ host: 'unknown' }, 'Ann', 'mine', signal)).rejects.toMatchObject({
      name: 'UserError',
      code: 'nagios-rights',
      message: expect.stringContaining('can_submit_commands 1'),
    })
  })
})

test('notifications that the bot could not take are in the spool, and arrive later, in order', async () => {
  const object = { host: 'api1', service: 'Late' }
  bot.answer(() => ({ status: 503 }))
  await nagios.fail(object)
  await nextAlert(object, 'PROBLEM')
  await nagios.recover(object)
  await vi.waitFor(async () => expect(await readdir(join(nagios.spool, 'queue'))).toHaveLength(2), patience)
  const refused = alertsOf(object).length

  bot.answer(() => ({ status: 202 }))
  await vi.waitFor(async () => {
    await flush()
    expect(await readdir(join(nagios.spool, 'queue'))).toEqual([])
  }, patience)

  expect(
    alertsOf(object)
      .slice(refused)
      .map(({ type }) => type),
  ).toEqual(['PROBLEM', 'RECOVERY'])
})

test('a stopped Nagios is something that time mends', async () => {
  await rm(join(nagios.directory, 'rw/nagios.cmd'))
  const commands = createNagiosCommands({ url: web.url, ...account })

  await expect(
    commands.acknowledge({ host: 'db1' }, 'Ann', 'mine', AbortSignal.timeout(5_000)),
  ).rejects.toMatchObject({ name: 'RetryableError', message: expect.stringContaining('is it running?') })
})
