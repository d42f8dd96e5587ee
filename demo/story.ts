// The whole job by itself: outages of all seven systems from alert to report, each recovered and led back, each step checked.
import type { IncidentId, RunId } from '../src/ids.ts'
import { minute } from '../src/ids.ts'
import { onCall } from '../src/oncall/shift.ts'
import type { Run } from '../src/recovery/run.ts'
import { phasesOf } from '../src/timeline/phases.ts'
import { approve, dig, incident, mail, says, sees, sought } from './acts.ts'
import type { Tell } from './acts.ts'
import { otherSystems } from './recoveries.ts'
import type { Demo } from './start.ts'

/** What happened, as `--json FILE` writes it. */
export interface Story {
  readonly ok: boolean
  readonly failed?: string
  readonly incidents: readonly {
    readonly id: IncidentId
    readonly system: string
    readonly state: string
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
/** The button of a page. */
const mine = 'I have it'

/** Plays all outages; whatever does not come about ends the story with `ok: false` and says what it was. */
export async function playStory(demo: Demo, tell: Tell): Promise<Story> {
  try {
    await longOutage(demo, tell)
    await shortOutage(demo, tell)
    await otherSystems(demo, tell)
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
  const { world, clock } = demo
  await sees('api.example.com points at the first load balancer', async () => (await dig(demo)) === lb)
  tell('The first load balancer breaks; the notification script reports it')
  world.lb.set('failing')
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
  await demo.slack.press(engineer, undefined, mine)
  await incident(demo, 'the button in Slack is the acknowledgement', (each) => each.engineer === engineer)
  tell(`${engineer} presses "${mine}" in Slack; the diagnosis clock runs`)
  await says(demo, engineer, 'extend INC-1 1m "the usual suspects are not it"', 'refused')
  clock.skip(25 * minute)
  clock.skip(5 * minute + 1_000)
  const escalated = await incident(
    demo,
    'the clock runs out, manager and dev team are paged',
    (each) => each.level === 1,
  )
  const called = escalated.pages.filter((page) => page.level === 1).map((page) => page.person)
  tell(`30 minutes without a decision: escalated to ${called.join(', ')}`)
  const manager = called[0] ?? ''
  await says(demo, manager, 'ack INC-1')

  const run = await failover(demo, tell, engineer)
  await sees('api.example.com points at the backup', async () => (await dig(demo)) === backup)
  tell(`${run} is done and verified: api.example.com is ${backup}`)
  await incident(demo, 'the incident is watched', (each) => each.state === 'watching')
  world.lb.set('ok')
  await demo.monitor.check()
  clock.skip(2 * minute + 1_000)
  await incident(demo, 'the incident is resolved', (each) => each.state === 'resolved')
  tell('The load balancer is mended, INC-1 is resolved')

  await says(demo, engineer, 'failback lb')
  await approve(demo, { engineer: manager, manager }, 'R-2')
  await sees('api.example.com points at the first load balancer again', async () => (await dig(demo)) === lb)
  tell('The way back: api.example.com points at the first load balancer again')
  await says(demo, engineer, 'report INC-1')
  await says(demo, engineer, 'timeline INC-1 --verify')
}

/** Nobody answers: the next engineer, then the managers; it mends itself. */
async function shortOutage(demo: Demo, tell: Tell): Promise<void> {
  const { world, clock } = demo
  clock.skip(40 * minute)
  await demo.monitor.check()
  world.lb.set('failing')
  const opened = await incident(
    demo,
    'a second incident opens',
    (each) => each.id === 'INC-2' && each.marks.paged !== undefined,
  )
  const first = onCall(demo.app.plan.plan(), 'primary', clock.now())?.person
  if (opened.pages[0]?.person !== first)
    throw new Error(`the engineer on call is ${first}, but ${opened.pages[0]?.person} was paged`)
  // The three engineers one after the other, three minutes each; then it is the managers' turn.
  for (let turn = 0; turn < 4; turn += 1) {
    clock.skip(3 * minute + 1_000)
    await demo.app.settle()
  }
  const alone = await incident(demo, 'nobody answers, the managers are called', (each) => each.level === 1)
  const people = new Set(alone.pages.map((page) => page.person)).size
  tell(`INC-2: nobody answered, ${people} people are paged by now, managers and developers among them`)
  world.lb.set('ok')
  await incident(demo, 'it mends itself', (each) => each.state === 'watching')
  clock.skip(2 * minute + 1_000)
  await incident(
    demo,
    'the second incident is resolved',
    (each) => each.id === 'INC-2' && each.state === 'resolved',
  )
  tell('INC-2 mended itself and is resolved')
}

async function failover(demo: Demo, tell: Tell, engineer: string): Promise<RunId> {
  const room = demo.slack.room('INC-1')
  tell(`${engineer} types /dr failover lb in Slack, in the room of INC-1`)
  await demo.slack.type(engineer, 'failover lb', room)
  // On a slow machine the answer is "looking at the world", and the proposal follows.
  const proposed = await sought(demo, 'R-1', 'a failover is proposed', (run) => run.state === 'proposed')
  tell(`${proposed.id} is proposed: ${proposed.proposal.summary}`)
  await approve(demo, { engineer, manager: engineer }, 'R-1')
  return proposed.id
}

async function record(demo: Demo): Promise<Story> {
  const incidents = await demo.app.store.incidents({ open: false, limit: 100 })
  const runs = await demo.app.store.runs({ open: false, limit: 100 })
  const now = demo.clock.now()
  return {
    ok:
      incidents.length > 0 &&
      incidents.every((each) => each.state === 'resolved') &&
      runs.every((each) => each.state === 'done'),
    incidents: incidents.map(({ id, system, state, marks }) => ({
      id,
      system,
      state,
      phases: Object.fromEntries(phasesOf(marks, now).map((phase) => [phase.name, phase.ms])),
    })),
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
