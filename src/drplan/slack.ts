// What a DR plan says about Slack: ids as Slack gives them, where outages are announced, which emoji makes a note.
import { z } from 'zod'
import { matching } from './values.ts'

/** A person's id. */
export const memberId = matching(
  /^[UW][A-Z0-9]{2,20}$/,
  'a Slack member id such as "U0ANN" (profile, "Copy member ID")',
)

/** The id of a user group, which a mention such as @dev stands for. */
export const userGroupId = matching(/^S[A-Z0-9]{2,20}$/, 'a Slack user group id such as "S0DEV"')

/** Everything about Slack that belongs to no person, group or rotation. */
export const SlackOptions = z.strictObject(
  {
    /** The channel in which each new incident is announced; absent: none. */
    announce: matching(
      /^[CG][A-Z0-9]{2,20}$/,
      'a Slack channel id such as "C0OUTAGES" (channel details, at the bottom)',
    ).exactOptional(),
    /** Put under a message in an incident's room, it makes the message a note in the timeline. */
    note_emoji: matching(
      /^[a-z0-9_+'-]{1,100}$/,
      'the name of an emoji without its colons, such as "memo"',
    ).prefault('memo'),
  },
  { error: 'such as {announce: C0OUTAGES, note_emoji: memo}, or leave "slack" out' },
)
