// `dr teams check` against a simulated Teams: what is well, what is missing, and what to do about it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SimTeams } from '../../sim/teams.ts'
import { graphPermissions } from '../../sim/teams/graph.ts'
import { checkTeams } from '../../src/chat/teams/check.ts'
import { installRight, teamRights, tenantRights } from '../../src/chat/teams/rights.ts'
import { runCli } from '../../src/cli/main.ts'
import { createClock } from '../../src/clock.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { home as channel, startTeamsFor, teamsEnv, teamsId } from '../servers/teams.ts'

const clock = createClock()
const plan = new URL('../../dr-plan.example.yml', import.meta.url).pathname
let teams: SimTeams
let home: string
let env: Record<string, string>

beforeEach(async () => {
  people = ['ann', 'bob']
  announce = undefined
  teams = await startTeamsFor(undefined, { limits: false })
  await teams.install({ team: true })
  home = await mkdtemp(join(tmpdir(), 'dr-teams-check-'))
  env = {
    ...teamsEnv(teams),
    NAGIOS_TOKEN: 'hunter2hunter2hunter2',
    CONSOLE_SECRET: 'hunter2'.repeat(6),
    PUBLIC_URL: 'https://dr.example.com',
    DR_PLAN: plan,
  }
})

afterEach(async () => {
  await teams.stop()
  await rm(home, { recursive: true, force: true })
})

/** Looking for more people than this takes two seconds more: Teams limits how many may be asked for at once. */
let people: readonly string[]
/** The plan's channel of announcements. */
let announce: string | undefined

function shortened(plan: DrPlan | undefined): DrPlan | undefined {
  if (plan === undefined) return undefined
  const kept = Object.entries(plan.people).filter(([id]) => people.includes(id))
  const options = { ...plan.teams, ...(announce !== undefined && { announce }) }
  return { ...plan, teams: options, people: Object.fromEntries(kept) }
}

async function check(
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly text: string }> {
  let text = ''
  const keep = (more: string): void => {
    text += more
  }
  const unused = (): never => {
    throw new Error('not part of this check')
  }
  const status = await runCli(['teams', 'check', ...args], {
    env: () => env,
    home,
    now: clock.now,
    after: clock.after,
    out: keep,
    err: keep,
    version: () => '1.2.3',
    terminal: { width: 200, colour: false },
    ask: undefined,
    input: async () => '',
    signer: unused,
    systems: unused,
    chat: async () => (want, tell) => checkTeams(clock, { ...want, plan: shortened(want.plan) }, tell),
  })
  return { status, text }
}

describe('dr teams check', () => {
  test('says of everything that it is well, and what cannot be known from here', async () => {
    people = ['ann', 'bob', 'cem', 'mia', 'max', 'dan', 'eve']

    const { status, text } = await check()

    expect(text).not.toContain('✗')
    expect(status).toBe(0)
    for (const line of [
      `✓ sign-in: the app ${teams.appId} signs in to the tenant ${teams.tenantId}`,
      '✓ app: the app is in the team',
      '✓ team: TEAMS_TEAM_ID is Team',
      '✓ channel: TEAMS_CHANNEL_ID is incidents',
      '✓ messages: the bot may look what it has posted',
      '✓ Presence.Read.All: granted',
      `✓ people.ann: ${teamsId('ann')} is Ann Onken, in the team, and pages reach them`,
      '! way in: the Messaging endpoint of the Azure Bot must be https://dr.example.com/api/messages',
      '✓ people.eve: ',
      '! posting: whether the bot may post',
    ])
      expect(text).toContain(line)
  })

  test('posts and makes a channel only when it is told to, and puts the channel away', async () => {
    await check()
    expect(teams.messages(channel)).toEqual([])

    const { text } = await check('--try')

    expect(text).toContain('✓ posting: a message was posted in the channel, and changed')
    expect(text).toMatch(/✓ channels: the channel dr-bot-check-\d{14} was made, and archived/)
    expect(teams.messages(channel)).toMatchObject([{ updates: 1 }])
    expect(teams.channels().filter(({ name }) => name.startsWith('dr-bot-check-'))).toMatchObject([
      { archived: true },
    ])
  })

  test('names who gets no pages, and what to do', async () => {
    await teams.uninstall({ person: teamsId('bob') })
    expect((await check()).text).toMatch(/! people\.bob: .* the bot adds it when they may be called next/)
    teams.setPermissions(graphPermissions.filter((each) => each !== installRight))

    const { status, text } = await check()

    expect(status).toBe(1)
    expect(text).toContain('✓ people.ann')
    expect(text).toMatch(/✗ people\.bob: no page reaches .* The app is not installed for this person/)
  })

  test('says what to do when the app is not in the team', async () => {
    await teams.uninstall({ team: true })

    const { status, text } = await check()

    expect(status).toBe(1)
    expect(text).toMatch(/✗ app: .*TeamsAppInstallation\.Read\.Group.*add the app to the team/)
  })

  test('looks for the channel of announcements, where the plan names one', async () => {
    announce = teams.general
    expect((await check()).text).toContain('✓ announcements: teams.announce is General')

    announce = '19:nowhere@thread.tacv2'
    const { status, text } = await check()

    expect(status).toBe(1)
    expect(text).toMatch(
      /✗ announcements: the team has no channel 19:nowhere@thread\.tacv2: .* into teams\.announce /,
    )
  })

  test('says of a channel that is not there nothing about people, and sends nobody to the check', async () => {
    env['TEAMS_CHANNEL_ID'] = '19:nowhere@thread.tacv2'

    const { status, text } = await check()

    expect(status).toBe(1)
    expect(text).toMatch(/✗ channel: the team has no channel 19:nowhere@thread\.tacv2: .*TEAMS_CHANNEL_ID/)
    expect(text).toMatch(
      /! people\.ann: whether .* is in the team cannot be seen before TEAMS_CHANNEL_ID is right/,
    )
    expect(text).not.toContain('is not in the team')
    expect(text).not.toContain('npx dr teams check`')
  })

  test.each([
    [
      'MICROSOFT_APP_TENANT_ID',
      '0a1b2c3d-1111-2222-3333-444455556666',
      /AADSTS90002\. There is no such tenant/,
    ],
    ['MICROSOFT_APP_ID', '0a1b2c3d-1111-2222-3333-444455556666', /AADSTS700016\. The tenant .* has no app/],
    ['MICROSOFT_APP_PASSWORD', 'wrong', /AADSTS7000215\. .* the Value of the secret, not its Secret ID/],
  ])('says what is wrong with %s when Entra refuses the sign-in', async (name, value, words) => {
    env[name] = value

    expect((await check()).text).toMatch(words)
  })

  test('names the rights that are not granted, and only as good to know where they may be left out', async () => {
    teams.setPermissions([
      'TeamSettings.Read.Group',
      'TeamsAppInstallation.Read.Group',
      'TeamMember.Read.Group',
    ])

    const { text } = await check()

    expect(text).toMatch(/✗ channel: .*ChannelSettings\.Read\.Group/)
    expect(text).toMatch(/! messages: After a crash .* twice\. .*ChannelMessage\.Read\.Group/)
    expect(text).toContain('! Presence.Read.All: not granted: who is available, as advice on a page')
    expect(text).toContain(`✓ people.ann: ${teamsId('ann')} is in the team, and pages reach them`)
  })

  // What the tenant grants includes some of what a team does: each is missed where only its own kind is there.
  test.each([
    ...teamRights.map(({ name }) => [name, teamRights] as const),
    ...tenantRights.map(({ name }) => [name, [...teamRights, ...tenantRights]] as const),
  ])('names the right %s where it is missing, and what to do', async (name, rights) => {
    people = ['ann']
    teams.setPermissions(rights.flatMap((each) => (each.name === name ? [] : [each.name])))

    const { text } = await check('--try')

    const named = text.split('\n').filter((line) => /^[✗!]/.test(line) && line.includes(name))
    expect(named, text).not.toEqual([])
    expect(named.join()).toMatch(/docs\/teams\.md, step 4|add the app to the team/)
  })

  test.each([
    'MICROSOFT_APP_ID',
    'MICROSOFT_APP_PASSWORD',
    'MICROSOFT_APP_TENANT_ID',
    'TEAMS_TEAM_ID',
    'TEAMS_CHANNEL_ID',
    'PUBLIC_URL',
  ])('names the setting %s where it alone is missing', async (name) => {
    env = Object.fromEntries(Object.entries(env).filter(([each]) => each !== name))

    const { status, text } = await check()

    expect(text).toMatch(new RegExp(`✗ [^:]+: .*${name}`))
    expect(status).toBe(1)
  })

  test('stops at a secret that Entra does not take, and shows no secret', async () => {
    env['MICROSOFT_APP_PASSWORD'] = 'wrong~hunter2'

    const { status, text } = await check('--json')

    expect(status).toBe(1)
    expect(JSON.parse(text)).toMatchObject({
      ok: false,
      findings: [{ about: 'way in' }, { mark: 'missing', about: 'sign-in' }],
    })
    expect(text).toMatch(/MICROSOFT_APP_PASSWORD/)
    expect(text).not.toContain('hunter2')
  })

  test('ends soon when Teams does not answer', async () => {
    await teams.down()

    const { status, text } = await check()

    expect(status).toBe(1)
    expect(text).toMatch(/✗ sign-in: .* at http:.*This machine must reach http:.* by HTTPS/)
    await teams.up()
  })

  test('says that an address on this machine lets nothing in', async () => {
    env['PUBLIC_URL'] = 'http://127.0.0.1:3000'

    expect((await check()).text).toContain('✗ way in: PUBLIC_URL is http://127.0.0.1:3000')
  })

  test('says how to begin where Teams is not set up', async () => {
    env = Object.fromEntries(
      Object.entries(env).filter(([name]) => !/^(?:MICROSOFT|TEAMS|GRAPH)_/.test(name)),
    )

    expect((await check()).text).toContain('✗ settings: MICROSOFT_APP_ID is not set. docs/teams.md says')
  })

  test('offers secrets where there are none, which can be copied as they stand', async () => {
    env = Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'NAGIOS_TOKEN'))

    expect((await check()).text).toMatch(
      /✗ settings: NAGIOS_TOKEN is not set: .*Put this fresh one into \.env: NAGIOS_TOKEN=[\w-]{32}\n/,
    )
  })

  test('says where the plan is looked for when it is not there', async () => {
    env['DR_PLAN'] = '/nowhere/dr-plan.yml'

    expect((await check()).text).toMatch(/✗ plan: .*\/nowhere\/dr-plan\.yml.* path of the plan into DR_PLAN/)
  })

  test('is told how it is typed', async () => {
    expect(await check('--now')).toEqual({
      status: 2,
      text: 'Type: dr teams check, or: dr teams check --try\n',
    })
  })
})
