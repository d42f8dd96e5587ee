// `dr teams check`: whether registration, app, team, rights and people are as the bot needs them.
import type { DrPlan } from '../../drplan/schema.ts'
import { isLoopback } from '../../loopback.ts'
import type { Clock, Log } from '../../ports.ts'
import { createTeamsApi } from './api.ts'
import { createAsk, whyNot } from './check/ask.ts'
import type { Tell } from './check/ask.ts'
import { checkPeople } from './check/people.ts'
import { checkChannel, checkTeam, checkTenantRights, tellUntried, tryRights } from './check/team.ts'
import type { ReferenceBook } from './references.ts'
import { createRegistration, teamsSettings } from './registration.ts'
import type { Registration, TeamsVariables } from './registration.ts'
import { installRight } from './rights.ts'

/** What is checked, by the names of the settings. */
export interface WantedCheck {
  readonly config: TeamsVariables & { readonly PUBLIC_URL: string }
  /** Undefined when it cannot be read. */
  readonly plan: DrPlan | undefined
  /** Posts a message and makes a channel. */
  readonly attempt: boolean
}

/** What matters is among the findings. */
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** The check remembers nothing, and believes nothing that was remembered. */
const forgetful: ReferenceBook = { read: async () => ({ people: {} }), change: async () => {} }
/** Real time that a sign-in may take. */
const patience = 15_000

/** Looks at everything in turn and tells what it finds; without a sign-in there is nothing more to see. */
export async function checkTeams(
  clock: Clock,
  { config, plan, attempt }: WantedCheck,
  tell: Tell,
): Promise<void> {
  const settings = teamsSettings(config)
  if (settings === undefined) return
  const { appId, tenantId, teamId, channelId } = settings
  const registration = createRegistration(settings)
  const api = createTeamsApi({
    ...registration,
    appId,
    tenantId,
    channel: channelId,
    references: forgetful,
    clock,
    log: quiet,
  })
  try {
    checkWayIn(config.PUBLIC_URL, tell)
    const ask = createAsk(clock)
    const signedIn = await signIn(registration, ask, { appId, tenantId }, tell)
    if (signedIn === undefined) return
    const site = { api, ask, appId, teamId, channelId }
    const { channelThere } = await checkTeam(site, tell)
    const announce = plan?.teams.announce
    if (announce !== undefined)
      await checkChannel(site, { about: 'announcements', called: 'teams.announce', id: announce }, tell)
    const roles = checkTenantRights(signedIn.graph, tell)
    if (attempt) await tryRights(site, clock.now(), tell)
    else tellUntried(tell)
    const mayReadUsers = roles.has('User.Read.All')
    const mayInstall = roles.has(installRight)
    if (plan !== undefined)
      await checkPeople({ api, ask, mayReadUsers, mayInstall, channelThere }, plan, tell)
  } finally {
    api.close()
  }
}

/** Microsoft's servers must find the bot; whether they do cannot be seen from here. */
function checkWayIn(publicUrl: string, tell: Tell): void {
  const { protocol, hostname } = new URL(publicUrl)
  const about = 'way in'
  const endpoint = `${publicUrl.replace(/\/$/, '')}/api/messages`
  if (protocol !== 'https:' || isLoopback(hostname)) {
    const text = `PUBLIC_URL is ${publicUrl}, where Microsoft cannot reach the bot: no command and no button comes in. It must be an https address`
    return tell({ mark: 'missing', about, text })
  }
  const text = `the Messaging endpoint of the Azure Bot must be ${endpoint}, and Microsoft must reach it; from outside, curl -X POST ${endpoint} must answer 401`
  tell({ mark: 'open', about, text })
}

/** The bot's own tokens, for the connector and for Graph; undefined when Entra gives none. */
async function signIn(
  { cloud, tokens }: Registration,
  ask: ReturnType<typeof createAsk>,
  { appId, tenantId }: { readonly appId: string; readonly tenantId: string },
  tell: Tell,
): Promise<{ readonly graph: string | undefined } | undefined> {
  const about = 'sign-in'
  const limits = { timeout: patience, signal: AbortSignal.timeout(patience) }
  const asked = await ask(async () => {
    await tokens.get(cloud.audience, limits)
    return { graph: await tokens.get(cloud.graphAudience, limits) }
  })
  if (!('answer' in asked)) {
    const next =
      'unreachable' in asked
        ? ` This machine must reach ${cloud.login} by HTTPS: look at its DNS, firewall and proxy`
        : ''
    tell({ mark: 'missing', about, text: whyNot(asked) + next })
    return undefined
  }
  tell({ mark: 'ok', about, text: `the app ${appId} signs in to the tenant ${tenantId}` })
  return asked.answer
}
