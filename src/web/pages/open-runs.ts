// The recoveries that are open: those that wait for whoever looks, with their buttons, and for whom the others wait.
import { specOf } from '../../../commands/index.ts'
import { runViewFor } from '../../command/offered.ts'
import { permit } from '../../command/permit.ts'
import { parted } from '../../message.ts'
import type { Card, Line } from '../../message.ts'
import { byHandHeading, stepsHeading } from '../../recovery/card.ts'
import { runName } from '../../recovery/news.ts'
import type { Run } from '../../recovery/run.ts'
import { approvalLine } from '../../recovery/summary.ts'
import { mayApprove } from '../../recovery/verdicts.ts'
import { cardHtml } from '../card.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { lineHtml } from '../line.ts'
import type { View } from '../view.ts'
import type { Sources } from './page.ts'
import { runChip } from './state.ts'

/** A run's card with the buttons that whoever looks may press. */
export function ownRunCard(run: Run, sources: Sources, { viewer, now }: View): Card {
  return runViewFor(sources.runCard(run), run, { person: viewer.id, roles: viewer.roles, now })
}

/** Carried out, or stopped in the middle of that. */
export function isAtWork({ state }: Run): boolean {
  return state === 'running' || state === 'unknown'
}

/** What must be known where the run is not alone, and perhaps its steps; the rest is on the run's own page. */
export function shortRunCard(
  run: Run,
  { sources, view, steps }: { readonly sources: Sources; readonly view: View; readonly steps: boolean },
): Html {
  const card = ownRunCard(run, sources, view)
  const { lead, rest } = parted(card.sections ?? [])
  const kept = steps
    ? rest.filter(({ heading }) => heading === byHandHeading || heading === stepsHeading)
    : []
  const links = [...(card.links ?? []), { label: `All of ${run.id}`, link: `/runs/${run.id}` }]
  const about = run.incident === undefined ? {} : { incident: run.incident }
  return cardHtml(
    { ...card, sections: [...lead, ...kept], links },
    { view, scope: `run-${run.id}`, ...about },
  )
}

/** What waits for a word that whoever looks may say. */
export function waitsForYou(
  runs: readonly Run[],
  { sources, view, heading }: { readonly sources: Sources; readonly view: View; readonly heading: string },
): Html | undefined {
  const mine = runs.filter((run) => isMine(run, view))
  if (mine.length === 0) return undefined
  return html`<section class="stack" aria-label="${heading}">
    <h2>${heading}</h2>
    ${mine.map((run) => shortRunCard(run, { sources, view, steps: isAtWork(run) }))}
  </section>`
}

/** What is under way, or waits for somebody else, and for whom. */
export function otherRuns(runs: readonly Run[], view: View): Html | undefined {
  const others = runs.filter((run) => !isMine(run, view))
  if (others.length === 0) return undefined
  return html`<section class="card">
    <header><h2>Recoveries that are open</h2></header>
    <ul class="rows">
      ${others.map(
        (run) =>
          html`<li>
            <a href="/runs/${run.id}">${run.id}</a>
            <span>${runName(run)}</span> ${runChip(run)} ${waitLine(run, view)}
          </li>`,
      )}
    </ul>
  </section>`
}

function isMine(run: Run, { viewer, now }: View): boolean {
  if (run.state === 'unknown') return permit(specOf('retry'), viewer.roles).ok
  return mayApprove(run, viewer.id, viewer.roles, now)
}

function waitLine(run: Run, view: View): Html | undefined {
  const line = waitsFor(run, view)
  return line && html`<span class="quiet">waits for ${lineHtml(line, view)}</span>`
}

function waitsFor(run: Run, { plan }: View): Line | undefined {
  if (run.state === 'proposed') return approvalLine(run, plan)
  return run.state === 'unknown'
    ? ['an engineer, who looks at it: ', { command: `retry ${run.id}` }]
    : undefined
}
