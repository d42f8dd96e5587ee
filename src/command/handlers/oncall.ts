// oncall: who is on call now and next, and why; oncall override: somebody takes a turn; oncall cancel: takes it back.
import { printCommand } from '../parse.ts'
import { lacking } from '../../drplan/first-called.ts'
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

export const oncallHandlers: Handlers<'oncall' | 'oncall override' | 'oncall cancel'> = {
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
    const name = rotationOf(plan, override)
    const [from, to] = [momentStart(override.from, plan.timezone), momentEnd(override.to, plan.timezone)]
    // The plan that the desk gives may hold the override by now; an override twice is the same as once.
    const shifts = schedule(withOverrides(plan, [override]), name, Math.max(from, now), to)
    const lines = shifts.map((shift) => shiftLine(plan, shift))
    const said = `${who(plan, override.person)} takes the rotation ${name}.`
    const what = lacking(plan, override.person, name)
    const warning = what === undefined ? [] : [`Mind: ${who(plan, override.person)} ${what}.`]
    await noteEverywhere(desk, speaker, [turnText(plan, override), ...warning].join('. '))
    const back: Line = ['To take it back: ', { command: cancelling(override) }]
    const sections = [
      { lines: [[said], ...lines] },
      ...warning.map((text): Section => ({ lines: [[{ strong: text }]] })),
      { lines: [back] },
    ]
    const { card, ...rest } = listing('Override kept', sections, { override, shifts, warnings: warning })
    return { ...rest, card: { ...card, tone: what === undefined ? 'quiet' : 'warn' } }
  },
  'oncall cancel': async (desk, command, speaker) => {
    const plan = desk.plan()
    const override = toCancel(plan, command, desk.clock.now())
    if (!(await desk.removeOverride(override))) throw inFile(override)
    const name = rotationOf(plan, override)
    await noteEverywhere(desk, speaker, `Taken back: ${turnText(plan, override)}`)
    const after = desk.plan()
    const shift = onCall(after, name, desk.clock.now())
    const now = shift && section(after, { name, now: shift, next: [] }, 0)
    const said = `Taken back: ${turnText(plan, override)}.`
    return listing('Override taken back', [{ lines: [[said]] }, ...(now ? [now] : [])], { override })
  },
}

function rotationOf(plan: DrPlan, { rotation }: Override): string {
  return rotation ?? plan.oncall.rotations[0]?.name ?? ''
}

function turnText(plan: DrPlan, override: Override): string {
  const times = `${spanText(override)} ${plan.timezone}`
  return `${who(plan, override.person)} takes the rotation ${rotationOf(plan, override)} ${times}`
}

/** `from 2026-12-24 09:00 to 2026-12-26 09:00`, or whole days as they stand in the plan. */
function spanText({ from, to }: Override): string {
  return `from ${from} to ${to}`.replaceAll(/(?<=\d)T(?=\d)/g, ' ')
}

/** The command that takes an override back. */
function cancelling({ person, from, rotation }: Override): string {
  return printCommand({ verb: 'oncall cancel', person, from, ...optional('rotation', rotation) })
}

/** The one that is meant, of those that are not over. Throws UserError with what can be typed. */
function toCancel(plan: DrPlan, command: CommandOf<'oncall cancel'>, now: Instant): Override {
  const { from } = command
  const person = personNamed(plan, command.person)
  const rotation = command.rotation === undefined ? undefined : rotationNamed(plan, command.rotation).name
  const coming = plan.oncall.overrides.filter(({ to }) => momentEnd(to, plan.timezone) > now)
  const meant = coming.filter(
    (each) =>
      each.person === person &&
      (from === undefined || each.from === from) &&
      (rotation === undefined || rotationOf(plan, each) === rotation),
  )
  const [one] = meant
  if (
    one !== undefined &&
    (meant.length === 1 || meant.every((each) => cancelling(each) === cancelling(one)))
  )
    return meant.at(-1) ?? one
  const [code, problem] =
    one === undefined
      ? ['no-override', `${who(plan, person)} has no such override.`]
      : ['which-override', `${who(plan, person)} has ${meant.length} overrides.`]
  const ways = (one === undefined ? coming : meant).slice(0, 5).map(cancelling)
  throw new UserError(
    code,
    `${problem} ${ways.length === 0 ? 'There is none.' : `To take one back: ${ways.join(', or ')}`}`,
  )
}

function inFile(override: Override): UserError {
  return new UserError(
    'override-in-plan',
    `The override of ${override.person} from ${override.from} stands in the DR plan: take it out under oncall.overrides there.`,
  )
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
    ', everybody of this rotation is off. Type: ',
    { command: 'help oncall override' },
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
  const lines = coming.map((override): Line => {
    const { person, by } = override
    const arranged = by === undefined ? '' : `, arranged by ${who(plan, by)}`
    const what = lacking(plan, person, rotationOf(plan, override))
    const mind = what === undefined ? '' : `; ${what}`
    const where = `(${rotationOf(plan, override)}) ${spanText(override)} ${plan.timezone}`
    return [{ strong: who(plan, person) }, ` ${where}${arranged}${mind}`]
  })
  const back: Line = ['To take one back: ', { command: 'oncall cancel PERSON' }]
  return [{ heading: 'Overrides', lines: [...lines, back] }]
}

/** @throws UserError naming what is wrong with the override and what to write instead. */
function checked(
  plan: DrPlan,
  command: CommandOf<'oncall override'>,
  speaker: Speaker,
  now: Instant,
): Override {
  const { from, to, rotation } = command
  const person = personNamed(plan, command.person)
  const named = rotation === undefined ? undefined : rotationNamed(plan, rotation).name
  const override = readOverride(plan, { person, from, to, rotation: named, by: speaker.person })
  if (momentEnd(to, plan.timezone) > now) return override
  throw new UserError(
    'bad-override',
    `The override is over already (${to} ${plan.timezone}). Type a time to come.`,
  )
}

function personNamed(plan: DrPlan, typed: string): string {
  return Object.keys(plan.people).find((id) => id.toLowerCase() === typed.toLowerCase()) ?? typed
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
