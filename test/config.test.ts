// The settings: what is refused, how it is said, and that no secret is said.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadEnvironment, readCliConfig, readConfig, secrets, unknownSettings } from '../src/config.ts'
import { UserError } from '../src/errors.ts'
import { isLoopback } from '../src/loopback.ts'

const botToken = 'xoxb-1111-2222-hunter2'
const appToken = 'xapp-1-A0DR-3333-hunter2'
const signingSecret = '0123456789abcdef0123456789abcdef'
const enough = { NAGIOS_TOKEN: 'n'.repeat(16), CONSOLE_SECRET: 'c'.repeat(32) }

function refusal(env: Readonly<Record<string, string>>): string {
  try {
    readConfig({ ...enough, ...env })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return error.message
  }
  return 'accepted'
}

describe('the settings', () => {
  test('two secrets are enough to start, and the rest has its documented default', () => {
    const config = readConfig(enough)

    expect(config).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      PUBLIC_URL: 'http://127.0.0.1:3000',
      DR_PLAN: 'dr-plan.yml',
      DATA_DIR: '.data',
      LOG_LEVEL: 'info',
      TEAMS_NO_AUTH: false,
    })
    expect(config.REDIS_URL).toBeUndefined()
  })

  test('without secrets the first start offers fresh lines for .env, which are accepted as they stand', () => {
    let message = ''
    try {
      readConfig({})
    } catch (error) {
      message = String(error)
    }

    const offered = [...message.matchAll(/^ {4}(\w+)=(\S+)$/gm)].map((match) => [match[1], match[2]])

    expect(offered.map(([name]) => name)).toEqual(['NAGIOS_TOKEN', 'CONSOLE_SECRET'])
    expect(refusal(Object.fromEntries(offered))).toBe('accepted')
  })

  test('each wrong value is named with what was found and what to write, all in one message', () => {
    const message = refusal({ PORT: '70000', LOG_LEVEL: 'loud', PUBLIC_URL: 'dr.example.com' })

    expect(message).toContain('PORT is "70000": write a port number from 0 to 65535')
    expect(message).toContain('LOG_LEVEL is "loud": write debug, info, warn, error or silent')
    expect(message).toContain(
      'PUBLIC_URL is "dr.example.com": write an address such as https://dr.example.com',
    )
  })

  test.each([
    ['NAGIOS_TOKEN', 'hunter2'],
    ['CONSOLE_SECRET', 'hunter2hunter2'],
    ['SMTP_URL', 'user:hunter2@mail.example.com'],
    ['REDIS_URL', 'http://:hunter2@redis.example.com'],
  ])('a wrong %s is refused without showing it', (name, value) => {
    const message = refusal({ [name]: value })

    expect(message).toContain(`${name} has ${value.length} characters that do not fit`)
    expect(message).not.toContain('hunter2')
  })

  test('an empty variable is one that is not set', () => {
    expect(readConfig({ ...enough, PORT: '', REDIS_URL: ' ' })).toMatchObject({ PORT: 3000 })
    expect(readConfig({ ...enough, REDIS_URL: ' ' }).REDIS_URL).toBeUndefined()
  })

  test('Teams without authentication is refused on an address that others can reach', () => {
    expect(refusal({ TEAMS_NO_AUTH: '1', HOST: '0.0.0.0' })).toContain('TEAMS_NO_AUTH is "1"')
    expect(refusal({ TEAMS_NO_AUTH: '1', HOST: '127.0.0.1' })).toBe('accepted')
    expect(refusal({ TEAMS_NO_AUTH: '1', HOST: '127.0.0.1.example.com' })).toContain('TEAMS_NO_AUTH')
  })

  const guid = '0a1b2c3d-1111-2222-3333-444455556666'

  test.each(['MICROSOFT_APP_ID', 'MICROSOFT_APP_TENANT_ID', 'TEAMS_TEAM_ID'])(
    '%s is an id of Entra, and what stands there is shown',
    (name) => {
      expect(refusal({ [name]: 'dr-bot' })).toMatch(
        new RegExp(`${name} is "dr-bot": write the .*, such as 0a1b2c3d-`),
      )
    },
  )

  test('an id copied out of the link of a channel is shown as it must be written', () => {
    const copied = refusal({ TEAMS_CHANNEL_ID: '19%3Aincidents%40thread.tacv2' })

    expect(copied).toContain(
      'TEAMS_CHANNEL_ID is "19%3Aincidents%40thread.tacv2": write 19:incidents@thread.tacv2, since the id still has %3A',
    )
    expect(refusal({ TEAMS_CHANNEL_ID: 'incidents' })).toContain(
      'is "incidents": write the channel\'s id, 19:',
    )
  })

  test('Teams needs its tenant, team, channel and a way to prove who the bot is', () => {
    const alone = refusal({ MICROSOFT_APP_ID: guid })
    const teams = {
      MICROSOFT_APP_ID: guid,
      MICROSOFT_APP_TENANT_ID: guid,
      TEAMS_TEAM_ID: guid,
      TEAMS_CHANNEL_ID: '19:incidents@thread.tacv2',
    }

    for (const name of [
      'MICROSOFT_APP_TENANT_ID',
      'TEAMS_TEAM_ID',
      'TEAMS_CHANNEL_ID',
      'MICROSOFT_APP_PASSWORD',
    ])
      expect(alone).toContain(`${name} is not set`)
    expect(refusal({ ...teams, MICROSOFT_APP_PASSWORD: 'secret' })).toBe('accepted')
    expect(refusal({ ...teams, MICROSOFT_APP_TYPE: 'UserAssignedMSI' })).toBe('accepted')
  })

  test.each(['TEAMS_SERVICE_URL', 'TEAMS_LOGIN_URL', 'GRAPH_URL'])(
    '%s takes tokens only over https, or on this machine',
    (name) => {
      expect(refusal({ [name]: 'http://teams.example.com' })).toContain(`${name} is`)
      expect(refusal({ [name]: 'http://127.0.0.1:4000' })).toBe('accepted')
    },
  )

  test('Azure without a credential is refused for an endpoint that is not on this machine', () => {
    const none = { AZURE_CREDENTIAL: 'none' }

    expect(refusal(none)).toContain('AZURE_CREDENTIAL is "none"')
    expect(refusal({ ...none, AZURE_ARM_ENDPOINT: 'https://management.azure.com' })).toContain(
      'AZURE_CREDENTIAL',
    )
    expect(refusal({ ...none, AZURE_ARM_ENDPOINT: 'https://localhost:8443' })).toBe('accepted')
  })

  test.each([
    [{ AZURE_ARM_ENDPOINT: 'http://127.0.0.1:8443' }, 'an address with https'],
    [{ AZURE_AUTHORITY_HOST: 'http://login.example.com' }, 'an address with https'],
    [{ AZURE_QUEUE_ENDPOINT: 'https://queue.example.com' }, 'with {account} in it'],
    [{ AZURE_QUEUE_ENDPOINT: 'http://{account}.queue.example.com' }, 'an https address'],
    [{ AZURE_QUEUE_ENDPOINT: '{account}' }, 'an https address'],
    [{ AZURE_SQL_ENDPOINT: 'sql.example.com' }, 'with {server} in it'],
    [{ AZURE_SQL_ENDPOINT: 'https://{server}.example.com' }, 'with {server} in it'],
    [{ AZURE_CLIENT_SECRET: 'not-to-be-shown' }, 'client-secret, since AZURE_CLIENT_SECRET is set'],
  ])('%j is refused, with what to write', (env, write) => {
    expect(refusal(env)).toContain(write)
    expect(refusal(env)).not.toContain('not-to-be-shown')
  })

  test.each([
    ['AZURE_REGIONAL_AUTHORITY_NAME', 'westeurope'],
    ['AZURE_REGIONAL_AUTHORITY_NAME', 'AutoDiscoverRegion'],
    ['MSAL_FORCE_REGION', 'westeurope'],
  ])(
    '%s=%s, which only the SDK of Azure reads, is refused where it would break the sign-in',
    (name, region) => {
      const ids = { AZURE_TENANT_ID: 'a-tenant', AZURE_CLIENT_ID: 'a-client' }
      const secret = { AZURE_CREDENTIAL: 'client-secret', ...ids, AZURE_CLIENT_SECRET: 'not-to-be-shown' }
      const workload = { AZURE_CREDENTIAL: 'workload-identity', ...ids, AZURE_FEDERATED_TOKEN_FILE: '/t' }

      for (const credential of [secret, workload]) {
        expect(refusal({ ...credential, [name]: region })).toContain(
          `- ${name} is "${region}": write nothing, and take it out of the environment in which the bot starts`,
        )
        expect(refusal({ ...credential, [name]: ' ' })).toBe('accepted')
        const disabled = { AZURE_REGIONAL_AUTHORITY_NAME: 'DisableMsalForceRegion' }
        expect(refusal({ ...credential, [name]: region, ...disabled })).toBe('accepted')
      }
      expect(refusal({ AZURE_CREDENTIAL: 'managed-identity', [name]: region })).toBe('accepted')
    },
  )

  test.each([
    [
      { AZURE_CREDENTIAL: 'workload-identity' },
      ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE'],
    ],
    [{ AZURE_CREDENTIAL: 'client-secret' }, ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET']],
    [{ SLACK_BOT_TOKEN: botToken }, ['SLACK_APP_TOKEN']],
    [{ SLACK_APP_TOKEN: appToken }, ['SLACK_BOT_TOKEN']],
    [{ SLACK_SIGNING_SECRET: signingSecret }, ['SLACK_BOT_TOKEN']],
    [{ AZURE_SQL_USER: 'dr-check' }, ['AZURE_SQL_PASSWORD']],
    [{ AZURE_SQL_PASSWORD: 'not-to-be-shown' }, ['AZURE_SQL_USER']],
    [{ NAGIOS_CGI_USER: 'drbot' }, ['NAGIOS_CGI_URL', 'NAGIOS_CGI_PASSWORD']],
    [{ TWILIO_ACCOUNT_SID: 'AC1' }, ['TWILIO_AUTH_TOKEN', 'TWILIO_FROM']],
  ])('%j asks for what belongs to it', (env, missing) => {
    for (const name of missing) expect(refusal(env)).toContain(`${name} is not set`)
  })

  test('Slack takes a bot token with an app-level token, with a signing secret, or with both', () => {
    for (const more of [
      { SLACK_APP_TOKEN: appToken },
      { SLACK_SIGNING_SECRET: signingSecret },
      { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret },
    ])
      expect(refusal({ SLACK_BOT_TOKEN: botToken, ...more })).toBe('accepted')
    expect(refusal({ SLACK_BOT_TOKEN: botToken })).toContain('or SLACK_SIGNING_SECRET for HTTP')
  })

  test.each([
    ['SLACK_BOT_TOKEN', appToken, 'which belongs into SLACK_APP_TOKEN'],
    ['SLACK_BOT_TOKEN', 'xoxp-1111-hunter2', 'the token of a user'],
    ['SLACK_BOT_TOKEN', 'xoxe.xoxb-1-hunter2', 'switch "Token Rotation" off'],
    ['SLACK_BOT_TOKEN', 'xoxs-1111-hunter2', 'a token of another kind'],
    ['SLACK_BOT_TOKEN', 'xoxb-hunter2 two', '"Bot User OAuth Token"'],
    ['SLACK_BOT_TOKEN', 'hunter2', '"Bot User OAuth Token"'],
    ['SLACK_APP_TOKEN', botToken, 'which belongs into SLACK_BOT_TOKEN'],
    ['SLACK_APP_TOKEN', 'hunter2', '"App-Level Token"'],
    ['SLACK_SIGNING_SECRET', botToken, 'which belongs into SLACK_BOT_TOKEN'],
    ['SLACK_SIGNING_SECRET', 'hunter2', '"Signing Secret"'],
  ])('%s that is another secret is named as what it is, and not shown (%s)', (name, value, said) => {
    const all = { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret }

    const message = refusal({ ...all, [name]: value })

    expect(message).toContain(`${name} has ${value.length} characters that do not fit`)
    expect(message).toContain(said)
    expect(message).not.toContain('hunter2')
    expect(message.split('\n- ')).toHaveLength(2)
  })

  test("Slack's tokens are sent over https only, or to this machine", () => {
    const slack = { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken }

    expect(refusal({ ...slack, SLACK_API_URL: 'http://slack.example.com/api' })).toContain('with https')
    expect(refusal({ ...slack, SLACK_API_URL: 'http://127.0.0.1.example.com/api' })).toContain('with https')
    expect(refusal({ ...slack, SLACK_API_URL: 'https://slack.example.com/api/' })).toBe('accepted')
    expect(refusal({ ...slack, SLACK_API_URL: 'http://127.0.0.1:8080/api/' })).toBe('accepted')
  })

  test.each([
    ['redis://redis.example.com:6379/0'],
    ['redis+sentinel://s1.example.com:26379,s2.example.com:26379/mymaster'],
    ['rediss+cluster://a.example.com:6379,b.example.com:6379'],
  ])('a Redis at %s is accepted', (url) => {
    expect(readConfig({ ...enough, REDIS_URL: url }).REDIS_URL).toBe(url)
  })

  test('an IPv6 host gives a public address that a browser understands', () => {
    expect(readConfig({ ...enough, HOST: '::1', PORT: '81' }).PUBLIC_URL).toBe('http://[::1]:81')
  })

  test('the secrets include passwords inside addresses, as written and as decoded', () => {
    const config = readConfig({
      ...enough,
      SLACK_BOT_TOKEN: botToken,
      SLACK_APP_TOKEN: appToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SMTP_URL: 'smtp://u:p%40ss@mail.example.com',
      REDIS_URL: 'redis+sentinel://:first@h1:1,h2:2/m?sentinelPassword=second',
    })

    expect(secrets(config)).toEqual(
      expect.arrayContaining([
        enough.NAGIOS_TOKEN,
        enough.CONSOLE_SECRET,
        botToken,
        appToken,
        signingSecret,
        'p%40ss',
        'p@ss',
        'first',
        'second',
      ]),
    )
    expect(secrets(config)).not.toContain('')
  })

  test.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['localhost', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['127.example.com', false],
    ['', false],
  ])('loopback or not: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })
})

describe('.env', () => {
  function directoryWith(content: string): string {
    const directory = mkdtempSync(join(tmpdir(), 'dr-env-'))
    writeFileSync(join(directory, '.env'), content)
    return directory
  }

  test('is read, and a variable of the process wins over it', () => {
    const directory = directoryWith('NAGIOS_CGI_USER=drbot\nPATH=/nowhere\n')

    const env = loadEnvironment(directory)

    expect(env['NAGIOS_CGI_USER']).toBe('drbot')
    expect(env['PATH']).not.toBe('/nowhere')
  })

  test('may be missing', () => {
    expect(loadEnvironment(mkdtempSync(join(tmpdir(), 'dr-env-')))['PATH']).toBeDefined()
  })

  test('with a key that is no setting is told so, with the one that may be meant', () => {
    const directory = directoryWith(
      'CLOUDFLARE_TOKEN=x\nQUITE_SOMETHING=1\nNODE_OPTIONS=--x\nTZ=UTC\nPORT=3000\nDR_URL=http://127.0.0.1\n',
    )

    expect(unknownSettings(directory)).toEqual([
      'CLOUDFLARE_TOKEN in .env is no setting, and nothing reads it. Did you mean CLOUDFLARE_API_TOKEN?',
      'QUITE_SOMETHING in .env is no setting, and nothing reads it. .env.example has all of them.',
    ])
    expect(unknownSettings(mkdtempSync(join(tmpdir(), 'dr-env-')))).toEqual([])
  })

  test('with a misspelt key is refused with the key that was meant', () => {
    expect(() => loadEnvironment(directoryWith('SMPT_URL=smtp://127.0.0.1\n'))).toThrow(
      'Did you mean SMTP_URL?',
    )
  })

  test('the command line takes address and token, and refuses what is no address', () => {
    expect(readCliConfig({ DR_URL: 'http://127.0.0.1:3000/', DR_TOKEN: 't' })).toMatchObject({
      DR_URL: 'http://127.0.0.1:3000',
      DR_TOKEN: 't',
    })
    expect(readCliConfig({})).not.toHaveProperty('DR_URL')
    expect(readCliConfig({ PORT: '3100', HOST: '192.0.2.1' }).ownAddress).toBe('http://192.0.2.1:3100')
    expect(readCliConfig({ PORT: 'of something else' }).ownAddress).toBe('http://127.0.0.1:3000')
    expect(() => readCliConfig({ DR_URL: 'bot:3000' })).toThrow('DR_URL is "bot:3000": write an address')
  })
})
