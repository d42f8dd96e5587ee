// The people of a DR plan: how to reach them, who belongs together, whose turn it is, who is away.
import { z } from 'zod'
import { memberId, userGroupId } from './slack.ts'
import { objectId } from './teams.ts'
import { duration, httpsUrl, line, localDateTime, localMoment, matching, name } from './values.ts'

const roles = ['engineer', 'manager', 'approver', 'admin', 'viewer'] as const
/** A person: how to reach them, and what they may do. */
export const Person = z.strictObject(
  {
    name: line('the person\'s name, such as "Ann Onken"'),
    roles: z
      .array(z.enum(roles, { error: `one of: ${roles.join(', ')}` }), { error: 'a list such as [engineer]' })
      .min(1, 'at least one role, such as [engineer]'),
    /** Slack member id. */
    slack: memberId.exactOptional(),
    /** Entra (Azure AD) object id. */
    teams: objectId.exactOptional(),
    email: matching(
      /^[^\s@<>"]{1,64}@[a-z0-9.-]{1,250}$/i,
      'an e-mail address such as "ann@example.com"',
    ).exactOptional(),
    phone: matching(
      /^\+[1-9][\d ()/-]{4,24}$/,
      'a phone number with its country code, such as "+49 30 90182 0"',
    ).exactOptional(),
    /** Topic at the ntfy server. */
    ntfy: matching(/^[\w-]{1,64}$/, 'a topic at the ntfy server, such as "dr-ann"').exactOptional(),
    /** Where this person's pages are posted as JSON. */
    webhook: httpsUrl.exactOptional(),
    /** Contact name at Nagios: who acknowledges there is this person here. */
    nagios: line('the contact\'s name at Nagios, such as "ann"').exactOptional(),
  },
  { error: 'a person such as {name: Ann Onken, roles: [engineer]}' },
)

/** People who are called together. */
export const Group = z.strictObject(
  {
    people: z.array(name, { error: 'a list of people such as [dan, eve]' }).max(200, 'at most 200 people'),
    /** Slack user group id. */
    slack: userGroupId.exactOptional(),
  },
  { error: 'a group such as {people: [dan, eve]}' },
)

const shifts = 'a shift in whole hours, 1h to 60d, such as "12h" or "14d"'

/** Whose turn it is. Handoffs follow wall-clock time in the plan's zone. */
export const Rotation = z.strictObject(
  {
    name,
    type: z.enum(['daily', 'weekly', 'custom'], { error: 'one of: daily, weekly, custom' }),
    /** A handoff at which the first person takes over; the turns run on from it in both directions. */
    start: localDateTime,
    /** Length of one turn; for `custom` only. */
    shift: duration(
      shifts,
      (ms) => ms >= 3_600_000 && ms <= 60 * 86_400_000 && ms % 3_600_000 === 0,
    ).exactOptional(),
    people: z.array(name, { error: 'a list of people such as [ann, bob]' }).max(200, 'at most 200 people'),
    /** Slack user group whose only member is kept to be who is on call now. */
    slack: userGroupId.exactOptional(),
  },
  { error: 'a rotation such as {name: primary, type: weekly, start: 2026-01-05T09:00, people: [ann, bob]}' },
)

/** Somebody cannot be called. */
export const TimeOff = z.strictObject(
  { person: name, from: localMoment, to: localMoment },
  { error: 'an absence such as {person: bob, from: 2026-12-20, to: 2027-01-03}' },
)
