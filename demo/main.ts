// npm run demo: the whole program on this machine, with a load balancer that breaks. --auto plays the story by itself.
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { enterAtRegistrar, tellHints } from './registrar.ts'
import { reasonOf } from '../src/errors.ts'
import { startDemo } from './start.ts'
import type { Demo } from './start.ts'
import { playStory } from './story.ts'

const { values } = parseArgs({
  options: { auto: { type: 'boolean', default: false }, json: { type: 'string' } },
})

const systems = 'dns cloudflare lb api db storage workers'
const usage = `break SYSTEM, mend SYSTEM (of ${systems}), skip (5 minutes pass at once), slack PERSON COMMAND, slack PERSON press BUTTON, login PERSON (a new link to the console), registrar azure or registrar cloudflare (who a recovery of dns waits for), quit`

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
  const story = await playStory(demo, tell)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(story, undefined, 2)}\n`)
  tell(
    story.ok
      ? '\nThe whole story came about.'
      : `\nThe story failed: ${story.failed ?? 'something is not resolved or not done'}`,
  )
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

/**
 * `bob failover lb`: bob types `/dr failover lb` in the room of the newest incident. `bob press Approve`: he presses
 * that.
 */
async function inSlack(demo: Demo, said: string): Promise<void> {
  const { slack } = demo
  const [person = '', ...words] = said.split(/\s+/)
  const room = slack.sim.channels().findLast(({ name }) => name.startsWith('inc-'))?.id
  if (slack.user(person) === '') return tell(`the DR plan has no ${person}`)
  if (words[0] === 'press') return pressed(demo, { person, label: words.slice(1).join(' '), room })
  const lines = await slack.type(person, words.join(' '), room)
  tell(`  only ${person} sees:${lines.length === 0 ? ' nothing' : ''}`)
  for (const line of lines) tell(`      ${line}`)
}

async function pressed(
  { slack }: Demo,
  press: { readonly person: string; readonly label: string; readonly room: string | undefined },
): Promise<void> {
  try {
    await slack.press(press.person, press.room, press.label)
    const form = slack.sim.modals(slack.user(press.person)).length > 0
    const instead = form ? ', which opens a form: here, type the command instead' : ''
    tell(`  ${press.person} has pressed ${press.label}${instead}`)
  } catch (thrown) {
    tell(`  ${reasonOf(thrown)}`)
  }
}

function welcome(demo: Demo): string {
  const { world, engineer, environment } = demo
  return `
The first of two load balancers has just broken, and the notification script reports it.

  Console, as ${engineer} (engineer on call):  ${linkFor(demo, engineer)}
  Console, as mia (manager):  ${linkFor(demo, 'mia')}
  Each link works once and for ten minutes; for a new one, type here: login ${engineer}

  Terminal: in another window, in this directory:
      . ${environment}
      npx dr status
      npx dr ack
      npx dr failover lb --wait
      npx dr report
      npx dr plan check --live      whether each recovery could be carried out now (what leads to the broken one cannot)

  DNS:  dig +short @127.0.0.1 -p ${world.dns.port} ${world.record}

  Slack (simulated; what the bot says there is printed here): type, for example
      slack ${engineer} status
      slack ${engineer} press I have it
      slack ${engineer} failover lb

Here you can type: ${usage}.
`
}

await main()
process.exit()
