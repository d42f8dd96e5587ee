// The whole job by itself: outages of all seven systems from alert to report, each recovered and led back, each step checked.
import type { IncidentId, RunId } from '../src/ids.ts'
import { minute, second } from '../src/ids.ts'
import type { Incident } from '../src/incident/incident.ts'
import { timeText } from '../src/moment.ts'
import { onCall } from '../src/oncall/shift.ts'
import type { Run } from '../src/recovery/run.ts'
import { measure, phasesOf } from '../src/timeline/phases.ts'
import { approve, dig, incident, mail, passes, quiet, resolved, says, sees, sought } from './acts.ts'
import type { Tell } from './acts.ts'
import { otherSystems } from './recoveries.ts'
import type { Demo } from './start.ts'
import { summaryTable } from './summary.ts'

/** What happened, as `--json FILE` writes it. */
export interface Story {
  readonly ok: boolean
  readonly failed?: string
  readonly incidents: readonly {
    readonly id: IncidentId
    readonly system: string
    readonly state: string
    /** How long it was down, in milliseconds, and whether that was within its objective. */
    readonly ms: number
    readonly met: boolean
    readonly phases: Readonly<Record<string, number>>
  }[]
  readonly runs: readonly {
    readonly id: RunId
    readonly system: string
    readonly recovery: string
    readonly state: string
    readonly ms: number
  }[]
}

const lb = '127.0.0.11'
const backup = '127.0.0.12'
/** What the table alone does not say. */
const ending =
  'INC-1 missed its objective on purpose: nobody decided for half an hour. The restore was in time (RTO), but whoever goes back to a moment before the outage loses what was written since, here more than the objective allows (RPO): that cost stood on its proposal. Each failover was undone when what had broken was mended. The way back of db was a choice: it brought the database from before the restore back, once its rows were there again; what was written to the restored one meanwhile is kept beside it.'
/** How long somebody takes to read a page and to press its button. */
const reading = 40 * second
/** The button of a page. */
const mine = 'I have it'

/**
 * Plays all outages; whatever does not come about ends the story with `ok: false` and says what it was. `print` gets
 * what happens line by line, and at the end how each outage ended.
 */
export async function playStory(demo: Demo, print: Tell): Promise<Story> {
  const { timezone } = demo.app.plan.plan()
  const tell: Tell = (text) => print(`${timeText(demo.clock.now(), timezone)}  ${text}`)
  const chapter = (title: string): void => print(`\n=== ${title} ===\n`)
  try {
    chapter('The load balancer breaks, and nobody decides: how an objective is missed')
    await longOutage(demo, tell)
    await passes(demo, 40 * minute)
    chapter('It breaks again, and nobody answers')
    await shortOutage(demo, tell)
    await otherSystems(demo, tell, chapter)
    chapter('How it ended')
    const { incidents, runs } = await all(demo)
    for (const line of summaryTable(incidents, runs, demo.clock.now())) print(line)
    print(`\n${ending}`)
    return await record(demo)
  } catch (thrown) {
    const failed = `${thrown instanceof Error ? thrown.message : String(thrown)}. The record ends: ${await lastWords(demo)}`
    return { ...(await record(demo)), ok: false, failed }
  }
}

/** What the newest incident's record says last: where to look when the story stopped. */
async function lastWords(demo: Demo): Promise<string> {
  const [latest] = await demo.app.store.incidents({ open: false, limit: 1 })
  const events = latest ? await demo.app.store.timeline(latest.id) : []
  return events
    .slice(-3)
    .map((event) => event.text)
    .join(' | ')
}

/** Alert, page, acknowledgement, the clock runs out, escalation, failover, verified, recovered, resolved, and back. */
async function longOutage(demo: Demo, tell: Tell): Promise<void> {
  const { world } = demo
  await sees('api.example.com points at the first load balancer', async () => (await dig(demo)) === lb)
  world.lb.set('failing')
  tell('The first load balancer breaks; the notification script of Nagios reports it')
  const opened = await incident(
    demo,
    'INC-1 opens and the engineer is paged',
    (each) => each.marks.paged !== undefined,
  )
  const engineer = opened.pages[0]?.person ?? ''
  tell(`${opened.id} is open; ${engineer} is paged: ${opened.pages[0]?.why ?? ''}`)
  await mail(demo, engineer)
  await sees(`a direct message in Slack reaches ${engineer}`, async () =>
    demo.slack.sim
      .direct(demo.slack.user(engineer))
      .some((each) => demo.slack.sim.buttons(each).includes(mine)),
  )
  await passes(demo, reading)
  await demo.slack.press(engineer, undefined, mine)
  await incident(demo, 'the button in Slack is the acknowledgement', (each) => each.engineer === engineer)
  tell(`${engineer} presses "${mine}" in Slack; the diagnosis clock runs`)
  await says(demo, engineer, 'extend INC-1 1m "the usual suspects are not it"', 'refused')
  await passes(demo, 9 * minute)
  await passes(demo, 16 * minute)
  await passes(demo, 5 * minute)
  const escalated = await incident(
    demo,
    'the clock runs out, manager and dev team are paged',
    (each) => each.level === 1,
  )
  const called = escalated.pages.filter((page) => page.level === 1).map((page) => page.person)
  tell(`Half an hour without a decision: escalated to ${called.join(', ')}; the objective of 10m is missed`)
  const manager = called[0] ?? ''
  await passes(demo, reading)
  await says(demo, manager, 'ack INC-1')
  tell(`${manager} joins`)

  const run = await failover(demo, tell, engineer)
  await sees('api.example.com points at the backup', async () => (await dig(demo)) === backup)
  tell(`${run} is done and verified: api.example.com is ${backup}`)
  await incident(demo, 'the incident is watched', (each) => each.state === 'watching')
  await resolved(demo, tell, 'INC-1')
  await passes(demo, 20 * minute)
  world.lb.set('ok')
  await demo.monitor.check()
  tell('The load balancer is mended')

  await says(demo, engineer, 'failback lb')
  await approve(demo, { engineer: manager, manager }, 'R-2')
  await sees('api.example.com points at the first load balancer again', async () => (await dig(demo)) === lb)
  await quiet(demo)
  tell('"failback lb": api.example.com points at the first load balancer again')
  await says(demo, engineer, 'report INC-1')
  await says(demo, engineer, 'timeline INC-1 --verify')
}

/** Nobody answers: the next engineers, then the managers; it mends itself. */
async function shortOutage(demo: Demo, tell: Tell): Promise<void> {
  const { world, clock } = demo
  await demo.monitor.check()
  world.lb.set('failing')
  tell('The first load balancer breaks again')
  const opened = await incident(
    demo,
    'a second incident opens',
    (each) => each.id === 'INC-2' && each.marks.paged !== undefined,
  )
  const first = onCall(demo.app.plan.plan(), 'primary', clock.now())?.person
  if (opened.pages[0]?.person !== first)
    throw new Error(`the engineer on call is ${first}, but ${opened.pages[0]?.person} was paged`)
  tell(`INC-2 is open; ${first} is paged, and says nothing`)
  // The three engineers one after the other, three minutes each; then it is the managers' turn.
  for (let turn = 0; turn < 3; turn += 1) {
    await passes(demo, 3 * minute + second)
    if (turn < 2) tell('Nobody answers: the next engineer is paged')
  }
  const alone = await incident(demo, 'nobody answers, the managers are called', (each) => each.level === 1)
  const people = new Set(alone.pages.map((page) => page.person)).size
  tell(`Nobody answered: ${people} people are paged by now, managers and developers among them`)
  await passes(demo, 10 * second)
  world.lb.set('ok')
  await demo.monitor.check()
  await incident(demo, 'it mends itself', (each) => each.state === 'watching')
  tell('The load balancer works again by itself')
  await resolved(demo, tell, 'INC-2')
}

async function failover(demo: Demo, tell: Tell, engineer: string): Promise<RunId> {
  const room = demo.slack.room('INC-1')
  tell(`${engineer} types /dr failover lb in Slack, in the room of INC-1`)
  await demo.slack.type(engineer, 'failover lb', room)
  // On a slow machine the answer is "looking at the world", and the proposal follows.
  const proposed = await sought(demo, 'R-1', 'a failover is proposed', (run) => run.state === 'proposed')
  await quiet(demo)
  tell(`${proposed.id} is proposed: ${proposed.proposal.summary}. ${engineer} approves it`)
  await approve(demo, { engineer, manager: engineer }, 'R-1')
  return proposed.id
}

async function all({
  app,
}: Demo): Promise<{ readonly incidents: readonly Incident[]; readonly runs: readonly Run[] }> {
  const query = { open: false, limit: 100 }
  return { incidents: await app.store.incidents(query), runs: await app.store.runs(query) }
}

async function record(demo: Demo): Promise<Story> {
  const { incidents, runs } = await all(demo)
  const now = demo.clock.now()
  return {
    ok:
      incidents.length > 0 &&
      incidents.every((each) => each.state === 'resolved') &&
      runs.every((each) => each.state === 'done'),
    incidents: incidents.map((incident) => {
      const { id, system, state, marks } = incident
      const { ms, met } = measure(incident, now)
      const phases = Object.fromEntries(phasesOf(marks, now).map((phase) => [phase.name, phase.ms]))
      return { id, system, state, ms, met, phases }
    }),
    runs: runs.map((run) => ({
      id: run.id,
      system: run.system,
      recovery: run.recovery,
      state: run.state,
      ms: tookOf(run),
    })),
  }
}

function tookOf(run: Run): number {
  return 'endedAt' in run && 'startedAt' in run && run.startedAt !== undefined
    ? run.endedAt - run.startedAt
    : 0
}
