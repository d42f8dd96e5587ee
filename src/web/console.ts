// The console's routes: pages, their event streams, and what its forms post.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answer, Dispatch } from '../command/command.ts'
import { pressedText } from '../command/press.ts'
import { withCommands } from '../command/typed.ts'
import { mostUrgentFirst } from '../incident/urgency.ts'
import { readFrozen } from '../recovery/freeze.ts'
import { second, toIncidentId } from '../ids.ts'
import type { Duration } from '../ids.ts'
import type { Button } from '../message.ts'
import { callerOf, ownPage } from './auth.ts'
import type { AuthDeps, Caller } from './auth.ts'
import { bannerFor, frozenBanner } from './banner.ts'
import { questionPage } from './button.ts'
import { cardHtml } from './card.ts'
import { lineHtml } from './line.ts'
import { completionList } from './completion.ts'
import { fieldOf } from './fields.ts'
import { framed, plainPage, titleOf } from './frame.ts'
import type { Content } from './frame.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { signInPage } from './pages/login.ts'
import type { Sources } from './pages/page.ts'
import { reportFile } from './pages/report.ts'
import { contentOf, pages } from './pages/router.ts'
import type { Methods } from './methods.ts'
import type { Streams } from './stream.ts'
import type { View } from './view.ts'

export interface ConsoleDeps extends AuthDeps {
  readonly sources: Sources
  readonly dispatch: Dispatch
  readonly streams: Streams
  readonly methods: Methods
}

/** How long a command may look at slow systems before the page answers that it still does. */
const waits: Duration = 30 * second

/** The path of the page that is shown where there is none; whoever looks at it is told of pages, too. */
const nowhere = '/not-found'

const noPage: Content = {
  title: 'Not found',
  body: html`<h1>Not found</h1>
    <p>There is no such page, incident or run. <a href="/">What is open now</a></p>`,
}

export function addConsole(server: FastifyInstance, deps: ConsoleDeps): void {
  for (const [address] of pages) {
    server.get(address, (request, reply) =>
      asPerson(request, reply, deps, (caller) => showPage(request, reply, deps, caller)),
    )
  }
  server.setNotFoundHandler((request, reply) => {
    const allow = deps.methods(request.url).join(', ')
    if (allow !== '') reply.header('allow', allow)
    // Programs (of the API, of a mistyped webhook) get words they can read, and no sign-in page.
    if (request.method !== 'GET' || /^\/(?:api|assets|webhooks|slack)\//.test(request.url)) {
      return allow === ''
        ? reply.code(404).send({ error: 'not-found', message: 'There is no such address.' })
        : reply.code(405).send({ error: 'method', message: `This address takes ${allow}.` })
    }
    return asPerson(request, reply, deps, (caller) => showPage(request, reply, deps, caller))
  })
  const stream = { exposeHeadRoute: false }
  server.get<{ Querystring: Record<string, unknown> }>('/events', stream, (request, reply) =>
    asPerson(request, reply, deps, (caller) => openStream(request, reply, deps, caller)),
  )
  server.post('/commands', (request, reply) =>
    asPerson(request, reply, deps, (caller) => runCommand(request, reply, deps, caller)),
  )
  server.post('/commands/ask', (request, reply) =>
    asPerson(request, reply, deps, (caller) => askFirst(request, reply, deps, caller)),
  )
  for (const format of ['html', 'md'] as const) {
    server.get<{ Params: { readonly id: string } }>(`/incidents/:id/report.${format}`, (request, reply) =>
      asPerson(request, reply, deps, (caller) =>
        sendReport(request.params.id, format, reply, { deps, caller }),
      ),
    )
  }
}

async function asPerson(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ConsoleDeps,
  serve: (caller: Caller) => Promise<unknown>,
): Promise<unknown> {
  const caller = await callerOf(request, deps)
  if (!('refused' in caller)) return serve(caller)
  const { organisation } = deps.plan()
  const status = caller.refused === 'unknown-person' ? 403 : 401
  return sendHtml(reply, status, signInPage(organisation, caller.refused))
}

function viewOf(path: string, caller: Caller, deps: ConsoleDeps): View {
  const { clock } = deps
  const rate = 1_000 / clock.real(1_000)
  return {
    viewer: caller.viewer,
    csrf: caller.csrf,
    now: clock.now(),
    rate,
    plan: deps.plan(),
    path,
  }
}

/** The part of a page that changes: the banners, what may be typed, and the page's own content. */
async function liveHtml(content: Content, view: View, { sources }: ConsoleDeps): Promise<Html> {
  const [open, runs, frozen] = await Promise.all([
    sources.store.incidents({ open: true, limit: 50 }),
    sources.store.runs({ open: true, limit: 20 }),
    readFrozen(sources.store),
  ])
  const incidents = mostUrgentFirst(open)
  return html`<data id="title" value="${titleOf(content, view)}" hidden></data
    >${bannerFor(incidents, view)}${frozenBanner(frozen, view)}${completionList(incidents, runs, view)}${content.body}`
}

async function showPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ConsoleDeps,
  caller: Caller,
): Promise<FastifyReply> {
  const view = viewOf(pathOf(request.url) ?? nowhere, caller, deps)
  const content = await contentOf(view.path, deps.sources, view)
  const shown = content ?? noPage
  const missing = reply.hasHeader('allow') ? 405 : 404
  return sendHtml(reply, content ? 200 : missing, framed(shown, view, await liveHtml(shown, view, deps)))
}

async function openStream(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ConsoleDeps,
  first: Caller,
): Promise<void> {
  const path = pathOf(fieldOf(request.query, 'page') ?? '/') ?? '/'
  deps.streams.open(reply, first.viewer.id, async () => {
    const caller = await callerOf(request, deps)
    if ('refused' in caller) return undefined
    const view = viewOf(path, caller, deps)
    const content = (await contentOf(path, deps.sources, view)) ?? noPage
    return (await liveHtml(content, view, deps)).markup
  })
}

async function runCommand(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ConsoleDeps,
  caller: Caller,
): Promise<FastifyReply> {
  const view = viewOf(backOf(request), caller, deps)
  if (!ownPage(request, caller, fieldOf(request.body, 'csrf'))) return refuseForeign(reply, view)
  const incident = toIncidentId(fieldOf(request.body, 'incident') ?? '')
  const speaker = { person: caller.viewer.id, door: caller.door, waits, ...(incident && { incident }) }
  const answer = await deps.dispatch(commandText(request), speaker)
  const after = viewOf(view.path, caller, deps)
  const shown = answerHtml(answer, after)
  if (request.headers['hx-request'] === 'true')
    return sendHtml(reply, 200, html`${shown}${await besideAnswer(after, deps)}`)
  const content = (await contentOf(after.path, deps.sources, after)) ?? noPage
  return sendHtml(reply, 200, framed(content, after, await liveHtml(content, after, deps), shown))
}

/**
 * The page as it is after the command, in place of what is shown: its stream may bring that later, and the answer and
 * the page must not contradict each other. Nothing while it cannot be made: that is for the stream, which tries again
 * and has it logged.
 */
async function besideAnswer(view: View, deps: ConsoleDeps): Promise<Html | undefined> {
  try {
    const content = (await contentOf(view.path, deps.sources, view)) ?? noPage
    return html`<div id="live" hx-swap-oob="innerMorph">${await liveHtml(content, view, deps)}</div>`
  } catch {
    return undefined
  }
}

/** The command as the person would have typed it: the button's, then the name or the words that it asked for. */
function commandText(request: FastifyRequest): string {
  const { body } = request
  return pressedText(fieldOf(body, 'text') ?? '', {
    typed: fieldOf(body, 'typed'),
    input: fieldOf(body, 'input'),
  })
}

function answerHtml(answer: Answer, view: View): Html {
  const { incident, run } = answer
  const leads = [
    incident &&
      view.path !== `/incidents/${incident}` &&
      html`<a href="/incidents/${incident}">Open ${incident}</a>`,
    run && view.path !== `/runs/${run}` && html`<a href="/runs/${run}">Open ${run}</a>`,
  ]
  return html`<div class="given" data-status="${answer.status}">
    ${answerCard(answer, view)}
    <p class="leads">${leads} <button type="button" class="link" data-dismiss>Close</button></p>
  </div>`
}

/**
 * The page itself shows what the answer is about, and keeps it up to date, which an answer is not: then the sentence
 * is enough.
 */
function answerCard({ card, said, incident, run }: Answer, view: View): Html {
  const own = [incident && `/incidents/${incident}`, run && `/runs/${run}`]
  if (said === undefined || !own.includes(view.path))
    return cardHtml(card, { view, scope: 'answer', ...(incident && { incident }) })
  return html`<article class="card tone-${card.tone}">
    <p><strong>${lineHtml(withCommands(said), view)}</strong></p>
  </article>`
}

async function askFirst(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ConsoleDeps,
  caller: Caller,
): Promise<FastifyReply> {
  const view = viewOf(backOf(request), caller, deps)
  if (!ownPage(request, caller, fieldOf(request.body, 'csrf'))) return refuseForeign(reply, view)
  const incident = toIncidentId(fieldOf(request.body, 'incident') ?? '')
  const place = { view, scope: 'ask', ...(incident && { incident }) }
  const body = questionPage(postedButton(request), place)
  return sendHtml(reply, 200, plainPage('Sure?', view.plan.organisation, body))
}

/** The button that was pressed, from the fields of its own form: our own page sent it, which the token shows. */
function postedButton(request: FastifyRequest): Button {
  const style = fieldOf(request.body, 'style')
  const optional = (['confirm', 'typed', 'input'] as const).flatMap((name) => {
    const value = fieldOf(request.body, name)
    return value === undefined ? [] : [[name, value]]
  })
  const summary = fieldOf(request.body, 'summary')
  return {
    label: fieldOf(request.body, 'label') ?? 'Go on',
    command: fieldOf(request.body, 'text') ?? '',
    style: style === 'danger' || style === 'primary' ? style : 'plain',
    ...Object.fromEntries(optional),
    ...(fieldOf(request.body, 'needed') !== undefined && { needed: true }),
    ...(summary !== undefined && { summary: summary.split('\n').map((line) => [line]) }),
  }
}

async function sendReport(
  text: string,
  format: 'html' | 'md',
  reply: FastifyReply,
  { deps, caller }: { readonly deps: ConsoleDeps; readonly caller: Caller },
): Promise<FastifyReply> {
  const id = toIncidentId(text)
  const view = viewOf('/', caller, deps)
  const file = id && (await reportFile(id, format, deps.sources, view))
  if (!id || file === undefined)
    return sendHtml(reply, 404, plainPage('Not found', view.plan.organisation, noPage.body))
  return reply
    .header('content-disposition', `attachment; filename="${id}-report.${format}"`)
    .type(format === 'html' ? 'text/html; charset=utf-8' : 'text/markdown; charset=utf-8')
    .send(file)
}

function refuseForeign(reply: FastifyReply, view: View): FastifyReply {
  return sendHtml(reply, 403, signInPage(view.plan.organisation, 'foreign'))
}

/** What to say when the program itself failed: a fragment for the answer region, and good enough as a page. */
export function failureHtml(reason: string): Html {
  return html`<div class="given" data-status="failed">
    <article class="card tone-bad">
      <header><h2>That did not work</h2></header>
      <p><bdi>${reason}</bdi></p>
      <p>Look at the incident before trying again: it may have been carried out all the same.</p>
    </article>
  </div>`
}

function backOf(request: FastifyRequest): string {
  return pathOf(fieldOf(request.body, 'back') ?? '/') ?? '/'
}

/** A path of our own: never another site's address, however it is written. Undefined when no page has such a one. */
function pathOf(address: string): string | undefined {
  const path = address.split('?')[0] ?? '/'
  return /^\/[A-Za-z0-9/-]*$/.test(path) && !path.startsWith('//') ? path : undefined
}

function sendHtml(reply: FastifyReply, status: number, page: Html): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page.markup)
}
