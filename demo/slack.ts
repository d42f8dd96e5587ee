// A simulated Slack workspace for the demo: the plan's people are in it, and what the bot says there is told as text.
import { parse } from 'yaml'
import { z } from 'zod'
import { startSlack } from '../sim/slack.ts'
import type { SimSlack } from '../sim/slack.ts'
import { plainWords, readable } from './slack-text.ts'

const Plan = z.object({
  timezone: z.string(),
  people: z.record(
    z.string(),
    z.object({ name: z.string(), slack: z.string(), email: z.string().optional() }),
  ),
  groups: z.record(z.string(), z.object({ people: z.array(z.string()), slack: z.string().optional() })),
})

export interface DemoSlack {
  readonly sim: SimSlack
  /** The Slack id of a person of the plan. */
  readonly user: (person: string) => string
  /** The channel of an incident, once it is there. */
  readonly room: (incident: string) => string | undefined
  /** Types `/dr TEXT` in a channel; answers what only this person sees, line by line. */
  readonly type: (person: string, text: string, channel?: string) => Promise<readonly string[]>
  /** Presses a button on the newest message that has it, in a channel or in the conversation with the bot. */
  readonly press: (person: string, channel: string | undefined, label: string) => Promise<void>
  /** Tells what is new now, which is told soon anyway. */
  readonly tellNews: () => void
  readonly stop: () => Promise<void>
}

/** How often it is looked for what is new, in milliseconds. */
const lookEvery = 250
/** What of a line is told, in characters. */
const longestLine = 300
/** How many lines of a new card are told, beside its buttons; its title comes first. */
const mostLines = 6

/** Starts the workspace with the people of the plan; `tell` hears what the bot posts and updates. */
export async function startDemoSlack(plan: string, tell: (text: string) => void): Promise<DemoSlack> {
  const { people, groups, timezone } = Plan.parse(parse(plan))
  const sim = await startSlack({
    people: Object.entries(people).map(([name, { name: realName, slack: id, email }]) => ({
      id,
      name,
      realName,
      ...(email === undefined ? {} : { email }),
    })),
    groups: Object.entries(groups).flatMap(([handle, group]) =>
      group.slack === undefined ? [] : [{ id: group.slack, handle }],
    ),
  })
  const user = (person: string): string => people[person]?.slack ?? ''
  const tellNews = createTeller(sim, timezone, tell)
  const timer = setInterval(tellNews, lookEvery)
  return {
    sim,
    user,
    room: (incident) =>
      sim.channels().find(({ name, archived }) => !archived && name.startsWith(`${incident.toLowerCase()}-`))
        ?.id,
    type: async (person, text, channel) => {
      const answer = await sim.command(user(person), text, channel === undefined ? {} : { channel })
      return linesIn(answer.body, timezone)
    },
    press: async (person, channel, label) => {
      const place = channel ?? sim.directChannel(user(person)) ?? ''
      const message = sim.messages(place).findLast((each) => sim.buttons(each).includes(label))
      if (!message) throw new Error(`there is no button "${label}" for ${person} in Slack`)
      await sim.press(user(person), { channel: place, ts: message.ts, label })
    },
    tellNews,
    stop: async () => {
      clearInterval(timer)
      await sim.stop()
    },
  }
}

/**
 * Tells each message when it is new, a card with what it says and its buttons; and again when its first line has
 * changed. What several people are told alike is told once.
 */
function createTeller(sim: SimSlack, zone: string, tell: (text: string) => void): () => void {
  const told = new Map<string, string>()
  return () => {
    const places = new Map<string, string[]>()
    for (const channel of sim.channels()) {
      for (const message of sim.messages(channel.id)) {
        const [line = ''] = plainWords(message.text, zone).split('\n')
        if (told.get(message.ts) === line) continue
        const fresh = !told.has(message.ts)
        told.set(message.ts, line)
        const title = line === '' ? 'the picture of the outage' : cut(line)
        const text = [title, ...(fresh ? leadOf(message.blocks, zone) : [])].join('\n')
        places.set(text, [...(places.get(text) ?? []), placeOf(sim, channel)])
      }
    }
    for (const [text, where] of places) tell(`${[...new Set(where)].join(', ')}: ${text}`)
  }
}

/** `#inc-1-lb-20261123`, or to whom the bot writes directly. */
function placeOf(sim: SimSlack, { name, members }: ReturnType<SimSlack['channels']>[number]): string {
  if (name !== '') return `#${name}`
  return `to ${sim.users.find(({ id }) => members.has(id) && id !== sim.botUserId)?.name ?? 'somebody'}`
}

function cut(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line
}

/** What a card says under its title down to its first buttons, indented. */
function leadOf(blocks: readonly unknown[] | undefined, zone: string): readonly string[] {
  const [, ...lines] = readable(blocks ?? [], zone)
  const end = lines.findIndex((line) => line.startsWith('['))
  if (end === -1) return []
  return [...lines.slice(0, Math.min(end, mostLines)), lines[end] ?? ''].map((line) => `      ${cut(line)}`)
}

const Said = z.object({ text: z.string(), blocks: z.array(z.unknown()).optional() })

function linesIn(body: unknown, zone: string): readonly string[] {
  const said = Said.safeParse(body)
  if (!said.success) return []
  return said.data.blocks === undefined
    ? plainWords(said.data.text, zone).split('\n')
    : readable(said.data.blocks, zone)
}
