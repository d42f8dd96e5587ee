// What every provider promises, kept by those of HAProxy: over the wire to a real one, and to a simulated Data Plane API.
import { startDataplane } from '../../sim/dataplane.ts'
import type { DataplaneFault } from '../../sim/dataplane.ts'
import { providerContract } from './provider.ts'
import type { Failure, Retryable } from './provider.ts'
import { dataplaneServers, startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { HaproxyOptions } from '../../sim/haproxy.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'

const retryable: readonly Retryable[] = [
  { failure: 'hang', says: /127\.0\.0\.1:\d+ does not answer: no answer within 1s/ },
  { failure: 'reset', says: /it closed the connection without an answer/ },
  { failure: 'error', says: /answers "show servers state" with something that cannot be read/ },
]
const faults = { hang: 'hang', reset: 'reset', error: 'nonsense', limit: 'hang' } as const

async function open(options: HaproxyOptions = {}) {
  const [main, standby] = await Promise.all([startApi('main'), startApi('standby')])
  const haproxy = await startHaproxy({ main, standby }, options)
  const close = async (): Promise<void> => {
    await haproxy.stop()
    await Promise.all([main.stop(), standby.stop()])
  }
  const { control, fault, changing, commands } = haproxy
  return {
    at: { control, backend: 'api' },
    happens: () => undefined,
    changes: () => changing().length,
    requests: () => commands().length,
    fail: (failure: keyof typeof faults) => fault(faults[failure]),
    secrets: [],
    close,
  }
}

providerContract({
  name: 'haproxy-server',
  retryable,
  findings: [],
  open: async ({ timeout, clock }) => {
    const { at, ...bench } = await open()
    const server = { ...at, server: 'standby', before: 'maint', after: 'ready' } as const
    return {
      ...bench,
      provider: createHaproxy({ timeout, clock })['haproxy-server'],
      action: { provider: 'haproxy-server', ...server },
    }
  },
})

providerContract({
  name: 'haproxy-wait',
  retryable,
  findings: [],
  open: async ({ timeout, clock }) => {
    const { at, ...bench } = await open({ standby: 'no-check disabled' })
    const { control, backend } = at
    const wait = {
      controls: [control],
      backend,
      server: 'standby',
      until: 'checked',
      within: 60_000,
    } as const
    const here = createHaproxy({ timeout, clock })
    const enable = { ...at, server: 'standby', before: 'maint', after: 'ready' } as const
    const calm = new AbortController().signal
    let done: Promise<unknown> = Promise.resolve()
    const provider = here['haproxy-wait']
    return {
      ...bench,
      // What is waited for is done by somebody else, who is not counted.
      changes: () => 0,
      happens: () => {
        done = here['haproxy-server'].start({ provider: 'haproxy-server', ...enable }, 'R-1-s0', calm)
      },
      provider: {
        ...provider,
        check: async (action, operation, now, signal) => {
          await done
          return provider.check(action, operation, now, signal)
        },
      },
      action: { provider: 'haproxy-wait', ...wait },
    }
  },
})

const dataplaneFaults: Readonly<Record<Failure, DataplaneFault>> = {
  hang: { kind: 'hang' },
  reset: { kind: 'reset' },
  error: { kind: 'status', status: 503 },
  limit: { kind: 'status', status: 429, retryAfter: 3 },
}
const dataplaneRetryable: readonly Retryable[] = [
  { failure: 'hang', says: /127\.0\.0\.1:\d+ does not answer: no answer within 1s/ },
  { failure: 'reset', says: /it closed the connection without an answer/ },
  { failure: 'error', says: /could not do it \(503: the simulator was told to\)/ },
  { failure: 'limit', says: /could not do it \(429/, after: 3_000 },
]

async function openDataplane() {
  const sim = await startDataplane({ user: 'dr-bot', password: 'not-to-be-shown', servers: dataplaneServers })
  return {
    at: { control: sim.url, backend: 'api', server: 'standby' },
    user: 'dr-bot',
    password: 'not-to-be-shown',
    happens: () => undefined,
    changes: () => sim.requests().filter(({ changes }) => changes).length,
    requests: () => sim.requests().length,
    fail: (failure: Failure) => sim.fault(dataplaneFaults[failure]),
    secrets: ['not-to-be-shown', Buffer.from('dr-bot:not-to-be-shown').toString('base64')],
    close: sim.stop,
  }
}

providerContract({
  name: 'haproxy-server',
  retryable: dataplaneRetryable,
  findings: [],
  open: async (options) => {
    const { at, user, password, ...bench } = await openDataplane()
    return {
      ...bench,
      provider: createHaproxy({ ...options, user, password })['haproxy-server'],
      action: { provider: 'haproxy-server', ...at, before: 'maint', after: 'ready' },
    }
  },
})

providerContract({
  name: 'haproxy-file',
  retryable: dataplaneRetryable,
  findings: [],
  open: async (options) => {
    const { at, user, password, ...bench } = await openDataplane()
    return {
      ...bench,
      provider: createHaproxy({ ...options, user, password })['haproxy-file'],
      action: { provider: 'haproxy-file', ...at, before: 'disabled', after: 'enabled' },
    }
  },
})
