// The console on a phone, in a real browser: everything fits, and what is to be pressed is in reach.
import { describe, expect, test } from 'vitest'
import { everyPage, visitConsole } from './console-visits.ts'

const { house, enter } = visitConsole()

describe('on a phone', () => {
  test('the report, on its page and as a file, shows each row of a table as a list', async () => {
    const page = await enter('ann', { viewport: { width: 375, height: 812 } })
    const file = await page.request.get(`${house().url}/incidents/INC-2/report.html`)
    for (const show of [
      () => page.goto(`${house().url}/incidents/INC-2/report`),
      async () => {
        await page.goto('about:blank')
        await page.setContent(await file.text())
      },
    ]) {
      await show()
      const cell = page.locator('td[data-label]').first()
      await cell.waitFor()
      const seen = await page.evaluate(() => ({
        wider: document.documentElement.scrollWidth - innerWidth,
        hidden: [...document.querySelectorAll('td')].filter(
          (each) => each.getBoundingClientRect().right > innerWidth,
        ).length,
      }))
      expect(seen).toEqual({ wider: 0, hidden: 0 })
      expect(await cell.evaluate((each) => getComputedStyle(each).display)).not.toBe('table-cell')
    }
  })

  test('a run can be approved without looking for the button, once its cost has been read', async () => {
    const page = await enter('ann', { viewport: { width: 375, height: 600 } })
    await page.goto(`${house().url}/runs/R-1`)
    const approve = page.getByRole('button', { name: 'Approve…' })
    const inSight = (): Promise<boolean> =>
      approve.evaluate((each) => each.getBoundingClientRect().bottom <= innerHeight)

    // Its beginning has just come up: the row of buttons itself is still further down.
    await page
      .locator('.act')
      .evaluate((each) => scrollBy(0, each.getBoundingClientRect().top - innerHeight + 90))
    expect(await inSight()).toBe(true)
    await page.evaluate(() => scrollTo(0, 0))
    // The title and the cost are never covered.
    const above = await page.evaluate(() => {
      const [act, buttons] = ['.act', '.act > .buttons'].map((each) => document.querySelector(each))
      return (buttons?.getBoundingClientRect().top ?? 0) >= (act?.getBoundingClientRect().top ?? 0)
    })
    expect(above).toBe(true)
  })

  test.each(['light', 'dark'] as const)(
    'every page fits in 375 px, in %s, with large targets',
    async (colorScheme) => {
      const page = await enter('ann', { viewport: { width: 375, height: 812 }, colorScheme })

      for (const path of everyPage) {
        await page.goto(house().url + path)
        const seen = await page.evaluate(() => ({
          wider: document.documentElement.scrollWidth - innerWidth,
          small: [...document.querySelectorAll('.button')].filter((button) => {
            const { height, width } = button.getBoundingClientRect()
            return width > 0 && height < 44
          }).length,
        }))
        expect([path, seen]).toEqual([path, { wider: 0, small: 0 }])
      }
    },
  )
})
