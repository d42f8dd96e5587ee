// The machine's clock set back: deadlines must not wait for it to catch up.
import { describe, expect, it } from 'vitest'
import { createClock } from '../../src/clock.ts'

const hour = 3_600_000

function machine() {
  const at = { wall: 1_000_000_000, running: 5_000 }
  const steps: number[] = []
  const clock = createClock((by) => steps.push(by), { wall: () => at.wall, running: () => at.running })
  function pass(duration: number): void {
    at.wall += duration
    at.running += duration
  }
  return { at, steps, clock, pass }
}

describe('the clock', () => {
  it('follows the machine, small corrections and steps forward included', () => {
    const { at, clock, pass, steps } = machine()
    const start = clock.now()
    pass(1_000)
    at.wall -= 200
    const corrected = clock.now()
    at.wall += hour

    expect(corrected - start).toBe(800)
    expect(clock.now() - start).toBe(800 + hour)
    expect(steps).toEqual([])
  })

  it('goes on from where it was when the machine is set back, and tells it once', () => {
    const { at, clock, pass, steps } = machine()
    const start = clock.now()
    at.wall -= 2 * hour
    pass(60_000)
    const later = clock.now()
    pass(60_000)

    expect(later - start).toBe(60_000)
    expect(clock.now() - start).toBe(120_000)
    expect(steps).toEqual([2 * hour])
  })

  it('follows the machine again once that has come after it', () => {
    const { at, clock, pass, steps } = machine()
    const start = clock.now()
    at.wall -= hour
    pass(1_000)
    clock.now()
    at.wall += hour
    pass(1_000)

    expect(clock.now() - start).toBe(2_000)
    at.wall -= hour
    clock.now()
    expect(steps).toHaveLength(2)
  })
})
