// kill -9 of the bot at 50 random moments of an outage, and of its Redis at 20: what was promised holds.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHouse, startOutside, speed } from './chaos-house.ts'
import type { House, Outside, Round } from './chaos-house.ts'
import { judge } from './chaos-judge.ts'
import { playStory } from './chaos-story.ts'

/** To play one round again: CHAOS_SEED=NUMBER npm run test:long -- chaos */
const only = process.env['CHAOS_SEED']
/** Rounds at a time: most of one is waiting, and two cores are what there is. */
const atOnce = 2

let outsides: Outside[]

beforeAll(async () => {
  outsides = await Promise.all(Array.from({ length: atOnce }, startOutside))
})
afterAll(async () => {
  await Promise.all(outsides.map((outside) => outside.stop()))
})

interface Verdict {
  readonly seed: number
  readonly kills: number
  readonly broken: readonly string[]
}

async function play(round: Round, outside: Outside): Promise<Verdict> {
  const { world, mailbox } = outside
  resetRecord(outside)
  const [mailsBefore, requestsBefore] = [mailbox.received.length, world.cloudflare.requests.length]
  const house = await startHouse(round, outside)
  try {
    const begun = { real: Date.now(), clock: house.clock.now() }
    const seen = await playStory(house)
    const inStory = (real: number) => begun.clock + (real - begun.real) * speed
    const broken = judge({
      seen,
      mails: mailbox.received.slice(mailsBefore),
      requests: world.cloudflare.requests.slice(requestsBefore),
      pointsAt: { found: addressOf(outside), wanted: world.backup.host },
      backAt: [...house.bot.readyAt, ...house.backAt].map(inStory),
      second: 1_000 * speed,
      crashes: house.bot.crashes,
    })
    return { seed: round.seed, kills: house.kills(), broken: broken.map((one) => described(house, one)) }
  } catch (thrown) {
    return {
      seed: round.seed,
      kills: house.kills(),
      broken: [described(house, String(thrown)), house.bot.log()],
    }
  } finally {
    await house.stop()
  }
}

function described({ round, moments }: House, text: string): string {
  return `${text} [CHAOS_SEED=${round.seed}: ${round.victim}, ${round.redis} Redis, ${JSON.stringify(moments)}]`
}

function addressOf({ world }: Outside): string {
  return (
    world.cloudflare.records(world.zone).find((record) => record.name === world.record)?.content ?? 'none'
  )
}

function resetRecord({ world }: Outside): void {
  world.cloudflare.edit(world.zone, (records) =>
    records.map((record) =>
      record.name === world.record ? { ...record, content: world.lb.host, ttl: 300 } : record,
    ),
  )
}

async function playAll(rounds: readonly Round[]): Promise<readonly Verdict[]> {
  const left = rounds.filter((round) => only === undefined || round.seed === Number(only))
  const verdicts: Verdict[] = []
  await Promise.all(
    outsides.map(async (outside) => {
      for (let round = left.shift(); round; round = left.shift()) verdicts.push(await play(round, outside))
    }),
  )
  return verdicts
}

function rounds(victim: Round['victim'], from: number, count: number): readonly Round[] {
  return Array.from({ length: count }, (_, index) => ({
    seed: from + index,
    victim,
    redis: index % 2 === 0 ? 'given' : 'private',
  }))
}

/** Processes of this test that are still there: the bots and each redis-server of theirs. */
function orphans(): readonly string[] {
  const listed = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return listed.filter((line) => /bot-process\.ts|redis-server.*dr-chaos-/.test(line))
}

test('the bot is killed at 50 random moments: nothing is lost, nothing is done twice', async () => {
  const verdicts = await playAll(rounds('bot', 1_000, 50))

  expect(verdicts.flatMap((verdict) => verdict.broken)).toEqual([])
  expect(orphans()).toEqual([])
  if (only === undefined) expect(killsIn(verdicts)).toBeGreaterThanOrEqual(50)
})

test('Redis is killed at 20 random moments: nothing is lost, nothing is done twice', async () => {
  const verdicts = await playAll(rounds('redis', 2_000, 20))

  expect(verdicts.flatMap((verdict) => verdict.broken)).toEqual([])
  expect(orphans()).toEqual([])
  if (only === undefined) expect(killsIn(verdicts)).toBeGreaterThanOrEqual(20)
})

function killsIn(verdicts: readonly Verdict[]): number {
  return verdicts.reduce((sum, verdict) => sum + verdict.kills, 0)
}
