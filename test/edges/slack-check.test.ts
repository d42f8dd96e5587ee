// `dr slack check` against a server that answers as Slack does: what is well, what is missing, and what to do about it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkSlack } from '../../src/chat/slack/check.ts'
import { scopesUsed } from '../../src/chat/slack/methods.ts'
import { runCli } from '../../src/cli/main.ts'
import { createClock } from '../../src/clock.ts'
import { startAnswers } from '../servers/slack-answers.ts'
import type { Answer, Args, SlackAnswers } from '../servers/slack-answers.ts'

const botToken = 'xoxb-1111-2222-hunter2'
const appToken = 'xapp-1-A0DR-3333-hunter2'
const signingSecret = 'hunter2hunter2hunter2hunter2hunt'
const names = ['ANN', 'BOB', 'CEM', 'MIA', 'MAX', 'DAN', 'EVE']

/** What the workspace answers; a test replaces what it is about. */
let answers: Record<string, (args: Args) => Answer>
let calls: { readonly method: string; readonly args: Args }[]
let server: SlackAnswers
let home: string
let plan: string

function member(name: string, more: Answer = {}): Answer {
  const email = `${name.toLowerCase()}@example.com`
  return {
    user: { id: `U0${name}`, team_id: 'T0EX', real_name: `${name} of Example`, profile: { email }, ...more },
  }
}

function refuse(error: string): () => Answer {
  return () => ({ ok: false, error })
}

beforeEach(async () => {
  calls = []
  answers = {
    'auth.test': () => ({
      team: 'Example',
      team_id: 'T0EX',
      user: 'dr-bot',
      user_id: 'U0BOT',
      bot_id: 'B0BOT',
    }),
    'apps.connections.open': () => ({ url: 'wss://socket.example.com/?ticket=hunter2' }),
    'users.info': ({ user = '' }) =>
      names.includes(user.slice(2)) ? member(user.slice(2)) : refuse('user_not_found')(),
    'users.lookupByEmail': ({ email = '' }) => member(email.split('@', 1)[0]?.toUpperCase() ?? ''),
    'usergroups.users.list': () => ({ users: ['U0DAN', 'U0EVE'] }),
    'usergroups.users.update': () => ({}),
    'conversations.info': ({ channel }) => ({ channel: { id: channel, name: 'outages', is_member: true } }),
    'conversations.create': ({ name }) => ({ channel: { id: 'C0CHECK', name } }),
    'conversations.setTopic': () => ({}),
    'chat.postMessage': () => ({ ts: '1.000001' }),
    'pins.add': () => ({}),
    'conversations.archive': () => ({}),
  }
  server = await startAnswers(({ method, args, token }) => {
    calls.push({ method, args })
    const own = method === 'apps.connections.open' ? appToken : botToken
    return token === own ? (answers[method] ?? refuse('unknown_method'))(args) : refuse('invalid_auth')()
  })
  home = await mkdtemp(join(tmpdir(), 'dr-slack-'))
  plan = join(home, 'dr-plan.yml')
  const example = await readFile('dr-plan.example.yml', 'utf8')
  const whole = example
    .replace('# announce: C0OUTAGES', 'announce: C0OUTAGES')
    .replace('{ name: primary, type: weekly,', '{ name: primary, slack: S0ONCALL, type: weekly,')
  await writeFile(plan, whole)
})
afterEach(async () => {
  await server.stop()
  await rm(home, { recursive: true })
})

interface Ran {
  readonly code: number
  readonly out: string
  /** The lines that begin with ✗, with ! and with ✓. */
  readonly missing: readonly string[]
  readonly open: readonly string[]
  readonly ok: readonly string[]
}

async function check(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const clock = createClock()
  const code = await runCli(['slack', 'check', ...args], {
    env: () => ({
      NAGIOS_TOKEN: 'a token of nagios',
      CONSOLE_SECRET: 'a secret of the console, long enough',
      DR_PLAN: plan,
      PUBLIC_URL: 'https://dr.example.com',
      SLACK_BOT_TOKEN: botToken,
      SLACK_APP_TOKEN: appToken,
      SLACK_API_URL: server.url,
      ...env,
    }),
    home,
    ...clock,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    version: () => '1.2.3',
    terminal: { width: 80, colour: false },
    ask: undefined,
    input: async () => '',
    signer: async () => () => ({ loginLink: () => '', token: () => '' }),
    systems: () => Promise.reject(new Error('no system is asked')),
    chat: async () => (want, tell) => checkSlack(clock, want, tell),
  })
  const text = out.join('')
  const marked = (mark: string): readonly string[] =>
    text.split('\n').flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(2)] : []))
  expect(`${text}${err.join('')}`).not.toContain('hunter2')
  return { code, out: text + err.join(''), missing: marked('✗'), open: marked('!'), ok: marked('✓') }
}

describe('dr slack check', () => {
  test('of a workspace in which all is well ends with 0, and says what cannot be known without trying', async () => {
    const ran = await check()

    expect(ran.missing).toEqual([])
    expect(ran.code).toBe(0)
    expect(ran.ok.slice(0, 4)).toEqual([
      'bot token: the bot is @dr-bot in the workspace Example (T0EX)',
      `scopes: all ${scopesUsed().length} are granted`,
      'app token: Slack opens a socket for it; no way in from outside is needed',
      'people.ann: U0ANN is ANN of Example',
    ])
    expect(ran.ok.slice(-3)).toEqual([
      'groups.dev: the user group S0DEV has 2 members',
      'rotation primary: the user group S0ONCALL has 2 members',
      'slack.announce: the bot is in #outages',
    ])
    expect(ran.open.map((line) => line.split(':', 1)[0])).toEqual(['channel rights', 'rotation primary'])
    expect(ran.open.every((line) => line.endsWith('npx dr slack check --try'))).toBe(true)
    expect(ran.out).toMatch(/\n\nNothing is missing, 2 to know of\.\n$/)
    const changing = ['conversations.create', 'chat.postMessage', 'usergroups.users.update']
    expect(calls.filter(({ method }) => changing.includes(method))).toEqual([])
  })

  test('with --json prints the same as data, and nothing else', async () => {
    answers['conversations.info'] = refuse('channel_not_found')

    const ran = await check(['--json'])

    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.out)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([
        { mark: 'ok', about: 'people.ann', text: 'U0ANN is ANN of Example' },
        { mark: 'missing', about: 'slack.announce', text: expect.stringContaining('C0OUTAGES') },
      ]),
    })
  })

  test('names each scope that is not granted, and each that is too many', async () => {
    server.scopes = [
      ...scopesUsed().filter((scope) => !['pins:write', 'users:read'].includes(scope)),
      'team:read',
    ]

    const ran = await check()

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([
      expect.stringMatching(/^scopes: not granted: pins:write, users:read\. .*"Reinstall"$/),
    ])
    expect(ran.open[0]).toContain('never used: team:read')
  })

  test.each(['invalid_auth', 'token_revoked', 'account_inactive'])(
    'a bot token that Slack answers with %s: reinstall, and nothing more is asked',
    async (reason) => {
      answers['auth.test'] = refuse(reason)

      const ran = await check()

      expect(ran.code).toBe(1)
      expect(ran.missing).toEqual([expect.stringContaining(`does not take SLACK_BOT_TOKEN (${reason})`)])
      expect(calls.map(({ method }) => method)).toEqual(['auth.test'])
    },
  )

  test('a token of a person is refused, since the bot would act in that name', async () => {
    answers['auth.test'] = () => ({ team: 'Example', team_id: 'T0EX', user: 'ann', user_id: 'U0ANN' })

    expect((await check()).missing).toEqual([expect.stringContaining('belongs to a person')])
  })

  test.each([
    ['missing_scope', 'lacks the scope connections:write'],
    ['not_allowed_token_type', '"Socket Mode" must be on'],
  ])('an app token that Slack answers with %s: what to do', async (reason, said) => {
    answers['apps.connections.open'] = refuse(reason)

    const ran = await check()

    expect(ran).toMatchObject({ code: 1, missing: [expect.stringContaining(said)] })
  })

  test('over HTTP it says which address Slack must reach, and refuses one that Slack cannot', async () => {
    const http = { SLACK_APP_TOKEN: undefined, SLACK_SIGNING_SECRET: signingSecret }

    const good = await check([], { ...http, PUBLIC_URL: 'https://dr.example.com' })
    const bad = await check([], { ...http, PUBLIC_URL: undefined })
    const bare = await check([], { ...http, PUBLIC_URL: 'http://dr.example.com' })

    expect(good.open[0]).toMatch(/^request URL: .*https:\/\/dr\.example\.com\/slack\/events/)
    expect(good.code).toBe(0)
    expect(bad).toMatchObject({ code: 1, missing: [expect.stringContaining('Set PUBLIC_URL')] })
    expect(bare.code).toBe(1)
    expect(calls.some(({ method }) => method === 'apps.connections.open')).toBe(false)
  })

  test.each([
    ['one who is not there', refuse('user_not_found'), /no member U0ANN\. .*; by e-mail it is U0ANN$/],
    ['a deactivated one', () => member('ANN', { deleted: true }), /is deactivated/],
    ['a bot', () => member('ANN', { is_bot: true }), /is a bot/],
    ['a guest', () => member('ANN', { is_restricted: true }), /is a guest/],
    ['a guest of one channel', () => member('ANN', { is_ultra_restricted: true }), /is a guest/],
    ['one of another workspace', () => member('ANN', { team_id: 'T0OTHER' }), /another workspace/],
  ])('a member id of the plan is %s: missing', async (_, answer, said) => {
    const others = answers['users.info']
    answers['users.info'] = (args) => (args['user'] === 'U0ANN' ? answer() : (others?.(args) ?? {}))

    const ran = await check()

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([expect.stringMatching(/^people\.ann: /)])
    expect(ran.missing[0]).toMatch(said)
  })

  test('an account with another e-mail than the plan is worth a look', async () => {
    answers['users.info'] = ({ user = '' }) =>
      member(user.slice(2), { profile: { email: 'other@example.com' } })

    const ran = await check()

    expect(ran.code).toBe(0)
    expect(ran.open[0]).toMatch(/^people\.ann: U0ANN is ANN of Example, with another e-mail .* Ann Onken$/)
  })

  test('people without an id are found by e-mail, with the line to write into the plan', async () => {
    const text = (await readFile(plan, 'utf8'))
      .replace(/ {4}slack: U0ANN.*\n/, '')
      .replace(/ {4}slack: U0BOB\n/, '')
      .replace(/ {4}slack: U0CEM\n/, '')
      .replace(/ {4}slack: U0MIA\n/, '')
      .replace(/ {4}email: mia@example.com\n/, '')
    await writeFile(plan, text)
    answers['users.lookupByEmail'] = ({ email = '' }) => {
      if (email.startsWith('cem')) return refuse('users_not_found')()
      return member(email.slice(0, 3).toUpperCase(), { is_email_confirmed: email.startsWith('ann') })
    }

    const ran = await check()

    expect(ran.code).toBe(0)
    expect(ran.open.slice(0, 4)).toEqual([
      expect.stringContaining('Write "slack: U0ANN" under people.ann in the plan'),
      expect.stringMatching(/never confirmed at Slack\. Write "slack: U0BOB" .* if it is so$/),
      expect.stringMatching(/^people\.cem: .*nobody in the workspace has the e-mail/),
      expect.stringMatching(/^people\.mia: has neither a Slack member id nor an e-mail/),
    ])
  })

  test('a user group that is gone, disabled or out of reach is missing', async () => {
    answers['usergroups.users.list'] = ({ usergroup }) =>
      refuse(usergroup === 'S0DEV' ? 'no_such_subteam' : 'paid_teams_only')()

    const ran = await check()

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([
      expect.stringMatching(
        /^groups\.dev: this workspace has no enabled user group S0DEV\. .*"Copy group ID"$/,
      ),
      expect.stringMatching(/^rotation primary: the user group S0ONCALL cannot be read: .*paid_teams_only/),
    ])
  })

  test("without the bot in the announcements' channel it can post, and is better invited", async () => {
    answers['conversations.info'] = () => ({
      channel: { id: 'C0OUTAGES', name: 'outages', is_member: false },
    })

    const ran = await check()

    expect(ran).toMatchObject({ code: 0, missing: [] })
    expect(ran.open[0]).toMatch(/^slack\.announce: .* Type there: \/invite @dr-bot$/)
  })

  test("says that the announcements' channel is archived, or none", async () => {
    answers['conversations.info'] = () => ({
      channel: { id: 'C0OUTAGES', name: 'outages', is_archived: true },
    })
    const archived = await check()
    answers['conversations.info'] = refuse('channel_not_found')
    const gone = await check()

    expect(archived).toMatchObject({ code: 1, missing: [expect.stringContaining('#outages is archived')] })
    expect(gone).toMatchObject({
      code: 1,
      missing: [expect.stringContaining('C0OUTAGES is no public channel')],
    })
    answers['conversations.info'] = refuse('missing_scope')
    const [unseen] = (await check()).missing
    expect(unseen).toMatch(/lacks the scope .*"App Manifest", paste manifest\.yml again/)
    expect(unseen).not.toContain('no public channel')
  })

  test('says when the two tokens are of different apps', async () => {
    const who = answers['auth.test']
    answers['auth.test'] = (args) => ({ ...who?.(args), app_id: 'A0OTHER' })

    const ran = await check()

    expect(ran).toMatchObject({
      code: 1,
      missing: [expect.stringMatching(/the app A0DR, .* the app A0OTHER/)],
    })
    answers['auth.test'] = (args) => ({ ...who?.(args), app_id: 'A0DR' })
    expect((await check()).code).toBe(0)
  })
})

describe('dr slack check --try', () => {
  test('makes a channel, sets its topic, posts, pins and archives it, and says each of it', async () => {
    const ran = await check(['--try'])

    expect(ran).toMatchObject({ code: 0, missing: [], open: [] })
    const [made] = calls.filter(({ method }) => method === 'conversations.create')
    const name = made?.args['name'] ?? ''
    expect(name).toMatch(/^dr-bot-check-\d{8}-\d{6}$/)
    expect(ran.ok.slice(-6)).toEqual([
      `channel rights: made #${name}`,
      'channel rights: set its topic',
      'channel rights: posted a message',
      'channel rights: pinned it',
      `channel rights: archived #${name}`,
      'rotation primary: may change the members of S0ONCALL; they are the same as before',
    ])
    expect(calls.at(-1)).toEqual({
      method: 'usergroups.users.update',
      args: { usergroup: 'S0ONCALL', users: 'U0DAN,U0EVE' },
    })
  })

  test('archives the channel also when a step before was refused, and names the step', async () => {
    answers['chat.postMessage'] = refuse('restricted_action')
    answers['conversations.setTopic'] = refuse('restricted_action')

    const ran = await check(['--try'])

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([
      expect.stringContaining('channel rights: not set its topic'),
      expect.stringContaining('channel rights: not posted'),
    ])
    expect(calls.map(({ method }) => method)).toContain('conversations.archive')
    expect(calls.map(({ method }) => method)).not.toContain('pins.add')
  })

  test('a workspace that lets nobody make channels or change user groups is named with the setting', async () => {
    answers['conversations.create'] = refuse('restricted_action')
    answers['usergroups.users.update'] = refuse('permission_denied')

    const ran = await check(['--try'])

    expect(ran.missing).toEqual([
      expect.stringMatching(/^channel rights: cannot make #dr-bot-check-.*"Channel management"/),
      expect.stringMatching(/^rotation primary: cannot change the members of S0ONCALL/),
    ])
  })

  test('leaves a user group alone that is empty, since nobody can be put into it for a try', async () => {
    answers['usergroups.users.list'] = () => ({ users: [] })

    const ran = await check(['--try'])

    expect(ran.open).toEqual([expect.stringContaining('S0ONCALL is empty')])
    expect(calls.map(({ method }) => method)).not.toContain('usergroups.users.update')
  })
})

describe('dr slack check when something is not there', () => {
  test('without Slack it says so in clear words and ends with 1', async () => {
    await server.stop()

    const ran = await check()

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([
      expect.stringMatching(/^Slack: cannot be reached: .*SLACK_API_URL is http:\/\/127\.0\.0\.1/),
    ])
  })

  test('goes on without waiting for each answer when Slack falls silent in between', async () => {
    answers['users.info'] = () => ({ hangUp: true })

    const ran = await check()

    expect(ran.code).toBe(1)
    expect(ran.missing).toHaveLength(names.length + 3)
    expect(ran.missing.at(-1)).toBe('slack.announce: Slack no longer answers.')
    expect(calls.filter(({ method }) => method === 'users.info')).toHaveLength(2)
  })

  test('says when what answers is not Slack', async () => {
    answers['auth.test'] = () => ({ hello: 'world' })

    expect((await check()).missing).toEqual([
      expect.stringContaining('what answers to auth.test is not Slack'),
    ])
  })

  test('waits where Slack says so, and asks again', async () => {
    let first = true
    const others = answers['users.info']
    answers['users.info'] = (args) => {
      const limited = first
      first = false
      return limited ? { retryAfter: 1 } : (others?.(args) ?? {})
    }

    expect(await check()).toMatchObject({ code: 0, missing: [] })
  })

  test('without a token says where to get one', async () => {
    const ran = await check([], { SLACK_BOT_TOKEN: undefined, SLACK_APP_TOKEN: undefined })

    expect(ran).toMatchObject({ code: 1, missing: [expect.stringContaining('docs/slack.md')] })
    expect(calls).toEqual([])
  })

  test('says when two tokens are swapped, and does not show them', async () => {
    const ran = await check([], { SLACK_BOT_TOKEN: appToken, SLACK_APP_TOKEN: botToken })

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([
      expect.stringMatching(/SLACK_BOT_TOKEN .*belongs into SLACK_APP_TOKEN/),
      expect.stringMatching(/SLACK_APP_TOKEN .*belongs into SLACK_BOT_TOKEN/),
    ])
    expect(ran.out).toContain('2 missing')
    expect(calls).toEqual([])
  })

  test('does not take the dots of an example for a token', async () => {
    const ran = await check([], { SLACK_BOT_TOKEN: 'xoxb-...', SLACK_APP_TOKEN: 'xapp-1-...' })

    expect(ran.missing.join()).toMatch(/SLACK_BOT_TOKEN .* do not fit.*SLACK_APP_TOKEN .* do not fit/)
  })

  test('reads no endless answer to its end', async () => {
    answers['auth.test'] = () => ({ team: 'x'.repeat(20 * 1024 * 1024) })

    expect((await check()).missing.join()).toContain('what answered is too long to be Slack')
  })

  test('without a plan it still checks the tokens', async () => {
    const ran = await check([], { DR_PLAN: join(home, 'nowhere.yml') })

    expect(ran.code).toBe(1)
    expect(ran.missing).toEqual([expect.stringMatching(/^plan: The DR plan .*nowhere\.yml cannot be read/)])
    expect(ran.ok).toHaveLength(3)
  })

  test.each([[['--tyr']], [['--try', 'now']]])(
    '%j is not understood, and an example is given',
    async (args) => {
      const ran = await check(args)

      expect(ran).toMatchObject({ code: 2, out: 'Type: dr slack check, or: dr slack check --try\n' })
    },
  )
})
