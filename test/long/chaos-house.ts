// One bot process with a Redis and the simulated world, and the hand that kills them at the moments of a round.
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMovableClock } from '../../sim/clock.ts'
import { freePort } from '../../sim/free-port.ts'
import { startMailbox } from '../../sim/mailbox.ts'
import type { Mailbox } from '../../sim/mailbox.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import type { Clock } from '../../src/ports.ts'
import { startGateway } from '../servers/gateway.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { superviseBot } from '../servers/supervisor.ts'
import type { Supervisor } from '../servers/supervisor.ts'
import { createDriver, until } from './chaos-driver.ts'
import type { Driver } from './chaos-driver.ts'
import { armMoments, drawMoments, kinds, randomFrom } from './chaos-moments.ts'
import type { Moment, Strikes } from './chaos-moments.ts'

/** What is killed, and whose Redis it is: the one that the bot starts for itself, or one that it was given. */
export interface Round {
  readonly seed: number
  readonly victim: 'bot' | 'redis' | 'nobody'
  readonly redis: 'private' | 'given'
}

/** The world outlives the rounds, as it does outside. */
export interface Outside {
  readonly world: World
  readonly mailbox: Mailbox
  readonly onMail: (tell: () => void) => void
  readonly stop: () => Promise<void>
}

export interface House {
  readonly round: Round
  readonly random: () => number
  readonly moments: readonly Moment[]
  readonly clock: Clock
  readonly outside: Outside
  readonly bot: Supervisor
  readonly driver: Driver
  /** When something that was dead was back, in real milliseconds, beside the bot's own starts. */
  readonly backAt: readonly number[]
  readonly kills: () => number
  /** What the command lines of this round's processes hold, by which one that is left can be found. */
  readonly traces: readonly string[]
  /** No more is killed from here on. */
  readonly calm: () => void
  readonly stop: () => Promise<number | null>
}

/** Minutes of the story's clock pass in seconds. */
export const speed = 30
const nagiosToken = 'a-token-for-tests-only'
const consoleSecret = 'a-secret-for-tests-only-of-some-length'
/** A Monday, ten in the morning in Berlin: everybody of the example plan is at work. */
const begin = Date.UTC(2026, 10, 23, 9)
/** How long what was killed stays dead at most, in milliseconds. */
const longestDeath = 1_500

export async function startOutside(): Promise<Outside> {
  let tell = (): void => {}
  const [world, mailbox] = await Promise.all([startWorld(), startMailbox(() => tell())])
  return {
    world,
    mailbox,
    onMail: (next) => {
      tell = next
    },
    stop: async () => {
      await Promise.all([world.stop(), mailbox.stop()])
    },
  }
}

/** Starts everything of one round; killing begins at once. */
export async function startHouse(round: Round, outside: Outside): Promise<House> {
  const random = randomFrom(round.seed)
  // Most of the delicate moments are those just after something became true on disk.
  const possible =
    round.redis === 'given'
      ? [...kinds, 'write' as const, 'write' as const, 'write' as const]
      : kinds.filter((kind) => kind !== 'write')
  const moments = round.victim === 'nobody' ? [] : drawMoments(random, possible)
  const dir = await mkdtemp(join(tmpdir(), 'dr-chaos-'))
  const redis = round.redis === 'given' ? await startTestRedis(await onPort()) : undefined
  const since = Date.now()
  // Rounds begin at once: by this one's own name its processes are told from theirs.
  const name = `round-${process.pid}-${round.seed}`
  const clock = createMovableClock({ start: begin, speed })
  let strikes: Strikes = { saw: () => undefined, stop: () => {} }
  const cut = () => (round.victim === 'bot' ? 'lose' : undefined)
  const gateway = await startGateway(outside.world.cloudflare.baseUrl, (what, changes) => {
    const hits = [strikes.saw(what), changes ? strikes.saw(`change-${what}`) : undefined]
    return hits.includes('now') ? cut() : undefined
  })
  outside.onMail(() => void strikes.saw('mail'))
  const port = await freePort()
  const bot = superviseBot({
    env: await environment({ dir, port, redis, cloudflare: gateway.url, outside }),
    args: () => [
      '--name',
      name,
      '--clock',
      String(begin),
      '--since',
      String(since),
      '--speed',
      String(speed),
    ],
    rest: () => (random() < 0.7 ? 0 : random() * longestDeath),
  })
  const reaper = createReaper({ round, random, bot, redis, dir })
  strikes = armMoments(moments, reaper.strike)
  const listener = redis && listen(redis.socket, () => void strikes.saw('write'))
  const saw = (what: 'accepted' | 'said') => void strikes.saw(what)
  const driver = await createDriver({
    dir,
    port,
    token: nagiosToken,
    secret: consoleSecret,
    clock,
    script: random() < 0.2,
    saw,
  })
  return {
    round,
    random,
    moments,
    clock,
    outside,
    bot,
    driver,
    backAt: reaper.backAt,
    kills: () => (round.victim === 'bot' ? bot.kills() : reaper.kills()),
    traces: [dir, `--name ${name} `, ...(redis ? [`redis-server 127.0.0.1:${await portOf(redis)}`] : [])],
    calm: () => strikes.stop(),
    stop: async () => {
      strikes.stop()
      outside.onMail(() => {})
      await reaper.idle()
      const code = await bot.stop()
      listener?.stop()
      await redis?.stop()
      await gateway.stop()
      await rm(dir, { recursive: true, force: true })
      return code
    },
  }
}

interface Reaper {
  readonly strike: () => void
  readonly backAt: readonly number[]
  readonly kills: () => number
  /** Resolves when what was killed has been started again. */
  readonly idle: () => Promise<unknown>
}

function createReaper(from: {
  readonly round: Round
  readonly random: () => number
  readonly bot: Supervisor
  readonly redis: TestRedis | undefined
  readonly dir: string
}): Reaper {
  const { round, random, bot, redis } = from
  const backAt: number[] = []
  let kills = 0
  let work: Promise<unknown> = Promise.resolve()

  async function killRedis(): Promise<void> {
    const death = random() * longestDeath
    if (redis) {
      await redis.kill9()
      await sleep(death)
      await redis.restart()
    } else {
      const pid = await until('the private Redis is there', () =>
        privateRedis(from.dir).catch(() => undefined),
      )
      process.kill(pid, 'SIGKILL')
    }
    kills += 1
    backAt.push(Date.now())
  }
  return {
    backAt,
    kills: () => kills,
    idle: () => work,
    strike: () => {
      if (round.victim === 'bot') bot.kill9()
      // One that is dead, or on its way back, cannot be killed.
      else work = work.then(killRedis).catch(() => {})
    },
  }
}

/** The process id of the Redis that the bot started for itself. */
async function privateRedis(dir: string): Promise<number> {
  const socket = connect(join(dir, 'data', 'redis', 'redis.sock'))
  socket.setTimeout(1_000, () => socket.destroy(new Error('Redis does not answer')))
  try {
    socket.write('INFO server\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const pid = Number(/process_id:(\d+)/.exec(answer.toString())?.[1])
    if (!(pid > 1)) throw new Error('Redis did not say its process id')
    return pid
  } finally {
    socket.destroy()
  }
}

/** Hears each write of an alert, an incident or a run, over Redis' deaths. */
function listen(path: string, heard: () => void): { readonly stop: () => void } {
  let stopped = false
  let socket: Socket
  function open(): void {
    socket = connect(path)
    socket.on('connect', () => socket.write('MONITOR\r\n'))
    socket.on('data', (chunk: Buffer) => {
      const writes = chunk
        .toString()
        .matchAll(/lua\] "(?:SET" "\{dr\}:(?:incident|run):|HSET" "\{dr\}:inbox")/g)
      for (const _ of writes) heard()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!stopped) setTimeout(open, 20)
    })
  }
  open()
  return {
    stop: () => {
      stopped = true
      socket.destroy()
    },
  }
}

async function environment(from: {
  readonly dir: string
  readonly port: number
  readonly redis: TestRedis | undefined
  readonly cloudflare: string
  readonly outside: Outside
}): Promise<Readonly<Record<string, string>>> {
  const { dir, outside } = from
  const plan = join(dir, 'dr-plan.yml')
  await writeFile(plan, planFor(outside.world, await readFile('dr-plan.example.yml', 'utf8')))
  return {
    PORT: String(from.port),
    DR_PLAN: plan,
    DATA_DIR: join(dir, 'data'),
    NAGIOS_TOKEN: nagiosToken,
    CONSOLE_SECRET: consoleSecret,
    CLOUDFLARE_API_TOKEN: outside.world.token,
    CLOUDFLARE_BASE_URL: from.cloudflare,
    SMTP_URL: outside.mailbox.url,
    ...(from.redis ? { REDIS_URL: `redis://127.0.0.1:${await portOf(from.redis)}` } : {}),
  }
}

/** The example plan, in this world and with shorter waits; a story that is held up stays within its proposals. */
function planFor(world: World, example: string): string {
  return example
    .replaceAll('203.0.113.20', world.backup.host)
    .replaceAll('203.0.113.30', world.api.host)
    .replaceAll('https://api.example.com/health', `http://${world.record}:${world.httpPort}/health`)
    .replace('next_engineer_after: 3m', 'next_engineer_after: 1m')
    .replace('resolve_after: 2m', 'resolve_after: 1m')
    .replace('valid_for: 5m', 'valid_for: 30m')
}

async function onPort(): Promise<Readonly<Record<string, string>>> {
  return { port: String(await freePort()), bind: '127.0.0.1', 'maxmemory-policy': 'noeviction' }
}

async function portOf(redis: TestRedis): Promise<number> {
  return Number(/tcp_port:(\d+)/.exec(await redis.command('INFO server'))?.[1])
}
