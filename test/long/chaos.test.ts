// kill -9 of the bot at 50 random moments of an outage, and of its Redis at 20: what was promised holds.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHouse, startOutside, speed } from './chaos-house.ts'
import type { House, Outside, Round } from './chaos-house.ts'
import { judge } from './chaos-judge.ts'
import type { Evidence } from './chaos-judge.ts'
import { spoilt } from './chaos-spoilt.ts'
import { playStory } from './chaos-story.ts'

/** To play one round again: CHAOS_SEED=NUMBER npm run test:long -- chaos */
const only = process.env['CHAOS_SEED']
/** Rounds at a time: most of one is waiting. */
const atOnce = 3

let outsides: readonly Outside[]

beforeAll(async () => {
  outsides = await Promise.all(Array.from({ length: atOnce }, startOutside))
})
afterAll(async () => {
  await Promise.all(outsides.map((outside) => outside.stop()))
})

test('the judge of these stories finds nothing in a calm one, and each promise that is broken in it by hand', async () => {
  const [outside] = outsides
  if (!outside) throw new Error('there is no world')
  pointAtLb(outside)
  const house = await startHouse({ seed: 1, victim: 'nobody', redis: 'given' }, outside)
  const evidence = await gather(house, outside)
  await house.stop()

  expect(judge(evidence)).toEqual([])
  expect(leftBehind(house)).toEqual([])
  for (const { by, found } of spoilt) {
    expect(judge(by(evidence))).toContainEqual(expect.stringMatching(found))
  }
})

test('the bot is killed in 50 outages at random moments: nothing is lost, nothing is done twice', async () => {
  expect(await playAll(rounds('bot', 1_000, 50))).toEqual([])
})

test('Redis is killed in 20 outages at random moments: nothing is lost, nothing is done twice', async () => {
  expect(await playAll(rounds('redis', 2_000, 20))).toEqual([])
})

/** Half of them with the Redis that the bot starts for itself, half with one that it was given. */
function rounds(victim: Round['victim'], from: number, count: number): readonly Round[] {
  return Array.from({ length: count }, (_, index) => ({
    seed: from + index,
    victim,
    redis: index % 2 === 0 ? 'given' : 'private',
  }))
}

/** The promises that were broken in any round. */
async function playAll(all: readonly Round[]): Promise<readonly string[]> {
  const left = all.filter((round) => only === undefined || round.seed === Number(only))
  const broken: string[] = []
  await Promise.all(
    outsides.map(async (outside) => {
      for (let round = left.shift(); round; round = left.shift()) broken.push(...(await play(round, outside)))
    }),
  )
  return broken
}

async function play(round: Round, outside: Outside): Promise<readonly string[]> {
  pointAtLb(outside)
  const house = await startHouse(round, outside)
  const broken = await judged(house, outside)
  const code = await house.stop()
  const ended = code === 0 ? [] : [`the bot did not stop in order: exit code ${code}`]
  const missed = house.kills() > 0 ? [] : ['nothing was killed']
  const { moments } = house
  const about = `CHAOS_SEED=${round.seed}: ${round.victim}, ${round.redis} Redis, ${JSON.stringify(moments)}`
  return [...broken, ...ended, ...missed, ...leftBehind(house)].map((text) => `${text} [${about}]`)
}

async function judged(house: House, outside: Outside): Promise<readonly string[]> {
  try {
    return judge(await gather(house, outside))
  } catch (thrown) {
    return [`${String(thrown)}\n${house.bot.log()}`]
  }
}

/** Plays the story and collects what is to be judged. */
async function gather(house: House, outside: Outside): Promise<Evidence> {
  const { world, mailbox } = outside
  const [mails, requests] = [mailbox.received.length, world.cloudflare.requests.length]
  const begun = { real: Date.now(), clock: house.clock.now() }
  const inStory = (real: number): number => begun.clock + (real - begun.real) * speed
  const seen = await playStory(house)
  return {
    seen,
    mails: mailbox.received.slice(mails),
    requests: world.cloudflare.requests.slice(requests),
    pointsAt: { found: addressOf(outside), wanted: world.backup.host },
    backAt: [...house.bot.readyAt, ...house.backAt].map(inStory),
    second: 1_000 * speed,
    crashes: house.bot.crashes,
  }
}

/** The bot and its Redis, where they still are. */
function leftBehind(house: House): readonly string[] {
  const listed = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  const left = listed.filter((line) => house.traces.some((trace) => line.includes(trace)))
  return left.map((line) => `left behind: ${line}`)
}

function addressOf({ world }: Outside): string {
  const records = world.cloudflare.records(world.zone)
  return records.find((record) => record.name === world.record)?.content ?? 'none'
}

function pointAtLb({ world }: Outside): void {
  world.cloudflare.edit(world.zone, (records) =>
    records.map((record) =>
      record.name === world.record ? { ...record, content: world.lb.host, ttl: 300 } : record,
    ),
  )
}
