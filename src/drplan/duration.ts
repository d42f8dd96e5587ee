// Durations as people write them: `90s`, `5m`, `1h30m`, `7d`.
import type { Duration } from '../ids.ts'

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const
const pattern = /^(?=\d)(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?$/

/** Reads `90s`, `5m`, `1h30m`, `0s`, `7d` (largest unit first, each at most once); undefined when it is something else. */
export function parseDuration(text: string): Duration | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  return units.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0)
}

/** What something took that has ended: what took no whole second did take its time. */
export function printTook(took: Duration): string {
  return took < 1_000 ? 'under 1s' : printDuration(took)
}

/** Writes a duration as `parseDuration` reads it, to the whole second; negative durations begin with `-`. */
export function printDuration(duration: Duration): string {
  let rest = Math.round(Math.abs(duration) / 1_000) * 1_000
  const sign = duration < 0 && rest > 0 ? '-' : ''
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return sign + (parts.join('') || '0s')
}

/** Of a clock that runs, its two largest units: `4m5s`, `1h4m`, `2d3h`; nobody reads seconds beside days. */
export function printClock(duration: Duration): string {
  const seconds = Math.floor(Math.abs(duration) / 1_000) * 1_000
  const largest = units.findIndex(([, size]) => seconds >= size)
  const [, smallest] = units[Math.min(largest + 1, units.length - 1)] ?? ['s', 1_000]
  return printDuration(largest === -1 ? 0 : Math.floor(seconds / smallest) * smallest)
}
