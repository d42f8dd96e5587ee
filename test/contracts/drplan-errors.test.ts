// Every broken plan is refused with file, line, column, what was found and what to write: held by golden files.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import { checkReport } from '../../src/drplan/report.ts'

const fixtures = new URL('../fixtures/plans/', import.meta.url)
const golden = new URL('../golden/plans/', import.meta.url)
const now = Date.UTC(2026, 10, 23)
const names = readdirSync(fixtures)
  .filter((name) => /^\d\d-.*\.yml$/.test(name))
  .map((name) => name.replace('.yml', ''))
const broken = names.filter((name) => !name.startsWith('00-'))

function check(name: string): ReturnType<typeof checkReport> {
  const file = `${name}.yml`
  return checkReport(file, loadPlan(readFileSync(new URL(file, fixtures), 'utf8'), file), now)
}

describe('dr plan check', () => {
  test('has at least twenty broken plans, and no golden file without its plan', () => {
    expect(broken.length).toBeGreaterThanOrEqual(20)
    expect(
      readdirSync(golden)
        .filter((name) => /^\d\d-/.test(name))
        .sort(),
    ).toEqual(names.map((name) => `${name}.txt`).sort())
  })

  test.each(names)('says of %s what the golden file says', async (name) => {
    const report = check(name)

    await expect(`${report.text}\n`).toMatchFileSnapshot(new URL(`${name}.txt`, golden).pathname)
  })

  test.each(broken)('refuses %s, each error with its place, the finding and the remedy', (name) => {
    const report = check(name)
    const lines = readFileSync(new URL(`${name}.yml`, fixtures), 'utf8').split('\n').length
    const errors = report.text.split('\n').slice(0, -2)

    expect(report.exitCode).toBe(1)
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) {
      const [, line] = /^[\w-]+\.yml:(\d+):[1-9]\d*: .{10,}\. .{8,}\.$/.exec(error) ?? []
      expect(Number(line), error).toBeGreaterThanOrEqual(1)
      expect(Number(line), error).toBeLessThanOrEqual(lines)
      expect(error).not.toMatch(/invalid input|expected|undefined|\[object/i)
    }
  })

  test('lists errors in the order of the file', () => {
    const lines =
      check('48-many-errors-in-order')
        .text.match(/yml:\d+/g)
        ?.map((place) => Number(place.slice(4))) ?? []

    expect(lines).toHaveLength(4)
    expect(lines).toEqual(lines.toSorted((a, b) => a - b))
  })
})
