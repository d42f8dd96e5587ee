// What a schema cannot see about people and time: names that lead nowhere, doubles, spans that end before they begin.
import { systemIds } from '../ids.ts'
import { printDuration } from './duration.ts'
import { checkIdentities } from './identities.ts'
import { meantPerson, nearestOf } from './issues.ts'
import { checkSystems } from './systems.ts'
import { momentStart, momentEnd } from '../oncall/wallclock.ts'
import type { DrPlan, Override } from './schema.ts'
import type { Complaint, PlanPath } from './source.ts'

/** Everything in the plan that refers to nothing, to itself, or twice. */
export function checkReferences(plan: DrPlan): readonly Complaint[] {
  return [
    ...checkIdentities(plan),
    ...checkGroups(plan),
    ...checkRotations(plan),
    ...checkUserGroups(plan),
    ...checkAbsences(plan),
    ...checkEscalation(plan),
    ...checkDiagnosis(plan),
    ...checkSystems(plan),
  ]
}

function checkPeople(plan: DrPlan, people: readonly string[], path: PlanPath): readonly Complaint[] {
  if (people.length === 0) {
    const write = `Write at least one person, such as [${Object.keys(plan.people)[0] ?? 'ann'}]`
    return [{ path, found: 'found nobody in it', write }]
  }
  return people.flatMap((person, index) => {
    const at = [...path, index]
    if (people.indexOf(person) !== index) {
      return [{ path: at, found: `"${person}" is listed twice`, write: 'Remove one of the two' }]
    }
    return checkPerson(plan, person, at)
  })
}

function checkPerson(plan: DrPlan, person: string, path: PlanPath): readonly Complaint[] {
  if (Object.hasOwn(plan.people, person)) return []
  const known = Object.keys(plan.people)
  return [{ path, found: `no person "${person}" in "people"`, write: meantPerson(person, known) }]
}

function checkGroups(plan: DrPlan): readonly Complaint[] {
  return Object.entries(plan.groups).flatMap(([group, { people }]) =>
    checkPeople(plan, people, ['groups', group, 'people']),
  )
}

function checkRotations(plan: DrPlan): readonly Complaint[] {
  const names = plan.oncall.rotations.map((rotation) => rotation.name)
  return plan.oncall.rotations.flatMap((rotation, index) => {
    const path = ['oncall', 'rotations', index]
    const complaints = [...checkPeople(plan, rotation.people, [...path, 'people'])]
    if (names.indexOf(rotation.name) !== index) {
      complaints.push({
        path: [...path, 'name'],
        found: `there is another rotation "${rotation.name}"`,
        write: `Write another name, such as "${rotation.name}-2"`,
      })
    }
    if (rotation.type === 'custom' && rotation.shift === undefined) {
      complaints.push({
        path: [...path, 'shift'],
        found: '"shift" is missing',
        write: 'Write how long a turn of this custom rotation is, such as "shift: 12h"',
      })
    }
    if (rotation.type !== 'custom' && rotation.shift !== undefined) {
      complaints.push({
        path: [...path, 'shift'],
        part: 'key',
        found: `a ${rotation.type} rotation has its own length`,
        write: 'Remove "shift", or write "type: custom"',
      })
    }
    return complaints
  })
}

/** The bot sets the members of a rotation's user group, so that nobody else may mean anything by it. */
function checkUserGroups({ groups, oncall }: DrPlan): readonly Complaint[] {
  const ids = oncall.rotations.map((rotation) => rotation.slack)
  return oncall.rotations.flatMap(({ slack }, index) => {
    if (slack === undefined) return []
    const group = Object.keys(groups).find((name) => groups[name]?.slack === slack)
    const first = ids.indexOf(slack)
    const user =
      group !== undefined
        ? `group "${group}"`
        : first < index
          ? `rotation "${oncall.rotations[first]?.name}"`
          : undefined
    if (user === undefined) return []
    return [
      {
        path: ['oncall', 'rotations', index, 'slack'],
        found: `the user group "${slack}" is that of the ${user}, and the bot would make who is on call its only member`,
        write: 'Make a user group at Slack for this rotation alone and write its id, or remove the key',
      },
    ]
  })
}

function checkAbsences(plan: DrPlan): readonly Complaint[] {
  const { overrides, time_off: timeOff } = plan.oncall
  return [
    ...overrides.flatMap((override, index) => checkOverride(plan, override, ['oncall', 'overrides', index])),
    ...timeOff.flatMap((absence, index) => {
      const path = ['oncall', 'time_off', index]
      return [...checkPerson(plan, absence.person, [...path, 'person']), ...checkSpan(plan, absence, path)]
    }),
  ]
}

/** What is wrong with an override, be it of the file or given by command. */
export function checkOverride(plan: DrPlan, override: Override, path: PlanPath): readonly Complaint[] {
  const rotations = plan.oncall.rotations.map((rotation) => rotation.name)
  const { rotation } = override
  const unknown: readonly Complaint[] =
    rotation === undefined || rotations.includes(rotation)
      ? []
      : [
          {
            path: [...path, 'rotation'],
            found: `no rotation "${rotation}"`,
            write: nearestOf(rotation, rotations),
          },
        ]
  return [
    ...unknown,
    ...checkPerson(plan, override.person, [...path, 'person']),
    ...(override.by === undefined ? [] : checkPerson(plan, override.by, [...path, 'by'])),
    ...checkSpan(plan, override, path),
  ]
}

function checkSpan(
  plan: DrPlan,
  span: { readonly from: string; readonly to: string },
  path: PlanPath,
): readonly Complaint[] {
  if (momentStart(span.from, plan.timezone) < momentEnd(span.to, plan.timezone)) return []
  return [
    {
      path: [...path, 'to'],
      found: `"to" (${span.to}) is not after "from" (${span.from})`,
      write: 'Write a later "to", or exchange the two',
    },
  ]
}

function checkEscalation(plan: DrPlan): readonly Complaint[] {
  const known = {
    rotation: plan.oncall.rotations.map((rotation) => rotation.name),
    group: Object.keys(plan.groups),
    person: Object.keys(plan.people),
  }
  return plan.escalation.flatMap((level, index) =>
    level.to.flatMap((target, position) => {
      const [kind, name] = target.split(':') as [keyof typeof known, string]
      if (known[kind].includes(name)) return []
      const write = nearestOf(
        target,
        known[kind].map((one) => `${kind}:${one}`),
      )
      return [{ path: ['escalation', index, 'to', position], found: `no ${kind} "${name}"`, write }]
    }),
  )
}

function checkDiagnosis(plan: DrPlan): readonly Complaint[] {
  const blocks: readonly (readonly [PlanPath, DrPlan['diagnosis']])[] = [
    [['diagnosis'], plan.diagnosis],
    ...systemIds.flatMap((id) => {
      const own = plan.systems[id]?.diagnosis
      return own ? [[['systems', id, 'diagnosis'], { ...plan.diagnosis, ...own }] as const] : []
    }),
  ]
  return blocks.flatMap(([path, { remind, deadline }]) =>
    remind < deadline
      ? []
      : [
          {
            path: [...path, 'remind'],
            found: `the reminder (${printDuration(remind)}) is not before the deadline (${printDuration(deadline)})`,
            write: `Write a "remind" below ${printDuration(deadline)}, such as "${printDuration(deadline / 2)}"`,
          },
        ],
  )
}
