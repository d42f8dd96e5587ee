// What a plan may say, but somebody would regret at three in the morning.
import { channelsFor } from '../oncall/channels.ts'
import { offUntil, schedule } from '../oncall/shift.ts'
import { momentText } from '../moment.ts'
import { momentStart } from '../oncall/wallclock.ts'
import { systemIds } from '../ids.ts'
import { globMatches, printMatcher } from '../triage/match.ts'
import { lacking } from './first-called.ts'
import { checkQueries } from './lint-checks.ts'
import { checkRecords } from './lint-records.ts'
import { checkApprovers, checkEscalated } from './lint-roles.ts'
import { checkPromises } from './promises.ts'
import type { Duration, Instant, PersonId } from '../ids.ts'
import type { Channel, Target } from '../incident/incident.ts'
import type { DrPlan, Matcher } from './schema.ts'
import type { Complaint } from './source.ts'

const day: Duration = 86_400_000
/** How far ahead rotations are searched for time that nobody covers. */
const gapWindow: Duration = 56 * day

/** Warnings that hold on any date. */
export function lint(plan: DrPlan): readonly Complaint[] {
  return [
    ...checkPromises(plan),
    ...checkPagedThrough(plan),
    ...checkChannels(plan),
    ...checkRotations(plan),
    ...checkOverrides(plan),
    ...checkEscalation(plan),
    ...checkEscalated(plan),
    ...checkApprovers(plan),
    ...checkUserGroups(plan),
    ...checkSystems(plan),
    ...checkMatchers(plan),
    ...checkRecords(plan),
    ...checkQueries(plan),
  ]
}

/** Warnings about the next 56 days: time in which everybody of a rotation is off. */
export function lintGaps(plan: DrPlan, now: Instant): readonly Complaint[] {
  return plan.oncall.rotations.flatMap((rotation, index) => {
    const gaps = gapsBetween(schedule(plan, rotation.name, now, now + gapWindow), now, now + gapWindow)
    return gaps.map(({ from, until }) => {
      const span = [from, until].map((at) => momentText(at, plan.timezone)).join(' to ')
      return {
        path: ['oncall', 'rotations', index, 'name'],
        found: `nobody is on call in "${rotation.name}" from ${span} ${plan.timezone}: everybody is off`,
        write: 'Add an override for that time under oncall.overrides, or another person to the rotation',
      }
    })
  })
}

function gapsBetween(
  shifts: readonly { readonly from: Instant; readonly until: Instant }[],
  from: Instant,
  until: Instant,
): readonly { readonly from: Instant; readonly until: Instant }[] {
  const starts = [from, ...shifts.map((shift) => shift.until)]
  const ends = [...shifts.map((shift) => shift.from), until]
  return starts.flatMap((start, index) => {
    const end = ends[index] ?? until
    return start < end ? [{ from: start, until: end }] : []
  })
}

/** Channels that this version can page by. */
export const pagedThrough: readonly Channel[] = ['chat', 'email']

/** What the ladder promises and this version does not do. */
function checkPagedThrough(plan: DrPlan): readonly Complaint[] {
  const others = plan.paging.ladder
    .map((step) => step.channel)
    .filter((channel) => !pagedThrough.includes(channel))
  if (others.length === 0) return []
  return [
    {
      path: ['paging', 'ladder'],
      found: `${others.join(' and ')}: this version pages by ${pagedThrough.join(' and ')} only; other steps are left out`,
      write:
        'Make sure that {email: 0s} is in the ladder, that each person has an "email", and that SMTP_URL is set',
    },
  ]
}

function checkChannels(plan: DrPlan): readonly Complaint[] {
  const kinds = new Set(plan.paging.ladder.map((step) => step.channel))
  if (kinds.size < 2) {
    return [
      {
        path: ['paging', 'ladder'],
        found: 'the ladder has a single channel, and with it nobody can be reached when that one is down',
        write: 'Add a second one, such as {email: 0s}',
      },
    ]
  }
  const called = new Set([
    ...plan.oncall.rotations.flatMap((rotation) => rotation.people),
    ...plan.escalation.flatMap((level) => level.to.flatMap((target) => peopleOf(plan, target))),
  ])
  return [...called].flatMap((person) => {
    const own = new Set(channelsFor(plan, person).map((reach) => reach.channel))
    if (own.size > 1) return []
    return [
      {
        path: ['people', person],
        part: 'key',
        found: `"${person}" is called but can be reached on one channel only (${[...own].join('') || 'none'})`,
        write: 'Add "email", or an address for another channel of paging.ladder',
      },
    ]
  })
}

function peopleOf(plan: DrPlan, target: Target): readonly PersonId[] {
  const [kind, name = ''] = target.split(':')
  if (kind === 'rotation')
    return plan.oncall.rotations.find((rotation) => rotation.name === name)?.people ?? []
  return kind === 'group' ? (plan.groups[name]?.people ?? []) : [name]
}

/** Who is called must be able to say "I have it"; who is called first, to order a recovery. */
function checkRotations(plan: DrPlan): readonly Complaint[] {
  return plan.oncall.rotations.flatMap(({ name, people }, rotation) =>
    people.flatMap((person, index) => {
      const what = lacking(plan, person, name)
      if (what === undefined) return []
      return [
        {
          path: ['oncall', 'rotations', rotation, 'people', index],
          found: `"${person}" is called by "${name}", but ${what}`,
          write: `Add engineer to people.${person}.roles, or take "${person}" out of the rotation`,
        },
      ]
    }),
  )
}

function checkOverrides(plan: DrPlan): readonly Complaint[] {
  return plan.oncall.overrides.flatMap((override, index) => {
    const { person } = override
    const path = ['oncall', 'overrides', index, 'person']
    const off = offUntil(plan, person, momentStart(override.from, plan.timezone)) !== undefined
    const what = lacking(plan, person, override.rotation ?? plan.oncall.rotations[0]?.name ?? '')
    return [
      ...(off
        ? [
            {
              path,
              found: `"${person}" is off when this override begins; the override wins and they will be called`,
              write: 'Name somebody who is there, or shorten the time off',
            },
          ]
        : []),
      ...(what === undefined
        ? []
        : [
            {
              path,
              found: `"${person}" will be called, but ${what}`,
              write: `Name an engineer, or add engineer to people.${person}.roles`,
            },
          ]),
    ]
  })
}

function checkEscalation(plan: DrPlan): readonly Complaint[] {
  const above = plan.escalation.slice(1).flatMap((level) => level.to)
  const people = above.flatMap((target) => peopleOf(plan, target))
  const manager = people.some((person) => plan.people[person]?.roles.includes('manager'))
  const path = ['escalation']
  return [
    ...(manager
      ? []
      : [
          {
            path,
            found: 'escalation never reaches a manager',
            write: 'Add a level such as {to: [rotation:managers]}, of people with the role manager',
          },
        ]),
    ...(above.some((target) => target.startsWith('group:'))
      ? []
      : [
          {
            path,
            found: 'escalation never reaches the dev team',
            write: 'Add a level such as {to: [group:dev]}',
          },
        ]),
  ]
}

/** Who cannot be found at Slack cannot be put into the user group of who is on call. */
function checkUserGroups(plan: DrPlan): readonly Complaint[] {
  return plan.oncall.rotations.flatMap((rotation, index) => {
    if (rotation.slack === undefined) return []
    const unknown = rotation.people.filter(
      (person) => plan.people[person]?.slack === undefined && plan.people[person]?.email === undefined,
    )
    if (unknown.length === 0) return []
    return [
      {
        path: ['oncall', 'rotations', index, 'slack'],
        found: `${unknown.join(', ')} cannot be found at Slack; when on call, the user group keeps the one before`,
        write: 'Add "slack" (the member id) to each person of the rotation',
      },
    ]
  })
}

function checkSystems(plan: DrPlan): readonly Complaint[] {
  return systemIds.flatMap((id): readonly Complaint[] => {
    const system = plan.systems[id]
    if (!system) {
      return [
        {
          path: ['systems'],
          part: 'key',
          found: `the system "${id}" is not in the plan: nothing says what to do when it breaks`,
          write: `Describe it, beginning with "${id}: {rto: 10m}"`,
        },
      ]
    }
    const path = ['systems', id]
    return [
      ...(system.alerts.length > 0
        ? []
        : [
            {
              path,
              part: 'key' as const,
              found: `no alert can reach the system "${id}"`,
              write: 'Add alerts, such as "alerts: [{host: \\"lb*\\"}]"'.replaceAll('\\', ''),
            },
          ]),
      ...(system.recoveries.length > 0
        ? []
        : [
            {
              path,
              part: 'key' as const,
              found: `the system "${id}" has no recovery`,
              write: 'Add one under "recoveries"; see dr-plan.example.yml',
            },
          ]),
    ]
  })
}

function checkMatchers(plan: DrPlan): readonly Complaint[] {
  const all = systemIds.flatMap((id) =>
    (plan.systems[id]?.alerts ?? []).map((matcher, index) => ({ id, index, matcher })),
  )
  return all.flatMap(({ id, index, matcher }, order) => {
    const earlier = all.slice(0, order).find((other) => includes(other.matcher, matcher))
    if (!earlier) return []
    return [
      {
        path: ['systems', id, 'alerts', index],
        found: `no alert reaches "${printMatcher(matcher)}": systems.${earlier.id}.alerts[${earlier.index}] "${printMatcher(earlier.matcher)}" takes them all first`,
        write: 'Remove it, or make the earlier one narrower',
      },
    ]
  })
}

/** True when everything that `inner` matches is matched by `outer` too. A pattern is covered when it matches as text. */
function includes(outer: Matcher, inner: Matcher): boolean {
  const keys = ['host', 'service', 'hostgroup', 'servicegroup'] as const
  const names = keys.every((key) => {
    const [wide, narrow] = [outer[key], inner[key]]
    return wide === undefined || (narrow !== undefined && covers(wide, narrow))
  })
  return names && inner.states.every((state) => outer.states.includes(state))
}

/** Tries the narrow pattern's stars as nothing and as a text longer than any pattern has question marks. */
function covers(wide: string, narrow: string): boolean {
  const samples = ['', '\u0000'.repeat(201)]
  return wide === narrow || samples.every((sample) => globMatches(wide, narrow.replaceAll('*', sample)))
}
