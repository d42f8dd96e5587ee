// The terminal against the real HTTP server: what is printed, with which status it ends, and where a token goes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { beforeEach, describe, expect, test } from 'vitest'
import { commandText, readArgs } from '../../src/cli/args.ts'
import { parseCommand } from '../../src/command/parse.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { start } from '../stories/command-desk.ts'
import { openCli, token } from './cli-house.ts'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import type { CliHouse } from './cli-house.ts'

const redis = oneRedis()
let house: CliHouse

beforeEach(async () => {
  house = await openCli(redis())
  return house.close
})

describe('a command', () => {
  test('that is done prints its card and ends with 0', async () => {
    const ran = await house.dr(['open', 'lb', 'customers see errors'])

    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('INC-1 is open; the engineer on call is being paged.')
    expect((await house.desk.store.timeline('INC-1'))[0]).toMatchObject({
      by: { person: 'ann', door: 'cli' },
    })
  })

  test('that waits for a slow provider says so, and ends with what came of it', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    house.desk.runs.before = () => {
      begun.resolve()
      return gate.promise
    }
    const errors: string[] = []
    const ran = house.dr(['failover', 'dns'], { err: (text) => void errors.push(text) })
    await begun.promise
    house.desk.clock.move(50_000)
    expect(errors.join('')).toBe(
      'Looking at the world; something is slow. Waiting for the answer, for some minutes at most ...\n',
    )
    gate.resolve()

    expect(await ran).toMatchObject({ code: 1, out: '' })
    expect(errors.join('')).toContain('There is no recovery engine')
  })

  test('that is refused ends with 1, that is not understood with 2, both with the reason on standard error', async () => {
    expect(await house.dr(['ack'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('open lb'),
    })
    expect(await house.dr(['akc'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('ack') })
  })

  test('keeps every word as the shell gave it', async () => {
    await house.dr(['open', 'lb'])
    const hostile = 'a "b" \'c\' \\ “d” &amp; &nbsp; $(e) `f`\n--yes INC-9'
    await house.dr(['note', 'INC-1', hostile])
    await house.dr(['note', 'INC-1', "it's", '5"', 'disk'])

    const texts = (await house.desk.store.timeline('INC-1')).map((event) => event.text)
    expect(texts).toContain(hostile)
    expect(texts).toContain('it\'s 5" disk')
  })

  test('counts clocks from the time of the bot, whatever the time is at the terminal', async () => {
    await house.desk.say('ann', 'open lb customers see errors')

    const ran = await house.dr(['status'], { now: () => start + 3_600_000 })

    expect(ran.out).toContain('RTO 10m: 10m left; diagnosis: 30m left')
  })

  test('shows every time in the zone of the plan, by name, wherever the terminal is', async () => {
    await house.desk.say('ann', 'open lb customers see errors')
    const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO('Europe/Berlin')
    const clock = local.toPlainTime().toString({ smallestUnit: 'minute' })

    const status = await house.dr(['status'])
    const timeline = await house.dr(['timeline', 'INC-1'])

    expect(status.out).toContain(`Down since ${local.toPlainDate().toString()} ${clock}`)
    expect(status.out).toContain('Times in Europe/Berlin')
    expect(timeline.out).toContain(`${local.toPlainDate().toString()}, Europe/Berlin`)
    expect(timeline.out).toContain(clock)
  })

  test('with --json prints the answer as data', async () => {
    const ran = await house.dr(['status', '--json'])

    expect(JSON.parse(ran.out)).toEqual({
      status: 'done',
      data: { incidents: [], runs: [], frozen: false, owed: [], warnings: [] },
    })
    const refused = await house.dr(['--json', 'ack'])
    expect(JSON.parse(refused.out)).toMatchObject({ status: 'refused', data: { code: 'no-incident' } })
    expect(refused.code).toBe(1)
  })

  test('with --json prints nothing that controls a terminal, and whoever parses it gets what was there', async () => {
    const hostile = '\u009b2J \u009d0;x\u009c \u007f \u202egnp.exe \u2066a\u2069 \u200f \u2028 \u001b[2J é 😀'
    await house.dr(['open', 'lb'])
    await house.dr(['note', 'INC-1', hostile])

    const timeline = await house.dr(['timeline', 'INC-1', '--json'])
    const local = await house.dr(['plan', 'test', '--host', hostile, '--service', 'x', '--json'], {
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
    expect(readArgs(['note', '--', '--json'])).toEqual({
      kind: 'command',
      text: 'note --json',
      json: false,
      wait: false,
    })
    // As `dr note hello '"quoted"' there`: the record has what somebody wrote, and nothing of the way it came.
    expect(parseCommand(commandText(['note', 'hello', '"quoted"', 'there']))).toEqual({
      command: { verb: 'note', text: 'hello "quoted" there' },
    })
    expect(commandText(['note INC-1 one argument'])).toBe('note INC-1 one argument')
    expect(parseCommand(commandText(['failover', 'lb', '--override', 'x', 'a b']))).toMatchObject({
      command: { options: { overrides: [{ rule: 'x', reason: 'a b' }] } },
    })
  })

  test('report prints a Markdown document and nothing around it', async () => {
    await house.dr(['open', 'lb', '<b>broken</b>'])

    const ran = await house.dr(['report'])

    expect(ran.out).toMatch(/^# INC-1: \\<b\\>broken\\<\/b\\>\n\n## What happened\n/)
  })
})

describe('a proposal', () => {
  test('is approved by the one who sits there, at once', async () => {
    const ran = await house.dr(['failover', 'lb'], { answers: ['y'] })

    expect(ran).toMatchObject({ code: 0, asked: ['Approve R-1? [y/N] '] })
    expect(ran.out).toContain('R-1 is approved.')
    expect((await house.desk.store.run('R-1'))?.state).toMatchObject({
      state: 'running',
      approvals: [{ by: 'ann' }],
    })
  })

  test('waits when the answer is not yes, and when nobody sits there', async () => {
    const left = 'Not approved; it waits. To approve it: dr approve R-1\n'
    for (const said of ['', 'maybe'])
      expect(await house.dr(['failover', 'lb'], { answers: [said] })).toMatchObject({
        code: 0,
        out: expect.stringContaining(left),
      })
    expect(await house.dr(['failover', 'lb'])).toMatchObject({ code: 0, asked: [] })
    expect((await house.desk.store.run('R-1'))?.state.state).toBe('proposed')
  })

  test('that is disruptive wants the name typed', async () => {
    house.desk.runs.risk = 'disruptive'
    expect(await house.dr(['failover', 'lb'], { answers: ['y'] })).toMatchObject({ code: 1 })
    expect((await house.desk.store.run('R-1'))?.state.state).toBe('proposed')
    expect(await house.dr(['failover', 'lb'], { answers: ['api.example.com'] })).toMatchObject({ code: 0 })
    expect((await house.desk.store.run('R-1'))?.state.state).toBe('running')
  })

  test('that loses data is not approved by the one who asks', async () => {
    house.desk.runs.risk = 'loses-data'
    expect(await house.dr(['failover', 'lb'], { answers: ['y'] })).toMatchObject({ code: 0, asked: [] })
  })
})

describe('the bot', () => {
  test('that is not there ends with 3 and says where to look', async () => {
    await house.web.close()

    const ran = await house.dr(['status'])

    expect(ran).toMatchObject({
      code: 3,
      err: expect.stringContaining(`The bot at ${house.url} does not answer (`),
    })
    expect(ran.err).not.toContain('carried out')
    expect((await house.dr(['ack'])).err).toContain('Look at the console or into the chat whether')
    expect(JSON.parse((await house.dr(['status', '--json'])).out)).toMatchObject({ status: 'unreachable' })
  })

  test.each([
    ['is something else', 200, '{"hello": "world"}', 3],
    ['is a broken proxy', 502, '<h1>Bad gateway</h1>', 3],
    ['does not let us in', 401, '{"message": "the token was taken back"}', 1],
  ] as const)('that %s is told apart', async (_what, status, body, code) => {
    const other = createServer((_request, response) => response.writeHead(status).end(body))
    const address = await listen(other)

    const ran = await house.dr(['status'], { env: () => ({ DR_URL: address, DR_TOKEN: token }) })

    expect(ran.code).toBe(code)
    expect(ran.err).toContain(address)
    other.close()
  })

  test.each([200, 502])('that does not stop answering is not read to its end: %d', async (status) => {
    let sent = 0
    const flood = createServer((request, response) => {
      request.resume()
      response.on('error', () => {})
      response.writeHead(status, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(1024 * 1024, '{"a":1},')
      const go = (): void => {
        while (sent < 1024) {
          sent += 1
          if (!response.write(chunk)) return void response.once('drain', go)
        }
        response.end()
      }
      go()
    })
    const address = await listen(flood)

    const ran = await house.dr(['status'], { env: () => ({ DR_URL: address, DR_TOKEN: token }) })

    expect(ran).toMatchObject({ code: 3, out: '' })
    expect(ran.err).toContain(
      `What answers at ${address} is not the bot: it answered with more than 64 MB. Check DR_URL. On the bot's host: systemctl status`,
    )
    expect(sent).toBeGreaterThan(64)
    expect(sent).toBeLessThan(128)
    flood.closeAllConnections()
    flood.close()
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

    expect(await house.dr(['status'], { env: () => ({ DR_URL: address, DR_TOKEN: token }) })).toMatchObject({
      code: 3,
    })
    expect(seen).toEqual([])
    other.close()
    thief.close()
  })

  test('refuses a token that is not its own, and says how to get one', async () => {
    const ran = await house.dr(['status'], {
      env: () => ({ DR_URL: house.url, DR_TOKEN: 'drt_wrong.wrong' }),
    })

    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('npx dr token PERSON') })
  })
})

describe('the program itself', () => {
  async function spawned(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [join(process.cwd(), 'src/cli.ts'), ...args], {
      cwd: house.home,
      env: { HOME: house.home, ...env },
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
    const env = { DR_URL: house.url, DR_TOKEN: token }
    const [done, refused, unreachable, usage] = await Promise.all([
      spawned(['status'], env),
      spawned(['ack'], env),
      spawned(['status'], { ...env, DR_URL: 'http://127.0.0.1:9' }),
      spawned(['status'], {}),
    ])

    expect(done).toEqual({
      code: 0,
      err: '',
      out: '[ok] All quiet\n\n  Nothing is broken, no recovery is running.\n\nCould the recoveries be carried out?\n  Not looked at yet.\n',
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
