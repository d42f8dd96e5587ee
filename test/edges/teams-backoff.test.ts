// How long what Teams limits is left alone: longer each time, and forgotten when nobody asks for it any more.
import { expect, test } from 'vitest'
import { createBackoff } from '../../src/chat/teams/backoff.ts'

/** Backoff by a clock that only the test moves. */
function open(chance?: () => number) {
  let time = 0
  const clock = { now: () => time, real: (duration: number) => duration, after: () => () => {} }
  const pass = (duration: number): void => {
    time += duration
  }
  return { ...createBackoff(clock, chance), pass }
}

test('each refusal is followed by a longer wait, up to half a minute and its jitter', () => {
  const { next, pass } = open()

  const waits = Array.from({ length: 8 }, () => {
    const wait = next('room 19:a', undefined)
    pass(wait)
    return wait
  })

  const steps = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
  for (const [index, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(steps[index] ?? 0)
    expect(wait).toBeLessThanOrEqual(1.5 * (steps[index] ?? 0))
  }
})

test('after success, or when nothing was asked of it for long, the next refusal is the first again', () => {
  const { next, forget, pass } = open()
  for (const key of ['went well', 'was left', 'is asked']) {
    for (let count = 0; count < 5; count += 1) next(key, undefined)
  }

  forget('went well')
  pass(50_000)

  expect(next('went well', undefined)).toBeLessThan(2_000)
  expect(next('is asked', undefined)).toBeGreaterThanOrEqual(30_000)
  pass(60_000)
  expect(next('was left', undefined)).toBeLessThan(2_000)
  expect(next('is asked', undefined)).toBeGreaterThanOrEqual(30_000)
})

test('two rooms that are limited at once are not asked again at once: chance adds up to half of the wait', () => {
  const chances = [0, 0.5, 0.9]
  const { next } = open(() => chances.shift() ?? 0)

  const waits = ['room 19:a', 'room 19:b', 'room 19:c'].map((key) => next(key, undefined))
  expect(waits).toEqual([1_000, 1_250, 1_450])
})

test('chance is real where none is given: a hundred rooms come back over all of the half second', () => {
  const { next } = open()

  const waits = Array.from({ length: 100 }, (_, room) => next(`room ${room}`, undefined))

  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000)
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_500)
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(100)
})
