// The real cards of an incident and of a run at each of their stages, for what renders them.
import { createPages } from '../../src/chat/pages.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import { pageMessage, stoppedMessage } from '../../src/incident/page-message.ts'
import type { Tried } from '../../src/incident/page-card.ts'
import type { Card } from '../../src/message.ts'
import { runCard } from '../../src/recovery/card.ts'
import { decideRun } from '../../src/recovery/decide.ts'
import type { RunInput } from '../../src/recovery/decide.ts'
import type { Run } from '../../src/recovery/run.ts'
import { findings } from '../../src/recovery/safety.ts'
import { costOf } from '../../src/recovery/ways/sql/group.ts'
import { lossKnown, notPrimaryYet, plannedPossible } from '../../src/recovery/ways/sql/safety.ts'
import type { Ends } from '../../src/recovery/ways/sql/safety.ts'
import { examplePlan, start } from '../stories/command-desk.ts'
import { expectAgreement } from './risk-and-cost.ts'
import { run as sampleRun } from './store-samples.ts'

const minute = 60_000
const publicUrl = 'https://dr.example.com'
const plan = examplePlan()
const policy = { plan, chats: ['slack'] }
const ann = { person: 'ann', door: 'slack' } as const
const mia = { person: 'mia', door: 'slack' } as const

function alert(change: Attached['change'], at: number): Attached {
  const state = change === 'mended' ? 'OK' : 'CRITICAL'
  return {
    alert: `A-${at}`,
    key: 'lb1;HAProxy',
    system: 'lb',
    state,
    output: 'Connection refused by 192.0.2.10 on port 443 after three tries, each of ten seconds',
    at,
    since: at - 30_000,
    change,
    text: `lb1 HAProxy is ${state}: Connection refused`,
  }
}

type Said = readonly [minutes: number, input: IncidentInput]

function incidentAfter(...inputs: readonly Said[]): Incident {
  const attached = [alert('broke', start)]
  const by = { person: 'nagios', door: 'nagios' } as const
  const opening = { id: 'INC-12', system: 'lb', title: attached[0]?.text ?? '', by, attached } as const
  const { next } = begin(opening, start, policy)
  return inputs.reduce((incident, [minutes, input]) => {
    const decision = decide(incident, input, start + minutes * minute, policy)
    if (!('next' in decision)) throw new Error(JSON.stringify(decision))
    return decision.next
  }, next)
}

function incidentAt(minutes: number, ...inputs: readonly Said[]): Card {
  return incidentCard(incidentAfter(...inputs), { plan, now: start + minutes * minute })
}

const room: Said = [
  0,
  { kind: 'room', chat: 'slack', state: 'open', link: 'https://example.slack.com/archives/C012' },
]
const paged: Said = [0.1, { kind: 'page-result', page: 'p1', step: 0, outcome: 'sent' }]
const ack: Said = [1, { kind: 'ack', by: ann }]
const escalated: Said = [4, { kind: 'escalate', by: ann, reason: 'cannot fix it alone' }]
const approved: Said = [
  6,
  {
    kind: 'run-news',
    run: 'R-7',
    news: 'approved',
    direction: 'failover',
    by: ann,
    text: 'R-7 is approved',
    checkBy: start + 20 * minute,
  },
]
const mended: Said = [8, { kind: 'alerts', attached: [alert('mended', start + 8 * minute)] }]
const resolved: Said = [9, { kind: 'resolve', by: ann, what: 'a bad configuration was rolled back' }]

const record = { id: 'r1', name: 'api.example.com', type: 'A', ttl: 300, proxied: false } as const
const change = {
  provider: 'cloudflare-dns',
  zone: { id: 'z1', name: 'example.com', nameServers: [] },
  before: [{ ...record, content: '203.0.113.10' }],
  after: [{ ...record, content: '203.0.113.20', ttl: 60 }],
} as const

const step = { phase: 'ready', attempts: 0 } as const
const proposal: Extract<Run, { state: 'proposed' }> = {
  ...(sampleRun('R-7') as Extract<Run, { state: 'proposed' }>),
  askedAt: start + 5 * minute,
  expiresAt: start + 10 * minute,
  incident: 'INC-12',
  door: 'slack',
  proposal: {
    ...sampleRun('R-7').proposal,
    typed: 'backup',
    summary: 'api.example.com will point at backup (203.0.113.20)',
    did: 'api.example.com was pointed at backup (203.0.113.20)',
    changes: [
      { what: 'api.example.com A', before: '203.0.113.10, TTL 300 s', after: '203.0.113.20, TTL 60 s' },
    ],
    findings: [
      { rule: 'target-healthy', ok: true, text: '203.0.113.20 answers with 200 in 12 ms' },
      { rule: 'not-already-there', ok: true, text: 'The records do not point there yet' },
      { rule: 'no-other-records', ok: false, text: 'There is an AAAA record', overriddenWith: 'unused' },
    ],
    expected: { duration: 20_000, source: 'measured in the last 3 runs' },
    effectWithin: 300_000,
    cost: { text: 'No data is lost; clients that hold the old address follow within 5m.' },
    objectiveAt: start + 9.5 * minute,
    debts: [
      {
        id: 'ttl',
        text: 'The TTL of api.example.com was lowered from 300 s to 60 s',
        remedy: 'Restored by: failback lb',
      },
    ],
    warnings: ['The certificate of backup ends in 9 days'],
  },
  steps: [
    {
      ...step,
      title: 'Set api.example.com to 203.0.113.20, TTL 60 s',
      action: change,
      undo: { ...change, after: change.before },
    },
    {
      ...step,
      title: 'Ask the name servers of example.com until all have it',
      action: { provider: 'dns-check', nameServers: [], want: [], within: 1 },
    },
  ],
}

function runAfter(from: Run, ...inputs: readonly RunInput[]): Run {
  return inputs.reduce((so, input, index) => {
    const decision = decideRun(so, input, start + 6 * minute + index * 4_000)
    if (decision.kind !== 'change') throw new Error(`${input.kind}: ${JSON.stringify(decision)}`)
    return decision.next
  }, from)
}

function runAt(from: Run, ...inputs: readonly RunInput[]): Card {
  return runCard(runAfter(from, ...inputs), start + 6 * minute, plan)
}

const disruptive: Run = { ...proposal, proposal: { ...proposal.proposal, risk: 'disruptive' } }

/** The primary's region is lost: what the way of a failover group says of a forced failover. */
const ends: Ends = {
  group: 'orders-fg',
  to: 'sql-north',
  here: { role: 'Secondary', state: 'SUSPENDED', partners: [], databases: [] },
  primary: { server: 'sql-west', silent: 'no answer in 10s' },
}
const planned = plannedPossible(ends, true)
const taken = [
  { rule: 'planned-possible', reason: 'the region burns' },
  { rule: 'loss-within-objective', reason: 'nobody can say' },
]
const { effectWithin: _ttl, ...timeless } = proposal.proposal
const losing: Run = {
  ...proposal,
  system: 'db',
  recovery: 'region',
  proposal: {
    ...timeless,
    risk: 'loses-data',
    typed: 'region',
    summary:
      'sql-north (northeurope) will be the primary of orders-fg with orders, instead of sql-west, forced',
    changes: [{ what: 'primary of orders-fg', before: 'sql-west', after: 'sql-north' }],
    findings: findings([notPrimaryYet(ends), planned, lossKnown(ends, planned)], taken),
    cost: costOf(ends, true),
    debts: [],
    warnings: [],
  },
}

const approve: RunInput = { kind: 'approve', by: ann, roles: ['engineer'] }
const until = start + 20 * minute
const begun = (step: number): readonly RunInput[] => [
  { kind: 'intended', step, attempt: 0, until },
  { kind: 'started', step, attempt: 1, operation: { id: `R-7-s${step + 1}` }, until },
]
const first: RunInput = { kind: 'step-done', step: 0, attempt: 1, note: 'Cloudflare has it' }
const second: RunInput = { kind: 'step-done', step: 1, attempt: 1, note: 'all 3 name servers have it' }
const failing: RunInput = {
  kind: 'step-failed',
  step: 1,
  attempt: 1,
  reason: 'no answer from ns1.example.com',
  advice: 'Look at the name servers',
}

for (const run of [proposal, disruptive, losing]) expectAgreement(run.proposal)

/** The cards by the name of their golden files. */
export const cards: Readonly<Record<string, Card>> = {
  'incident-1-nobody-has-it': incidentAt(0.5, room, paged),
  'incident-2-somebody-has-it': incidentAt(2, room, paged, ack),
  'incident-3-escalated': incidentAt(5, room, paged, ack, escalated),
  'incident-4-recovering': incidentAt(7, room, paged, ack, approved),
  'incident-5-watching': incidentAt(8.5, room, paged, ack, mended),
  'incident-6-resolved': incidentAt(9, room, paged, ack, mended, resolved),
  'incident-7-objective-missed': incidentAt(14, room, paged, ack),
  'run-1-proposed': runAt(proposal),
  'run-2-disruptive': runAt(disruptive),
  'run-3-loses-data': runAt(losing),
  'run-4-running': runAt(proposal, approve, ...begun(0)),
  'run-5-done': runAt(proposal, approve, ...begun(0), first, ...begun(1), second),
  'run-6-failed': runAt(proposal, approve, ...begun(0), first, ...begun(1), failing),
  'run-7-unknown': runAt(proposal, approve, ...begun(0), {
    kind: 'unclear',
    step: 0,
    attempt: 1,
    reason: 'the record has a third value',
  }),
  'run-8-denied': runAt(proposal, { kind: 'deny', by: mia, reason: 'it is back' }),
  'run-9-expired': runCard({ ...proposal, state: 'expired', endedAt: start }, start, plan),
  'run-10-drifted': runAt(proposal, {
    kind: 'lapsed',
    reason: 'The world is not as R-7 showed it: api.example.com A is 203.0.113.30, TTL 300 s',
  }),
  'run-11-replaced': runAt(proposal, { kind: 'lapsed', reason: 'R-9 has taken its place', by: 'R-9' }),
  'run-12-cancelled': runAt(proposal, { kind: 'cancel', by: mia }),
}

/** The first page of that level, with its incident. */
function pageOf(level: number, ...inputs: readonly Said[]) {
  const incident = incidentAfter(...inputs)
  const page = incident.pages.find((each) => each.level === level)
  if (!page) throw new Error(`nobody of level ${level} is called`)
  return { incident, page }
}

const nowhere = { channel: 'C012', ts: '1' }

/** What a chat draws of a page that goes out so many minutes after the beginning. */
async function calling(
  { incident, page }: ReturnType<typeof pageOf>,
  minutes: number,
  tried: Tried = { runs: [], events: [] },
): Promise<Card> {
  let drawn: Card | undefined
  const pages = createPages<Card>({
    chat: 'teams',
    posts: { post: async () => nowhere, show: async () => nowhere },
    records: { read: () => Promise.reject(new Error('a page that goes out reads nothing')) },
    plan: () => plan,
    publicUrl,
    draw: (card) => (drawn = card),
  })
  const view = { plan, now: start + minutes * minute, publicUrl }
  const message = pageMessage(incident, { key: 'INC-12-v2-1', page, tried }, view)
  const options = { lane: 'page', signal: AbortSignal.timeout(minute) } as const
  await pages.send({ person: page.person, to: page.person }, message, options)
  if (!drawn) throw new Error('nothing was drawn')
  return drawn
}

/** What a chat draws of a page when it is over. */
function over({ incident, page }: ReturnType<typeof pageOf>): Card {
  return stoppedMessage(incident, page, { plan, now: start + 4 * minute, publicUrl }).card
}

const by = { by: ann, data: {}, timeline: 'INC-12', seq: 9, previous: '', hash: '' } as const
const tried: Tried = {
  runs: [losing],
  events: [
    {
      ...by,
      at: start + 3 * minute,
      type: 'note',
      text: 'HAProxy does not start: its configuration is broken',
    },
    { ...by, at: start + 4 * minute, type: 'escalated', text: 'Escalated by Ann Onken: cannot fix it alone' },
  ],
}
const answered: Said = [5, { kind: 'ack', by: mia }]

/** The pages of one person in a chat at each of their stages, by the name of their golden files. */
export const pages: Readonly<Record<string, Card>> = {
  'page-1-called': await calling(pageOf(0, room, paged), 0.1),
  'page-2-over': over(pageOf(0, room, paged, ack)),
  'page-3-manager-called': await calling(pageOf(1, room, paged, ack, escalated), 4),
  'page-4-manager-called-after-a-proposal': await calling(pageOf(1, room, paged, ack, escalated), 6, tried),
  'page-5-manager-over': over(pageOf(1, room, paged, ack, escalated, answered)),
}
