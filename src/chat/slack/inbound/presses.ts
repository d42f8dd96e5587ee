// Buttons and modals: a press is a typed command; what must be asked first is asked in a modal.
import { parseCommand } from '../../../command/parse.ts'
import { pressedText } from '../../../command/press.ts'
import { reasonOf } from '../../../errors.ts'
import type { Card, Line } from '../../../message.ts'
import { within } from '../../lanes.ts'
import { replyToPress } from '../../reply.ts'
import type { Reply } from '../../reply.ts'
import { commandAction, readButton } from '../render/buttons.ts'
import type { PressedButton } from '../render/buttons.ts'
import { answerView, askView, readSubmission, wrongName } from '../render/views.ts'
import type { Submission as Filled } from '../render/views.ts'
import { patience } from './commands.ts'
import type { Ack } from './commands.ts'
import { publishHome } from './home.ts'
import { askedBy, openModal, readOpened } from './modals.ts'
import type { Opened } from './modals.ts'
import { keepMessage } from './notes.ts'
import type { Press, Submission } from './payload.ts'
import { send } from './reply.ts'
import type { Asked } from './reply.ts'
import { openText } from './shortcuts.ts'
import { speak } from './speak.ts'
import type { Inbound } from './speak.ts'

/** A modal must be open within a trigger's life; real milliseconds. */
const aboutWithin = 700

/** Carries out a pressed button, or asks first what it must know. */
export async function onPress(inbound: Inbound, press: Press, ack: Ack): Promise<void> {
  await ack().catch((thrown: unknown) => {
    inbound.log.warn('an acknowledgement did not reach Slack', { reason: reasonOf(thrown) })
  })
  const action = press.actions.find(({ action_id: id }) => commandAction.test(id))
  if (action?.value === undefined) return
  const asked = askedBy(press)
  const button = readButton(action.value)
  if (button.typed !== undefined || button.input !== undefined) return askFirst(inbound, button, asked)
  await send(await answerTo(inbound, asked, button.command), asked, inbound)
  if (press.view?.type === 'home') await publishHome(inbound, asked.user)
}

async function askFirst(inbound: Inbound, button: PressedButton, asked: Asked): Promise<void> {
  const known = await inbound.identity.personOf(asked.user)
  if ('refusal' in known) return send({ card: known.refusal, to: 'asker' }, asked, inbound)
  const { command, typed } = button
  const summary = await within(aboutRun(inbound, command), aboutWithin)
  const opened: Opened = {
    channel: asked.channel,
    thread: asked.thread,
    button: { command, ...(typed !== undefined && { typed }) },
  }
  const instead = pressedText(`/dr ${command}`, {
    typed,
    input: button.input === undefined ? undefined : 'why',
  })
  await openModal(inbound, askView(button, JSON.stringify(opened), summary), asked, instead)
}

/** What a verdict is about, as it is now and not as it was when the card was drawn; nothing when it cannot be read. */
async function aboutRun({ store, runCard, log }: Inbound, command: string): Promise<readonly Line[]> {
  const parsed = parseCommand(command)
  if (!('command' in parsed) || !('run' in parsed.command) || parsed.command.run === undefined) return []
  try {
    const run = (await store.run(parsed.command.run))?.state
    const buttons = run === undefined ? [] : (runCard(run).buttons ?? [])
    return buttons.find((each) => each.command === command)?.summary ?? []
  } catch (thrown) {
    log.warn('a modal cannot say what it is about', { reason: reasonOf(thrown) })
    return []
  }
}

async function answerTo(inbound: Inbound, { user, channel }: Asked, text: string): Promise<Reply> {
  const heard = await speak(inbound, { user, channel, text })
  return 'refusal' in heard ? { card: heard.refusal, to: 'asker' } : replyToPress(heard, text)
}

const working: Card = {
  title: 'Working on it ...',
  tone: 'quiet',
  sections: [{ lines: [['The answer follows in a moment. You can close this.']] }],
}

/** Carries out what a modal asked for: done closes it, a wrong name stays at its field, a refusal shows in it. */
export async function onSubmission(inbound: Inbound, { view, user }: Submission, ack: Ack): Promise<void> {
  const filled = readSubmission(view)
  if (filled === undefined) return ack()
  const opened = readOpened(filled.metadata)
  const wanted = opened.button?.typed
  if (wanted !== undefined && misses(filled, wanted)) return ack(wrongName(wanted))

  const asked: Asked = { user: user.id, channel: opened.channel, thread: opened.thread }
  const work = carriedOut(inbound, filled, opened, asked)
  const early = await within(work, patience)
  const told = await acknowledged(inbound, early, ack)
  const { reply, done } = early ?? (await work)
  // Done closes the modal, and is said where it was asked for; everything else is shown in it.
  const shown = told && (early === undefined ? await updated(inbound, view.id, reply) : !done)
  if (!shown) await send(reply, asked, inbound)
  if (done && asked.channel === undefined) await publishHome(inbound, asked.user)
}

/** A name that differs is asked for again at once, at its field. */
function misses(filled: Filled, wanted: string): boolean {
  return filled.kind === 'ask' && filled.typed !== wanted.trim()
}

interface Outcome {
  readonly reply: Reply
  readonly done: boolean
}

async function carriedOut(inbound: Inbound, filled: Filled, opened: Opened, asked: Asked): Promise<Outcome> {
  if (filled.kind === 'note' && opened.message !== undefined) {
    const { incident, text } = filled
    return keepMessage(inbound, { ...opened.message, text }, { incident, by: asked.user, edited: true })
  }
  const text = textOf(filled, opened)
  const heard = await speak(inbound, { user: asked.user, channel: asked.channel, text })
  if ('refusal' in heard) return { reply: { card: heard.refusal, to: 'asker' }, done: false }
  return { reply: replyToPress(heard, text), done: heard.answer.status === 'done' }
}

function textOf(filled: Filled, opened: Opened): string {
  switch (filled.kind) {
    case 'ask':
      return pressedText(opened.button?.command ?? '', filled)
    case 'open':
      return openText(filled.system, filled.summary)
    case 'note':
      return `note ${filled.incident} ${filled.text}`
  }
}

/** Whether Slack heard it. Done closes the modal; anything else is shown in it. */
async function acknowledged(inbound: Inbound, early: Outcome | undefined, ack: Ack): Promise<boolean> {
  const card = early === undefined ? working : early.reply.card
  try {
    await (early?.done ? ack() : ack({ response_action: 'update', view: answerView(card) }))
    return true
  } catch (thrown) {
    inbound.log.warn('an acknowledgement did not reach Slack', { reason: reasonOf(thrown) })
    return false
  }
}

async function updated(inbound: Inbound, id: string, { card }: Reply): Promise<boolean> {
  try {
    await inbound.api.call('views.update', { view_id: id, view: answerView(card) }, { lane: 'answer' })
    return true
  } catch (thrown) {
    // Closed meanwhile: then it is said where it was asked.
    inbound.log.debug('a modal could not be brought up to date', { reason: reasonOf(thrown) })
    return false
  }
}
