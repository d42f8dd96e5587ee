// What `dr` does by itself: keeps address and token, and on the bot's host prints tokens and links and checks the plan.
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { settingsFile } from '../../src/cli/settings.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { openCli, secret, token } from './cli-house.ts'
import type { CliHouse } from './cli-house.ts'

const redis = oneRedis()
let house: CliHouse

beforeEach(async () => {
  house = await openCli(redis())
  return house.close
})

describe('address and token', () => {
  const nothing = { env: () => ({}) }

  test('are kept by setup in a file that only its owner can read, and used from there', async () => {
    const ran = await house.dr(['setup', `${house.url}/`], { ...nothing, input: async () => `${token}\n` })

    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining(settingsFile(house.home)) })
    expect((await stat(settingsFile(house.home))).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(settingsFile(house.home), 'utf8'))).toEqual({ url: house.url, token })
    expect(await house.dr(['status'], nothing)).toMatchObject({ code: 0 })
  })

  test('want an address with its scheme, and say so of what was typed', async () => {
    expect(await house.dr(['setup', '127.0.0.1:3100'], nothing)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^“127\.0\.0\.1:3100” is no address\. Type it with its http:/),
    })
    expect(await house.dr(['--version'], nothing)).toMatchObject({ code: 0, out: 'dr 1.2.3\n' })
  })

  test('are not kept when the bot does not accept the token', async () => {
    expect(
      await house.dr(['setup', house.url], { ...nothing, input: async () => 'drt_wrong.wrong' }),
    ).toMatchObject({
      code: 1,
    })
    expect(await house.dr(['setup', 'nonsense'], nothing)).toMatchObject({ code: 2 })
    expect(await house.dr(['setup', house.url], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no token'),
    })
    expect(await house.dr(['status'], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('dr setup'),
    })
  })

  test('of the file stay together: another DR_URL does not get the token', async () => {
    await house.dr(['setup', house.url], { ...nothing, input: async () => token })

    const ran = await house.dr(['status'], { env: () => ({ DR_URL: 'http://127.0.0.1:9' }) })

    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('no token for http://127.0.0.1:9') })
  })

  test('without any address are those of the bot on this machine, by its own HOST and PORT', async () => {
    const { port } = new URL(house.url)
    const own = { DR_TOKEN: token, PORT: port }

    expect(await house.dr(['status'], { env: () => own })).toMatchObject({ code: 0 })
    const all = { ...own, HOST: '0.0.0.0', DR_TOKEN: '' }
    expect((await house.dr(['status'], { env: () => all })).err).toContain(
      `no token for http://localhost:${port}`,
    )
    const foreign = { DR_TOKEN: '', PORT: 'tcp://192.0.2.1:80' }
    expect((await house.dr(['status'], { env: () => foreign })).err).toContain('http://127.0.0.1:3000')
  })

  test('are refused when others can read the file, and when it is broken', async () => {
    await house.dr(['setup', house.url], { ...nothing, input: async () => token })
    await chmod(settingsFile(house.home), 0o644)
    expect(await house.dr(['status'], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('chmod 600'),
    })
    await chmod(settingsFile(house.home), 0o600)
    await writeFile(settingsFile(house.home), '{')
    expect(await house.dr(['status'], nothing)).toMatchObject({
      code: 2,
      err: expect.stringContaining('dr setup'),
    })
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
    const printed = (await house.dr(['token', 'ann'], host)).out.trim()

    expect(
      await house.dr(['status'], { env: () => ({ DR_URL: house.url, DR_TOKEN: printed }) }),
    ).toMatchObject({
      code: 0,
    })
  })

  test('login prints a link that signs in', async () => {
    const link = new URL((await house.dr(['login', 'ann'], host)).out.trim())

    expect(link.href).toMatch(/^https:\/\/dr\.example\.com\/login\?token=drl_/)
    const page = await house.web.inject({ method: 'GET', url: link.pathname + link.search })
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Ann Onken')
  })

  test('nobody gets a token who is not in the plan, and none is signed without the secret', async () => {
    expect(await house.dr(['token', 'anm'], host)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('"ann"'),
    })
    expect(await house.dr(['token', 'ann'], { env: () => ({}) })).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('CONSOLE_SECRET'),
    })
  })

  test('plan check and plan test say what the plan says', async () => {
    expect(await house.dr(['plan', 'check', 'dr-plan.example.yml'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('is a valid DR plan'),
    })
    expect(await house.dr(['plan', 'check', 'test/fixtures/plans/06-unknown-person.yml'])).toMatchObject({
      code: 1,
    })
    expect(await house.dr(['plan', 'check', 'nowhere.yml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be read'),
    })
    const alert = ['--host', 'lb1', '--service', 'HAProxy', '--state', 'critical', '--at', '2026-12-24T03:00']
    expect(await house.dr(['plan', 'test', ...alert], host)).toMatchObject({
      code: 0,
      out: expect.stringContaining('System     lb, because of'),
    })
    expect(JSON.parse((await house.dr(['plan', 'test', ...alert, '--json'], host)).out)).toMatchObject({
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
    expect(await house.dr(args, host)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/Type|Write/),
    })
  })
})

describe('a plan that is not there', () => {
  test('is named with how to name another, and with the example', async () => {
    const { code, err } = await house.dr(['plan', 'check', '/nowhere/dr-plan.yml'])

    expect(code).toBe(1)
    expect(err).toContain('npx dr plan check FILE (dr-plan.example.yml')
  })
})
