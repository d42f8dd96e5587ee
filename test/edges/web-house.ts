// A console with real parts around it (Redis, incidents, commands), and a small history to look at.
import { readFile } from 'node:fs/promises'
import { createChanges } from '../../src/changes.ts'
import { createDispatch } from '../../src/command/dispatch.ts'
import type { Dispatch } from '../../src/command/command.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Duration, IncidentId, Instant, RunId } from '../../src/ids.ts'
import { createIncidents } from '../../src/incident/incidents.ts'
import type { IncidentLoop } from '../../src/incident/incidents.ts'
import type { Alert } from '../../src/intake/alert.ts'
import type { Changes, Clock, Store } from '../../src/ports.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Runs } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createStore } from '../../src/store/redis.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { createWeb } from '../../src/web/server.ts'
import type { Web } from '../../src/web/server.ts'
import { createSigner } from '../../src/web/session.ts'
import type { Signer } from '../../src/web/session.ts'
import { noReaders } from '../servers/readers.ts'
import { silent } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { run as sampleRun, writingRun } from '../contracts/store-samples.ts'

/** Monday, 23 November 2026, 03:12:00 in Berlin. */
const night: Instant = Date.UTC(2026, 10, 23, 2, 12)
export const nagiosToken = 'nagios-token-for-tests'

export interface House {
  readonly web: Web
  readonly url: string
  readonly store: Store
  readonly incidents: IncidentLoop
  readonly changes: Changes
  readonly signer: Signer
  readonly plan: DrPlan
  readonly accepted: Alert[]
  /** Commands that reached the dispatcher, as `person: text`. */
  readonly said: string[]
  /** How long the door of each would wait for slow systems. */
  readonly waits: (Duration | undefined)[]
  /** How often it was looked whether the bot is ready. */
  readonly looks: () => number
  readonly now: () => Instant
  readonly pass: (duration: Duration) => void
  /** Makes the next alerts fail to be stored. */
  readonly breakStore: () => void
  readonly close: () => Promise<void>
}

export async function openHouse(
  redis: TestRedis,
  {
    publicUrl = 'http://127.0.0.1:3000',
    port = 0,
    start = night,
    change = (plan: DrPlan) => plan,
    checks = {},
  } = {},
): Promise<House> {
  const connection = await redis.connect()
  const store = createStore({ redis: connection.redis })
  const loaded = loadPlan(await readFile('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  // Ten minutes less than the most, so that more time can be had.
  const plan = change({ ...loaded.plan, diagnosis: { ...loaded.plan.diagnosis, deadline: 1_200_000 } })
  let time = start
  let broken = false
  const clock: Clock = { now: () => time, real: (duration) => duration, after: () => () => {} }
  const changes = createChanges()
  const bells = { set: async () => {}, onRing: () => {} }
  const policy = () => ({ plan, chats: ['console'] })
  const incidents = createIncidents({ store, bells, changes, clock, log: silent, policy, kick: () => {} })
  const cardOf = (run: Run) => runCard(run, time, plan)
  const accepted: Alert[] = []
  const said: string[] = []
  const waits: (Duration | undefined)[] = []
  let looks = 0
  const answer = createDispatch({
    store,
    incidents,
    runs: idleRuns(store),
    plan: () => plan,
    clock,
    log: silent,
    runCard: cardOf,
    publicUrl,
    addOverride: async () => {},
    removeOverride: async () => false,
    revoke: async () => {},
    syncStandby: async () => {},
    readers: noReaders,
  })
  const dispatch: Dispatch = (text, speaker) => {
    said.push(`${speaker.person}: ${text}`)
    waits.push(speaker.waits)
    return answer(text, speaker)
  }
  const signer = createSigner('a secret of the tests, long enough')
  const web = createWeb({
    nagiosToken,
    accept: async (alert) => {
      if (broken) throw new Error('the disk is full')
      accepted.push(alert)
    },
    heartbeat: () => said.push('nagios: heartbeat'),
    clock,
    log: silent,
    metrics: createMetrics(),
    store,
    runCard: cardOf,
    dispatch,
    changes,
    plan: () => plan,
    signer,
    publicUrl,
    ready: async () => {
      looks += 1
      return { ready: !broken, checks: { store: { ok: !broken }, ...checks } }
    },
  })
  const url = await web.listen('127.0.0.1', port)
  return {
    web,
    url,
    store,
    incidents,
    changes,
    signer,
    plan,
    accepted,
    said,
    waits,
    looks: () => looks,
    now: () => time,
    pass: (duration) => {
      time += duration
    },
    breakStore: () => {
      broken = true
    },
    close: web.close,
  }
}

/** The console only shows runs here; carrying them out has its own tests. */
function idleRuns(store: Store): Runs {
  const found = async (id: RunId) => {
    const read = await store.run(id)
    if (!read) throw new Error(`no ${id}`)
    return read.state
  }
  return {
    propose: async () => ({ run: await found('R-1'), existing: true }),
    verdict: (id) => found(id),
    advance: async () => {},
    freeze: async () => true,
    unfreeze: async () => {},
    frozen: async () => undefined,
  }
}

const nagios = { person: 'nagios', door: 'nagios' } as const

/** Opens an incident by one alert that broke `output`'s object. */
export async function outage(
  house: House,
  fields: { readonly system: 'lb' | 'api' | 'dns'; readonly key: string; readonly output: string },
): Promise<IncidentId> {
  const { system, key, output } = fields
  const at = house.now()
  const attached = [
    {
      alert: `A-${key}`,
      key,
      system,
      state: 'CRITICAL',
      output,
      at,
      since: at - 70_000,
      change: 'broke',
      text: `${key} is CRITICAL: ${output}`,
    },
  ] as const
  const opened = await house.incidents.open({
    system,
    title: `${key.replace(';', ' ')} is CRITICAL: ${output}`,
    by: nagios,
    attached,
  })
  return opened.id
}

/** One incident that was resolved, one that Ann diagnoses with a recovery proposed, one that nobody has yet. */
export async function history(house: House): Promise<void> {
  const { incidents, pass } = house
  const ann = { person: 'ann', door: 'web' } as const
  const first = await outage(house, {
    system: 'dns',
    key: 'ns1;DNS',
    output: 'no answer from ns1.example.com',
  })
  pass(95_000)
  await incidents.input(first, { kind: 'ack', by: ann })
  pass(200_000)
  await incidents.input(first, { kind: 'resolve', by: ann, what: 'the provider had an outage of its own' })
  pass(3_600_000)

  const second = await outage(house, {
    system: 'lb',
    key: 'lb1;HAProxy',
    output: 'HTTP 503 from 192.0.2.10 in 0.004 s',
  })
  const read = await house.store.incident(second)
  for (const page of read?.state.pages ?? []) {
    await incidents.input(second, { kind: 'page-result', page: page.id, step: 0, outcome: 'sent' })
  }
  pass(48_000)
  await incidents.input(second, { kind: 'ack', by: ann })
  pass(65_000)
  await incidents.input(second, {
    kind: 'note',
    by: ann,
    text: 'the new configuration has a wrong backend port',
  })
  await house.store.commit(writingRun(proposal(second, house.now())))
  pass(20_000)

  await outage(house, { system: 'api', key: 'api-main;HTTPS', output: 'connection refused' })
  pass(41_000)
}

function proposal(incident: IncidentId, now: Instant): Run {
  const sample = sampleRun('R-1')
  return {
    ...sample,
    state: 'proposed',
    incident,
    askedAt: now,
    expiresAt: now + 300_000,
    proposal: {
      ...sample.proposal,
      typed: 'api.example.com',
      risk: 'disruptive',
      changes: [{ what: 'api.example.com A', before: '192.0.2.10, TTL 300', after: '203.0.113.20, TTL 60' }],
      cost: { text: 'clients follow within 5m (the old TTL)' },
    },
  }
}
