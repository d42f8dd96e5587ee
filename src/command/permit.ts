// Who may type which command: denied unless one of the command's rights is held.
import { verbs, specOf } from '../../commands/index.ts'
import type { Role } from '../drplan/schema.ts'
import type { CommandSpec, Verb } from './command.ts'

export type Permission = { readonly ok: true } | { readonly ok: false; readonly refusal: string }

/** Whether somebody with these roles may; `roles` is undefined for somebody whom the DR plan does not know. */
export function permit<V extends Verb>(
  spec: Pick<CommandSpec<V>, 'verb' | 'rights'>,
  roles: readonly Role[] | undefined,
): Permission {
  if (roles === undefined) {
    const refusal =
      'The DR plan does not know you. Ask an administrator to add you under "people" in the DR plan, with your account of this chat and a role.'
    return { ok: false, refusal }
  }
  const held = spec.rights.some((right) => right === 'anyone' || roles.includes(right))
  if (held) return { ok: true }
  const wanted = spec.rights.join(' or ')
  const yours = roles.length === 0 ? 'no role' : roles.join(', ')
  const refusal = `${spec.verb} is for the role ${wanted}; you have ${yours}. Ask somebody who has it (type: oncall), or an administrator to change your roles in the DR plan.`
  return { ok: false, refusal }
}

/** The commands that somebody with these roles may type, in the order of help. */
export function permitted(roles: readonly Role[] | undefined): readonly Verb[] {
  return verbs.filter((verb) => permit(specOf(verb), roles).ok)
}
