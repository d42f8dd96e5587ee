// The time limit of a call: kept to by its timer, and before that by whoever asks right before a change.
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { throwIfOver, timeLimit } from '../../src/limit.ts'

const duration = 30_000

function machine() {
  const at = { wall: 1_000_000_000, running: 5_000 }
  return { at, readings: { wall: () => at.wall, running: () => at.running } }
}

describe('a time limit', () => {
  it('ends by itself', async () => {
    const limit = timeLimit(20)

    await once(limit, 'abort')

    expect(limit.reason).toMatchObject({ name: 'TimeoutError' })
    expect(() => throwIfOver(limit)).toThrow(/time for it is over/)
  })

  it('lets a change through while there is time', () => {
    const { at, readings } = machine()
    const limit = timeLimit(duration, readings)
    at.wall += duration - 1
    at.running += duration - 1

    expect(() => throwIfOver(limit)).not.toThrow()
    expect(limit.aborted).toBe(false)
  })

  it.each([
    ['the process was stopped and its wall clock set back meanwhile', { wall: -duration, running: duration }],
    ['its machine slept, and only the wall clock knows', { wall: duration, running: 0 }],
  ])('is over when %s', (_what, passed) => {
    const { at, readings } = machine()
    const limit = timeLimit(duration, readings)
    at.wall += passed.wall
    at.running += passed.running

    expect(() => throwIfOver(limit)).toThrow(/time for it is over/)
  })

  it('ends the signals that were made of it, and leaves those alone that have nothing to do with it', () => {
    const { at, readings } = machine()
    const made = AbortSignal.any([timeLimit(duration, readings), new AbortController().signal])
    const other = timeLimit(10 * duration, readings)
    at.wall += duration

    expect(() => throwIfOver(other)).not.toThrow()
    expect(() => throwIfOver(made)).toThrow(/time for it is over/)
    expect(() => throwIfOver(undefined)).not.toThrow()
  })
})
