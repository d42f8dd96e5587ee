// The chart of an outage: what it says, and that it is a picture whose text can be read on any page.
import { describe, expect, test } from 'vitest'
import { chartFile, chartName } from '../../src/chat/slack/chart.ts'
import type { Instant } from '../../src/ids.ts'
import type { Incident, Marks } from '../../src/incident/incident.ts'
import { phasesChart } from '../../src/timeline/chart.ts'
import { incident, noon, resolved } from '../contracts/store-samples.ts'

const minute = 60_000

function outage(marks: Partial<Marks>, fields: Partial<Incident> = {}): Incident {
  return {
    ...resolved('INC-12'),
    marks: { outage: noon, detected: noon + 12_000, ...marks },
    ...fields,
  } as Incident
}

const met = outage({
  paged: noon + 12_400,
  acknowledged: noon + 70_400,
  diagnosed: noon + 3 * minute,
  decided: noon + 4 * minute,
  acted: noon + 5 * minute,
  verified: noon + 5.5 * minute,
})

describe('the words of the chart', () => {
  test('say how long it was down against the objective, and each phase', () => {
    expect(phasesChart(met, noon).alt).toBe(
      'INC-12, lb: lb1 is down. Objective met: down for 5m30s; the objective is 10m. ' +
        'Phases: detect 12s, page under 1s, acknowledge 58s, diagnose 1m50s, decide 1m, act 1m, verify 30s.',
    )
  })

  test('say by how much the objective was missed', () => {
    const late = outage({ acknowledged: noon + minute, verified: noon + 19 * minute })

    expect(phasesChart(late, noon).alt).toContain(
      'Objective missed by 9m: down for 19m; the objective is 10m.',
    )
  })

  test('say so far while the outage goes on', () => {
    const chart = phasesChart(incident('INC-12'), noon + 3 * minute)

    expect(chart.alt).toContain('down for 3m so far; the objective is 10m.')
    expect(chart.svg).not.toContain('missed')
  })

  test('stand in the picture too, with the numbers', () => {
    const { svg } = phasesChart(met, noon)

    for (const word of ['INC-12 lb1 is down', 'objective 10m', 'acknowledge', '1m50s', 'in all', '5m30s'])
      expect(svg).toContain(`>${word}</text>`)
  })
})

describe('a title that is not meant well', () => {
  test.each([
    ['markup', '</text><script>alert(1)</script><image href="file:///etc/passwd"/>'],
    ['an entity', '&xxe; <!DOCTYPE x>'],
    ['control characters', 'a\u0000b\u001b[2J\u202ec\ufffe'],
    ['half a character', 'down \ud800'],
    ['40 KB', 'x'.repeat(40_000)],
  ])('such as %s is text in the picture', async (_what, title) => {
    const chart = phasesChart(outage({}, { title }), noon)
    const tags = new Set(Array.from(chart.svg.matchAll(/<\/?([a-z]+)/gi), ([, tag]) => tag))

    expect(tags).toEqual(new Set(['svg', 'title', 'rect', 'text', 'line']))
    expect(chart.svg).toMatch(/^[^\p{Cs}\ufffe\uffff]*$/u)
    expect(chart.svg.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(chart.svg.length).toBeLessThan(8_000)
    expect((await chartFile(outage({}, { title }), noon)).content.length).toBeGreaterThan(1_000)
  })
})

describe('the picture', () => {
  test('is a PNG with a name of its own, as wide as a phone shows it sharply', async () => {
    const file = await chartFile(met, noon)

    const bytes = Buffer.from(file.content)
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(bytes.readUInt32BE(16)).toBe(1_290)
    expect(file).toMatchObject({ name: 'inc-12-phases.png', title: 'INC-12: phases of the outage of lb' })
  })

  test('of an outage that came back has another name', () => {
    expect(chartName({ id: 'INC-12', relapses: 1 })).toBe('inc-12-phases-2.png')
  })

  test('has letters: its text is drawn with the font that comes with the bot', async () => {
    const named = await chartFile(met, noon)
    const nameless = await chartFile({ ...met, title: '' }, noon)

    expect(named.content.length).toBeGreaterThan(nameless.content.length + 500)
  })

  test.each<readonly [string, Partial<Marks>, Instant]>([
    ['took no time at all', { verified: noon }, noon],
    ['took three weeks', { verified: noon + 21 * 86_400_000 }, noon],
    ['has marks in a wrong order', { acknowledged: noon - minute, verified: noon + minute }, noon],
  ])('of an outage that %s stays within its frame', (_what, marks, now) => {
    const { svg, width } = phasesChart(outage(marks), now)

    const boxes = Array.from(svg.matchAll(/<rect x="([\d.-]+)" y="[\d.]+" width="([\d.-]+)"/g))
    expect(boxes.length).toBeGreaterThan(3)
    for (const [, x, across] of boxes) {
      expect(Number(across)).toBeGreaterThan(0)
      expect(Number(x)).toBeGreaterThanOrEqual(1)
      expect(Number(x) + Number(across)).toBeLessThanOrEqual(width)
    }
    const sizes = Array.from(svg.matchAll(/font-size="([\d.]+)"/g), ([, size]) => Number(size))
    expect(sizes.length).toBeGreaterThan(3)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12)
  })
})
