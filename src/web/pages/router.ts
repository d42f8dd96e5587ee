// Which page an address means: the one table, for requests and for the event stream.
import type { Content } from '../frame.ts'
import type { View } from '../view.ts'
import { helpPage } from './help.ts'
import { homePage } from './home.ts'
import { incidentPage } from './incident.ts'
import { oncallPage } from './oncall.ts'
import type { Sources } from './page.ts'
import { reportPage } from './report.ts'
import { runPage, runsPage } from './runs.ts'
import { systemsPage } from './systems.ts'

type Page = (
  sources: Sources,
  view: View,
  words: readonly string[],
) => Promise<Content | undefined> | Content | undefined

/** Address with `:id` as Fastify reads it, and its page. */
export const pages: readonly (readonly [address: string, page: Page])[] = [
  ['/', homePage],
  ['/incidents/:id', incidentPage],
  ['/incidents/:id/report', reportPage],
  ['/oncall', (_sources, view) => oncallPage(view)],
  ['/systems', systemsPage],
  ['/runs', runsPage],
  ['/runs/:id', runPage],
  ['/help', (_sources, view) => helpPage(view)],
]

const patterns = pages.map(
  ([address, page]) => [new RegExp(`^${address.replace(':id', '([A-Za-z0-9-]{1,40})')}$`), page] as const,
)

/** The content of the page at `path`; undefined when there is none, or what it is about does not exist. */
export async function contentOf(path: string, sources: Sources, view: View): Promise<Content | undefined> {
  for (const [pattern, page] of patterns) {
    const match = pattern.exec(path)
    if (match) return page(sources, view, match.slice(1))
  }
  return undefined
}
