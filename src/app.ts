// The composition root: the one straight line that joins stages and edges, and takes them apart again.
import { readFile } from 'node:fs/promises'
import { createChanges } from './changes.ts'
import { createChats } from './chats.ts'
import { createClock } from './clock.ts'
import type { MachineClock } from './clock.ts'
import { createDispatch } from './command/dispatch.ts'
import type { Config } from './config.ts'
import { createDeadlines } from './deadlines/deadlines.ts'
import { openPlan } from './drplan/current.ts'
import type { CurrentPlan } from './drplan/current.ts'
import { reasonOf } from './errors.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Duration } from './ids.ts'
import type { Card } from './message.ts'
import { minute, second, toIncidentId, toRunId } from './ids.ts'
import { createInbox } from './intake/inbox.ts'
import { createChatWatch } from './incident/chat-watch.ts'
import { incidentEffects } from './incident/effects.ts'
import { createIncidents } from './incident/incidents.ts'
import { createOutbox } from './incident/outbox.ts'
import type { Performers } from './incident/tries.ts'
import { startLoops } from './loops.ts'
import { patiently } from './deadlines/patiently.ts'
import type { Clock, Log, Store } from './ports.ts'
import { createSystems, nagiosCommandsOf, warmWhenBroken } from './providers.ts'
import { createQueue } from './queue/bullmq.ts'
import { readiness } from './readiness.ts'
import { runCard } from './recovery/card.ts'
import { createRuns } from './recovery/engine.ts'
import type { RunDeps } from './recovery/engine.ts'
import { createMeasured } from './recovery/measured.ts'
import { recoveryTasks } from './recovery/periodic.ts'
import { createStandbySync } from './recovery/standby/sync.ts'
import type { Run } from './recovery/run.ts'
import { beginLife } from './store/life.ts'
import { openRedis } from './store/open.ts'
import { createStore } from './store/redis.ts'
import { createWire } from './store/wire.ts'
import { release } from './triage/release.ts'
import { createReplicationWatch } from './triage/replication.ts'
import { reportVerdicts } from './triage/report.ts'
import { triage } from './triage/triage.ts'
import { createCredentials } from './web/credentials.ts'
import { createMetrics } from './web/metrics.ts'
import { createSigner } from './web/session.ts'
import { createWeb } from './web/server.ts'

export interface App {
  /** Where the console and the API are reached on this machine. */
  readonly url: string
  readonly store: Store
  readonly plan: CurrentPlan
  /** Looks at once for everything that is due or was left undone, and waits until it is done. */
  readonly settle: () => Promise<void>
  /** Stops taking work, lets go of what it has, and leaves nothing behind. */
  readonly close: () => Promise<void>
}

export interface AppParts {
  readonly log: Log
  readonly clock?: Clock & Partial<Pick<MachineClock, 'ahead'>>
  /** Ends a start that is under way: what was started by then is stopped. */
  readonly stop?: AbortSignal
}

/** How long one try of an effect may take, in real milliseconds. */
const effectTimeout: Duration = 10 * second
/** One turn of a run looks, starts, looks again and checks, and each call may take nearly as long as another's try. */
const advanceTimeout: Duration = 2 * minute

/** Starts the whole bot. Deliberately one straight line; what was started is stopped in reverse. */
export async function startApp(config: Config, parts: AppParts): Promise<App> {
  const { log } = parts
  const clock =
    parts.clock ??
    createClock((by) => {
      log.error("the machine's clock was set back; the bot goes on with its own until it is restarted", {
        by,
      })
    })
  const stops: (() => Promise<unknown>)[] = []
  async function close(): Promise<void> {
    for (const stop of stops.splice(0).toReversed()) {
      await stop().catch((thrown: unknown) => log.error('could not be stopped', { reason: reasonOf(thrown) }))
    }
  }
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  parts.stop?.addEventListener('abort', () => reject(new Error('stopped during the start')))
  try {
    parts.stop?.throwIfAborted()
    return await Promise.race([assemble(config, { log, clock, stops, close }), stopped])
  } catch (thrown) {
    await close()
    throw thrown
  }
}

interface Assembly {
  readonly log: Log
  readonly clock: NonNullable<AppParts['clock']>
  readonly stops: (() => Promise<unknown>)[]
  readonly close: () => Promise<void>
}

async function assemble(config: Config, { log, clock, stops, close }: Assembly): Promise<App> {
  const { REDIS_URL: given, DATA_DIR: dataDir } = config
  const redis = await openRedis({ url: given, dataDir }, { log, clock, started: (stop) => stops.push(stop) })
  const life = await patiently(clock, () =>
    beginLife({ redis: redis.redis, dataDir, alone: given === undefined, clock, log }),
  )
  stops.push(life.end)
  const store = createStore({ redis: redis.redis, process: life.name, log, clock })
  const queue = createQueue(redis, { clock, log })
  stops.push(queue.close)
  const current = await patiently(clock, () =>
    openPlan({ file: config.DR_PLAN, readFile: (file) => readFile(file, 'utf8'), store, clock, log }),
  )
  const changes = createChanges(createWire(redis, { process: life.name, log }))
  const metrics = createMetrics()

  const cardOf = (run: Run): Card => runCard(run, clock.now(), current.plan())
  const publicUrl = config.PUBLIC_URL
  const chats = await createChats(config, {
    store,
    plan: current.plan,
    runCard: cardOf,
    changes,
    clock,
    log,
    publicUrl,
    process: life,
  })
  stops.push(chats.close)
  const chatNames = chats.all.map((chat) => chat.name)
  const channels = chats.pagers.map((pager) => pager.channel)
  const measured = createMeasured({ store })
  // Before the first alert: already its card says what is known.
  await patiently(clock, measured.refresh)
  const { advice, reaches } = chats
  const policy = () => ({
    plan: current.plan(),
    chats: chatNames,
    channels,
    advice,
    reaches,
    ...measured.known(),
  })
  const missing = current.plan().paging.ladder.filter((step) => !channels.includes(step.channel))
  if (missing.length > 0) {
    log.warn('the plan pages by channels that are not set up; they are left out', {
      channels: missing.map((step) => step.channel),
    })
  }

  const outbox = createOutbox(
    { store, queue: queue.effects, clock, log, timeout: effectTimeout },
    () => performers,
  )
  stops.push(outbox.close)
  const kick = outbox.start
  chats.onReturn(() => outbox.hurry())
  const incidents = createIncidents({ store, bells: queue.bells, changes, clock, log, policy, kick })
  const triageDeps = { store, incidents, policy, clock, log }
  const systems = createSystems(config, { clock })
  warmWhenBroken(systems, { changes, clock, log })
  const runDeps: RunDeps = {
    store,
    providers: systems.providers,
    readers: systems.readers,
    bells: queue.bells,
    changes,
    plan: current.plan,
    clock,
    log,
    chats: policy().chats,
    kick,
  }
  const runs = createRuns(runDeps)
  const standby = createStandbySync({ ...runDeps, enabled: config.AZURE_SUBSCRIPTION_ID !== undefined })
  const performers: Performers = {
    ...incidentEffects({
      store,
      incidents,
      plan: current.plan,
      clock,
      chats: chats.all,
      reaches,
      pagers: chats.pagers,
      nagios: nagiosCommandsOf(config),
      publicUrl,
      runCard: cardOf,
      measured: metrics,
    }),
    advance: { perform: (body) => runs.advance(body.run), timeout: advanceTimeout },
    release: { perform: (body) => release(triageDeps, body.incident) },
  }

  const inbox = createInbox({
    store,
    log,
    triage: async (alerts) => {
      reportVerdicts(await triage(triageDeps, alerts), { log, counted: metrics.triaged })
    },
  })
  const deadlines = createDeadlines({
    store,
    bells: queue.bells,
    clock,
    log,
    met: metrics.deadline,
    look: async (id) => {
      const run = toRunId(id)
      const incident = toIncidentId(id)
      if (run) await runs.advance(run)
      if (incident) await incidents.input(incident, { kind: 'tick' })
    },
  })

  const signer = createSigner(config.CONSOLE_SECRET)
  const credentials = createCredentials(signer, store)
  const dispatch = createDispatch({
    store,
    incidents,
    runs,
    runCard: cardOf,
    plan: current.plan,
    clock,
    log,
    publicUrl,
    addOverride: current.addOverride,
    removeOverride: current.removeOverride,
    revoke: (person) => credentials.revokeAll(person, clock.now()),
    readers: systems.readers,
    syncStandby: standby.now,
  })
  const heartbeat = createHeartbeat({ store, clock, log })
  const web = createWeb({
    nagiosToken: config.NAGIOS_TOKEN,
    accept: inbox.accept,
    heartbeat: heartbeat.heard,
    store,
    runCard: cardOf,
    dispatch,
    changes,
    plan: current.plan,
    signer,
    publicUrl,
    ready: () =>
      readiness({
        store,
        clock,
        late: deadlines.late,
        ahead: () => clock.ahead?.() ?? 0,
        heartbeat: heartbeat.last,
        chats: chats.checks,
      }),
    ...chats.open(dispatch),
    metrics,
    clock,
    log,
  })
  stops.push(web.close)
  const url = await web.listen(config.HOST, config.PORT)

  const more = [
    ...recoveryTasks(runDeps, config.RECOVERY_CHECK_MINUTES * minute),
    { name: 'replication', ...createReplicationWatch({ ...triageDeps, inbox, systems }) },
    { name: 'sessions', every: minute, run: () => credentials.settle(clock.now()) },
    { name: 'chats', ...createChatWatch({ ...triageDeps, states: chats.states, kick, publicUrl }) },
  ]
  const stopLoops = startLoops({
    life,
    deadlines,
    outbox,
    inbox,
    plan: current,
    standby,
    measured,
    metrics,
    store,
    more,
    clock,
    log,
  })
  stops.push(async () => stopLoops())
  async function settle(): Promise<void> {
    await inbox.sweep()
    await inbox.idle()
    await deadlines.sweep()
    await deadlines.idle()
    await outbox.sweep()
    await outbox.idle()
  }
  log.info('ready', { url })
  return { url, store, plan: current, settle, close }
}
