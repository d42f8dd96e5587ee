// The shipped dr-notify against a real HTTP server: nothing is lost, nothing is doubled, nothing is run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startReceiver } from '../servers/nagios-receiver.ts'
import type { ChildProcess } from 'node:child_process'
import type { Receiver, Reply } from '../servers/nagios-receiver.ts'

const script = resolve(import.meta.dirname, '../../nagios/dr-notify')
const token = 'tok-3f9a1c77e2'
const patience = { timeout: 30_000, interval: 5 }
// Every test starts many small processes; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 })

let directory: string
let bot: Receiver

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dr-notify-'))
  bot = await startReceiver()
  await writeFile(join(directory, 'token'), `${token}\n`)
  await configure({})
  // The machine's own syslog stays out of it: what the script logs is read from this file.
  await writeFile(join(directory, 'logger'), `#!/bin/sh\nprintf '%s\\n' "$*" >>"${directory}/log"\n`, {
    mode: 0o755,
  })
})

afterEach(async () => {
  await bot.stop().catch(() => {})
  await rm(directory, { recursive: true, force: true })
})

async function configure(changes: Readonly<Record<string, string>>): Promise<void> {
  const settings = {
    DR_URL: bot.url,
    DR_TOKEN_FILE: join(directory, 'token'),
    DR_SPOOL: join(directory, 'spool'),
    DR_TIMEOUT: '5',
    ...changes,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`)
  await writeFile(join(directory, 'conf'), lines.join(''))
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${directory}:${process.env['PATH'] ?? ''}`,
  DR_NOTIFY_CONF: join(directory, 'conf'),
})

interface Ended {
  readonly code: number | null
  readonly output: string
}

function start(...args: readonly string[]): ChildProcess {
  return spawn(script, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
}

async function run(...args: readonly string[]): Promise<Ended> {
  const child = spawn(script, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { code: code as number | null, output: out + err }
}

function notify(host: string, number: number, extra: readonly string[] = []): Promise<Ended> {
  return run('host', 'NOTIFICATIONTYPE=PROBLEM', `HOSTNAME=${host}`, `HOSTNOTIFICATIONID=${number}`, ...extra)
}

async function waiting(): Promise<readonly string[]> {
  return (await readdir(join(directory, 'spool/queue'))).toSorted()
}

const logged = (): Promise<string> => readFile(join(directory, 'log'), 'utf8').catch(() => '')
const received = (host: string): readonly string[] =>
  bot.arrivals
    .filter(({ fields }) => fields['HOSTNAME'] === host)
    .map(({ fields }) => fields['HOSTNOTIFICATIONID'] ?? '')
const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

describe('while the bot is there', () => {
  test('a notification is delivered with its token and leaves nothing behind', async () => {
    const { code, output } = await notify('lb1', 1)

    expect({ code, output }).toEqual({ code: 0, output: '' })
    expect(bot.arrivals).toHaveLength(1)
    expect(bot.arrivals[0]).toMatchObject({ path: '/webhooks/nagios', authorization: `Bearer ${token}` })
    expect(await waiting()).toEqual([])
  })

  test('values arrive as they were sent, and run nothing', async () => {
    const canary = join(directory, 'canary')
    const values: Record<string, string> = {
      SERVICEOUTPUT: `it's "quoted" \\ \\n $(touch ${canary}) \`touch ${canary}\` ; touch ${canary} | & < > * ? ~ # !`,
      LONGSERVICEOUTPUT: `first\nsecond\r\n\tthird\n\n`,
      SERVICEACKCOMMENT: `@${join(directory, 'token')}`,
      SERVICEACKAUTHOR: '-o --config /etc/passwd',
      SERVICENOTES: '100%25 %00 %n a+b&HOSTNAME=other=x;y',
      SERVICEGROUPNAMES: 'é 😀 \u202e \u0001\u007f',
      SERVICEPERFDATA: 'x\'"$`\\ '.repeat(2_000).slice(0, 8_192),
      HOSTNOTES: '',
    }

    const { code } = await run(
      'service',
      ...Object.entries(values).map(([name, value]) => `${name}=${value}`),
    )

    expect(code).toBe(0)
    expect(bot.arrivals[0]?.fields).toEqual(values)
    expect(await exists(canary)).toBe(false)
  })

  test('bytes that are not UTF-8 arrive as those bytes', async () => {
    const inner = `exec "$0" service HOSTNAME=lb1 "SERVICEOUTPUT=$(printf 'a\\377\\303b')"`
    const child = spawn('sh', ['-c', inner, script], { env: environment(), stdio: 'ignore' })
    await once(child, 'close')

    expect(bot.arrivals[0]?.body.toString()).toMatch(/SERVICEOUTPUT=%61%ff%c3%62$/)
    expect(bot.arrivals[0]?.fields['SERVICEOUTPUT']).toBe('a\ufffd\ufffdb')
  })

  test('a form that Nagios has encoded already is passed on as it is', async () => {
    const form = 'NOTIFICATIONTYPE=PROBLEM&HOSTNAME=lb1&HOSTOUTPUT=it%27s%20%24%28id%29%FF'

    await run('host', '--form', form)

    expect(bot.arrivals[0]?.body.toString()).toBe(form)
  })

  test.each(['a=1\nb=2', 'a=1\r', 'a="b', 'a=\\', 'a=`id`', 'a=<b>', 'a=|', 'a=\u00fc', '@/etc/passwd', ''])(
    'a form that nobody encoded is refused: %j',
    async (form) => {
      const { code } = await run('host', '--form', form)

      expect(code).toBe(2)
      expect(bot.arrivals).toEqual([])
      expect(await logged()).toContain('is not form-encoded')
    },
  )

  test('what Nagios may leave unencoded is passed on', async () => {
    const form = "HOSTNAME=lb-1_a.b~c&A=%25+*$()/:,;@!?' -"

    await run('host', '--form', form)

    expect(bot.arrivals[0]?.body.toString()).toBe(form)
  })

  test('the token is on no command line while it is being used', async () => {
    const held = Promise.withResolvers<Reply>()
    bot.answer(() => held.promise)
    const child = start('host', 'HOSTNAME=lb1')
    await vi.waitFor(() => expect(bot.arrivals).toHaveLength(1), patience)

    const commandLines = await everyCommandLine()
    held.resolve({ status: 202 })
    await once(child, 'close')

    expect(bot.arrivals[0]?.authorization).toContain(token)
    expect(commandLines.some((line) => line.startsWith('curl\0-q'))).toBe(true)
    expect(commandLines.filter((line) => line.includes(token))).toEqual([])
  })
})

async function everyCommandLine(): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')))
}

describe('while the bot is away', () => {
  test('a stream of notifications waits, and then each arrives once and in order per object', async () => {
    const hosts = ['lb1', 'lb2', 'api1', 'db1']
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8]
    const { port } = bot
    await bot.stop()
    for (const number of numbers.slice(0, 6)) await Promise.all(hosts.map((host) => notify(host, number)))
    const before = await waiting()

    bot = await startReceiver(port)
    for (const number of numbers.slice(6)) await Promise.all(hosts.map((host) => notify(host, number)))
    await run('flush')

    expect(before).toHaveLength(24)
    expect(bot.arrivals).toHaveLength(32)
    for (const host of hosts) expect(received(host)).toEqual(numbers.map(String))
    expect(await waiting()).toEqual([])
  })

  test('it is not an error of the notification command: the notification is safe', async () => {
    await bot.stop()

    const { code } = await notify('lb1', 1)

    expect(code).toBe(0)
    expect(await waiting()).toHaveLength(1)
  })

  test('what waits too long is reported, in the log and by status', async () => {
    await bot.stop()
    await notify('lb1', 1)
    const [name = ''] = await waiting()
    const seconds = Number(name.slice(0, 10)) - 400
    await rename(
      join(directory, 'spool/queue', name),
      join(directory, 'spool/queue', `${seconds}${name.slice(10)}`),
    )

    await run('flush')
    const status = await run('status')

    expect(await logged()).toMatch(
      /daemon\.warning .*1 notifications wait for the bot, the oldest for 40\d s .*000/,
    )
    expect(status.code).toBe(1)
    expect(status.output).toMatch(/^1 waiting, the oldest for 40\d s, overdue; 0 set aside/)
  })
})

describe('other files in the spool', () => {
  test('stop nothing, are never sent or counted, and are reported once', async () => {
    await notify('lb1', 1)
    const names = ['.9zz', '9zz', '012-3.4', '12-3.4.reason', '1-2-3.4', '5-.1', '6-1.', 'note']
    for (const name of names) await writeFile(join(directory, 'spool/queue', name), 'HOSTNAME=no')

    const first = await run('flush')
    await notify('lb1', 2)
    const second = await run('flush')
    const status = await run('status')

    expect([first, second].map(({ code, output }) => [code, output])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(status).toEqual({ code: 0, output: expect.stringMatching(/^0 waiting, .*; 0 set aside/) })
    expect(bot.arrivals.map(({ fields }) => fields['HOSTNAME'])).toEqual(['lb1', 'lb1'])
    expect((await logged()).match(/not notifications, and left alone .*9zz.*/g)).toHaveLength(1)
    expect((await waiting()).toSorted()).toEqual(names.toSorted())
  })
})

describe('when the bot refuses', () => {
  test.each([503, 500, 401, 403, 404, 408, 429, 302])(
    '%i: it is kept, and sent again later',
    async (status) => {
      bot.answer(() => ({ status }))
      await notify('lb1', 1)
      const kept = await waiting()

      bot.answer(() => ({ status: 202 }))
      await run('flush')

      expect(kept).toHaveLength(1)
      expect(bot.arrivals).toHaveLength(2)
      expect(bot.arrivals[1]?.body).toEqual(bot.arrivals[0]?.body)
      expect(await waiting()).toEqual([])
    },
  )

  test.each([400, 413, 422])('%i: it is set aside with the reason, and can be put back', async (status) => {
    bot.answer(() => ({ status, text: '{"field": "TIMET",\n "message": "is not a time"}' }))
    await notify('lb1', 1)
    const [file = '', reason = ''] = (await readdir(join(directory, 'spool/rejected'))).toSorted()
    const why = await readFile(join(directory, 'spool/rejected', reason), 'utf8')
    const log = await logged()

    bot.answer(() => ({ status: 202 }))
    const back = await run('requeue')

    expect(reason).toBe(`${file}.reason`)
    expect(why).toBe(`${status} {"field": "TIMET",  "message": "is not a time"}\n`)
    expect(log).toContain(`refused a notification (${status}`)
    expect(back.code).toBe(0)
    expect(received('lb1')).toEqual(['1', '1'])
    expect(await readdir(join(directory, 'spool/rejected'))).toEqual([])
  })

  test("an object's later notifications wait behind one that is kept; other objects go on", async () => {
    bot.answer(({ fields }) => ({ status: fields['HOSTNAME'] === 'lb1' ? 503 : 202 }))
    await notify('lb1', 1)
    await notify('lb1', 2)
    await notify('api1', 1)
    const kept = await waiting()
    const tried = received('lb1')

    bot.answer(() => ({ status: 202 }))
    await run('flush')

    expect(kept).toHaveLength(2)
    expect(tried).not.toContain('2')
    expect(received('api1')).toEqual(['1'])
    expect(received('lb1').slice(tried.length)).toEqual(['1', '2'])
  })

  test('after three failures in a round it gives the bot a rest', async () => {
    bot.answer(() => ({ status: 503 }))
    for (const host of ['a', 'b', 'c', 'd', 'e']) await notify(host, 1)
    const before = bot.arrivals.length

    await run('flush')

    expect(bot.arrivals.length - before).toBe(3)
    expect(await waiting()).toHaveLength(5)
  })
})

describe('when things go wrong in the middle', () => {
  test('two senders at once do not send anything twice', async () => {
    const { port } = bot
    await bot.stop()
    for (const number of [1, 2, 3, 4, 5]) await notify('lb1', number)
    bot = await startReceiver(port)

    await Promise.all([run('flush'), run('flush'), run('flush')])

    expect(received('lb1')).toEqual(['1', '2', '3', '4', '5'])
    expect(await waiting()).toEqual([])
  })

  test('what is spooled while another sender is at work is sent by that one', async () => {
    const held = Promise.withResolvers<Reply>()
    bot.answer(() => held.promise)
    const first = start('host', 'HOSTNAME=lb1', 'HOSTNOTIFICATIONID=1')
    await vi.waitFor(() => expect(bot.arrivals).toHaveLength(1), patience)

    const second = await notify('lb1', 2)
    const between = bot.arrivals.length
    held.resolve({ status: 202 })
    await once(first, 'close')

    expect(second.code).toBe(0)
    expect(between).toBe(1)
    expect(received('lb1')).toEqual(['1', '2'])
    expect(await waiting()).toEqual([])
  })

  test('killed while sending, as Nagios does after its time-out, it keeps the notification', async () => {
    bot.answer(() => new Promise(() => {}))
    const child = start('host', 'HOSTNAME=lb1', 'HOSTNOTIFICATIONID=1')
    await vi.waitFor(() => expect(bot.arrivals).toHaveLength(1), patience)

    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'close')
    const kept = await waiting()
    bot.answer(() => ({ status: 202 }))
    // The lock is free as soon as the kernel has buried the killed curl, a moment later.
    await vi.waitFor(async () => {
      await run('flush')
      expect(await waiting()).toEqual([])
    }, patience)

    expect(kept).toHaveLength(1)
    expect(bot.arrivals.map(({ body }) => body)).toEqual([bot.arrivals[0]?.body, bot.arrivals[0]?.body])
  })

  test('killed while writing, it has written a notification that is sent a minute later', async () => {
    await notify('lb1', 1)
    const half = `${Math.floor(Date.now() / 1_000) - 61}000000000-7.7`
    await writeFile(join(directory, 'spool/queue', `.${half}`), 'HOSTNAME=lb1&HOSTNOTIFICATIONID=2')
    const fresh = `${Math.floor(Date.now() / 1_000)}000000000-8.8`
    await writeFile(join(directory, 'spool/queue', `.${fresh}`), 'HOSTNAME=lb1&HOSTNOTIFICATIONID=3')

    await run('flush')

    expect(received('lb1')).toEqual(['1', '2'])
    expect(await waiting()).toEqual([`.${fresh}`])
  })

  test('a bot that never answers is given up after the time-out, and the notification is kept', async () => {
    bot.answer(() => new Promise(() => {}))
    await configure({ DR_TIMEOUT: '1' })

    const { code } = await notify('lb1', 1)

    expect(code).toBe(0)
    expect(await waiting()).toHaveLength(1)
  })

  test('without a spool to write to, it is sent all the same', async () => {
    await configure({ DR_SPOOL: join(directory, 'token/no-directory') })

    const { code } = await notify('lb1', 1)

    expect(code).toBe(0)
    expect(received('lb1')).toEqual(['1'])
    expect(await logged()).toContain('sending without the spool')
  })

  test('without a spool and without the bot, the loss is logged and the command fails', async () => {
    await configure({ DR_SPOOL: join(directory, 'token/no-directory') })
    await bot.stop()

    const { code } = await notify('lb1', 1)

    expect(code).toBe(1)
    expect(await logged()).toContain('LOST a notification')
  })
})

describe('what the administrator got wrong', () => {
  test.each([
    [['host'], 'no macros were given'],
    [['host', 'HOSTNAME'], 'wants NAME=value'],
    [['host', 'HOST-NAME=x'], 'wants NAME=value'],
    [['host', '--form', ''], 'is the hostgroup dr-bot defined'],
    [['host', '--form', '@/etc/passwd'], 'is the hostgroup dr-bot defined'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code } = await run(...args)

    expect(code).toBe(2)
    expect(await logged()).toContain(message)
    expect(bot.arrivals).toEqual([])
  })

  test('an unknown word is answered with the usage', async () => {
    const { code, output } = await run('sned')

    expect(code).toBe(2)
    expect(output).toContain('dr-notify flush')
  })

  test('a token that could end its header is not sent', async () => {
    await writeFile(join(directory, 'token'), 'abc" \nheader = "X: y\n')

    await notify('lb1', 1)

    expect(bot.arrivals).toEqual([])
    expect(await logged()).toContain('a token has only the characters')
    expect(await waiting()).toHaveLength(1)
  })
})
