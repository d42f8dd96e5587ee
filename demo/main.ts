// npm run demo: the whole program on this machine, with a load balancer that breaks. --auto plays the story by itself.
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { onCall } from '../src/oncall/shift.ts'
import { enterAtRegistrar, tellHints } from './registrar.ts'
import { startDemo } from './start.ts'
import type { Demo } from './start.ts'
import { playStory } from './story.ts'

const { values } = parseArgs({
  options: { auto: { type: 'boolean', default: false }, json: { type: 'string' } },
})

const systems = 'dns cloudflare lb api db storage workers'
const usage = `break SYSTEM, mend SYSTEM (of ${systems}), skip (5 minutes pass at once), slack PERSON COMMAND, login PERSON (a new link to the console), registrar azure or registrar cloudflare (who a recovery of dns waits for), quit`

function tell(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  const demo = await startDemo({
    mail: (to, subject) => tell(`  e-mail to ${to}: ${subject}`),
    slack: (text) => tell(`  Slack, ${text}`),
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void demo.stop().finally(() => process.exit(130)))
  }
  try {
    if (values.auto) await auto(demo)
    else await interactive(demo)
  } finally {
    await demo.stop()
  }
}

async function auto(demo: Demo): Promise<void> {
  const story = await playStory(demo, (text) => tell(`- ${text}`))
  const text = JSON.stringify(story, undefined, 2)
  if (values.json !== undefined) await writeFile(values.json, `${text}\n`)
  tell(
    story.ok
      ? '\nThe whole story came about.'
      : `\nThe story failed: ${story.failed ?? 'something is not resolved or not done'}`,
  )
  if (values.json === undefined) tell(text)
  process.exitCode = story.ok ? 0 : 1
}

async function interactive(demo: Demo): Promise<void> {
  tell(welcome(demo))
  demo.world.lb.set('failing')
  tellHints(
    () => demo.app.store.runs({ open: true, limit: 20 }),
    demo.outside,
    (text) => tell(`  ${text}`),
  )
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    const word = line.trim().toLowerCase()
    if (word === 'q' || word === 'quit') return
    if (word.startsWith('slack ')) await inSlack(demo, line.trim().slice(6))
    else tell(typed(demo, word))
  }
  // Without a terminal (as a service, say) the demo runs until it is told to stop.
  await new Promise(() => {})
}

/** What a word in the demo's window does; answers with what is said of it. */
function typed(demo: Demo, line: string): string {
  const [verb = '', word = ''] = line.split(/\s+/)
  switch (verb) {
    case 'break':
    case 'mend':
      return trouble(demo, verb, word)
    case 'skip':
      demo.clock.skip(5 * 60_000)
      return '  5 minutes have passed.'
    case 'login':
      return login(demo, word)
    case 'registrar':
      return `  ${enterAtRegistrar(demo.outside, word)}`
    default:
      return usage
  }
}

/** A bare `mend` is for the load balancer, with which the demo begins. */
function trouble({ troubles }: Demo, verb: 'break' | 'mend', word: string): string {
  const system = verb === 'mend' && word === '' ? 'lb' : word
  const found = troubles.find((each) => each.system === system)
  if (found === undefined) return `  Which system? Type ${verb} and one of: ${systems}`
  if (verb === 'break') found.begin()
  else found.end()
  return `  ${verb === 'break' ? found.story : `${system} works again`}; Nagios notices soon.`
}

function login(demo: Demo, person: string): string {
  const { people } = demo.app.plan.plan()
  if (!Object.hasOwn(people, person)) return `  Who? Type login and one of: ${Object.keys(people).join(' ')}`
  return `  Console, as ${person}, once and within ten minutes:  ${linkFor(demo, person)}`
}

function linkFor({ app, signer, clock }: Demo, person: string): string {
  return `${app.url}/login?token=${signer.loginLink(person, clock.now())}`
}

/** `bob failover lb`: bob types `/dr failover lb` in the room of the newest incident. */
async function inSlack({ slack }: Demo, said: string): Promise<void> {
  const [person = '', ...words] = said.split(/\s+/)
  const room = slack.sim.channels().findLast(({ name }) => name.startsWith('inc-'))?.id
  if (slack.user(person) === '') return tell(`the DR plan has no ${person}`)
  tell(`  only ${person} sees: ${(await slack.type(person, words.join(' '), room)) ?? 'nothing'}`)
}

function welcome(demo: Demo): string {
  const { app, world, signer, clock } = demo
  const engineer = onCall(app.plan.plan(), 'primary', clock.now())?.person ?? 'ann'
  return `
The first of two load balancers has just broken, and the notification script reports it.

  Console, as ${engineer} (engineer on call):  ${linkFor(demo, engineer)}
  Console, as mia (manager):  ${linkFor(demo, 'mia')}
  Each link works once and for ten minutes; for a new one, type here: login ${engineer}

  Terminal: in another window, in this directory:
      export DR_URL=${app.url} DR_TOKEN=${signer.token(engineer, clock.now())}
      npx dr status
      npx dr ack
      npx dr failover lb
      npx dr report

  DNS:  dig +short @127.0.0.1 -p ${world.dns.port} ${world.record}

  Slack (simulated; what the bot says there is printed here): type, for example
      slack ${engineer} ack
      slack ${engineer} failover lb

Here you can type: ${usage}.
`
}

await main()
process.exit()
