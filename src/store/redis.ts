// The store in Redis: every decision is one Lua script, so that all of it becomes true at once, on disk, or nothing does.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createAccept } from './accept.ts'
import { commitArguments, incidentIsOpen } from './commit.ts'
import { toStoreError } from './errors.ts'
import { createCustoms, strangeIncident, strangeRun } from './known.ts'
import type { Customs, Strange } from './known.ts'
import { loadScripts, root } from './scripts.ts'
import { emptyHead } from '../timeline/event.ts'
import { reasonOf } from '../errors.ts'
import type { RedisClient } from './connect.ts'
import type { RunScript } from './scripts.ts'
import type { IncidentId, Instant, RunId } from '../ids.ts'
import type { Alert } from '../intake/alert.ts'
import type { Incident } from '../incident/incident.ts'
import type { ObjectRecord, Versioned } from '../commit.ts'
import type { Effect, EffectBody } from '../effect.ts'
import type { Clock, Log, Store } from '../ports.ts'
import { isOpen } from '../recovery/run.ts'
import type { Run } from '../recovery/run.ts'
import type { Head, TimelineEvent } from '../timeline/event.ts'

/** Runs that still matter, beside the newest: as many as one answer may hold; a bot does not get there in years. */
const mostLasting = 2_000

/** What is asked of an effect at reading: whether it can be done is for whoever does it. */
const EffectKind = z.looseObject({ kind: z.string() })

/** Records read in one go: what a large outage has broken must not hold up what others ask. */
const readAtOnce = 1_000

/**
 * The store on a connection from `connectRedis`. While Redis is down each call rejects with a RetryableError, at once
 * when the connection is known to be lost and after 1.5 s at most when Redis is silent.
 *
 * `process` is the name under which it holds effects; absent: one of its own, which gives signs of life only by what
 * it does.
 *
 * Keys, all under `{dr}:`
 * `incident:ID` `run:ID` string `version:JSON` · `incidents:all` `incidents:open` `runs:...` `runs:lasting` sorted
 * sets by number ·
 * `wake` sorted set by wakeAt · `timeline:ID` list of events · `heads` hash `seq:hash` · `claims` `settings` hashes ·
 * `objects` hash `incident|JSON` · `bad:INCIDENT` sorted set by time · `inbox` hash, `inbox:order` sorted set ·
 * `effects*` `processes*` see scripts/leases.lua · `seen:*` ids of accepted alerts · `once:*` what was seen lately ·
 * `next:*` counters
 */
export function createStore(ports: {
  readonly redis: RedisClient
  readonly process?: string
  /** Hears of records that only a newer version understands; absent: nobody does. */
  readonly log?: Log
  /** Tells the time of all processes if they share it; else, and when it is absent, Redis' clock does. */
  readonly clock?: Pick<Clock, 'now' | 'shown'>
}): Store {
  const { redis, process = randomUUID(), clock } = ports
  const run = loadScripts(redis)
  const script: RunScript = (name, args) => ask(() => run(name, args))
  const timeBy = async (which: 'time' | 'latest'): Promise<Instant> =>
    clock && !clock.shown ? clock.now() : Number(await script(which, []))
  return {
    accept: createAccept(script),
    commit: async (commit) => verdict(await script('commit', commitArguments(commit, process))),
    ...aggregates(redis, createCustoms(ports.log)),
    ...records(redis),
    ...effects(redis, { script, process }),
    setting: (name) => ask(async () => (await redis.hget(`${root}:settings`, name)) ?? undefined),
    putSetting: async (name, from, to) =>
      verdict(await script('put-setting', [name, from === undefined ? 0 : 1, from ?? '', to])),
    once: (name, forMs) =>
      ask(async () => (await redis.set(`${root}:once:${name}`, 1, 'PX', forMs, 'NX')) === 'OK'),
    holdOnce: (name, forMs) =>
      ask(async () => {
        const key = `${root}:once:${name}`
        if (forMs > 0) await redis.set(key, 1, 'PX', forMs)
        else await redis.del(key)
      }),
    time: () => timeBy('time'),
    latest: () => timeBy('latest'),
    ping: () => ask(async () => void (await redis.set(`${root}:ping`, 1))),
  }
}

type Aggregate = Incident | Run

interface Kind<S extends Aggregate> {
  readonly name: string
  readonly strange: Strange<S>
}

const incidentKind: Kind<Incident> = { name: 'incident', strange: strangeIncident }
const runKind: Kind<Run> = { name: 'run', strange: strangeRun }

function aggregates(
  redis: RedisClient,
  customs: Customs,
): Pick<Store, 'nextNumber' | 'incident' | 'run' | 'incidents' | 'runs' | 'due'> {
  async function list<S extends Aggregate>(
    kind: Kind<S>,
    index: string,
    limit: number,
  ): Promise<readonly S[]> {
    if (limit < 1) return []
    return read(kind, await redis.zrevrange(`${root}:${kind.name}s:${index}`, 0, limit - 1))
  }
  async function read<S extends Aggregate>(
    { name, strange }: Kind<S>,
    ids: readonly string[],
  ): Promise<readonly S[]> {
    if (ids.length === 0) return []
    const texts = await redis.mget(ids.map((id) => `${root}:${name}:${id}`))
    const states = texts.flatMap((text) => (text === null ? [] : [versioned<S>(text).state]))
    return states.filter((state) => customs.passes(state, strange))
  }
  async function one<S extends Aggregate>(
    { name, strange }: Kind<S>,
    id: S['id'],
  ): Promise<Versioned<S> | undefined> {
    const found = maybe(await redis.get(`${root}:${name}:${id}`), versioned<S>)
    if (found) customs.check(found.state, strange)
    return found
  }
  return {
    nextNumber: (kind) => ask(() => redis.incr(`${root}:next:${kind}`)),
    incident: (id) => ask(() => one(incidentKind, id)),
    run: (id) => ask(() => one(runKind, id)),
    incidents: ({ open, limit }) =>
      ask(async () => {
        const found = await list(incidentKind, open ? 'open' : 'all', limit)
        return open ? found.filter(incidentIsOpen) : found
      }),
    runs: ({ open, limit, lasting }) =>
      ask(async () => {
        if (lasting) {
          const [newest, older] = await Promise.all([
            redis.zrevrange(`${root}:runs:all`, 0, limit - 1),
            redis.zrevrange(`${root}:runs:lasting`, 0, mostLasting - 1),
          ])
          // Both are in the order of their numbers, and those beyond the newest are all older.
          return read(runKind, [...newest, ...older.filter((id) => !newest.includes(id))])
        }
        const found = await list(runKind, open ? 'open' : 'all', limit)
        return open ? found.filter(isOpen) : found
      }),
    due: (now, limit) =>
      ask(async () => {
        const flat = await redis.zrangebyscore(`${root}:wake`, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
        return pairsOf(flat).map(([id, wakeAt]) => ({ id: id as IncidentId | RunId, wakeAt: Number(wakeAt) }))
      }),
  }
}

function records(
  redis: RedisClient,
): Pick<Store, 'untriaged' | 'stillUntriaged' | 'claims' | 'objects' | 'objectsOf' | 'head' | 'timeline'> {
  async function objects(keys: readonly string[]): Promise<readonly (ObjectRecord | undefined)[]> {
    const found: (ObjectRecord | undefined)[] = []
    for (let from = 0; from < keys.length; from += readAtOnce) {
      const texts = await redis.hmget(`${root}:objects`, ...keys.slice(from, from + readAtOnce))
      for (const text of texts) found.push(maybe(text, objectRecord))
    }
    return found
  }
  return {
    untriaged: (limit) =>
      ask(async () => {
        const ids = await lowest(redis, `${root}:inbox:order`, limit)
        const bodies = ids.length === 0 ? [] : await redis.hmget(`${root}:inbox`, ...ids)
        return bodies.flatMap((body) => (body === null ? [] : [JSON.parse(body) as Alert]))
      }),
    stillUntriaged: (ids) =>
      ask(async () => {
        if (ids.length === 0) return new Set()
        const places = await redis.zmscore(`${root}:inbox:order`, ...ids)
        return new Set(ids.filter((_, index) => places[index] !== null))
      }),
    claims: (names) =>
      ask(async () => {
        if (names.length === 0) return []
        return (await redis.hmget(`${root}:claims`, ...names)).map((value) => value ?? '')
      }),
    objects: (keys) => ask(() => objects(keys)),
    objectsOf: (incident, limit) =>
      ask(async () => {
        const keys = await lowest(redis, `${root}:bad:${incident}`, limit)
        const found = await objects(keys)
        return found.filter((object) => object !== undefined).filter(belongsTo(incident))
      }),
    head: (id) => ask(async () => maybe(await redis.hget(`${root}:heads`, id), headOf) ?? emptyHead),
    timeline: (id, wanted) =>
      ask(async () => {
        const from = wanted ? -wanted.newest : 0
        const texts = await redis.lrange(`${root}:timeline:${id}`, from, -1)
        return texts.map((text) => JSON.parse(text) as TimelineEvent)
      }),
  }
}

/** The members of a sorted set with the lowest scores, lowest first. */
async function lowest(redis: RedisClient, key: string, limit: number): Promise<readonly string[]> {
  return limit < 1 ? [] : redis.zrange(key, 0, String(limit - 1))
}

function effects(
  redis: RedisClient,
  { script, process }: { readonly script: RunScript; readonly process: string },
): Pick<Store, 'lend' | 'take' | 'effectDone' | 'effectLater' | 'pendingEffects'> {
  return {
    lend: async (now, limit) => {
      if (limit < 1) return []
      const flat = (await script('lend', [process, now, limit])) as readonly string[]
      return pairsOf(flat).map(([key, body]) => effect(key, body))
    },
    take: async (key) => {
      const [body, tried] = (await script('take', [process, key])) as readonly string[]
      return body === undefined ? undefined : { effect: effect(key, body), tried: Number(tried) }
    },
    effectDone: async (key) => (await script('effect-done', [process, key])) as 'done' | 'again' | 'lost',
    effectLater: async (key, at, { untried } = {}) =>
      void (await script('effect-later', [process, key, at, untried ? 0 : 1])),
    pendingEffects: () => ask(() => redis.hlen(`${root}:effects`)),
  }
}

/** One that cannot be read has a kind that nobody knows: whoever takes it leaves it, and goes on with the others. */
function effect(key: string, text: string): Effect {
  return { key, body: (bodyIn(text) ?? { kind: 'unreadable' }) as EffectBody }
}

function bodyIn(text: string): { readonly kind: string } | undefined {
  try {
    return EffectKind.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Runs a command, maps its error, and tries again while a Cluster finds out which node took over. */
async function ask<T>(command: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await command()
    } catch (error) {
      if (attempt === 3 || !/too many cluster redirections/i.test(reasonOf(error))) throw toStoreError(error)
      await sleep(100 * attempt)
    }
  }
}

function belongsTo(incident: IncidentId): (object: ObjectRecord) => boolean {
  return (object) => object.bad && object.incident === incident
}

function versioned<S>(text: string): Versioned<S> {
  const colon = text.indexOf(':')
  return { state: JSON.parse(text.slice(colon + 1)) as S, version: Number(text.slice(0, colon)) }
}

function objectRecord(text: string): ObjectRecord {
  return JSON.parse(text.slice(text.indexOf('|') + 1)) as ObjectRecord
}

function headOf(text: string): Head {
  const colon = text.indexOf(':')
  return { seq: Number(text.slice(0, colon)), hash: text.slice(colon + 1) }
}

function verdict(answer: unknown): 'committed' | 'conflict' {
  return answer === 'committed' ? 'committed' : 'conflict'
}

function maybe<A, B>(value: A | null, map: (value: A) => B): B | undefined {
  return value === null ? undefined : map(value)
}

function pairsOf(flat: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = []
  for (let index = 0; index + 1 < flat.length; index += 2)
    pairs.push([flat[index] ?? '', flat[index + 1] ?? ''])
  return pairs
}
