// Teams in each kind of trouble: when people have the page, the e-mail and the card all the same.
import { measureTroubles } from './chat-pages.ts'
import type { Trouble, TroubleTimes } from './chat-pages.ts'
import { startTeamsWorld } from './teams-world.ts'
import type { TeamsWorld } from './teams-world.ts'

const troubles: readonly Trouble<TeamsWorld>[] = [
  { name: 'healthy', begin: () => {}, later: 40, until: ['direct', 'card'], within: 10_000 },
  {
    name: 'down (connections refused)',
    begin: ({ teams }) => teams.down(),
    end: ({ teams }) => teams.up(),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'hanging (no answer, ever)',
    begin: ({ teams }) => teams.fault({ kind: 'hang' }),
    later: 10,
    until: ['mail'],
    within: 20_000,
  },
  {
    name: 'slow (each call 10 s)',
    begin: ({ teams }) => teams.fault({ kind: 'slow', ms: 10_000 }),
    later: 1,
    until: ['direct', 'mail', 'card'],
    within: 120_000,
  },
  {
    name: '429 on every other call',
    begin: ({ teams }) => teams.fault({ kind: 'rate-limit', every: 2, retryAfter: 1 }),
    later: 20,
    until: ['direct', 'card'],
    within: 30_000,
  },
]

export function measureTeamsTroubles(): Promise<readonly TroubleTimes[]> {
  return measureTroubles(startTeamsWorld, troubles)
}
