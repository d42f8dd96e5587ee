// views.*: modals that a trigger id opens, their stack, and the home tab.
import { z } from 'zod'
import { optional, required, structured, type Args } from './args.ts'
import { blockErrors, schemaErrors, ViewBlocks } from './blocks.ts'
import { plain } from './elements.ts'
import { invalidArguments, Refusal } from './envelope.ts'
import type { Call, Method } from './method.ts'
import { named, type Block, type SlackView, type Workspace } from './workspace.ts'

export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': { scopes: [], tier: 4, run: open },
  'views.push': { scopes: [], tier: 4, run: push },
  'views.update': { scopes: [], tier: 4, run: update },
  'views.publish': { scopes: [], tier: 4, run: publish },
}

const common = {
  blocks: z.array(z.unknown()),
  private_metadata: z.string().max(3_000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
}

const View = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('modal'),
    title: plain(24),
    close: plain(24).optional(),
    submit: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
    ...common,
  }),
  z.strictObject({ type: z.literal('home'), ...common }),
])

type ViewBody = Readonly<Record<string, unknown>>

function open({ slack, args, triggers }: Call): object {
  const view = viewOf(slack, args, 'modal')
  const { user } = triggers.exchange(required(args, 'trigger_id'))
  return { view: viewBody(slack, stack(slack, user, view)) }
}

function push({ slack, args, triggers }: Call): object {
  const view = viewOf(slack, args, 'modal')
  const { user, view: below } = triggers.exchange(required(args, 'trigger_id'))
  const previous = below === undefined ? undefined : slack.views.get(below)
  if (!previous) throw new Refusal('not_found')
  return { view: viewBody(slack, pushView(slack, user, view, previous)) }
}

/** Puts a modal on top of another; a stack holds three. */
export function pushView(slack: Workspace, user: string, view: ViewBody, previous: SlackView): SlackView {
  const depth = [...slack.views.values()].filter((other) => other.root === previous.root).length
  if (depth >= 3) throw new Refusal('push_limit_reached')
  return stack(slack, user, view, previous)
}

function update({ slack, args }: Call): object {
  const view = viewOf(slack, args, 'modal')
  const found = findView(slack, optional(args, 'view_id'), optional(args, 'external_id'))
  replaceView(slack, found, view, optional(args, 'hash'))
  return { view: viewBody(slack, found) }
}

function findView(slack: Workspace, id: string | undefined, external: string | undefined): SlackView {
  const found = [...slack.views.values()].find((view) =>
    id === undefined ? external !== undefined && view.view['external_id'] === external : view.id === id,
  )
  if (!found) throw new Refusal('not_found')
  return found
}

/** Gives a view new content, unless somebody else did since `hash`. */
export function replaceView(slack: Workspace, view: SlackView, body: ViewBody, hash?: string): void {
  if (hash !== undefined && hash !== view.hash) throw new Refusal('hash_conflict')
  view.view = body
  view.hash = slack.nextTs()
}

function publish({ slack, args }: Call): object {
  if (!slack.homeTab) throw new Refusal('not_enabled')
  const view = viewOf(slack, args, 'home')
  const user = slack.users.get(required(args, 'user_id'))
  if (!user || user.team !== slack.team) throw invalidArguments('invalid `user_id`')
  const home = homeOf(slack, user.id)
  if (home) {
    replaceView(slack, home, view, optional(args, 'hash'))
    return { view: viewBody(slack, home) }
  }
  return { view: viewBody(slack, stack(slack, user.id, view)) }
}

/** A person's home tab, once the app has published it. */
export function homeOf(slack: Workspace, user: string): SlackView | undefined {
  return [...slack.views.values()].find((view) => view.type === 'home' && view.user === user)
}

function stack(slack: Workspace, user: string, view: ViewBody, previous?: SlackView): SlackView {
  const external = view['external_id']
  if (
    external !== undefined &&
    [...slack.views.values()].some((other) => other.view['external_id'] === external)
  ) {
    throw new Refusal('duplicate_external_id')
  }
  const id = slack.nextId('V')
  const added: SlackView = {
    id,
    type: view['type'] === 'home' ? 'home' : 'modal',
    user,
    root: previous?.root ?? id,
    ...(previous && { previous: previous.id }),
    view,
    hash: slack.nextTs(),
  }
  slack.views.set(id, added)
  return added
}

/** Bytes of a view. */
const largest = 250_000

function viewOf(slack: Workspace, args: Args, type: SlackView['type']): ViewBody {
  const value = structured(args, 'view', () =>
    invalidArguments('view is not valid JSON [json-pointer:/view]'),
  )
  if (value === undefined) throw invalidArguments('missing required field: view')
  if (JSON.stringify(value).length > largest) throw new Refusal('view_too_large')
  const errors = viewErrors(slack, value, type)
  if (errors.length > 0) throw invalidArguments(...errors)
  return value as ViewBody
}

/** What is wrong with a view, in Slack's words; empty: nothing. */
export function viewErrors(slack: Workspace, value: unknown, type: SlackView['type']): readonly string[] {
  const read = View.safeParse(value)
  if (!read.success) return schemaErrors(read.error, '/view')
  const { data } = read
  if (data.type !== type) return [`must be a ${type} view [json-pointer:/view/type]`]
  const errors = blockErrors(slack, ViewBlocks, data.blocks, '/view/blocks')
  if (errors.length > 0) return errors
  const asks = data.blocks.some((block) => (block as { readonly type?: unknown }).type === 'input')
  const unsubmittable = asks && data.type === 'modal' && data.submit === undefined
  return unsubmittable ? ['missing required field: submit [json-pointer:/view]'] : []
}

/** A view as the Web API and the payloads write it; `values` is what a person put in. */
export function viewBody(slack: Workspace, view: SlackView, values: object = {}): Record<string, unknown> {
  return {
    id: view.id,
    team_id: slack.team,
    app_id: slack.app,
    bot_id: slack.bot,
    app_installed_team_id: slack.team,
    private_metadata: '',
    callback_id: '',
    external_id: '',
    close: null,
    submit: null,
    ...view.view,
    blocks: viewBlocks(view),
    state: { values },
    hash: view.hash,
    root_view_id: view.root,
    previous_view_id: view.previous ?? null,
  }
}

/** The blocks of a view, each with its id. */
export function viewBlocks(view: SlackView): readonly Block[] {
  return named(view.view['blocks'] as readonly unknown[])
}
