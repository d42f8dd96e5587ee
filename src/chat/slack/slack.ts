// Slack as a whole: joins its parts, and keeps what is kept up to date by itself.
import type { Dispatch } from '../../command/command.ts'
import { repeat } from '../../deadlines/deadlines.ts'
import { minute, second } from '../../ids.ts'
import type { ChatState } from '../../ports.ts'
import type { ChatDeps, JoinedChat } from '../joined.ts'
import { onDuty } from '../presence.ts'
import { createRecords } from '../record.ts'
import { createSlackApi } from './api.ts'
import { createSlackChat } from './chat.ts'
import { createSlackDoor } from './door.ts'
import type { SlackDoor } from './door.ts'
import { createGroups } from './groups.ts'
import { createSlackPager } from './pager.ts'
import { createPeople } from './people.ts'
import { createSlackPosts } from './posts.ts'
import { createSlackPresence } from './presence.ts'
import { openWorkspace } from './workspace.ts'

export interface SlackSettings {
  readonly botToken: string
  readonly appToken: string | undefined
  readonly signingSecret: string | undefined
  /** Slack's API without a slash at its end; absent: Slack's own. */
  readonly apiUrl: string | undefined
}

export interface Slack extends JoinedChat {
  /** The way in for commands; begins to listen at once in Socket Mode, and gives the handler of requests otherwise. */
  readonly open: (dispatch: Dispatch) => Pick<SlackDoor, 'receive'>
}

const slackItself = 'https://slack.com/api'
const groupsEvery = minute
/** The overrides of a rotation come into force within seconds; a user group follows soon after. */
const groupsAtFirst = 5 * second

/** Makes everything that concerns Slack. Nothing in it needs Slack to answer: what Slack is needed for is tried again. */
export async function createSlack(settings: SlackSettings, deps: ChatDeps): Promise<Slack> {
  const { store, plan, clock, log, publicUrl } = deps
  const apiUrl = `${settings.apiUrl ?? slackItself}/`
  const api = createSlackApi({ token: settings.botToken, url: apiUrl, clock, log })
  const workspace = await openWorkspace({ api, store, clock, log })
  const records = createRecords(store, 'slack')
  const people = createPeople({ api, records, plan })
  const posts = createSlackPosts({ api, records, clock, process: deps.process })
  const { pager, pages } = createSlackPager({ posts, records, people, workspace, plan, publicUrl })
  const called = () => onDuty(plan(), clock.now(), ({ slack }) => slack)
  const presence = createSlackPresence({ api, people: called, clock, log })
  const groups = createGroups({ api, store, people, plan, clock, log })
  const chat = createSlackChat({
    api,
    records,
    posts,
    people,
    workspace: workspace.identity,
    plan,
    clock,
    log,
    publicUrl,
    incident: async (id) => (await store.incident(id))?.state,
    refreshPages: pages.refresh,
  })
  const tending = [
    clock.after(groupsAtFirst, () => void groups.keep()),
    repeat({ name: 'user groups', every: groupsEvery, run: groups.keep }, { clock, log }),
  ]
  let door: SlackDoor | undefined
  return {
    service: 'Slack',
    chat,
    pager,
    advice: presence.advice,
    onReturn: api.onReturn,
    open: (dispatch) => {
      door = createSlackDoor({ ...settings, ...deps, apiUrl, api, records, workspace, dispatch })
      door.start()
      return door
    },
    state: () => ({ chat: 'slack', ...api.state(), ...shut(door) }),
    checks: () => ({
      slack: api.health(),
      ...(door ? { 'slack-door': door.receive ? api.health() : door.health() } : {}),
    }),
    close: async () => {
      for (const stop of tending) stop()
      presence.close()
      workspace.close()
      await door?.stop()
      api.close()
    },
  }
}

/** Whether something comes in over HTTP only Slack knows. */
function shut(door: SlackDoor | undefined): Pick<ChatState, 'shut'> {
  const { ok, text } = door && !door.receive ? door.health() : { ok: true }
  return ok || text === undefined ? {} : { shut: text }
}
