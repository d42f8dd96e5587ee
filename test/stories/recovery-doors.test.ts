// Each recovery as people carry it out: asked for in a terminal, approved in the console, seen outside; and the way back the other way round.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { behindTheProxy } from '../../sim/troubles.ts'
import type { RunId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import { openHouse, patience, told } from './recovery-doors-house.ts'
import type { House } from './recovery-doors-house.ts'
import { plays } from './recovery-doors-plays.ts'
import type { Play } from './recovery-doors-plays.ts'

let house: House

beforeAll(async () => {
  house = await openHouse()
}, 60_000)

afterAll(() => house.stop())

test.each(plays)(
  '$title',
  async (play) => {
    const trouble = await house.breaks(play.system, play.onlySaid !== true)

    const run = await askedInTheTerminal(play.command)
    const proposal = await card(run.id)
    await approvedInTheConsole(run)
    play.byHand?.there(house)
    await house.carriedOut(run.id)
    await vi.waitFor(async () => expect(await play.outside(house, run)).toEqual(play.recovered), patience)
    await windowOf(run)
      .locator('.heading')
      .getByText(/^done$/i)
      .waitFor(patience)
    const [done] = await Promise.all([card(run.id), house.mends(trouble)])
    expect(done).toMatch(/^\[ok\] .* · done$/m)
    const wayBack = await ledBack(play, run)
    await vi.waitFor(async () => expect(await play.outside(house, run)).toEqual(play.asBefore), patience)

    if (play.system === 'cloudflare') behindTheProxy(house.outside.world, false)
    expect(house.complaints()).toEqual([])
    await expect(`${proposal}${wayBack}`).toMatchFileSnapshot(`../golden/recoveries/${play.golden}.txt`)
  },
  60_000,
)

/** Asked for in the console, approved in the terminal; answers the card, or nothing where no way back is needed. */
async function ledBack(play: Play, run: Run): Promise<string> {
  const before = await house.newest()
  await asksInTheConsole(play.back, run)
  if (play.refused !== undefined) {
    await house.window(house.engineer).locator('#answer').getByText(play.refused).waitFor(patience)
    return ''
  }
  const back = await house.proposed(before)
  const shown = await card(back.id)
  await approvedInTheTerminal(back)
  play.byHand?.back(house)
  await house.carriedOut(back.id)
  return `\n\n${shown}`
}

/** The engineer types it; what does not answer outside is waited for. */
async function askedInTheTerminal(command: readonly string[]): Promise<Run> {
  const before = await house.newest()
  const answer = await house.types(house.engineer, ...command)
  expect(answer).toMatchObject({ status: 0, err: '' })
  return house.proposed(before)
}

/**
 * On the run's page, by the button: the target's name is typed where it is asked for, and another person presses
 * where data can be lost.
 */
async function approvedInTheConsole(run: Run): Promise<void> {
  const page = windowOf(run)
  await page.goto(`${house.bot.app().url}/runs/${run.id}`)
  await page.getByRole('button', { name: /^Approve/ }).click()
  if (run.proposal.risk === 'reversible') return
  const dialog = page.getByRole('dialog', { name: 'Approve' })
  if (run.proposal.risk === 'disruptive') await dialog.getByRole('textbox').fill(run.proposal.typed)
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** The button on the page of the run that is done, or words in the command's box. */
async function asksInTheConsole(how: string, done: Run): Promise<void> {
  const page = house.window(house.engineer)
  await page.goto(`${house.bot.app().url}/runs/${done.id}`)
  if (how === 'button') await page.getByRole('button', { name: 'Propose the way back' }).click()
  else {
    await page.getByLabel('Command').fill(how)
    await page.keyboard.press('Enter')
  }
}

async function approvedInTheTerminal({ id, proposal }: Run): Promise<void> {
  const { risk, typed } = proposal
  const person = risk === 'loses-data' ? house.manager : house.engineer
  const answer = await house.types(person, 'approve', id, ...(risk === 'disruptive' ? [typed] : []))
  expect(answer).toMatchObject({ status: 0, err: '' })
}

/** A run as the terminal shows it to whoever must know. */
async function card(id: RunId): Promise<string> {
  const answer = await house.types(house.manager, 'runs', id)
  expect(answer).toMatchObject({ status: 0, err: '' })
  return told(answer.out)
}

function windowOf({ proposal }: Run): Page {
  return house.window(proposal.risk === 'loses-data' ? house.manager : house.engineer)
}
