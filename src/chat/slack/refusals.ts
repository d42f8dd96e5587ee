// What to do about each refusal of Slack, for somebody who reads it at 3 a.m.

/** How a scope is granted: the same words wherever one is missing. */
export const grantScopes =
  'In the app\'s settings (api.slack.com/apps): "App Manifest", paste manifest.yml again, then "Install App", "Reinstall"'
const newToken = `Put the app's current bot token (api.slack.com/apps, OAuth & Permissions) into SLACK_BOT_TOKEN and restart the bot.`
const inviteBot = 'Invite the bot there: /invite @dr-bot.'
const askAdmin = 'Ask an owner of the workspace to allow it for the app.'
const checkPerson = 'Check the Slack id of the person in the DR plan (profile, "Copy member ID").'

/** The next step by Slack's error word (the error tables of docs.slack.dev/reference/methods). */
const steps: Readonly<Record<string, string>> = {
  invalid_auth: `The bot token is wrong, or may not be used from this address. ${newToken}`,
  not_authed: `There is no bot token. ${newToken}`,
  account_inactive: `The app was removed from the workspace, or its bot user was deactivated. Install the app again. ${newToken}`,
  token_revoked: `The bot token was revoked. Install the app again. ${newToken}`,
  token_expired: `The bot token has expired. Switch token rotation off. ${newToken}`,
  not_allowed_token_type: `This is not a bot token (xoxb-). ${newToken}`,
  no_permission: `The app may not do this. ${grantScopes}.`,
  access_denied: askAdmin,
  org_login_required: 'The workspace is being moved into an organisation. Wait, or ask an owner of it.',
  ekm_access_denied: "The organisation's own keys lock this message. Ask an owner of the workspace.",
  not_in_channel: `The bot is not in this channel. ${inviteBot}`,
  channel_not_found: `There is no such channel, or it is private and the bot is not in it. Check the id, and invite the bot: /invite @dr-bot.`,
  is_archived: 'The channel is archived. Unarchive it in Slack; the bot goes on there by itself.',
  method_not_supported_for_channel_type:
    'This kind of channel cannot do it. Use a public channel of the workspace.',
  restricted_action: `The settings of the workspace forbid it. ${askAdmin}`,
  restricted_action_read_only_channel: `Only some people may post there. ${askAdmin}`,
  restricted_action_thread_only_channel: 'Only threads are allowed there. Choose another channel.',
  user_is_restricted: 'A guest cannot be brought in by the bot. Invite the person by hand.',
  ura_max_channels: 'The guest may be in no more channels. Invite somebody else.',
  cant_invite: `The person cannot be invited. ${checkPerson}`,
  users_not_found: 'Nobody in the workspace has this e-mail address. Put the Slack id into the DR plan.',
  user_not_found: checkPerson,
  user_not_visible: checkPerson,
  user_disabled: `The account is deactivated. ${checkPerson}`,
  invalid_users: checkPerson,
  cannot_dm_bot: `A bot cannot be paged. ${checkPerson}`,
  messages_tab_disabled: 'The app takes no direct messages. Switch its Messages Tab on (App Home).',
  name_taken: 'The name is taken by another channel, maybe an archived or a private one.',
  no_such_subteam: 'Check the id of the user group in the DR plan (user group, "Copy group ID").',
  subteam_not_found: 'Check the id of the user group in the DR plan (user group, "Copy group ID").',
  permission_denied:
    'Members may not change user groups here. Ask an owner: Settings, Permissions, User groups.',
  plan_upgrade_required: 'The plan of the workspace does not include this. The bot goes on without it.',
  paid_teams_only: 'The plan of the workspace does not include this. The bot goes on without it.',
  msg_too_long: 'Please report this: the bot must keep its messages within the limits of Slack.',
  msg_blocks_too_long: 'Please report this: the bot must keep its messages within the limits of Slack.',
  invalid_blocks: 'Please report this: the bot must draw messages that Slack accepts.',
  expired_trigger_id: 'Slack waits three seconds for a dialog. Press the button once more.',
  trigger_expired: 'Slack waits three seconds for a dialog. Press the button once more.',
  file_uploads_disabled: `Files are switched off in the workspace. ${askAdmin}`,
  storage_limit_reached: 'The workspace has no room for files left. Ask an owner of it.',
}

/** The next step to take about a refusal. `needed` is the scope that Slack says is missing. */
export function advice(
  reason: string,
  { method, needed }: { readonly method: string; readonly needed: string | undefined },
): string {
  if (reason === 'missing_scope')
    return `The app lacks the scope ${needed ?? `that ${method} needs`}. ${grantScopes}.`
  const step = Object.hasOwn(steps, reason) ? steps[reason] : undefined
  return step ?? `Look the word up at docs.slack.dev/reference/methods/${method}, and run: npx dr slack check`
}
