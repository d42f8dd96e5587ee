// `dr` stays: with a slow look at the world until it is decided, and with --wait until the run has ended.
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { readArgs } from '../../src/cli/args.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { createSigner } from '../../src/web/session.ts'
import { openCli, secret } from './cli-house.ts'
import type { RunId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { CliHouse, Ran } from './cli-house.ts'

const redis = oneRedis()
let house: CliHouse

beforeEach(async () => {
  house = await openCli(redis())
  return house.close
})

/** Moves the clock on until the command has ended. */
async function ends(running: Promise<Ran>): Promise<Ran> {
  let ended: Ran | undefined
  const watch = async (): Promise<void> => {
    ended = await running
  }
  void watch()
  return vi.waitFor(() => {
    house.desk.clock.move(10_000)
    if (ended === undefined) throw new Error('it goes on')
    return ended
  }, 10_000)
}

async function change(id: RunId, next: (run: Run) => Run): Promise<void> {
  const found = await house.desk.store.run(id)
  if (!found) throw new Error(`there is no ${id}`)
  const write = {
    kind: 'run',
    id,
    expected: found.version,
    next: next(found.state),
    wakeAt: undefined,
  } as const
  expect(await house.desk.store.commit({ write })).toBe('committed')
}

function done(run: Run): Run {
  const at = house.desk.clock.now()
  return { ...run, state: 'done', startedAt: at, endedAt: at }
}

/** Has the command looked at the world for longer than the bot keeps a request waiting. */
async function slowly(
  args: readonly string[],
): Promise<{ readonly ran: Promise<Ran>; readonly go: () => void }> {
  const { promise: gate, resolve: go } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  house.desk.runs.before = () => {
    begin()
    return gate
  }
  const ran = house.dr(args)
  await begun
  house.desk.clock.move(61_000)
  return { ran, go }
}

describe('a look at the world that takes longer than a request may', () => {
  test('is waited for, and a refusal reaches who asked, with or without an incident', async () => {
    const { ran, go } = await slowly(['failover', 'dns'])
    go()

    const { code, out, err } = await ends(ran)

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('There is no recovery engine for dns yet')
    house.desk.runs.before = async () => {}
    const runs = await house.dr(['runs'])
    expect(runs.out).toContain('Refused after a long look at the world')
    expect(runs.out).toContain('failover dns of Ann Onken at 2026-11-23 03:')
    const session = `dr-session=${createSigner(secret).session('ann', house.desk.clock.now())}`
    const page = await house.web.inject({ method: 'GET', url: '/runs', headers: { cookie: session } })
    expect(page.body).toContain('There is no recovery engine for dns yet')
  })

  test('is waited for, and the proposal is shown', async () => {
    const { ran, go } = await slowly(['failover', 'lb'])
    go()

    expect(await ends(ran)).toMatchObject({
      code: 0,
      out: expect.stringContaining('R-1 · failover lb to backup'),
    })
  })

  test('is left to itself after some minutes, with where to look', async () => {
    const { ran, go } = await slowly(['failover', 'lb'])

    const { code, out } = await ends(ran)

    expect(code).toBe(0)
    expect(out).toContain('shown by: dr runs')
    go()
  })

  test('that was refused is forgotten after an hour', async () => {
    const { ran, go } = await slowly(['failover', 'dns'])
    go()
    await ends(ran)
    house.desk.clock.move(3_600_000)

    expect((await house.dr(['runs'])).out).not.toContain('Refused')
  })
})

describe('--wait', () => {
  test('follows a run step by step, and ends with 0 when it is done', async () => {
    await house.dr(['failover', 'lb'])
    const told: string[] = []
    const ran = house.dr(['approve', 'R-1', '--wait'], { err: (text) => void told.push(text) })
    await vi.waitFor(() => expect(told.join('')).toContain('R-1 step 1 of'))
    await change('R-1', done)

    const { code, out } = await ends(ran)

    expect(code).toBe(0)
    expect(out).toMatch(/^\[ok\] R-1 · failover lb to backup · done/)
    expect(told).toHaveLength(1)
  })

  test('ends with 1 when the run fails or is not approved, and prints its card', async () => {
    await house.dr(['failover', 'lb', '--yes'])
    const following = house.dr(['runs', 'R-1', '--wait'])
    await change('R-1', (run) => ({
      ...run,
      state: 'failed',
      startedAt: 0,
      endedAt: 1,
      current: 0,
      reason: 'no answer',
      advice: 'Look.',
    }))
    expect(await ends(following)).toMatchObject({ code: 1, out: expect.stringContaining('failed at step 1') })

    await house.dr(['failback', 'lb'])
    const told: string[] = []
    const proposed = house.dr(['runs', 'R-2', '--wait'], { err: (text) => void told.push(text) })
    await vi.waitFor(() =>
      expect(told).toEqual([
        'R-2 waits for approval: type "approve R-2" in a chat or in another terminal ...\n',
      ]),
    )
    await house.desk.say('bob', 'deny R-2 no')
    expect(await ends(proposed)).toMatchObject({ code: 1 })
  })

  test.each([
    [
      'disruptive',
      'it is disruptive, so --yes does not approve it; type "approve R-1 api.example.com" in a chat',
    ],
    ['loses-data', 'a second person with the role approver types "approve R-1"'],
  ] as const)('says at once what a %s run waits for, since --yes is not enough', async (risk, words) => {
    house.desk.runs.risk = risk
    const told: string[] = []
    const asked = house.dr(['failover', 'lb', '--yes', '--wait'], { err: (text) => void told.push(text) })
    await vi.waitFor(() => expect(told).toHaveLength(1))
    expect(told.join('')).toContain(words)
    await house.desk.say('bob', 'deny R-1 no')

    const { out } = await ends(asked)
    expect(out).toContain('--yes confirms only what is reversible, so R-1 is not approved.')
    expect(out).toContain('approve R-1')
  })

  test('follows what was approved at the question, and prints one document with --json', async () => {
    const asked = house.dr(['failover', 'lb', '--wait'], { answers: ['y'] })
    await vi.waitFor(async () => expect((await house.desk.store.run('R-1'))?.state.state).toBe('running'))
    const json = house.dr(['runs', 'R-1', '--wait', '--json'])
    await change('R-1', done)

    expect(await ends(asked)).toMatchObject({ code: 0, asked: ['Approve R-1? [y/N] '] })
    const { code, out } = await ends(json)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ data: { run: { id: 'R-1', state: 'done' } } })
  })

  test('gives up on a bot that stays away for minutes', async () => {
    await house.dr(['failover', 'lb', '--yes'])
    const told: string[] = []
    const ran = house.dr(['runs', 'R-1', '--wait'], { err: (text) => void told.push(text) })
    await vi.waitFor(() => expect(told).toHaveLength(1))
    await house.web.close()

    expect(await ends(ran)).toMatchObject({ code: 3 })
    expect(told.join('')).toContain('does not answer')
  })

  test('changes nothing for what is about no run, and is a word after --', async () => {
    expect(await house.dr(['status', '--wait'])).toMatchObject({ code: 0 })
    expect(readArgs(['note', '--', 'do', '--wait'])).toMatchObject({ text: 'note do --wait', wait: false })
    expect(readArgs(['approve', 'R-1', '--wait', '--json'])).toMatchObject({
      text: 'approve R-1',
      wait: true,
    })
  })
})
