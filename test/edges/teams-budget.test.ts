// What the bot allows itself in the whole tenant: rooms leave room for answers, and both for pages.
import { expect, test } from 'vitest'
import { createBudget } from '../../src/chat/teams/budget.ts'
import { OwnWait } from '../../src/chat/lanes.ts'

type Lane = Parameters<ReturnType<typeof createBudget>['take']>[0]

/** The budget by a clock that only the test moves; `taken`: how many of 51 threads get a call. */
function open() {
  let time = 0
  const clock = { now: () => time, real: (duration: number) => duration, after: () => () => {} }
  const { take } = createBudget(clock, () => time)

  function waitOf(lane: Lane, thread: string): number | undefined {
    try {
      take(lane, thread)
      return 0
    } catch (error) {
      if (error instanceof OwnWait) return error.after
      throw error
    }
  }
  const taken = (lane: Lane): number =>
    Array.from({ length: 51 }, (_, at) => waitOf(lane, `${lane} ${at}`)).filter((wait) => wait === 0).length
  const pass = (duration: number): void => {
    time += duration
  }
  return { waitOf, taken, pass }
}

test('of 51 threads in one second 25 are written to; a page still goes out, and in all no more than 50', () => {
  const { waitOf, taken, pass } = open()

  expect(taken('room')).toBe(25)
  expect(waitOf('page', 'a page')).toBe(0)
  expect(taken('answer')).toBe(40 - 26)
  expect(taken('page')).toBe(50 - 40)

  pass(400)
  expect(waitOf('page', 'one too many')).toBe(600)
  pass(600)
  expect(waitOf('page', 'one too many')).toBe(0)
  expect(taken('room')).toBe(24)
})
