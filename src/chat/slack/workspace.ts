// Which workspace the bot belongs to and who it is there: asked of Slack once, remembered, so that a start needs no Slack.
import { z } from 'zod'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { Clock, Log, Store } from '../../ports.ts'
import type { SlackApi } from './api.ts'
import { botTime } from '../lanes.ts'

const Identity = z.object({
  teamId: z.string(),
  /** The workspace's name, for people. */
  team: z.string(),
  /** The workspace's address; ends with a slash. */
  url: z.string(),
  botId: z.string(),
  botUserId: z.string(),
  /** Absent where Slack does not say. */
  appId: z.string().exactOptional(),
})
/** Who the bot is at Slack. */
export type Identity = z.infer<typeof Identity>

export interface Workspace {
  /** Undefined until Slack was reached once, in this run of the bot or an earlier one. */
  readonly known: () => Identity | undefined
  /**
   * As `known`; asks Slack when nothing is known yet. RetryableError while Slack does not answer, UserError for a
   * token that will not do.
   */
  readonly identity: () => Promise<Identity>
  readonly close: () => void
}

export interface WorkspaceDeps {
  readonly api: Pick<SlackApi, 'call' | 'block'>
  readonly store: Pick<Store, 'setting' | 'putSetting' | 'incidents'>
  readonly clock: Clock
  readonly log: Log
}

const AuthTest = z.object({
  url: z.string(),
  team: z.string(),
  team_id: z.string(),
  user_id: z.string(),
  bot_id: z.string(),
  app_id: z.string().optional().catch(undefined),
})

const settingName = 'slack:workspace'
/** Between two questions to Slack until one was answered well; real time. */
const again: Duration = 15 * second
const mostOpen = 1_000

/**
 * Reads what is remembered and asks Slack in the background until it has answered once. A token of another workspace
 * than the remembered one is refused, and with it every call, while an open incident has its room in the old
 * one: its people would be spoken to in the wrong place. Once there is none, the bot moves by itself.
 */
export async function openWorkspace(deps: WorkspaceDeps): Promise<Workspace> {
  const { api, store, clock, log } = deps
  let identity = read(await store.setting(settingName))
  let said = ''
  let closed = false
  let cancel = (): void => {}

  async function ask(): Promise<Identity> {
    const answer = AuthTest.parse(await api.call('auth.test', {}, { lane: 'answer' }))
    const now = identityOf(answer)
    const from = await store.setting(settingName)
    const old = read(from)
    if (old && old.teamId !== now.teamId) await refuseWhileNeeded(old, now)
    api.block(undefined)
    identity = now
    const text = JSON.stringify(now)
    // Another process that was quicker has written the same, or will be asked the same at its next start.
    if (text !== from) await store.putSetting(settingName, from, text)
    return now
  }

  async function refuseWhileNeeded(old: Identity, now: Identity): Promise<void> {
    const open = await store.incidents({ open: true, limit: mostOpen })
    const there = open.find((incident) => incident.rooms.some(({ chat }) => chat === 'slack'))
    if (!there) {
      log.warn('the bot moves to another Slack workspace', { from: old.teamId, to: now.teamId })
      return
    }
    const refusal = new UserError(
      'other-workspace',
      `SLACK_BOT_TOKEN belongs to the workspace ${now.team} (${now.teamId}), but ${there.id} has its room in ${old.team} (${old.teamId}). Put the token of ${old.team} back and restart the bot; or resolve ${there.id} in the console or the terminal, then the bot moves by itself.`,
      { passing: true },
    )
    api.block(refusal)
    identity = undefined
    throw refusal
  }

  async function keepAsking(): Promise<void> {
    try {
      const { team, teamId } = await ask()
      log.info('Slack workspace', { team, teamId })
    } catch (thrown) {
      report(thrown)
      if (!closed) cancel = clock.after(botTime(clock, again), () => void keepAsking())
    }
  }

  /** Each reason once: it is asked again every few seconds. */
  function report(thrown: unknown): void {
    const reason = reasonOf(thrown)
    if (closed || reason === said) return
    said = reason
    if (thrown instanceof RetryableError) log.warn('Slack does not say which workspace it is yet', { reason })
    else log.error('Slack cannot be used', { reason })
  }

  void keepAsking()
  return {
    known: () => identity,
    identity: async () => identity ?? ask(),
    close: () => {
      closed = true
      cancel()
    },
  }
}

function identityOf(answer: z.infer<typeof AuthTest>): Identity {
  const { app_id: appId } = answer
  return {
    teamId: answer.team_id,
    team: answer.team,
    url: answer.url,
    botId: answer.bot_id,
    botUserId: answer.user_id,
    ...(appId === undefined ? {} : { appId }),
  }
}

/** What cannot be read is asked again. */
function read(text: string | undefined): Identity | undefined {
  return text === undefined ? undefined : Identity.safeParse(JSON.parse(text)).data
}
