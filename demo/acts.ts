// What is done and waited for in the demo's story: said in a terminal, seen in the store, in the mailbox, by a resolver.
import { Resolver } from 'node:dns/promises'
import { z } from 'zod'
import type { Duration, IncidentId, RunId } from '../src/ids.ts'
import { minute, second } from '../src/ids.ts'
import { endWords } from '../src/incident/end-words.ts'
import type { Incident } from '../src/incident/incident.ts'
import type { Run } from '../src/recovery/run.ts'
import type { Demo } from './start.ts'

export type Tell = (text: string) => void

/** What waits for so long because Slack is spared counts as missed when the clock is moved on by more. */
const muchTime = 3 * minute
/** How long the bot may take to say what it has to, one thing after another, in real milliseconds. */
const pace = 5_000

/** Lets time pass, as people and Nagios need it: what was going on ends first, and what falls due is done. */
export async function passes(demo: Demo, duration: Duration): Promise<void> {
  await quiet(demo)
  if (duration >= muchTime) await allSaid(demo)
  demo.clock.skip(duration)
  await quiet(demo)
}

/** Waits until the bot has done what it was at, and tells what it has said by now. */
export async function quiet({ app, slack }: Demo): Promise<void> {
  await app.settle()
  slack.tellNews()
}

async function allSaid(demo: Demo): Promise<void> {
  const until = performance.now() + pace
  while ((await demo.app.store.pendingEffects()) > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    await quiet(demo)
  }
}

/** What of an answer counts here. */
const Said = z.object({ status: z.string(), run: z.string().optional() })
type Said = Readonly<z.infer<typeof Said>>

/** How long anything may take to come about, in real milliseconds. */
const patience = 20_000

/** Has a proposed run approved as its risk demands, and waits until it is done, however long that takes it. */
export async function approve(
  demo: Demo,
  people: { readonly engineer: string; readonly manager: string },
  id: RunId,
  byHand: () => void = () => {},
): Promise<Run> {
  const { proposal } = await sought(demo, id, `${id} is proposed`, (run) => run.state === 'proposed')
  const typed = proposal.typed === undefined ? '' : ` "${proposal.typed}"`
  const person = proposal.risk === 'loses-data' ? people.manager : people.engineer
  await says(demo, person, `approve ${id}${typed}`)
  byHand()
  return sought(demo, id, `${id} is done`, async (run) => {
    if (run.state === 'running' && !isAtWork(run)) await untilLooked(demo, run.checkAt)
    return run.state === 'done'
  })
}

/** A call is on its way: nobody waits for the time at which others would take over. */
function isAtWork({ steps, current }: Run & { readonly current: number }): boolean {
  const step = steps[current]
  return step?.phase === 'intended' && step.waits === undefined
}

/** What takes minutes or hours outside takes no time here: the clock goes on to the next look at it. */
async function untilLooked(demo: Demo, checkAt: number): Promise<void> {
  const left = checkAt - demo.clock.now()
  if (left > second) await passes(demo, left)
  else await quiet(demo)
}

/** Says a command as a person does in a terminal, over the API. */
export async function says(demo: Demo, person: string, text: string, status = 'done'): Promise<Said> {
  const token = demo.signer.token(person, demo.clock.now())
  const response = await fetch(`${demo.app.url}/api/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })
  const body = await response.text()
  if (!response.ok) throw new Error(`"${text}" was answered ${response.status}: ${body}`)
  const answer = Said.parse(JSON.parse(body))
  if (answer.status !== status) throw new Error(`"${text}" by ${person}: expected ${status}, got ${body}`)
  return answer
}

export async function incident(
  demo: Demo,
  what: string,
  is: (incident: Incident) => boolean,
): Promise<Incident> {
  let found: Incident | undefined
  await sees(what, async () => {
    const latest = await newest(demo).catch(() => undefined)
    found = latest && is(latest) ? latest : undefined
    return found !== undefined
  })
  if (!found) throw new Error(what)
  return found
}

/** It works: two minutes later the bot resolves it by itself. */
export async function resolved(demo: Demo, tell: Tell, id: IncidentId): Promise<void> {
  await passes(demo, 2 * minute + second)
  const done = await incident(
    demo,
    `${id} is resolved`,
    (each) => each.id === id && each.state === 'resolved',
  )
  await quiet(demo)
  if (done.state === 'resolved') tell(`${id} is ${endWords(done)}`)
}

async function newest(demo: Demo): Promise<Incident> {
  const [latest] = await demo.app.store.incidents({ open: false, limit: 1 })
  if (!latest) throw new Error('there is no incident yet')
  return latest
}

export async function sought(
  demo: Demo,
  id: RunId,
  what: string,
  is: (run: Run) => boolean | Promise<boolean>,
): Promise<Run> {
  let found: Run | undefined
  await sees(what, async () => {
    const run = (await demo.app.store.run(id))?.state
    found = run && (await is(run)) ? run : undefined
    return found !== undefined
  })
  if (!found) throw new Error(what)
  return found
}

export async function mail(demo: Demo, person: string): Promise<void> {
  const address = demo.app.plan.plan().people[person]?.email ?? ''
  await sees(`an e-mail reaches ${address}`, async () =>
    demo.mailbox.received.some((each) => each.to.includes(address)),
  )
}

/** Asks the zone's name server, as `dig` does. */
export async function dig({ world }: Demo): Promise<string> {
  return digAt([`localhost:${world.dns.port}`], world.record)
}

/** Asks name servers, such as `localhost:53`, for the addresses of a name. */
export async function digAt(servers: readonly string[], name: string): Promise<string> {
  const resolver = new Resolver()
  resolver.setServers(servers.map((server) => server.replace('localhost', '127.0.0.1')))
  return (await resolver.resolve4(name)).join(' ')
}

/** Waits until something is so. */
export async function sees(what: string, look: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + patience
  while (!(await look())) {
    if (performance.now() > until) throw new Error(`this did not come about: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
