// Stays with what goes on after its answer: a slow look at the world until it is decided, a run until it ends.
import { z } from 'zod'
import { minute, second } from '../ids.ts'
import { askBot } from './client.ts'
import { harmless } from './text.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Clock } from '../ports.ts'
import type { BotAnswer, NoAnswer } from './client.ts'
import type { BotAccess } from './settings.ts'

/** How often the bot is asked. */
const every: Duration = 2 * second
/** A look at the world that takes longer than this is left to itself. */
const longestLook: Duration = 5 * minute
/** A bot that starts again is back by then. */
const longestSilence: Duration = 2 * minute

/** With what it is followed. */
export interface Watch {
  readonly access: BotAccess
  readonly now: () => Instant
  readonly after: Clock['after']
  /** Tells whoever waits what has changed; for standard error. */
  readonly tell: (text: string) => void
}

const Pending = z.object({ pending: z.literal(true), ticket: z.string() })
const LateList = z.object({
  late: z.array(
    z.object({ ticket: z.string(), run: z.string().exactOptional(), refused: z.string().exactOptional() }),
  ),
})

/** The real answer of what was answered with "looking at the world"; that answer itself when there is none in time. */
export async function decided(answer: BotAnswer, watch: Watch): Promise<BotAnswer | NoAnswer> {
  const pending = Pending.safeParse(answer.data)
  if (!pending.success) return answer
  const until = watch.now() + longestLook
  while (watch.now() < until) {
    await pause(watch)
    const found = await askBot(watch.access, 'runs')
    if ('failure' in found) return found
    const list = LateList.safeParse(found.data)
    const late = list.success
      ? list.data.late.find(({ ticket }) => ticket === pending.data.ticket)
      : undefined
    if (late?.run !== undefined) return askBot(watch.access, `runs ${late.run}`)
    if (late?.refused !== undefined) return refusal(late.refused, answer)
  }
  return answer
}

function refusal(message: string, { now, zone }: BotAnswer): BotAnswer {
  return {
    status: 'refused',
    card: { title: 'Not done', tone: 'bad', sections: [{ lines: [[message]] }] },
    data: { code: 'late', message },
    ...(now === undefined ? {} : { now }),
    ...(zone === undefined ? {} : { zone }),
  }
}

const AboutRun = z.object({
  run: z.object({
    id: z.string(),
    state: z.string(),
    current: z.number().exactOptional(),
    steps: z.array(z.object({ title: z.string(), note: z.string().exactOptional() })),
    proposal: z.object({ risk: z.enum(['reversible', 'disruptive', 'loses-data']), typed: z.string() }),
  }),
})
type Seen = z.infer<typeof AboutRun>['run']

/** What a run is at while nobody needs to look at its card. */
const going: readonly string[] = ['proposed', 'running']

/**
 * Follows the run of an answer until it has ended, or until it waits for a person's verdict because its outcome is not
 * known; answers with the last it heard of it. An answer that is about no run is given back as it is.
 */
export async function ended(answer: BotAnswer, watch: Watch): Promise<BotAnswer | NoAnswer> {
  let last = answer
  let told = ''
  let heardAt = watch.now()
  for (;;) {
    const about = AboutRun.safeParse(last.data)
    if (last.status !== 'done' || !about.success || !going.includes(about.data.run.state)) return last
    const text = progressText(about.data.run)
    if (text !== told) watch.tell(`${harmless(text)}\n`)
    told = text
    await pause(watch)
    const found = await askBot(watch.access, `runs ${about.data.run.id}`)
    if (!('failure' in found)) {
      last = found
      heardAt = watch.now()
    } else if (found.failure === 'refused' || watch.now() - heardAt > longestSilence) return found
  }
}

/** Whether the answer is about a run that is being carried out. */
export function isRunning({ data }: BotAnswer): boolean {
  const about = AboutRun.safeParse(data)
  return about.success && about.data.run.state === 'running'
}

/** Whether a followed run has come about; an answer that is about no run says nothing against it. */
export function cameAbout({ data }: BotAnswer): boolean {
  const about = AboutRun.safeParse(data)
  return !about.success || about.data.run.state === 'done'
}

function progressText(run: Seen): string {
  const { id, state, current = 0, steps } = run
  const step = steps[current]
  if (state === 'proposed') return `${id} waits for approval: ${waitsFor(run)} ...`
  const note = step?.note === undefined ? '' : ` (${step.note})`
  return `${id} step ${current + 1} of ${steps.length}: ${step?.title ?? ''}${note} ...`
}

/** Nothing that is typed here approves it any more: what somebody must type elsewhere. */
function waitsFor({ id, proposal: { risk, typed } }: Seen): string {
  if (risk === 'loses-data')
    return `it can lose data, so a second person with the role approver types "approve ${id}"`
  if (risk === 'disruptive')
    return `it is disruptive, so --yes does not approve it; type "approve ${id} ${typed}" in a chat or in another terminal`
  return `type "approve ${id}" in a chat or in another terminal`
}

function pause({ after }: Watch): Promise<void> {
  return new Promise((resolve) => void after(every, resolve))
}
