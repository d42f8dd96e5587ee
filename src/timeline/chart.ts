// The phases of an outage against its objective as a picture (SVG) with its words: for places that show no table.
import { escapeMarkup } from '../escape.ts'
import { printDuration, printTook } from '../drplan/duration.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import { isNotKnown, measure, metForAll, phasesOf, verdictText, verdictTone } from './phases.ts'
import type { Measured, Phase } from './phases.ts'
import { withoutUnseen } from '../unseen.ts'

/** A picture, and the same said in words for who cannot see it. */
export interface Chart {
  readonly title: string
  /** SVG, `width` x `height` units; its text is in the font `DejaVu Sans`. */
  readonly svg: string
  readonly width: number
  readonly height: number
  readonly alt: string
}

type Charted = Pick<Incident, 'id' | 'system' | 'title' | 'marks' | 'objective'>

/** Opaque, so that it can be read on a dark page and on a light one; each text has at least 4.5:1 against `panel`. */
const colours = {
  panel: '#16191f',
  edge: '#59616e',
  track: '#2a2f39',
  text: '#e8eaee',
  quiet: '#aeb6c2',
  bar: '#93a4ff',
  good: '#5fd195',
  bad: '#ff8f88',
  limit: '#f2b95c',
} as const

const toneColours = { good: colours.good, warn: colours.limit, bad: colours.bad } as const

const width = 860
const pad = 28
/** Where the bars begin and end. */
const left = 190
const right = 660
const rowHeight = 40
const barHeight = 22
const firstRow = 152
const titleLength = 62
/** How wide a bold letter is on average, of its size. */
const boldLetter = 0.68

/** Where a time of the outage is on the picture. */
type Scale = (since: Duration) => number

/** Draws the phases that took place, the outage as a whole and its objective; `now` counts for an outage that goes on. */
export function phasesChart(incident: Charted, now: Instant): Chart {
  const measured = measure(incident, now)
  const phases = phasesOf(incident.marks, now)
  const span = Math.max(measured.ms, measured.rto, 1) * 1.02
  const scale: Scale = (since) => left + (since / span) * (right - left)
  const height = firstRow + (phases.length + 1) * rowHeight + pad
  const title = `${incident.id}: phases of the outage of ${incident.system}`
  const rows = phases.map((phase, index) => phaseRow(phase, incident.marks.outage, { scale, index }))
  const parts = [
    heading(48, 24, colours.text, clipped(`${incident.id} ${incident.title}`)),
    heading(82, 20, toneColours[verdictTone(measured)], verdict(measured)),
    ...rows,
    totalRow(measured, scale, phases.length),
    limit(measured.rto, scale, height),
  ]
  return { title, svg: frame(title, height, parts), width, height, alt: words(incident, measured, phases) }
}

function frame(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" rx="14" fill="${colours.panel}" stroke="${colours.edge}"/>`,
    ...parts,
    '</svg>',
  ].join('\n')
}

/** Smaller letters where the words would not fit. */
function heading(y: number, size: number, fill: string, words: string): string {
  const fits = Math.floor((width - 2 * pad) / (words.length * boldLetter))
  return text(pad, y, { size: Math.min(size, fits), weight: 'bold', fill }, words)
}

function phaseRow(
  phase: Phase,
  outage: Instant,
  at: { readonly scale: Scale; readonly index: number },
): string {
  const from = phase.from - outage
  const bar = barAt(at.scale, from, from + phase.ms, at.index)
  return row(at.index, phase.name, took(phase.ms, phase.to === undefined), [rect(bar, colours.bar, 3)])
}

/** The whole outage: what was within the objective, and what was over it. */
function totalRow({ ms, rto, over }: Measured, scale: Scale, index: number): string {
  const within = rect(barAt(scale, 0, Math.min(ms, rto), index), colours.good, 3)
  const beyond = ms > rto ? [rect(barAt(scale, rto, ms, index), colours.bad, 3)] : []
  return row(index, 'in all', took(ms, !over), [within, ...beyond])
}

function row(index: number, name: string, value: string, bars: readonly string[]): string {
  const top = firstRow + index * rowHeight
  const track = rect({ x: left, y: top, width: right - left, height: barHeight }, colours.track, 3)
  return [
    text(left - 16, top + 17, { size: 18, anchor: 'end', fill: colours.quiet }, name),
    track,
    ...bars,
    text(right + 16, top + 17, { size: 18, weight: 'bold' }, value),
  ].join('\n')
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A phase that took next to nothing can still be seen. */
function barAt(scale: Scale, from: Duration, to: Duration, index: number): Box {
  const x = Math.min(scale(from), right - 4)
  return {
    x,
    y: firstRow + index * rowHeight,
    width: Math.min(Math.max(4, scale(to) - scale(from)), right - x),
    height: barHeight,
  }
}

function limit(rto: Duration, scale: Scale, height: number): string {
  const x = round(scale(rto))
  return [
    `<line x1="${x}" x2="${x}" y1="${firstRow - 14}" y2="${height - pad}" stroke="${colours.limit}" stroke-width="3" stroke-dasharray="7 5"/>`,
    text(
      x,
      firstRow - 24,
      { size: 18, anchor: anchorAt(x), fill: colours.limit },
      `objective ${printDuration(rto)}`,
    ),
  ].join('\n')
}

/** Words at the edge of the bars stay within them. */
function anchorAt(x: number): 'start' | 'middle' | 'end' {
  if (x < left + 70) return 'start'
  return x > right - 70 ? 'end' : 'middle'
}

function verdict(measured: Measured): string {
  const { ms, rto, over, met } = measured
  const of = `down for ${took(ms, !over)}; the objective is ${printDuration(rto)}`
  if (!over) return met ? of : `${of}, missed`
  if (isNotKnown(measured) || (!metForAll(measured) && met)) return `Objective ${verdictText(measured)}`
  return met ? `Objective met: ${of}` : `Objective missed by ${took(ms - rto, false)}: ${of}`
}

/** What the picture shows, as sentences. */
function words({ id, system, title }: Charted, measured: Measured, phases: readonly Phase[]): string {
  const list = phases.map(({ name, ms, to }) => `${name} ${took(ms, to === undefined)}`).join(', ')
  return `${id}, ${system}: ${clipped(title)}. ${verdict(measured)}. Phases: ${list}.`
}

/** What took no whole second did take its time. */
function took(ms: Duration, goesOn: boolean): string {
  return `${printTook(ms)}${goesOn ? ' so far' : ''}`
}

interface Style {
  readonly size: number
  readonly weight?: 'bold'
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
}

function text(x: number, y: number, style: Style, words: string): string {
  const { size, weight = 'normal', anchor = 'start', fill = colours.text } = style
  return `<text x="${round(x)}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escapeMarkup(words)}</text>`
}

function rect({ x, y, width, height }: Box, fill: string, radius: number): string {
  return `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${height}" rx="${radius}" fill="${fill}"/>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** On one line, without what XML does not allow and what turns the direction of the text around it. */
function clipped(words: string): string {
  const line = withoutUnseen(words.toWellFormed(), ' ')
    .replaceAll(/[\ufffe\uffff\s]+/gu, ' ')
    .trim()
  const letters = Array.from(line)
  return letters.length > titleLength ? `${letters.slice(0, titleLength - 1).join('')}…` : line
}
