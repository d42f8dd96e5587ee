// The phases of an outage as a picture of coloured bars, made of the card's own elements: sharp, and read aloud as text.
import { printDuration } from '../../../drplan/duration.ts'
import type { Duration, Instant } from '../../../ids.ts'
import type { Incident } from '../../../incident/incident.ts'
import { phasesChart } from '../../../timeline/chart.ts'
import { measure, phasesOf, verdictTone } from '../../../timeline/phases.ts'
import type { TeamsActivity } from '../activity.ts'
import { cut } from '../../text.ts'
import { limits } from './elements.ts'
import type { AdaptiveCard, Column, ColumnSet, ContainerStyle, Element } from './elements.ts'
import { cardType } from './message.ts'
import { richBlock, textRuns } from './rich.ts'

/** Shares of the bars' width; a phase of less than one is still seen. */
const shares = 100

/** A tone as a container shows it. */
const toneStyles = { good: 'good', warn: 'warning', bad: 'attention' } as const

type Charted = Pick<Incident, 'id' | 'system' | 'title' | 'marks' | 'objective'>

/** The phases that took place, each a bar where it was within the outage, then the whole against the objective. */
export function chartActivity(incident: Charted, now: Instant): TeamsActivity {
  const { title, alt } = phasesChart(incident, now)
  const measured = measure(incident, now)
  const { ms, rto } = measured
  const span = Math.max(ms, rto, 1)
  const share = (part: Duration): number => Math.round((part / span) * shares)
  const phases = phasesOf(incident.marks, now).map((phase) => {
    const row = { from: share(phase.from - incident.marks.outage), length: share(phase.ms) }
    return bar(phase.name, printed(phase.ms), row, 'accent')
  })
  const body: readonly Element[] = [
    richBlock(textRuns(cut(title, limits.title), { weight: 'Bolder', size: 'Large' })),
    // The same in words: for a screen reader, and for a client that shows no colours.
    richBlock(textRuns(cut(alt, limits.text))),
    ...phases,
    bar('in all', printed(ms), { from: 0, length: share(ms) }, toneStyles[verdictTone(measured)]),
    bar('objective', printed(rto), { from: 0, length: share(rto) }, 'emphasis'),
  ]
  const content: AdaptiveCard = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: 'This needs a newer Teams. The report is in the console too.',
    msteams: { width: 'Full' },
    body,
  }
  const summary = cut(alt, limits.summary)
  return { type: 'message', summary, attachments: [{ contentType: cardType, content }] }
}

interface Extent {
  readonly from: number
  readonly length: number
}

function bar(name: string, value: string, { from, length }: Extent, style: ContainerStyle): ColumnSet {
  const begin = Math.min(from, shares - 1)
  const seen = Math.max(1, Math.min(length, shares - begin))
  const after = shares - begin - seen
  const pieces = [piece(begin), piece(seen, style), piece(after)].filter(({ width }) => width > 0)
  return {
    type: 'ColumnSet',
    spacing: 'Small',
    columns: [
      column(3, [richBlock(textRuns(name))]),
      column(8, [{ type: 'ColumnSet', columns: pieces }]),
      column(3, [richBlock(textRuns(value))]),
    ],
  }
}

function column(width: number, items: readonly Element[]): Column {
  return { type: 'Column', width, items, verticalContentAlignment: 'Center' }
}

function piece(width: number, style?: ContainerStyle): Column {
  return { type: 'Column', width, items: [], minHeight: '18px', ...(style && { style }) }
}

function printed(ms: Duration): string {
  return ms < 1_000 ? 'under 1s' : printDuration(ms)
}
