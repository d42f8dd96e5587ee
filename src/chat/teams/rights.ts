// The rights that the bot has in Teams: which ones, given by whom, and what each is for.

/** One permission of Microsoft Graph (learn.microsoft.com/graph/permissions-reference). */
export interface Right {
  readonly name: string
  /** What cannot be done without it. */
  readonly use: string
}

/** Asked for by the app's manifest and given by whoever adds the app to the team, for this team alone. */
export const teamRights: readonly Right[] = [
  { name: 'Channel.Create.Group', use: 'a channel for each incident' },
  { name: 'ChannelMessage.Read.Group', use: 'to see after a crash what was posted already' },
  { name: 'ChannelSettings.Read.Group', use: 'to find channels, and see whether one is gone' },
  { name: 'TeamMember.Read.Group', use: 'to know who is in the team' },
  { name: 'TeamSettings.Read.Group', use: 'to check that the team is there' },
  {
    name: 'TeamsAppInstallation.Read.Group',
    use: 'to check that the app is in the team, and to know its number when it is added for people',
  },
]

/** With it the bot adds the app for people by itself. */
export const installRight = 'TeamsAppInstallation.ReadWriteSelfForUser.All'

/** Given in Entra by an administrator, for the whole tenant; each may be left out, and the use is then missing. */
export const tenantRights: readonly Right[] = [
  {
    name: 'ChannelSettings.ReadWrite.All',
    use: 'to archive the channel of an outage that is over (teams.rooms: channels)',
  },
  { name: 'Presence.Read.All', use: 'who is available, as advice on a page' },
  { name: 'TeamMember.ReadWrite.All', use: 'to bring whoever is called into the team' },
  { name: installRight, use: 'to add the app by itself for whoever may be called and has not added it' },
  { name: 'User.Read.All', use: 'to check that the people of the DR plan are there' },
]
