// What can go wrong between the bot and Nagios' cmd.cgi, each as an error with its next step and without the password.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNagiosCommands } from '../../src/providers/nagios-commands.ts'
import { startReceiver } from '../servers/nagios-receiver.ts'
import type { NagiosCommands } from '../../src/ports.ts'
import type { Receiver } from '../servers/nagios-receiver.ts'

const password = 'pass-77c1'
const success =
  "<DIV CLASS='infoMessage'>Your command request was successfully submitted to Nagios for processing.<BR>"
const service = { host: 'lb1', service: 'HA Proxy' }

let nagios: Receiver
let commands: NagiosCommands

beforeEach(async () => {
  nagios = await startReceiver()
  nagios.answer(() => ({ status: 200, text: success }))
  commands = createNagiosCommands({ url: `${nagios.url}/cgi-bin/nagios4`, user: 'dr-bot', password })
})

afterEach(() => nagios.stop().catch(() => {}))

function acknowledge(signal = AbortSignal.timeout(5_000)): Promise<void> {
  return commands.acknowledge(service, 'Ann', 'I have it', signal)
}

async function failure(act: Promise<void>): Promise<Error> {
  const error: unknown = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('it was expected to fail')
  return error
}

test('a service is acknowledged sticky, without a notification and without a lasting comment', async () => {
  await acknowledge()

  const [arrival] = nagios.arrivals
  const { nagFormId, ...fields } = arrival?.fields ?? {}
  expect(arrival?.path).toBe('/cgi-bin/nagios4/cmd.cgi')
  expect(nagFormId).toMatch(/^[0-9a-f]{1,10}$/)
  expect(fields).toEqual({
    cmd_typ: '34',
    cmd_mod: '2',
    host: 'lb1',
    service: 'HA Proxy',
    sticky_ack: 'on',
    com_author: 'Ann',
    com_data: 'Ann: I have it',
  })
})

test('a host is acknowledged with the command for hosts', async () => {
  await commands.acknowledge({ host: 'lb1' }, 'Ann', 'mine', AbortSignal.timeout(5_000))

  expect(nagios.arrivals[0]?.fields).toMatchObject({ cmd_typ: '33', host: 'lb1' })
  expect(nagios.arrivals[0]?.fields).not.toHaveProperty('service')
})

test('names and words can neither end the command nor add an argument', async () => {
  await commands.acknowledge(
    service,
    'A;B\r\n',
    'x;y\n[0] SHUTDOWN_PROGRAM\u0085\u2028z',
    AbortSignal.timeout(5_000),
  )

  expect(nagios.arrivals[0]?.fields).toMatchObject({
    com_author: 'A B',
    com_data: 'A B : x y [0] SHUTDOWN_PROGRAM z',
  })
})

test('an address that holds a password is refused before it can end up in an error or a log', () => {
  const url = `http://dr-bot:${password}@127.0.0.1/cgi-bin`

  expect(() => createNagiosCommands({ url, user: 'dr-bot', password })).toThrow(
    /^(?!.*pass-77c1).*NAGIOS_CGI_PASSWORD$/,
  )
})

describe('an administrator mends', () => {
  test.each([
    [401, '', 'nagios-credentials', /refused the user "dr-bot" \(401\); correct NAGIOS_CGI_USER/],
    [403, '', 'nagios-credentials', /\(403\)/],
    [404, '', 'nagios-url', /NAGIOS_CGI_URL does not lead to Nagios' cmd\.cgi \(answered 404\)/],
    [302, '', 'nagios-url', /answered 302/],
    [200, '<h1>Log in</h1>', 'nagios-url', /the answer is not that of cmd\.cgi/],
    [
      200,
      'Sorry, but you are not authorized to commit the specified command.',
      'nagios-rights',
      /can_submit_commands 1/,
    ],
    [
      200,
      'chosen to not use the authentication functionality of the CGIs',
      'nagios-settings',
      /use_authentication=1/,
    ],
    [
      200,
      'Nagios is currently not checking for external commands',
      'nagios-settings',
      /check_external_commands=1/,
    ],
    [
      200,
      "<DIV CLASS='errorMessage'>Comment was not entered</DIV>",
      'nagios-refused',
      /lb1;HA Proxy: Comment was not/,
    ],
  ])('%i %s', async (status, text, code, message) => {
    nagios.answer(() => ({ status, text }))

    const error = await failure(acknowledge())

    expect(error).toMatchObject({ name: 'UserError', code })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain(password)
  })
})

describe('time mends', () => {
  test.each([
    [500, ''],
    [503, ''],
    [429, ''],
    [
      200,
      "<DIV CLASS='errorMessage'>An error occurred while attempting to commit your command for processing.",
    ],
    [
      200,
      "<DIV CLASS='errorMessage'>Error: Could not stat() command file '/var/lib/nagios4/rw/nagios.cmd'!</DIV>",
    ],
  ])('%i %s', async (status, text) => {
    nagios.answer(() => ({ status, text }))

    expect(await failure(acknowledge())).toMatchObject({ name: 'RetryableError' })
  })

  test('a web server that is away', async () => {
    await nagios.stop()

    const error = await failure(acknowledge())

    expect(error.name).toBe('RetryableError')
    expect(error.message).toContain(`Nagios did not answer at ${nagios.url}`)
    expect(error.message).not.toContain(password)
  })

  test('a web server that never answers, when the caller gives up', async () => {
    nagios.answer(() => new Promise(() => {}))

    expect(await failure(acknowledge(AbortSignal.timeout(50)))).toMatchObject({ name: 'RetryableError' })
  })
})
