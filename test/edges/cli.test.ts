// The terminal against the real HTTP server: what is printed, with which status it ends, and where a token goes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandText, readArgs } from '../../src/cli/args.ts'
import { runCli } from '../../src/cli/main.ts'
import { settingsFile } from '../../src/cli/settings.ts'
import { createChanges } from '../../src/changes.ts'
import { parseCommand } from '../../src/command/parse.ts'
import { runCard } from '../../src/recovery/card.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { createSigner } from '../../src/web/session.ts'
import { createWeb } from '../../src/web/server.ts'
import { start, startDesk } from '../stories/command-desk.ts'
import { silent } from '../servers/redis.ts'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import type { ExitCode, Machine } from '../../src/cli/main.ts'
import type { Web } from '../../src/web/server.ts'
import type { DeskServer, TestDesk } from '../stories/command-desk.ts'

const secret = 'a secret of the console, long enough'
const signer = createSigner(secret)
const token = signer.token('ann', start)
let server: DeskServer
let desk: TestDesk
let web: Web
let url: string
let home: string

beforeAll(async () => {
  server = await startDesk()
})
afterAll(() => server.stop())
beforeEach(async () => {
  desk = await server.desk()
  home = await mkdtemp(join(tmpdir(), 'dr-home-'))
  web = createWeb({
    nagiosToken: 'not used in this file',
    accept: async () => {},
    heartbeat: () => {},
    clock: desk.clock,
    log: silent,
    metrics: createMetrics(),
    store: desk.store,
    runCard: (run) => runCard(run, desk.clock.now(), desk.plan()),
    dispatch: desk.dispatch,
    changes: createChanges(),
    plan: desk.plan,
    signer,
    publicUrl: 'http://127.0.0.1',
    ready: async () => ({ ready: true, checks: {} }),
  })
  url = await web.listen('127.0.0.1', 0)
  return async () => {
    await web.close()
    await rm(home, { recursive: true })
  }
})

interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
  readonly asked: readonly string[]
}

/** Runs the command line in this process; `answers` are typed by whoever sits there, who is absent without them. */
async function dr(
  args: readonly string[],
  more: Partial<Machine> & { readonly answers?: readonly string[] } = {},
): Promise<Ran> {
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []]
  const { answers, ...machine } = more
  const ask = async (question: string): Promise<string> => {
    asked.push(question)
    return answers?.[asked.length - 1] ?? ''
  }
  const code = await runCli(args, {
    env: () => ({ DR_URL: url, DR_TOKEN: token }),
    home,
    now: desk.clock.now,
    after: desk.clock.after,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    terminal: { width: 80, colour: false },
    ask: answers && ask,
    input: async () => '',
    signer: async () => createSigner,
    systems: () => Promise.reject(new Error('no system is asked')),
    chat: async () => async () => {},
    ...machine,
  })
  return { code, out: out.join(''), err: err.join(''), asked }
}

describe('a command', () => {
  test('that is done prints its card and ends with 0', async () => {
    const ran = await dr(['open', 'lb', 'customers see errors'])

    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('INC-1 is open; the engineer on call is being paged.')
    expect((await desk.store.timeline('INC-1'))[0]).toMatchObject({ by: { person: 'ann', door: 'cli' } })
  })

  test('that waits for a slow provider says so, and ends with what came of it', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    desk.runs.before = () => {
      begun.resolve()
      return gate.promise
    }
    const errors: string[] = []
    const ran = dr(['failover', 'dns'], { err: (text) => void errors.push(text) })
    await begun.promise
    desk.clock.move(50_000)
    expect(errors.join('')).toBe(
      'Looking at the world; something is slow. Waiting for the answer, for up to a minute ...\n',
    )
    gate.resolve()

    expect(await ran).toMatchObject({ code: 1, out: '' })
    expect(errors.join('')).toContain('There is no recovery engine')
  })

  test('that is refused ends with 1, that is not understood with 2, both with the reason on standard error', async () => {
    expect(await dr(['ack'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('open lb') })
    expect(await dr(['akc'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('ack') })
  })

  test('keeps every word as the shell gave it', async () => {
    await dr(['open', 'lb'])
    const hostile = 'a "b" \'c\' \\ “d” &amp; &nbsp; $(e) `f`\n--yes INC-9'
    await dr(['note', 'INC-1', hostile])
    await dr(['note', 'INC-1', "it's", '5"', 'disk'])

    const texts = (await desk.store.timeline('INC-1')).map((event) => event.text)
    expect(texts).toContain(hostile)
    expect(texts).toContain('it\'s 5" disk')
  })

  test('counts clocks from the time of the bot, whatever the time is at the terminal', async () => {
    await desk.say('ann', 'open lb customers see errors')

    const ran = await dr(['status'], { now: () => start + 3_600_000 })

    expect(ran.out).toContain('RTO 10m: 10m left; diagnosis: 30m left')
  })

  test('shows every time in the zone of the plan, by name, wherever the terminal is', async () => {
    await desk.say('ann', 'open lb customers see errors')
    const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO('Europe/Berlin')
    const clock = local.toPlainTime().toString({ smallestUnit: 'second' })

    const status = await dr(['status'])
    const timeline = await dr(['timeline', 'INC-1'])

    expect(status.out).toContain(`Down since ${local.toPlainDate().toString()} ${clock}`)
    expect(status.out).toContain('Times in Europe/Berlin')
    expect(timeline.out).toContain(`${local.year}, Europe/Berlin`)
    expect(timeline.out).toContain(clock)
  })

  test('with --json prints the answer as data', async () => {
    const ran = await dr(['status', '--json'])

    expect(JSON.parse(ran.out)).toEqual({
      status: 'done',
      data: { incidents: [], runs: [], frozen: false, owed: [], warnings: [] },
    })
    const refused = await dr(['--json', 'ack'])
    expect(JSON.parse(refused.out)).toMatchObject({ status: 'refused', data: { code: 'no-incident' } })
    expect(refused.code).toBe(1)
  })

  test('with --json prints nothing that controls a terminal, and whoever parses it gets what was there', async () => {
    const hostile = '\u009b2J \u009d0;x\u009c \u007f \u202egnp.exe \u2066a\u2069 \u200f \u2028 \u001b[2J é 😀'
    await dr(['open', 'lb'])
    await dr(['note', 'INC-1', hostile])

    const timeline = await dr(['timeline', 'INC-1', '--json'])
    const local = await dr(['plan', 'test', '--host', hostile, '--service', 'x', '--json'], {
      env: () => ({ DR_PLAN: 'dr-plan.example.yml' }),
    })

    for (const { out } of [timeline, local]) {
      expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
      expect(out).toContain(String.raw`\u009b2J`)
      expect(out).toContain('é 😀')
      expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(hostile).slice(1, -1))
    }
  })

  test('after -- has no options of the terminal', () => {
    expect(readArgs(['note', '--', '--json'])).toEqual({ kind: 'command', text: 'note --json', json: false })
    expect(commandText(['note INC-1 one argument'])).toBe('note INC-1 one argument')
    expect(parseCommand(commandText(['failover', 'lb', '--override', 'x', 'a b']))).toMatchObject({
      command: { options: { overrides: [{ rule: 'x', reason: 'a b' }] } },
    })
  })

  test('report prints a Markdown document and nothing around it', async () => {
    await dr(['open', 'lb', '<b>broken</b>'])

    const ran = await dr(['report'])

    expect(ran.out).toMatch(/^# INC-1: \\<b\\>broken\\<\/b\\>\n\n## What happened\n/)
  })
})

describe('a proposal', () => {
  test('is approved by the one who sits there, at once', async () => {
    const ran = await dr(['failover', 'lb'], { answers: ['y'] })

    expect(ran).toMatchObject({ code: 0, asked: ['Approve R-1? [y/N] '] })
    expect(ran.out).toContain('R-1 is approved.')
    expect((await desk.store.run('R-1'))?.state).toMatchObject({
      state: 'running',
      approvals: [{ by: 'ann' }],
    })
  })

  test('waits when the answer is not yes, and when nobody sits there', async () => {
    expect(await dr(['failover', 'lb'], { answers: [''] })).toMatchObject({ code: 0 })
    expect(await dr(['failover', 'lb'])).toMatchObject({ code: 0, asked: [] })
    expect((await desk.store.run('R-1'))?.state.state).toBe('proposed')
  })

  test('that is disruptive wants the name typed', async () => {
    desk.runs.risk = 'disruptive'
    expect(await dr(['failover', 'lb'], { answers: ['y'] })).toMatchObject({ code: 1 })
    expect((await desk.store.run('R-1'))?.state.state).toBe('proposed')
    expect(await dr(['failover', 'lb'], { answers: ['api.example.com'] })).toMatchObject({ code: 0 })
    expect((await desk.store.run('R-1'))?.state.state).toBe('running')
  })

  test('that loses data is not approved by the one who asks', async () => {
    desk.runs.risk = 'loses-data'
    expect(await dr(['failover', 'lb'], { answers: ['y'] })).toMatchObject({ code: 0, asked: [] })
  })
})

describe('a plan that is not there', () => {
  test('is named with how to name another, and with the example', async () => {
    const { code, err } = await dr(['plan', 'check', '/nowhere/dr-plan.yml'])

    expect(code).toBe(1)
    expect(err).toContain('npx dr plan check FILE (dr-plan.example.yml')
  })
})

describe('the bot', () => {
  test('that is not there ends with 3 and says where to look', async () => {
    await web.close()

    const ran = await dr(['status'])

    expect(ran).toMatchObject({
      code: 3,
      err: expect.stringContaining(`The bot at ${url} does not answer (`),
    })
    expect(JSON.parse((await dr(['status', '--json'])).out)).toMatchObject({ status: 'unreachable' })
  })

  test.each([
    ['is something else', 200, '{"hello": "world"}', 3],
    ['is a broken proxy', 502, '<h1>Bad gateway</h1>', 3],
    ['does not let us in', 401, '{"message": "the token was taken back"}', 1],
  ] as const)('that %s is told apart', async (_what, status, body, code) => {
    const other = createServer((_request, response) => response.writeHead(status).end(body))
    const address = await listen(other)

    const ran = await dr(['status'], { env: () => ({ DR_URL: address, DR_TOKEN: token }) })

    expect(ran.code).toBe(code)
    expect(ran.err).toContain(address)
    other.close()
  })

  test('that sends us elsewhere does not get the token sent there', async () => {
    const seen: (string | undefined)[] = []
    const thief = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('{}')
    })
    const goal = await listen(thief)
    const other = createServer((_request, response) => response.writeHead(307, { location: goal }).end())
    const address = await listen(other)

    expect(await dr(['status'], { env: () => ({ DR_URL: address, DR_TOKEN: token }) })).toMatchObject({
      code: 3,
    })
    expect(seen).toEqual([])
    other.close()
    thief.close()
  })

  test('refuses a token that is not its own, and says how to get one', async () => {
    const ran = await dr(['status'], { env: () => ({ DR_URL: url, DR_TOKEN: 'drt_wrong.wrong' }) })

    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('npx dr token PERSON') })
  })
})

describe('address and token', () => {
  const nothing = { env: () => ({}) }

  test('are kept by setup in a file that only its owner can read, and used from there', async () => {
    const ran = await dr(['setup', `${url}/`], { ...nothing, input: async () => `${token}\n` })

    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining(settingsFile(home)) })
    expect((await stat(settingsFile(home))).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(settingsFile(home), 'utf8'))).toEqual({ url, token })
    expect(await dr(['status'], nothing)).toMatchObject({ code: 0 })
  })

  test('are not kept when the bot does not accept the token', async () => {
    expect(await dr(['setup', url], { ...nothing, input: async () => 'drt_wrong.wrong' })).toMatchObject({
      code: 1,
    })
    expect(await dr(['setup', 'nonsense'], nothing)).toMatchObject({ code: 2 })
    expect(await dr(['setup', url], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no token'),
    })
    expect(await dr(['status'], nothing)).toMatchObject({ code: 2, err: expect.stringContaining('dr setup') })
  })

  test('of the file stay together: another DR_URL does not get the token', async () => {
    await dr(['setup', url], { ...nothing, input: async () => token })

    const ran = await dr(['status'], { env: () => ({ DR_URL: 'http://127.0.0.1:9' }) })

    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('no token for http://127.0.0.1:9') })
  })

  test('are refused when others can read the file, and when it is broken', async () => {
    await dr(['setup', url], { ...nothing, input: async () => token })
    await chmod(settingsFile(home), 0o644)
    expect(await dr(['status'], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('chmod 600'),
    })
    await chmod(settingsFile(home), 0o600)
    await writeFile(settingsFile(home), '{')
    expect(await dr(['status'], nothing)).toMatchObject({ code: 2, err: expect.stringContaining('dr setup') })
  })
})

describe('on the host of the bot', () => {
  const host = {
    env: () => ({
      DR_PLAN: 'dr-plan.example.yml',
      CONSOLE_SECRET: secret,
      NAGIOS_TOKEN: 'a token of nagios',
      PUBLIC_URL: 'https://dr.example.com',
    }),
  }

  test('token prints a token that the bot accepts', async () => {
    const printed = (await dr(['token', 'ann'], host)).out.trim()

    expect(await dr(['status'], { env: () => ({ DR_URL: url, DR_TOKEN: printed }) })).toMatchObject({
      code: 0,
    })
  })

  test('login prints a link that signs in', async () => {
    const link = new URL((await dr(['login', 'ann'], host)).out.trim())

    expect(link.href).toMatch(/^https:\/\/dr\.example\.com\/login\?token=drl_/)
    const page = await web.inject({ method: 'GET', url: link.pathname + link.search })
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Ann Onken')
  })

  test('nobody gets a token who is not in the plan, and none is signed without the secret', async () => {
    expect(await dr(['token', 'anm'], host)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('"ann"'),
    })
    expect(await dr(['token', 'ann'], { env: () => ({}) })).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('CONSOLE_SECRET'),
    })
  })

  test('plan check and plan test say what the plan says', async () => {
    expect(await dr(['plan', 'check', 'dr-plan.example.yml'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('is a valid DR plan'),
    })
    expect(await dr(['plan', 'check', 'test/fixtures/plans/06-unknown-person.yml'])).toMatchObject({
      code: 1,
    })
    expect(await dr(['plan', 'check', 'nowhere.yml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be read'),
    })
    const alert = ['--host', 'lb1', '--service', 'HAProxy', '--state', 'critical', '--at', '2026-12-24T03:00']
    expect(await dr(['plan', 'test', ...alert], host)).toMatchObject({
      code: 0,
      out: expect.stringContaining('System     lb, because of'),
    })
    expect(JSON.parse((await dr(['plan', 'test', ...alert, '--json'], host)).out)).toMatchObject({
      system: 'lb',
    })
  })

  test.each([
    [['plan']],
    [['plan', 'test']],
    [['plan', 'test', '--hots', 'lb1']],
    [['plan', 'test', '--host', 'lb1', '--state', 'SICK']],
    [['plan', 'test', '--host', 'lb1', '--at', 'noon']],
    [['token']],
    [['login', 'ann', 'bob']],
  ])('%j is not understood, and an example is given', async (args) => {
    expect(await dr(args, host)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/Type|Write/) })
  })
})

describe('the program itself', () => {
  async function spawned(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [join(process.cwd(), 'src/cli.ts'), ...args], {
      cwd: home,
      env: { HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err, [code]] = await Promise.all([
      readAll(child.stdout),
      readAll(child.stderr),
      once(child, 'exit'),
    ])
    return { code, out, err }
  }

  test('ends with the status, and prints without colours into a pipe', async () => {
    const env = { DR_URL: url, DR_TOKEN: token }
    const [done, refused, unreachable, usage] = await Promise.all([
      spawned(['status'], env),
      spawned(['ack'], env),
      spawned(['status'], { ...env, DR_URL: 'http://127.0.0.1:9' }),
      spawned(['status'], {}),
    ])

    expect(done).toEqual({
      code: 0,
      err: '',
      out: '[ok] All quiet\n\n  Nothing is broken, no recovery is running.\n',
    })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(unreachable).toMatchObject({ code: 3, out: '' })
    expect(usage).toMatchObject({ code: 2, out: '' })
  })

  test('lists every command without a bot', async () => {
    const { code, out } = await spawned(['--help'], {})

    expect(code).toBe(0)
    expect(out).toContain('failover system')
    expect(out).toContain('Exit status: 0 done, 1 refused or failed, 2 not understood, 3 bot unreachable.')
  })
})

async function listen(other: Server): Promise<string> {
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
}
