// For whom Teams asks for a view of their own when they look at a card: those whose ids it has told the bot.
import type { DrPlan } from '../../drplan/schema.ts'
import { RetryableError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import type { CallOptions } from '../lanes.ts'
import { TeamsRefusal } from './api.ts'
import type { TeamsApi } from './api.ts'
import type { ReferenceBook } from './references.ts'
import { limits } from './render/elements.ts'

export interface Viewers {
  /** As the connector names them (`29:...`): these people first, then everybody else of the plan; at most 60. */
  readonly known: (first: readonly PersonId[]) => Promise<readonly string[]>
  /**
   * Asks once for those whom Teams has not told of yet; whether any were told. Never rejects for Teams' sake: views
   * are a nicety.
   */
  readonly learn: (options: CallOptions) => Promise<boolean>
}

export function createViewers(deps: {
  readonly api: Pick<TeamsApi, 'learnMembers'>
  readonly references: Pick<ReferenceBook, 'read'>
  readonly plan: () => DrPlan
}): Viewers {
  const { api, references, plan } = deps
  const asked = new Set<string>()

  async function unknown(): Promise<readonly string[]> {
    const { people } = await references.read()
    const ids = Object.values(plan().people).flatMap(({ teams }) => teams?.toLowerCase() ?? [])
    return ids.slice(0, limits.refreshed).filter((id) => people[id]?.mri === undefined && !asked.has(id))
  }

  return {
    known: async (first) => {
      const { people: told } = await references.read()
      const { people } = plan()
      const all = [...new Set([...first, ...Object.keys(people)])]
      const ids = all.flatMap((person) => told[people[person]?.teams?.toLowerCase() ?? '']?.mri ?? [])
      return ids.slice(0, limits.refreshed)
    },
    learn: async (options) => {
      const ids = await unknown()
      if (ids.length === 0) return false
      try {
        const learned = await api.learnMembers(ids, options)
        for (const id of ids) asked.add(id)
        return learned
      } catch (thrown) {
        // Asked again with the next card.
        if (thrown instanceof RetryableError || thrown instanceof TeamsRefusal) return false
        throw thrown
      }
    },
  }
}
