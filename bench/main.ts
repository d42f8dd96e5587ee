// npm run bench [-- accepted paged deadlines start memory recovery ways slack teams]: measures the bot beside Alertmanager, prints a table, writes JSON.
import { writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { measureAccepted } from './accepted.ts'
import type { Accepted } from './accepted.ts'
import { measureDeadlines } from './deadlines.ts'
import { measureMemory, measureStart } from './footprint.ts'
import { measurePaged } from './paged.ts'
import { measureRecovery } from './recovery.ts'
import { measureWays } from './recovery-ways.ts'
import { measureSlack, slackTables } from './slack.ts'
import { measureTeams, teamsTables } from './teams.ts'
import { tableOf } from './table.ts'
import type { Results } from './table.ts'
import type { Shape } from './traffic.ts'

const shapes: readonly Shape[] = ['one-system', 'own-object', 'same']
const file = fileURLToPath(new URL('results.json', import.meta.url))

/** Each measurement by its name on the command line, in the order in which they run. */
const measurements: readonly { readonly name: string; readonly measure: () => Promise<Results> }[] = [
  { name: 'start', measure: async () => ({ start: await measureStart() }) },
  { name: 'accepted', measure: async () => ({ accepted: await everyShape() }) },
  { name: 'paged', measure: async () => ({ paged: await measurePaged() }) },
  { name: 'deadlines', measure: async () => ({ deadlines: await measureDeadlines() }) },
  { name: 'memory', measure: async () => ({ memory: await measureMemory() }) },
  { name: 'recovery', measure: async () => ({ recovery: await measureRecovery() }) },
  { name: 'ways', measure: async () => ({ ways: await measureWays() }) },
  { name: 'slack', measure: async () => ({ slack: await measureSlack() }) },
  { name: 'teams', measure: async () => ({ teams: await measureTeams() }) },
]

async function everyShape(): Promise<readonly Accepted[]> {
  const measured: Accepted[] = []
  for (const shape of shapes) measured.push(await measureAccepted(shape))
  return measured
}

function machine(): string {
  const [first] = cpus()
  return `${cpus().length} x ${first?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}`
}

async function bench(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => measurements.every((each) => each.name !== name))
  if (unknown !== undefined)
    throw new Error(
      `there is no measurement ${unknown}; there are ${measurements.map((each) => each.name).join(', ')}`,
    )
  let results: Results = {}
  for (const { name, measure } of measurements) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stderr.write(`measuring: ${name}\n`)
    results = { ...results, ...(await measure()) }
  }
  const head = { date: new Date().toISOString(), machine: machine() }
  await writeFile(file, `${JSON.stringify({ ...head, ...results }, undefined, 2)}\n`)
  const { slack, teams, ...beside } = results
  const tables = [
    ...(Object.keys(beside).length > 0 ? [tableOf(beside)] : []),
    ...(slack ? [slackTables(slack)] : []),
    ...(teams ? [teamsTables(teams)] : []),
  ]
  process.stdout.write(`${[`${head.date}, ${head.machine}`, ...tables].join('\n\n')}\n`)
}

await bench(process.argv.slice(2))
