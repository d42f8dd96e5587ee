// Slack in each kind of trouble: when people have the page, the e-mail and the card all the same.
import { measureTroubles } from './chat-pages.ts'
import type { Trouble, TroubleTimes } from './chat-pages.ts'
import { startSlackWorld } from './slack-world.ts'
import type { SlackWorld } from './slack-world.ts'

const troubles: readonly Trouble<SlackWorld>[] = [
  { name: 'healthy', begin: () => {}, later: 40, until: ['direct', 'card'], within: 10_000 },
  {
    name: 'down (connections refused)',
    begin: ({ slack }) => slack.down(),
    end: ({ slack }) => slack.up(),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'hanging (no answer, ever)',
    begin: ({ slack }) => slack.fault({ kind: 'hang' }),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'slow (each call 10 s)',
    begin: ({ slack }) => slack.fault({ kind: 'slow', ms: 10_000 }),
    later: 1,
    until: ['mail', 'card'],
    within: 120_000,
  },
  {
    name: '429 on every other call',
    begin: ({ slack }) => slack.fault({ kind: 'rate-limit', every: 2, retryAfter: 1 }),
    later: 20,
    until: ['direct', 'card'],
    within: 30_000,
  },
  {
    name: 'sockets cut every 3 s',
    begin: ({ slack }) => slack.fault({ kind: 'drop-sockets', ms: 3_000 }),
    later: 40,
    until: ['direct', 'card'],
    within: 10_000,
  },
]

export function measureSlackTroubles(): Promise<readonly TroubleTimes[]> {
  return measureTroubles(() => startSlackWorld('socket'), troubles)
}
