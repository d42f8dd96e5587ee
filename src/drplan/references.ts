// What a schema cannot see: names that lead nowhere, circles, doubles, and objectives that are missing.
import { isSystemId, systemIds } from '../ids.ts'
import { printDuration } from './duration.ts'
import { nearestOf } from './issues.ts'
import { blocksOfSystem, providerBlocks } from './recoveries.ts'
import { momentStart, momentEnd } from '../oncall/wallclock.ts'
import type { SystemId } from '../ids.ts'
import type { DrPlan, Recovery, System } from './schema.ts'
import type { PlanPath } from './source.ts'

/** An error before it has its place. `part` says whether the key or the value is to be shown. */
export interface Complaint {
  readonly path: PlanPath
  readonly part?: 'key' | 'value'
  readonly found: string
  readonly write: string
}

/** Everything in the plan that refers to nothing, to itself, or twice. */
export function checkReferences(plan: DrPlan): readonly Complaint[] {
  return [
    ...checkGroups(plan),
    ...checkRotations(plan),
    ...checkAbsences(plan),
    ...checkEscalation(plan),
    ...checkDiagnosis(plan),
    ...checkSystems(plan),
    ...checkCircles(plan),
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
  return [{ path, found: `no person "${person}" in "people"`, write: nearestOf(person, known) }]
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

function checkAbsences(plan: DrPlan): readonly Complaint[] {
  const { overrides, time_off: timeOff } = plan.oncall
  const rotations = plan.oncall.rotations.map((rotation) => rotation.name)
  return [
    ...overrides.flatMap((override, index) => {
      const path = ['oncall', 'overrides', index]
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
        ...checkSpan(plan, override, path),
      ]
    }),
    ...timeOff.flatMap((absence, index) => {
      const path = ['oncall', 'time_off', index]
      return [...checkPerson(plan, absence.person, [...path, 'person']), ...checkSpan(plan, absence, path)]
    }),
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

/** These two lose data by the way they are recovered; how much may be lost must be said. */
const losesData: readonly SystemId[] = ['db', 'storage']

function checkSystems(plan: DrPlan): readonly Complaint[] {
  const present = systemIds.filter((id) => plan.systems[id])
  if (present.length === 0) {
    return [
      {
        path: ['systems'],
        found: 'found no system',
        write: `Write at least one of: ${systemIds.join(', ')}`,
      },
    ]
  }
  return present.flatMap((id) => {
    const system = plan.systems[id]
    return system ? checkSystem(plan, id, system) : []
  })
}

function checkSystem(plan: DrPlan, id: SystemId, system: System): readonly Complaint[] {
  const path = ['systems', id]
  const dependencies = system.depends_on.flatMap((other, index): readonly Complaint[] => {
    const at = [...path, 'depends_on', index]
    if (!isSystemId(other))
      return [{ path: at, found: `no system "${other}"`, write: nearestOf(other, systemIds) }]
    if (plan.systems[other]) return []
    return [
      {
        path: at,
        found: `the plan has no system "${other}"`,
        write: `Describe it under "systems", or remove it here`,
      },
    ]
  })
  const rpo: readonly Complaint[] =
    losesData.includes(id) && system.rpo === undefined
      ? [
          {
            path: [...path, 'rpo'],
            found: '"rpo" is missing',
            write: `Write how much data of "${id}" may be lost, such as "rpo: 10m"`,
          },
        ]
      : []
  return [...dependencies, ...rpo, ...checkRecoveries(id, system.recoveries)]
}

function checkRecoveries(id: SystemId, recoveries: readonly Recovery[]): readonly Complaint[] {
  const names = recoveries.map((recovery) => recovery.name)
  return recoveries.flatMap((recovery, index) => {
    const path = ['systems', id, 'recoveries', index]
    const twice: readonly Complaint[] =
      names.indexOf(recovery.name) === index
        ? []
        : [
            {
              path: [...path, 'name'],
              found: `"${id}" has another recovery "${recovery.name}"`,
              write: `Write another name, such as "${recovery.name}-2"`,
            },
          ]
    return [...twice, ...checkBlock(id, recovery, path)]
  })
}

function checkBlock(id: SystemId, recovery: Recovery, path: PlanPath): readonly Complaint[] {
  const blocks = providerBlocks.filter((block) => recovery[block])
  const fitting = blocksOfSystem[id]
  const [block, ...more] = blocks
  if (block === undefined) {
    return [
      {
        path,
        found: `the recovery "${recovery.name}" does not say how`,
        write: `Add one block of: ${fitting.join(', ')}; see dr-plan.example.yml`,
      },
    ]
  }
  if (more.length > 0) {
    const write = 'Keep one, and make a second recovery of the other'
    return [
      {
        path: [...path, more[0] ?? block],
        part: 'key',
        found: `found several ways in one recovery: ${blocks.join(', ')}`,
        write,
      },
    ]
  }
  if (fitting.includes(block)) return []
  return [
    {
      path: [...path, block],
      part: 'key',
      found: `"${block}" cannot recover the system "${id}"`,
      write: `Write one of: ${fitting.join(', ')}`,
    },
  ]
}

function checkCircles(plan: DrPlan): readonly Complaint[] {
  const seen = new Set<SystemId>()
  return systemIds.flatMap((id) => {
    const circle = seen.has(id) ? undefined : circleFrom(plan, id, [])
    if (!circle) return []
    for (const one of circle) seen.add(one)
    const [first = id, second = id] = circle
    const index = plan.systems[first]?.depends_on.indexOf(second) ?? 0
    return [
      {
        path: ['systems', first, 'depends_on', index],
        found: `the dependencies run in a circle: ${[...circle, first].join(' -> ')}`,
        write: 'Remove one of them: what comes first in the way of a request depends on nothing behind it',
      },
    ]
  })
}

/** The systems of a circle that leads back to `id`, in order; undefined when there is none. */
function circleFrom(plan: DrPlan, id: SystemId, way: readonly SystemId[]): readonly SystemId[] | undefined {
  const start = way.indexOf(id)
  if (start === 0) return way
  if (start > 0) return undefined
  for (const other of plan.systems[id]?.depends_on ?? []) {
    const circle = isSystemId(other) ? circleFrom(plan, other, [...way, id]) : undefined
    if (circle) return circle
  }
  return undefined
}
