// What takes longer than a door can wait: it goes on, and what came of it is kept for whoever asked.
import { z } from 'zod'
import { ConflictError, RetryableError, UserError, reasonOf } from '../errors.ts'
import { minute } from '../ids.ts'
import { moment, who } from './answer.ts'
import { optional } from './read.ts'
import type { IncidentId } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import type { Clock, Store } from '../ports.ts'
import type { Actor } from '../timeline/event.ts'
import type { Answer, Speaker } from './command.ts'
import type { Desk } from './desk.ts'

/** How long a command may take before it is answered for, in real milliseconds, where the door says nothing of it. */
const usualWait = 2_500
const setting = 'late-answers'
/** How long, and how many, are kept. */
const keptFor = 60 * minute
const keptMost = 30
/** How often it is written again when others were faster. */
const tries = 20

/** What came of a command after its asker had been answered: a run, or why there is none. */
const Late = z.object({
  /** As the answer before had it, so that the asker finds it. */
  ticket: z.string(),
  what: z.string(),
  by: z.string(),
  at: z.number(),
  run: z.string().exactOptional(),
  refused: z.string().exactOptional(),
})
export type Late = Readonly<z.infer<typeof Late>>

/** What a slow answer is about. */
interface Slow {
  readonly what: string
  readonly speaker: Speaker
  readonly incident: () => Promise<IncidentId | undefined>
}

/**
 * Looking at the world takes seconds when a provider is slow: it is waited for as long as the door can. What is not
 * there even then goes on in the background: a proposal shows itself; a refusal stands under `runs` for an hour, and in
 * the timeline of its incident.
 */
export async function soon(desk: Desk, work: Promise<Answer>, slow: Slow): Promise<Answer> {
  const answer = await inTime(desk, work, slow.speaker)
  if (answer !== undefined) return answer
  const ticket = `${slow.speaker.person}-${desk.clock.now()}-${slow.what.replaceAll(' ', '-')}`
  work.then(
    ({ run }) => keep(desk, lateOf(desk, slow, ticket, optional('run', run))),
    (error: unknown) => refusedLate(desk, slow, ticket, error),
  )
  const lines: Line[] = [
    [
      'The providers are slow, and nothing is decided yet. What comes of it, a refusal too, is shown by: ',
      { command: 'runs' },
    ],
  ]
  return {
    status: 'done',
    card: { title: `${slow.what}: looking at the world ...`, tone: 'quiet', sections: [{ lines }] },
    data: { pending: true, what: slow.what, ticket },
  }
}

/** The answer, or undefined when it takes longer than the speaker can be kept waiting. */
export function inTime<T>(
  desk: { readonly clock: Pick<Clock, 'after' | 'real'> },
  work: Promise<T>,
  { waits = usualWait }: Pick<Speaker, 'waits'>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = desk.clock.after(waits / desk.clock.real(1), () => resolve(undefined))
    work.then(resolve, reject).finally(stop)
  })
}

/** What came of slow commands within the last hour, newest first. */
export async function readLate({
  store,
  clock,
}: {
  readonly store: Pick<Store, 'setting'>
  readonly clock: Pick<Clock, 'now'>
}): Promise<readonly Late[]> {
  return young(parsed(await store.setting(setting)), clock.now())
}

/** Those that were refused, as a section; a run is in the list of runs anyway. */
export function lateSections(desk: Pick<Desk, 'plan'>, late: readonly Late[]): readonly Section[] {
  const lines = late.flatMap(({ what, by, at, refused }): readonly Line[] =>
    refused === undefined
      ? []
      : [[{ code: what }, ` of ${who(desk.plan(), by)} at `, moment(at), `: ${refused}`]],
  )
  return lines.length === 0 ? [] : [{ heading: 'Refused after a long look at the world', lines }]
}

function lateOf(desk: Desk, { what, speaker }: Slow, ticket: string, outcome: object): Late {
  return { ticket, what, by: speaker.person, at: desk.clock.now(), ...outcome }
}

async function refusedLate(desk: Desk, slow: Slow, ticket: string, error: unknown): Promise<void> {
  const { what } = slow
  const reason = reasonOf(error)
  const known =
    error instanceof UserError || error instanceof RetryableError || error instanceof ConflictError
  if (known) desk.log.warn('command failed after its answer', { what, reason })
  else desk.log.error('command failed after its answer', { what, reason })
  const refused = known ? reason : `it failed inside the bot; the log says why`
  await keep(desk, lateOf(desk, slow, ticket, { refused }))
  const by: Actor = { person: 'bot', door: 'bot' }
  try {
    const incident = await slow.incident()
    if (incident !== undefined)
      await desk.incidents.input(incident, { kind: 'note', by, text: `${what} was refused: ${refused}` })
  } catch (failed) {
    desk.log.error('late refusal not noted', { reason: reasonOf(failed) })
  }
}

/** Never rejects: a store that is away has been said already to whoever asks. */
async function keep({ store, log }: Pick<Desk, 'store' | 'log'>, late: Late): Promise<void> {
  try {
    for (let left = tries; left > 0; left -= 1) {
      const before = await store.setting(setting)
      const next = [late, ...young(parsed(before), late.at)].slice(0, keptMost)
      if ((await store.putSetting(setting, before, JSON.stringify(next))) === 'committed') return
    }
    throw new ConflictError(`${setting} was changed ${tries} times by others at the same time`)
  } catch (error) {
    log.error('late answer not kept', { what: late.what, reason: reasonOf(error) })
  }
}

function young(late: readonly Late[], now: number): readonly Late[] {
  return late.filter(({ at }) => at > now - keptFor)
}

function parsed(text: string | undefined): readonly Late[] {
  return text === undefined || text === '' ? [] : z.array(Late).parse(JSON.parse(text))
}
