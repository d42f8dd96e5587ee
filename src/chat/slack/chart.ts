// The picture of an outage's phases as a file for a room.
import type { Instant } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import { phasesChart } from '../../timeline/chart.ts'

/** Pixels for each unit of the drawing: sharp on a phone, quick to paint. */
const sharpness = 1.5

/** A PNG with its name, its title, and its words for who cannot see it. */
export interface ChartFile {
  readonly name: string
  readonly title: string
  readonly alt: string
  readonly content: Uint8Array
}

/** The name of an outage's picture; an incident that came back has one for each time. */
export function chartName(incident: Pick<Incident, 'id' | 'relapses'>): string {
  const again = incident.relapses === 0 ? '' : `-${incident.relapses + 1}`
  return `${incident.id.toLowerCase()}-phases${again}.png`
}

/** Paints the phases of an outage; the painter is loaded with the first picture. */
export async function chartFile(incident: Incident, now: Instant): Promise<ChartFile> {
  const { paint } = await import('./paint.ts')
  const { title, alt, svg, width } = phasesChart(incident, now)
  return { name: chartName(incident), title, alt, content: paint(svg, width * sharpness) }
}
