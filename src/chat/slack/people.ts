// Who somebody of the DR plan is in Slack: by the member id in the plan, by e-mail where there is none.
import { z } from 'zod'
import type { DrPlan } from '../../drplan/schema.ts'
import type { PersonId } from '../../ids.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'
import type { Records } from '../record.ts'

/** A member of the workspace, or why there is none and what to do. */
export type Found = { readonly user: string } | { readonly nobody: string }

export interface People {
  /** A person's member id. Whoever was found by e-mail is remembered. */
  readonly find: (person: PersonId, options: CallOptions) => Promise<Found>
  /** The members of a group: those of its user group in Slack. */
  readonly userGroup: (id: string, options: CallOptions) => Promise<readonly string[]>
}

const ByEmail = z.object({
  user: z.object({
    id: z.string(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_email_confirmed: z.boolean().optional(),
  }),
})
const Members = z.object({ users: z.array(z.string()) })
const scope = 'people'

export function createPeople(deps: {
  readonly api: Pick<SlackApi, 'call'>
  readonly records: Pick<Records, 'read' | 'change'>
  readonly plan: () => DrPlan
}): People {
  const { api, records, plan } = deps

  async function byEmail(person: PersonId, email: string, options: CallOptions): Promise<Found> {
    const key = `email:${email.toLowerCase()}`
    const known = (await records.read(scope)).done[key]
    if (known !== undefined) return { user: known }
    try {
      const { user } = ByEmail.parse(await api.call('users.lookupByEmail', { email }, options))
      const why = whyNot(user)
      if (why !== undefined)
        return {
          nobody: `the Slack account with the address ${email} ${why}; set people.${person}.slack in the DR plan`,
        }
      await records.change(scope, (old) => ({ ...old, done: { ...old.done, [key]: user.id } }))
      return { user: user.id }
    } catch (thrown) {
      if (!(thrown instanceof SlackRefusal) || thrown.reason !== 'users_not_found') throw thrown
      return { nobody: `nobody in Slack has the address ${email}; set people.${person}.slack in the DR plan` }
    }
  }
  return {
    find: async (person, options) => {
      const known = plan().people[person]
      if (!known) return { nobody: `${person} is not in the DR plan any more` }
      if (known.slack !== undefined) return { user: known.slack }
      if (known.email !== undefined) return byEmail(person, known.email, options)
      return { nobody: `the DR plan has no Slack id of ${known.name}; set people.${person}.slack` }
    },
    userGroup: async (id, options) =>
      Members.parse(await api.call('usergroups.users.list', { usergroup: id }, options)).users,
  }
}

/** Why an account does not stand for the person whose address it has; undefined when it does. */
function whyNot(user: z.infer<typeof ByEmail>['user']): string | undefined {
  if (user.deleted) return 'is deactivated'
  if (user.is_bot) return 'is a bot'
  if (user.is_restricted || user.is_ultra_restricted) return 'is a guest'
  if (user.is_stranger) return 'is of another workspace'
  return user.is_email_confirmed === false ? 'has not confirmed it' : undefined
}
