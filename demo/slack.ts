// A simulated Slack workspace for the demo: the plan's people are in it, and what the bot says there is told as text.
import { parse } from 'yaml'
import { z } from 'zod'
import { startSlack } from '../sim/slack.ts'
import type { SimSlack } from '../sim/slack.ts'

const Plan = z.object({
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
  /** Types `/dr TEXT` in a channel; answers what only this person sees, or `undefined` when that is nothing. */
  readonly type: (person: string, text: string, channel?: string) => Promise<string | undefined>
  /** Presses a button on the newest message that has it, in a channel or in the conversation with the bot. */
  readonly press: (person: string, channel: string | undefined, label: string) => Promise<void>
  readonly stop: () => Promise<void>
}

/** How often it is looked for what is new, in milliseconds. */
const lookEvery = 250
/** What of a message is told, in characters. */
const longestLine = 90

/** Starts the workspace with the people of the plan; `tell` hears what the bot posts and updates. */
export async function startDemoSlack(plan: string, tell: (text: string) => void): Promise<DemoSlack> {
  const { people, groups } = Plan.parse(parse(plan))
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
  const stopTelling = tellNews(sim, tell)
  return {
    sim,
    user,
    room: (incident) =>
      sim.channels().find(({ name, archived }) => !archived && name.startsWith(`${incident.toLowerCase()}-`))
        ?.id,
    type: async (person, text, channel) => {
      const answer = await sim.command(user(person), text, channel === undefined ? {} : { channel })
      return plainText(answer.body)
    },
    press: async (person, channel, label) => {
      const place = channel ?? sim.directChannel(user(person)) ?? ''
      const message = sim.messages(place).findLast((each) => sim.buttons(each).includes(label))
      if (!message) throw new Error(`there is no button "${label}" for ${person} in Slack`)
      await sim.press(user(person), { channel: place, ts: message.ts, label })
    },
    stop: async () => {
      stopTelling()
      await sim.stop()
    },
  }
}

/** Tells each message when it is new, and again when its first line has changed. */
function tellNews(sim: SimSlack, tell: (text: string) => void): () => void {
  const told = new Map<string, string>()
  const look = (): void => {
    for (const channel of sim.channels()) {
      for (const message of sim.messages(channel.id)) {
        const [line = ''] = plain(message.text).split('\n')
        if (told.get(message.ts) === line) continue
        told.set(message.ts, line)
        tell(`${placeOf(sim, channel)}: ${line === '' ? 'the picture of the outage' : cut(line)}`)
      }
    }
  }
  const timer = setInterval(look, lookEvery)
  return () => clearInterval(timer)
}

/** `#inc-1-lb-20261123`, or to whom the bot writes directly. */
function placeOf(sim: SimSlack, { name, members }: ReturnType<SimSlack['channels']>[number]): string {
  if (name !== '') return `#${name}`
  return `to ${sim.users.find(({ id }) => members.has(id) && id !== sim.botUserId)?.name ?? 'somebody'}`
}

function cut(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line
}

const Said = z.object({ text: z.string() })

function plainText(body: unknown): string | undefined {
  const said = Said.safeParse(body)
  return said.success ? plain(said.data.text).replaceAll('\n', ' · ') : undefined
}

/** The text as somebody reads it: times in words, nothing escaped. */
function plain(text: string): string {
  return text
    .replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
