// oncall: who is on call now and next, and why; oncall override: somebody takes a turn.
import { readOverride } from '../../drplan/override.ts'
import { UserError } from '../../errors.ts'
import { onCall, schedule, withOverrides } from '../../oncall/shift.ts'
import { momentEnd, momentStart } from '../../oncall/wallclock.ts'
import { listing, moment, who } from '../answer.ts'
import { noteEverywhere } from '../everywhere.ts'
import { optional } from '../read.ts'
import type { DrPlan, Override, Rotation } from '../../drplan/schema.ts'
import type { Duration, Instant } from '../../ids.ts'
import type { Line, Section } from '../../message.ts'
import type { Shift } from '../../oncall/shift.ts'
import type { CommandOf, Speaker } from '../command.ts'
import type { Handlers } from '../desk.ts'

const week: Duration = 7 * 24 * 3_600_000

export const oncallHandlers: Handlers<'oncall' | 'oncall override'> = {
  oncall: async (desk, command) => {
    const plan = desk.plan()
    const now = desk.clock.now()
    const one = command.rotation === undefined ? undefined : rotationNamed(plan, command.rotation)
    const rotations = one === undefined ? plan.oncall.rotations : [one]
    const shifts = rotations.map(({ name }) => ({ name, ...shiftsOf(plan, name, now) }))
    const sections = shifts.map((each) => section(plan, each, one === undefined ? 1 : 8))
    return listing('On call', [...sections, ...overrides(plan, now)], { rotations: shifts })
  },
  'oncall override': async (desk, command, speaker) => {
    const plan = desk.plan()
    const now = desk.clock.now()
    const override = checked(plan, command, speaker, now)
    await desk.addOverride(override)
    const name = override.rotation ?? plan.oncall.rotations[0]?.name ?? ''
    const [from, to] = [momentStart(override.from, plan.timezone), momentEnd(override.to, plan.timezone)]
    // The plan that the desk gives may hold the override by now; an override twice is the same as once.
    const shifts = schedule(withOverrides(plan, [override]), name, Math.max(from, now), to)
    const lines = shifts.map((shift) => shiftLine(plan, shift))
    const said = `${who(plan, override.person)} takes the rotation ${name}.`
    const times = `from ${override.from} to ${override.to} ${plan.timezone}`
    await noteEverywhere(desk, speaker, `${who(plan, override.person)} takes the rotation ${name} ${times}`)
    return listing('Override kept', [{ lines: [[said], ...lines] }], { override, shifts })
  },
}

/** Now and what follows within eight weeks. */
function shiftsOf(
  plan: DrPlan,
  rotation: string,
  now: Instant,
): { readonly now?: Shift; readonly next: readonly Shift[] } {
  const next = schedule(plan, rotation, now, now + 8 * week).filter((shift) => shift.from > now)
  return { ...optional('now', onCall(plan, rotation, now)), next: next.slice(0, 8) }
}

function section(
  plan: DrPlan,
  shifts: { readonly name: string; readonly now?: Shift; readonly next: readonly Shift[] },
  most: number,
): Section {
  const nobody: Line = [
    'Now: ',
    { strong: 'nobody' },
    ', everybody of this rotation is off. Type: help oncall override',
  ]
  const now: Line =
    shifts.now === undefined
      ? nobody
      : ['Now: ', { strong: who(plan, shifts.now.person) }, `, ${shifts.now.why}`]
  const next = shifts.next.slice(0, most).map((shift): Line => ['Next: ', ...shiftLine(plan, shift)])
  return { heading: shifts.name, lines: [now, ...next] }
}

function shiftLine(plan: DrPlan, shift: Shift): Line {
  const name = { strong: who(plan, shift.person) }
  return [name, ' from ', moment(shift.from), `, ${shift.why}`]
}

function overrides(plan: DrPlan, now: Instant): readonly Section[] {
  const coming = plan.oncall.overrides.filter(({ to }) => momentEnd(to, plan.timezone) > now)
  if (coming.length === 0) return []
  const lines = coming.map(({ person, from, to, rotation, by }): Line => {
    const where = rotation ?? plan.oncall.rotations[0]?.name ?? ''
    const arranged = by === undefined ? '' : `, arranged by ${who(plan, by)}`
    return [{ strong: who(plan, person) }, ` (${where}) from ${from} to ${to} ${plan.timezone}${arranged}`]
  })
  return [{ heading: 'Overrides', lines }]
}

/** @throws UserError naming what is wrong with the override and what to write instead. */
function checked(
  plan: DrPlan,
  command: CommandOf<'oncall override'>,
  speaker: Speaker,
  now: Instant,
): Override {
  const { from, to, rotation } = command
  const typed = command.person.toLowerCase()
  const person = Object.keys(plan.people).find((id) => id.toLowerCase() === typed) ?? command.person
  const named = rotation === undefined ? undefined : rotationNamed(plan, rotation).name
  const override = readOverride(plan, { person, from, to, rotation: named, by: speaker.person })
  if (momentEnd(to, plan.timezone) > now) return override
  throw new UserError(
    'bad-override',
    `The override is over already (${to} ${plan.timezone}). Type a time to come.`,
  )
}

function rotationNamed(plan: DrPlan, typed: string): Rotation {
  const { rotations } = plan.oncall
  const found = rotations.find(({ name }) => name.toLowerCase() === typed.toLowerCase())
  if (found !== undefined) return found
  const names = rotations.map(({ name }) => name).join(', ')
  throw new UserError(
    'unknown-rotation',
    `There is no rotation “${typed.slice(0, 40)}”. The rotations are: ${names}.`,
  )
}
