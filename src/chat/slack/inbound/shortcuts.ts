// Shortcuts: opening an incident from anywhere or from a message, and keeping a message in the timeline.
import { mostUrgentFirst } from '../../../incident/urgency.ts'
import { printCommand } from '../../../command/parse.ts'
import { reasonOf } from '../../../errors.ts'
import { isSystemId, systemIds } from '../../../ids.ts'
import { noteView, openIncidentView } from '../render/views.ts'
import type { Ack } from './commands.ts'
import { keepMessage, noteText } from './notes.ts'
import type { NoteFrom } from './notes.ts'
import type { Shortcut } from './payload.ts'
import { askedBy, openModal } from './modals.ts'
import type { Opened } from './modals.ts'
import { send } from './reply.ts'
import type { Asked } from './reply.ts'
import { roomOf, storeDown } from './speak.ts'
import type { Inbound } from './speak.ts'

/** The callback ids of manifest.yml. */
export const shortcuts = {
  open: 'open_incident',
  openFromMessage: 'open_incident_message',
  note: 'add_to_timeline',
} as const

/** `open lb "summary"`, as it would be typed. */
export function openText(system: string, summary: string | undefined): string {
  return isSystemId(system)
    ? printCommand({ verb: 'open', system, ...(summary !== undefined && { summary }) })
    : `open ${system}`
}

/** Serves a shortcut: Slack is told at once, then asks what must be known. */
export async function onShortcut(inbound: Inbound, shortcut: Shortcut, ack: Ack): Promise<void> {
  await ack().catch((thrown: unknown) => {
    inbound.log.warn('an acknowledgement did not reach Slack', { reason: reasonOf(thrown) })
  })
  const asked = askedBy(shortcut)
  const known = await inbound.identity.personOf(asked.user)
  if ('refusal' in known) return send({ card: known.refusal, to: 'asker' }, asked, inbound)
  if (shortcut.callback_id === shortcuts.note) return addToTimeline(inbound, shortcut, asked)
  const { channel, thread } = asked
  const opened: Opened = { channel, thread }
  const summary = shortcut.message === undefined ? '' : noteText(inbound.plan(), shortcut.message.text)
  const systems = systemIds.filter((system) => inbound.plan().systems[system] !== undefined)
  const view = openIncidentView(systems, summary, JSON.stringify(opened))
  return openModal(inbound, view, asked, '/dr open lb what is broken')
}

/** In a room at once; elsewhere the incident is chosen first. */
async function addToTimeline(inbound: Inbound, { message }: Shortcut, asked: Asked): Promise<void> {
  const { channel, thread } = asked
  if (message === undefined || channel === undefined) return
  const { ts, text, user: author } = message
  const from: NoteFrom = { channel, ts, text, ...(author !== undefined && { author }) }
  try {
    const room = await roomOf(inbound, channel)
    if (room !== undefined) {
      const { reply } = await keepMessage(inbound, from, { incident: room, by: asked.user })
      return send(reply, asked, inbound)
    }
    const open = mostUrgentFirst(await inbound.store.incidents({ open: true, limit: 100 }))
    const opened: Opened = { channel, thread, message: { ...from, text: '' } }
    const view = noteView(open, noteText(inbound.plan(), text), JSON.stringify(opened))
    await openModal(inbound, view, asked, '/dr note INC-1 what was said')
  } catch (thrown) {
    inbound.log.warn('a message could not be kept', { reason: reasonOf(thrown) })
    await send({ card: storeDown(inbound), to: 'asker' }, asked, inbound)
  }
}
