// Who somebody in Slack is in the DR plan: by Slack id, else by an e-mail address that Slack vouches for.
import { z } from 'zod'
import type { DrPlan } from '../../../drplan/schema.ts'
import { reasonOf } from '../../../errors.ts'
import { minute, second } from '../../../ids.ts'
import type { Duration, Instant, PersonId } from '../../../ids.ts'
import type { Card, Line } from '../../../message.ts'
import type { Clock, Log } from '../../../ports.ts'
import { SlackRefusal } from '../api.ts'
import type { SlackApi } from '../api.ts'
import { createWarning } from '../../sparing.ts'
import { bySlackId } from './written.ts'

/** The person, or what to tell somebody whom the bot may not serve. */
export type Known = { readonly person: PersonId } | { readonly refusal: Card }

export interface Identity {
  /** Answers within about a second, also while Slack does not; never rejects. */
  readonly personOf: (slack: string) => Promise<Known>
  /** Whether this is somebody whom the bot may not serve, as far as it has been asked. */
  readonly isStranger: (slack: string) => boolean
}

export interface IdentityDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly plan: () => DrPlan
  /** The id of the one workspace that is served; undefined while it is not known. */
  readonly team: () => string | undefined
  readonly clock: Clock
  readonly log: Log
}

/** How long Slack's word on somebody is kept. */
const keptFor: Duration = 10 * minute
/** Somebody waits for the answer; real milliseconds. */
const patience: Duration = second
/** More people than this at once are not remembered. */
const mostKept = 1_000

/** A user as users.info has it (docs.slack.dev/reference/objects/user-object). */
const UserInfo = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_app_user: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_email_confirmed: z.boolean().optional(),
    enterprise_user: z.object({ id: z.string() }).optional(),
    profile: z.object({ email: z.string().optional() }).optional(),
  }),
})
type User = z.infer<typeof UserInfo>['user']

/** What Slack vouches for: an address, another id of the same person, or why neither counts. */
interface Vouched {
  readonly email?: string
  readonly otherId?: string
  readonly why?: string
}

export function createIdentity(deps: IdentityDeps): Identity {
  const warnUnknown = createWarning(deps, 'somebody unknown spoke in Slack')
  const kept = new Map<string, { readonly vouched: Vouched; readonly until: Instant }>()

  async function vouchedFor(slack: string): Promise<Vouched> {
    const now = deps.clock.now()
    const known = kept.get(slack)
    if (known && known.until > now) return known.vouched
    const vouched = await ask(slack, deps)
    if (kept.size >= mostKept) kept.clear()
    kept.set(slack, { vouched, until: now + keptFor })
    return vouched
  }
  return {
    isStranger: (slack) => {
      const known = kept.get(slack)
      if (known === undefined || bySlackId(deps.plan(), slack) !== undefined) return false
      return matching(deps.plan(), known.vouched) === undefined
    },
    personOf: async (slack) => {
      const listed = bySlackId(deps.plan(), slack)
      if (listed !== undefined) return { person: listed }
      try {
        const vouched = await vouchedFor(slack)
        const person = matching(deps.plan(), vouched)
        if (person !== undefined) return { person }
        warnUnknown({ slack, why: vouched.why ?? 'not in the plan' })
        return { refusal: stranger(slack, vouched.why) }
      } catch (thrown) {
        deps.log.warn('Slack did not say who somebody is', { slack, reason: reasonOf(thrown) })
        return { refusal: unsure(slack) }
      }
    },
  }
}

/** Throws when Slack does not answer in time. */
async function ask(slack: string, { api, team }: IdentityDeps): Promise<Vouched> {
  try {
    const signal = AbortSignal.timeout(patience)
    const answer = await api.call(
      'users.info',
      { user: slack },
      { lane: 'answer', timeout: patience, signal },
    )
    return vouch(UserInfo.parse(answer).user, team())
  } catch (thrown) {
    if (thrown instanceof SlackRefusal && unknownTo.includes(thrown.reason))
      return { why: 'Slack does not show your account to the bot.' }
    throw thrown
  }
}

const unknownTo = ['user_not_found', 'user_not_visible']

function vouch(user: User, team: string | undefined): Vouched {
  if (user.deleted) return { why: 'Your Slack account is deactivated.' }
  if (user.is_bot || user.is_app_user) return { why: 'Bots may not give commands.' }
  if (user.is_restricted || user.is_ultra_restricted) return { why: 'Guests of the workspace may not.' }
  if (user.is_stranger || (team !== undefined && user.team_id !== undefined && user.team_id !== team))
    return { why: 'You belong to another workspace.' }
  const otherId = user.enterprise_user?.id
  const email = user.profile?.email
  return {
    ...(otherId !== undefined && { otherId }),
    ...(email !== undefined && user.is_email_confirmed !== false && { email }),
  }
}

/** By the id of the whole enterprise; else by the address, if it is that of exactly one person whom no Slack id names. */
function matching(plan: DrPlan, { email, otherId }: Vouched): PersonId | undefined {
  const listed = otherId === undefined ? undefined : bySlackId(plan, otherId)
  if (listed !== undefined || email === undefined) return listed
  const [only, ...more] = Object.entries(plan.people).filter(
    ([, person]) => person.email?.toLowerCase() === email.toLowerCase(),
  )
  return only && more.length === 0 && only[1].slack === undefined ? only[0] : undefined
}

/** Whom the plan could name is told how; whom the bot may not serve anyhow is told only why. */
function stranger(slack: string, why: string | undefined): Card {
  const add: readonly Line[] = [
    ['Nothing was done. Ask an administrator to add this to you under people in the DR plan:'],
    [{ code: `slack: ${slack}` }],
  ]
  return {
    title: why === undefined ? 'The DR plan does not know you' : 'You may not give commands here',
    tone: 'bad',
    sections: [
      {
        lines: [
          ...(why === undefined ? [] : [[why]]),
          ...(why === undefined ? add : [['Nothing was done.']]),
        ],
      },
    ],
  }
}
function unsure(slack: string): Card {
  return {
    title: 'Not done: Slack does not say who you are',
    tone: 'bad',
    sections: [
      {
        lines: [
          [
            'The DR plan does not name your Slack account, and Slack did not answer when it was asked for your e-mail address.',
          ],
          [
            'Nothing was done. Try again in a minute, or use the terminal or the console. So that it works next time, ask an administrator to add this to you under people in the DR plan:',
          ],
          [{ code: `slack: ${slack}` }],
        ],
      },
    ],
  }
}
