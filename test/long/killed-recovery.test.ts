// kill -9 of a real bot process at every commit of a restore and of an account failover: it goes on, and nothing is begun twice.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startAzureSim } from '../../sim/azure.ts'
import type { AzureSim } from '../../sim/azure.ts'
import { createMovableClock } from '../../sim/clock.ts'
import { freePort } from '../../sim/free-port.ts'
import { minute, second } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import { changesWorld } from '../../src/recovery/world.ts'
import { createStore } from '../../src/store/redis.ts'
import { startCommitProxy } from '../servers/commit-proxy.ts'
import type { Fate } from '../servers/commit-proxy.ts'
import { alone } from '../servers/databases.ts'
import { startTestRedis } from '../servers/redis.ts'
import { superviseBot } from '../servers/supervisor.ts'
import type { Supervisor } from '../servers/supervisor.ts'
import { createDriver, until } from './chaos-driver.ts'
import type { Driver } from './chaos-driver.ts'

/** Seconds of the story's clock in one of the machine's. */
const speed = 10
/** How long a bot that was killed is away, in the story's time: whoever comes waits until a call that was on its way is over. */
const away = 150 * second
const begin = Date.UTC(2026, 10, 23, 9)
const secret = 'a-secret-for-tests-only-of-some-length'
const nagiosToken = 'a-token-for-tests-only'
/** Of one story, with a start of the bot for each of its commits. */
const patience = 150_000

interface Way {
  readonly name: string
  readonly ask: string
  /** What Azure was asked to begin, each once. */
  readonly sent: readonly string[]
}

const ways: readonly Way[] = [
  {
    name: 'a restore',
    ask: 'db restore 10m ago',
    sent: [
      'PUT Sql/servers/sql-west/databases/orders-NEW',
      'POST Sql/servers/sql-west/databases/orders/move',
      'POST Sql/servers/sql-west/databases/orders-NEW/move',
    ],
  },
  {
    name: 'an account failover',
    ask: 'failover storage to account',
    sent: ['POST Storage/storageAccounts/examplewest/failover'],
  },
]

const stories = ways.flatMap((way) => [
  { ...way, when: 'before' as const },
  { ...way, when: 'after' as const },
])

test.each(stories)(
  '$name whose process is killed $when each of its commits ends done, and begins each thing once',
  async ({ ask, sent, when }) => {
    const house = await openHouse(when)

    const run = await carriedOut(house, ask)

    expect('reason' in run ? run.reason : run.state).toBe('done')
    expect(run.steps.map(({ phase }) => phase)).toEqual(run.steps.map(() => 'done'))
    expect(changesAt(house.azure, run)).toEqual(sent)
    const commits = run.steps.flatMap(({ action }, at) => {
      // Whoever dies with the intent only to look, finds what is looked for in place, and begins nothing.
      const begun = when === 'before' || changesWorld(action)
      return [`ready ${at}`, `intended ${at}`, ...(begun ? [`started ${at}`] : [])]
    })
    expect(house.struck().filter((moment) => !moment.includes(': '))).toEqual([
      'proposed',
      ...commits,
      'done',
    ])
    expect(house.bot.kills()).toBe(house.struck().length)
    expect(house.bot.crashes).toEqual([])
  },
  patience + 30_000,
)

interface House {
  readonly azure: AzureSim
  readonly bot: Supervisor
  readonly driver: Driver
  readonly newest: () => Promise<Run | undefined>
  /** The commits at which the bot was killed, in their order. */
  readonly struck: () => readonly string[]
}

/** What a commit does to a run, each of which is a moment of death once; also each thing that its provider says. */
function momentOf(run: Run): string {
  if (run.state !== 'running') return run.state
  const step = run.steps[run.current]
  const says = step?.phase === 'started' && step.note !== undefined ? `: ${step.note}` : ''
  return `${step?.phase} ${run.current}${says}`
}

async function openHouse(when: Exclude<Fate, 'pass'>): Promise<House> {
  const clock = createMovableClock({ start: begin, speed })
  const since = Date.now()
  const azure = await startAzureSim({
    now: clock.now,
    sql: { ...alone, times: { restore: 10 * minute, seed: minute, failover: minute } },
    queues: ['orders', 'mails'].map((name) => ({ account: 'examplewest', name, messages: 0 })),
    storage: { failoverTime: 10 * minute, accounts: [{ group: 'dr-rg', name: 'examplewest', lag: minute }] },
  })
  onTestFinished(azure.stop)
  const redis = await startTestRedis({ 'maxmemory-policy': 'noeviction' })
  onTestFinished(redis.stop)
  const store = createStore({ redis: (await redis.connect()).redis })
  const struck = new Set<string>()
  const fate = (run: Run): Fate => {
    const moment = momentOf(run)
    if (struck.has(moment)) return 'pass'
    struck.add(moment)
    return when
  }
  let skipped = 0
  const proxy = await startCommitProxy(redis, fate, () => {
    bot.kill9()
    skipped += away
    clock.skip(away)
  })
  onTestFinished(proxy.stop)
  const dir = await mkdtemp(join(tmpdir(), 'dr-killed-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const port = await freePort()
  const bot = superviseBot({
    env: await environment(dir, port, { azure, redis: `redis://127.0.0.1:${proxy.port}` }),
    args: () => ['--clock', String(begin + skipped), '--since', String(since), '--speed', String(speed)],
    rest: () => 0,
  })
  onTestFinished(async () => void (await bot.stop()))
  const known = { dir, port, token: nagiosToken, secret, clock, script: false, saw: () => {} }
  const newest = async () => (await store.runs({ open: false, limit: 1 }))[0]
  return {
    azure,
    bot,
    driver: await createDriver(known),
    newest,
    struck: () => [...struck],
  }
}

/** Asked for and approved by people who say it again until they are answered; all else the bot does alone. */
async function carriedOut({ driver, newest, bot }: House, ask: string): Promise<Run> {
  const ended = async (): Promise<Run | undefined> => {
    const run = await newest()
    if (run === undefined) await driver.say('ann', ask)
    else if (run.state === 'proposed') await driver.say('mia', `approve ${run.id}`)
    else if (run.state !== 'running') return run
    return undefined
  }
  return until(`"${ask}" is done`, ended, patience).catch((thrown: unknown) => {
    throw new Error(`${String(thrown)}\n${bot.log()}`)
  })
}

/** All that Azure was asked to change, as `METHOD what`. */
function changesAt(azure: AzureSim, { id }: Run): readonly string[] {
  return azure.requests
    .filter(({ reason }) => reason === 'change')
    .map(({ method, path }) =>
      `${method} ${(path.split('?')[0] ?? '').replace(/^.*\/providers\/Microsoft\./, '')}`.replace(
        `orders-${id.toLowerCase()}`,
        'orders-NEW',
      ),
    )
}

async function environment(
  dir: string,
  port: number,
  at: { readonly azure: AzureSim; readonly redis: string },
): Promise<Readonly<Record<string, string>>> {
  const plan = join(dir, 'dr-plan.yml')
  const authorities = join(dir, 'authorities.pem')
  const example = await readFile('dr-plan.example.yml', 'utf8')
  // Whoever approves is away as often as the bot.
  const patient = example.replace('valid_for: 5m', 'valid_for: 1h')
  // The check query is asked of a real server in its own tests.
  await writeFile(plan, patient.replace(/( +)check:\n +query: .*\n +expect: .*\n/, ''))
  await writeFile(authorities, at.azure.certificates.join('\n'))
  return {
    PORT: String(port),
    DR_PLAN: plan,
    DATA_DIR: join(dir, 'data'),
    REDIS_URL: at.redis,
    NAGIOS_TOKEN: nagiosToken,
    CONSOLE_SECRET: secret,
    NODE_EXTRA_CA_CERTS: authorities,
    RECOVERY_CHECK_MINUTES: '0',
    ...at.azure.env,
  }
}
