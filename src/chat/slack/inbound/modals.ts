// Modals are opened within a trigger's short life, and remember where they were asked for.
import { z } from 'zod'
import { reasonOf } from '../../../errors.ts'
import type { Card } from '../../../message.ts'
import { noteFrom } from './notes.ts'
import type { Press } from './payload.ts'
import { send, showView } from './reply.ts'
import type { Asked } from './reply.ts'
import type { Inbound } from './speak.ts'

/** What a modal remembers of where it was opened. */
const Opened = z.object({
  channel: z.string().optional(),
  thread: z.string().optional(),
  /** The button that was pressed. */
  button: z.object({ command: z.string(), typed: z.string().optional() }).optional(),
  /** The message that a note is made of. */
  message: noteFrom.optional(),
})
export type Opened = z.infer<typeof Opened>

/** Reads what `JSON.stringify` of it was given to a modal. */
export function readOpened(metadata: string): Opened {
  try {
    return Opened.parse(JSON.parse(metadata))
  } catch {
    return {}
  }
}

/** Where a press or a shortcut came from. */
export function askedBy(
  from: Pick<Press, 'user' | 'channel' | 'container' | 'view' | 'response_url' | 'trigger_id'>,
): Asked {
  return {
    user: from.user.id,
    channel: from.channel?.id,
    thread: from.container?.thread_ts,
    responseUrl: from.response_url,
    trigger: from.trigger_id,
    modal: from.view?.type === 'modal' ? from.view.id : undefined,
  }
}

/** Opens a modal; when Slack does not, says what to type instead of filling it in. */
export async function openModal(
  inbound: Inbound,
  view: object,
  asked: Asked,
  instead: string,
): Promise<void> {
  try {
    await showView(inbound, asked, view)
  } catch (thrown) {
    inbound.log.warn('a modal could not be opened', { reason: reasonOf(thrown) })
    await send(
      { card: typeInstead(instead), to: 'asker' },
      { ...asked, trigger: undefined, modal: undefined },
      inbound,
    )
  }
}

function typeInstead(command: string): Card {
  return {
    title: 'Slack did not open the question',
    tone: 'warn',
    sections: [{ lines: [['Nothing was done. Press again, or type instead:'], [{ code: command }]] }],
  }
}
