// Which workspace the bot belongs to: remembered for a start without Slack, and not changed by mistake.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { openWorkspace } from '../../src/chat/slack/workspace.ts'
import type { Workspace } from '../../src/chat/slack/workspace.ts'
import { incident, resolved, writing } from '../contracts/store-samples.ts'
import { failure, page, slackTransport } from './slack-transport.ts'

const use = slackTransport()
let opened: Workspace[] = []

async function open(): Promise<Workspace> {
  const { api, store, clock, log } = use()
  const workspace = await openWorkspace({ api, store, clock, log })
  opened.push(workspace)
  return workspace
}
afterEach(() => {
  for (const each of opened) each.close()
  opened = []
})

/** The bot was in another workspace before. */
async function wasElsewhere(): Promise<void> {
  const before = {
    teamId: 'T0OLD',
    team: 'Old Ltd',
    url: 'https://old.slack.com/',
    botId: 'B0',
    botUserId: 'U0',
  }
  await use().store.putSetting('slack:workspace', undefined, JSON.stringify(before))
}

describe('the workspace', () => {
  test('is asked of Slack and remembered', async () => {
    const { sim, store } = use()

    const identity = await (await open()).identity()

    expect(identity).toMatchObject({ teamId: sim.teamId, botId: sim.botId, botUserId: sim.botUserId })
    expect(identity.url).toMatch(/^https?:.*\/$/)
    expect(JSON.parse((await store.setting('slack:workspace')) ?? '')).toEqual(identity)
  })

  test('is known at a start without Slack', async () => {
    const { sim } = use()
    await (await open()).identity()
    await sim.down()

    const workspace = await open()

    expect(workspace.known()).toMatchObject({ teamId: sim.teamId })
  })

  test('of a first start without Slack is known as soon as Slack is there', async () => {
    const { sim, clock, logged } = use()
    await sim.down()
    const workspace = await open()
    await vi.waitFor(() => expect(logged.join()).toContain('Slack does not say which workspace'))
    expect(workspace.known()).toBeUndefined()

    await sim.up()

    await vi.waitFor(() => {
      clock.skip(15_000)
      expect(workspace.known()).toMatchObject({ teamId: sim.teamId })
    })
    expect(logged.filter((line) => line.includes('which workspace'))).toHaveLength(1)
  })

  test('another one than before is refused while an incident has its room in the old one', async () => {
    const { api, store, logged, count } = use()
    await wasElsewhere()
    const there = incident('INC-12', { rooms: [{ chat: 'slack', state: 'open', link: 'https://old' }] })
    await store.commit(writing(there))

    const workspace = await open()
    await vi.waitFor(() => expect(logged).toContain('error Slack cannot be used'))
    const error = await failure(workspace.identity())
    const call = await failure(api.call('chat.postMessage', { channel: 'U0ANN', text: 'x' }, page))

    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toMatch(
      /INC-12 has its room in Old Ltd \(T0OLD\).*SLACK_BOT_TOKEN|SLACK_BOT_TOKEN.*INC-12/,
    )
    expect(call.message).toBe(error.message)
    expect(count('chat.postMessage')).toBe(0)
    expect(api.health()).toMatchObject({ ok: false, text: expect.stringContaining('Old Ltd') })
    expect(logged).toContain('error Slack cannot be used')
  })

  test('another one is taken over as soon as that incident is over', async () => {
    const { api, store, sim, clock, logged } = use()
    await wasElsewhere()
    const there = incident('INC-12', { rooms: [{ chat: 'slack', state: 'open', link: 'https://old' }] })
    await store.commit(writing(there))
    const workspace = await open()
    await vi.waitFor(() => expect(logged).toContain('error Slack cannot be used'))
    await store.commit(writing(resolved('INC-12'), 1))

    await vi.waitFor(() => {
      clock.skip(15_000)
      expect(workspace.known()).toMatchObject({ teamId: sim.teamId })
    })

    expect(api.health()).toEqual({ ok: true })
  })

  test('another one is taken over at once, with a warning, when nothing of the old one is open', async () => {
    const { sim, store, logged } = use()
    await wasElsewhere()

    await vi.waitFor(async () => expect((await open()).known()).toMatchObject({ teamId: sim.teamId }))

    expect(await store.setting('slack:workspace')).toContain(sim.teamId)
    expect(logged).toContain('warn the bot moves to another Slack workspace')
  })
})
