// What is broken in an incident: the counts, the few objects that are named, and the title that they give it.
import type { SystemId } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import { problemCount } from '../timeline/phases.ts'
import type { Incident, Problems } from './incident.ts'
import type { Attached } from './input.ts'

type Named = Problems['first'][number]

/** Problems that are named in the state; all are in the object table and in the timeline. */
const firstKept = 5
/** Characters of a plugin's output that are kept in the state. */
const outputKept = 300

export const noProblems: Problems = { open: 0, alerts: 0, explains: {}, first: [] }

/** The problems with one more alert: those of other systems are only counted. */
export function counted(problems: Problems, one: Attached, system: SystemId): Problems {
  const step = one.change === 'broke' ? 1 : one.change === 'mended' ? -1 : 0
  const alerts = problems.alerts + 1
  if (one.system !== system) {
    const explained = Math.max(0, (problems.explains[one.system] ?? 0) + step)
    const explains = { ...problems.explains, [one.system]: explained }
    return { ...problems, alerts, explains, explainsSince: sinceWhen(problems, one, explained) }
  }
  const open = Math.max(0, problems.open + step)
  return { ...problems, alerts, open, first: named(problems.first, one) }
}

function sinceWhen(
  { explainsSince = {} }: Problems,
  { system, since }: Attached,
  explained: number,
): NonNullable<Problems['explainsSince']> {
  const { [system]: before, ...others } = explainsSince
  return explained === 0 ? others : { ...others, [system]: Math.min(before ?? since, since) }
}

function named(first: readonly Named[], one: Attached): readonly Named[] {
  const old = first.find((each) => each.key === one.key)
  if (one.change === 'broke') return room([...first.filter((each) => each !== old), seen(one)])
  if (!old || old.mendedAt !== undefined) return first
  if (one.change === 'mended') return replaced(first, { ...old, mendedAt: one.at })
  // What a plugin says may change with each check; that a warning became critical is news.
  const worse = one.change === 'repeat' && one.state !== old.state
  return worse ? replaced(first, { ...seen(one), at: old.at }) : first
}

function seen({ key, state, output, at }: Attached): Named {
  return { key, state, output: output.slice(0, outputKept), at }
}

function replaced(first: readonly Named[], one: Named): readonly Named[] {
  return first.map((each) => (each.key === one.key ? one : each))
}

/** What has recovered makes room for what is broken; what broke first stays. */
function room(all: readonly Named[]): readonly Named[] {
  if (all.length <= firstKept) return all
  const mended = all.find((each) => each.mendedAt !== undefined)
  return mended ? all.filter((each) => each !== mended) : all.slice(0, firstKept)
}

/** The object that brought the outage back leads: it is what people must look at now, whatever else was left broken. */
export function leading(problems: Problems, broke: Attached): Problems {
  const others = problems.first.filter((each) => each.key !== broke.key)
  return { ...problems, first: [seen(broke), ...others].slice(0, firstKept) }
}

/** The named objects that are broken now. */
function broken({ first }: Problems): readonly Named[] {
  return first.filter((each) => each.mendedAt === undefined)
}

/** Whoever closes it over this must know it: `Nagios still reports 2 problems of lb: lb1 HAProxy CRITICAL, and 1 more.` */
export function stillBroken({ system, problems }: Incident): string {
  const shown = broken(problems).map(({ key, state }) => `${objectName(key)} ${state}`)
  const more = problems.open - shown.length
  const all = [...shown, ...(more > 0 && shown.length > 0 ? [`and ${more} more`] : [])]
  const names = all.length === 0 ? '' : `: ${all.join(', ')}`
  return `Nagios still reports ${problemCount(problems.open)} of ${system}${names}.`
}

/** What the objects say is broken now: the one that broke first; undefined when nothing is, or none is known by name. */
function headline(problems: Problems, system: SystemId): string | undefined {
  const { open } = problems
  if (open === 0) return undefined
  const [leader] = broken(problems)
  if (!leader) return `${open} problem${open === 1 ? '' : 's'} of ${system}`
  return sentenceOf(leader)
}

function sentenceOf({ key, state, output }: Named): string {
  return `${objectName(key)} is ${state}${output === '' ? '' : `: ${output}`}`
}

/**
 * The incident under the title of what is broken now; what it was opened for is kept beside it. A title in a person's own
 * words stays until the outage comes back: then it is another one.
 */
export function titled(before: Problems, incident: Incident): Incident {
  const { system, problems, openedBy, relapses, title } = incident
  const now = headline(problems, system)
  const same = now === undefined || now === title || now === headline(before, system)
  if (same || (openedBy !== 'nagios' && relapses === 0)) return incident
  return { ...incident, title: now, openedFor: incident.openedFor ?? title }
}

/** The part of a card that says what is broken now, or at the end what was; undefined without any alert. */
export function problemsSection({ problems, title }: Incident): Section | undefined {
  const { open, alerts, explains, first } = problems
  if (alerts === 0) return undefined
  const shown = open === 0 ? first : broken(problems)
  const lines: Line[] = shown.map(({ key, state, output }) => [
    { code: objectName(key) },
    ` ${state} `,
    output,
  ])
  const more = open - shown.length
  if (more > 0) lines.push([shown.length === 0 ? `${more} that broke later: see Nagios` : `and ${more} more`])
  const mended = open === 0 ? [] : first.filter((each) => each.mendedAt !== undefined)
  if (mended.length > 0) lines.push([`recovered: ${mended.map(({ key }) => objectName(key)).join(', ')}`])
  const others = Object.entries(explains).filter(([, count]) => count > 0)
  for (const [system, count] of others)
    lines.push([`explains ${count} alert${count === 1 ? '' : 's'} of ${system}`])
  const count = alertCount(alerts)
  const heading = open === 0 ? `What was broken, ${count}` : `${problemCount(open)} now, ${count}`
  const [only] = shown
  // What stands above as the card's own line is not said twice.
  const said = open > 0 && lines.length === 1 && only !== undefined && sentenceOf(only) === title
  return said ? { lines: [[heading]] } : { heading, lines }
}

function alertCount(alerts: number): string {
  return `${alerts} alert${alerts === 1 ? '' : 's'} in all`
}

/** `lb1 HAProxy` for the key `lb1;HAProxy`. */
function objectName(key: string): string {
  return key.replace(';', ' ')
}
