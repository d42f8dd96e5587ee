// Teams as a whole: joins its parts.
import type { Dispatch } from '../../command/command.ts'
import type { ChatDeps, JoinedChat } from '../joined.ts'
import { onDuty } from '../presence.ts'
import { createRecords } from '../record.ts'
import { createTeamsApi } from './api.ts'
import { createTeamsChat } from './chat.ts'
import { createTeamsDoor } from './door.ts'
import type { TeamsDoor } from './door.ts'
import { createInstalling } from './installing.ts'
import { createTeamsPager } from './pager.ts'
import { createTeamsPosts } from './posts.ts'
import { createTeamsPresence } from './presence.ts'
import { createReach } from './reach.ts'
import { createReferences } from './references.ts'
import { createRegistration } from './registration.ts'
import type { TeamsSettings } from './registration.ts'
import { activityOf } from './render/message.ts'
import { createViewers } from './viewers.ts'
import { createViews } from './views.ts'
import { createWitness } from './witness.ts'

export interface Teams extends JoinedChat {
  /** The way in for commands: the handler of requests. */
  readonly open: (dispatch: Dispatch) => Pick<TeamsDoor, 'receive'>
}

/**
 * Makes everything that concerns Teams. Nothing in it needs Teams to answer: what Teams is needed for is tried again.
 * @throws UserError (`config`) for a sign-in address that is not known.
 */
export function createTeams(settings: TeamsSettings, deps: ChatDeps): Teams {
  const { store, plan, clock, log, publicUrl } = deps
  const registration = createRegistration(settings)
  const references = createReferences(store)
  const api = createTeamsApi({
    ...settings,
    ...registration,
    channel: settings.channelId,
    references,
    clock,
    log,
  })
  const records = createRecords(store, 'teams')
  const witness = createWitness({ ...settings, api, clock })
  const service = async (): Promise<string> => (await references.read()).serviceUrl ?? registration.serviceUrl
  const installing = createInstalling({ ...settings, api, graphUrl: registration.graphUrl })
  const { pager, pages } = createTeamsPager({ ...deps, api, installing, service, records })
  const called = () => onDuty(plan(), clock.now(), ({ teams }) => teams)
  const presence = createTeamsPresence({ api, people: called, clock, log })
  const reach = createReach({ api, installing, people: called, clock, log })
  const chat = createTeamsChat({
    ...deps,
    ...settings,
    ...registration,
    api,
    records,
    witness,
    posts: createTeamsPosts({ ...deps, ...settings, api, records, service, witness }),
    viewers: createViewers({ api, references, plan }),
    appUrl: registration.cloud.app,
    incident: async (id) => (await store.incident(id))?.state,
    refreshPages: pages.refresh,
  })
  let door: TeamsDoor | undefined
  return {
    service: 'Teams',
    chat,
    pager,
    advice: presence.advice,
    onReturn: api.onReturn,
    open: (dispatch) => {
      door = createTeamsDoor({
        ...settings,
        ...registration,
        api,
        references,
        store,
        dispatch,
        plan,
        incidentOf: records.incidentOf,
        render: (card, personal) => activityOf(card, { zone: plan().timezone, personal }),
        view: createViews({ ...deps, references }),
        clock,
        log,
        publicUrl,
      })
      return door
    },
    state: () => ({ chat: 'teams', ...api.state() }),
    checks: () => ({
      teams: api.health(),
      'teams-pages': reach.health(),
      ...(door && { 'teams-door': door.health() }),
    }),
    close: async () => {
      presence.close()
      reach.close()
      await door?.stop()
      api.close()
    },
  }
}
