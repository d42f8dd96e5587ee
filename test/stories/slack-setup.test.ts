// Setting up a Slack workspace as docs/slack.md says: the manifest's scopes, the settings in .env, and the check.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { planPeople, slackEnv, startSlackFor } from '../servers/slack.ts'
import type { SimSlack } from '../../sim/slack.ts'

const root = new URL('../..', import.meta.url).pathname
const Manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) })
const { bot: granted } = Manifest.parse(parse(readFileSync(join(root, 'manifest.yml'), 'utf8'))).oauth_config
  .scopes

let slack: SimSlack
let home: string

/** The bot's directory after the steps of the guide: .env with the tokens, and the plan. */
beforeEach(async () => {
  slack = await startSlackFor(planPeople, { scopes: granted })
  home = mkdtempSync(join(tmpdir(), 'dr-slack-'))
  const settings = {
    NAGIOS_TOKEN: 'a token of nagios',
    CONSOLE_SECRET: 'a secret of the console, long enough',
    ...slackEnv(slack),
  }
  const env = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(home, '.env'), env.join(''))
  const plan = readFileSync(join(root, 'dr-plan.example.yml'), 'utf8')
  writeFileSync(join(home, 'dr-plan.yml'), plan.replace('# announce: C0OUTAGES', 'announce: C0ALERTS'))
})
afterEach(async () => {
  await slack.stop()
  rmSync(home, { recursive: true })
})

/** `npx dr slack check ...` in a process of its own. */
async function check(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(root, 'src/cli.ts'), 'slack', 'check', ...args], {
    cwd: home,
    env: { HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, 'exit'),
  ])
  for (const secret of [slack.botToken, slack.appToken]) expect(out + err).not.toContain(secret)
  return { code, err, lines: out.trimEnd().split('\n') }
}

describe('a workspace that was set up by the guide', () => {
  test('is complete, and the check says where the bot is better invited', async () => {
    const before = await check()
    expect(before).toMatchObject({ code: 0, err: '' })
    expect(before.lines).toContainEqual(
      expect.stringMatching(/^! slack\.announce: the bot is not in #alerts/),
    )

    slack.join(slack.botUserId, 'C0ALERTS')
    const after = await check()

    expect(after).toMatchObject({ code: 0, err: '' })
    expect(after.lines.filter((line) => /^[✓] people\./.test(line))).toHaveLength(planPeople.length)
    expect(after.lines).toContain('✓ slack.announce: the bot is in #alerts')
    expect(after.lines).toContainEqual(expect.stringMatching(/^! links: .*Set PUBLIC_URL/))
    expect(after.lines.at(-1)).toBe('Nothing is missing, 2 to know of.')
  })

  test('with --try a channel is made, used and archived in it, and nothing else has changed', async () => {
    const before = slack.channels().map(({ name }) => name)

    const { lines } = await check('--try')

    const made = slack.channels().filter(({ name }) => !before.includes(name))
    expect(made).toMatchObject([
      { name: expect.stringMatching(/^dr-bot-check-\d{8}-\d{6}$/), archived: true },
    ])
    expect(lines).toContain(`✓ channel rights: archived #${made[0]?.name}`)
    expect(lines.filter((line) => line.startsWith('! channel rights'))).toEqual([])
  })

  test('lacks a scope: it is named, and so is the way to get it', async () => {
    slack.setScopes(granted.filter((scope) => scope !== 'channels:manage'))

    const { code, lines } = await check('--try')

    expect(code).toBe(1)
    expect(lines).toContainEqual(
      expect.stringMatching(/^✗ scopes: not granted: channels:manage\. .*"Reinstall"$/),
    )
    expect(lines).toContainEqual(expect.stringMatching(/^✗ channel rights: cannot make #.*channels:manage/))
  })

  test('has thrown the app out: the check says to install it again', async () => {
    slack.refuseTokens('account_inactive')

    const { code, lines } = await check()

    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^✗ bot token: Slack does not take SLACK_BOT_TOKEN \(account_inactive\)/)
  })

  test('cannot be reached: the check says so and ends with 1', async () => {
    await slack.down()

    const { code, lines } = await check()

    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^✗ Slack: cannot be reached/)
  })
})
