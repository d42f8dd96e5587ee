// On-call user groups: whoever mentions one reaches who is on call now.
import { z } from 'zod'
import type { DrPlan } from '../../drplan/schema.ts'
import { reasonOf } from '../../errors.ts'
import { minute, second } from '../../ids.ts'
import type { Instant, PersonId } from '../../ids.ts'
import { onCall } from '../../oncall/shift.ts'
import type { Clock, Log, Store } from '../../ports.ts'
import type { CallOptions, SlackApi } from './api.ts'
import { botTime } from '../lanes.ts'
import type { People } from './people.ts'

export interface Groups {
  /**
   * Brings every group that the plan names in step with who is on call now. Never rejects: what fails is logged, and
   * done at the next call.
   */
  readonly keep: () => Promise<void>
}

export interface GroupsDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly store: Pick<Store, 'once'>
  readonly people: Pick<People, 'find'>
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly log: Log
}

/** Somebody may have changed a group in Slack: it is looked at this often, in real time, though nothing changed here. */
const lookAgain = 10 * minute
/** One process makes a change; the others leave it to that one for so long, in real time. */
const turn = 30 * second
const options: CallOptions = { lane: 'room' }

const Members = z.object({ users: z.array(z.string()).catch([]) })

/** Who shall be in a group, by the rotations that name it. */
interface Wanted {
  readonly group: string
  readonly rotations: readonly string[]
  readonly people: readonly PersonId[]
}

export function createGroups(deps: GroupsDeps): Groups {
  const { api, store, plan, clock, log } = deps
  const inStep = new Map<string, { readonly users: string; readonly at: Instant }>()
  const said = new Map<string, string>()

  async function keepOne(wanted: Wanted): Promise<void> {
    const { group, rotations } = wanted
    const users = await usersOf(wanted)
    if (users.length === 0) {
      // Slack refuses a group without members; the one who was on call last is better than nobody.
      return tell(group, 'nobody to put into the on-call user group; it stays as it is', { rotations })
    }
    const asked = users.join(',')
    const known = inStep.get(group)
    if (known?.users === asked && clock.now() - known.at < botTime(clock, lookAgain)) return
    const members = Members.parse(await api.call('usergroups.users.list', { usergroup: group }, options))
    const there = members.users.toSorted().join(',')
    if (there !== asked) {
      if (!(await store.once(`slack-group:${group}:${there}:${asked}`, turn))) return
      await api.call('usergroups.users.update', { usergroup: group, users: asked }, options)
      log.info('the on-call user group was brought in step', { group, users })
    }
    inStep.set(group, { users: asked, at: clock.now() })
    said.delete(group)
  }

  async function usersOf({ people }: Wanted): Promise<readonly string[]> {
    const found = await Promise.all(people.map((person) => deps.people.find(person, options)))
    return [...new Set(found.flatMap((each) => ('user' in each ? [each.user] : [])))].toSorted()
  }

  /** Each state of a group is told once, not each minute. */
  function tell(group: string, message: string, fields: object): void {
    if (said.get(group) === message) return
    said.set(group, message)
    log.warn(message, { group, ...fields })
  }

  return {
    keep: async () => {
      await Promise.all(
        wantedBy(plan(), clock.now()).map((wanted) =>
          keepOne(wanted).catch((thrown: unknown) => {
            const reason = reasonOf(thrown)
            tell(wanted.group, 'the on-call user group could not be brought in step', { reason })
          }),
        ),
      )
    },
  }
}

function wantedBy(plan: DrPlan, at: Instant): readonly Wanted[] {
  const named = plan.oncall.rotations.filter(({ slack }) => slack !== undefined)
  const groups = Map.groupBy(named, ({ slack }) => slack ?? '')
  return [...groups].map(([group, rotations]) => ({
    group,
    rotations: rotations.map(({ name }) => name),
    people: rotations.flatMap(({ name }) => onCall(plan, name, at)?.person ?? []),
  }))
}
