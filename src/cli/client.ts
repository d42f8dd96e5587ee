// Asks the bot over HTTP, and says what is the matter when it does not answer.
import { z } from 'zod'
import { TooLong, bounded } from '../bounded.ts'
import { reasonOf } from '../errors.ts'
import type { Answer } from '../command/command.ts'
import type { Instant } from '../ids.ts'
import type { Card } from '../message.ts'
import type { BotAccess } from './settings.ts'

/** How long the bot may look at slow systems before it answers that it still does, in seconds. */
const wait = 60
/** This is for a bot that hangs, in milliseconds. */
const patience = (wait + 15) * 1_000

/** Far above the longest that the bot has to say: the record of an incident with every alert of a storm in it. Bytes. */
const mostOfBot = 64 * 1024 * 1024

/** `unreachable`: nothing is known of what the bot did. `refused`: it did not let us in, or could not read it. */
export interface NoAnswer {
  readonly failure: 'unreachable' | 'refused'
  readonly message: string
}

/** What the bot answered. `now`: its own time then, from which its clocks are counted; `zone`: that of its DR plan. */
export type BotAnswer = Pick<Answer, 'status' | 'card' | 'data'> & {
  readonly now?: Instant
  readonly zone?: string
}

const Span = z.union([
  z.string(),
  z.object({ at: z.number(), show: z.enum(['time', 'date-time', 'countdown', 'deadline', 'ago']) }),
  z.object({ code: z.string() }),
  z.object({ command: z.string() }),
  z.object({ strong: z.string() }),
  z.object({ link: z.string(), text: z.string() }),
])
const Line = z.array(Span)
const Tone = z.enum(['good', 'warn', 'bad', 'quiet'])
const Button = z.object({
  label: z.string(),
  command: z.string(),
  style: z.enum(['primary', 'danger', 'plain']),
  confirm: z.string().exactOptional(),
  typed: z.string().exactOptional(),
  input: z.string().exactOptional(),
})
const Section = z.object({
  heading: z.string().exactOptional(),
  lines: z.array(Line).exactOptional(),
  table: z.object({ columns: z.array(z.string()), rows: z.array(z.array(Line)) }).exactOptional(),
  preformatted: z.string().exactOptional(),
  newestLast: z.literal(true).exactOptional(),
})
const CardShape: z.ZodType<Card> = z.object({
  title: z.string(),
  tone: Tone,
  fields: z.array(z.object({ label: z.string(), value: Line, tone: Tone.exactOptional() })).exactOptional(),
  sections: z.array(Section).exactOptional(),
  buttons: z.array(Button).exactOptional(),
  links: z.array(z.object({ label: z.string(), link: z.string() })).exactOptional(),
  footer: Line.exactOptional(),
  page: z.string().exactOptional(),
})
const AnswerShape = z.object({
  status: z.enum(['done', 'refused', 'usage']),
  card: CardShape,
  data: z.unknown().optional(),
  now: z.number().exactOptional(),
  zone: z.string().exactOptional(),
})
const Refusal = z.object({ message: z.string() })

/** Has the bot carry out a command. Never throws. */
export async function askBot(access: BotAccess, text: string): Promise<BotAnswer | NoAnswer> {
  try {
    const response = await fetch(`${access.url}/api/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text, wait }),
      // The token is for this address and no other.
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    })
    const body = await bounded(response, mostOfBot).text()
    return read(access, { status: response.status, asked: await lookOf(text) }, body)
  } catch (error) {
    const asked = await lookOf(text)
    if (error instanceof TooLong)
      return unreachable(
        asked,
        `What answers at ${access.url} is not the bot: it answered with ${error.message}. Check DR_URL.`,
      )
    const why = error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : reasonOf(error)
    return unreachable(asked, `The bot at ${access.url} does not answer (${why || 'no connection'}).`)
  }
}

/** What there is to look at when nobody knows what became of a command: nothing, of one that changes nothing. */
type Look = 'changes' | 'looks'

async function lookOf(text: string): Promise<Look> {
  const [{ parseCommand }, { specOf }] = await Promise.all([
    import('../command/parse.ts'),
    import('../../commands/index.ts'),
  ])
  const parsed = parseCommand(text)
  return 'command' in parsed && !specOf(parsed.command.verb).changes ? 'looks' : 'changes'
}

function read(
  access: BotAccess,
  { status, asked }: { readonly status: number; readonly asked: Look },
  body: string,
): ReturnType<typeof readAnswer> {
  const json = parsed(body)
  const refusal = Refusal.safeParse(json)
  if (status === 200) return readAnswer(access, json, asked)
  const message = refusal.success ? refusal.data.message : `HTTP status ${status}`
  if (status >= 500) return unreachable(asked, `The bot at ${access.url} cannot answer now: ${message}.`)
  return { failure: 'refused', message: `The bot at ${access.url} refused: ${message}.` }
}

function readAnswer(access: BotAccess, json: unknown, asked: Look): BotAnswer | NoAnswer {
  const answer = AnswerShape.safeParse(json)
  if (answer.success) return answer.data
  return unreachable(
    asked,
    `What answers at ${access.url} is not the bot, or another version of it. Check DR_URL.`,
  )
}

function unreachable(asked: Look, message: string): NoAnswer {
  const look =
    asked === 'changes'
      ? 'Look at the console or into the chat whether the command was carried out; on'
      : 'On'
  const next = `${look} the bot's host: systemctl status, journalctl.`
  return { failure: 'unreachable', message: `${message} ${next}` }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // A proxy's error page; the status says enough.
    return undefined
  }
}
