// Each recovery ordered by two people at the same moment, in a terminal and in the console, and held by a freeze in both.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { behindTheProxy } from '../../sim/troubles.ts'
import { reasonOf } from '../../src/errors.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Printed } from '../servers/terminal.ts'
import { openHouse, patience } from './recovery-doors-house.ts'
import type { House } from './recovery-doors-house.ts'
import { changesOf, plays } from './recovery-doors-plays.ts'
import type { Play } from './recovery-doors-plays.ts'

/** Two ask, and two others approve, as what loses data demands. */
const askers = { terminal: 'bob', console: 'ann' } as const
const approvers = { terminal: 'max', console: 'mia' } as const
type Two = typeof askers | typeof approvers

let house: House

beforeAll(async () => {
  house = await openHouse(['ann', 'mia'])
}, 60_000)

afterAll(() => house.stop())

/** One play that fails does not spoil those after it. */
afterEach(() => house.bot.say(house.manager, 'unfreeze'))

test.each(plays)(
  '$title: two who order it at once order it once, and a freeze holds it in both doors',
  async (play) => {
    const trouble = await house.breaks(play.system, play.onlySaid !== true)
    play.fails(house, true)
    const asked = await proposedByTwo(play.command)
    await heldByAFreeze(play, approvers, approvalOf(asked))

    const tried = await counted(async () => {
      await bySaying(approvers, approvalOf(asked))
      await house.carriedOut(asked.id, 'failed')
    })
    await heldByAFreeze(play, askers, ['retry', asked.id])
    play.fails(house, false)
    const made = await counted(async () => {
      await bySaying(askers, ['retry', asked.id])
      play.byHand?.there(house)
      await house.carriedOut(asked.id)
    })
    await vi.waitFor(async () => expect(await play.outside(house, asked)).toEqual(play.recovered), patience)
    await house.mends(trouble)

    expect(tried).toEqual(play.changes.there.slice(0, 1))
    expect(made).toEqual(play.changes.there)
    if (play.refused === undefined) await ledBackByTwo(play)
    if (play.system === 'cloudflare') behindTheProxy(house.outside.world, false)
    expect(house.complaints()).toEqual([])
  },
  60_000,
)

async function ledBackByTwo(play: Play): Promise<void> {
  const back = await proposedByTwo(['failback', play.system])
  await heldByAFreeze(play, approvers, approvalOf(back))

  const made = await counted(async () => {
    await bySaying(approvers, approvalOf(back))
    play.byHand?.back(house)
    await house.carriedOut(back.id)
  })

  await vi.waitFor(async () => expect(await play.outside(house, back)).toEqual(play.asBefore), patience)
  expect(made).toEqual(play.changes.back)
}

/** Two people type the same at the same moment: one run comes of it. */
async function proposedByTwo(command: readonly string[]): Promise<Run> {
  const before = await house.newest()
  await bySaying(askers, command)
  const run = await house.proposed(before)
  const earlier = await house.bot.app().store.runs({ open: false, limit: 2 })
  expect(earlier[1]?.id).toBe(before)
  return run
}

/** Both are answered, and neither is refused. */
async function bySaying(two: Two, command: readonly string[]): Promise<void> {
  const [printed, shown] = await said(two, command)
  expect(printed).toMatchObject({ status: 0, err: '' })
  expect(shown).not.toContain('Not done')
}

/** Said by two in the two doors at the same moment: what the terminal printed, and what the console got to show. */
async function said(two: Two, command: readonly string[]): Promise<readonly [Printed, string]> {
  const page = house.window(two.console)
  await page.getByLabel('Command').fill(command.join(' '))
  const shown = page.waitForResponse(/\/commands$/, patience)
  const [printed, response] = await Promise.all([
    house.typesAtOnce(two.terminal, ...command),
    shown,
    page.keyboard.press('Enter'),
  ])
  return [printed, await response.text()]
}

function approvalOf({ id, proposal }: Run): readonly string[] {
  return ['approve', id, ...(proposal.risk === 'disruptive' ? [proposal.typed] : [])]
}

/** While everything is frozen it is refused in both doors; nobody is asked to change anything, and nothing changes. */
async function heldByAFreeze(play: Play, two: Two, command: readonly string[]): Promise<void> {
  const [run] = await house.bot.app().store.runs({ open: false, limit: 1 })
  if (!run) throw new Error('nothing was proposed')
  const before = await seen(play, run)
  await house.bot.say(house.manager, 'freeze release night')

  const changes = await counted(async () => {
    const [printed, shown] = await said(two, command)
    await house.bot.settle()
    expect(printed.status).toBe(1)
    expect(`${printed.out}${printed.err}`).toMatch(/frozen by .*\s+\(release night\)/)
    expect(shown).toMatch(/frozen by .*\s+\(release night\)/)
  })

  expect(changes).toEqual([])
  expect(await house.bot.run(run.id)).toMatchObject({ state: run.state, steps: run.steps })
  expect(await seen(play, run)).toEqual(before)
  await house.bot.say(house.manager, 'unfreeze')
}

/** What providers were asked to change meanwhile. */
async function counted(meanwhile: () => Promise<void>): Promise<readonly string[]> {
  const before = changesOf(house).map((asked) => asked.length)
  await meanwhile()
  return changesOf(house).flatMap((asked, provider) => asked.slice(before[provider]))
}

/** What is so outside; a name server that fails says nothing. */
async function seen(play: Play, run: Run): Promise<unknown> {
  try {
    return await play.outside(house, run)
  } catch (thrown) {
    return reasonOf(thrown)
  }
}
