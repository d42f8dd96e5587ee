// What to do when Teams, Graph or Entra refuses something, by the code that it gives.

const mendApp =
  'Check MICROSOFT_APP_ID and MICROSOFT_APP_TENANT_ID against the registration in Entra, and put a new client secret into MICROSOFT_APP_PASSWORD. `npx dr teams check` tries them.'

/** By error code (learn.microsoft.com: Teams, "Send proactive messages", status codes; Graph; Entra's AADSTS codes). */
const byCode: Readonly<Record<string, string>> = {
  BotNotInConversationRoster: 'Add the app to the team in Teams: Manage team, Apps.',
  BotDisabledByAdmin: 'An administrator has blocked the app: allow it in the Teams admin center.',
  ForbiddenOperationException:
    'The app is not installed for this person: they add it in Teams under Apps, or an administrator does with a setup policy.',
  MessageWritesBlocked: 'This person has blocked or removed the app: they must unblock it in Teams.',
  ConversationBlockedByUser: 'This person has blocked the app: they must unblock it in Teams.',
  ConversationNotFound: 'Check TEAMS_CHANNEL_ID: the channel is not there, or was deleted.',
  ActivityNotFoundInConversation: 'The message was deleted.',
  MessageSizeTooBig: 'The message is too long for Teams; the console shows all of it.',
  NameAlreadyExists: 'Choose another name: a deleted channel keeps its own for 30 days.',
  ChannelArchived: 'The channel is archived: restore it in Teams.',
  Unauthorized: mendApp,
  invalid_client: mendApp,
  unauthorized_client: mendApp,
  invalid_request: mendApp,
  InvalidAuthenticationToken: mendApp,
  NotFound: 'Check TEAMS_TEAM_ID and TEAMS_CHANNEL_ID. `npx dr teams check` names what it finds.',
}

/** What is wrong with the registration (learn.microsoft.com, Entra, "Microsoft Entra authentication error codes"). */
const byEntra: Readonly<Record<string, string>> = {
  AADSTS90002:
    'There is no such tenant: write the directory (tenant) id of Entra into MICROSOFT_APP_TENANT_ID.',
  AADSTS700016:
    'The tenant of MICROSOFT_APP_TENANT_ID has no app of the id in MICROSOFT_APP_ID: look at both in the Azure Bot, under Configuration.',
  AADSTS7000215:
    'The client secret is wrong: write the Value of the secret, not its Secret ID, into MICROSOFT_APP_PASSWORD. Entra shows it only when it is made, so make another one if need be.',
  AADSTS7000222:
    'The client secret has expired: make another one in Entra, under Certificates & secrets, and write its Value into MICROSOFT_APP_PASSWORD.',
}

/** A refusal of a channel that the DR plan names: its advice names the plan's key, and no setting. */
export function aboutAnnounce(refusal: string): string {
  return refusal.replace(
    /Check (?:TEAMS_TEAM_ID and )?TEAMS_CHANNEL_ID/,
    'Check teams.announce in the DR plan',
  )
}

/** The next step after a refusal. Graph says itself which permission is missing; nothing else of its words is shown. */
export function advice(code: string, message: string): string {
  const asked = /requires one of '([\w.*, -]{1,300})'/.exec(message)?.[1]
  if (asked !== undefined)
    return `The app needs one of these permissions: ${asked}. Grant it as docs/teams.md says, and add the app to the team again.`
  const entra = /\bAADSTS\d{4,9}\b/.exec(message)?.[0]
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined
  const text = known ?? '`npx dr teams check` tries what the bot needs, one by one.'
  return entra === undefined ? text : `Entra says ${entra}. ${byEntra[entra] ?? text}`
}
