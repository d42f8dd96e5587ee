// What a schema cannot see about systems: missing objectives, circles of dependence, recoveries that do not fit.
import { isSystemId, systemIds } from '../ids.ts'
import { nearestOf } from './issues.ts'
import { blocksOfSystem, providerBlocks } from './recoveries.ts'
import type { SystemId } from '../ids.ts'
import type { DrPlan, Recovery, System } from './schema.ts'
import type { Complaint, PlanPath } from './source.ts'

/** These two lose data by the way they are recovered; how much may be lost must be said. */
const losesData: readonly SystemId[] = ['db', 'storage']

/** Objectives that are missing, dependencies that lead nowhere or in a circle, recoveries that cannot be carried out. */
export function checkSystems(plan: DrPlan): readonly Complaint[] {
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
  const single = present.flatMap((id) => {
    const system = plan.systems[id]
    return system ? checkSystem(plan, id, system) : []
  })
  return [...single, ...checkCircles(plan)]
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
